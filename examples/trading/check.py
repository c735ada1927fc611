#!/usr/bin/env python3
"""Compares the project before and after: what compose makes of it, and what its containers get.

    check.py compose                       the resolved compose model is the same but for build and image
    check.py images [SERVICE …]            images as compose would run them: the same environment, ports, volumes,
                                           user, directory, command, entrypoint, health check and stop signal
    check.py health [SERVICE …]            running containers are healthy, and have imported what they require

Both sets of images must be built for `images`; `health` asks those that run. Ends with 1 if anything differs.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
BEFORE = ["--file", "docker-compose.yml"]
AFTER = [*BEFORE, "--file", "docker-compose.layerset.yml"]
# What the file of Layerset may change.
OURS = {"build", "image"}
# A key of an image's configuration, and compose's name for it.
KEYS = {
    "Env": "environment",
    "ExposedPorts": "expose",
    "Volumes": "volumes",
    "User": "user",
    "WorkingDir": "working_dir",
    "Entrypoint": "entrypoint",
    "Cmd": "command",
    "Healthcheck": "healthcheck",
    "StopSignal": "stop_signal",
    "Labels": "labels",
}
UNITS = {"h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}

Facts = dict[str, Any]


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], cwd=HERE, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"check.py: `docker {' '.join(arguments)}` failed")
    return done.stdout


def model(files: list[str]) -> Facts:
    return json.loads(docker("compose", *files, "config", "--format", "json"))


def compose(before: Facts, after: Facts) -> list[str]:
    """What else than build and image differs."""
    found = []
    for name in sorted(before["services"].keys() | after["services"].keys()):
        old, new = before["services"].get(name, {}), after["services"].get(name, {})
        keys = sorted(key for key in (old.keys() | new.keys()) - OURS if old.get(key) != new.get(key))
        found += [f"{name}: {key} was {old.get(key)}, is {new.get(key)}" for key in keys]
        context = [one.get("build", {}).get("context") for one in (old, new)]
        found += [f"{name}: its context was {context[0]}, is {context[1]}"] if context[0] != context[1] else []
    rest = sorted(before.keys() | after.keys() - {"services"})
    return found + [f"{key} differs" for key in rest if key != "services" and before.get(key) != after.get(key)]


def image(service: str, files: Facts) -> Facts:
    name = files["services"][service].get("image") or f"{files['name']}-{service}"
    return json.loads(docker("image", "inspect", name))[0]["Config"]


def container(config: Facts, service: Facts) -> Facts:
    """What a container of the image gets, where compose's words win."""
    facts: Facts = {key: config.get(key) for key in KEYS}
    facts["Env"] = dict(line.split("=", 1) for line in config.get("Env") or [])
    facts["Env"] |= service.get("environment") or {}
    labels = (config.get("Labels") or {}) | (service.get("labels") or {})
    # Compose labels what it builds with its own version and the project's name; containers have these either way.
    facts["Labels"] = {name: text for name, text in labels.items() if not name.startswith("com.docker.compose.")}
    facts["Volumes"] = sorted({*(config.get("Volumes") or {}), *(v["target"] for v in service.get("volumes") or [])})
    ports = {port if "/" in port else f"{port}/tcp" for port in map(str, service.get("expose") or [])}
    ports |= {f"{port['target']}/{port['protocol']}" for port in service.get("ports") or []}
    facts["ExposedPorts"] = sorted({*(config.get("ExposedPorts") or {}), *ports})
    for key, name in (("User", "user"), ("WorkingDir", "working_dir"), ("StopSignal", "stop_signal")):
        facts[key] = service.get(name) or config.get(key)
    # An entrypoint of compose's hides the image's command, too.
    if service.get("entrypoint") is not None:
        facts["Entrypoint"], facts["Cmd"] = service["entrypoint"], None
    if service.get("command") is not None:
        facts["Cmd"] = service["command"]
    facts["Healthcheck"] = (config.get("Healthcheck") or {}) | health(service.get("healthcheck") or {})
    return facts


def health(check: Facts) -> Facts:
    """Compose's spelling in an image's."""
    names = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod", "start_interval": "StartInterval"}
    facts = {new: nanoseconds(check[old]) for old, new in names.items() if check.get(old)}
    if check.get("test"):
        facts["Test"] = check["test"]
    return facts | ({"Retries": check["retries"]} if check.get("retries") else {})


def nanoseconds(text: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([a-z]+)", text))


def images(before: Facts, after: Facts, services: list[str]) -> list[str]:
    found = []
    for name in services:
        old = container(image(name, before), before["services"][name])
        new = container(image(name, after), after["services"][name])
        found += [f"{name}: {KEYS[key]} was {old[key]}, is {new[key]}" for key in KEYS if old[key] != new[key]]
    return found


def required(service: str) -> set[str]:
    """Names in the requirement files of a service, as layerset.yaml has them."""
    text = (HERE / "backend/layerset.yaml").read_text()
    blocks = dict(re.findall(r"^  ([a-z-]+):\n((?:    .*\n)+)", text, re.M))
    files, block = set(), blocks[service]
    while block:
        files |= {name for line in re.findall(r"requirements: \[(.*)\]", block) for name in line.split(", ")}
        extends = re.search(r"extends: (.*)", block)
        block = blocks[extends[1]] if extends else ""
    return set().union(*(names(HERE / "backend" / file) for file in files))


def names(file: pathlib.Path) -> set[str]:
    found = set()
    for line in file.read_text().splitlines():
        if line.startswith("-r "):
            found |= names(file.parent / line[3:])
        elif line and not line.startswith("#"):
            found.add(re.split(r"[\[=<>~! ]", line)[0].lower())
    return found


def running(files: Facts, services: list[str]) -> list[str]:
    """What is wrong with the containers that run."""
    found = []
    for name in services:
        there = docker("compose", *BEFORE, "ps", "--quiet", name).split()
        if not there:
            found.append(f"{name}: found no container, expected a running one")
            continue
        state = json.loads(docker("inspect", there[0]))[0]["State"]
        if state["Status"] != "running" or state["Health"]["Status"] != "healthy":
            found.append(f"{name}: is {state['Status']} and {state.get('Health', {}).get('Status')}")
            continue
        port = files["services"][name]["environment"]["PORT"]
        ask = f"from urllib.request import urlopen; print(urlopen('http://127.0.0.1:{port}/health').read().decode())"
        told = json.loads(docker("exec", there[0], "python", "-c", ask))
        missing = sorted(required(name) - told["packages"].keys())
        found += [f"{name}: requires {', '.join(missing)} and has not imported it"] if missing else []
        found += [f"{name}: says it is {told['service']}"] if told["service"] != name else []
        print(f"{name}: healthy, {len(told['packages'])} packages, {sum(told['needs'].values()):,} bytes of models and data")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("compose", "images", "health"))
    parser.add_argument("services", metavar="SERVICE", nargs="*", help="only these")
    arguments = parser.parse_args()
    before, after = model(BEFORE), model(AFTER)
    unknown = set(arguments.services) - before["services"].keys()
    if unknown:
        parser.error(f"found {', '.join(sorted(unknown))}, expected one of {', '.join(sorted(before['services']))}")
    services = arguments.services or sorted(before["services"])
    found = {
        "compose": lambda: compose(before, after),
        "images": lambda: images(before, after, services),
        "health": lambda: running(after, services),
    }[arguments.what]()
    for line in found:
        print(f"check.py: {line}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{arguments.what}: {len(services)} services, nothing differs" if arguments.what != "health" else "all healthy")


if __name__ == "__main__":
    main()
