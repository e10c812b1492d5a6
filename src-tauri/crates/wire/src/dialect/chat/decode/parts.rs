//! Reads the parts of a message: text, media, and what vendors put beside them.

use super::At;
use crate::ask::{CacheMark, Content, Foreign, Media, MediaKind, Part, Source, Thinking};
use crate::json::{Text, Value};
use crate::note::Unsaid;

/// Whether something that cannot be said may be replaced by words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The client waits for an answer to this very message.
    Latest,
    /// It is history.
    Earlier,
}

/// Reads `content`: a string or parts; nothing where it is missing, and no empty text.
///
/// `strictness` is asked only where a part cannot be said.
pub(super) fn content<'a>(at: At<'a>, strictness: &dyn Fn() -> Strictness) -> Result<Vec<Part<'a>>, Unsaid> {
    let Some(content) = at.value.get("content") else { return Ok(Vec::new()) };
    let at = At { value: content, ..at };
    if let Some(text) = content.text() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text, content.offset())] });
    }
    if !content.is_array() {
        return Err(at.wrong("must be a string or an array"));
    }
    let mut parts = Vec::new();
    for value in content.elements() {
        if let Some(said) = part(At { value, ..at }, strictness)? {
            parts.push(Part { content: said, cache: cache_mark(value), at: value.offset() });
        }
    }
    Ok(parts)
}

/// Reads where a prompt is worth caching, in `OpenAI`'s word or in Anthropic's, which many vendors take.
pub(super) fn cache_mark(value: Value<'_>) -> Option<CacheMark> {
    let mark = value.either(["prompt_cache_breakpoint", "cache_control"])?;
    let is_long = mark.get("ttl").is_some_and(|ttl| ttl.is("12h") || ttl.is("1h"));
    Some(if is_long { CacheMark::Long } else { CacheMark::Usual })
}

fn part<'a>(at: At<'a>, strictness: &dyn Fn() -> Strictness) -> Result<Option<Content<'a>>, Unsaid> {
    let value = at.value;
    if let Some(text) = value.text() {
        return Ok(filled(text).map(Content::Text));
    }
    at.object()?;
    let kind = value.get("type").and_then(Value::text).unwrap_or_else(|| Text::of("text"));
    Ok(match &*kind.plain() {
        "text" | "input_text" | "output_text" => filled(at.member("text")?.text()?).map(Content::Text),
        "refusal" => filled(at.member("refusal")?.text()?).map(Content::Refusal),
        "thinking" => thinking(value),
        "image_url" => Some(Content::Media(of_address(at.member("image_url")?, MediaKind::Image)?)),
        "video_url" => Some(Content::Media(of_address(at.member("video_url")?, MediaKind::Video)?)),
        "input_audio" => Some(Content::Media(audio(at.member("input_audio")?)?)),
        "file" => Some(Content::Media(file(at)?)),
        _ if strictness() == Strictness::Latest => {
            return Err(at.only_chat("such content cannot be said to a channel that speaks another protocol"));
        }
        unknown => {
            let words = Some(Text::from(format!("[unsupported content: {unknown}]")));
            Some(Content::Foreign(Foreign { kind: kind.clone(), value, words }))
        }
    })
}

fn filled(text: Text<'_>) -> Option<Text<'_>> {
    (!text.is_empty()).then_some(text)
}

/// Reads Mistral's `{"type":"thinking","thinking":[{"type":"text","text":…}]}`.
fn thinking(value: Value<'_>) -> Option<Content<'_>> {
    let thought = value.get("thinking")?;
    let texts: Vec<_> = thought.elements().filter_map(|part| part.get("text")?.text()).collect();
    let text = thought.text().unwrap_or_else(|| Text::joined(&texts, ""));
    filled(text).map(|text| Content::Thinking(Thinking { text, state: None }))
}

/// Reads `{"url":…,"detail":…}`, or the bare address that some clients send.
fn of_address(at: At<'_>, kind: MediaKind) -> Result<Media<'_>, Unsaid> {
    let (address, detail) = match at.value.text() {
        Some(_) => (at, None),
        None => (At { value: at.object()?, ..at }.member("url")?, at.value.get("detail")),
    };
    let url = address.text()?;
    let media = match Media::of_data_url(&url) {
        Some(media) => media,
        None if url.as_written().starts_with("data:") => return Err(address.wrong("is not a valid data URL")),
        None => Media { kind, source: Source::Url { mime: None, url }, name: None, detail: None },
    };
    Ok(Media { detail: detail.and_then(Value::text), ..media })
}

fn audio(at: At<'_>) -> Result<Media<'_>, Unsaid> {
    let data = at.member("data")?.text()?;
    if let Some(media) = Media::of_data_url(&data) {
        return Ok(media);
    }
    let mut mime = Text::of("audio/");
    mime.push(&at.member("format")?.text()?);
    Ok(Media::inline(MediaKind::Audio, mime, &data))
}

fn file(at: At<'_>) -> Result<Media<'_>, Unsaid> {
    let file = At { value: at.value.get("file").unwrap_or(at.value), ..at };
    file.object()?;
    let media = match (file.value.get("file_data"), file.value.get("file_id")) {
        (Some(data), _) => {
            let data = At { value: data, ..at }.text()?;
            Media::of_data_url(&data)
                .unwrap_or_else(|| Media::inline(MediaKind::Document, Text::of("application/pdf"), &data))
        }
        (None, Some(id)) => {
            let id = At { value: id, ..at };
            return Err(id.only_chat("a file's id is known to one provider only; send the file itself"));
        }
        (None, None) => return Err(file.wrong("needs `file_data`")),
    };
    Ok(Media { name: file.value.get("filename").and_then(Value::text), ..media })
}
