"""The tools that are compared: how each gets its locks, its bake file, and a further service."""

import json
import os
import pathlib
import sys

import engines

PYTHON_IMAGE = "python:3.13-slim"


class Tool:
    """`side` is where the tool bakes: see side.py."""

    key: str
    title: str

    def base_lines(self, port: int) -> str:
        """What the base image has besides, as lines of a Dockerfile."""
        return ""

    def lock(self, side) -> None:
        """Makes what builds are given of the requirement files as they are now."""

    def add_service(self, side) -> None:
        """One more, with packages that others have, in another mix."""
        raise NotImplementedError

    def arguments(self, side) -> dict[str, str]:
        """Build arguments of every target."""
        return {"PYTHON_IMAGE": side.tag}

    def bake_files(self, side) -> tuple[list[pathlib.Path], pathlib.Path]:
        """And where bake is to be called."""
        raise NotImplementedError


# What makes layers of packages the same on every builder, by hand.
STILL = {
    "AFTER": "find /venv -exec touch --no-dereference --date=@315532800 {} +",
    "PYC_INVALIDATION_MODE": "UNCHECKED_HASH",
}
# What the light services have, and what risk computes with.
ADDED = "treasury"
MIX = ("numpy", "pandas", "ml", "statsmodels", "risk")


class Layerset(Tool):
    key, title = "layerset", "Layerset"

    def add_service(self, side) -> None:
        side.project.added.add(ADDED)
        manifest = side.project.backend / "layerset.yaml"
        service = f"""
  {ADDED}:
    extends: light
    requirements: [requirements/risk.txt]
    files: [risk/, exchange/, risk_models/, learning/, indicators/]
    command: [python, -m, risk]
"""
        manifest.write_text(manifest.read_text().rstrip() + "\n" + service)

    def lock(self, side) -> None:
        lock = self.call(side, "lock")
        (side.project.backend / "pylock.toml").write_text(lock)

    def bake_files(self, side) -> tuple[list[pathlib.Path], pathlib.Path]:
        file = side.project.root / "layerset-bake.json"
        file.write_text(self.call(side, "bake"))
        tags = side.project.root / "layerset-tags.json"
        tags.write_text(side.overrides(side.project.services()))
        return [file, tags], side.project.backend

    def call(self, side, name: str) -> str:
        arguments = [f"--build-arg={key}={value}" for key, value in self.arguments(side).items()]
        command = ["buildx", "build", "--file", "layerset.yaml", f"--call={name}", *arguments, "."]
        return side.docker(*command, root=side.project.backend)


class HandMade(Tool):
    key, title = "handmade", "hand-made"

    def lock(self, side) -> None:
        options = ["--index-url", side.project.address(local=True), "--uv", str(side.project.uv)]
        engines.run([sys.executable, str(side.project.hand_made / "pin.py"), *options], os.environ)

    def add_service(self, side) -> None:
        side.project.added.add(ADDED)
        packages = [f"COPY --link --from=packages-{name} /venv /venv" for name in MIX]
        code = [f"COPY --link --from=code-{name} / /app/" for name in ("base", "light", "learning")]
        own = [f"COPY --link --from=source /{name} /app/{name}" for name in ("risk_models", "exchange", "risk")]
        stage = ["", f"FROM light AS {ADDED}", *packages, *code, *own, 'CMD ["python", "-m", "risk"]', ""]
        dockerfile = side.project.hand_made / "Dockerfile"
        dockerfile.write_text(dockerfile.read_text() + "\n".join(stage))
        file = side.project.hand_made / "docker-bake.json"
        bake = json.loads(file.read_text())
        bake["target"][ADDED] = {**bake["target"]["risk"], "target": ADDED}
        bake["group"]["default"]["targets"].append(ADDED)
        file.write_text(json.dumps(bake))

    def arguments(self, side) -> dict[str, str]:
        still = STILL if side.place.still else {}
        return {**super().arguments(side), "BUILDER_IMAGE": side.builder, "INDEX_URL": side.project.address(), **still}

    def bake_files(self, side) -> tuple[list[pathlib.Path], pathlib.Path]:
        tags = side.project.hand_made / "tags.json"
        tags.write_text(side.overrides(side.project.services()))
        return [side.project.hand_made / "docker-bake.json", tags], side.project.hand_made


class Before(Tool):
    key, title = "before", "before"

    def base_lines(self, port: int) -> str:
        # Dockerfiles of before ask no argument for an index.
        return f"ENV PIP_INDEX_URL=http://{engines.HOST}:{port}/simple/ PIP_TRUSTED_HOST={engines.HOST}\n"

    def arguments(self, side) -> dict[str, str]:
        return {}

    def bake_files(self, side) -> tuple[list[pathlib.Path], pathlib.Path]:
        side.docker("tag", side.tag, PYTHON_IMAGE)
        tags = side.project.root / "before-tags.json"
        tags.write_text(side.overrides(side.project.services()))
        return [side.project.root / "docker-compose.yml", tags], side.project.root


TOOLS: dict[str, Tool] = {tool.key: tool for tool in (Layerset(), HandMade(), Before())}
