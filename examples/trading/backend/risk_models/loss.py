"""Value at risk, by history and by distribution."""

import numpy as np
import scipy.stats

USES = "numpy scipy"


def historical(returns: np.ndarray, level: float = 0.95) -> float:
    return float(-np.quantile(returns, 1 - level))


def normal(returns: np.ndarray, level: float = 0.95) -> float:
    return float(-scipy.stats.norm.ppf(1 - level, returns.mean(), returns.std()))
