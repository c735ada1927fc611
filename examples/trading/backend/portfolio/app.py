"""Holdings, and whether there may be more of them."""

import decimal

from light.service import LightService
from risk_models import limits
from schemas.prices import Tick

service = LightService("portfolio")


@service.app.post("/value")
def value(tick: Tick, quantity: decimal.Decimal) -> str:
    return str(tick.bid * quantity)


@service.app.get("/allowed")
def allowed(balance: decimal.Decimal, exposure: decimal.Decimal) -> bool:
    return limits.allowed(balance, exposure)
