#!/usr/bin/env python3
"""Pins what each layer of packages in Dockerfile has: pinned/LAYER.txt, every wheel with its hash.

    pin.py [--index-url URL] [--uv PROGRAM]

All requirement files are resolved together, so that a package has one version everywhere. A layer has what its roots
need and what no layer below it has.
"""

import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BACKEND = HERE.parent / "backend"
PINNED = HERE / "pinned"
OPTIONS = ["--quiet", "--no-config", "--no-python-downloads", "--no-header", "--no-annotate", "--only-binary", ":all:"]
TARGET = ["--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_28"]

# A layer: its roots, which are requirement files or names of packages, and the layers that are always below it.
LAYERS: dict[str, tuple[list[str], list[str]]] = {
    # What all have.
    "base": (["base.txt"], []),
    # What several sets share, cut so that nothing heavy is there twice.
    "aiohttp": (["aiohttp"], ["base"]),
    "numpy": (["numpy"], ["base"]),
    "pandas": (["pandas"], ["numpy"]),
    "pillow": (["pillow"], ["base"]),
    "lxml": (["lxml"], ["base"]),
    "polars": (["polars"], ["base"]),
    "duckdb": (["duckdb"], ["base"]),
    "reportlab": (["reportlab"], ["pillow"]),
    "matplotlib": (["matplotlib"], ["numpy", "pillow"]),
    "statsmodels": (["statsmodels"], ["ml"]),
    # The sets.
    "light": (["backend-light.txt"], ["aiohttp"]),
    "data": (["data.txt"], ["pandas"]),
    "ml": (["ml.txt"], ["pandas"]),
    "nlp": (["nlp.txt"], ["numpy"]),
    # What one service has.
    "api-gateway": (["api-gateway.txt"], ["light"]),
    "auth": (["auth.txt"], ["light"]),
    "billing": (["billing.txt"], ["light", "reportlab"]),
    "notifications": (["notifications.txt"], ["light", "lxml"]),
    "scheduler": (["scheduler.txt"], ["light"]),
    "reconciler": (["reconciler.txt"], ["light", "polars"]),
    "price-feed": (["price-feed.txt"], ["base"]),
    "market-data": (["market-data.txt"], ["data", "aiohttp"]),
    "analytics": (["analytics.txt"], ["data", "duckdb"]),
    "reporting": (["reporting.txt"], ["data", "matplotlib", "reportlab", "lxml"]),
    "feature-store": (["feature-store.txt"], ["data", "duckdb", "polars"]),
    "strategy-generator": (["strategy-generator.txt"], ["statsmodels"]),
    "backtester": (["backtester.txt"], ["statsmodels", "matplotlib"]),
    "risk": (["risk.txt"], ["statsmodels"]),
    "ai-processor": (["ai-processor.txt"], ["nlp", "pillow"]),
    "sentiment": (["sentiment.txt"], ["nlp", "lxml"]),
}


def compile(roots: list[str], arguments: argparse.Namespace, *more: str) -> str:
    """What uv resolves the roots to."""
    index = ["--index-url", arguments.index_url] if arguments.index_url else []
    files = [str(BACKEND / "requirements" / root) for root in roots if root.endswith(".txt")]
    names = "\n".join(root for root in roots if not root.endswith(".txt"))
    command = [arguments.uv, "pip", "compile", *OPTIONS, *TARGET, *index, *more, *files, *(["-"] if names else [])]
    done = subprocess.run(command, input=names, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"pin.py: uv could not resolve {', '.join(roots)}")
    return done.stdout


def name(line: str) -> str:
    return line.split("==")[0]


def layers(arguments: argparse.Namespace) -> dict[str, list[str]]:
    """Of each layer its lines, with hashes."""
    every = sorted({root for roots, _ in LAYERS.values() for root in roots})
    union = compile(every, arguments, "--generate-hashes")
    entries = {name(entry): entry.strip() for entry in union.replace("\\\n    ", "").splitlines() if entry.strip()}
    versions = PINNED / "versions.txt"
    versions.write_text("".join(entry.split(" ")[0] + "\n" for entry in entries.values()))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda roots: compile(roots, arguments, "--offline", "--constraint", str(versions)),
                         [roots for roots, _ in LAYERS.values()])  # fmt: skip
        closures = {layer: {name(line) for line in text.split()} for layer, text in zip(LAYERS, found)}
    return {layer: [entries[one] for one in sorted(closures[layer] - held(layer, closures))] for layer in LAYERS}


def held(layer: str, closures: dict[str, set[str]]) -> set[str]:
    """What the layers below have."""
    return set().union(*(closures[below] | held(below, closures) for below in LAYERS[layer][1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index-url", metavar="URL", help="a package index instead of uv's own")
    parser.add_argument("--uv", default="uv", metavar="PROGRAM", help="the uv that resolves (default: uv)")
    arguments = parser.parse_args()
    PINNED.mkdir(exist_ok=True)
    pinned = layers(arguments)
    for layer, lines in pinned.items():
        (PINNED / f"{layer}.txt").write_text("".join(f"{line}\n" for line in lines))
    distinct = {line for lines in pinned.values() for line in lines}
    print(f"{len(distinct)} packages in {len(pinned)} layers, {sum(map(len, pinned.values()))} lines")


if __name__ == "__main__":
    main()
