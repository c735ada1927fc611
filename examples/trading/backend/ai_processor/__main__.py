from ai_processor.app import service

service.run()
