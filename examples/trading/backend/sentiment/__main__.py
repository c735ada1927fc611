from sentiment.app import service

service.run()
