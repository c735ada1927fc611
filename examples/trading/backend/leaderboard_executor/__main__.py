from leaderboard_executor.app import service

service.run()
