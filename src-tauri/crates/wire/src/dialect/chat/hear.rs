//! Reads what a Chat channel answers, whole or as a stream.
//!
//! Vendors keep to little of what `OpenAI` promises: calls without ids or numbers, words repeated, reasons that say nothing.
//! What an answer is follows from what was said, not from what its end is called.

mod calls;
mod detail;

use calls::{Calls, Piece};
use detail::Detail;

use super::decode::thought_signature;
use crate::Protocol;
use crate::ask::{Media, MediaKind, Source, State, StateKind};
use crate::dialect::Decode;
use crate::json::{Text, Value};
use crate::observe::StreamFailure;
use crate::reply::{Block, Citation, Delta, Opening, Stop};

/// Reads a whole answer.
pub(super) fn whole(reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
    let mut answer = Answer { whole: true, ..Answer::default() };
    answer.hear(reply, each);
    answer.finish(each);
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    answer: Answer,
}

impl Decode for Stream {
    fn event(&mut self, _name: Option<&str>, data: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        self.answer.hear(data, each);
    }

    fn finish(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        self.answer.finish(each);
    }
}

/// What an answer has said so far.
#[derive(Debug, Default)]
struct Answer {
    /// Whether it comes at once: then every call stands there by itself.
    whole: bool,
    model: Option<Text<'static>>,
    stage: Stage,
    /// The choice that is read; others are not asked for.
    choice: Option<i64>,
    next: Block,
    /// The block that is not a call and goes on.
    open: Option<(Block, Kind)>,
    /// The detail that the open thought is.
    detail: Option<Detail>,
    calls: Calls,
    refused: bool,
    reason: Option<String>,
    /// What vLLM says stopped the answer.
    stopped_by: Option<Text<'static>>,
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing has been told.
    #[default]
    Before,
    /// It has been begun.
    Begun,
    /// It has ended or failed.
    Ended,
}

/// The kinds of blocks that are no calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Refusal,
}

impl Answer {
    /// Takes a chunk, or all of a whole answer.
    fn hear(&mut self, said: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        if self.stage == Stage::Ended {
            return;
        }
        if self.model.is_none() {
            let model = said.get("model").and_then(Value::text).filter(|model| !model.is_empty());
            self.model = model.map(Text::into_owned);
        }
        for choice in said.get("choices").into_iter().flat_map(Value::elements) {
            let index = choice.get("index").and_then(Value::integer).unwrap_or(0);
            if *self.choice.get_or_insert(index) == index {
                self.start(each);
                self.choice(choice, each);
            }
        }
    }

    fn start(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        if self.stage == Stage::Before {
            self.stage = Stage::Begun;
            each(Delta::Start { model: self.model.clone() });
        }
    }

    fn choice(&mut self, choice: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let nothing_said = self.next == 0 && self.calls.is_empty();
        // Some vendors end a stream with the whole message again.
        let message = choice.get("delta").or_else(|| choice.get("message").filter(|_| nothing_said));
        if let Some(message) = message {
            self.message(message, each);
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::str).filter(|word| !word.is_empty())
        {
            self.reason = Some(reason.to_ascii_lowercase());
        }
        if let Some(text) = choice.get("stop_reason").and_then(Value::text) {
            self.stopped_by = Some(text.into_owned());
        }
    }

    /// Takes a delta or a whole message, in the order in which a model speaks.
    fn message(&mut self, message: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        self.thoughts(message, each);
        self.content(message.get("content"), each);
        for note in message.get("annotations").into_iter().flat_map(Value::elements) {
            self.cite(note, each);
        }
        self.say(Kind::Refusal, message.get("refusal"), each);
        for image in message.get("images").into_iter().flat_map(Value::elements) {
            self.image(image, each);
        }
        for call in message.get("tool_calls").into_iter().flat_map(Value::elements) {
            self.call(Piece::of_tool(call), call, each);
        }
        if let Some(call) = message.get("function_call").filter(|call| call.is_object()) {
            self.call(Piece::of_function(call), call, each);
        }
    }

    /// Takes reasoning: vendors repeat one text under several names.
    fn thoughts(&mut self, message: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let filled = |name: &str| message.get(name).filter(|value| value.is_string() && !value.is_empty());
        let details = || message.get("reasoning_details").into_iter().flat_map(Value::elements);
        if !details().any(|detail| detail.either(["text", "summary"]).is_some_and(|text| !text.is_empty())) {
            let plain = ["reasoning_content", "reasoning", "thinking"].into_iter().find_map(filled);
            self.say(Kind::Thinking, plain, each);
        }
        for detail in details().filter(|detail| detail.is_object()) {
            self.detail(detail, each);
        }
    }

    /// Takes one of `OpenRouter`'s `reasoning_details`, or a piece of one: each is a thought, and a note to go back as it is.
    fn detail(&mut self, detail: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let is_thinking = matches!(self.open, Some((_, Kind::Thinking)));
        if self.detail.as_ref().is_some_and(|open| !open.goes_on_with(detail)) || !is_thinking {
            self.open(Kind::Thinking, each);
        }
        self.detail.get_or_insert_default().add(detail);
        if let Some((block, _)) = self.open
            && let Some(text) = detail.either(["text", "summary"]).and_then(Value::text)
            && !text.is_empty()
        {
            each(Delta::Text(block, text));
        }
    }

