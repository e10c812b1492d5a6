//! Reading what a model answers: chunks of a stream, or one whole answer, which is a chunk of its own.

use super::words::{MALFORMED, REFUSALS};
use crate::Protocol;
use crate::ask::{Media, MediaKind, Source, State, StateKind, compact};
use crate::dialect::Decode;
use crate::json::{Text, Value};
use crate::observe::StreamFailure;
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Stop};

/// An answer being read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    /// The number of the next block.
    next: Block,
    /// The block that is open. A call is over when it comes, but its signature may follow alone.
    open: Option<(Block, Kind)>,
    /// Whether a call came.
    called: bool,
    /// The last reason given: some backends give `STOP` in every chunk.
    reason: Option<String>,
    /// What the provider says of the reason.
    message: Option<String>,
    /// Why the question itself was refused.
    blocked: Option<String>,
    /// The addresses that were cited; they come again with every chunk.
    cited: Vec<String>,
}

/// What kind of block is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
}

impl Decode for Reader {
    fn event(&mut self, _name: Option<&str>, data: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        self.chunk(data, each);
    }

    fn finish(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        self.start(None, each);
        self.close(each);
        let end = self.end();
        if matches!(end, Delta::Finish(Stop::Refused(_))) {
            self.explain(each);
        }
        each(end);
    }
}

impl Reader {
    /// Reads a chunk. Of several candidates the first is read: no request that is translated asks for more.
    pub(super) fn chunk(&mut self, chunk: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        self.start(chunk.get("modelVersion").and_then(Value::text), each);
        if let Some(reason) = chunk.get("promptFeedback").and_then(|feedback| filled(feedback, "blockReason"))
        {
            self.blocked = Some(reason);
        }
        let is_first =
            |candidate: &Value<'_>| candidate.get("index").is_none_or(|index| index.count() == Some(0));
        let candidates = chunk.get("candidates");
        let Some(candidate) = candidates.and_then(|candidates| candidates.elements().find(is_first)) else {
            return;
        };
        let parts = candidate.get("content").and_then(|content| content.get("parts"));
        for part in parts.into_iter().flat_map(Value::elements) {
            self.part(part, each);
        }
        self.cite(candidate, each);
        if let Some(reason) =
            filled(candidate, "finishReason").filter(|word| word != "FINISH_REASON_UNSPECIFIED")
        {
            self.reason = Some(reason);
        }
        self.message = filled(candidate, "finishMessage").or_else(|| self.message.take());
    }

