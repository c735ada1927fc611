"""The figures as a table, for a terminal and for docs/figures.md, and as a chart."""

import pathlib
import re
from collections.abc import Callable

import bars
import chart
import rows

SIDES = {
    "before pushed": "before, pushed",
    "handmade kept": "hand-made, kept",
    "layerset kept": "Layerset, kept",
    "handmade pushed": "hand-made, pushed",
    "layerset pushed": "Layerset, pushed",
}
ROWS = [
    "cold", "cold, one image first", "no change", "no change, external frontend", "one shared file", "one service file", "shared pin",
    "shared pin, no containers", "ml pin", "heavy pin", "base patched",
    "base patched, builder pinned", "base patched, one image first", "service added",
]  # fmt: skip
START, END = "<!-- trading: begin -->", "<!-- trading: end -->"


class Table:
    """A line a figure, a column a side."""

    def __init__(self, latest: dict) -> None:
        self.latest = latest
        self.sides = [side for side in SIDES if side in latest.get("sides", {})]
        self.lines: list[list[str]] = []
        self.of_images()
        for row in ROWS:
            self.of_row(row)
        self.of_engines()

    def line(self, name: str, figure: Callable[[str, str], float | None], shown: str = ",.0f") -> None:
        """`figure` is of a tool and a mode; a line that nobody has a figure for is left out."""
        values = [figure(*side.split(" ")) for side in self.sides]
        if any(value is not None for value in values):
            self.lines.append([name, *("–" if value is None else format(value, shown) for value in values)])

    def of_images(self) -> None:
        ideal = bars.find(self.latest, "ideal", "bytes")
        held = lambda key: lambda tool, mode: bars.find(self.latest, "images", tool, key)  # noqa: E731
        self.line("bytes of all images together (S)", held("image_bytes"))
        self.line("bytes stored (U)", held("stored_bytes"))
        self.line("what would do (I)", lambda tool, mode: ideal)
        self.line("U / I", lambda tool, mode: bars.over(held("stored_bytes")(tool, mode), ideal), ".3f")
        self.line("reuse, 1 − U/S", held("reuse"), ".1%")
        self.line("median image", held("median_image_bytes"))
        self.line("largest image", held("largest_image_bytes"))
        for which in ("median", "most"):
            layers = lambda tool, mode: bars.find(self.latest, "images", tool, "layers", which)  # noqa: E731
            self.line(f"layers an image, {which}", layers, "g")
        self.line("images with heavy libraries not required", held("heavy_images"))
        self.line("images with required packages missing", held("lacking_images"))
        self.line("images with other files than hand-made's", held("other_files"))

    def of_row(self, row: str) -> None:
        told = lambda tool, mode: bars.find(self.latest, "sides", f"{tool} {mode}", "rows", row)  # noqa: E731
        of = lambda key: lambda tool, mode: bars.find(told(tool, mode), key)  # noqa: E731
        self.line(f"{row}: seconds", of("seconds"), ".2f")
        if row == "cold":
            begin = lambda tool, mode: bars.find(self.latest, "sides", f"{tool} {mode}", "locking_seconds")  # noqa: E731
            self.line("  and of locking", begin, ".2f")
        elif row in rows.PINS:
            self.line("  and of locking", of("locking_seconds"), ".2f")
        self.line("  bytes of context sent", of("context_bytes"))
        self.line("  bytes pushed", of("new_bytes"))
        unpacked = lambda tool, mode: of("unpacked_bytes")(tool, mode) if mode == "kept" else None  # noqa: E731
        self.line("  bytes unpacked, compressed", unpacked)
        self.line("  wheels downloaded", of("downloads"))
        self.line("  vertices executed", of("executed"))
        if any(of("retries")(*side.split(" ")) for side in self.sides):
            self.line("  refused by the engine, baked again", of("retries"), "g")

    def of_engines(self) -> None:
        of = lambda key: lambda tool, mode: bars.find(self.latest, "sides", f"{tool} {mode}", key)  # noqa: E731
        self.line("disk of the engine that has baked all", of("disk_bytes"))
        tree = lambda tool, mode: bars.find(self.latest, "images", tool, "prefix_tree_bytes")  # noqa: E731
        self.line("  unpacked once for each stack of layers", tree)
        self.line("  after all of the above", of("disk_at_end_bytes"))
        first = lambda key: lambda tool, mode: bars.find(self.latest, "first", tool, key)  # noqa: E731
        self.line("first container, built from nothing: seconds", first("first_built_seconds"), ".1f")
        self.line("first container, pulled: seconds", first("first_pulled_seconds"), ".1f")
        second = lambda tool, mode: bars.find(self.latest, "second", tool, "new_bytes")  # noqa: E731
        self.line("second, empty builder: bytes new to the registry", second)


def text(latest: dict) -> str:
    table = Table(latest)
    lines = [["", *(SIDES[side] for side in table.sides)], *table.lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    printed = []
    for name, *cells in lines:
        printed.append(name.ljust(widths[0]) + "".join(cell.rjust(width + 2) for cell, width in zip(cells, widths[1:])))
    return "\n".join([*printed, "", *bar_lines(latest)])


def bar_lines(latest: dict) -> list[str]:
    lines = []
    for name, bar in latest.get("bars", {}).items():
        value = "none" if bar["value"] is None else f"{bar['value']:g}"
        relation = "≥" if bar["least"] else "≤"
        lines.append(f"{'holds ' if bar['holds'] else 'MISSED'}  {name}: {value} ({relation} {bar['bound']:g})")
    return lines


def markdown(latest: dict) -> str:
    table = Table(latest)
    lines = [["", *(SIDES[side] for side in table.sides)], ["---"] * (len(table.sides) + 1), *table.lines]
    lines = [[re.sub("^  ", "… ", line[0]), *line[1:]] for line in lines]
    printed = ["| " + " | ".join(line) + " |" for line in lines]
    held = ["| bar | is | must be | |", "|---|---|---|---|"]
    for name, bar in latest.get("bars", {}).items():
        value = "none" if bar["value"] is None else f"{bar['value']:g}"
        relation = "at least" if bar["least"] else "at most"
        held.append(f"| {name} | {value} | {relation} {bar['bound']:g} | {'holds' if bar['holds'] else 'missed'} |")
    return "\n".join([*printed, "", *held])


def write(latest: dict, docs: pathlib.Path) -> None:
    """Between the marks of docs/figures.md, and docs/figures/trading.svg."""
    figures = docs / "figures.md"
    before, _, rest = figures.read_text().partition(START)
    _, _, after = rest.partition(END)
    picture = "![What each change costs](figures/trading.svg)"
    figures.write_text(f"{before}{START}\n{markdown(latest)}\n\n{picture}\n{END}{after}")
    (docs / "figures").mkdir(exist_ok=True)
    (docs / "figures/trading.svg").write_text(chart.draw(latest))
