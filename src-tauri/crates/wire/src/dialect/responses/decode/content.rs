//! The parts of a message or of a tool's outcome.

use super::{missing, text, wrong};
use crate::ask::{Ask, CacheMark, Content, Foreign, Media, MediaKind, Part, Source};
use crate::json::{Text, Value};
use crate::note::Unsaid;

/// Reads content: a string, or an array of parts. Empty text is no part.
pub(super) fn read<'a>(ask: &Ask<'a>, content: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
    if let Some(text) = content.text() {
        return Ok(said(text, content.offset()).into_iter().collect());
    }
    if !content.is_array() {
        return Err(wrong(ask, content, "must be a string or an array"));
    }
    let mut parts = Vec::new();
    for part in content.elements() {
        parts.extend(self::part(ask, part)?);
    }
    Ok(parts)
}

/// Tells whether a part is of a type that nobody knows.
pub(super) fn is_unknown(part: &Part<'_>) -> bool {
    matches!(&part.content, Content::Foreign(foreign) if foreign.words.is_some())
}

fn part<'a>(ask: &Ask<'a>, part: Value<'a>) -> Result<Option<Part<'a>>, Unsaid> {
    let kind = super::needed(ask, part, "type")?;
    let at = part.offset();
    let content = match &*kind.plain() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            return Ok(said(super::needed(ask, part, "text")?, at).map(|said| marked(said, part)));
        }
        "refusal" => Content::Refusal(super::needed(ask, part, "refusal")?),
        "input_image" => Content::Media(image(ask, part)?),
        "input_file" => Content::Media(file(ask, part)?),
        "input_audio" => Content::Media(audio(ask, part)?),
        _ => Content::Foreign(unknown(kind, part)),
    };
    Ok(Some(marked(Part::new(content, at), part)))
}

fn said(text: Text<'_>, at: usize) -> Option<Part<'_>> {
    (!text.is_empty()).then(|| Part::text(text, at))
}

/// Reads whether the prompt up to here is worth keeping: for half an hour, or for twelve.
fn marked<'a>(part: Part<'a>, value: Value<'a>) -> Part<'a> {
    let mark = |breakpoint: Value<'_>| match breakpoint.get("ttl") {
        Some(ttl) if ttl.is("12h") => CacheMark::Long,
        Some(_) | None => CacheMark::Usual,
    };
    Part { cache: value.get("prompt_cache_breakpoint").map(mark), ..part }
}

fn unknown<'a>(kind: Text<'a>, value: Value<'a>) -> Foreign<'a> {
    let mut words = Text::of("[unsupported content: ");
    words.push(&kind);
    words.push_plain("]");
    Foreign { kind, value, words: Some(words) }
}

fn image<'a>(ask: &Ask<'a>, part: Value<'a>) -> Result<Media<'a>, Unsaid> {
    refuse_file_id(ask, part)?;
    let url = part.get("image_url").ok_or_else(|| missing(ask, part, "image_url"))?;
    // Some clients keep Chat's `{"url": …}`.
    let media = of_url(ask, MediaKind::Image, url.get("url").unwrap_or(url))?;
    Ok(Media { kind: MediaKind::Image, detail: part.get("detail").and_then(Value::text), ..media })
}

fn file<'a>(ask: &Ask<'a>, part: Value<'a>) -> Result<Media<'a>, Unsaid> {
    refuse_file_id(ask, part)?;
    let name = part.get("filename").and_then(Value::text);
    let media = match (part.get("file_data"), part.get("file_url")) {
        (Some(data), _) => {
            let data = text(ask, data)?;
            Media::of_data_url(&data)
                .unwrap_or_else(|| Media::inline(MediaKind::Document, Text::of("application/pdf"), &data))
        }
        (None, Some(url)) => of_url(ask, MediaKind::Document, url)?,
        (None, None) => return Err(missing(ask, part, "file_data")),
    };
    Ok(Media { name, ..media })
}

fn audio<'a>(ask: &Ask<'a>, part: Value<'a>) -> Result<Media<'a>, Unsaid> {
    let audio = part.get("input_audio").unwrap_or(part);
    let data = super::needed(ask, audio, "data")?;
    let mime = match audio.get("format") {
        Some(format) if format.is("mp3") => "audio/mp3",
        Some(_) | None => "audio/wav",
    };
    Ok(Media::inline(MediaKind::Audio, Text::of(mime), &data))
}

/// Reads an address, which may hold the data itself.
fn of_url<'a>(ask: &Ask<'a>, kind: MediaKind, value: Value<'a>) -> Result<Media<'a>, Unsaid> {
    let url = text(ask, value)?;
    match Media::of_data_url(&url) {
        Some(media) => Ok(media),
        None if url.as_written().starts_with("data:") => {
            Err(wrong(ask, value, "must be an address, or a data URL that holds data"))
        }
        None => Ok(Media { kind, source: Source::Url { mime: None, url }, name: None, detail: None }),
    }
}

/// Refuses a file that was uploaded to one account: no other provider can read it.
fn refuse_file_id(ask: &Ask<'_>, part: Value<'_>) -> Result<(), Unsaid> {
    match part.get("file_id") {
        Some(id) => Err(Unsaid::new(
            ask.body.path_of(id.offset()),
            "names a file that only the account it was uploaded to can read; send the file itself",
        )
        .code("unsupported_value")),
        None => Ok(()),
    }
}
