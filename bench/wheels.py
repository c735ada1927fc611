"""Resolves the requirement files and downloads every wheel once, by the machine's pip and a uv of its own."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "3.13"
# Those of the oldest glibc that a wheel may ask for.
GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")


class Shelf:
    """A directory of wheels, and what each requirement file resolves to: `name==version` lines.

    `files` are requirement files by name, `pins` the versions that a pinned package of theirs is changed to.
    """

    def __init__(self, work: pathlib.Path, files: dict[str, pathlib.Path], pins: dict[str, list[str]]) -> None:
        self.files, self.directory = files, work / "wheels"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.uv = uv(work)
        resolved = self.resolved(work / "resolved.json", pins)
        self.union, self.closures = resolved["union"], resolved["closures"]
        self.wheels = {line_of(path): path for path in sorted(self.directory.glob("*.whl"))}
        self.bytes = sum(self.size(line) for line in self.union)
        self.count = len(self.union)

    def resolved(self, path: pathlib.Path, pins: dict[str, list[str]]) -> dict:
        """What was resolved for these files before, so that one run has the versions of the last; else anew."""
        texts = {name: file.read_text() for name, file in sorted(self.files.items())}
        if path.exists() and (known := json.loads(path.read_text()))["of"] == [texts, pins]:
            return known
        union = self.known() or self.resolve(list(self.files))
        download(self.directory, union, [f"{name}=={version}" for name in pins for version in pins[name]])
        constraint = path.with_name("union.txt")
        constraint.write_text("\n".join(union) + "\n")
        # The same versions again, without asking anybody.
        offline = ["--constraint", str(constraint), "--no-index", "--find-links", str(self.directory)]
        closures = {name: self.resolve([name], offline) for name in self.files}
        path.write_text(json.dumps({"of": [texts, pins], "union": union, "closures": closures}))
        return json.loads(path.read_text())

    def known(self) -> list[str]:
        """What the wheels that are there resolve to, if they do."""
        offline = ["--no-index", "--find-links", str(self.directory)]
        try:
            return self.resolve(list(self.files), offline, subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            return []

    def size(self, line: str) -> int:
        return self.wheels[key(line)].stat().st_size

    def resolve(self, names: list[str], more: list[str] | None = None, errors: int | None = None) -> list[str]:
        command = [str(self.uv), "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate"]
        command += ["--no-python-downloads", "--only-binary", ":all:"]
        command += ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
        files = [str(self.files[name]) for name in names]
        command += [*(more or []), *files]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=errors, text=True)
        return done.stdout.split()

    def hashed(self, lines: list[str], pins: dict[str, str]) -> str:
        """A requirement file of exactly these wheels, with the given versions of pinned packages."""
        names = [line.partition("==")[0] for line in lines]
        lines = [f"{name}=={pins[name]}" if name in pins else line for name, line in zip(names, lines)]
        return "".join(f"{line} --hash=sha256:{sha256(self.wheels[key(line)])}\n" for line in lines)


def uv(work: pathlib.Path) -> pathlib.Path:
    program = work / "uv/bin/uv"
    if not program.is_file():
        pip("install", "--target", str(work / "uv"), "uv")
    return program


def download(directory: pathlib.Path, lines: list[str], several: list[str]) -> None:
    """What is not there; of `several` one at a time, since pip takes one version of a package."""
    there = {line_of(path) for path in directory.glob("*.whl")}
    platforms = [f"--platform=manylinux_{glibc}_x86_64" for glibc in GLIBC]
    tags = ["--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none", f"--python-version={PYTHON}"]
    for wanted in [lines, *([line] for line in several)]:
        missing = [line for line in wanted if key(line) not in there]
        if missing:
            pip("download", "--no-deps", "--only-binary=:all:", *tags, *platforms, "--dest", str(directory), *missing)
            there |= {key(line) for line in missing}


def pip(command: str, *arguments: str) -> None:
    # Said by a variable: not every command of every pip has the option.
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run([sys.executable, "-m", "pip", command, "--quiet", *arguments], check=True, env=environment)


def line_of(wheel: pathlib.Path) -> str:
    name, version, *_ = wheel.name.split("-")
    return key(f"{name}=={version}")


def key(line: str) -> str:
    """Names of packages are equal but for these."""
    return line.lower().replace("_", "-").replace(".", "-")


def sha256(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
