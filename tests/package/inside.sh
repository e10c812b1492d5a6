#!/usr/bin/env bash
# The part of package.sh that runs as root inside the bare Debian: what stands before and after the person's part.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# What the machine of a person with a desktop has, and the tools of this test.
desktop=(ca-certificates curl dbus procps xauth xvfb)

main() {
    step 'a display and a user'
    apt-get update -qq
    install_packages "${desktop[@]}"
    useradd -m person
    dpkg-query -W -f '${Package}\n' | sort >/root/before

    step 'install'
    install_packages /root/sluice.deb
    sluice --version
    everything_is_there
    step 'start, as an ordinary user, and one request' && as_person start_and_ask sluice-desktop
    # After the first start, so that nothing the driver needs stands in for what the package forgot.
    install_packages webkit2gtk-driver
    step 'start at login: switched on in the window' && as_person start_at_login
    step 'start at login: as the desktop does it, and one request' && as_person start_and_ask_at_login

    step 'remove'
    # A library that a package of before recommends would be kept for it, although it was not there before.
    apt-get purge -y -qq --autoremove -o APT::AutoRemove::RecommendsImportant=false \
        -o APT::AutoRemove::SuggestsImportant=false sluice webkit2gtk-driver >/dev/null
    nothing_is_left
}

step() { printf '\n== package: %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"; }

fail() { echo "package: $1" >&2; exit 1; }

install_packages() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

as_person() { runuser -u person -- env HOME=/home/person bash "$here/person.sh" "$@"; }

everything_is_there() {
    local file
    for file in /usr/bin/sluice /usr/bin/sluice-desktop /usr/share/applications/Sluice.desktop \
        /usr/share/metainfo/dev.sluice.sluice.metainfo.xml \
        /usr/share/icons/hicolor/{32x32,128x128,256x256,512x512}/apps/sluice-desktop.png \
        /usr/share/doc/sluice/{copyright,LICENSE-MIT,LICENSE-APACHE}; do
        dpkg -L sluice | grep -qx "$file" || fail "$file is not in the package"
    done
}

nothing_is_left() {
    dpkg-query -W -f '${Package}\n' | sort | diff /root/before - || fail 'packages are left'
    local left
    left="$(find / -xdev -iname '*sluice*' -not -path '/home/*' -not -path '/root/*')"
    [ -z "$left" ] || fail "left behind: $left"
    # A person's own files stay with them; desktops pass over an entry whose program is gone.
    [ ! -e "$(sed -n 's/^TryExec=//p' /home/person/.config/autostart/sluice.desktop)" ] ||
        fail 'the start at login still finds its program'
}

main
