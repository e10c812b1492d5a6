#!/bin/sh
# Renders the application icon's SVG sources into the sizes that the bundles ask for.
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
