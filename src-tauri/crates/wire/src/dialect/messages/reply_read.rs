//! Reading a channel's answer, whole or streamed: a whole one is read as if each of its blocks came at once.

use crate::Protocol;
use crate::ask::{Arguments, State, StateKind};
use crate::dialect::Decode;
use crate::json::{Text, Value};
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Stop};

/// Reads a whole answer.
pub(super) fn whole(reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
    let mut reading = Reading::default();
    reading.start(Some(reply), each);
    let content = reply.get("content").into_iter().flat_map(Value::elements);
    for (index, block) in (0..).zip(content) {
        reading.open(index, block, each);
        reading.close(index, each);
    }
    reading.note_stop(reply);
    reading.finish(each);
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Reading {
    started: bool,
    finished: bool,
    /// The number of the next block.
    next: Block,
    open: Vec<OpenBlock>,
    /// Whether a tool was called.
    called: bool,
    stop: Option<Stop<'static>>,
    /// What the provider says of a refusal.
    explanation: Option<Text<'static>>,
}

/// A block that is not closed yet.
#[derive(Debug)]
struct OpenBlock {
    /// Where it stands in the channel's answer. Blocks that say nothing to the client are counted there, too.
    index: u64,
    kind: Kind,
    /// Our number of it, once it has said something.
    number: Option<Block>,
    /// What the provider wants back, which is complete only at the end: the last one counts.
    signature: Option<Text<'static>>,
    /// Arguments that stood in the block's beginning: they count where none follow.
    arguments: Option<Text<'static>>,
}

/// What kind of block it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
    /// What a provider's own tools do.
    Hidden,
}

impl Decode for Reading {
    fn event(&mut self, name: Option<&str>, data: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let said = data.get("type").and_then(Value::str);
        let index = data.get("index").and_then(Value::count).unwrap_or(0);
        match said.as_deref().or(name).unwrap_or_default() {
            "message_start" => self.start(data.get("message"), each),
            "content_block_start" => {
                if let Some(block) = data.get("content_block") {
                    self.open(index, block, each);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = data.get("delta") {
                    self.delta(index, delta, each);
                }
            }
            "content_block_stop" => self.close(index, each),
            "message_delta" => {
                if let Some(delta) = data.get("delta") {
                    self.note_stop(delta);
                }
            }
            "message_stop" => self.finish(each),
            _ => {}
        }
    }

    fn finish(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.start(None, each);
        while let Some(block) = self.open.first() {
            self.close(block.index, each);
        }
        self.explain(each);
        let stop = self.stop.take().unwrap_or(Stop::EndTurn);
        let stop = if stop == Stop::EndTurn && self.called { Stop::Calls } else { stop };
        each(Delta::Finish(stop));
    }
}

impl Reading {
    fn start(&mut self, message: Option<Value<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            let model = message.and_then(|message| message.get("model")).and_then(Value::text);
            each(Delta::Start { model: model.filter(|model| !model.is_empty()) });
        }
    }

    /// Opens a block and says what it says already.
    fn open(&mut self, index: u64, block: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        if self.finished {
            return;
        }
        self.start(None, each);
        self.close(index, each);
        let kind = block.get("type").and_then(Value::str).unwrap_or_default();
        let kind = match &*kind {
            "text" => Kind::Text,
            "thinking" | "redacted_thinking" => Kind::Thinking,
            "tool_use" => Kind::Call,
            _ => Kind::Hidden,
        };
        self.open.push(OpenBlock { index, kind, number: None, signature: None, arguments: None });
        match kind {
            Kind::Text => {
                self.say(index, block.get("text"), each);
                for citation in block.get("citations").into_iter().flat_map(Value::elements) {
                    self.cite(index, citation, each);
                }
            }
            Kind::Thinking => self.open_thinking(index, block, each),
            Kind::Call => self.open_call(index, block, each),
            Kind::Hidden => {}
        }
    }

    fn open_thinking(&mut self, index: u64, block: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        self.say(index, block.get("thinking"), each);
        self.note_signature(index, block.get("signature"));
        if let Some(note) = block.get("data").and_then(Value::text)
            && let Some(number) = self.begin(index, Opening::Thinking, each)
        {
            each(Delta::State(number, State::new(Protocol::Messages, StateKind::Redacted, note)));
        }
    }

    fn open_call(&mut self, index: u64, block: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let text = |name| block.get(name).and_then(Value::text).unwrap_or_default();
        let call = CallHead { id: text("id"), name: text("name"), namespace: None, free: false, state: None };
        self.called = true;
        self.begin(index, Opening::Call(call), each);
        let input = block.get("input").filter(|input| !input.is_empty());
        if let Some(open) = self.block(index) {
            open.arguments = Some(match input {
                Some(input) => Arguments::Json(input).string().into_owned(),
                None => Text::of("{}"),
            });
        }
    }

