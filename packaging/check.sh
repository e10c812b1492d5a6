#!/bin/sh
# Holds two packages against each other and their descriptions against their specifications:
#   packaging/check.sh FILE.deb FILE.rpm
set -eu
deb=$1 rpm=$2
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT

dpkg-deb --extract "$deb" "$unpacked/root"
# A file called copyright is Debian's own way to name the licence; an .rpm has a field for it.
(cd "$unpacked/root" && find . -type f ! -name copyright | cut -c 2- | sort) >"$unpacked/deb"
rpm --query --package --queryformat '[%{FILEFLAGS:fflags} %{FILEMODES:perms} %{FILENAMES}\n]' "$rpm" |
    sed -n 's/^[a-z]* -[rwx-]* //p' | sort >"$unpacked/rpm"
diff "$unpacked/deb" "$unpacked/rpm" || { echo 'the packages carry different files' >&2; exit 1; }

desktop-file-validate "$unpacked"/root/usr/share/applications/*.desktop
appstreamcli validate --no-net "$unpacked"/root/usr/share/metainfo/*.metainfo.xml
