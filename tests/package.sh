#!/usr/bin/env bash
# Proves the .deb on a machine that has nothing: a minimal Debian 12 made with debootstrap, where the package is
# installed, started by an ordinary user, asked once, and removed without a trace.
#
#   sudo tests/package.sh [FILE.deb]          the one that `make package` made, unless another is named
#
# Variables: MIRROR   Debian mirror for debootstrap (http://deb.debian.org/debian)
#            FRESH    where the root is made (target/package-root); removed before and kept after
set -euo pipefail

repository="$(cd "$(dirname "$0")/.." && pwd)"
mirror="${MIRROR:-http://deb.debian.org/debian}"
root="${FRESH:-$repository/target/package-root}"
# What the machine of a person with a desktop has, and the tools of this test.
desktop='ca-certificates curl dbus procps xauth xvfb'

main() {
    [ "$(id -u)" -eq 0 ] || { echo 'package: debootstrap and chroot need root' >&2; exit 1; }
    command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
    local package
    package="$(realpath "${1:-$(find "$repository/target/release/bundle/deb" -name '*.deb' | sort | tail -n 1)}")"
    step "a minimal Debian 12 in $root" && make_root
    step 'registry settings, a display and a user' && bring_in
    cp "$package" "$root/root/sluice.deb"
    cp "$0" "$root/root/inside.sh"
    inside bash /root/inside.sh --inside
    step 'passed'
}

step() { printf '\n== package: %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

make_root() {
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
}

bring_in() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    local folder
    for folder in /usr/local/share/ca-certificates /etc/apt/apt.conf.d; do
        [ ! -d "$folder" ] || { mkdir -p "$root$folder" && cp -r "$folder/." "$root$folder/"; }
    done
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
        cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
        : >"$root/etc/apt/sources.list"
    fi
    inside bash -euc "apt-get update -qq && apt-get install -y -qq --no-install-recommends $desktop >/dev/null && useradd -m person"
}

# Runs a command inside the root, in process, mount and network namespaces of its own where it needs no network.
inside() {
    ROOT="$root" unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$ROOT/proc"
        mount -t sysfs -o ro sysfs "$ROOT/sys"
        mount --rbind /dev "$ROOT/dev"
        exec chroot "$ROOT" env -i HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' inside "$@"
}

# ---- inside the root --------------------------------------------------------------------------------------------

port=7584

prove() {
    dpkg-query -W -f '${Package}\n' | sort >/root/before
    step 'install' && apt-get install -y -qq --no-install-recommends /root/sluice.deb >/dev/null
    sluice --version
    dpkg -L sluice | grep -E '/(applications/.*\.desktop|icons/.*\.png|doc/sluice/.*)$'
    dpkg -L sluice | grep -q '/usr/share/doc/sluice/LICENSE-MIT' || fail 'the licence is missing'
    step 'start, as an ordinary user, and one request' && as_person
    step 'start as at login' && as_person --hidden
    step 'remove' && apt-get purge -y -qq --autoremove sluice >/dev/null
    nothing_is_left
}

fail() { echo "package: $1" >&2; exit 1; }

as_person() { runuser -u person -- env HOME=/home/person bash /tmp/inside.sh --as-person "$@"; }

# With a provider that is simulated on this machine: there is no other to be asked.
start_and_ask() {
    cd "$HOME"
    export SLUICE_KEY=sk-sluice-of-a-person SLUICE_HOME="$HOME/sluice"
    sluice sim --port 7701 >sim.log 2>&1 &
    local simulator=$!
    mkdir -p "$SLUICE_HOME"
    cat >"$SLUICE_HOME/config.toml" <<-CONFIG
	version = 1
	[[channel]]
	name = "Simulated"
	base_url = "http://127.0.0.1:7701/v1"
	protocols = ["chat"]
	key = { env = "SLUICE_KEY" }
	model = "m"
	CONFIG
    # The words that follow the display belong to the application.
    dbus-run-session -- xvfb-run -a sluice-desktop "$@" >app.log 2>&1 &
    local session=$! application
    wait_for 'the application to listen' curl -sf "http://127.0.0.1:$port/health" -o /dev/null
    curl -sf "http://127.0.0.1:$port/v1/chat/completions" -H "authorization: Bearer $SLUICE_KEY" \
        -H 'content-type: application/json' -d '{"model":"m","messages":[{"role":"user","content":"hello"}]}'
    echo
    application="$(pgrep -u person -x sluice-desktop)"
    kill -TERM "$application"
    wait "$session" || fail "the application ended with $?: $(cat app.log)"
    kill "$simulator"
    ! curl -s "http://127.0.0.1:$port/health" -o /dev/null || fail 'somebody still listens'
}

wait_for() {
    local what="$1" times=300
    shift
    until "$@"; do
        times=$((times - 1))
        [ "$times" -gt 0 ] || { cat "$HOME"/*.log >&2; fail "waited in vain for $what"; }
        sleep 0.2
    done
}

nothing_is_left() {
    dpkg-query -W -f '${Package}\n' | sort | diff /root/before - || fail 'packages are left'
    local left
    left="$(find / -xdev -iname '*sluice*' -not -path '/home/*' -not -path '/root/*' -not -path '/proc/*')"
    [ -z "$left" ] || fail "left behind: $left"
}

case "${1:-}" in
    --inside) install -m 755 "$0" /tmp/inside.sh && prove ;;
    --as-person) shift && start_and_ask "$@" ;;
    *) main "$@" ;;
esac
