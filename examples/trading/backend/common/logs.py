"""One line of JSON an event."""

import logging

import orjson
import sentry_sdk
import structlog


def configure(level: str, dsn: str) -> structlog.stdlib.BoundLogger:
    if dsn:
        sentry_sdk.init(dsn=dsn)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )
    return structlog.get_logger()
