#!/usr/bin/env python3
"""Writes 22 services whose selections overlap in every way, over a tree of 20,000 files, in both languages.

    generate.py DIRECTORY --registry localhost:5055/name

What the services select is in selections.json, a list for each, as `files:` of a manifest has it; the test
`overlap` builds the same. Beside the tree come layerset.yaml, Dockerfile and a bake file for each of them.
The same arguments give the same bytes.
"""

import argparse
import json
import pathlib

SELECTIONS = json.loads((pathlib.Path(__file__).parent / "selections.json").read_text())
DIRECTORIES = 40
FILES = 500
BASE = "busybox:1.37"


def content(directory: int, file: int, tag: str) -> str:
    """Text that compresses as code does."""
    lines = [f"# {tag} {directory} {file}\n"]
    state = directory * FILES + file
    for _ in range(10 + file % 20):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        lines.append(f"value_{state % 97} = {state >> 20:x}\n")
    return "".join(lines)


def tree(root: pathlib.Path) -> None:
    """All files that a service selects, and 8 MiB that none does, below a selected directory."""
    for directory in range(DIRECTORIES):
        path = root / f"backend/d{directory}"
        path.mkdir(parents=True)
        for file in range(FILES):
            (path / f"f{file}.py").write_text(content(directory, file, "first"))
    (root / "backend/unused").mkdir()
    (root / "backend/unused/large").write_bytes(b"\1" * (8 << 20))


def manifest() -> str:
    """JSON is YAML's flow style, so that selections go in as they are."""
    lines = ["# syntax=layerset/frontend:1", "services:"]
    for number, files in enumerate(SELECTIONS):
        lines.append(f"  s{number}: {{from: '{BASE}', working_dir: /app, files: {json.dumps(files)}}}")
    return "\n".join(lines) + "\n"


def dockerfile() -> str:
    """A stage for each service, a line for each selection, in the order in which they are written down."""
    lines = [f"FROM {BASE} AS base", "WORKDIR /app"]
    for number, files in enumerate(SELECTIONS):
        lines += [f"FROM base AS s{number}", *map(copy, files)]
    # Every needed file once, in one layer: the first service takes all that there is.
    lines += [f"FROM {BASE} AS ideal", copy(SELECTIONS[0][0])]
    return "\n".join(lines) + "\n"


def copy(selection: str | dict) -> str:
    if isinstance(selection, str):
        return f"COPY --link {selection} /app/{selection}"
    source = selection["source"]
    excludes = "".join(f"--exclude={pattern} " for pattern in selection.get("exclude", []))
    # A pattern of single files: COPY puts what it matches into the directory.
    includes = "".join(f"{source}/{pattern} " for pattern in selection.get("include", []))
    return f"COPY --link {excludes}{includes or source + ' '}/app/{source}/"


def bake_file(file: str, names: list[str], registry: str) -> str:
    target = {
        name: {"context": ".", "dockerfile": file, "target": name, "tags": [f"{registry}/{name}:bench"]}
        for name in names
    }
    return json.dumps({"group": {"default": {"targets": names}}, "target": target}, indent=1) + "\n"


def write(root: pathlib.Path, registry: str) -> list[str]:
    """Writes everything, and returns the names of the services."""
    tree(root)
    names = [f"s{number}" for number in range(len(SELECTIONS))]
    (root / "layerset.yaml").write_text(manifest())
    (root / "Dockerfile").write_text(dockerfile())
    (root / "layerset.json").write_text(bake_file("layerset.yaml", names, f"{registry}/layerset"))
    (root / "dockerfile.json").write_text(bake_file("Dockerfile", names, f"{registry}/dockerfile"))
    (root / "ideal.json").write_text(bake_file("Dockerfile", ["ideal"], registry))
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--registry", default="localhost:5055/overlap")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True)
    write(arguments.directory, arguments.registry)


if __name__ == "__main__":
    main()
