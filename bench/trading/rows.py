"""What is done between one bake and the next, in this order by every tool."""

import collections
import sys
from collections.abc import Callable

import contents
import side as sides

# A bake that took so many seconds is not done again for a median.
SLOW = 20
# Of the images of a patched base, and of pins: so many changes are there.
MOST = 3
# Names of rows.
SAME, EXTERNAL = "no change", "no change, external frontend"
BARE = "shared pin, no containers"
PINNED = "base patched, builder pinned"
FIRST = "base patched, one image first"
COLD_FIRST = "cold, one image first"
# In these one package has another version.
PINS = ("shared pin", BARE, "ml pin", "heavy pin")
# What is summed up of two bakes.
SUMMED = (
    "seconds", "context_bytes", "executed", "installed", "downloads", "downloaded_bytes", "new_blobs", "new_bytes",
    "unpacked_bytes", "retries",
)  # fmt: skip


class Rows:
    """Bakes sides in turns. `edited` are the two files that are changed: one of most images, one of one image."""

    def __init__(self, runs: int, shelf: contents.Shelf, edited: dict[str, str]) -> None:
        self.runs, self.shelf, self.edited = min(runs, MOST), shelf, edited
        self.more = 2 * runs - 1
        self.edits: dict[str, Callable[[sides.Side, int], float]] = {
            SAME: lambda side, number: 0.0,
            "one shared file": lambda side, number: side.project.touch(edited["shared"], number),
            "one service file": lambda side, number: side.project.touch(edited["service"], number),
            "shared pin": lambda side, number: pin(side, "shared", number),
            BARE: lambda side, number: bare_pin(side),
            "ml pin": lambda side, number: pin(side, "ml", number),
            "heavy pin": lambda side, number: pin(side, "heavy", number),
            "base patched": lambda side, number: side.base(number + 1),
            PINNED: lambda side, number: pinned_builder(side),
            FIRST: lambda side, number: kept_base(side),
            "service added": lambda side, number: added(side, number),
        }

    def measure(self, side: sides.Side, row: str, number: int, results: dict) -> bool:
        """One bake after one change; whether it was slow, or there is nothing more to change."""
        locking = self.edits[row](side, number)
        if locking is None:
            locking = 0.0
        if locking < 0:
            return True
        one = in_two(side, widest(side)) if row == FIRST else side.bake(locking=locking)
        if row == "service added":
            one["new_package_bytes"] = self.package_bytes(side)
        results.setdefault(row, []).append(one)
        told(side, row, one)
        effective(side, row, one)
        # What had to be baked twice says nothing of time.
        return one["seconds"] > SLOW and not one["retries"]

    def in_turns(self, together: list[sides.Side], row: str, results: dict[str, dict]) -> None:
        done: set[str] = set()
        # What has a bar beside the other tool's few seconds is done more often.
        runs = {"service added": 1, BARE: 1, PINNED: 1, FIRST: 1, SAME: self.more}.get(row, self.runs)
        for number in range(runs):
            # Neither is always the first.
            for side in together if number % 2 == 0 else reversed(together):
                if side.engine not in done and self.measure(side, row, number, results[side.engine]):
                    done.add(side.engine)

    def package_bytes(self, side: sides.Side) -> int:
        """Of the layers that the last bake has pushed, those of packages."""
        held = side.images()
        self.shelf.learn(held)
        sizes = {digest: size for layers in held.values() for digest, size in layers}
        return sum(sizes[digest] for digest in side.new if self.shelf.known[digest].packaged)


def external(side: sides.Side, syntax: str, runs: int) -> list[dict]:
    """The same with nothing changed, by a Dockerfile frontend from an image; the first bake is not counted."""
    options = ("--set", f"*.args.BUILDKIT_SYNTAX={syntax}")
    baked = [side.bake(options=options) for _ in range(runs + 1)][1:]
    for one in baked:
        told(side, EXTERNAL, one)
    return baked


def pin(side: sides.Side, kind: str, number: int) -> float:
    """Seconds of locking, or less than none if there is no further version."""
    changed = side.project.pins[kind]
    if number >= len(changed["versions"]) - 1:
        return -1.0
    side.project.pin(changed["package"], changed["versions"][number + 1])
    return side.lock()


def bare_pin(side: sides.Side) -> float:
    """A version that no other row has, on an engine that keeps the images and has no containers of them."""
    if side.mode != "kept":
        return -1.0
    side.down()
    return pin(side, "shared", MOST)


def pinned_builder(side: sides.Side) -> float:
    """A patch that no other row has, below images whose packages are installed in what was there before. Layerset
    installs in none."""
    if side.tool.key != "handmade":
        return -1.0
    side.base(MOST + 2, builder=side.builder)
    return 0.0


def kept_base(side: sides.Side) -> float:
    """A patch that no other row has, on an engine that unpacks images."""
    if side.mode != "kept":
        return -1.0
    side.base(MOST + 1)
    return 0.0


def widest(side: sides.Side) -> str:
    """The service whose image has most of what others have."""
    counts: collections.Counter = collections.Counter()
    images = side.images()
    held = {service: set(images[side.reference(service)]) for service in side.project.services()}
    for layers in held.values():
        counts.update(layers)
    shared = {name: sum(size for digest, size in has if counts[digest, size] > 1) for name, has in held.items()}
    return max(sorted(shared), key=shared.__getitem__)


def smallest(side: sides.Side) -> str:
    """The service whose image has the fewest bytes: those that all have are most of it."""
    images = side.images()
    return min(side.project.services(), key=lambda service: sum(size for _, size in images[side.reference(service)]))


def in_two(side: sides.Side, service: str) -> dict:
    """One image, and then all: they find unpacked what they share with it."""
    first = side.bake(targets=(service,))
    both = side.bake()
    return {**both, **{figure: round(first[figure] + both[figure], 2) for figure in SUMMED}}


def added(side: sides.Side, number: int) -> float:
    """Nothing is to be locked: its requirement files are those of others."""
    side.tool.add_service(side)
    return 0.0


def to_edit(held: list[dict[str, int]]) -> dict[str, str]:
    """Of the files of each image the first Python source that most have, and the first that one has."""
    counts = collections.Counter(path for files in held for path in files if path.endswith(".py"))
    sizes = {path: size for files in held for path, size in files.items()}
    # Not the empty ones that only say that a directory is a package.
    found = [path for path in sorted(counts) if sizes[path] > 200]
    if not found:
        sys.exit("found no Python sources in the images, expected those of the example")
    most = max(counts[path] for path in found)
    alone = [path for path in found if counts[path] == 1]
    return {"shared": next(path for path in found if counts[path] == most), "service": alone[0]}


def effective(side: sides.Side, row: str, one: dict) -> None:
    """A change that does not reach the images costs little."""
    if row in PINS and not one["downloads"]:
        sys.exit(f"{side.tool.key} {side.mode}: {row}: found no wheel downloaded, expected that of the other version")
    if row not in (SAME, "service added") and not one["new_blobs"]:
        sys.exit(f"{side.tool.key} {side.mode}: {row}: found no new layer, expected what has changed")


def told(side: sides.Side, row: str, one: dict) -> None:
    new = f"{one['new_bytes']:,} new bytes in {one['new_blobs']}"
    shown = f"{side.tool.key} {side.mode}: {row}: {one['seconds']} s, {new}, load {one['load']}"
    print(shown, file=sys.stderr, flush=True)
