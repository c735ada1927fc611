#!/usr/bin/env python3
"""Measures planning: seconds and peak memory of `layerset plan` for more and more services over one tree.

    bench/planning/run.py [--binary target/release/layerset] [--files 100000] [--services 22,100,1000,5000]

The tree is made below target/bench/planning and kept. Prints a table and writes bench/results/planning.json.
Every run lists the context, plans, measures every layer and writes the whole answer.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(command: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock and of the processor, and the peak of memory in bytes."""
    start = time.monotonic()
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(command, stdout=nothing)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "target/release/layerset"))
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--services", default="22,100,1000,5000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench/results/planning.json")
    arguments = parser.parse_args()
    rows = []
    for services in map(int, arguments.services.split(",")):
        # A tree each, because every service has a directory of its own.
        tree = ROOT / f"target/bench/planning/{arguments.files}-{services}"
        generate = [sys.executable, HERE / "generate.py", tree, "--services", str(services)]
        subprocess.run([*map(str, generate), "--files", str(arguments.files)], check=True)
        manifest = str(tree / f"layerset.{services}.yaml")
        plan = [arguments.binary, "plan", "--format", "json", "-f", manifest, str(tree)]
        totals = json.loads(subprocess.run(plan, check=True, capture_output=True).stdout)["figures"]["totals"]
        measured = [run(plan) for _ in range(arguments.runs)]
        rows.append({
            "services": services,
            "files": arguments.files,
            "seconds": round(statistics.median(seconds for seconds, _, _ in measured), 3),
            "cpu_seconds": round(statistics.median(cpu for _, cpu, _ in measured), 3),
            "peak_bytes": max(memory for _, _, memory in measured),
            "layers": totals["layers"],
            "uses": totals["uses"],
            "overhead": totals["overhead"],
        })
    print(f"{'services':>8} {'seconds':>9} {'cpu':>7} {'ms/service':>11} {'peak MB':>9} {'layers':>8} {'layers/image':>13} {'U/I':>6}")
    for row in rows:
        each, per_image = row["cpu_seconds"] * 1000 / row["services"], row["uses"] / row["services"]
        memory = row["peak_bytes"] / 1e6
        print(f"{row['services']:>8} {row['seconds']:>9.3f} {row['cpu_seconds']:>7.2f} {each:>11.2f} {memory:>9.1f} {row['layers']:>8} "
              f"{per_image:>13.1f} {row['overhead']:>6.3f}")
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
