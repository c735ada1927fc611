"""What an account may hold."""

import decimal


def allowed(balance: decimal.Decimal, exposure: decimal.Decimal, leverage: int = 3) -> bool:
    return exposure <= balance * leverage
