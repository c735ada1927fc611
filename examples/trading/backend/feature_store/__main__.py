from feature_store.app import service

service.run()
