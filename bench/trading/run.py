#!/usr/bin/env python3
"""Measures examples/trading: Layerset beside a strong hand-made Dockerfile, in two ways, and beside what was before.

    run.py --frontend BINARY --engine BINARY [--only PART…] [--rows ROW…] [--tools TOOL…] [--quick] [--docs] [--disks]

Every tool is given the same wheels by an index on this machine, the same base image, the same files, and engines that
begin empty. `pushed` bakes with store=false, as CI does, tools in turns; `kept` keeps the images in the engine, which
takes gigabytes, one tool after another. Prints a table and writes bench/results/latest.json with every figure and the
bars; what is not measured this time stays in it from the last. `--docs` also writes the table and the chart of docs/, of
one whole run alone. `--still` gives hand-made what makes its layers of packages the same on every builder, and writes
bench/results/still.json.
"""

import argparse
import pathlib
import signal
import statistics
import sys
import time
import traceback

# Nothing is left beside the sources.
sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import bars  # noqa: E402
import contents  # noqa: E402
import disk  # noqa: E402
import engines  # noqa: E402
import figures  # noqa: E402
import first  # noqa: E402
import ideal  # noqa: E402
import images  # noqa: E402
import index  # noqa: E402
import machine  # noqa: E402
import page  # noqa: E402
import project  # noqa: E402
import results  # noqa: E402
import rows  # noqa: E402
import side as sides  # noqa: E402
import table  # noqa: E402
import tools  # noqa: E402
import wheels  # noqa: E402

PARTS = ("pushed", "kept", "ideal", "first", "before")
# What an engine needs that keeps 22 images of several generations, one that only pushes, and one that pushes those of before.
DISK_BYTES = {"kept": 24_000_000_000, "pushed": 8_000_000_000, "before": 40_000_000_000}
COMPARED = ("handmade", "layerset")
WHOLE = [*rows.Rows(1, contents.Shelf("/app"), {}).edits]
# One that is measured when it is asked for.
ALL_ROWS = [rows.COLD_FIRST, *WHOLE]


