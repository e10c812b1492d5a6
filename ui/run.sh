#!/bin/sh
# Runs scripts of this folder's package.json with the locked Node, installing what is missing first:
#   ui/run.sh check test build
set -eu
here="$(cd "$(dirname "$0")" && pwd)"

if ! cmp -s "$here/package-lock.json" "$here/node_modules/installed.json"; then
    npm ci --prefix "$here" --ignore-scripts --loglevel=error
    cp "$here/package-lock.json" "$here/node_modules/installed.json"
fi
# The locked Node comes before the system's, which may be too old for Vite.
for folder in "$here"/node_modules/node-linux-*/bin; do PATH=$folder:$PATH; done
export PATH
for script in "$@"; do
    npm run --silent --prefix "$here" "$script"
done
