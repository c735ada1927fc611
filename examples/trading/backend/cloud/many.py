"""Calls of many webhooks at once."""

import aiohttp

USES = "aiohttp"


async def call_all(urls: list[str], event: dict) -> list[int]:
    async with aiohttp.ClientSession() as session:
        return [(await session.post(url, json=event)).status for url in urls]
