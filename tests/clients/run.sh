#!/bin/sh
# Claude Code, Codex and Gemini CLI through the real gateway, each at the version that is locked here. Needs cargo,
# python3 and npm. The programs keep to a temporary home folder and to loopback.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
programs=$root/tests/.cache/clients

if ! cmp -s "$programs/installed.json" "$here/package-lock.json"; then
    mkdir -p "$programs"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$programs"
    npm ci --prefix "$programs" --ignore-scripts --loglevel=error
    # What Claude Code's installer would link, had it been allowed to run.
    ln -sf ../@anthropic-ai/claude-code/cli-wrapper.cjs "$programs/node_modules/.bin/claude"
    chmod +x "$programs/node_modules/.bin/claude"
    cp "$here/package-lock.json" "$programs/installed.json"
fi

cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --workspace --bin sluice
export SLUICE_BIN="${SLUICE_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/sluice}"
# The locked Node comes before the system's, which may be too old for the agents.
for folder in "$programs"/node_modules/node-linux-*/bin "$programs/node_modules/.bin"; do PATH=$folder:$PATH; done
export PATH PYTHONDONTWRITEBYTECODE=1
python3 "$root/tests/sdk/bed.py" "$here/gateway.yaml" python3 "$here/drive.py"
