#!/usr/bin/env bash
# Licences, bans and sources of all dependencies, always; advisories where their database can be had:
# CI machines without access to it say so, and do not call it passed.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tools=$PWD/target/tools
deny=$tools/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    echo "installing cargo-deny $version below target/tools, once"
    # It checks, and nobody waits for it: a quick build will do.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install -q --debug --locked --root "$tools" --target-dir "$tools/build" cargo-deny --version "$version"
    rm -rf "$tools/build"
fi
"$deny" check bans licenses sources
if "$deny" fetch db 2>/dev/null; then
    "$deny" check advisories
else
    echo "ADVISORIES NOT CHECKED: the advisory database cannot be fetched from here"
fi
