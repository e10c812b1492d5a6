#!/usr/bin/env bash
# Does what the README's "Start" section says: `make run` in the background, then every later `sh` block
# of that section, each as it is written. Fails where a command fails or the gateway answers with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
log="$(mktemp)"
commands="$(mktemp -d)"

# The first block holds the prerequisites and `make run` itself.
split_blocks() {
    awk -v folder="$commands" '
        /^## / { inside = ($0 == "## Start") }
        inside && /^```sh$/ { block++; copying = 1; next }
        /^```$/ { copying = 0 }
        copying && block > 1 { print > sprintf("%s/%02d", folder, block) }
    ' README.md
}

finish() {
    kill -TERM -- -"$gateway" 2>/dev/null || true
    wait "$gateway" 2>/dev/null || true
    echo '--- make run said:'
    cat "$log"
    rm -rf "$log" "$commands"
}

# curl itself comes with the packages that `make run` installs.
answers() { curl --silent --output /dev/null --max-time 2 http://127.0.0.1:7584/health 2>/dev/null; }

# Settings that curl reads by itself: an HTTP error is a failure, and no progress meter in the output.
printf 'fail-with-body\nno-progress-meter\n' >"$commands/.curlrc"
export CURL_HOME="$commands"

split_blocks
if answers; then
    echo 'readme: something else answers on 127.0.0.1:7584 already' >&2
    exit 1
fi

# A group of its own, so that make, cargo and the gateway can be stopped together.
set -m
make run >"$log" 2>&1 </dev/null &
gateway=$!
set +m
trap finish EXIT

until answers; do
    kill -0 "$gateway" 2>/dev/null || { echo 'readme: make run ended early' >&2; exit 1; }
    sleep 1
done

for block in "$commands"/*; do
    sed '1s/^/$ /' "$block"
    bash -euo pipefail "$block"
    echo
done
