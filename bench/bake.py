#!/usr/bin/env python3
"""Bakes 22 services with Layerset and with a Dockerfile on the built-in frontend, on one engine.

Usage: bench/bake.py [--services N] [--runs N]; run by bench/run.sh, which sets up the engine.
Prints a table and writes bench/results/bake.json: seconds (medians), bytes of context sent.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def write_tree(root, services):
    """About 40 MB: 400 shared files and 100 files a service, from a fixed seed."""
    random.seed(7)
    for directory, count in [("common", 400)] + [(f"s{n}", 100) for n in range(services)]:
        (root / "backend" / directory).mkdir(parents=True)
        for number in range(count):
            (root / "backend" / directory / f"f{number}.bin").write_bytes(random.randbytes(16 << 10))


def layerset_manifest(services):
    lines = [
        "# syntax=layerset/frontend:1",
        "name: bench",
        "stages:",
        '  base: {from: "python:3.13-slim", working_dir: /app, run: ["mkdir -p /var/lib/app"]}',
        "templates:",
        "  t: {from: base, files: [backend/common/]}",
        "services:",
    ]
    lines += [f"  s{n}: {{extends: t, files: [backend/s{n}/], command: [python3]}}" for n in range(services)]
    return "\n".join(lines) + "\n"


def dockerfile(services):
    lines = ["FROM python:3.13-slim AS base", "WORKDIR /app", "RUN mkdir -p /var/lib/app"]
    for n in range(services):
        lines += [
            f"FROM base AS s{n}",
            "COPY --link backend/common/ /app/backend/common/",
            f"COPY --link backend/s{n}/ /app/backend/s{n}/",
            'CMD ["python3"]',
        ]
    return "\n".join(lines) + "\n"


def bake_file(services, file, prefix):
    names = [f"s{n}" for n in range(services)]
    target = {
        name: {"context": ".", "dockerfile": file, "target": name, "tags": [f"{prefix}-{name}"]} for name in names
    }
    return json.dumps({"group": {"default": {"targets": names}}, "target": target})


def bake(root, file):
    """Seconds, and bytes of context that the client sent."""
    start = time.monotonic()
    done = subprocess.run(
        ["docker", "buildx", "bake", "--progress=rawjson", "-f", file],
        cwd=root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
    )
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    sent = {}
    for line in done.stderr.splitlines():
        if not line.startswith("{"):
            continue
        for status in json.loads(line).get("statuses") or []:
            if status["id"].startswith("transferring "):
                key = (status["vertex"], status["id"])
                sent[key] = max(sent.get(key, 0), status.get("current", 0))
    return seconds, sum(sent.values())


def measure(root, file, touch, runs):
    rows = {}
    rows["cold"] = [bake(root, file)]
    rows["no change"] = [bake(root, file) for _ in range(runs)]
    rows["one shared file"] = []
    rows["one file of one service"] = []
    for number in range(runs):
        for row, path in [("one shared file", "common/f0.bin"), ("one file of one service", "s0/f0.bin")]:
            touch(path, number)
            rows[row].append(bake(root, file))
    return {
        row: {
            "seconds": round(statistics.median(s for s, _ in values), 2),
            "context_bytes": round(statistics.median(b for _, b in values)),
        }
        for row, values in rows.items()
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--services", type=int, default=22)
    arguments.add_argument("--runs", type=int, default=5)
    arguments = arguments.parse_args()
    root = Path(tempfile.mkdtemp(prefix="layerset-bench-"))
    try:
        write_tree(root, arguments.services)
        (root / "layerset.yaml").write_text(layerset_manifest(arguments.services))
        (root / "Dockerfile").write_text(dockerfile(arguments.services))
        (root / "layerset.json").write_text(bake_file(arguments.services, "layerset.yaml", "l"))
        (root / "dockerfile.json").write_text(bake_file(arguments.services, "Dockerfile", "d"))

        def touch(path, number):
            (root / "backend" / path).write_bytes(random.randbytes(16 << 10))

        results = {
            name: measure(root, f"{name}.json", touch, arguments.runs) for name in ("layerset", "dockerfile")
        }
    finally:
        shutil.rmtree(root)
    print(f"{arguments.services} services, medians of {arguments.runs}")
    print(f"{'':26}{'layerset':>24}{'Dockerfile, built-in':>24}")
    for row in results["layerset"]:
        cells = [results[name][row] for name in ("layerset", "dockerfile")]
        print(f"{row:26}" + "".join(f"{c['seconds']:>10.2f} s {c['context_bytes']:>10,} B" for c in cells))
    out = Path(__file__).parent / "results"
    out.mkdir(exist_ok=True)
    (out / "bake.json").write_text(json.dumps({"services": arguments.services, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
