from billing.app import service

service.run()