    /// Takes content: a string, or Mistral's list of text and thinking.
    fn content(&mut self, content: Option<Value<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(content) = content else { return };
        if content.is_string() {
            return self.say(Kind::Text, Some(content), each);
        }
        for part in content.elements() {
            match part.get("type").and_then(Value::str).as_deref() {
                Some("text" | "output_text") => self.say(Kind::Text, part.get("text"), each),
                Some("refusal") => self.say(Kind::Refusal, part.get("refusal"), each),
                Some("image_url") => self.image(part, each),
                Some("thinking") => {
                    let thought = part.get("thinking");
                    self.say(Kind::Thinking, thought, each);
                    for text in thought.into_iter().flat_map(Value::elements) {
                        self.say(Kind::Thinking, text.get("text"), each);
                    }
                }
                Some(_) | None => {}
            }
        }
    }

    /// Takes text, if it is some.
    fn say(&mut self, kind: Kind, text: Option<Value<'_>>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some(text) = text.and_then(Value::text).filter(|text| !text.is_empty()) else { return };
        let block = match self.open {
            Some((block, open)) if open == kind => block,
            Some(_) | None => self.open(kind, each),
        };
        self.refused |= kind == Kind::Refusal;
        each(Delta::Text(block, text));
    }

    fn open(&mut self, kind: Kind, each: &mut dyn FnMut(Delta<'_>)) -> Block {
        self.settle(each);
        let block = self.next;
        self.next += 1;
        self.open = Some((block, kind));
        let opening = match kind {
            Kind::Text => Opening::Text,
            Kind::Thinking => Opening::Thinking,
            Kind::Refusal => Opening::Refusal,
        };
        each(Delta::Open(block, opening));
        block
    }

    /// Closes what can be over when something else begins.
    fn settle(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        self.close_open(each);
        self.calls.close_complete(each);
    }

    fn close_open(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        if let Some((block, _)) = self.open.take() {
            if let Some(detail) = self.detail.take() {
                each(Delta::State(block, State::new(Protocol::Chat, StateKind::Detail, detail.note())));
            }
            each(Delta::Close(block));
        }
    }

    fn cite(&mut self, note: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let Some((block, Kind::Text)) = self.open else { return };
        let source = note.get("url_citation").unwrap_or(note);
        let Some(url) = source.get("url").and_then(Value::text) else { return };
        let place = |name: &str| source.get(name).and_then(Value::count);
        let span = place("start_index").zip(place("end_index"));
        each(Delta::Cite(block, Citation { url, title: source.get("title").and_then(Value::text), span }));
    }

    /// Takes an image that the model made; one that stands somewhere else cannot be passed on.
    fn image(&mut self, image: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let address = image.get("image_url").and_then(|image| image.text().or(image.get("url")?.text()));
        let media = address.as_ref().and_then(Media::of_data_url);
        let Some(Media { kind: MediaKind::Image, source: Source::Inline { mime, base64 }, .. }) = media
        else {
            return;
        };
        self.settle(each);
        each(Delta::Open(self.next, Opening::Image { mime, base64 }));
        each(Delta::Close(self.next));
        self.next += 1;
    }

    fn call(&mut self, piece: Piece<'_>, value: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        if self.calls.begins(&piece, self.whole) {
            self.settle(each);
            self.calls.begin();
        }
        let signature = thought_signature(value);
        let signature = signature.map(|note| State::new(Protocol::Chat, StateKind::Thought, note));
        if let Err(failure) = self.calls.hear(piece, signature, &mut self.next, each) {
            self.stage = Stage::Ended;
            each(Delta::Failed(failure));
        }
    }

    fn finish(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        if self.stage == Stage::Ended {
            return;
        }
        self.start(each);
        self.stage = Stage::Ended;
        self.close_open(each);
        let called = self.calls.finish(&mut self.next, each);
        if self.reason.as_deref() == Some("malformed_function_call") {
            return each(Delta::Failed(malformed("the model called a tool in a form that cannot be read")));
        }
        each(Delta::Finish(self.stop(called)));
    }

    /// Finds why the answer ended, from what was said rather than from what it says of itself.
    fn stop(&self, called: bool) -> Stop<'_> {
        match self.reason.as_deref() {
            Some("length" | "max_tokens" | "max_output_tokens") => Stop::OutputMax,
            Some("model_context_window_exceeded") => Stop::ContextFull,
            Some(word @ ("content_filter" | "sensitive" | "safety" | "refusal")) => {
                Stop::Refused(Some(Text::of(word)))
            }
            _ if called => Stop::Calls,
            _ if self.refused => Stop::Refused(None),
            Some("pause_turn") => Stop::Paused,
            _ => self
                .stopped_by
                .as_ref()
                .map_or(Stop::EndTurn, |text| Stop::StopSequence(Some(text.borrowed()))),
        }
    }
}

/// Says that a call of the answer makes no sense. Another attempt may do better.
fn malformed(message: &str) -> StreamFailure {
    StreamFailure {
        status: Some(502),
        code: Some("upstream_malformed_tool_call".to_owned()),
        message: message.to_owned(),
        raw: String::new(),
    }
}