    fn start(&mut self, model: Option<Text<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            each(Delta::Start { model: model.filter(|model| !model.is_empty()) });
        }
    }

    /// Reads a part. What Google's own tools did (`executableCode`, `toolCall`, …) is no part of the answer.
    fn part(&mut self, part: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        if let Some(text) = part.get("text").and_then(Value::text) {
            if !text.is_empty() {
                let is_thought = part.get("thought").and_then(Value::bool) == Some(true);
                let block = self.text_block(if is_thought { Kind::Thinking } else { Kind::Text }, each);
                each(Delta::Text(block, text));
            }
        } else if let Some(call) = part.get("functionCall") {
            return self.call(call, signature(part), each);
        } else if let Some(image) = part.get("inlineData").and_then(image) {
            self.close(each);
            let block = self.number();
            each(Delta::Open(block, image));
            each(Delta::Close(block));
        }
        if let Some(state) = signature(part) {
            let (block, _) = match self.open {
                Some(open) => open,
                None => (self.text_block(Kind::Thinking, each), Kind::Thinking),
            };
            each(Delta::State(block, state));
        }
    }

    /// Returns the open block of this kind, or opens one.
    fn text_block(&mut self, kind: Kind, each: &mut dyn FnMut(Delta<'_>)) -> Block {
        if let Some((block, open)) = self.open
            && open == kind
        {
            return block;
        }
        let opening = if kind == Kind::Thinking { Opening::Thinking } else { Opening::Text };
        self.open(kind, opening, each)
    }

    fn call(&mut self, call: Value<'_>, state: Option<State<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        let text = |name: &str| call.get(name).and_then(Value::text).unwrap_or_default();
        let name = text("name");
        if name.is_empty() {
            return;
        }
        self.called = true;
        let head = CallHead { id: text("id"), name, namespace: None, free: false, state };
        let block = self.open(Kind::Call, Opening::Call(head), each);
        let arguments =
            call.get("args").map_or_else(|| "{}".to_owned(), |arguments| compact(arguments.raw()));
        each(Delta::Arguments(block, Text::from(arguments)));
    }

    fn open(&mut self, kind: Kind, opening: Opening<'_>, each: &mut dyn FnMut(Delta<'_>)) -> Block {
        self.close(each);
        let block = self.number();
        self.open = Some((block, kind));
        each(Delta::Open(block, opening));
        block
    }

    fn number(&mut self) -> Block {
        let block = self.next;
        self.next += 1;
        block
    }

    fn close(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        if let Some((block, _)) = self.open.take() {
            each(Delta::Close(block));
        }
    }

    /// Reads the sources of a search. Their places in the text are counted in bytes of all texts together, and left out.
    fn cite(&mut self, candidate: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some((block, Kind::Text)) = self.open else { return };
        let chunks = candidate.get("groundingMetadata").and_then(|metadata| metadata.get("groundingChunks"));
        for source in chunks.into_iter().flat_map(Value::elements).filter_map(|chunk| chunk.get("web")) {
            let Some(url) = source.get("uri").and_then(Value::text).filter(|url| !url.is_empty()) else {
                continue;
            };
            if self.cited.iter().any(|cited| url.as_written() == cited) {
                continue;
            }
            self.cited.push(url.as_written().to_owned());
            let title = source.get("title").and_then(Value::text);
            each(Delta::Cite(block, Citation { url, title, span: None }));
        }
    }

    /// Says why the provider refuses, which stands beside the content here and in it elsewhere.
    fn explain(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(explanation) = self.message.take() else { return };
        let block = self.number();
        each(Delta::Open(block, Opening::Refusal));
        each(Delta::Text(block, Text::from(explanation)));
        each(Delta::Close(block));
    }

    /// Says how the answer ends.
    fn end(&mut self) -> Delta<'static> {
        let is_blocked = self.reason.is_none() && self.blocked.is_some();
        let reason = self.reason.take().or_else(|| self.blocked.take());
        let reason = reason.as_deref().unwrap_or_default();
        if MALFORMED.contains(&reason) {
            return Delta::Failed(self.failure(reason));
        }
        Delta::Finish(match reason {
            "MAX_TOKENS" => Stop::OutputMax,
            word if is_blocked || REFUSALS.contains(&word) => Stop::Refused(Some(Text::owned(word))),
            _ if self.called => Stop::Calls,
            _ => Stop::EndTurn,
        })
    }

    /// Another try may well succeed, and the client must not take this for an answer.
    fn failure(&self, reason: &str) -> StreamFailure {
        let message = match &self.message {
            Some(message) => format!("the model's output was unusable ({reason}): {message}"),
            None => format!("the model's output was unusable ({reason})"),
        };
        StreamFailure {
            status: Some(502),
            code: Some("upstream_malformed_tool_call".to_owned()),
            message,
            raw: String::new(),
        }
    }
}

/// Reads the signature of a part.
fn signature(part: Value<'_>) -> Option<State<'_>> {
    let note = part.get("thoughtSignature").and_then(Value::text).filter(|note| !note.is_empty())?;
    Some(State::new(Protocol::Gemini, StateKind::Thought, note))
}

/// Returns a member that is text and not empty.
fn filled(object: Value<'_>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::str).filter(|word| !word.is_empty()).map(Into::into)
}

/// Reads an image that the model made; there is no word for sound and film.
fn image(blob: Value<'_>) -> Option<Opening<'_>> {
    let mime = blob.get("mimeType").and_then(Value::text)?;
    let data = blob.get("data").and_then(Value::text)?;
    let kind = MediaKind::of(&mime.plain());
    match Media::inline(kind, mime, &data) {
        Media { kind: MediaKind::Image, source: Source::Inline { mime, base64 }, .. } => {
            Some(Opening::Image { mime, base64 })
        }
        Media { .. } => None,
    }
}
