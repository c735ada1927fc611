#!/usr/bin/env python3
"""Measures overlapping selections: Layerset beside hand-written COPY --link lines on the built-in frontend.

    run.py --frontend BINARY --engine BINARY [--cold N] [--runs N]

The frontend's static binary, and the harness's `engine` (cargo build -p layerset-e2e --bin engine). Each of the
two bakes and pushes the same 22 images on an engine of its own that begins empty, in turns; see generate.py. Prints
a table and writes bench/results/overlap.json: medians, and bytes of compressed layers.
"""

import argparse
import pathlib
import sys
import tempfile
import uuid

# Nothing is left beside the sources.
sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import engines  # noqa: E402
import generate  # noqa: E402
import images  # noqa: E402
import table  # noqa: E402

TOOLS = ("layerset", "dockerfile")
EDITS = {
    "no change": None,
    # Of all services, and of one and of the one that takes the whole tree.
    "one shared file changed": "backend/d1/f3.py",
    "one file of one service changed": "backend/d31/f5.py",
}


class Side:
    """One tool with its engine, its tree and its names in the registry, all of which begin empty."""

    def __init__(self, tool: str, arguments: argparse.Namespace) -> None:
        self.tool = tool
        self.environment = engines.start(arguments.engine, engine_name(tool), arguments.frontend)
        # A registry keeps what it has: names that it has never heard have no blobs.
        self.prefix = f"{self.environment['LAYERSET_REGISTRY']}/overlap-{uuid.uuid4().hex}"
        self.directory = tempfile.TemporaryDirectory(prefix="layerset-overlap-")
        self.root = pathlib.Path(self.directory.name)
        self.names = generate.write(self.root, self.prefix)
        self.blobs: dict[str, int] = {}

    def bake(self) -> dict:
        """Seconds, bytes of context, and what the registry has not had before."""
        seconds, sent = engines.bake(f"{self.tool}.json", self.environment, self.root)
        blobs = images.distinct(self.images())
        new = [size for digest, size in blobs.items() if digest not in self.blobs]
        self.blobs.update(blobs)
        return {
            "seconds": seconds,
            "context_bytes": sent,
            "new_blobs": len(new),
            "new_bytes": sum(new),
        }

    def edit(self, path: str | None, number: int) -> None:
        if path is not None:
            (self.root / path).write_text(generate.content(1, number, "changed"))

    def images(self) -> list[images.Layers]:
        return [images.layers(f"{self.prefix}/{self.tool}/{name}:bench") for name in self.names]

    def ideal(self) -> int:
        """Bytes of the one layer that has every needed file once."""
        engines.bake("ideal.json", self.environment, self.root)
        return sum(images.distinct([images.layers(f"{self.prefix}/ideal:bench")]).values())


def engine_name(tool: str) -> str:
    return f"overlap{tool}"


def measure(arguments: argparse.Namespace) -> dict:
    rows: dict[str, dict[str, list[dict]]] = {tool: {} for tool in TOOLS}
    sides: dict[str, Side] = {}
    for _ in range(arguments.cold):
        for tool in TOOLS:
            sides[tool] = Side(tool, arguments)
            rows[tool].setdefault("cold", []).append(sides[tool].bake())
    # The same compressor makes what the images are compared with.
    ideal = sides["dockerfile"].ideal()
    held = {tool: images.figures(sides[tool].images(), ideal) for tool in TOOLS}
    for number in range(arguments.runs):
        for edit, path in EDITS.items():
            for tool in TOOLS:
                sides[tool].edit(path, number)
                rows[tool].setdefault(edit, []).append(sides[tool].bake())
    return {
        tool: {"images": held[tool], "rows": {row: engines.medians(baked) for row, baked in rows[tool].items()}}
        for tool in TOOLS
    }


def printed(results: dict) -> table.Table:
    rows = table.Table({tool: tool for tool in TOOLS}, results, 16)
    rows.line("bytes of all blobs (U)", "images", lambda held: f"{held['blob_bytes']:,}")
    rows.line("bytes that would do (I)", "images", lambda held: f"{held['ideal_bytes']:,}")
    rows.line("U / I", "images", lambda held: f"{held['overhead']:.3f}")
    rows.layers()
    for row in ("cold", *EDITS):
        rows.seconds(row)
        rows.line("  bytes of context", "rows", lambda rows: f"{rows[row]['context_bytes']:,}")
        rows.pushed(row)
    return rows


def main() -> None:
    parser = table.options(__doc__, cold=3)
    parser.add_argument("--runs", type=int, default=3, help="bakes of every other row")
    arguments = table.parse(parser)
    try:
        results = measure(arguments)
    finally:
        for tool in TOOLS:
            engines.stop(arguments.engine, engine_name(tool))
    print(f"{len(generate.SELECTIONS)} services, medians of {arguments.cold} (cold) and {arguments.runs} runs")
    print(printed(results))
    table.write("overlap", {"services": len(generate.SELECTIONS), "results": results})


if __name__ == "__main__":
    main()
