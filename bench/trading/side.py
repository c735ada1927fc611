"""One tool that bakes the project on one engine, in one mode, and what each of its bakes costs."""

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator

import disk
import engines
import images
import index
import processors
import project
import tools
import vertices

# Images kept in the engine too, or only pushed, as CI bakes.
MODES = {"kept": "type=image,push=true", "pushed": "type=image,push=true,store=false", "loaded": "type=docker"}
# Seconds that an engine is given before its disk is looked at.
SETTLING = 3
# Compressed bytes that an engine has unpacked for a bake: about as much of what was there before it then removes.
MUCH = 20_000_000
# What an engine may answer that replaces many images at once; the same bake again works.
QUIRK = re.compile(r"parent snapshot \S+ does not exist")


@dataclasses.dataclass
class Place:
    """What all sides have in common."""

    engine: str
    frontend: str
    served: index.Index
    make: Callable[[pathlib.Path], project.Project]
    # A file that is locked during each bake, on a machine that has other work too.
    lock: str | None
    # Whether hand-made's layers of packages are to be the same on every builder.
    still: bool


class Side:
    """Begins with an empty engine and names that the registry has never heard, so that it has no blobs of them."""

    def __init__(self, tool: tools.Tool, mode: str, place: Place, registry: str = "") -> None:
        self.tool, self.mode, self.place = tool, mode, place
        self.engine = f"trading{tool.key}{mode}".replace("-", "")
        self.registry = registry
        self.directory = tempfile.TemporaryDirectory(prefix=f"layerset-{self.engine}-")
        self.blobs: dict[str, int] = {}
        self.new: set[str] = set()
        self.stacks: set[tuple[str, ...]] = set()
        self.retries = 0
        self.unpacked = 0
        # Whether there is an image of each service.
        self.baked_all = False

    def start(self) -> None:
        self.project = self.place.make(pathlib.Path(self.directory.name) / "trading")
        self.environment = engines.start(self.place.engine, self.engine, self.place.frontend)
        self.registry = self.registry or f"{self.environment['LAYERSET_REGISTRY']}/trading-{uuid.uuid4().hex[:12]}"
        self.base(0)
        self.empty_bytes = self.disk()
        self.locking = self.lock()
        # What was built to make a lock is built again by the first bake, whose time it is.
        self.docker("builder", "prune", "--all", "--force")

    def base(self, number: int, builder: str | None = None) -> None:
        """A tag of the base image; with a number one with a patched library in a layer of its own. `builder` is what
        hand-made installs packages in, if that is another."""
        tag = f"trading-base:{number}"
        text = f"FROM {tools.PYTHON_IMAGE}\n{self.tool.base_lines(self.place.served.port)}"
        if number:
            text += f"RUN {PATCH.format(number=number)}\n"
        with tempfile.TemporaryDirectory() as empty:
            (pathlib.Path(empty) / "Dockerfile").write_text(text)
            self.docker("build", "--quiet", "--tag", tag, empty)
        self.base_layers = int(self.docker("image", "inspect", "-f", "{{len .RootFS.Layers}}", tag))
        self.tag, self.builder = tag, builder or tag

    def lock(self) -> float:
        """Seconds of making what the builds are given."""
        start = time.monotonic()
        self.tool.lock(self)
        return round(time.monotonic() - start, 2)

    def docker(self, *arguments: str, root: pathlib.Path | None = None) -> str:
        return engines.run(["docker", *arguments], self.environment, root or self.project.root).stdout

    def bake(self, locking: float = 0.0, options: tuple[str, ...] = (), targets: tuple[str, ...] = ()) -> dict:
        """Seconds, and what has been sent, done, downloaded, and pushed that this side had not."""
        files, root = self.tool.bake_files(self)
        named = [part for file in files for part in ("-f", str(file))]
        command = ["docker", "buildx", "bake", "--progress=rawjson", *named, *options, *targets]
        self.place.served.take()
        if self.unpacked > MUCH:
            disk.forget()
        with alone(self.place.lock):
            engines.settle()
            load, retries = os.getloadavg()[0], 0
            before, start = processors.now(), time.monotonic()
            try:
                said = engines.attempt(command, self.environment, root).stderr
            except engines.Failed as failed:
                if not QUIRK.search(str(failed)):
                    sys.exit(str(failed))
                # What both attempts did is one trace.
                retries = 1
                said = failed.stderr + engines.run(command, self.environment, root).stderr
            seconds, worked = time.monotonic() - start, processors.since(before)
        self.retries += retries
        told = vertices.summary(vertices.Trace(said.splitlines()))
        downloads, downloaded = self.place.served.take()
        self.baked_all |= not targets
        if self.mode == "kept" and self.baked_all:
            self.up()
        held = self.images(targets) if self.mode != "loaded" else {}
        blobs = {digest: size for layers in held.values() for digest, size in layers}
        self.new = set(blobs) - set(self.blobs)
        self.blobs |= blobs
        stacks = images.stacks(list(held.values()))
        unpacked = sum(size for stack, size in stacks.items() if stack not in self.stacks)
        self.stacks |= set(stacks)
        self.unpacked = unpacked if self.mode == "kept" else 0
        return {
            "seconds": round(seconds, 2),
            "locking_seconds": locking,
            "context_bytes": told["context_bytes"],
            "executed": told["executed"],
            "installed": sum(told["kinds"].get(kind, {}).get("done", 0) for kind in ("install", "wheel build")),
            "downloads": downloads,
            "downloaded_bytes": downloaded,
            "new_blobs": len(self.new),
            "new_bytes": sum(blobs[digest] for digest in self.new),
            # By an engine that keeps all; compressed.
            "unpacked_bytes": unpacked,
            "retries": retries,
            "load": round(load, 2),
            "processors": worked,
            "kinds": {kind: one["covered_seconds"] for kind, one in told["kinds"].items()},
        }

    def up(self) -> None:
        """A container of each image, as `docker compose up` leaves them: what they stand on the engine keeps unpacked, also
        when the next bake gives their images' names to others. They are not started, to take no time of it."""
        before = self.containers()
        for service in self.project.services():
            self.docker("create", self.reference(service))
        self.remove(before)

    def down(self) -> None:
        self.remove(self.containers())

    def containers(self) -> list[str]:
        return self.docker("ps", "--all", "--quiet").split()

    def remove(self, containers: list[str]) -> None:
        if containers:
            self.docker("rm", *containers)

    def reference(self, service: str) -> str:
        return f"{self.registry}/{service}:bench"

    def images(self, services: tuple[str, ...] = ()) -> dict[str, images.Layers]:
        """Layers of the images by their references."""
        references = map(self.reference, services or self.project.services())
        return {reference: images.layers(reference) for reference in references}

    def disk(self) -> int:
        """Bytes of all that the engine has on disk: files of one inode once, and whole blocks."""
        # It removes what it does not need after a bake; what goes while du looks makes du complain.
        time.sleep(SETTLING)
        command = ["du", "-s", "--block-size=1", str(self.data())]
        return int(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()[0])

    def data(self) -> pathlib.Path:
        return pathlib.Path(self.environment["DOCKER_CONFIG"]).parent / "data"

    def stop(self) -> None:
        engines.stop(self.place.engine, self.engine)
        if hasattr(self, "environment") and self.data().exists():
            # Gigabytes of small files: what is measured next must not wait for them.
            subprocess.run(["rm", "-rf", "--", str(self.data())], check=False)
            disk.forget()
        self.directory.cleanup()

    def overrides(self, names: list[str]) -> str:
        """A bake file with the tags and the mode of this side, and the base image."""
        said = {"args": self.tool.arguments(self), "output": [MODES[self.mode]]}
        return json.dumps({"target": {name: {"tags": [self.reference(name)], **said} for name in names}})


@contextlib.contextmanager
def alone(path: str | None) -> Iterator[None]:
    """While others who use the same lock wait."""
    with open(path or os.devnull, "a") as file:
        if path:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# The library that is patched most often, with other bytes behind its end.
PATCH = (
    "library=$(find /usr/lib -name 'libcrypto.so.3') && test -f \"$library\" "
    "&& echo patch {number} >> \"$library\" && echo patch {number} > /etc/patched && python3 -c 'import ssl'"
)
