//! What images, documents, sound and film cost.

use base64::Engine as _;
use memchr::memmem;

use super::family::Family;
use super::picture;
use super::scan::Scan;
use crate::ask::{LENIENT, Media, MediaKind, Source};

/// The pages of a document whose bytes are not here.
const PAGES_UNSEEN: u64 = 5;
/// About how many bytes of a PDF make a page, where its pages cannot be told.
const BYTES_PER_PAGE: u64 = 50_000;
/// Of a longer PDF only the beginning is searched for pages; a multiple of four, for it is base64.
const PDF_CHARS: usize = 8 << 20;
/// Gemini's 32 tokens a second of sound at 16 kB, and its 263 of film at 130 kB, are about this many bytes a token.
const BYTES_PER_TOKEN: u64 = 500;
/// Sound or film whose bytes are not here: a minute of the one, some seconds of the other.
const UNHEARD: u64 = 2000;

/// Returns the tokens of media; their words go to the scan.
pub(super) fn tokens(media: &Media<'_>, family: &Family, scan: &mut Scan) -> u64 {
    if let Some(name) = &media.name {
        scan.written(name);
    }
    if let Some(words) = media.words() {
        scan.written(&words);
        return 0;
    }
    match (media.kind, &media.source) {
        (MediaKind::Image, source) => {
            let low = media.detail.as_ref().is_some_and(|detail| detail.is("low"));
            family.images.tokens(inline(source).and_then(picture::size), low)
        }
        (MediaKind::Document, source) => family.page * inline(source).map_or(PAGES_UNSEEN, pages),
        (MediaKind::Audio | MediaKind::Video, source) => {
            inline(source).map_or(UNHEARD, |base64| bytes_of(base64).div_ceil(BYTES_PER_TOKEN))
        }
    }
}

fn inline<'m>(source: &'m Source<'_>) -> Option<&'m str> {
    match source {
        Source::Inline { mime: _, base64 } => Some(base64.as_written()),
        Source::Url { .. } | Source::File(_) | Source::Text(_) => None,
    }
}

/// Returns how many pages a PDF has. Newer ones keep their pages in compressed streams; then its length must do.
fn pages(base64: &str) -> u64 {
    let start = base64.get(..PDF_CHARS.min(base64.len())).and_then(|start| LENIENT.decode(start).ok());
    let named = start.map_or(0, |start| named_pages(&start));
    let by_length = bytes_of(base64).div_ceil(BYTES_PER_PAGE);
    if named > 0 && base64.len() <= PDF_CHARS { named } else { by_length.max(named).max(1) }
}

/// Counts the objects of `/Type /Page`, which `/Pages` is not.
fn named_pages(pdf: &[u8]) -> u64 {
    let is_page = |at: &usize| {
        let behind = pdf[at + b"/Type".len()..].trim_ascii_start();
        behind.strip_prefix(b"/Page").is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphanumeric))
    };
    memmem::find_iter(pdf, b"/Type").filter(is_page).count() as u64
}

fn bytes_of(base64: &str) -> u64 {
    base64.len() as u64 / 4 * 3
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::json::Text;

    fn cost(kind: MediaKind, mime: &'static str, bytes: &[u8]) -> u64 {
        let base64 = Text::from(STANDARD.encode(bytes));
        let media = Media::inline(kind, Text::of(mime), &base64);
        tokens(&media, Family::of("claude-sonnet-4-5"), &mut Scan::default())
    }

    #[test]
    fn the_pages_of_a_pdf_are_counted_or_told_by_its_length() {
        let pdf =
            |rest: &str| cost(MediaKind::Document, "application/pdf", format!("%PDF-1.7\n{rest}").as_bytes());
        let page = pdf("<</Type /Pages>><</Type/Page/Parent 1 0 R>>");
        assert_eq!(pdf("<</Type /Page>><< /Type\n/Page >>"), 2 * page);
        assert_eq!(pdf(&"x".repeat(120_000)), 3 * page);
        assert_eq!(pdf(""), page);
    }

    #[test]
    fn media_that_are_not_here_cost_what_they_may_cost() {
        let family = Family::of("claude-sonnet-4-5");
        for (kind, least) in [
            (MediaKind::Image, 1568),
            (MediaKind::Document, 5000),
            (MediaKind::Audio, 1000),
            (MediaKind::Video, 1000),
        ] {
            let url = Source::Url { mime: None, url: Text::of("https://example.com/a") };
            let media = Media { kind, source: url, name: None, detail: None };
            assert!(tokens(&media, family, &mut Scan::default()) >= least, "{kind:?}");
        }
        assert_eq!(cost(MediaKind::Audio, "audio/mp3", &[0; 15_000]), 30);
    }

    #[test]
    fn a_document_of_text_costs_its_words() {
        let mut scan = Scan::default();
        let media = Media::inline(MediaKind::Document, Text::of("text/plain"), &Text::of("YSBiIGM="));
        assert_eq!(tokens(&media, Family::of("m"), &mut scan), 0);
        let mut words = Scan::default();
        words.plain("a b c");
        assert_eq!(scan.thousandths(), words.thousandths());
    }
}
