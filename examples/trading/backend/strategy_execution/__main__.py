from strategy_execution.app import service

service.run()
