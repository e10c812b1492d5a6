//! Reading what was said: the system prompt, the turns and their blocks.

use super::request_read::cache_mark;
use super::words;
use crate::Protocol;
use crate::ask::{
    Arguments, Call, CallOutcome, Content, Effort, Foreign, Media, MediaKind, Part, Role, Source, State,
    StateKind, Thinking, Turn,
};
use crate::json::{Tape, Text, Value};
use crate::note::{Notes, Unsaid, Why};

/// Begins the line by which Claude Code says what it bills to. It changes with every session, and would spoil the prompt
/// caches of everybody but Anthropic, for whom it is meant.
const ATTRIBUTION: &str = "x-anthropic-billing-header:";

/// Reads turns.
#[derive(Debug)]
pub(super) struct TurnReader<'a> {
    body: &'a Tape<'a>,
    /// What cannot be kept.
    pub(super) notes: Notes,
    /// The names of the tools that a search has made available.
    pub(super) referenced: Vec<Text<'a>>,
    /// The effort that the last system message asks for, from there on.
    pub(super) effort: Option<Effort<'a>>,
}

impl<'a> TurnReader<'a> {
    pub(super) fn new(body: &'a Tape<'a>) -> Self {
        Self { body, notes: Notes::default(), referenced: Vec::new(), effort: None }
    }

    /// Refuses a value, naming its place.
    pub(super) fn wrong(&self, value: Value<'_>, message: &str) -> Unsaid {
        Unsaid::new(self.body.path_of(value.offset()), message)
    }

    /// Reads the system prompt.
    pub(super) fn system(&mut self, system: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let mut parts = self.texts(system)?;
        for part in &mut parts {
            if let Content::Text(text) = &mut part.content
                && text.as_written().starts_with(ATTRIBUTION)
            {
                *text = behind_first_line(text);
            }
        }
        parts.retain(|part| part.as_text().is_some_and(|text| !text.is_empty()));
        Ok(parts)
    }

