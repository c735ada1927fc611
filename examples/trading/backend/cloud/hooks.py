"""Calls of webhooks."""

import requests

USES = "requests"


def call(url: str, event: dict) -> int:
    return requests.post(url, json=event, timeout=5).status_code
