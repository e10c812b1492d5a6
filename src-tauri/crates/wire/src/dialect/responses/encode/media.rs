//! Images and documents in a message or in a tool's outcome.

use super::Writer;
use crate::Protocol;
use crate::ask::{Media, MediaKind, Source};
use crate::json::{Members, Text};
use crate::note::Unsaid;

/// What becomes of media here.
pub(super) enum Said<'m, 'a> {
    /// An address or data, as an image.
    Image(Text<'m>),
    /// Data, as a file.
    File(Text<'m>),
    /// An address, as a file.
    FileUrl(Text<'m>),
    /// Text.
    Text(&'m Text<'a>),
    /// Nothing: there is no word for it.
    Unsaid,
}

/// Finds the words for media. A file that was uploaded elsewhere is refused.
pub(super) fn said<'m, 'a>(
    writer: &Writer<'_, '_>,
    media: &'m Media<'a>,
    at: usize,
) -> Result<Said<'m, 'a>, Unsaid> {
    let is_image = match media.kind {
        MediaKind::Image => true,
        MediaKind::Document => false,
        MediaKind::Audio | MediaKind::Video => return Ok(Said::Unsaid),
    };
    Ok(match &media.source {
        Source::Inline { mime, base64 } if is_image => Said::Image(Media::data_url(mime, base64)),
        Source::Inline { mime, base64 } => Said::File(Media::data_url(mime, base64)),
        Source::Url { url, .. } if is_image => Said::Image(url.borrowed()),
        Source::Url { url, .. } => Said::FileUrl(url.borrowed()),
        Source::Text(text) => Said::Text(text),
        Source::File(_) => {
            return Err(Unsaid::no_word(writer.ask.body.path_of(at), Protocol::Responses));
        }
    })
}

/// Writes the part that holds media.
pub(super) fn write(media: &Media<'_>, said: &Said<'_, '_>, part: &mut Members<'_>) {
    match said {
        Said::Image(url) => {
            part.str("type", "input_image");
            part.text("image_url", url);
            part.text("detail", media.detail.as_ref().unwrap_or(&Text::of("auto")));
        }
        Said::File(data) => {
            part.str("type", "input_file");
            part.text("filename", media.name.as_ref().unwrap_or(&Text::of("document.pdf")));
            part.text("file_data", data);
        }
        Said::FileUrl(url) => {
            part.str("type", "input_file");
            part.text("file_url", url);
        }
        Said::Text(text) => {
            part.str("type", "input_text");
            part.text("text", &titled(media, text));
        }
        Said::Unsaid => {
            part.str("type", "input_text");
            part.str("text", placeholder(media.kind));
        }
    }
}

/// Puts a document's title in front of its text.
fn titled<'t>(media: &Media<'_>, text: &'t Text<'_>) -> Text<'t> {
    let Some(name) = &media.name else { return text.borrowed() };
    let mut titled = name.clone().into_owned();
    titled.push_plain("\n\n");
    titled.push(text);
    titled
}

/// What stands for media further back in the conversation that there is no word for.
pub(super) const fn placeholder(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "[unsupported content: image]",
        MediaKind::Document => "[unsupported content: document]",
        MediaKind::Audio => "[unsupported content: audio]",
        MediaKind::Video => "[unsupported content: video]",
    }
}
