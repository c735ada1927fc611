#!/usr/bin/env bash
# Measures what docs/figures.md gives figures for. LAYERSET_FRONTEND is the static binary (make bench-parts sets it).
set -euo pipefail
cd "$(dirname "$0")/.."
frontend=$(realpath "${LAYERSET_FRONTEND:?path of the frontend binary, see make bench-parts}")
mkdir -p bench/results

echo "== size of the static binary"
stat -c '%s bytes' "$frontend"

echo "== the frontend's own time, from start to Return"
bench/own-time.sh "$frontend"

cargo build -q --locked -p layerset-e2e --bin engine
engine=${CARGO_TARGET_DIR:-target}/debug/engine

echo "== overlapping selections beside COPY --link lines, on real engines"
bench/overlap/run.py --frontend "$frontend" --engine "$engine"

echo "== packages beside uv pip install in Dockerfiles, on real engines"
bench/packages/run.py --frontend "$frontend" --engine "$engine"

echo "== baking on a real engine"
trap '"$engine" down --name bench' EXIT
eval "$("$engine" env --fresh --name bench)"
binary=$(mktemp -d)
trap 'rm -rf "$binary"; "$engine" down --name bench' EXIT
cp "$frontend" "$binary/layerset"
docker buildx build -q -t layerset/frontend:1 --build-context "binary=$binary" . >/dev/null
python3 bench/bake.py "$@"
