//! Writing the blocks of a message.

use super::cache;
use crate::Protocol;
use crate::ask::{CacheMark, Call, CallOutcome, Foreign, Media, MediaKind, Source, StateKind, Thinking};
use crate::calls::{IdRule, Names, legal_id};
use crate::json::{Elements, Members, Text};

/// The pictures that Anthropic's models see.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Writes a block of text.
pub(super) fn text(blocks: &mut Elements<'_>, text: &Text<'_>, mark: Option<CacheMark>) {
    blocks.object(|block| {
        block.str("type", "text");
        block.text("text", text);
        cache::write(mark, block);
    });
}

/// Tells whether a thought can go back to where it came from. A thought without its signature is refused.
pub(super) fn is_native(thinking: &Thinking<'_>) -> bool {
    thinking.state.as_ref().is_some_and(|state| state.slot == Protocol::Messages)
}

/// Writes a thought that [`is_native`].
pub(super) fn thinking(blocks: &mut Elements<'_>, thinking: &Thinking<'_>) {
    let Some(state) = &thinking.state else { return };
    blocks.object(|block| match state.kind {
        StateKind::Redacted => {
            block.str("type", "redacted_thinking");
            block.text("data", &state.note);
        }
        StateKind::Signature
        | StateKind::Encrypted
        | StateKind::Thought
        | StateKind::Detail
        | StateKind::Plain
        | StateKind::Sealed => {
            block.str("type", "thinking");
            block.text("thinking", &thinking.text);
            block.text("signature", &state.note);
        }
    });
}

/// Writes a call of a tool.
pub(super) fn call(blocks: &mut Elements<'_>, call: &Call<'_>, names: &Names, mark: Option<CacheMark>) {
    let namespace = call.namespace.as_ref().map(Text::plain);
    let name = call.name.plain();
    blocks.object(|block| {
        block.str("type", "tool_use");
        block.str("id", &legal_id(&call.id.plain(), IdRule::MESSAGES));
        block.str("name", names.sent(namespace.as_deref(), &name));
        block.raw("input", &call.arguments.object());
        cache::write(mark, block);
    });
}

/// Writes what came of a call; `content` writes what the tool gave.
pub(super) fn outcome(
    blocks: &mut Elements<'_>,
    outcome: &CallOutcome<'_>,
    mark: Option<CacheMark>,
    content: impl FnOnce(&mut Members<'_>),
) {
    blocks.object(|block| {
        block.str("type", "tool_result");
        block.str("tool_use_id", &legal_id(&outcome.id.plain(), IdRule::MESSAGES));
        content(block);
        if outcome.failed == Some(true) {
            block.bool("is_error", true);
        }
        cache::write(mark, block);
    });
}

/// Returns what stands for something that cannot be shown.
pub(super) fn instead(kind: &str) -> Text<'static> {
    Text::owned(&format!("[unsupported content: {kind}]"))
}

/// Returns the words that say what only another protocol knows.
pub(super) fn foreign_words(foreign: &Foreign<'_>) -> Text<'static> {
    match &foreign.words {
        Some(words) => words.clone().into_owned(),
        None => instead(&foreign.kind.plain()),
    }
}

/// Media in this protocol's form.
#[derive(Debug)]
pub(super) struct Shown<'m> {
    block: &'static str,
    source: ShownSource<'m>,
    title: Option<Text<'m>>,
}

#[derive(Debug)]
enum ShownSource<'m> {
    Base64 { mime: &'m str, data: Text<'m> },
    Url(Text<'m>),
    Plain(Text<'m>),
}

impl<'m> Shown<'m> {
    /// Puts media into this protocol's form; `None` where it has none.
    pub(super) fn of(media: &'m Media<'_>) -> Option<Self> {
        let shown = |block, source| Some(Self { block, source, title: None });
        let document = |source| {
            let title = media.name.as_ref().map(Text::borrowed);
            Some(Self { block: "document", source, title })
        };
        match (media.kind, &media.source) {
            (MediaKind::Image, Source::Inline { mime, base64 }) => {
                shown("image", ShownSource::Base64 { mime: picture(mime)?, data: base64.borrowed() })
            }
            (MediaKind::Image, Source::Url { url, .. }) if is_web(url) => {
                shown("image", ShownSource::Url(url.borrowed()))
            }
            (MediaKind::Document, Source::Inline { mime, base64 }) if mime.is("application/pdf") => {
                document(ShownSource::Base64 { mime: "application/pdf", data: base64.borrowed() })
            }
            (MediaKind::Document, Source::Url { url, .. }) if is_web(url) => {
                document(ShownSource::Url(url.borrowed()))
            }
            (MediaKind::Document, Source::Inline { .. } | Source::Text(_)) => {
                document(ShownSource::Plain(media.words().filter(|words| !words.is_blank())?))
            }
            (MediaKind::Image | MediaKind::Document | MediaKind::Audio | MediaKind::Video, _) => None,
        }
    }

    /// Writes the block.
    pub(super) fn write(&self, blocks: &mut Elements<'_>, mark: Option<CacheMark>) {
        blocks.object(|block| {
            block.str("type", self.block);
            block.object("source", |source| match &self.source {
                ShownSource::Base64 { mime, data } => {
                    source.str("type", "base64");
                    source.str("media_type", mime);
                    source.text("data", data);
                }
                ShownSource::Url(url) => {
                    source.str("type", "url");
                    source.text("url", url);
                }
                ShownSource::Plain(text) => {
                    source.str("type", "text");
                    source.str("media_type", "text/plain");
                    source.text("data", text);
                }
            });
            block.text_if("title", self.title.as_ref());
            cache::write(mark, block);
        });
    }
}

/// Returns what media are called where they cannot be shown.
pub(super) const fn media_word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}

fn picture(mime: &Text<'_>) -> Option<&'static str> {
    let mime = if mime.is("image/jpg") { "image/jpeg".into() } else { mime.plain() };
    PICTURES.into_iter().find(|known| mime.eq_ignore_ascii_case(known))
}

fn is_web(url: &Text<'_>) -> bool {
    let url = url.plain();
    url.starts_with("https://") || url.starts_with("http://")
}
