"""Answers with who it is."""

import json
import os
import platform

from common.server import serve


def whoami():
    facts = {"service": "api", "python": platform.python_version(), "uid": os.getuid(), "tz": os.environ["TZ"]}
    return "application/json", json.dumps(facts).encode()


serve({"/": whoami, "/healthz": lambda: ("text/plain", b"ok\n")})
