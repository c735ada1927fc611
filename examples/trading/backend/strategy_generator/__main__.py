from strategy_generator.app import service

service.run()
