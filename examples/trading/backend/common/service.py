"""The web server that every service is: health, metrics, and whatever the service adds to `app`."""

import importlib.metadata
import os
import pathlib

import fastapi
import prometheus_client
import uvicorn

from cloud import buckets, hooks
from common import clock, logs, peers
from common.settings import Settings
from db import migrations, session
from messaging import bus
from security import tokens

# What requirements/base.txt names.
USES = (
    "python-dotenv fastapi httpx orjson prometheus-client pydantic pydantic-settings python-dateutil pyyaml "
    "sentry-sdk structlog tenacity uvicorn",
    *(session.USES, migrations.USES, bus.USES, tokens.USES, buckets.USES, hooks.USES),
)
ROOT = pathlib.Path(__file__).resolve().parent.parent


class Service:
    """`uses` names the distributions that a service has imported, `needs` the large files that must be there."""

    def __init__(self, name: str, *uses: str, needs: tuple[str, ...] = ()) -> None:
        self.name = name
        self.settings = Settings()
        self.log = logs.configure(self.settings.log_level, self.settings.sentry_dsn)
        self.versions = {one: importlib.metadata.version(one) for one in " ".join((*USES, *uses)).split()}
        self.needs = {path: size(ROOT / path) for path in needs}
        self.registry = prometheus_client.CollectorRegistry()
        self.checks = prometheus_client.Counter("health_checks", "Answers of /health", registry=self.registry)
        self.engine, self.bus = session.engine(), bus.Bus()
        self.started = clock.now()
        self.app = fastapi.FastAPI(title=name)
        self.app.get("/health")(self.health)
        self.app.get("/metrics")(self.metrics)
        self.app.get("/peers/{peer}/{port}")(self.peer)

    def health(self) -> dict:
        self.checks.inc()
        return {
            "service": self.name,
            "status": "ok",
            "environment": self.settings.environment,
            "started": self.started.isoformat(),
            "uid": os.getuid(),
            "packages": self.versions,
            "needs": self.needs,
            "writes": self.writes(),
        }

    def writes(self) -> str | None:
        """The directory for data, once something was written there."""
        if self.settings.data_dir is None:
            return None
        (self.settings.data_dir / f"{self.name}.started").write_text(self.started.isoformat())
        return str(self.settings.data_dir)

    def metrics(self) -> fastapi.Response:
        return fastapi.Response(prometheus_client.generate_latest(self.registry), media_type="text/plain")

    def peer(self, peer: str, port: int) -> dict:
        if peer not in self.settings.peers():
            raise fastapi.HTTPException(404, f"{peer} is none of {self.settings.peers()}")
        return peers.health(peer, port)

    def run(self) -> None:
        self.log.info("started", service=self.name, port=self.settings.port, packages=len(self.versions))
        uvicorn.run(self.app, host="0.0.0.0", port=self.settings.port, log_level=self.settings.log_level)


def size(path: pathlib.Path) -> int:
    """Bytes of a file, or of the files of a directory, each of which can be read."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as opened:
            if not opened.read(16):
                raise ValueError(f"found an empty {file}, expected a model or data: was generate.py run?")
    return sum(file.stat().st_size for file in files)
