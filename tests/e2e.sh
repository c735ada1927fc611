#!/usr/bin/env bash
# Runs the tests on real engines, and stops the private engines afterwards, whatever happens.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build -q --locked -p layerset-e2e --bin engine --tests
engine=${CARGO_TARGET_DIR:-target}/debug/engine
[ -n "${KEEP_ENGINES:-}" ] || trap '"$engine" down' EXIT
"$engine" down
cargo test --locked -p layerset-e2e "$@"
