#!/bin/sh
# Measures Sluice beside nginx and prints one table; the figures go to target/bench.json as well.
# Arguments are passed on to `sluice-bench compare`, e.g. --gate, --rounds 9, --only agent.
set -eu
cd "$(dirname "$0")/../.."

# Debian keeps nginx out of the search path of ordinary users.
PATH="$PATH:/usr/sbin"
nginx=$(command -v nginx) || {
    echo "nginx is the floor of every figure and not installed: run tests/system-packages.sh bench" >&2
    exit 1
}
cargo build --release --locked --package sluice --package sluice-bench
exec target/release/sluice-bench compare --nginx "$nginx" --sluice target/release/sluice "$@"
