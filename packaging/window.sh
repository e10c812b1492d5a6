#!/bin/sh
# Builds the window into ui/dist, from which the desktop application takes it, where a source is newer than what was
# built.
set -eu
cd "$(dirname "$0")/../ui"
built=../target/window.built

# Names a source that was changed after the last build.
newer() {
    find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer "$built" -print | head -n 1
}

if [ ! -e "$built" ] || [ ! -e dist/index.html ] || [ -n "$(newer)" ]; then
    ./run.sh build
    mkdir -p "$(dirname "$built")"
    touch "$built"
fi
