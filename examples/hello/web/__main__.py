"""Serves the page that the build made."""

from pathlib import Path

from common.server import serve

PAGE = Path("static/index.html")

serve(
    {
        "/": lambda: ("text/html", PAGE.read_bytes()),
        "/healthz": lambda: ("text/plain", b"ok\n"),
    }
)
