//! Writing images, documents, sound and film.

use super::Writing;
use super::contents::{Contents, Speaker, Standing};
use crate::Protocol;
use crate::ask::{Media, MediaKind, Setting, Source};
use crate::json::{Members, Text};
use crate::note::{Unsaid, Why};

impl<'a> Writing<'_, 'a> {
    pub(super) fn media(
        &mut self,
        (media, at): (&Media<'a>, usize),
        speaker: Speaker,
        standing: Standing,
        contents: &mut Contents,
    ) -> Result<(), Unsaid> {
        if media.detail.as_ref().is_some_and(|detail| !detail.is("auto")) {
            self.drop(Setting::Detail, Why::NoWord);
        }
        match &media.source {
            Source::Inline { .. } => contents.part(speaker, |part| write_inline(media, part)),
            Source::Text(text) => contents.text(speaker, &titled(media.name.as_ref(), text)),
            Source::File(uri)
                if self.ask.protocol == Protocol::Gemini || uri.plain().starts_with("gs://") =>
            {
                write_file(uri, None, speaker, contents);
            }
            Source::Url { url, mime }
                if self.ask.protocol == Protocol::Gemini || media.kind == MediaKind::Video =>
            {
                write_file(url, mime.as_ref(), speaker, contents);
            }
            Source::Url { .. } if standing.is_latest => {
                let path = self.ask.body.path_of(at);
                let message = "Gemini does not fetch addresses; send the content itself, in base64";
                return Err(Unsaid::new(path, message).code("unsupported_value"));
            }
            Source::File(_) | Source::Url { .. } => {
                let words = self.unsupported(kind_word(media.kind), at, standing)?;
                contents.text(speaker, &words);
            }
        }
        Ok(())
    }
}

/// Tells whether the bytes themselves are there.
pub(super) const fn is_inline(media: &Media<'_>) -> bool {
    matches!(media.source, Source::Inline { .. })
}

/// Writes the bytes themselves; nothing where they are elsewhere.
pub(super) fn write_inline(media: &Media<'_>, part: &mut Members<'_>) {
    if let Source::Inline { mime, base64 } = &media.source {
        part.object("inlineData", |blob| {
            blob.text("mimeType", mime);
            blob.text("data", base64);
        });
    }
}

fn write_file(uri: &Text<'_>, mime: Option<&Text<'_>>, speaker: Speaker, contents: &mut Contents) {
    contents.part(speaker, |part| {
        part.object("fileData", |file| {
            file.text_if("mimeType", mime);
            file.text("fileUri", uri);
        });
    });
}

/// Puts a document's title in front of its text.
fn titled<'t>(title: Option<&Text<'t>>, text: &Text<'t>) -> Text<'t> {
    match title {
        Some(title) => Text::joined([title, text], "\n\n"),
        None => text.clone(),
    }
}

const fn kind_word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}
