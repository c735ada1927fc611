"""An order book."""

import bisect
import decimal

Level = tuple[decimal.Decimal, decimal.Decimal]


class Book:
    """Asks from the cheapest on."""

    def __init__(self) -> None:
        self.asks: list[Level] = []

    def ask(self, price: str, quantity: str) -> None:
        bisect.insort(self.asks, (decimal.Decimal(price), decimal.Decimal(quantity)))

    def buy(self, quantity: decimal.Decimal) -> list[Level]:
        """What a buyer gets, at which prices."""
        bought = []
        while quantity > 0 and self.asks:
            price, there = self.asks.pop(0)
            taken = min(there, quantity)
            bought.append((price, taken))
            quantity -= taken
            if there > taken:
                self.asks.insert(0, (price, there - taken))
        return bought
