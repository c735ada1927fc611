"""Moving averages."""

import numpy as np
import pandas as pd


def simple(prices: np.ndarray, window: int) -> np.ndarray:
    return np.convolve(prices, np.ones(window) / window, mode="valid")


def exponential(prices: np.ndarray, span: int) -> pd.Series:
    return pd.Series(prices).ewm(span=span).mean()
