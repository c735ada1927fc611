#!/usr/bin/env python3
"""Writes a monorepo: a tree of files and a manifest of services whose selections overlap.

    generate.py DIRECTORY --services 22 --files 100000

The same arguments give the same tree. Files are sparse: they have sizes, not contents. The tree does not depend
on the number of services but for one directory each, so that runs with other numbers can share it.
"""

import argparse
import json
import os
import pathlib
import random

AREAS = 40
PACKAGES = 25


def tree(root: pathlib.Path, files: int) -> None:
    """`files` files: 40 areas of 25 packages each, with tests and documentation beside the code."""
    rng = random.Random(1)
    each = max(1, files // (AREAS * PACKAGES))
    for area in range(AREAS):
        for package in range(PACKAGES):
            directory = root / f"area{area:02}" / f"package{package:02}"
            for part in ("", "tests", "docs"):
                (directory / part).mkdir(parents=True, exist_ok=True)
            for number in range(each):
                part = ("", "", "", "tests", "docs")[number % 5]
                suffix = {"": ".py", "tests": ".py", "docs": ".md"}[part]
                size = int(rng.lognormvariate(8, 1.5))
                write(directory / part / f"file{number:03}{suffix}", size)


def write(path: pathlib.Path, size: int) -> None:
    with open(path, "wb") as file:
        os.truncate(file.fileno(), size)


def manifest(root: pathlib.Path, services: int) -> dict:
    """Services that take whole areas, packages in areas that others take whole, and patterns over both."""
    said = {}
    for number in range(services):
        rng = random.Random(number)
        name = f"service{number:04}"
        directory = root / "services" / name
        directory.mkdir(parents=True, exist_ok=True)
        for file in range(4):
            write(directory / f"own{file}.py", rng.randrange(1000, 200_000))
        files = [f"services/{name}", "area00", "area01/package00"]
        # A company has some kinds of services: those of a kind take the same areas.
        kind = random.Random(number % 11)
        files += [f"area{area:02}" for area in sorted(kind.sample(range(2, 30), 4))]
        files += [f"area{rng.randrange(2, 30):02}/package{rng.randrange(PACKAGES):02}" for _ in range(3)]
        if number % 3 == 0:
            files.append({"source": f"area{30 + number % 10}", "include": ["**/*.py"], "exclude": ["**/tests"]})
        elif number % 3 == 1:
            files.append({"source": f"area{30 + number % 10}", "exclude": ["**/docs"]})
        said[name] = {"from": "python:3.13-slim", "working_dir": "/app", "files": files}
    return {"name": f"services-{services}", "services": said}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--services", type=int, default=22)
    parser.add_argument("--files", type=int, default=100_000)
    arguments = parser.parse_args()
    root = arguments.directory
    if not (root / "area00").exists():
        tree(root, arguments.files)
    text = json.dumps(manifest(root, arguments.services), indent=1)
    (root / f"layerset.{arguments.services}.yaml").write_text(text)


if __name__ == "__main__":
    main()
