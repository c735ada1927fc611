#!/usr/bin/env python3
"""Measures installing wheels: time and peak memory of unwheel beside uv with an empty cache.

    bench/unwheel/run.py [--binary target/release/examples/unwheel] [--bytes 1000000000] [--runs 3]

The wheels (large and small popular ones, from the index that pip is configured for) and uv are downloaded
once, below target/bench/unwheel. Each run installs all of them into an empty tree or virtual environment, with
the wheels in the machine's file cache. Prints a table and writes bench/results/unwheel.json.

    cargo build --release -p unwheel --example unwheel
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# In this order until there are enough bytes.
NAMES = """
numpy scipy pandas scikit-learn matplotlib pillow pyarrow polars polars-runtime-32 opencv-python-headless
sympy networkx botocore boto3 django sqlalchemy cryptography grpcio protobuf aiohttp lxml babel
transformers tokenizers onnxruntime duckdb numba llvmlite statsmodels plotly
xgboost catboost lightgbm ray playwright mypy ruff jaxlib pyside6-essentials h5py spacy tensorflow torch
""".split()


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float, int]:
    """Seconds, seconds of processors, and the peak of memory in bytes."""
    start = time.monotonic()
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(command, stdout=nothing, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(command[:4])} …")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def download(folder: pathlib.Path, enough: int) -> list[pathlib.Path]:
    """Wheels of at least that many bytes together."""
    wheels, total = [], 0
    for name in NAMES:
        if total >= enough:
            break
        own = folder / name
        if not own.is_dir():
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            partial = folder / f"{name}.partial"
            subprocess.run([*pip, "--dest", str(partial), name], check=True)
            partial.rename(own)
        wheel = next(own.glob("*.whl"))
        wheels.append(wheel)
        total += wheel.stat().st_size
    if total < enough:
        raise SystemExit(f"the list has {total} bytes of wheels, {enough} are wanted: add to NAMES")
    return wheels


def tree_size(folder: pathlib.Path) -> tuple[int, int]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return len(files), sum(path.stat().st_size for path in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "target/release/examples/unwheel"))
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target/bench/unwheel")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench/results/unwheel.json")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    wheels = download(work / "wheels", arguments.bytes)
    paths = [str(wheel) for wheel in wheels]
    tool = work / "uv"
    if not tool.is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tool), "uv"]
        subprocess.run(install, check=True)
    uv = str(tool / "bin/uv")
    root, venv, cache = work / "root", work / "venv", work / "cache"

    def ours() -> tuple[float, float, int]:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        return run([arguments.binary, "install", str(root), str(venv / "bin/python3"), *paths], {})

    def theirs() -> tuple[float, float, int]:
        shutil.rmtree(venv, ignore_errors=True)
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        command = [uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--link-mode=copy"]
        command += ["--no-config", "--cache-dir", str(cache), "--python", str(venv / "bin/python"), *paths]
        return run(command, {"UV_NO_PROGRESS": "1"})

    # Not all of a wheel at once: a child's peak counts what its parent held when it was forked.
    for wheel in wheels:
        with wheel.open("rb") as file:
            while file.read(1 << 20):
                pass
    rows = []
    # In turns, so that a change of the machine's mood meets both.
    measured = {"uv": [], "unwheel": []}
    for _ in range(arguments.runs):
        measured["uv"].append(theirs())
        measured["unwheel"].append(ours())
    files, size = tree_size(root)
    for name, runs in measured.items():
        rows.append({
            "tool": name,
            "seconds": round(statistics.median(seconds for seconds, _, _ in runs), 2),
            "processor_seconds": round(statistics.median(seconds for _, seconds, _ in runs), 2),
            "peak_bytes": max(memory for _, _, memory in runs),
        })
    result = {
        "wheels": len(wheels),
        "wheel_bytes": sum(wheel.stat().st_size for wheel in wheels),
        "files": files,
        "bytes": size,
        "uv": subprocess.run([uv, "--version"], check=True, capture_output=True, text=True).stdout.strip(),
        "processors": os.cpu_count(),
        "rows": rows,
    }
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['wheels']} wheels of {result['wheel_bytes'] / 1e6:.0f} MB: {files} files of {size / 1e6:.0f} MB")
    print(f"{'':10}{'seconds':>10}{'processor':>11}{'peak MB':>10}")
    for row in rows:
        print(f"{row['tool']:10}{row['seconds']:>10.2f}{row['processor_seconds']:>11.2f}{row['peak_bytes'] / 1e6:>10.0f}")
    for folder in (root, venv, cache):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
