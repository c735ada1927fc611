#!/usr/bin/env python3
"""Measures what a target costs: 200 targets of one bake on one engine, beside the same as one Dockerfile.

    run.py --frontend BINARY --engine BINARY [--targets N] [--runs N]

The frontend's static binary, and the harness's `engine` (cargo build -p layerset-e2e --bin engine). All targets share
a stage and a directory and have a file of their own; nothing is exported, so that what is measured is frontends, not
layers. The Dockerfile is built by the frontend that is built into the engine, which starts no container. Prints the
medians, and how long the vertices of one bake without changes took in all, by what they do; writes
bench/results/targets.json.
"""

import argparse
import collections
import json
import pathlib
import re
import statistics
import sys
import tempfile
import time
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import engines  # noqa: E402

ENGINE = "targets"
PART = 40


def project(root: pathlib.Path, targets: int) -> None:
    """Both files over the same sources."""
    (root / "shared").mkdir()
    for number in range(20):
        (root / "shared" / f"{number}.txt").write_text(f"shared {number}\n" * 50)
    services, stages, named = [], [], {}
    for number in range(targets):
        name = f"service{number}"
        (root / name).mkdir()
        (root / name / "own.txt").write_text(f"{name}\n")
        services.append(f"  {name}: {{from: base, files: [shared/, {name}/], command: [cat, own.txt]}}")
        stages.append(
            f'FROM base AS {name}\nCOPY --link shared/ /app/shared/\nCOPY --link {name}/ /app/{name}/\nCMD ["cat", "own.txt"]'
        )
        named[name] = {"context": ".", "dockerfile": "Dockerfile", "target": name}
    base = "stages:\n  base: {from: 'busybox:1.37', working_dir: /app, run: [echo base > /base]}\nservices:\n"
    (root / "layerset.yaml").write_text("# syntax=layerset/frontend:1\n" + base + "\n".join(services) + "\n")
    base = "FROM busybox:1.37 AS base\nWORKDIR /app\nRUN echo base > /base\n"
    (root / "Dockerfile").write_text(base + "\n".join(stages) + "\n")
    names = list(named)
    parts = [names[start : start + PART] for start in range(0, targets, PART)]
    group = {f"part-{number + 1}": {"targets": part} for number, part in enumerate(parts)}
    (root / "dockerfile.json").write_text(json.dumps({"group": group, "target": named}))
    for target in named.values():
        target["dockerfile"] = "layerset.yaml"
    (root / "layerset.json").write_text(json.dumps({"group": group, "target": named}))


def bake(root: pathlib.Path, environment: dict, tool: str) -> tuple[float, str]:
    command = ["docker", "buildx", "bake", "--progress=rawjson", "-f", f"{tool}.json", "--set", "*.output=type=cacheonly"]
    parts = json.loads((root / f"{tool}.json").read_text())["group"]
    start = time.monotonic()
    told = [engines.run([*command, part], environment, root).stderr for part in parts]
    return time.monotonic() - start, "\n".join(told)


def moment(text: str) -> float:
    """RFC 3339 with up to nine digits of a second."""
    head, _, digits = re.sub(r"(Z|[+-]\d\d:\d\d)$", "", text).partition(".")
    return datetime.fromisoformat(head).timestamp() + float(f"0.{digits or 0}")


def busy(progress: str) -> list[tuple[str, int, float]]:
    """What vertices do, how many there were, and their seconds in all; those of most seconds first."""
    seconds, numbers = collections.Counter(), collections.Counter()
    spans: dict[tuple, float] = {}
    for line in progress.splitlines():
        for vertex in (json.loads(line).get("vertexes") or []) if line.startswith("{") else []:
            if vertex.get("started") and vertex.get("completed"):
                name = re.sub(r"service\d+", "SERVICE", re.sub(r"sha256:[0-9a-f]+", "…", vertex["name"]))
                spans[(name, vertex["digest"], vertex["started"])] = moment(vertex["completed"]) - moment(vertex["started"])
    for (name, _, _), length in spans.items():
        seconds[name] += length
        numbers[name] += 1
    return [(name, numbers[name], round(length, 2)) for name, length in seconds.most_common(12)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frontend", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    results = {"targets": arguments.targets}
    try:
        with tempfile.TemporaryDirectory(prefix="layerset-targets-") as directory:
            root = pathlib.Path(directory)
            project(root, arguments.targets)
            environment = engines.start(arguments.engine, ENGINE, arguments.frontend)
            for tool in ("layerset", "dockerfile"):
                cold, _ = bake(root, environment, tool)
                runs = [bake(root, environment, tool) for _ in range(arguments.runs)]
                again = statistics.median(seconds for seconds, _ in runs)
                results[tool] = {
                    "cold": round(cold, 2),
                    "no change": round(again, 2),
                    "milliseconds a target, no change": round(again * 1000 / arguments.targets),
                    "context bytes": engines.context_bytes(runs[-1][1]),
                    "vertices": busy(runs[-1][1]),
                }
                print(f"{tool}: " + json.dumps({key: value for key, value in results[tool].items() if key != "vertices"}))
                for name, number, seconds in results[tool]["vertices"]:
                    print(f"  {seconds:8.2f} s  {number:5}  {name}")
    finally:
        engines.stop(arguments.engine, ENGINE)
    target = pathlib.Path(__file__).resolve().parent.parent / "results" / "targets.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
