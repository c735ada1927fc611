from auth.app import service

service.run()
