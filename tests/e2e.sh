#!/usr/bin/env bash
# Runs the tests on real engines, and stops the private engines afterwards, whatever happens.
set -euo pipefail
cd "$(dirname "$0")/.."
# Engines without room fail in ways that tell nothing of it.
gigabytes=15
free=$(df --output=avail --block-size=1G . | tail -n 1 | tr -d ' ')
if [ "$free" -lt "$gigabytes" ]; then
    echo "found $free GB free in $PWD, expected $gigabytes for the engines: make room, as with make clean-engine" >&2
    exit 1
fi
cargo build -q --locked -p layerset-e2e --bin engine --tests
engine=${CARGO_TARGET_DIR:-target}/debug/engine
[ -n "${KEEP_ENGINES:-}" ] || trap '"$engine" down' EXIT
"$engine" down
export LAYERSET_ENGINE_GC=off
# One more than there are processors: some always wait for an engine.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) + 1))}
cargo test --locked -p layerset-e2e "$@"
