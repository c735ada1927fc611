"""A series to try things with: a random walk that is the same every time."""

import numpy as np


def walk(count: int, seed: int = 7) -> np.ndarray:
    return 100 * np.exp(np.random.default_rng(seed).normal(0, 0.01, count).cumsum())
