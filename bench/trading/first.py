"""Of engines that begin empty: when a first container answers, and what a second builder pushes."""

import time

import disk
import engines
import side
import tools

# With packages of its own over those of several others.
SERVICE = "strategy-generator"
PORT = "8000"
PATIENCE = 180


def built(tool: tools.Tool, place: side.Place, pushed: side.Side | None) -> dict:
    """Seconds from an empty builder to an answer; then all is baked and pushed to where `pushed` has pushed it."""
    second = side.Side(tool, "loaded", place, registry=pushed.registry if pushed else "")
    try:
        second.start()
        # Without what a bake of the benchmark waits for before it begins.
        baked = second.bake(targets=(SERVICE,))["seconds"]
        start = time.monotonic()
        answered_by(second.environment, second.reference(SERVICE))
        told = {"first_built_seconds": round(baked + time.monotonic() - start, 2)}
        if pushed:
            second.mode, second.blobs = "pushed", dict(pushed.blobs)
            told["second"] = second.bake()
        return told
    finally:
        second.stop()


def pulled(tool: tools.Tool, place: side.Place, pushed: side.Side) -> float:
    """Seconds of pulling an image and running it on an engine that has nothing."""
    environment = engines.start(place.engine, "tradingpull", place.frontend)
    try:
        listed = engines.run(["docker", "image", "ls", "--quiet"], environment).stdout.split()
        engines.run(["docker", "image", "rm", "--force", *sorted(set(listed))], environment)
        # That, and what the engine had from the other tool.
        disk.forget()
        start = time.monotonic()
        answered_by(environment, pushed.reference(SERVICE))
        return round(time.monotonic() - start, 2)
    finally:
        engines.stop(place.engine, "tradingpull")


def answered_by(environment: dict, reference: str) -> None:
    """Runs an image until its health check is content."""
    run = ["docker", "run", "--detach", "--quiet", "--env", f"PORT={PORT}", reference]
    name = engines.run(run, environment).stdout.strip()
    probe = ["docker", "exec", name, "python", "-m", "common.probe", PORT]
    until = time.monotonic() + PATIENCE
    while True:
        try:
            engines.attempt(probe, environment)
            break
        except engines.Failed as failed:
            if time.monotonic() > until:
                logs = engines.run(["docker", "logs", name], environment)
                raise SystemExit(f"{reference} does not answer: {failed}\n{logs.stdout}{logs.stderr}") from failed
        time.sleep(0.1)
    engines.run(["docker", "rm", "--force", name], environment)
