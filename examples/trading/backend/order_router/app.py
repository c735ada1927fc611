"""Chooses the venue whose fee is the least."""

import decimal
import pathlib

import yaml

import exchange
from exchange import fees
from light.service import LightService
from schemas.orders import Order

service = LightService("order-router")
VENUES = yaml.safe_load((pathlib.Path(exchange.__file__).parent / "venues.yaml").read_text())["venues"]


@service.app.post("/routes")
def route(order: Order) -> dict:
    venue = min(VENUES, key=lambda venue: decimal.Decimal(venue["taker"]))
    return {"venue": venue["name"], "fee": str(fees.fee(order.quantity, "taker"))}
