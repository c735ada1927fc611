#!/bin/sh
# Measures the frontend's own time, from the start of its process to its Return, against an engine
# that answers at once: bench/own-time.sh [BINARY [RUNS]]. Without a binary the static one is built.
set -eu
cd "$(dirname "$0")/.."
triple=$(rustc -vV | sed -n 's/^host: //p')
if [ $# -eq 0 ]; then
    RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target "$triple" -p layerset
    set -- "target/$triple/release/layerset"
fi
# The engine's side must not be what is measured, nor need a release build of everything.
CARGO_PROFILE_DEV_OPT_LEVEL=2 CARGO_PROFILE_DEV_DEBUG=0 \
    cargo build -q --locked --target-dir target/own-time -p layerset --example own-time
# An engine tells a frontend its own image by a file below /run, which is to be nobody else's here.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --map-root-user --mount sh -c 'mount -t tmpfs layerset /run && exec "$@"' sh \
    target/own-time/debug/examples/own-time "$@"
