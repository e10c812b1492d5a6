#!/usr/bin/env bash
# Proves the .deb on a machine that has nothing: a minimal Debian 12 made with debootstrap, where the package is
# installed, started by an ordinary user, asked once, made to start at login, and removed without a trace.
#
#   sudo tests/package.sh [FILE.deb]          the one that `make package` made, unless another is named
#
# Variables: MIRROR   as in bare-root.sh
#            FRESH    where the root is made (target/package-root); removed before and kept after
set -euo pipefail

repository="$(cd "$(dirname "$0")/.." && pwd)"
root="${FRESH:-$repository/target/package-root}"
# shellcheck source=tests/bare-root.sh
. "$repository/tests/bare-root.sh"

main() {
    local package
    package="$(realpath "${1:-$(find "$repository/target/release/bundle/deb" -name '*.deb' | sort | tail -n 1)}")"
    step "a minimal Debian 12 in $root" && make_bare_root
    cp "$package" "$root/root/sluice.deb"
    SHOWN="$repository/tests/package:/opt/package" in_bare_root bash /opt/package/inside.sh
    step 'passed'
}

step() { printf '\n== package: %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

main "$@"
