"""Takes ticks and passes them on, small and fast: no database, no tables."""

import msgpack
import websockets

from common.service import Service
from exchange.book import Book
from schemas.prices import Tick

service = Service("price-feed", "msgpack websockets")
BOOK = Book()
PROTOCOL = f"websockets/{websockets.__version__}"


@service.app.post("/ticks")
def tick(tick: Tick) -> dict:
    BOOK.ask(str(tick.ask), "1")
    return {"bytes": len(msgpack.packb(tick.model_dump(mode="json"))), "protocol": PROTOCOL}
