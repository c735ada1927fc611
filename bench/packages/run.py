#!/usr/bin/env python3
"""Measures Python packages: Layerset beside Dockerfiles with `uv pip install` and cache mounts, on the same wheels.

    run.py --frontend BINARY --engine BINARY [--cold N] [--runs N] [--kept]

The frontend's static binary, and the harness's `engine` (cargo build -p layerset-e2e --bin engine). Real wheels of
four overlapping sets are resolved and downloaded once below target/bench/packages and served to all by an index on
this machine. Each tool bakes and pushes the same 22 services on engines of its own that begin empty, in turns; see
generate.py. Prints a table and writes bench/results/packages.json: medians, and bytes of compressed layers.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time
import uuid

# Nothing is left beside the sources.
sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import engines  # noqa: E402
import generate  # noqa: E402
import images  # noqa: E402
import index  # noqa: E402
import table  # noqa: E402
import wheels  # noqa: E402

TOOLS = {"layerset": "layerset", "sets": "venv of each set", "parts": "… of each file"}
ROWS = ("cold", "no change", "one pin changed", "base image patched", "kept: cold", "kept: one pin changed")
# As CI bakes: what is pushed is not unpacked into the engine's own images, which takes longer than all else.
PUSHED = ("--set", "*.output=type=image,push=true,store=false")
KEPT = ("--push",)
KEEPING = "packages"
# What an engine needs that keeps 22 images of two generations, and some more.
DISK_BYTES = 20_000_000_000
# These are run.
CHECKED = ("web0", "data0", "vision0")


class Side:
    """One tool with its engine, its context and its names in the registry, all of which begin empty."""

    def __init__(
        self, tool: str, engine: str, shelf: wheels.Shelf, served: index.Index, arguments: argparse.Namespace
    ) -> None:
        self.tool, self.shelf, self.served = tool, shelf, served
        self.environment = engines.start(arguments.engine, engine, arguments.frontend)
        # A registry keeps what it has: names that it has never heard have no blobs.
        self.registry = f"{self.environment['LAYERSET_REGISTRY']}/packages-{uuid.uuid4().hex}"
        self.directory = tempfile.TemporaryDirectory(prefix="layerset-packages-")
        self.root = pathlib.Path(self.directory.name)
        self.blobs: dict[str, int] = {}
        generate.sources(self.root)
        self.patch(0)
        self.pin(generate.PINS[0])

    def patch(self, number: int) -> None:
        """Another tag of the base image: what a patch of the distribution is."""
        base = f"packages-base:{number}"
        change = f"RUN echo {number} > /etc/patched" if number else ""
        # The base's layers are lowest in all images.
        self.base = 2 if number else 1
        (self.root / "base.Dockerfile").write_text(f"FROM python:3.13-slim\n{change}\n")
        self.docker("build", "--quiet", "--tag", base, "--file", "base.Dockerfile", ".")
        address = f"http://{engines.HOST}:{self.served.port}/simple/"
        if self.tool == "layerset":
            (self.root / "layerset.yaml").write_text(generate.manifest(base, address, self.registry))
        else:
            (self.root / "Dockerfile").write_text(generate.dockerfile(self.tool, base, address))
            (self.root / ".dockerignore").write_text("*\n!pinned\n!services\n")
            (self.root / "bake.json").write_text(generate.bake_file(self.registry))

    def pin(self, version: str) -> float:
        """Writes what is installed; seconds of resolving, which Dockerfiles are given for nothing."""
        if self.tool != "layerset":
            generate.pinned(self.root, self.shelf, self.tool, version)
            return 0.0
        generate.requirements(self.root, version)
        start = time.monotonic()
        (self.root / "pylock.toml").write_text(self.call("lock"))
        return round(time.monotonic() - start, 2)

    def call(self, name: str) -> str:
        return self.docker("buildx", "build", "--file", "layerset.yaml", f"--call={name}", ".")

    def docker(self, *arguments: str) -> str:
        return engines.run(["docker", *arguments], self.environment, self.root).stdout

    def bake(self, options: tuple[str, ...] = PUSHED, resolving: float = 0.0) -> dict:
        """Seconds, what the index has sent, and what the registry has not had before."""
        if self.tool == "layerset":
            (self.root / "bake.json").write_text(self.call("bake"))
        self.served.take()
        seconds, sent = engines.bake("bake.json", self.environment, self.root, options)
        downloads, downloaded = self.served.take()
        blobs = images.distinct(self.images(), self.base)
        new = [size for digest, size in blobs.items() if digest not in self.blobs]
        self.blobs.update(blobs)
        return {
            "seconds": seconds,
            "resolving_seconds": resolving,
            "context_bytes": sent,
            "downloads": downloads,
            "downloaded_bytes": downloaded,
            "new_blobs": len(new),
            "new_bytes": sum(new),
        }

    def has_room(self) -> None:
        """What the last engine has kept is removed while this one starts."""
        for _ in range(60):
            free = shutil.disk_usage(self.environment["DOCKER_CONFIG"]).free
            if free >= DISK_BYTES:
                return
            time.sleep(1)
        sys.exit(f"found {free:,} bytes free, expected {DISK_BYTES:,} for an engine that keeps its images: make room")

    def images(self) -> list[images.Layers]:
        return [images.layers(f"{self.registry}/{name}:bench") for name, _ in generate.NAMES]

    def printed(self) -> list[str]:
        """What services print that import their packages: the versions of all that are installed."""
        run = ("run", "--rm", "--quiet", "--network=none")
        return [self.docker(*run, f"{self.registry}/{name}:bench") for name in CHECKED]


def measure(shelf: wheels.Shelf, served: index.Index, arguments: argparse.Namespace) -> dict:
    rows: dict[str, dict[str, list[dict]]] = {tool: {row: [] for row in ROWS} for tool in TOOLS}
    sides: dict[str, Side] = {}

    def begin(tool: str, engine: str) -> None:
        sides[tool] = Side(tool, engine, shelf, served, arguments)

    def bake(tool: str, row: str, **how) -> None:
        rows[tool][row].append(sides[tool].bake(**how))
        told = rows[tool][row][-1]
        print(f"{tool}: {row}: {told['seconds']} s, {told['new_bytes']:,} new bytes", file=sys.stderr)

    for _ in range(arguments.cold):
        for tool in TOOLS:
            begin(tool, engine_name(tool))
            bake(tool, "cold")
    held = {tool: images.figures(sides[tool].images(), shelf.bytes) for tool in TOOLS}
    for tool in TOOLS:
        check(tool, sides[tool].printed(), shelf)
    for version in generate.PINS[1 : arguments.runs + 1]:
        for tool in TOOLS:
            bake(tool, "no change")
        for tool in TOOLS:
            bake(tool, "one pin changed", resolving=sides[tool].pin(version))
    for tool in TOOLS:
        sides[tool].patch(1)
        bake(tool, "base image patched")
    for tool in TOOLS:
        engines.stop(arguments.engine, engine_name(tool))
    for tool in TOOLS if arguments.kept else ():
        # One after another on an engine of one name: with its images it has gigabytes, and loses them with the next.
        begin(tool, KEEPING)
        sides[tool].has_room()
        bake(tool, "kept: cold", options=KEPT)
        bake(tool, "kept: one pin changed", options=KEPT, resolving=sides[tool].pin(generate.PINS[1]))
    done = {tool: {row: engines.medians(baked) for row, baked in rows[tool].items() if baked} for tool in TOOLS}
    return {tool: {"images": held[tool], "rows": done[tool]} for tool in TOOLS}


def engine_name(tool: str) -> str:
    return f"packages{tool}"


def check(tool: str, printed: list[str], shelf: wheels.Shelf) -> None:
    """All packages of a service are there, in the version that all tools are given."""
    for name, text in zip(CHECKED, printed):
        found = {wheels.key(line) for line in text.splitlines()}
        missing = {line for line in shelf.closures[dict(generate.NAMES)[name]] if wheels.key(line) not in found}
        if missing:
            sys.exit(f"{name} of {tool} has no {', '.join(sorted(missing))}")


def printed(results: dict) -> table.Table:
    rows = table.Table(TOOLS, results, 18)
    rows.line("bytes of all blobs (U)", "images", lambda held: f"{held['blob_bytes']:,}")
    rows.line("U / bytes of the wheels", "images", lambda held: f"{held['overhead']:.3f}")
    rows.layers()
    for row in results["layerset"]["rows"]:
        rows.seconds(row)
        if row.endswith("one pin changed"):
            rows.line("  seconds of resolving", "rows", lambda rows: f"{rows[row]['resolving_seconds']:.2f}")
        rows.line("  wheels downloaded", "rows", lambda rows: f"{rows[row]['downloads']:g}")
        rows.line("  bytes of them", "rows", lambda rows: f"{rows[row]['downloaded_bytes']:,.0f}")
        rows.pushed(row)
    return rows


def main() -> None:
    parser = table.options(__doc__, cold=2)
    most = len(generate.PINS) - 1
    parser.add_argument("--runs", type=int, default=most, help=f"bakes of no change and of a pin, {most} at most")
    parser.add_argument("--kept", action="store_true", help="bakes that keep the images in the engine too: 20 GB")
    arguments = table.parse(parser)
    if not 1 <= arguments.runs <= most or arguments.cold < 1:
        found = f"--cold {arguments.cold} and --runs {arguments.runs}"
        parser.error(f"found {found}: expected 1 at least, and {most} runs at most")
    shelf = wheels.Shelf(wheels.ROOT / "target/bench/packages", generate.FILES, {generate.PINNED: list(generate.PINS)})
    served = index.Index(shelf.directory)
    try:
        results = measure(shelf, served, arguments)
    finally:
        for name in (*map(engine_name, TOOLS), KEEPING):
            engines.stop(arguments.engine, name)
    count = len(generate.NAMES)
    print(f"{count} services, {shelf.count} wheels of {shelf.bytes:,} bytes")
    print(f"medians of {arguments.cold} (cold) and {arguments.runs} runs")
    print(printed(results))
    figures = {"services": count, "wheels": shelf.count, "wheel_bytes": shelf.bytes, "results": results}
    table.write("packages", figures)


if __name__ == "__main__":
    main()
