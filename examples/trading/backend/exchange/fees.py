"""What exchanges take."""

import decimal

RATES = {"maker": decimal.Decimal("0.0010"), "taker": decimal.Decimal("0.0015")}


def fee(amount: decimal.Decimal, kind: str) -> decimal.Decimal:
    return (amount * RATES[kind]).quantize(decimal.Decimal("0.00000001"))
