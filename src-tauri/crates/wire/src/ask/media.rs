//! Images, documents, sound and film.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::json::Text;

/// An image, a document, sound or film.
#[derive(Debug, Clone)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where it comes from.
    pub source: Source<'a>,
    /// A file name or title.
    pub name: Option<Text<'a>>,
    /// How closely the model should look, in `OpenAI`'s words: `low`, `high`, `auto` or `original`.
    pub detail: Option<Text<'a>>,
}

/// The kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A PDF or a text file.
    Document,
    /// Sound.
    Audio,
    /// Film.
    Video,
}

/// Where media come from. Nothing is ever fetched on a client's behalf.
#[derive(Debug, Clone)]
pub enum Source<'a> {
    /// The bytes themselves, in base64 of the standard alphabet with padding; `mime` says what they are.
    Inline {
        /// The media type, such as `image/png`.
        mime: Text<'a>,
        /// The bytes.
        base64: Text<'a>,
    },
    /// An address that the provider may fetch.
    Url {
        /// The media type, where it is said.
        mime: Option<Text<'a>>,
        /// The address.
        url: Text<'a>,
    },
    /// A file that was uploaded to one provider's account before.
    File(Text<'a>),
    /// A plain text document.
    Text(Text<'a>),
}

/// Reads base64 of the standard alphabet, however its end is padded and whatever its last bits are.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The first bytes by which a kind of data is known, as (offset, bytes), and its media type.
const KNOWN_STARTS: [(usize, &[u8], &str); 6] = [
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
];

/// The number of base64 characters that hold the first bytes of every known kind.
const START_CHARS: usize = 16;

impl<'a> Media<'a> {
    /// Reads `data:[mime][;parameter=value]*[;base64],payload`; `None` where this is no such address.
    ///
    /// Without `;base64` the payload is percent-encoded. The media type is corrected by the first bytes of the data where
    /// those are of a known kind, and becomes `text/plain` where there is none.
    pub fn of_data_url(url: &Text<'a>) -> Option<Self> {
        const SCHEME: &str = "data:";
        let written = url.as_written();
        if !written.get(..SCHEME.len())?.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let comma = memchr::memchr(b',', written.as_bytes())?;
        let header = url.slice(SCHEME.len()..comma);
        let payload = url.slice(comma + 1..written.len());
        let header = header.plain();
        let mut words = header.split(';').map(str::trim);
        let mime = words.next().filter(|mime| !mime.is_empty()).unwrap_or("text/plain").to_ascii_lowercase();
        if words.any(|word| word.eq_ignore_ascii_case("base64")) {
            return Some(Self::inline(MediaKind::of(&mime), Text::from(mime), &payload));
        }
        Some(Self::of_bytes(mime, percent_decoded(&payload.plain())))
    }

    /// Makes media of base64 in any alphabet, with or without padding and line ends.
    ///
    /// The media type and the kind are corrected by the first bytes where those are of a known kind: Anthropic refuses data
    /// that are not what they are said to be.
    pub fn inline(kind: MediaKind, mime: Text<'a>, base64: &Text<'a>) -> Self {
        let base64 = normalized(base64);
        let (kind, mime) = match sniffed(base64.as_written()) {
            Some(known) => (MediaKind::of(known), if mime.is(known) { mime } else { Text::of(known) }),
            None => (kind, mime),
        };
        Self { kind, source: Source::Inline { mime, base64 }, name: None, detail: None }
    }

    /// Returns the address that holds inline data, as Chat and Responses want it.
    pub fn data_url(mime: &Text<'_>, base64: &Text<'_>) -> Text<'static> {
        Text::from_written(format!("data:{};base64,{}", mime.as_written(), base64.as_written()))
    }

    /// Returns the words of a document that is text, whether it came as text or as base64 of a text type.
    pub fn words(&self) -> Option<Text<'a>> {
        match &self.source {
            Source::Text(text) => Some(text.clone()),
            Source::Inline { mime, base64 } if is_text(&mime.plain()) => {
                let bytes = LENIENT.decode(base64.plain().as_bytes()).ok()?;
                String::from_utf8(bytes).ok().map(Text::from)
            }
            Source::Inline { .. } | Source::Url { .. } | Source::File(_) => None,
        }
    }

    /// Makes media of the bytes themselves.
    fn of_bytes(mime: String, bytes: Vec<u8>) -> Self {
        let kind = MediaKind::of(&mime);
        let bytes = match String::from_utf8(bytes) {
            Ok(text) if is_text(&mime) => {
                return Self { kind, source: Source::Text(Text::from(text)), name: None, detail: None };
            }
            Ok(text) => text.into_bytes(),
            Err(no_text) => no_text.into_bytes(),
        };
        Self::inline(kind, Text::from(mime), &Text::from(STANDARD.encode(bytes)))
    }
}

