"""Features by name, in columns."""

import duckdb
import fsspec
import polars as pl

import frames
from common.service import Service
from frames import columns
from indicators import averages, series

service = Service("feature-store", frames.USES, "duckdb fsspec polars", needs=("data/reference",))
MEMORY = fsspec.filesystem("memory")


@service.app.get("/features")
def features(count: int = 50) -> dict:
    with MEMORY.open("/prices.parquet", "wb") as file:
        file.write(columns.packed(columns.prices(["A"], count)))
    mean = pl.from_pandas(columns.prices(["A"], count))["A"].mean()
    one = duckdb.sql("SELECT 1").fetchall()[0][0]
    return {"mean": mean, "one": one, "last": averages.exponential(series.walk(count), 5).iloc[-1]}
