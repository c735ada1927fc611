from trade_engine.app import service

service.run()
