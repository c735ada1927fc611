#!/usr/bin/env python3
"""Makes the large things of the example: models, data, logs and notebooks, with the same bytes every time.

    generate.py [DEST] [--scale N] [--stand-ins]

They go to backend/ below DEST, which is the example itself if nothing is said. A DEST that is given must be new or
empty, and gets a copy of the example first. `--scale 0.01` makes everything a hundredth as large. `--stand-ins` puts
small wheels in the place of large packages into DEST, for tests: see stand_ins.py.
"""

import argparse
import fnmatch
import hashlib
import json
import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator

# Nothing is left beside the sources.
sys.dont_write_bytecode = True

import stand_ins  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MB = 1_000_000
# No file is smaller.
LEAST = 8_192
BLOCK = 1 << 20


def model(name: str, size: int) -> Iterator[bytes]:
    """Weights: nothing that could be compressed."""
    for number, start in enumerate(range(0, size, BLOCK)):
        yield noise(f"{name} {number}", min(BLOCK, size - start))


def table(name: str, size: int) -> Iterator[bytes]:
    yield b"symbol,day,open,high,low,close,volume\n"
    yield from lines(name, size, lambda n, r: f"S{r[0]:03},{n},{r[1]}.{r[2]},{r[3]}.{r[4]},{r[5]}.{r[6]},{r[7]}\n")


def log(name: str, size: int) -> Iterator[bytes]:
    yield from lines(name, size, lambda n, r: f'{{"event": "order {r[0]}", "request": "{bytes(r).hex()}", "n": {n}}}\n')


def notebook(name: str, size: int) -> Iterator[bytes]:
    output = noise(name, size // 2).hex()
    cell = {"cell_type": "code", "source": ["plot()"], "outputs": [{"data": {"image/png": output}}]}
    yield json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


# What is made: a path, megabytes, and how.
THINGS: list[tuple[str, float, Callable[[str, int], Iterator[bytes]]]] = [
    ("models/embeddings.bin", 40, model),
    ("models/sentiment.bin", 24, model),
    ("models/strategy.bin", 28, model),
    ("models/vision.bin", 32, model),
    # Of nobody: what was tried once.
    *((f"models/experiments/run-{number}.bin", 20, model) for number in (1, 2)),
    *((f"data/reference/{name}.csv", 1, table) for name in ("calendars", "currencies", "splits", "symbols")),
    *((f"data/history/{year}.csv", 1.5, table) for year in range(2014, 2026)),
    *((f"data/raw/{month:02}.csv", 2, table) for month in range(1, 13)),
    *((f"logs/{name}.log", 4, log) for name in ("ai", "auth", "backtester", "gateway", "orders", "prices")),
    *((f"notebooks/{name}.ipynb", 3, notebook) for name in ("charts", "features", "ideas", "risk")),
]


def noise(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def lines(name: str, size: int, line: Callable[[int, bytes], str]) -> Iterator[bytes]:
    """Lines of text, each of eight bytes of noise, until there are so many bytes."""
    written = number = 0
    while written < size:
        block = noise(f"{name} {number}", 8 * 4096)
        text = "".join(line(number + n, block[8 * n : 8 * n + 8]) for n in range(4096)).encode()[: size - written]
        yield text
        written += len(text)
        number += 4096


def write(path: pathlib.Path, name: str, size: int, make: Callable[[str, int], Iterator[bytes]]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole.
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        for block in make(name, size):
            file.write(block)
    unfinished.rename(path)
    return path.stat().st_size


def generated(path: str) -> bool:
    """Whether a path of the example is none of the repository's."""
    patterns = [line.strip("/") for line in (HERE / ".gitignore").read_text().split()]
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return any(fnmatch.fnmatch(one, pattern) or fnmatch.fnmatch(part, pattern)
               for one, part in zip(above, parts) for pattern in patterns)  # fmt: skip


def copy(destination: pathlib.Path) -> None:
    """The example as it is committed."""
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        sys.exit(f"generate.py: found something at {destination}, expected a new or empty directory: name another one")
    for source in sorted(HERE.rglob("*")):
        path = source.relative_to(HERE).as_posix()
        if source.is_file() and not generated(path):
            target = destination / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("destination", metavar="DEST", nargs="?", type=pathlib.Path, help="a new or empty directory")
    parser.add_argument("--scale", type=float, default=1.0, metavar="N", help="times the size (default: 1)")
    parser.add_argument("--stand-ins", action="store_true", help="no large packages; needs DEST")
    arguments = parser.parse_args()
    if arguments.stand_ins and not arguments.destination:
        parser.error("found --stand-ins without DEST, expected both: it changes the manifest")
    if not 0 < arguments.scale <= 100:
        parser.error(f"found --scale {arguments.scale}, expected more than 0 and 100 at most")
    if arguments.destination:
        copy(arguments.destination)
    backend = (arguments.destination or HERE) / "backend"
    there = [name for name, _, _ in THINGS if (backend / name).exists()]
    if there:
        sys.exit(f"generate.py: found {backend / there[0]}, expected nothing there: `make clean` removes it")
    made = sum(
        write(backend / name, name, max(LEAST, int(megabytes * MB * arguments.scale)), make)
        for name, megabytes, make in THINGS
    )
    if arguments.stand_ins:
        print(f"{stand_ins.write(backend)} wheels that stand in for large packages")
    print(f"{len(THINGS)} files of {made:,} bytes below {backend}")


if __name__ == "__main__":
    main()
