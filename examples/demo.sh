#!/usr/bin/env bash
# Builds and runs the three services of examples/hello, asks them something, and stops them again.
# FRONTEND is the static binary of the frontend.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
frontend=$(realpath "${FRONTEND:?path of the frontend binary, see make demo}")

cargo build -q --locked -p layerset-e2e --bin engine
# The machine's own Docker if it has one with buildx, else a private one below target/engine.
engine=$(realpath "${CARGO_TARGET_DIR:-target}/debug/engine")
eval "$("$engine" env)"
binary=$(mktemp -d)
clean_up() {
    cd "$root/examples/hello" && docker compose down --timeout 2 >/dev/null 2>&1 || true
    cd "$root"
    rm -rf "$binary"
    [ -n "${KEEP_ENGINES:-}" ] || "$engine" down
}
trap clean_up EXIT

# 0: a port that the engine finds free.
export WEB_PORT=${WEB_PORT:-0} API_PORT=${API_PORT:-0}

cp "$frontend" "$binary/layerset"
docker buildx build -q -t layerset/frontend:1 --build-context "binary=$binary" . >/dev/null

cd examples/hello
echo "-- docker buildx bake, from the manifest's own bake file"
docker buildx build -q -f layerset.yaml --call=bake . > "$binary/bake.json"
docker buildx bake -f "$binary/bake.json" --set web.secrets=id=motto,src=motto.txt

echo "-- docker compose build and up"
docker compose build
docker compose up --detach --wait
docker compose ps

for service in web:8000 api:8001; do
    address=http://$(docker compose port "${service%:*}" "${service#*:}")/
    echo "$address"
    python3 - "$address" <<'PY'
import sys
import time
from urllib.request import urlopen

for attempt in range(50):
    try:
        print(urlopen(sys.argv[1], timeout=10).read().decode().strip())
        break
    except OSError:  # a published port may open a moment after its container is healthy
        if attempt == 49:
            raise
        time.sleep(0.2)
PY
done
echo "-- what the three images share"
docker buildx build -q -f layerset.yaml --call=plan .
