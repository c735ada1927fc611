"""Replays history, compiled."""

import io

import matplotlib
import numba
import numpy as np
import statsmodels.tsa.stattools as stattools
from matplotlib.figure import Figure

import learning
from common.service import Service
from exchange.book import Book
from indicators import averages, series
from learning import trees
from risk_models import loss

matplotlib.use("agg")
service = Service(
    "backtester",
    learning.USES,
    loss.USES,
    "matplotlib numba statsmodels",
    needs=("models/strategy.bin", "data/history"),
)
BOOK, TREES = Book(), trees.fitted


@numba.njit
def gain(prices: np.ndarray, window: int) -> float:
    """Of buying above the average and selling below it."""
    total = 0.0
    for day in range(window, len(prices) - 1):
        if prices[day] > prices[day - window : day].mean():
            total += prices[day + 1] - prices[day]
    return total


@service.app.get("/gain")
def replay(window: int = 5) -> dict:
    prices = series.walk(300)
    figure, picture = Figure(), io.BytesIO()
    figure.subplots().plot(averages.simple(prices, window))
    figure.savefig(picture, format="png")
    stationary = stattools.adfuller(prices)[1]
    return {"gain": gain(prices, window), "p": stationary, "picture": len(picture.getvalue())}
