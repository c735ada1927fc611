"""What a service is told by its environment, and by a `.env` file on a developer's machine."""

import pathlib

import dotenv
import yaml
from pydantic_settings import BaseSettings

dotenv.load_dotenv()


class Settings(BaseSettings):
    port: int = 8000
    log_level: str = "info"
    environment: str = "development"
    tz: str = "UTC"
    # A directory that the service writes to, if it has one.
    data_dir: pathlib.Path | None = None
    # Names of services that it talks to, as YAML: `[auth, billing]`.
    upstreams: str = "[]"
    sentry_dsn: str = ""

    def peers(self) -> list[str]:
        return yaml.safe_load(self.upstreams)
