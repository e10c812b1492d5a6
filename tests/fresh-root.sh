#!/usr/bin/env bash
# Proves the README on a machine that has nothing: makes a minimal Debian 12 with debootstrap, puts a
# fresh clone of this repository's HEAD into it, and runs there what the README says.
#
#   sudo tests/fresh-root.sh                  make run and the README's requests, then make test
#   sudo tests/fresh-root.sh run              only make run and the README's requests
#
# What is brought in stands for the network step of a real machine, and only for that:
#   - the Rust toolchain of the caller, read-only, in the place of `make`'s rustup step;
#   - the caller's settings for reaching package registries (bare-root.sh; cargo's, npm's and pip's configuration).
# Nothing else of the caller is visible inside: not its home, its packages, nor its build results.
#
# Variables: MIRROR   as in bare-root.sh
#            FRESH    where the root is made (target/fresh-root); removed before and kept after
set -euo pipefail

repository="$(cd "$(dirname "$0")/.." && pwd)"
root="${FRESH:-$repository/target/fresh-root}"
clone=/home/sluice
# shellcheck source=tests/bare-root.sh
. "$repository/tests/bare-root.sh"

main() {
    step "a minimal Debian 12 in $root" && make_bare_root
    bring_registries
    step 'the prerequisites of the README' && inside "apt-get update -qq && $(readme_prerequisites) >/dev/null"
    step 'a fresh clone' && git clone --quiet --no-hardlinks "$repository" "$root$clone"
    step "make run and the README's requests" && inside "cd $clone && tests/readme.sh"
    if [ "${1:-all}" = all ]; then
        step 'make test' && inside "cd $clone && make test"
    fi
    step 'passed'
}

step() { printf '\n== fresh root: %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

# The README's own line, so that a forgotten package shows here.
readme_prerequisites() {
    grep -m1 -o 'apt-get install -y git make.*' "$repository/README.md"
}

bring_registries() {
    local file
    for file in .cargo/config.toml .npmrc .config/pip/pip.conf; do
        [ ! -f "$HOME/$file" ] || install -D -m 600 "$HOME/$file" "$root/root/$file"
    done
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
}

# Runs a line inside the root with the toolchain and, of the caller's environment, the settings for registries.
inside() {
    local settings
    mapfile -t settings < <(env | grep -v '^PIP_FIND_LINKS=' | grep -E '^(CARGO_(HTTP|NET|REGISTRIES|REGISTRY|SOURCE)_|PIP_|NPM_CONFIG_|npm_config_|(http|https|no|HTTP|HTTPS|NO)_(proxy|PROXY)=)')
    SHOWN="$(rustc --print sysroot):/opt/rust" in_bare_root \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
        bash -euo pipefail -c "$1"
}

main "$@"
