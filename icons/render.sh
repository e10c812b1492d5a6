#!/bin/sh
# Renders the SVG sources: the application icon in the sizes that the bundles ask for, the tray icons in two inks.
# Needs rsvg-convert (Debian: librsvg2-bin), icotool (icoutils) and png2icns (icnsutils).
# The results are committed, so that a build needs none of these.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Names the drawing for a size: at 16 pixels the strokes of the large one would blur.
drawing() { if [ "$1" -le 16 ]; then echo app-16.svg; else echo app.svg; fi; }

for size in 16 32 64 128 256 512; do
    rsvg-convert --width "$size" --height "$size" "$(drawing "$size")" --output "${size}x${size}.png"
done

# Windows stores the large image as a PNG; the small ones stay bitmaps for old readers.
icotool --create --output=app.ico 16x16.png 32x32.png 64x64.png --raw=128x128.png --raw=256x256.png

# macOS wants a margin: the tile fills 824 of 1024 pixels. The icns format knows no 64-pixel image.
set --
for size in 16 32 128 256 512 1024; do
    tile=$((size * 824 / 1024))
    margin=$(((size - tile) / 2))
    rsvg-convert --width "$tile" --height "$tile" --page-width "$size" --page-height "$size" \
        --left "$margin" --top "$margin" "$(drawing "$size")" --output "$scratch/$size.png"
    set -- "$@" "$scratch/$size.png"
done
png2icns app.icns "$@" >/dev/null

# A tray icon is one colour on a ground that is not ours. The system scales it down from this size.
for source in tray-*.svg; do
    for ground in light:#1b1d21 dark:#ffffff; do
        echo "svg { color: ${ground#*:} }" >"$scratch/ink.css"
        rsvg-convert --width 48 --height 48 --stylesheet "$scratch/ink.css" "$source" \
            --output "${source%.svg}.on-${ground%:*}.png"
    done
done
