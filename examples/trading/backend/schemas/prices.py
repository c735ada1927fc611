"""Prices."""

import decimal

from pydantic import BaseModel


class Tick(BaseModel):
    symbol: str
    bid: decimal.Decimal
    ask: decimal.Decimal

    def spread(self) -> decimal.Decimal:
        return self.ask - self.bid
