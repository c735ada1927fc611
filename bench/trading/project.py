"""A copy of examples/trading, and the changes that the benchmark makes to it."""

import json
import pathlib
import re
import subprocess
import sys

import engines

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples/trading"


class Project:
    """`port` is that of the index on this machine; `uv` is a program."""

    def __init__(self, root: pathlib.Path, scale: str, port: int, uv: pathlib.Path) -> None:
        self.root, self.port, self.uv = root, port, uv
        self.backend, self.hand_made = root / "backend", root / "hand-made"
        command = [sys.executable, str(EXAMPLE / "generate.py"), str(root), "--scale", scale]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.added: set[str] = set()
        self.pins = json.loads((root / "pins.json").read_text())
        manifest = self.backend / "layerset.yaml"
        manifest.write_text(indexed(manifest.read_text(), self.address()))

    def address(self, local: bool = False) -> str:
        """Of the index, for engines or for this machine."""
        return f"http://{'127.0.0.1' if local else engines.HOST}:{self.port}/simple/"

    def services(self) -> list[str]:
        return sorted({name for name, said in self.manifest().items() if said["service"]} | self.added)

    def requires(self, service: str) -> set[str]:
        """Names of the requirement files of a service, with those of what it extends."""
        said = self.manifest()[service]
        return set(said["requires"]) | (self.requires(said["extends"]) if said["extends"] else set())

    def manifest(self) -> dict[str, dict]:
        """Templates and services, as far as is asked for here; written as the example is."""
        found, section = {}, ""
        for line in (self.backend / "layerset.yaml").read_text().splitlines():
            section = line if re.match(r"\w", line) else section
            if section in ("templates:", "services:") and (name := re.fullmatch(r"  ([\w-]+):", line)):
                said = found[name[1]] = {"service": section == "services:", "extends": None, "requires": []}
            elif section in ("templates:", "services:") and (extends := re.fullmatch(r"    extends: ([\w-]+)", line)):
                said["extends"] = extends[1]
            elif line.startswith("    requirements:"):
                said["requires"] = re.findall(r"requirements/([\w-]+)\.txt", line)
        return found

    def requirement_files(self) -> dict[str, pathlib.Path]:
        return requirement_files(self.backend)

    def pin(self, package: str, version: str) -> None:
        """Changes the version of a package wherever it is pinned."""
        line, found = re.compile(rf"^{re.escape(package)}==\S+", re.MULTILINE), False
        for path in self.requirement_files().values():
            text = path.read_text()
            if (changed := line.sub(f"{package}=={version}", text)) != text:
                path.write_text(changed)
                found = True
        if not found:
            sys.exit(f"found no other version of {package} in the requirement files than {version}")

    def touch(self, path: str, number: int) -> None:
        """A line more in a source file."""
        with (self.backend / path).open("a") as file:
            file.write(f"# Edit {number}.\n")


def wanted(example: pathlib.Path) -> tuple[dict[str, pathlib.Path], dict[str, list[str]]]:
    """Requirement files by name, and all versions of what is pinned in them."""
    pins = json.loads((example / "pins.json").read_text())
    return requirement_files(example / "backend"), {pin["package"]: pin["versions"] for pin in pins.values()}


def requirement_files(backend: pathlib.Path) -> dict[str, pathlib.Path]:
    return {path.stem: path for path in sorted((backend / "requirements").glob("*.txt"))}


def indexed(manifest: str, address: str) -> str:
    """The manifest with an index in its `python`."""
    for pattern, instead in [
        (r"^python: \{", f"python: {{index: ['{address}'], "),
        (r"^python: *$", f"python:\n  index: ['{address}']"),
    ]:
        changed, count = re.subn(pattern, instead, manifest, flags=re.MULTILINE)
        if count:
            return changed
    sys.exit("found no python: in the example's layerset.yaml, expected where its lock is named")
