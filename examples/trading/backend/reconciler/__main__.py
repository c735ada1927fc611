from reconciler.app import service

service.run()
