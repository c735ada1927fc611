from ai.app import service

service.run()
