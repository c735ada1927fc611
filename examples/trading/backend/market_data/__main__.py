from market_data.app import service

service.run()
