"""What a bake or build did, from what buildx prints with `--progress=rawjson`."""

import collections
import dataclasses
import datetime
import json
import re
from collections.abc import Iterable

# The first that a name has decides. A bake puts the target's name first into the brackets.
KINDS = [
    ("transfer", r"load (build|local|Python) |load \.dockerignore|load layerset|\[([^\]]* )?context |local://"),
    ("resolve", r"resolve image config|load metadata"),
    ("frontend image", r"docker-image://.*frontend"),
    ("wheel download", r"wheels\] download|\] https?://"),
    ("wheel build", r"wheels\] build"),
    ("compile", r", compiled$"),
    ("merge", r"\] merge( |$)"),
    ("look and list", r"internal\] (find|list|look|take|measure|resolve)|keep (owner|mode)"),
    ("install", r"\] install |pip install|uv sync"),
    ("run", r"\] run |\] RUN "),
    ("copy", r"\] copy |\] (LINK )?COPY |file times$|\] (WORKDIR|mkdir)"),
    ("base", r"base\] \S+$|FROM |docker-image://"),
    ("cache", r"(exporting|importing|preparing).* cache"),
    ("export", r"^(\[[^\]]*\] )?exporting to "),
]
# What only looks, sends, fetches and exports: sources are looked at in every build.
NO_WORK = {"transfer", "resolve", "frontend image", "wheel download", "base", "cache", "export"}
# Parts of an export, by how their names begin; the rest of a name is a digest or a reference.
EXPORT = ["exporting layers", "exporting manifest", "exporting config", "exporting attestation", "pushing layers"]
EXPORT += ["pushing manifest", "unpacking", "naming", "rewriting", "loading", "sending tarball", "pushing", "exporting"]
# Seconds. Several builds that ask for the same step at once are now and then told that it is done, and not that it was there:
# such a step begins and ends at the same moment.
SHORTEST = 0.001


@dataclasses.dataclass
class Piece:
    """One run of a vertex, or of a part of it."""

    name: str
    kind: str
    start: float
    end: float
    cached: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Trace:
    """Vertices and their parts, from the lines of `--progress=rawjson`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.names: dict[str, str] = {}
        self.vertices: dict[tuple, dict] = {}
        self.statuses: dict[tuple, dict] = {}
        for line in lines:
            if line.startswith("{"):
                self.add(json.loads(line))

    def add(self, status: dict) -> None:
        for vertex in status.get("vertexes") or []:
            self.names[vertex["digest"]] = vertex.get("name", "")
            if vertex.get("started"):
                self.vertices.setdefault((vertex["digest"], vertex["started"]), {}).update(vertex)
        for part in status.get("statuses") or []:
            key = (part["vertex"], part["id"], part.get("started"))
            known = self.statuses.setdefault(key, {"most": 0})
            known.update(part)
            known["most"] = max(known["most"], part.get("current", 0))

    def pieces(self) -> list[Piece]:
        """Everything that began and ended; of exports their parts."""
        found = []
        for (digest, _), one in self.vertices.items():
            if one.get("completed"):
                name, times = self.names[digest], (moment(one["started"]), moment(one["completed"]))
                found.append(Piece(name, kind(name), *times, bool(one.get("cached"))))
        for (digest, name, _), part in self.statuses.items():
            if kind(self.names.get(digest, "")) == "export" and part.get("started") and part.get("completed"):
                begins = next((start for start in EXPORT if name.startswith(start)), "other")
                shown = f"{self.names[digest]}: {name}"
                found.append(Piece(shown, f"export: {begins}", moment(part["started"]), moment(part["completed"])))
        return found

    def context_bytes(self) -> int:
        """What the client sent."""
        sent: dict[tuple, int] = collections.defaultdict(int)
        for (digest, name, _), part in self.statuses.items():
            if name.startswith("transferring "):
                sent[digest, name] = max(sent[digest, name], part["most"])
        return sum(sent.values())

    def executed(self) -> int:
        """Vertices that did work, without what was there."""
        done = {digest for (digest, _), one in self.vertices.items() if has_worked(one)}
        return sum(kind(self.names[digest]) not in NO_WORK for digest in done)


def has_worked(vertex: dict) -> bool:
    if vertex.get("cached") or not vertex.get("completed"):
        return False
    return moment(vertex["completed"]) - moment(vertex["started"]) >= SHORTEST


def kind(name: str) -> str:
    return next((word for word, pattern in KINDS if re.search(pattern, name)), "other")


def moment(text: str) -> float:
    """Seconds since the epoch; Go writes as many digits of a second as it knows."""
    head, digits, zone = re.fullmatch(r"([^.Z+]+)(\.\d+)?(.*)", text).groups()
    whole = datetime.datetime.fromisoformat(head + zone.replace("Z", "+00:00"))
    return whole.timestamp() + float(digits or 0)


def covered(pieces: list[Piece]) -> float:
    """Seconds in which at least one of them ran."""
    total, until = 0.0, float("-inf")
    for piece in sorted(pieces, key=lambda piece: piece.start):
        total += max(0.0, piece.end - max(piece.start, until))
        until = max(until, piece.end)
    return total


def summary(trace: Trace) -> dict:
    pieces = trace.pieces()
    if not pieces:
        return {"seconds": 0.0, "kinds": {}}
    begin, end = min(piece.start for piece in pieces), max(piece.end for piece in pieces)
    groups = collections.defaultdict(list)
    for piece in pieces:
        groups[piece.kind].append(piece)
    kinds = {
        word: {
            "vertices": len(group),
            "cached": sum(piece.cached for piece in group),
            "done": len({piece.name for piece in group if not piece.cached}),
            "sum_seconds": round(sum(piece.seconds for piece in group), 3),
            "covered_seconds": round(covered(group), 3),
            "first": round(min(piece.start for piece in group) - begin, 3),
            "last": round(max(piece.end for piece in group) - begin, 3),
        }
        for word, group in sorted(groups.items(), key=lambda item: min(piece.start for piece in item[1]))
    }
    return {
        "seconds": round(end - begin, 3),
        "unreported_seconds": round(end - begin - covered(pieces), 3),
        "context_bytes": trace.context_bytes(),
        "executed": trace.executed(),
        "kinds": kinds,
    }
