"""Compares two lists of trades."""

import io

import openpyxl
import polars as pl
from rapidfuzz import process

from exchange import fees
from light.service import LightService

service = LightService("reconciler", "openpyxl polars rapidfuzz")


@service.app.get("/differences")
def differences() -> list[dict]:
    ours = pl.DataFrame({"id": [1, 2, 3], "price": [1.0, 2.0, 3.0]})
    theirs = pl.DataFrame({"id": [1, 2, 3], "price": [1.0, 2.5, 3.0]})
    return ours.join(theirs, on="id").filter(pl.col("price") != pl.col("price_right")).to_dicts()


@service.app.get("/kinds/{name}")
def kind(name: str) -> str:
    return process.extractOne(name, list(fees.RATES))[0]


@service.app.get("/sheet")
def sheet() -> int:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "price"])
    book.save(buffer)
    return len(buffer.getvalue())
