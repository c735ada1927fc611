from order_router.app import service

service.run()
