from risk.app import service

service.run()