    fn delta(&mut self, index: u64, delta: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let kind = delta.get("type").and_then(Value::str).unwrap_or_default();
        match &*kind {
            "text_delta" => self.say(index, delta.get("text"), each),
            "thinking_delta" => self.say(index, delta.get("thinking"), each),
            "signature_delta" => self.note_signature(index, delta.get("signature")),
            "input_json_delta" => self.go_on(index, delta.get("partial_json"), each),
            "citations_delta" => {
                if let Some(citation) = delta.get("citation") {
                    self.cite(index, citation, each);
                }
            }
            _ => {}
        }
    }

    /// Says more of a text or a thought. A block that never says anything is never opened.
    fn say(&mut self, index: u64, text: Option<Value<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(text) = text.and_then(Value::text).filter(|text| !text.is_empty()) else { return };
        let opening = match self.block(index).map(|block| block.kind) {
            Some(Kind::Text) => Opening::Text,
            Some(Kind::Thinking) => Opening::Thinking,
            Some(Kind::Call | Kind::Hidden) | None => return,
        };
        if let Some(number) = self.begin(index, opening, each) {
            each(Delta::Text(number, text));
        }
    }

    /// Says more of a call's arguments.
    fn go_on(&mut self, index: u64, piece: Option<Value<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(piece) = piece.and_then(Value::text).filter(|piece| !piece.is_empty()) else { return };
        let Some(block) = self.block(index).filter(|block| block.kind == Kind::Call) else { return };
        block.arguments = None;
        if let Some(number) = block.number {
            each(Delta::Arguments(number, piece));
        }
    }

    fn cite(&mut self, index: u64, citation: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(url) = citation.either(["url", "source"]).and_then(Value::text) else { return };
        let Some(number) = self.block(index).and_then(|block| block.number) else { return };
        let title = citation.get("title").and_then(Value::text);
        each(Delta::Cite(number, Citation { url, title, span: None }));
    }

    fn note_signature(&mut self, index: u64, signature: Option<Value<'_>>) {
        let signature = signature.and_then(Value::text).filter(|signature| !signature.is_empty());
        if let Some(signature) = signature
            && let Some(block) = self.block(index)
        {
            block.signature = Some(signature.into_owned());
        }
    }

    fn close(&mut self, index: u64, each: &mut dyn FnMut(Delta<'_>)) {
        if let Some(signature) = self.block(index).and_then(|block| block.signature.take())
            && let Some(number) = self.begin(index, Opening::Thinking, each)
        {
            each(Delta::State(number, State::new(Protocol::Messages, StateKind::Signature, signature)));
        }
        let Some(at) = self.open.iter().position(|block| block.index == index) else { return };
        let block = self.open.remove(at);
        let Some(number) = block.number else { return };
        if let Some(arguments) = block.arguments {
            each(Delta::Arguments(number, arguments));
        }
        each(Delta::Close(number));
    }

    /// Opens a block to the client, if it is not open yet, and returns its number.
    fn begin(&mut self, index: u64, opening: Opening<'_>, each: &mut dyn FnMut(Delta<'_>)) -> Option<Block> {
        let next = self.next;
        let block = self.block(index)?;
        if let Some(number) = block.number {
            return Some(number);
        }
        block.number = Some(next);
        self.next += 1;
        each(Delta::Open(next, opening));
        Some(next)
    }

    fn block(&mut self, index: u64) -> Option<&mut OpenBlock> {
        self.open.iter_mut().find(|block| block.index == index)
    }

    /// Says why the provider refuses, which stands beside the content here and in it elsewhere.
    fn explain(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(explanation) = self.explanation.take() else { return };
        let number = self.next;
        self.next += 1;
        each(Delta::Open(number, Opening::Refusal));
        each(Delta::Text(number, explanation));
        each(Delta::Close(number));
    }

    /// Notes why the answer ends; the last word counts.
    fn note_stop(&mut self, delta: Value<'_>) {
        let Some(reason) = delta.get("stop_reason").and_then(Value::str) else { return };
        self.stop = Some(match &*reason {
            "max_tokens" => Stop::OutputMax,
            "stop_sequence" => {
                Stop::StopSequence(delta.get("stop_sequence").and_then(Value::text).map(Text::into_owned))
            }
            "pause_turn" => Stop::Paused,
            "refusal" => {
                self.explanation = detail(delta, "explanation");
                Stop::Refused(detail(delta, "category"))
            }
            "model_context_window_exceeded" => Stop::ContextFull,
            // What was said tells whether tools were called.
            _ => Stop::EndTurn,
        });
    }
}

/// Reads a detail of why the provider refuses.
fn detail(delta: Value<'_>, name: &str) -> Option<Text<'static>> {
    let text = delta.get("stop_details")?.get(name).and_then(Value::text)?;
    (!text.is_empty()).then(|| text.into_owned())
}
