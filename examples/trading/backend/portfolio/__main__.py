from portfolio.app import service

service.run()
