from scheduler.app import service

service.run()
