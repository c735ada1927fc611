from backtester.app import service

service.run()
