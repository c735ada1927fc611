"""Matches orders with the book."""

import decimal

from db import migrations
from exchange import fees
from exchange.book import Book
from light.service import LightService
from risk_models import limits
from schemas.orders import Fill, Order

service = LightService("trade-engine")
migrations.upgrade(service.engine)
BOOK = Book()
for number in range(1, 11):
    BOOK.ask(str(100 + number), "5")


@service.app.post("/orders")
def fill(order: Order) -> list[Fill]:
    if not limits.allowed(decimal.Decimal(10_000), order.quantity):
        return []
    return [Fill(order=order, price=price + fees.fee(price, "taker")) for price, _ in BOOK.buy(order.quantity)]
