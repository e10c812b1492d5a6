# shellcheck shell=bash disable=SC2016,SC2154 # `root` is set by the script that sources this; the inner script expands its own
# A minimal Debian 12 in a folder, and commands inside it. Sourced by the scripts that prove something on a machine that
# has nothing; they set `root`, the folder, and define `step`.
#
# Variables: MIRROR   Debian mirror for debootstrap (http://deb.debian.org/debian)

# Makes the root anew. What is brought in stands for the network step of a real machine, and only for that: the caller's
# settings for reaching Debian's archive (resolv.conf, extra certificates, apt's sources and options).
make_bare_root() {
    [ "$(id -u)" -eq 0 ] || { echo "${0##*/}: debootstrap and chroot need root" >&2; exit 1; }
    command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    debootstrap --variant=minbase bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 ||
        { tail "$root.log"; exit 1; }
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    bring_tree /usr/local/share/ca-certificates
    bring_tree /etc/apt/apt.conf.d
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
        cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
        : >"$root/etc/apt/sources.list"
    fi
}

bring_tree() {
    [ -d "$1" ] || return 0
    mkdir -p "$root$1"
    cp -r "$1/." "$root$1/"
}

# Runs a command inside the root, in process and mount namespaces of its own: when it ends, whatever it started ends
# too, and every mount is gone. Its environment is the few variables here and those that stand before the command.
#   in_bare_root [NAME=VALUE…] COMMAND [WORD…]
# With SHOWN=FROM:TO the caller's folder FROM is seen inside as TO, read-only.
in_bare_root() {
    ROOT="$root" SHOWN="${SHOWN:-}" unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$ROOT/proc"
        mount -t sysfs -o ro sysfs "$ROOT/sys"
        mount --rbind /dev "$ROOT/dev"
        if [ -n "$SHOWN" ]; then
            mkdir -p "$ROOT${SHOWN#*:}"
            mount --bind "${SHOWN%%:*}" "$ROOT${SHOWN#*:}"
            mount -o remount,ro,bind "$ROOT${SHOWN#*:}"
        fi
        exec chroot "$ROOT" env -i HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' in_bare_root "$@"
}
