"""22 services over four overlapping sets of packages: a manifest, and two Dockerfiles as one writes them by hand.

`sets`: a virtual environment for each set, copied as one layer. `parts`: one for each requirement file with what the
files that it includes do not have, copied one over the other.
"""

import json
import pathlib
import textwrap

import wheels

FILES = {path.stem: path for path in (pathlib.Path(__file__).resolve().parent / "requirements").glob("*.txt")}
# A small package of base.txt, and what its pin changes to.
PINNED = "python-dotenv"
PINS = ("1.0.1", "1.1.0", "1.1.1", "1.2.1")
UV = "ghcr.io/astral-sh/uv:latest"
# A set is a requirement file and those that it includes; so many services have it.
SERVICES = {"web": 9, "data": 6, "science": 4, "vision": 3}
INCLUDES = {"base": [], "web": ["base"], "data": ["base"], "science": ["base"], "vision": ["base", "science"]}
IMPORTS = {
    "web": "dotenv pydantic orjson fastapi sqlalchemy cryptography.x509 psycopg uvicorn redis",
    "data": "dotenv pydantic orjson pandas numpy boto3 celery duckdb lxml.etree psycopg",
    "science": "dotenv pydantic orjson numpy scipy.sparse pandas sklearn.linear_model matplotlib.figure PIL.Image",
    "vision": "dotenv pydantic orjson numpy sklearn.linear_model cv2 onnxruntime",
}
NAMES = [(f"{group}{number}", group) for group, count in SERVICES.items() for number in range(count)]


def command(name: str) -> list[str]:
    return ["python3", f"services/{name}/main.py"]


def sources(root: pathlib.Path) -> None:
    for name, group in NAMES:
        script = f"""\
            # Of {name}.
            import importlib, importlib.metadata
            for name in "{IMPORTS[group]}".split():
                importlib.import_module(name)
            found = {{one.name.lower().replace("_", "-"): one.version for one in importlib.metadata.distributions()}}
            print(*sorted(f"{{name}}=={{version}}" for name, version in found.items()), sep="\\n")
            """
        path = root / f"services/{name}/main.py"
        path.parent.mkdir(parents=True)
        path.write_text(textwrap.dedent(script))


def requirements(root: pathlib.Path, pin: str) -> None:
    """The files as written, with a version of the pinned package."""
    (root / "requirements").mkdir(exist_ok=True)
    for path in FILES.values():
        text = path.read_text().replace(f"{PINNED}=={PINS[0]}", f"{PINNED}=={pin}")
        (root / "requirements" / path.name).write_text(text)


def pinned(root: pathlib.Path, shelf: wheels.Shelf, tool: str, pin: str) -> None:
    """What a `RUN` of the Dockerfile installs, every wheel with its hash."""
    (root / "pinned").mkdir(exist_ok=True)
    for name, included in INCLUDES.items():
        known = {line for other in included for line in shelf.closures[other]} if tool == "parts" else set()
        lines = [line for line in shelf.closures[name] if line not in known]
        (root / f"pinned/{name}.txt").write_text(shelf.hashed(lines, {PINNED: pin}))


def manifest(base: str, index: str, registry: str) -> str:
    """JSON is YAML's flow style."""
    lines = ["# syntax=layerset/frontend:1", f"python: {{index: ['{index}'], lock: pylock.toml}}", "services:"]
    for name, group in NAMES:
        service = {
            "from": base,
            "image": f"{registry}/{name}:bench",
            "working_dir": "/app",
            "requirements": [f"requirements/{group}.txt"],
            "files": [f"services/{name}/"],
            "command": command(name),
        }
        lines.append(f"  {name}: {json.dumps(service)}")
    return "\n".join(lines) + "\n"


def dockerfile(tool: str, base: str, index: str) -> str:
    lines = [
        f"FROM {base} AS base",
        "WORKDIR /app",
        "ENV PATH=/venv/bin:$PATH",
        "FROM base AS builder",
        f"ENV UV_DEFAULT_INDEX={index} UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1",
    ]
    wanted = INCLUDES if tool == "parts" else SERVICES
    for name in wanted:
        lines += [
            f"FROM builder AS packages-{name}",
            "RUN --mount=type=cache,target=/root/.cache/uv \\",
            f"    --mount=from={UV},source=/uv,target=/bin/uv \\",
            f"    --mount=type=bind,source=pinned/{name}.txt,target=/pinned.txt \\",
            "    uv venv /venv && uv pip install --python /venv --no-deps -r /pinned.txt",
        ]
    for name, group in NAMES:
        parts = [*INCLUDES[group], group] if tool == "parts" else [group]
        lines += [f"FROM base AS {name}", *(f"COPY --link --from=packages-{part} /venv /venv" for part in parts)]
        lines += [f"COPY --link services/{name}/ /app/services/{name}/", f"CMD {json.dumps(command(name))}"]
    return "\n".join(lines) + "\n"


def bake_file(registry: str) -> str:
    """Of the Dockerfiles; the manifest's is what `--call=bake` prints."""
    target = {name: {"context": ".", "target": name, "tags": [f"{registry}/{name}:bench"]} for name, _ in NAMES}
    return json.dumps({"group": {"default": {"targets": list(target)}}, "target": target}, indent=1) + "\n"
