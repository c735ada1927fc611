"""What the benchmark needs of the machine, and what is told of it."""

import importlib.util
import os
import platform
import shutil
import sys
import time

import disk
import wheels


def has_room(wanted: int) -> None:
    free = shutil.disk_usage(wheels.ROOT).free
    if free < wanted:
        sys.exit(f"found {free:,} bytes free, expected {wanted:,} for an engine: make room")


def has_what_it_takes() -> None:
    """The wheels are those of one platform, and pip downloads them."""
    if platform.machine() != "x86_64":
        sys.exit(f"found a machine of {platform.machine()}, expected x86_64: the benchmark's wheels are for that")
    if sys.version_info < (3, 11):
        sys.exit(f"found Python {platform.python_version()}, expected 3.11 or later")
    if importlib.util.find_spec("pip") is None:
        sys.exit(f"found no pip for {sys.executable}, expected it to download wheels: apt-get install python3-pip")


def told() -> dict:
    """What is written beside the figures."""
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "load": round(os.getloadavg()[0], 2),
        "disks": disk.wanted,
    }
