"""The chart of docs/: what every change costs with hand-made Dockerfiles and with Layerset."""

import math
from xml.sax.saxutils import escape

import bars

ROWS = [
    "cold", "no change", "one shared file", "one service file", "shared pin", "ml pin", "heavy pin", "base patched",
    "service added",
]  # fmt: skip
PANELS = [
    ("seconds, images kept in the engine", "kept", "seconds"),
    ("seconds, images only pushed", "pushed", "seconds"),
    ("bytes pushed (logarithmic)", "pushed", "new_bytes"),
]
TOOLS = [("handmade", "hand-made", "theirs"), ("layerset", "Layerset", "ours")]
LABEL, WIDTH, BAR, GAP, HEAD = 130, 420, 11, 12, 34
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.theirs { fill: #9a6700 } .ours { fill: #0969da } .axis { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #c9d1d9 } .theirs { fill: #d29922 } .ours { fill: #58a6ff } .axis { stroke: #30363d }
}
"""


def draw(latest: dict) -> str:
    parts, top = [legend()], 40
    for title, mode, figure in PANELS:
        panel, height = draw_panel(latest, title, mode, figure, top)
        parts += panel
        top += height
    size = f'width="{LABEL + WIDTH + 110}" height="{top}" viewBox="0 0 {LABEL + WIDTH + 110} {top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = "<title>Hand-made Dockerfile and Layerset: what each change costs</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def legend() -> str:
    shown = [
        f'<rect class="{style}" x="{LABEL + 110 * number}" y="12" width="12" height="12"/>'
        f'<text x="{LABEL + 18 + 110 * number}" y="22">{name}</text>'
        for number, (_, name, style) in enumerate(TOOLS)
    ]
    return "".join(shown)


def draw_panel(latest: dict, title: str, mode: str, figure: str, top: int) -> tuple[list[str], int]:
    value = lambda tool, row: bars.find(latest, "sides", f"{tool} {mode}", "rows", row, figure)  # noqa: E731
    known = [row for row in ROWS if any(value(tool, row) is not None for tool, _, _ in TOOLS)]
    values = [value(tool, row) or 0 for row in known for tool, _, _ in TOOLS]
    most = max(values, default=0) or 1
    parts = [f'<text class="title" x="{LABEL}" y="{top + 16}">{escape(title)}</text>']
    y = top + HEAD
    for row in known:
        parts.append(f'<text x="{LABEL - 8}" y="{y + BAR + 4}" text-anchor="end">{escape(row)}</text>')
        for tool, _, style in TOOLS:
            found = value(tool, row)
            if found is not None:
                width = length(found, most, figure)
                parts.append(f'<rect class="{style}" x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 1}"/>')
                parts.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + BAR - 1}">{shown(found, figure)}</text>')
            y += BAR
        y += GAP
    parts.append(f'<line class="axis" x1="{LABEL}" x2="{LABEL}" y1="{top + HEAD - 4}" y2="{y - GAP + 4}"/>')
    return parts, y + 10 - top


def length(value: float, most: float, figure: str) -> float:
    """Bytes differ by orders of magnitude."""
    if figure == "seconds":
        return WIDTH * value / most
    return WIDTH * math.log10(max(value, 1)) / max(math.log10(most), 1)


def shown(value: float, figure: str) -> str:
    if figure == "seconds":
        return f"{value:.1f} s"
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} B"
