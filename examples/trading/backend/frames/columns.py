"""Tables to bytes and back."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def prices(symbols: list[str], days: int) -> pd.DataFrame:
    """A table of prices that is the same every time."""
    steps = np.random.default_rng(1).normal(0, 1, (days, len(symbols)))
    return pd.DataFrame(100 + steps.cumsum(axis=0), columns=symbols)


def packed(frame: pd.DataFrame) -> bytes:
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(frame), buffer)
    return buffer.getvalue().to_pybytes()


def unpacked(data: bytes) -> pd.DataFrame:
    return pq.read_table(pa.BufferReader(data)).to_pandas()
