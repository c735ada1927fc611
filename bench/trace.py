#!/usr/bin/env python3
"""What took the time of a bake or build.

    trace.py FILE…                           of what --progress=rawjson printed, kept in files; - is what is piped in
    trace.py [--keep FILE] -- docker buildx bake -f bake.json --push        runs it, and of that

For every kind of work the sum of its vertices, which run beside each other, and the seconds in which at least one of
them ran; then the vertices that took longest, with when they began.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

# Nothing is left beside the sources.
sys.dont_write_bytecode = True

from vertices import Trace, summary  # noqa: E402


def shown(trace: Trace, longest: int) -> str:
    told = summary(trace)
    lines = [f"{told['seconds']:.2f} s, of which no vertex tells {told.get('unreported_seconds', 0):.2f} s"]
    lines.append(f"{told.get('context_bytes', 0):,} bytes of context, {told.get('executed', 0)} vertices executed")
    lines.append(f"{'kind':28}{'vertices':>9}{'cached':>8}{'sum s':>10}{'covered s':>11}{'from':>9}{'to':>9}")
    for word, one in told["kinds"].items():
        lines.append(
            f"{word:28}{one['vertices']:>9}{one['cached']:>8}{one['sum_seconds']:>10.2f}{one['covered_seconds']:>11.2f}"
            f"{one['first']:>9.2f}{one['last']:>9.2f}"
        )
    pieces = trace.pieces()
    begin = min((piece.start for piece in pieces), default=0.0)
    lines.append(f"\n{'from':>8}{'s':>9}  vertex")
    for piece in sorted(pieces, key=lambda piece: -piece.seconds)[:longest]:
        lines.append(f"{piece.start - begin:>8.2f}{piece.seconds:>9.2f}  {piece.name[:140]}")
    return "\n".join(lines)


def run(command: list[str], keep: str | None) -> list[str]:
    environment = {**os.environ, "BUILDKIT_PROGRESS": "rawjson"}
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, stdout=sys.stderr, text=True)
    if keep:
        pathlib.Path(keep).write_text(done.stderr)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}\n{done.stderr[-3000:]}")
    return done.stderr.splitlines()


def main() -> None:
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    given, command = given[:place], given[place + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--keep", metavar="FILE", help="where what the command prints is kept")
    parser.add_argument("--longest", type=int, default=25, help="so many vertices are listed")
    parser.add_argument("--json", action="store_true", help="the sums as JSON")
    arguments = parser.parse_args(given)
    if bool(command) == bool(arguments.files):
        parser.error("expected files, or a command after --")
    inputs = {name: sys.stdin.read() if name == "-" else pathlib.Path(name).read_text() for name in arguments.files}
    traces = {name: Trace(text.splitlines()) for name, text in inputs.items()}
    if command:
        traces = {" ".join(command): Trace(run(command, arguments.keep))}
    for name, trace in traces.items():
        print(json.dumps(summary(trace)) if arguments.json else f"== {name}\n{shown(trace, arguments.longest)}")


if __name__ == "__main__":
    main()
