"""What benchmarks of several tools have in common: their options, the table they print, the file they write."""

import argparse
import json
import os
import pathlib
from collections.abc import Callable


class Table:
    """A line a figure, a column a tool."""

    def __init__(self, titles: dict[str, str], results: dict, width: int) -> None:
        self.tools, self.results, self.width = list(titles), results, width
        self.lines = [f"{'':33}" + "".join(f"{title:>{width}}" for title in titles.values())]

    def line(self, name: str, key: str, figure: Callable[[dict], str]) -> None:
        figures = (figure(self.results[tool][key]) for tool in self.tools)
        self.lines.append(f"{name:33}" + "".join(f"{text:>{self.width}}" for text in figures))

    def layers(self) -> None:
        self.line("blobs", "images", lambda held: f"{held['blobs']}")
        self.line("layers an image", "images", lambda held: "{least} / {median:g} / {most}".format(**held["layers"]))

    def seconds(self, row: str) -> None:
        self.line(f"{row}: seconds", "rows", lambda rows: f"{rows[row]['seconds']:.2f}")

    def pushed(self, row: str) -> None:
        self.line("  new blobs", "rows", lambda rows: f"{rows[row]['new_blobs']:g}")
        self.line("  bytes of new blobs", "rows", lambda rows: f"{rows[row]['new_bytes']:,.0f}")

    def __str__(self) -> str:
        return "\n".join(self.lines)


def options(description: str | None, cold: int) -> argparse.ArgumentParser:
    """Those that all have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frontend", default=os.environ.get("LAYERSET_FRONTEND"), help="the static binary")
    parser.add_argument("--engine", required=True, help="the harness's binary")
    parser.add_argument("--cold", type=int, default=cold, help="bakes on an empty engine")
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    arguments = parser.parse_args()
    if not arguments.frontend:
        parser.error("found no --frontend and no LAYERSET_FRONTEND: name the static binary, see make bench")
    return arguments


def write(name: str, figures: dict) -> None:
    """To bench/results/NAME.json."""
    out = pathlib.Path(__file__).resolve().parent / f"results/{name}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n")
