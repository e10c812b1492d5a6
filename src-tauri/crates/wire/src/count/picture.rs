//! How large an image is, by its first bytes.

use base64::Engine as _;

use crate::ask::LENIENT;

/// The characters of base64 that hold the size in every format but JPEG.
const START_CHARS: usize = 64;
/// A JPEG may begin with a camera's notes, a colour profile and a small copy of itself.
const JPEG_CHARS: usize = 128 << 10;

/// Returns width and height in pixels; nothing where the data are of no known format, or end too soon.
pub(super) fn size(base64: &str) -> Option<(u64, u64)> {
    let start = decoded(base64, START_CHARS)?;
    if start.starts_with(b"\xff\xd8") {
        return jpeg(&decoded(base64, JPEG_CHARS)?);
    }
    png(&start).or_else(|| gif(&start)).or_else(|| webp(&start))
}

/// Decodes as much of the beginning as `chars` hold.
fn decoded(base64: &str, chars: usize) -> Option<Vec<u8>> {
    LENIENT.decode(base64.get(..chars.min(base64.len()))?).ok()
}

fn png(bytes: &[u8]) -> Option<(u64, u64)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    if header.get(4..8)? != b"IHDR" {
        return None;
    }
    Some((big_endian(header.get(8..12)?), big_endian(header.get(12..16)?)))
}

fn gif(bytes: &[u8]) -> Option<(u64, u64)> {
    if !bytes.starts_with(b"GIF8") {
        return None;
    }
    Some((little_endian(bytes.get(6..8)?), little_endian(bytes.get(8..10)?)))
}

/// A WebP is lossy (`VP8 `), lossless (`VP8L`), or says its size in a header of its own (`VP8X`).
fn webp(bytes: &[u8]) -> Option<(u64, u64)> {
    if !bytes.starts_with(b"RIFF") || bytes.get(8..12)? != b"WEBP" {
        return None;
    }
    let chunk = bytes.get(20..)?;
    match bytes.get(12..16)? {
        b"VP8 " if chunk.get(3..6)? == b"\x9d\x01\x2a" => {
            let edge = |bytes| little_endian(bytes) & 0x3fff;
            Some((edge(chunk.get(6..8)?), edge(chunk.get(8..10)?)))
        }
        b"VP8L" if chunk.first()? == &0x2f => {
            let bits = little_endian(chunk.get(1..5)?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((little_endian(chunk.get(4..7)?) + 1, little_endian(chunk.get(7..10)?) + 1)),
        _ => None,
    }
}

/// Walks over the segments to the one that begins a frame.
fn jpeg(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut at = 2;
    loop {
        let marker = match bytes.get(at..at + 2)? {
            // Any number of these may stand before a marker.
            [0xff, 0xff] => {
                at += 1;
                continue;
            }
            [0xff, marker] => *marker,
            _ => return None,
        };
        let segment = bytes.get(at + 2..)?;
        match marker {
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => at += 2,
            // Tables of other kinds share the numbers of the frames.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((big_endian(segment.get(5..7)?), big_endian(segment.get(3..5)?)));
            }
            _ => at += 2 + usize::try_from(big_endian(segment.get(..2)?)).ok()?,
        }
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn jpeg_of(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xff, 0xd8][..], &parts.concat()].concat()
    }

    #[test]
    fn the_size_stands_in_the_first_bytes_of_every_format() {
        let frame = |marker| [0xff, marker, 0, 17, 8, 0x04, 0x38, 0x07, 0x80, 3];
        let notes = [&[0xff, 0xe1, 0xea, 0x62][..], &vec![7; 60_000]].concat();
        let tables = [0xff, 0xc4, 0, 4, 1, 2];
        for (bytes, expected) in [
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x07\x80\0\0\x04\x38\x08".to_vec(), Some((1920, 1080))),
            (b"GIF89a\x80\x07\x38\x04\xf7".to_vec(), Some((1920, 1080))),
            (
                b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x47\x38\x44".to_vec(),
                Some((1920, 1080)),
            ),
            (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc7\x0d\x01".to_vec(), Some((1920, 1080))),
            (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\x10\0\0\0\x7f\x07\0\x37\x04\0".to_vec(), Some((1920, 1080))),
            (jpeg_of(&[&frame(0xc0)]), Some((1920, 1080))),
            (jpeg_of(&[&notes, &tables, &[0xff], &frame(0xc2)]), Some((1920, 1080))),
            (jpeg_of(&[&notes, &notes, &frame(0xc0)]), None),
            (jpeg_of(&[&[0xff, 0xda, 0, 2, 0]]), None),
            (b"\x89PNG\r\n\x1a\n\0\0".to_vec(), None),
            (b"BM".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(size(&STANDARD.encode(&bytes)), expected, "{:?}", &bytes[..bytes.len().min(32)]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(start in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let starts: [&[u8]; 4] = [b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8", b"\x89PNG\r\n\x1a\n\0\0\0\0IHDR", b""];
            let _ = size(&STANDARD.encode([starts[start], &bytes].concat()));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = size(&text);
        }
    }
}
