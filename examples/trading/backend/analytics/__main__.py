from analytics.app import service

service.run()
