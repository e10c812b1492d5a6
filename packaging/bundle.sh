#!/bin/sh
# Makes the .deb and the .rpm in target/release/bundle: the application, the command line `sluice`, the desktop entry,
# the icons and the licences. The window must be built (packaging/window.sh).
set -eu
cd "$(dirname "$0")/.."
cli=@tauri-apps/cli@2.12.5
stage=target/release/stage

cargo build --release --locked --package sluice --package sluice-desktop
# The packages carry programs without the tables that only a debugger reads.
mkdir -p "$stage"
strip --strip-unneeded -o "$stage/sluice" target/release/sluice
strip --strip-unneeded -o "$stage/sluice-desktop" target/release/sluice-desktop
mv "$stage/sluice-desktop" target/release/sluice-desktop
rm -rf target/release/bundle
(cd src-tauri && npx --yes --package "$cli" -- tauri bundle --ci --bundles deb,rpm)
packaging/check.sh target/release/bundle/deb/*.deb target/release/bundle/rpm/*.rpm
ls -l target/release/bundle/deb/*.deb target/release/bundle/rpm/*.rpm
