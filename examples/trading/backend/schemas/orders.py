"""Orders and what became of them."""

import decimal
from typing import Literal

from pydantic import BaseModel, Field


class Order(BaseModel):
    account: int
    symbol: str = Field(min_length=1, max_length=12)
    side: Literal["buy", "sell"]
    quantity: decimal.Decimal = Field(gt=0)
    limit: decimal.Decimal | None = None


class Fill(BaseModel):
    order: Order
    price: decimal.Decimal
