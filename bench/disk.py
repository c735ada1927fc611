#!/usr/bin/env python3
"""A disk of its own for an engine: a file with an ext4 that has a journal, as most machines have.

Without a journal ext4 looks for a new file's inode past all that were freed in the last minutes (Linux:
fs/ext4/ialloc.c, recently_deleted). What one engine removes then makes new files of another ten times as dear, and
what an engine removes after a bake those of its own next one.

    disk.py DIRECTORY

tells whether a disk is like that: seconds of writing small files three times, each after the last were removed."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

# Whether engines get one.
wanted = False
ROOT = pathlib.Path(__file__).resolve().parent.parent
# Only what is written takes room.
SIZE = 60_000_000_000


def attach(name: str) -> None:
    """An empty one at the directory of an engine that does not run."""
    detach(name)
    file, at = image(name), directory(name)
    for place in (file.parent, at):
        place.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as empty:
        empty.truncate(SIZE)
    run("mkfs.ext4", "-q", str(file))
    device = run("losetup", "--find", "--show", "--direct-io=on", str(file)).strip()
    try:
        # Nothing is to be written behind a measurement.
        run("mount", "-o", "noinit_itable", device, str(at))
    finally:
        # It is given back when nothing is mounted any more.
        run("losetup", "--detach", device)


def detach(name: str) -> None:
    """Removes it with all that it has."""
    while os.path.ismount(directory(name)):
        run("umount", "--lazy", str(directory(name)))
    image(name).unlink(missing_ok=True)


def forget() -> None:
    """Waits until the machine's own disk no longer minds what was removed: a minute when that is written. Disks of engines
    do not mind."""
    os.sync()
    if not wanted:
        time.sleep(61)


def directory(name: str) -> pathlib.Path:
    """Where the harness has the engine."""
    return pathlib.Path(os.environ.get("LAYERSET_ENGINE_DIR", ROOT / "target/engine")) / "engines" / name


def image(name: str) -> pathlib.Path:
    return ROOT / "target/bench/disks" / f"{name}.ext4"


def run(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise SystemExit(f"found no {command[0]}, expected Debian's e2fsprogs and mount, or no --disks")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(command)}\n{done.stderr}")
    return done.stdout


def written(directory: str, files: int = 60_000) -> float:
    """Seconds of writing small files, which are removed again."""
    with tempfile.TemporaryDirectory(dir=directory) as made:
        start = time.monotonic()
        for number in range(files):
            parent = pathlib.Path(made) / str(number // 100)
            if number % 100 == 0:
                parent.mkdir()
            (parent / str(number)).write_bytes(b"x" * 3000)
        return time.monotonic() - start


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.path.isdir(sys.argv[1]):
        sys.exit(f"found no directory {sys.argv[1]}, expected one on the disk that is to be measured")
    for _ in range(3):
        print(f"{written(sys.argv[1]):.1f} s", flush=True)
