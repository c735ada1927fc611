#!/usr/bin/env bash
# Builds and runs the three services of examples/hello, asks them something, and stops them again.
# FRONTEND is the static binary of the frontend.
set -euo pipefail
cd "$(dirname "$0")/.."
frontend=$(realpath "${FRONTEND:?path of the frontend binary, see make demo}")

cargo build -q --locked -p layerset-e2e --bin engine
# The machine's own Docker if it has one with buildx, else a private one below target/engine.
eval "$("${CARGO_TARGET_DIR:-target}/debug/engine" env)"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
WEB_PORT=${WEB_PORT:-$(free_port)}
API_PORT=${API_PORT:-$(free_port)}
export WEB_PORT API_PORT

binary=$(mktemp -d)
trap 'rm -rf "$binary"' EXIT
cp "$frontend" "$binary/layerset"
docker buildx build -q -t layerset/frontend:1 --build-context "binary=$binary" . >/dev/null

cd examples/hello
echo "-- docker buildx bake, from the manifest's own bake file"
docker buildx build -q -f layerset.yaml --call=bake . > "$binary/bake.json"
docker buildx bake -f "$binary/bake.json" --set web.secrets=id=motto,src=motto.txt

echo "-- docker compose build and up"
docker compose build
trap 'docker compose down --timeout 2 >/dev/null 2>&1; rm -rf "$binary"' EXIT
docker compose up --detach --wait
docker compose ps

python3 - <<'PY'
import os
import time
from urllib.request import urlopen

for name in ("WEB", "API"):
    address = f"http://127.0.0.1:{os.environ[name + '_PORT']}/"
    for attempt in range(50):
        try:
            answer = urlopen(address, timeout=10).read().decode().strip()
            break
        except OSError:  # a published port may open a moment after its container is healthy
            if attempt == 49:
                raise
            time.sleep(0.2)
    print(address, answer, sep="\n")
PY
echo "-- what the three images share"
docker buildx build -q -f layerset.yaml --call=plan .
