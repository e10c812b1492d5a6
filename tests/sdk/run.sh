#!/bin/sh
# The official SDKs for Python and Node through the real gateway. Needs cargo, python3 with venv, and npm;
# the SDKs themselves are installed at the versions that are locked here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/tests/.cache/sdk/venv
export PYTHONDONTWRITEBYTECODE=1

installed() { # installed STAMP LOCK: whether what LOCK names is in place
    [ -e "$1" ] && cmp -s "$1" "$2"
}

if ! installed "$venv/installed.txt" "$here/python/requirements.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    cp "$here/python/requirements.txt" "$venv/installed.txt"
fi
# Node looks for packages beside the files that import them, so they stand there and not in the cache.
if ! installed "$here/node/node_modules/installed.json" "$here/node/package-lock.json"; then
    npm ci --prefix "$here/node" --ignore-scripts --loglevel=error
    cp "$here/node/package-lock.json" "$here/node/node_modules/installed.json"
fi

[ -n "${SLUICE_BIN:-}" ] || cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --workspace --bin sluice
export SLUICE_BIN="${SLUICE_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/sluice}"
# The locked Node comes before the system's, which may be too old for the SDKs.
for folder in "$here"/node/node_modules/node-linux-*/bin; do PATH=$folder:$PATH; done
export PATH

bed() { # a fresh gateway for each run, so that none sees the failures of another
    "$venv/bin/python" "$here/bed.py" "$@"
}

failed=0
# Channels that speak the client's protocol.
bed "$here/gateway.yaml" "$venv/bin/python" -m pytest -q -p no:cacheprovider \
    "$here/python/test_answers.py" "$here/python/test_operations.py" || failed=1
bed "$here/gateway.yaml" node --test --test-concurrency=1 --test-reporter=spec \
    "$here/node/answers.test.mjs" "$here/node/operations.test.mjs" || failed=1
# Channels that speak one protocol each, before a provider that refuses what is wrong.
bed --strict "$here/pairs.yaml" "$venv/bin/python" -m pytest -q -p no:cacheprovider \
    "$here/python/test_pairs.py" "$here/python/test_counting.py" || failed=1
bed --strict "$here/pairs.yaml" node --test --test-concurrency=1 --test-reporter=spec \
    "$here/node/pairs.test.mjs" "$here/node/counting.test.mjs" || failed=1
exit $failed
