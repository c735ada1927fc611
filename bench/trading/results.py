"""bench/results/latest.json: every figure that was measured, and what was not measured again from the time before."""

import json
import pathlib
import uuid

DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "results"


class Latest:
    """Knows which run has measured each part, so that figures of several runs are not taken for those of one."""

    def __init__(self, name: str) -> None:
        self.path, self.run = DIRECTORY / f"{name}.json", uuid.uuid4().hex
        self.tree: dict = json.loads(self.path.read_text()) if self.path.exists() else {}

    def put(self, group: str, name: str, figures: dict) -> None:
        self.tree.setdefault(group, {})[name] = figures

    def measured(self, part: str, all_of_it: bool) -> None:
        self.tree.setdefault("runs", {})[part] = self.run if all_of_it else None

    def whole(self, parts: tuple[str, ...]) -> bool:
        """Whether one run has measured all of these, in all rows and by all tools."""
        runs = {self.tree.get("runs", {}).get(part) for part in parts}
        return len(runs) == 1 and None not in runs

    def write(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.tree, indent=2) + "\n")
        beside.rename(self.path)
