from notifications.app import service

service.run()