impl MediaKind {
    /// Finds what data of a media type are; what is neither picture, sound nor film is a document.
    pub fn of(mime: &str) -> Self {
        match mime.split('/').next() {
            Some("image") => Self::Image,
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            Some(_) | None => Self::Document,
        }
    }
}

/// Tells whether data of this type are words that anybody can read.
fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || mime == "application/json"
}

/// Returns base64 in the standard alphabet, padded, on one line.
fn normalized<'a>(base64: &Text<'a>) -> Text<'a> {
    if is_normal(base64.as_written().as_bytes()) {
        return base64.clone();
    }
    let plain = base64.plain();
    let plain = if plain.contains('%') {
        String::from_utf8_lossy(&percent_decoded(&plain)).into_owned()
    } else {
        plain.into_owned()
    };
    let mut normal: String = plain
        .chars()
        .filter(|char| !char.is_ascii_whitespace() && *char != '=')
        .map(|char| match char {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    while !normal.len().is_multiple_of(4) {
        normal.push('=');
    }
    Text::from(normal)
}

/// Tells whether base64 is in the standard alphabet and padded already.
fn is_normal(base64: &[u8]) -> bool {
    let padding = base64.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    base64.len().is_multiple_of(4) && base64[..base64.len() - padding].iter().all(is_digit)
}

/// Finds the media type by the first bytes.
fn sniffed(base64: &str) -> Option<&'static str> {
    let start = base64.get(..START_CHARS.min(base64.len()))?;
    let bytes = LENIENT.decode(start).ok()?;
    let begins = |&&(at, known, _): &&(usize, &[u8], &str)| {
        bytes.get(at..).is_some_and(|bytes| bytes.starts_with(known))
    };
    KNOWN_STARTS.iter().find(begins).map(|(_, _, mime)| *mime)
}

