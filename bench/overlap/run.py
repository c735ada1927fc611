#!/usr/bin/env python3
"""Measures overlapping selections: Layerset beside hand-written COPY --link lines on the built-in frontend.

    run.py --frontend BINARY --engine BINARY [--cold N] [--runs N]

The frontend's static binary, and the harness's `engine` (cargo build -p layerset-e2e --bin engine). Each of the
two bakes and pushes the same 22 images on an engine of its own that begins empty, in turns; see generate.py. Prints
a table and writes bench/results/overlap.json: medians, and bytes of compressed layers.
"""

import argparse
import json
import os
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


def table(results: dict) -> str:
    lines = [f"{'':33}" + "".join(f"{tool:>16}" for tool in TOOLS)]

    def line(name: str, key: str, figure) -> None:
        lines.append(f"{name:33}" + "".join(f"{figure(results[tool][key]):>16}" for tool in TOOLS))

    line("bytes of all blobs (U)", "images", lambda held: f"{held['blob_bytes']:,}")
    line("bytes that would do (I)", "images", lambda held: f"{held['ideal_bytes']:,}")
    line("U / I", "images", lambda held: f"{held['overhead']:.3f}")
    line("blobs", "images", lambda held: f"{held['blobs']}")
    line("layers an image", "images", lambda held: "{least} / {median:g} / {most}".format(**held["layers"]))
    for row in ("cold", *EDITS):
        line(f"{row}: seconds", "rows", lambda rows: f"{rows[row]['seconds']:.2f}")
        line("  bytes of context", "rows", lambda rows: f"{rows[row]['context_bytes']:,}")
        line("  new blobs", "rows", lambda rows: f"{rows[row]['new_blobs']:g}")
        line("  bytes of new blobs", "rows", lambda rows: f"{rows[row]['new_bytes']:,}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frontend", default=os.environ.get("LAYERSET_FRONTEND"), help="the static binary")
    parser.add_argument("--engine", required=True, help="the harness's binary")
    parser.add_argument("--cold", type=int, default=3, help="bakes on an empty engine")
    parser.add_argument("--runs", type=int, default=3, help="bakes of every other row")
    arguments = parser.parse_args()
    if not arguments.frontend:
        parser.error("found no --frontend and no LAYERSET_FRONTEND: name the static binary, see make bench")
    try:
        results = measure(arguments)
    finally:
        for tool in TOOLS:
            engines.stop(arguments.engine, engine_name(tool))
    print(f"{len(generate.SELECTIONS)} services, medians of {arguments.cold} (cold) and {arguments.runs} runs")
    print(table(results))
    out = pathlib.Path(__file__).resolve().parent.parent / "results/overlap.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"services": len(generate.SELECTIONS), "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
