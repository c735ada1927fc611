"""Keeps ticks, packed."""

import ccxt
import lz4.frame
import msgpack
import websockets
import zstandard

import frames
from common.service import Service
from exchange.book import Book
from frames import columns
from indicators import averages, series
from schemas.prices import Tick

service = Service("market-data", frames.USES, "ccxt lz4 msgpack websockets zstandard")
BOOK = Book()
FACTS = {"exchanges": len(ccxt.exchanges), "websockets": websockets.__version__}


@service.app.get("/packed")
def packed(days: int = 100) -> dict:
    table = columns.packed(columns.prices(["A", "B"], days))
    return {**FACTS, "lz4": len(lz4.frame.compress(table)), "zstd": len(zstandard.compress(table))}


@service.app.post("/ticks")
def tick(tick: Tick) -> int:
    return len(msgpack.packb(tick.model_dump(mode="json")))


@service.app.get("/average")
def average(window: int = 5) -> list[float]:
    return averages.simple(series.walk(50), window).tolist()
