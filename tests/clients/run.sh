#!/bin/sh
# Real coding agents through the real gateway, each at the version that is locked here. Needs cargo, python3 with venv,
# and npm. The programs keep to a temporary home folder and to loopback. One that cannot be installed on this machine
# does not stop the others: it is named at the end.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
programs=$root/tests/.cache/clients
commands=$programs/node_modules/.bin
venv=$programs/venv

installed() { # installed STAMP LOCK: whether what LOCK names is in place
    [ -e "$1" ] && cmp -s "$1" "$2"
}

link() { # link NAME FILE, seen from the folder of links: what the package's own installer would do, were it let
    if [ -e "$commands/$2" ]; then
        chmod +x "$commands/$2"
        ln -sf "$2" "$commands/$1"
    fi
}

supported_python() { # the first Python that aider's dependencies have wheels for
    for python in python3 python3.12 python3.11 python3.10; do
        if "$python" -c 'import sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

if ! installed "$programs/installed.json" "$here/package-lock.json"; then
    mkdir -p "$programs"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$programs"
    npm ci --prefix "$programs" --ignore-scripts --loglevel=error
    link claude "../@anthropic-ai/claude-code/cli-wrapper.cjs"
    link goose "../@aaif/goose-binary-linux-x64/bin/goose"
    link opencode "../opencode-linux-x64-baseline/bin/opencode"
    cp "$here/package-lock.json" "$programs/installed.json"
fi
if ! installed "$programs/installed.txt" "$here/requirements.txt"; then
    python=$(supported_python)
    if [ -n "$python" ] && "$python" -m venv --clear "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"; then
        cp "$here/requirements.txt" "$programs/installed.txt"
    else
        rm -rf "$venv"
    fi
fi

[ -n "${SLUICE_BIN:-}" ] || cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --workspace --bin sluice
export SLUICE_BIN="${SLUICE_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/sluice}"
# The locked Node comes before the system's, which may be too old for the agents.
for folder in "$programs"/node_modules/node-linux-*/bin "$commands"; do PATH=$folder:$PATH; done
PATH=$PATH:$venv/bin
export PATH PYTHONDONTWRITEBYTECODE=1
python3 "$here/drive.py" "$@"
