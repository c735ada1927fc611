"""A simple repository of a directory of wheels on 127.0.0.1, which counts what is downloaded.

Pages are JSON (PEP 691), with the metadata of each wheel beside it (PEP 658).
"""

import collections
import http.server
import json
import pathlib
import shutil
import threading
import zipfile

import wheels


class Index:
    def __init__(self, directory: pathlib.Path) -> None:
        self.files = {path.name: path for path in directory.glob("*.whl")}
        self.hashes = {name: wheels.sha256(path) for name, path in self.files.items()}
        self.metadata = {name: metadata(path) for name, path in self.files.items()}
        self.projects = collections.defaultdict(list)
        for name in sorted(self.files):
            self.projects[name.split("-")[0].lower().replace("_", "-").replace(".", "-")].append(name)
        self.downloads = collections.Counter()
        server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"index": self}))
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def page(self, project: str) -> bytes | None:
        files = [
            {
                "filename": name,
                "url": f"/files/{name}",
                "size": self.files[name].stat().st_size,
                "hashes": {"sha256": self.hashes[name]},
                "core-metadata": True,
            }
            for name in self.projects.get(project, [])
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": [], "files": files}
        return json.dumps(page).encode() if files else None

    def take(self) -> tuple[int, int]:
        """Wheels sent since the last time, and their bytes."""
        taken, self.downloads = self.downloads, collections.Counter()
        return sum(taken.values()), sum(self.files[name].stat().st_size * times for name, times in taken.items())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address) -> None:
        """Clients hang up whenever they like; what they miss they report themselves."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; the second must not wait for an acknowledgement of the first.
    disable_nagle_algorithm = True
    index: Index

    def do_GET(self) -> None:
        kind, _, name = self.path.strip("/").partition("/")
        if kind == "simple" and (page := self.index.page(name)):
            self.answer(page, "application/vnd.pypi.simple.v1+json")
        elif kind == "files" and name.removesuffix(".metadata") in self.index.metadata and name.endswith(".metadata"):
            self.answer(self.index.metadata[name.removesuffix(".metadata")], "text/plain")
        elif kind == "files" and name in self.index.files:
            self.head(200, "application/octet-stream", self.index.files[name].stat().st_size)
            if self.command == "GET":
                self.index.downloads[name] += 1
                with self.index.files[name].open("rb") as file:
                    shutil.copyfileobj(file, self.wfile, 1 << 20)
        else:
            self.head(404, "text/plain", 0)

    do_HEAD = do_GET

    def answer(self, body: bytes, kind: str) -> None:
        self.head(200, kind, len(body))
        if self.command == "GET":
            self.wfile.write(body)

    def head(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


def metadata(wheel: pathlib.Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        return archive.read(name)
