#!/bin/sh
# Builds the window into ui/dist, from which the desktop application takes it.
#   packaging/window.sh              where a source is newer than what was built
# Vite wants Node 20.19 or newer; where the system's is older, npm's own package `node` stands in.
set -eu
cd "$(dirname "$0")/../ui"
built=../target/window.built
node=node@22

main() {
    [ ! -e "$built" ] || [ ! -e dist/index.html ] || [ -n "$(newer)" ] || return 0
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    if new_enough; then npm run build; else npx --yes --package "$node" -- npm run build; fi
    mkdir -p "$(dirname "$built")"
    touch "$built"
}

# Names a source that was changed after the last build.
newer() {
    find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer "$built" -print | head -n 1
}

new_enough() {
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

main
