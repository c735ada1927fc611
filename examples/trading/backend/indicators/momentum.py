"""How fast prices move."""

import numpy as np


def rsi(prices: np.ndarray) -> float:
    """The relative strength index of the whole series, from 0 to 100."""
    changes = np.diff(prices)
    gain, loss = changes[changes > 0].sum(), -changes[changes < 0].sum()
    return float(100 * gain / (gain + loss)) if gain + loss else 50.0
