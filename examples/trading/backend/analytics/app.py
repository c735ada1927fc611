"""SQL over tables, and charts of the answers."""

import duckdb
import plotly.graph_objects as go

import frames
from common.service import Service
from db import tables
from frames import columns
from indicators import momentum, series

service = Service("analytics", frames.USES, "duckdb plotly", needs=("data/reference",))
TABLES = len(tables.Base.metadata.tables)


@service.app.get("/mean")
def mean(days: int = 100) -> float:
    prices = columns.prices(["A"], days)
    return duckdb.sql("SELECT avg(A) FROM prices").fetchall()[0][0] if len(prices) else 0.0


@service.app.get("/chart")
def chart() -> int:
    return len(go.Figure(go.Scatter(y=series.walk(20).tolist())).to_json())


@service.app.get("/rsi")
def rsi() -> float:
    return momentum.rsi(series.walk(100))
