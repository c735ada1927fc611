from price_feed.app import service

service.run()
