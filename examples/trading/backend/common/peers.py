"""Asks other services, and asks again when they do not answer."""

import httpx
import tenacity


@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.2), reraise=True)
def health(name: str, port: int) -> dict:
    return httpx.get(f"http://{name}:{port}/health", timeout=2).raise_for_status().json()
