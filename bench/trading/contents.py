"""What layers hold, read back from the registry: their unpacked bytes, their files, the Python packages in them."""

import concurrent.futures
import dataclasses
import posixpath
import re
import tarfile
import urllib.request

import images

# Debian's interpreter has its own name for the directory.
PACKAGES = re.compile(r"/(?:site|dist)-packages/")
DIST_INFO = re.compile(rf".*{PACKAGES.pattern}(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA")


@dataclasses.dataclass
class Content:
    """Of one layer. Files are those below `root`, by their paths from there."""

    size: int
    unpacked: int
    packages: set[str]
    # Whether it has any file of a package.
    packaged: bool
    files: dict[str, int]


def read(reference: str, digest: str, size: int, root: str) -> Content:
    """`reference` is any image that has the layer."""
    registry, _, repository = reference.rpartition(":")[0].partition("/")
    packages, files, unpacked, packaged = set(), {}, 0, False
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/blobs/{digest}", timeout=60) as answer:
        with tarfile.open(fileobj=answer, mode="r|*", bufsize=1 << 20) as archive:
            for member in archive:
                path = posixpath.normpath("/" + member.name)
                # As file systems count: whole blocks, and one for a directory.
                unpacked += -(-member.size // 4096) * 4096 if member.isreg() else 4096 * member.isdir()
                if found := DIST_INFO.fullmatch(path):
                    packages.add(f"{found['name'].lower().replace('_', '-').replace('.', '-')}=={found['version']}")
                packaged |= bool(PACKAGES.search(path)) and not member.isdir()
                if member.isreg() and path.startswith(root + "/"):
                    files[path[len(root) + 1 :]] = member.size
                # What it has read it remembers, which for ten thousands of files is a lot.
                archive.members = []
    return Content(size, unpacked, packages, packaged, files)


class Shelf:
    """Contents by digest: each layer is read once, whoever has it."""

    def __init__(self, root: str) -> None:
        self.root, self.known = root, {}

    def learn(self, held: dict[str, images.Layers]) -> None:
        """`held`: the layers of images by their references."""
        wanted = {digest: (ref, digest, size, self.root) for ref, layers in held.items() for digest, size in layers}
        missing = [asked for digest, asked in wanted.items() if digest not in self.known]
        missing.sort(key=lambda asked: -asked[2])
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            for asked, content in zip(missing, pool.map(read, *zip(*missing))) if missing else ():
                self.known[asked[1]] = content

    def packages(self, layers: images.Layers, base: int) -> set[str]:
        """Of an image, without those of its base."""
        return {package for digest, _ in layers[base:] for package in self.known[digest].packages}

    def files(self, layers: images.Layers) -> dict[str, int]:
        """Those of the image below the root: what is higher hides what is lower."""
        files: dict[str, int] = {}
        for digest, _ in layers:
            files.update(self.known[digest].files)
        return files

    def prefix_tree(self, held: list[images.Layers]) -> int:
        """Unpacked bytes in an engine, which unpacks a layer once for each stack that it lies on."""
        return sum(self.known[stack[-1]].unpacked for stack in images.stacks(held))
