"""bench/results/latest.json: every figure that was measured, and what was not measured again from the time before."""

import json
import pathlib

PATH = pathlib.Path(__file__).resolve().parent.parent / "results/latest.json"


class Latest:
    def __init__(self) -> None:
        self.tree: dict = json.loads(PATH.read_text()) if PATH.exists() else {}

    def put(self, group: str, name: str, figures: dict) -> None:
        self.tree.setdefault(group, {})[name] = figures

    def write(self) -> None:
        PATH.parent.mkdir(exist_ok=True)
        beside = PATH.with_suffix(".new")
        beside.write_text(json.dumps(self.tree, indent=2) + "\n")
        beside.rename(PATH)
