from reporting.app import service

service.run()
