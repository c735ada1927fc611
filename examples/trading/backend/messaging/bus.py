"""Events between services, through Redis."""

import os

import orjson
import redis

USES = "redis"


class Bus:
    def __init__(self) -> None:
        # Connects when something is first sent.
        self.client = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://redis:6379/0"))

    def publish(self, topic: str, event: dict) -> int:
        return self.client.publish(topic, orjson.dumps(event))