/// Decodes `%41`; a percent sign that does not stand before two hexadecimal digits stands for itself.
fn percent_decoded(encoded: &str) -> Vec<u8> {
    let bytes = encoded.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = encoded.get(at + 1..at + 3).filter(|_| byte == b'%');
        let pair = pair.filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(escaped) => {
                decoded.push(escaped);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUg==";

    /// Writes media as `kind source`.
    fn shown(media: &Media<'_>) -> String {
        let source = match &media.source {
            Source::Inline { mime, base64 } => format!("{} {}", mime.plain(), base64.plain()),
            Source::Text(text) => format!("text {}", text.plain()),
            Source::Url { url, .. } => format!("url {}", url.plain()),
            Source::File(id) => format!("file {}", id.plain()),
        };
        format!("{:?} {source}", media.kind)
    }

    #[test]
    fn a_data_url_is_read_whatever_its_parameters() {
        let png = |header: &str| format!("data:{header},{PNG}");
        for (url, expected) in [
            (png("image/png;base64"), format!("Image image/png {PNG}")),
            // P113
            (png("image/jpeg;charset=utf-8;base64"), format!("Image image/png {PNG}")),
            (png("image/png;name=a.png;base64"), format!("Image image/png {PNG}")),
            (png("IMAGE/PNG; BASE64"), format!("Image image/png {PNG}")),
            (png(";base64"), format!("Image image/png {PNG}")),
            ("DATA:audio/wav;base64,AAAA".to_owned(), "Audio audio/wav AAAA".to_owned()),
            (
                "data:application/octet-stream;base64,JVBERi0xLjQ=".to_owned(),
                "Document application/pdf JVBERi0xLjQ=".to_owned(),
            ),
            ("data:,a%20b%".to_owned(), "Document text a b%".to_owned()),
            ("data:text/plain;charset=utf-8,%C3%A9,%zz".to_owned(), "Document text \u{e9},%zz".to_owned()),
            ("data:image/svg+xml,%3Csvg/%3E".to_owned(), "Image image/svg+xml PHN2Zy8+".to_owned()),
            ("data:text/plain,%ff".to_owned(), "Document text/plain /w==".to_owned()),
            ("data:video/mp4;base64,".to_owned(), "Video video/mp4 ".to_owned()),
        ] {
            assert_eq!(shown(&Media::of_data_url(&Text::of(&url)).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn an_escaped_data_url_is_read_too() {
        let url = Text::written(r"data:image\/png;base64,iVBORw0KGgoAAAANSUhEUg\u003d\u003d");
        assert_eq!(shown(&Media::of_data_url(&url).unwrap()), format!("Image image/png {PNG}"));
    }

    #[test]
    fn another_address_is_no_data_url() {
        for url in ["", "data", "data:", "https://a/b,c", "data:image/png;base64", "d\u{e9}ta:,", "gs://a"] {
            assert!(Media::of_data_url(&Text::of(url)).is_none(), "{url}");
        }
    }

    #[test]
    fn base64_of_any_kind_becomes_standard_and_padded() {
        for (given, expected) in [
            // P161
            ("-__-", "+//+"),
            ("_w", "/w=="),
            ("/w==", "/w=="),
            ("/w=", "/w=="),
            ("AAAA\r\nAAA\n", "AAAAAAA="),
            ("%2Bw%3D%3D", "+w=="),
            ("", ""),
        ] {
            let media = Media::inline(MediaKind::Image, Text::of("image/x"), &Text::owned(given));
            assert_eq!(shown(&media), format!("Image image/x {expected}"), "{given:?}");
        }
    }

    #[test]
    fn the_first_bytes_tell_what_data_are() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], "image/png"),
            (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
            (b"\xff\xd8\xff", "image/jpeg"),
            (b"GIF89a rest", "image/gif"),
            (b"GIF87a", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "image/bmp"),
            (b"", "image/bmp"),
        ] {
            let base64 = STANDARD.encode(bytes);
            let media = Media::inline(MediaKind::Image, Text::of("image/bmp"), &Text::of(&base64));
            let kind = MediaKind::of(expected);
            assert_eq!(shown(&media), format!("{kind:?} {expected} {base64}"));
        }
    }

    #[test]
    fn a_text_document_has_words_however_it_came() {
        for (url, expected) in [
            ("data:text/csv;base64,YSxi", Some("a,b")),
            ("data:text/csv;base64,YSxi/w", None),
            ("data:,a", Some("a")),
            ("data:image/bmp;base64,YSxi", None),
        ] {
            let words = Media::of_data_url(&Text::of(url)).unwrap().words();
            assert_eq!(words, expected.map(Text::of), "{url}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_out_of_a_data_url_as_they_went_in(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let base64 = Text::from(STANDARD.encode(&bytes));
            let url = Media::data_url(&Text::of("font/ttf"), &base64);
            prop_assert_eq!(&*url.plain(), format!("data:font/ttf;base64,{}", base64.plain()));
            let media = Media::of_data_url(&url).unwrap();
            let Source::Inline { base64: back, .. } = media.source else { panic!("{url:?}") };
            prop_assert_eq!(back, base64);
        }

        #[test]
        fn any_text_is_judged_without_a_panic(text in any::<String>(), inside in "[a-z0-9\\u{e9};,%=_:-]{0,40}") {
            let _ = Media::of_data_url(&Text::of(&text));
            let _ = Media::of_data_url(&Text::owned(&format!("data:{inside}")));
            let _ = Media::inline(MediaKind::Image, Text::of(""), &Text::owned(&inside)).words();
        }
    }
}
