"""The bars: bounds that the figures must keep, each beside hand-made in the same run."""

import math

# What must be measured for them, besides a cold bake.
ROWS = ("no change", "shared pin", "ml pin", "base patched", "service added")
KEPT_TIME, PUSHED_TIME, BYTES, BASE = 5, 2.5, 20, 5


class Bars:
    """Of results by tool and mode; a figure that was not measured has no bar."""

    def __init__(self, latest: dict) -> None:
        self.latest, self.held = latest, {}
        for name in ("overhead", "heavy", "context", "pins", "base", "second", "added", "disk", "cold", "no_change"):
            getattr(self, name)()

    def bar(self, name: str, value: float | None, bound: float, least: bool = False) -> None:
        """Holds if the value is at most the bound, or at least."""
        if value is None or math.isnan(value):
            return
        holds = value >= bound if least else value <= bound
        shown = None if math.isinf(value) else round(value, 4)
        self.held[name] = {"value": shown, "bound": bound, "least": least, "holds": holds}

    def row(self, tool: str, mode: str, row: str, figure: str) -> float | None:
        return find(self.latest, "sides", f"{tool} {mode}", "rows", row, figure)

    def ratio(self, mode: str, row: str, figure: str) -> float | None:
        """So many times hand-made's figure is ours."""
        return over(self.row("handmade", mode, row, figure), self.row("layerset", mode, row, figure))

    def overhead(self) -> None:
        ours, theirs = (find(self.latest, "images", tool, "stored_bytes") for tool in ("layerset", "handmade"))
        self.bar("U / I", over(ours, find(self.latest, "ideal", "bytes")), 1.03)
        self.bar("U / hand-made's U", over(ours, theirs), 1)

    def heavy(self) -> None:
        of = lambda figure: find(self.latest, "images", "layerset", figure)  # noqa: E731
        self.bar("images with a heavy library not required", of("heavy_images"), 0)
        self.bar("images with a required package missing", of("lacking_images"), 0)

    def context(self) -> None:
        needed = find(self.latest, "ideal", "needed_bytes")
        for mode in ("kept", "pushed"):
            cold = self.row("layerset", mode, "cold", "context_bytes")
            self.bar(f"context bytes, cold / needed ({mode})", over(cold, needed), 1.05)
            again = self.row("layerset", mode, "no change", "context_bytes")
            self.bar(f"context bytes, no change ({mode})", again, 65536)

    def pins(self) -> None:
        for row in ("shared pin", "ml pin"):
            for mode, times in (("kept", KEPT_TIME), ("pushed", PUSHED_TIME)):
                self.bar(f"{row}: times fewer bytes ({mode})", self.ratio(mode, row, "new_bytes"), BYTES, least=True)
                self.bar(f"{row}: times less time ({mode})", self.ratio(mode, row, "seconds"), times, least=True)

    def base(self) -> None:
        for mode in ("kept", "pushed"):
            row = "base patched"
            again = [self.row("layerset", mode, row, figure) for figure in ("downloads", "installed")]
            if None not in again:
                self.bar(f"{row}: wheels downloaded or installed again ({mode})", sum(again), 0)
            self.bar(f"{row}: times fewer bytes ({mode})", self.ratio(mode, row, "new_bytes"), BASE, least=True)
            self.bar(f"{row}: times less time ({mode})", self.ratio(mode, row, "seconds"), BASE, least=True)

    def second(self) -> None:
        self.bar("second builder: new layer bytes", find(self.latest, "second", "layerset", "new_bytes"), 0)

    def added(self) -> None:
        for mode in ("kept", "pushed"):
            new = self.row("layerset", mode, "service added", "new_package_bytes")
            self.bar(f"service added: new package bytes ({mode})", new, 0)

    def disk(self) -> None:
        for mode in ("kept", "pushed"):
            sides = [f"{tool} {mode}" for tool in ("layerset", "handmade")]
            ours, theirs = (find(self.latest, "sides", side, "disk_bytes") for side in sides)
            self.bar(f"disk / hand-made's ({mode})", over(ours, theirs), 1)

    def cold(self) -> None:
        for mode in ("kept", "pushed"):
            self.bar(f"cold: time / hand-made's ({mode})", inverse(self.ratio(mode, "cold", "seconds")), 1)

    def no_change(self) -> None:
        for mode in ("kept", "pushed"):
            ours, theirs = (self.row(tool, mode, "no change", "seconds") for tool in ("layerset", "handmade"))
            self.bar(f"no change: time / hand-made's ({mode})", over(ours, theirs), 1.6)
            external = self.row("handmade", mode, "no change, external frontend", "seconds")
            self.bar(f"no change: time / external frontend's ({mode})", over(ours, external), 1)


def find(tree: dict, *path: str):
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def over(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return None
    if other:
        return one / other
    return math.inf if one else math.nan


def inverse(value: float | None) -> float | None:
    return 1 / value if value else None