    /// Reads the conversation.
    pub(super) fn turns(&mut self, messages: Option<Value<'a>>) -> Result<Vec<Turn<'a>>, Unsaid> {
        let Some(messages) = messages.filter(|messages| messages.is_array()) else {
            return Err(Unsaid::new("messages", "must be an array"));
        };
        messages.elements().map(|message| self.turn(message)).collect()
    }

    fn turn(&mut self, message: Value<'a>) -> Result<Turn<'a>, Unsaid> {
        let role = message.get("role").and_then(Value::str).unwrap_or_default();
        let (role, parts) = match &*role {
            "user" => (Role::User, self.parts(message.get("content"))?),
            "assistant" => (Role::Assistant, self.parts(message.get("content"))?),
            "system" => (Role::System, self.late_system(message)?),
            _ => return Err(self.wrong(message, "the role must be user, assistant or system")),
        };
        Ok(Turn { role, parts })
    }

    /// Reads a system message in the midst of a conversation, which may set the effort too.
    fn late_system(&mut self, message: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let effort = message.get("output_config").and_then(|config| config.get("effort"));
        if let Some(word) = effort.and_then(Value::text) {
            self.effort = Some(Effort::read(&word));
        }
        match message.get("content") {
            Some(content) => self.texts(content),
            None => Ok(Vec::new()),
        }
    }

    /// Reads content that may only hold text; what else stands there is left out.
    fn texts(&mut self, content: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let mut parts = self.parts(Some(content))?;
        let notes = &mut self.notes;
        parts.retain(|part| {
            if let Content::Foreign(foreign) = &part.content {
                notes.drop(foreign.kind.plain(), Why::NoWord);
            }
            part.as_text().is_some()
        });
        Ok(parts)
    }

    /// Reads the content of a message: a string, or blocks.
    fn parts(&mut self, content: Option<Value<'a>>) -> Result<Vec<Part<'a>>, Unsaid> {
        let mut parts = Vec::new();
        let Some(content) = content else { return Ok(parts) };
        if let Some(text) = content.text() {
            push_text(&mut parts, text, content.offset());
        } else if content.is_array() {
            for block in content.elements() {
                self.block(block, &mut parts)?;
            }
        } else {
            return Err(self.wrong(content, "must be a string or an array of blocks"));
        }
        Ok(parts)
    }

    /// Reads one block, whose mark counts for the last part that it becomes.
    fn block(&mut self, block: Value<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Unsaid> {
        let before = parts.len();
        let at = block.offset();
        let kind = block.get("type").and_then(Value::str).unwrap_or_default();
        match &*kind {
            "text" => push_text(parts, self.required(block, "text")?, at),
            "image" => parts.push(Part::new(Content::Media(self.media(block, MediaKind::Image)?), at)),
            "document" => self.document(block, parts)?,
            "thinking" => parts.push(Part::new(Content::Thinking(thinking(block)), at)),
            "redacted_thinking" => {
                let note = block.get("data").and_then(Value::text).unwrap_or_default();
                let state = Some(State::new(Protocol::Messages, StateKind::Redacted, note));
                parts.push(Part::new(Content::Thinking(Thinking { text: Text::default(), state }), at));
            }
            "tool_use" => parts.push(Part::new(Content::Call(self.call(block)?), at)),
            "tool_result" => parts.push(Part::new(Content::Outcome(self.outcome(block)?), at)),
            "container_upload" => return Err(self.of_one_account(block)),
            _ if !block.is_object() => return Err(self.wrong(block, "must be a block")),
            "" => return Err(self.wrong(block, "a block must have a type")),
            _ => parts.push(Part::new(Content::Foreign(self.foreign(&kind, block)), at)),
        }
        if let Some(mark) = cache_mark(block)
            && let Some(last) = parts[before..].last_mut()
        {
            last.cache = Some(mark);
        }
        Ok(())
    }

    fn foreign(&mut self, kind: &str, block: Value<'a>) -> Foreign<'a> {
        if kind == "tool_reference" {
            self.referenced.extend(block.get("tool_name").and_then(Value::text));
        }
        let words = words::of(kind, block);
        Foreign { kind: Text::owned(kind), value: block, words }
    }

    fn call(&self, block: Value<'a>) -> Result<Call<'a>, Unsaid> {
        let arguments = match block.get("input") {
            Some(input) => Arguments::Json(input),
            None => Arguments::Written(Text::default()),
        };
        Ok(Call {
            id: block.get("id").and_then(Value::text).unwrap_or_default(),
            name: self.required(block, "name")?,
            namespace: None,
            arguments,
            state: None,
        })
    }

    /// Reads what came of a call. Only text and media stand in it; the rest is said in words.
    fn outcome(&mut self, block: Value<'a>) -> Result<CallOutcome<'a>, Unsaid> {
        let mut parts = self.parts(block.get("content"))?;
        for part in &mut parts {
            if let Content::Foreign(foreign) = &mut part.content {
                let words = foreign.words.take().unwrap_or_else(|| unreadable(&foreign.kind));
                part.content = Content::Text(words);
            }
        }
        let before = parts.len();
        parts.retain(|part| matches!(part.content, Content::Text(_) | Content::Media(_)));
        if parts.len() < before {
            self.notes.drop("tool_result.content", Why::NoWord);
        }
        Ok(CallOutcome {
            id: block.get("tool_use_id").and_then(Value::text).unwrap_or_default(),
            name: None,
            namespace: None,
            parts,
            failed: block.get("is_error").and_then(Value::bool),
            free: false,
        })
    }

    /// Reads an image or a document with bytes or an address.
    fn media(&self, block: Value<'a>, kind: MediaKind) -> Result<Media<'a>, Unsaid> {
        let Some(source) = block.get("source") else {
            return Err(self.wrong(block, "must have a source"));
        };
        let form = source.get("type").and_then(Value::str).unwrap_or_default();
        let source = match &*form {
            "base64" => {
                let mime = self.required(source, "media_type")?;
                return Ok(Media::inline(kind, mime, &self.required(source, "data")?));
            }
            "url" => Source::Url { mime: None, url: self.required(source, "url")? },
            "text" => Source::Text(self.required(source, "data")?),
            "file" => return Err(self.of_one_account(source)),
            _ => return Err(self.wrong(source, "the type of the source is not known")),
        };
        Ok(Media { kind, source, name: None, detail: None })
    }

    /// Refuses what names a file that was uploaded to one account before.
    fn of_one_account(&self, value: Value<'_>) -> Unsaid {
        let message =
            "names a file of one account; send its bytes, or ask for a channel that speaks messages";
        self.wrong(value, message).code("unsupported_value")
    }

    /// Reads a document, which may say what it is about, and may be made of blocks itself.
    fn document(&mut self, block: Value<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Unsaid> {
        let at = block.offset();
        let title = block.get("title").and_then(Value::text);
        if let Some(context) = block.get("context").and_then(Value::text) {
            self.notes.emulate("document.context", Why::NoWord);
            push_text(parts, context, at);
        }
        let citations = block.get("citations").and_then(|citations| citations.get("enabled"));
        if citations.and_then(Value::bool) == Some(true) {
            self.notes.drop("document.citations", Why::NoWord);
        }
        let source = block.get("source");
        if let Some(content) = source.and_then(|source| source.get("content")) {
            parts.extend(title.map(|title| Part::text(title, at)));
            parts.append(&mut self.parts(Some(content))?);
            return Ok(());
        }
        let mut media = self.media(block, MediaKind::Document)?;
        media.name = title;
        parts.push(Part::new(Content::Media(media), at));
        Ok(())
    }

    fn required(&self, block: Value<'a>, name: &str) -> Result<Text<'a>, Unsaid> {
        block.get(name).and_then(Value::text).ok_or_else(|| {
            let path = self.body.path_of(block.offset());
            Unsaid::new(format!("{path}.{name}"), "must be a string")
        })
    }
}

fn push_text<'a>(parts: &mut Vec<Part<'a>>, text: Text<'a>, at: usize) {
    if !text.is_empty() {
        parts.push(Part::text(text, at));
    }
}

fn thinking(block: Value<'_>) -> Thinking<'_> {
    let signature = block.get("signature").and_then(Value::text).filter(|signature| !signature.is_empty());
    Thinking {
        text: block.get("thinking").and_then(Value::text).unwrap_or_default(),
        state: signature.map(|note| State::new(Protocol::Messages, StateKind::Signature, note)),
    }
}

fn unreadable(kind: &Text<'_>) -> Text<'static> {
    let mut words = Text::owned("[unsupported content: ");
    words.push(kind);
    words.push_plain("]");
    words
}

fn behind_first_line(text: &Text<'_>) -> Text<'static> {
    let plain = text.plain();
    let rest = plain.split_once('\n').map_or("", |(_, rest)| rest);
    Text::owned(rest.trim_start_matches('\n'))
}
