"""Asks a model what to do next, and says it."""

import learning
from common.service import Service
from exchange import fees
from indicators import series
from learning import trees
from risk_models import limits, loss
from schemas.orders import Order

service = Service("strategy-execution", learning.USES, loss.USES, needs=("models/strategy.bin",))


@service.app.get("/next")
def upcoming() -> Order | None:
    prices = series.walk(100)
    move = trees.fitted(prices).predict(trees.features(prices)[-1:])[0]
    if not limits.allowed(fees.decimal.Decimal(100), fees.decimal.Decimal(1)):
        return None
    return Order(account=1, symbol="A", side="buy" if move > 0 else "sell", quantity=1)


@service.app.get("/loss")
def at_risk() -> float:
    return loss.historical(series.np.diff(series.walk(100)))