class Run:
    """All that is measured, one part after another, each written as soon as it is known."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.work = wheels.ROOT / "target/bench/trading"
        self.latest = results.Latest("still" if arguments.still else "latest")
        uv = wheels.uv(self.work)
        shelf_files, pins = project.wanted(project.EXAMPLE)
        self.wheels = wheels.Shelf(self.work, shelf_files, pins)
        served = index.Index(self.wheels.directory)
        scale = "0.01" if arguments.quick else "1"
        make = lambda root: project.Project(root, scale, served.port, uv)  # noqa: E731
        self.place = sides.Place(arguments.engine, arguments.frontend, served, make, arguments.lock, arguments.still)
        self.contents = contents.Shelf("/app")
        self.pushed: dict[str, sides.Side] = {}
        self.read: set[str] = set()
        self.edited: dict[str, str] = {}
        self.needed: dict[str, pathlib.Path] = {}
        # Paths below the images' working directory, of each tool by service.
        self.files: dict[str, dict[str, set[str]]] = {}
        self.compared = [tools.TOOLS[key] for key in COMPARED if key in arguments.tools]
        self.failed: list[str] = []
        # Whose engine runs, so that none is left.
        self.running: list[sides.Side] = []

    def begin(self, tool: tools.Tool, mode: str) -> sides.Side:
        machine.has_room(DISK_BYTES.get(tool.key, DISK_BYTES[mode]))
        side = sides.Side(tool, mode, self.place)
        # Before anything can fail that leaves an engine behind.
        self.running.append(side)
        side.start()
        return side

    def end(self, side: sides.Side) -> None:
        side.stop()
        self.running.remove(side)

    def cold(self, side: sides.Side) -> dict:
        """The first bake, and what it leaves."""
        one = side.bake()
        rows.told(side, "cold", one)
        disk = {"disk_bytes": side.disk() - side.empty_bytes, "disk_empty_bytes": side.empty_bytes}
        known = {**disk, "locking_seconds": side.locking, "rows": {"cold": medians([one])}}
        self.latest.put("sides", f"{side.tool.key} {side.mode}", known)
        # The images of both modes are the same but for times in them, and reading them takes long.
        if side.tool.key not in self.read:
            self.read.add(side.tool.key)
            self.look(side, side.images())
        return one

    def look(self, side: sides.Side, held: dict[str, images.Layers]) -> None:
        """What the images hold: what is in them that is not needed, which files are, and which two are edited."""
        self.contents.learn(held)
        self.latest.put("images", side.tool.key, figures.of_images(side, held, self.contents, self.wheels))
        files = [self.contents.files(layers) for layers in held.values()]
        self.files[side.tool.key] = dict(zip(side.project.services(), map(set, files)))
        self.compare()
        if side.tool.key == "layerset" or not self.edited:
            self.edited = self.latest.tree["edited"] = rows.to_edit(files)
            self.needed = figures.needed(files, side.project.backend)

    def compare(self) -> None:
        """In how many images there are other files than in hand-made's."""
        ours, theirs = (self.files.get(tool) for tool in ("layerset", "handmade"))
        if ours and theirs:
            others = [service for service, paths in ours.items() if paths != theirs.get(service)]
            self.latest.tree["images"]["layerset"] |= {"other_files": len(others), "others": others}

    def rows(self, together: list[sides.Side], wanted: list[str]) -> None:
        found: dict[str, dict[str, list[dict]]] = {side.engine: {"cold": [self.cold(side)]} for side in together}
        baking = rows.Rows(self.arguments.runs, self.contents, self.edited)
        for row in [row for row in baking.edits if row in wanted]:
            baking.in_turns(together, row, found)
            # Beside what it is compared with, on engines that have as much.
            for side in together if row == rows.SAME else ():
                if syntax := self.external(side):
                    found[side.engine][rows.EXTERNAL] = rows.external(side, syntax, baking.more)
            self.note(together, found)
        self.note(together, found)
        for side in together:
            disk = side.disk() - side.empty_bytes
            self.latest.tree["sides"][f"{side.tool.key} {side.mode}"]["disk_at_end_bytes"] = disk

    def note(self, together: list[sides.Side], found: dict[str, dict[str, list[dict]]]) -> None:
        for side in together:
            known = self.latest.tree["sides"][f"{side.tool.key} {side.mode}"]
            known["rows"] = {row: medians(baked) for row, baked in found[side.engine].items()}
            known["retries"] = side.retries
        self.latest.write()

    def external(self, side: sides.Side) -> str | None:
        """The name of Docker's own Dockerfile frontend in the engine, if there is a binary of it."""
        binary = self.arguments.dockerfile_frontend
        if side.tool.key != "handmade" or not binary:
            return None
        return figures.external_frontend(side, pathlib.Path(binary))

    def part_pushed(self) -> None:
        together = [self.begin(tool, "pushed") for tool in self.compared]
        self.rows(together, self.wanted())
        self.pushed = {side.tool.key: side for side in together}
        for side in together:
            engines.stop(self.arguments.engine, side.engine)

    def part_kept(self) -> None:
        for tool in self.compared:
            side = self.begin(tool, "kept")
            self.rows([side], self.wanted())
            service = rows.smallest(side)
            # One after another: with its images an engine has gigabytes, and while it still writes what it has unpacked
            # another one's bake takes twice as long.
            self.end(side)
            if rows.COLD_FIRST in self.wanted():
                self.cold_in_two(tool, service)

    def cold_in_two(self, tool: tools.Tool, service: str) -> None:
        """On an engine that begins empty once more."""
        side = self.begin(tool, "kept")
        one = rows.in_two(side, service)
        rows.told(side, rows.COLD_FIRST, one)
        self.latest.tree["sides"][f"{tool.key} kept"]["rows"][rows.COLD_FIRST] = medians([one])
        self.end(side)

    def part_ideal(self) -> None:
        if not self.needed:
            sys.exit("found no images of Layerset to know the needed files by: --only pushed ideal, with layerset")
        self.latest.tree["ideal"] = ideal.measure(self.place, self.wheels, self.needed)

    def part_first(self) -> None:
        for tool in self.compared:
            told = first.built(tool, self.place, self.pushed.get(tool.key))
            if tool.key in self.pushed:
                told["first_pulled_seconds"] = first.pulled(tool, self.place, self.pushed[tool.key])
                self.latest.put("second", tool.key, told.pop("second"))
            self.latest.put("first", tool.key, told)

    def part_before(self) -> None:
        side = self.begin(tools.TOOLS["before"], "pushed")
        one = side.bake()
        rows.told(side, "cold", one)
        self.latest.put("images", "before", figures.of_sizes(side, side.images()))
        disk = {"disk_bytes": side.disk() - side.empty_bytes, "disk_empty_bytes": side.empty_bytes}
        again = side.bake()
        rows.told(side, "no change", again)
        baked = {"cold": medians([one]), "no change": medians([again])}
        self.latest.put("sides", "before pushed", {**disk, "rows": baked})
        self.end(side)

    def wanted(self) -> list[str]:
        if self.arguments.rows:
            return self.arguments.rows
        return bars.ROWS if "bars" in self.arguments.only else WHOLE

    def asked_for_all(self) -> bool:
        return self.wanted() == WHOLE and len(self.compared) == len(COMPARED) and not self.arguments.quick

    def all(self) -> None:
        only = set(self.arguments.only)
        if "bars" in only:
            only |= set(PARTS) - {"before"}
        for part in [part for part in PARTS if part in only]:
            started = time.monotonic()
            # Not whole until it is: what it has measured before it is stopped stays.
            self.latest.measured(part, False)
            try:
                getattr(self, f"part_{part}")()
                self.latest.measured(part, self.asked_for_all())
            except (Exception, SystemExit) as error:  # noqa: BLE001
                # The other parts take long, and are worth having.
                self.failed.append(part)
                print(f"{part} failed: {error!r}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
            # `first` is the last to need what was pushed, and `before` the room.
            kept = () if part == "first" else self.pushed.values()
            for side in [side for side in self.running if side not in kept]:
                self.end(side)
            self.latest.tree.setdefault("part_seconds", {})[part] = round(time.monotonic() - started)
            self.latest.write()

    def close(self) -> None:
        for side in list(self.running):
            self.end(side)


def medians(baked: list[dict]) -> dict:
    """Of each figure of several runs; what took the time is told of the last. What the engine refused and then did counts
    only if there is nothing else."""
    every, baked = baked, [one for one in baked if not one["retries"]] or baked
    told = {key: value for key, value in baked[-1].items() if isinstance(value, dict)}
    row = {key: statistics.median(one[key] for one in baked) for key in baked[0] if key not in told}
    retries = sum(one["retries"] for one in every)
    seconds = [one["seconds"] for one in every]
    return {**row, "retries": retries, "runs": len(baked), "all_seconds": seconds, **told}


def options() -> argparse.Namespace:
    parser = table.options(__doc__, cold=1)
    parts = f"of {' '.join(PARTS)} bars, or none"
    parser.add_argument("--only", nargs="*", metavar="PART", default=list(PARTS), help=parts)
    parser.add_argument("--rows", nargs="+", choices=ALL_ROWS, metavar="ROW", help="besides a cold bake: all, or some")
    parser.add_argument("--tools", nargs="+", choices=COMPARED, default=list(COMPARED), help="of those compared")
    parser.add_argument("--runs", type=int, default=3, help=f"bakes of what takes less than {rows.SLOW} s")
    parser.add_argument("--quick", action="store_true", help="small models, one run: to try the benchmark")
    parser.add_argument("--docs", action="store_true", help="also write docs/figures/")
    parser.add_argument("--still", action="store_true", help="hand-made's packages the same on every builder")
    parser.add_argument("--lock", metavar="FILE", help="locked during each bake, on a machine with other work too")
    external = wheels.ROOT / "target/go/dockerfile-frontend"
    default = str(external) if external.exists() else None
    parser.add_argument("--dockerfile-frontend", default=default, help="binary of Docker's own, as from an image")
    parser.add_argument("--disks", action="store_true", help="a disk for each engine, with a journal: see disk.py")
    arguments = table.parse(parser)
    disk.wanted = arguments.disks
    if unknown := set(arguments.only) - {*PARTS, "bars"}:
        parser.error(f"found {', '.join(sorted(unknown))}, expected parts of {' '.join(PARTS)} bars")
    if arguments.still and arguments.docs:
        parser.error("found --still and --docs, expected one of them: docs/ has hand-made as it is")
    arguments.runs = 1 if arguments.quick else arguments.runs
    return arguments


def main() -> None:
    arguments = options()
    machine.has_what_it_takes()
    # Killed, it stops its engines too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = Run(arguments)
    if arguments.only:
        run.latest.tree["machine"] = machine.told()
    try:
        run.all()
    finally:
        run.close()
    run.latest.tree["bars"] = bars.Bars(run.latest.tree).held
    run.latest.write()
    print(page.text(run.latest.tree))
    whole = run.latest.whole(PARTS)
    if not whole:
        print("\nnot of one whole run: some figures are of others, or missing", file=sys.stderr)
    if arguments.docs and whole:
        page.write(run.latest.tree, wheels.ROOT / "docs")
    elif arguments.docs:
        sys.exit("docs/ is as it was: --docs writes there what one whole run has measured")
    if run.failed:
        sys.exit(f"not measured: {', '.join(run.failed)}")


if __name__ == "__main__":
    main()
