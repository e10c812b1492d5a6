#!/bin/sh
# Installs the system packages of the given purposes (see system-packages.txt) that are missing.
#   tests/system-packages.sh build test
# Where there is no apt-get it names them and stops, because it cannot know their names elsewhere.
set -eu
list="$(dirname "$0")/system-packages.txt"
policy=/usr/sbin/policy-rc.d

main() {
    missing=$(for purpose in "$@"; do missing_for "$purpose"; done | sort -u | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    echo "installing what is missing: $missing"
    if ! command -v apt-get >/dev/null; then
        echo "there is no apt-get here: install what these Debian packages hold, then run this again" >&2
        return 1
    fi
    # shellcheck disable=SC2086 # a list of package names, split on purpose
    install_packages $missing
}

# Prints the packages of one purpose whose proof fails.
missing_for() {
    grep -v '^#' "$list" | while read -r purpose package proof; do
        [ "$purpose" = "$1" ] || continue
        sh -c "$proof" >/dev/null 2>&1 </dev/null || echo "$package"
    done
}

install_packages() {
    forbid_services
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The tests start their own copies of nginx and the proxies; installing these must not leave
# services of theirs running on somebody's machine.
forbid_services() {
    [ ! -e "$policy" ] || return 0
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

main "$@"
