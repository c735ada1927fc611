"""Ranks accounts by what they have gained."""

import sqlalchemy

from db import migrations
from db.tables import Account
from light.service import LightService

service = LightService("leaderboard-executor")


@service.app.get("/leaders")
def leaders(count: int = 10) -> list[str]:
    migrations.upgrade(service.engine)
    with service.engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(Account.name).order_by(Account.balance.desc()).limit(count))
        return [name for (name,) in rows]
