"""Baking on engines of the harness that begin empty."""

import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import time

import disk
import vertices

# Where a private engine and its containers find what listens on 127.0.0.1 here: the harness's choice.
HOST = "198.18.54.1"


class Failed(Exception):
    """A command that did not do what it was told, with the end of what it said; `stderr` is all of that."""

    def __init__(self, message: str, stderr: str) -> None:
        super().__init__(message)
        self.stderr = stderr


def attempt(command: list[str], environment: dict, root: pathlib.Path | None = None) -> subprocess.CompletedProcess:
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"failed: {' '.join(command)}\n{done.stderr[-3000:]}", done.stderr)
    return done


def run(command: list[str], environment: dict, root: pathlib.Path | None = None) -> subprocess.CompletedProcess:
    try:
        return attempt(command, environment, root)
    except Failed as failed:
        sys.exit(str(failed))


def start(binary: str, name: str, frontend: str) -> dict:
    """An engine with nothing but base images and the frontend: the environment of commands that use it."""
    if disk.wanted:
        stop(binary, name)
        disk.attach(name)
    printed = run([binary, "env", "--fresh", "--name", name], os.environ).stdout
    exported = dict(shlex.split(line)[1].split("=", 1) for line in printed.splitlines())
    run([binary, "frontend", frontend, "--name", name], os.environ)
    return {**os.environ, **exported, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def stop(binary: str, name: str) -> None:
    """With its disk, if it has one of its own."""
    subprocess.run([binary, "down", "--name", name], check=False)
    disk.detach(name)


# An engine begins to remove what it need not keep one and a half seconds after a build has ended.
QUIET_SECONDS = 4


def settle(most: float = 60) -> None:
    """Waits until what was written is on disk and the processors have had nothing to do for a while: engines write what
    they know of a build after it has ended, and a machine writes for long what they have unpacked."""
    os.sync()
    deadline = time.monotonic() + most
    quiet = 0
    while quiet < QUIET_SECONDS and time.monotonic() < deadline:
        before = idle_seconds()
        time.sleep(1)
        quiet = quiet + 1 if idle_seconds() - before > 0.9 * os.cpu_count() else 0


def idle_seconds() -> float:
    """Of all processors together, since the start, without those in which something waited for the disk."""
    with open("/proc/stat") as stat:
        _, _, _, _, idle, *_ = stat.readline().split()
    return int(idle) / os.sysconf("SC_CLK_TCK")


def bake(file: str, environment: dict, root: pathlib.Path, options: tuple[str, ...] = ("--push",)) -> tuple[float, int]:
    """Seconds, and bytes of context that the client sent."""
    command = ["docker", "buildx", "bake", "--progress=rawjson", "-f", file, *options]
    start = time.monotonic()
    done = run(command, environment, root)
    return round(time.monotonic() - start, 2), context_bytes(done.stderr)


def context_bytes(progress: str) -> int:
    """What the client sent, from the lines of `--progress=rawjson`."""
    return vertices.Trace(progress.splitlines()).context_bytes()


def medians(baked: list[dict]) -> dict:
    """Of each figure of several runs."""
    row = {key: statistics.median(one[key] for one in baked) for key in baked[0]}
    return {**row, "all_seconds": [one["seconds"] for one in baked]}
