#!/usr/bin/env bash
# Proves the README on a machine that has nothing: makes a minimal Debian 12 with debootstrap, puts a
# fresh clone of this repository's HEAD into it, and runs there what the README says.
#
#   sudo tests/fresh-root.sh                  make run and the README's requests, then make test
#   sudo tests/fresh-root.sh run              only make run and the README's requests
#
# What is brought in stands for the network step of a real machine, and only for that:
#   - the Rust toolchain of the caller, read-only, in the place of `make`'s rustup step;
#   - the caller's settings for reaching package registries: resolv.conf, extra certificates,
#     apt's sources and options, cargo's, npm's and pip's configuration.
# Nothing else of the caller is visible inside: not its home, its packages, nor its build results.
#
# Variables: MIRROR   Debian mirror for debootstrap (http://deb.debian.org/debian)
#            FRESH    where the root is made (target/fresh-root); removed before and kept after
set -euo pipefail

repository="$(cd "$(dirname "$0")/.." && pwd)"
mirror="${MIRROR:-http://deb.debian.org/debian}"
root="${FRESH:-$repository/target/fresh-root}"
clone=/home/sluice

main() {
    [ "$(id -u)" -eq 0 ] || { echo "fresh-root: debootstrap and chroot need root" >&2; exit 1; }
    command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
    step "a minimal Debian 12 in $root" && make_root
    step 'registry settings and the Rust toolchain' && bring_in
    step 'the prerequisites of the README' && inside "apt-get update -qq && $(readme_prerequisites) >/dev/null"
    step 'a fresh clone' && git clone --quiet --no-hardlinks "$repository" "$root$clone"
    step "make run and the README's requests" && inside "cd $clone && tests/readme.sh"
    if [ "${1:-all}" = all ]; then
        step 'make test' && inside "cd $clone && make test"
    fi
    step 'passed'
}

step() { printf '\n== fresh root: %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

make_root() {
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
}

# The README's own line, so that a forgotten package shows here.
readme_prerequisites() {
    grep -m1 -o 'apt-get install -y git make.*' "$repository/README.md"
}

bring_in() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    bring_tree /usr/local/share/ca-certificates
    bring_tree /etc/apt/apt.conf.d
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
        cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
        : >"$root/etc/apt/sources.list"
    fi
    local file
    for file in .cargo/config.toml .npmrc .config/pip/pip.conf; do
        [ ! -f "$HOME/$file" ] || install -D -m 600 "$HOME/$file" "$root/root/$file"
    done
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
    mkdir -p "$root/opt/rust"
}

bring_tree() {
    [ -d "$1" ] || return 0
    mkdir -p "$root$1"
    cp -r "$1/." "$root$1/"
}

# Runs a command inside the root, in its own process and mount namespaces: when it ends, whatever it
# started ends too, and every mount is gone. The environment is empty but for registry settings.
inside() {
    local settings
    settings="$(env | grep -v '^PIP_FIND_LINKS=' | grep -E '^(CARGO_(HTTP|NET|REGISTRIES|REGISTRY|SOURCE)_|PIP_|NPM_CONFIG_|npm_config_|(http|https|no|HTTP|HTTPS|NO)_(proxy|PROXY)=)' || true)"
    mapfile -t settings <<<"$settings"
    ROOT="$root" TOOLCHAIN="$(rustc --print sysroot)" unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$ROOT/proc"
        mount -t sysfs -o ro sysfs "$ROOT/sys"
        mount --rbind /dev "$ROOT/dev"
        mount --bind "$TOOLCHAIN" "$ROOT/opt/rust"
        mount -o remount,ro,bind "$ROOT/opt/rust"
        exec chroot "$ROOT" env -i HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
            PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' inside "${settings[@]:-NOTHING=}" bash -euo pipefail -c "$1"
}

main "$@"
