#!/bin/sh
# Measures Sluice beside nginx and translation beside parsing, and prints one table of each; the figures go to
# target/bench.json and target/bench-translate.json as well.
# Arguments are passed on to `sluice-bench compare`, e.g. --rounds 9 or --only agent; --gate goes to both.
set -eu
cd "$(dirname "$0")/../.."

# Debian keeps nginx out of the search path of ordinary users.
PATH="$PATH:/usr/sbin"
nginx=$(command -v nginx) || {
    echo "nginx is the floor of every figure and not installed: run tests/system-packages.sh bench" >&2
    exit 1
}
gate=
for argument in "$@"; do
    if [ "$argument" = --gate ]; then gate=--gate; fi
done
cargo build --release --locked --package sluice --package sluice-bench
failed=0
target/release/sluice-bench translate $gate || failed=1
target/release/sluice-bench compare --nginx "$nginx" --sluice target/release/sluice "$@" || failed=1
exit "$failed"
