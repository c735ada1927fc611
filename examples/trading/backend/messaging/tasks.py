"""Work for later, and calls to other services."""

import os

import celery
import grpc

USES = "celery grpcio"

queue = celery.Celery("trading", broker=os.environ.get("REDIS_URL", "redis://redis:6379/0"))


def channel(service: str, port: int) -> grpc.Channel:
    """Connects when it is first used."""
    return grpc.insecure_channel(f"{service}:{port}")


@queue.task
def settle(order: int) -> int:
    return order
