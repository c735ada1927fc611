"""Resolves the requirement files and downloads every wheel once, by the machine's pip and a uv of its own."""

import hashlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FILES = HERE / "requirements"
# A small package of base.txt, and what its pin changes to.
PINNED = "python-dotenv"
PINS = ("1.0.1", "1.1.0", "1.1.1", "1.2.1")
PYTHON = "3.13"
# Those of the oldest glibc that a wheel may ask for.
GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")


class Shelf:
    """A directory of wheels, and what each requirement file resolves to: `name==version` lines."""

    def __init__(self, work: pathlib.Path) -> None:
        self.directory = work / "wheels"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.uv = work / "uv/bin/uv"
        if not self.uv.is_file():
            pip("install", "--target", str(work / "uv"), "uv")
        names = [path.stem for path in FILES.glob("*.txt")]
        union = self.resolve(names)
        download(self.directory, union + [f"{PINNED}=={version}" for version in PINS])
        self.wheels = {line_of(path): path for path in sorted(self.directory.glob("*.whl"))}
        (work / "union.txt").write_text("\n".join(union) + "\n")
        # The same versions again, without asking anybody.
        offline = ["--constraint", str(work / "union.txt"), "--no-index", "--find-links", str(self.directory)]
        self.closures = {name: self.resolve([name], offline) for name in names}
        self.bytes = sum(self.wheels[key(line)].stat().st_size for line in union)
        self.count = len(union)

    def resolve(self, names: list[str], more: list[str] | None = None) -> list[str]:
        command = [str(self.uv), "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate"]
        command += ["--only-binary", ":all:", "--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
        files = [str(FILES / f"{name}.txt") for name in names]
        done = subprocess.run([*command, *(more or []), *files], check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.split()

    def hashed(self, lines: list[str], pin: str) -> str:
        """A requirement file of exactly these wheels, with the given version of the pinned package."""
        lines = [f"{PINNED}=={pin}" if line.startswith(f"{PINNED}==") else line for line in lines]
        return "".join(f"{line} --hash=sha256:{sha256(self.wheels[key(line)])}\n" for line in lines)


def download(directory: pathlib.Path, lines: list[str]) -> None:
    """What is not there; a version at a time, since pip takes one of a package."""
    there = {line_of(path) for path in directory.glob("*.whl")}
    missing = [line for line in lines if key(line) not in there]
    platforms = [f"--platform=manylinux_{glibc}_x86_64" for glibc in GLIBC]
    tags = ["--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none", f"--python-version={PYTHON}"]
    several = [line for line in missing if line.startswith(f"{PINNED}==")]
    for lines in [[line for line in missing if line not in several], *([line] for line in several)]:
        if lines:
            pip("download", "--no-deps", "--only-binary=:all:", *tags, *platforms, "--dest", str(directory), *lines)


def pip(*arguments: str) -> None:
    command, *rest = arguments
    subprocess.run([sys.executable, "-m", "pip", command, "--quiet", "--root-user-action=ignore", *rest], check=True)


def line_of(wheel: pathlib.Path) -> str:
    name, version, *_ = wheel.name.split("-")
    return key(f"{name}=={version}")


def key(line: str) -> str:
    """Names of packages are equal but for these."""
    return line.lower().replace("_", "-").replace(".", "-")


def sha256(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
