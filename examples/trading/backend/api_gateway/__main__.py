from api_gateway.app import service

service.run()
