//! A channel's answer in `OpenAI Responses`.
//!
//! What an upstream says piece by piece it says again as a whole: when a part is over, when an item is over, and at the
//! end. The repetitions fill in what never came; whatever came before is not said twice.

use crate::Protocol;
use crate::ask::{State, StateKind};
use crate::dialect::Decode;
use crate::json::{Text, Value};
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Stop};

/// Reads an answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    started: bool,
    /// The number of the next block.
    next: Block,
    items: Vec<Heard>,
    tenor: Tenor,
    finished: bool,
}

/// What an answer comes to, from least to most telling.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tenor {
    /// Words, or nothing.
    #[default]
    Words,
    /// The words that nothing will be answered.
    Refusal,
    /// The call of a tool.
    Call,
}

/// An item, as far as it has been heard.
#[derive(Debug)]
struct Heard {
    /// The upstream's `output_index`, where it gives one.
    index: Option<u64>,
    id: String,
    kind: Kind,
    done: bool,
}

#[derive(Debug)]
enum Kind {
    /// The parts by their `content_index`.
    Message(Vec<(u64, Piece)>),
    /// The text, and the number of its part that spoke last.
    Reasoning {
        piece: Piece,
        part: u64,
    },
    Call(Piece),
    /// Something else, or what the provider runs itself.
    Other,
}

/// A block and what it has said.
#[derive(Debug, Default)]
struct Piece {
    block: Option<Block>,
    said: Text<'static>,
    /// Whether a source of it was named.
    cited: bool,
    closed: bool,
}

type Each<'e> = &'e mut dyn FnMut(Delta<'_>);

/// Reads a whole answer.
pub(super) fn whole(response: Value<'_>, each: Each<'_>) {
    let mut answer = Answer::default();
    answer.start(response, each);
    for item in response.get("output").into_iter().flat_map(Value::elements) {
        let at = answer.add(None, item, each);
        answer.complete(at, item, each);
    }
    answer.end(Some(response), each);
}

impl Decode for Answer {
    fn event(&mut self, name: Option<&str>, data: Value<'_>, each: Each<'_>) {
        let kind = data.get("type").and_then(Value::str);
        let Some(kind) = kind.as_deref().or(name).and_then(|kind| kind.strip_prefix("response.")) else {
            return;
        };
        match kind {
            "created" | "in_progress" | "queued" => {
                if let Some(response) = data.get("response") {
                    self.start(response, each);
                }
            }
            "output_item.added" => {
                self.item(data, each);
            }
            "output_item.done" => {
                if let Some((at, item)) = self.item(data, each).zip(data.get("item"))
                    && !self.items[at].done
                {
                    self.complete(at, item, each);
                }
            }
            "completed" | "incomplete" => {
                if let Some(response) = data.get("response") {
                    self.start(response, each);
                    self.fill_in(response, each);
                }
                self.end(data.get("response"), each);
            }
            _ => self.part(kind, data, each),
        }
    }

    fn finish(&mut self, each: Each<'_>) {
        self.end(None, each);
    }
}

impl Answer {
    fn start(&mut self, response: Value<'_>, each: Each<'_>) {
        if !self.started {
            self.started = true;
            each(Delta::Start { model: response.get("model").and_then(Value::text) });
        }
    }

    /// Reads an event about a part of an item.
    fn part(&mut self, kind: &str, data: Value<'_>, each: Each<'_>) {
        let Some(at) = self.at(data).filter(|at| !self.items[*at].done) else { return };
        let text = |name| data.get(name).and_then(Value::text).unwrap_or_default();
        let number = |name| data.get(name).and_then(Value::count).unwrap_or(0);
        let content = number("content_index");
        match kind {
            "output_text.delta" => self.say(at, content, false, &text("delta"), each),
            "output_text.done" => self.say_rest(at, content, false, &text("text"), each),
            "refusal.delta" => self.say(at, content, true, &text("delta"), each),
            "refusal.done" => self.say_rest(at, content, true, &text("refusal"), each),
            "content_part.done" => {
                if let Some(part) = data.get("part") {
                    self.complete_part(at, content, part, each);
                }
            }
            "output_text.annotation.added" => {
                if let Some(annotation) = data.get("annotation") {
                    self.cite(at, content, annotation, each);
                }
            }
            "reasoning_summary_text.delta" => self.think(at, number("summary_index"), &text("delta"), each),
            "reasoning_text.delta" => self.think(at, content, &text("delta"), each),
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
                self.pass_arguments(at, &text("delta"), each);
            }
            "function_call_arguments.done" => self.pass_rest(at, &text("arguments"), each),
            "custom_tool_call_input.done" => self.pass_rest(at, &text("input"), each),
            // Summaries are filled in with their item; everything else says nothing to us.
            _ => {}
        }
    }

    /// Finds the item that an event is about: by its index, else by its id, else the last one.
    fn at(&self, data: Value<'_>) -> Option<usize> {
        let id = data.get("item_id").or_else(|| data.get("item")?.get("id"));
        match (data.get("output_index").and_then(Value::count), id) {
            (Some(index), _) => self.items.iter().rposition(|item| item.index == Some(index)),
            (None, Some(id)) => self.items.iter().rposition(|item| id.is(&item.id)),
            (None, None) => self.items.len().checked_sub(1),
        }
    }

    /// Finds the item that an event holds, or begins it.
    fn item(&mut self, data: Value<'_>, each: Each<'_>) -> Option<usize> {
        let item = data.get("item")?;
        let id = item.get("id").and_then(Value::text).unwrap_or_default();
        let is_same = |heard: &Heard| !heard.done || (!id.is_empty() && id.is(&heard.id));
        match self.at(data).filter(|at| is_same(&self.items[*at]) && self.items[*at].is_kind_of(item)) {
            Some(at) => {
                // Some upstreams give an item another id each time.
                self.items[at].id = id.plain().into_owned();
                Some(at)
            }
            None => Some(self.add(data.get("output_index").and_then(Value::count), item, each)),
        }
    }

    /// Begins an item.
    fn add(&mut self, index: Option<u64>, item: Value<'_>, each: Each<'_>) -> usize {
        self.start_silently(each);
        let kind = match item.get("type").and_then(Value::str).as_deref() {
            Some("message") => Kind::Message(Vec::new()),
            Some("reasoning") => Kind::Reasoning { piece: Piece::default(), part: 0 },
            Some("function_call" | "custom_tool_call") => Kind::Call(Piece::default()),
            Some(_) | None => Kind::Other,
        };
        let id = item.get("id").and_then(Value::str).unwrap_or_default().into_owned();
        self.items.push(Heard { index, id, kind, done: false });
        let at = self.items.len() - 1;
        self.call(at, item, each);
        at
    }

    /// An upstream that never said that it began has begun by now.
    fn start_silently(&mut self, each: Each<'_>) {
        if !self.started {
            self.started = true;
            each(Delta::Start { model: None });
        }
    }

    /// Begins a call as soon as its tool's name is known.
    fn call(&mut self, at: usize, item: Value<'_>, each: Each<'_>) {
        let Kind::Call(piece) = &mut self.items[at].kind else { return };
        let Some(name) = item.get("name").and_then(Value::text).filter(|name| !name.is_empty()) else {
            return;
        };
        if piece.block.is_some() {
            return;
        }
        let head = CallHead {
            id: item.get("call_id").and_then(Value::text).unwrap_or_default(),
            name,
            namespace: item.get("namespace").and_then(Value::text).filter(|namespace| !namespace.is_empty()),
            free: item.get("type").is_some_and(|kind| kind.is("custom_tool_call")),
            state: None,
        };
        self.tenor = Tenor::Call;
        let block = piece.open(&mut self.next);
        each(Delta::Open(block, Opening::Call(head)));
    }

    /// Takes all that a finished item says.
    fn complete(&mut self, at: usize, item: Value<'_>, each: Each<'_>) {
        self.call(at, item, each);
        match self.items[at].kind {
            Kind::Message(_) => {
                let parts = item.get("content").into_iter().flat_map(Value::elements);
                for (part, content) in parts.zip(0..) {
                    self.complete_part(at, content, part, each);
                }
            }
            Kind::Reasoning { .. } => self.complete_reasoning(at, item, each),
            Kind::Call(_) => {
                let arguments = item.either(["arguments", "input"]).and_then(Value::text);
                self.pass_rest(at, &arguments.unwrap_or_default(), each);
            }
            Kind::Other => self.image(item, each),
        }
        self.close(at, each);
    }

    fn complete_part(&mut self, at: usize, content: u64, part: Value<'_>, each: Each<'_>) {
        if let Some(refusal) = part.get("refusal").and_then(Value::text) {
            self.say_rest(at, content, true, &refusal, each);
        } else if let Some(text) = part.get("text").and_then(Value::text) {
            self.say_rest(at, content, false, &text, each);
        }
        let is_cited = self.piece(at, content).is_some_and(|piece| piece.cited);
        if !is_cited {
            for annotation in part.get("annotations").into_iter().flat_map(Value::elements) {
                self.cite(at, content, annotation, each);
            }
        }
    }

    fn complete_reasoning(&mut self, at: usize, item: Value<'_>, each: Each<'_>) {
        let texts = |member| {
            let parts = item.get(member).into_iter().flat_map(Value::elements);
            parts.filter_map(|part| part.get("text")?.text()).collect::<Vec<_>>()
        };
        let mut words = texts("summary");
        if words.is_empty() {
            words = texts("content");
        }
        let whole = Text::joined(&words, PARAGRAPH);
        let Kind::Reasoning { piece, part } = &self.items[at].kind else { return };
        let (rest, part) = (piece.rest(&whole), *part);
        self.think(at, part, &rest, each);
        let note = item.get("encrypted_content").and_then(Value::text).filter(|note| !note.is_empty());
        if let Some(note) = note
            && let Kind::Reasoning { piece, .. } = &mut self.items[at].kind
        {
            let block = match piece.block {
                Some(block) => block,
                None => {
                    let block = piece.open(&mut self.next);
                    each(Delta::Open(block, Opening::Thinking));
                    block
                }
            };
            each(Delta::State(block, State::new(Protocol::Responses, StateKind::Encrypted, note)));
        }
    }

    /// Passes an image on that the model made by the provider's own tool.
    fn image(&mut self, item: Value<'_>, each: Each<'_>) {
        if !item.get("type").is_some_and(|kind| kind.is("image_generation_call")) {
            return;
        }
        let Some(base64) = item.get("result").and_then(Value::text).filter(|image| !image.is_empty()) else {
            return;
        };
        let mime = match item.get("output_format").and_then(Value::str).as_deref() {
            Some("jpeg") => "image/jpeg",
            Some("webp") => "image/webp",
            Some(_) | None => "image/png",
        };
        let block = self.next;
        self.next += 1;
        each(Delta::Open(block, Opening::Image { mime: Text::of(mime), base64 }));
        each(Delta::Close(block));
    }

    fn say(&mut self, at: usize, content: u64, refusal: bool, text: &Text<'_>, each: Each<'_>) {
        let Kind::Message(parts) = &mut self.items[at].kind else { return };
        if text.is_empty() {
            return;
        }
        let part = match parts.iter().position(|(index, _)| *index == content) {
            Some(part) => part,
            None => {
                parts.push((content, Piece::default()));
                parts.len() - 1
            }
        };
        let piece = &mut parts[part].1;
        let block = match piece.block {
            Some(block) => block,
            None => {
                let block = piece.open(&mut self.next);
                if refusal {
                    self.tenor = self.tenor.max(Tenor::Refusal);
                }
                each(Delta::Open(block, if refusal { Opening::Refusal } else { Opening::Text }));
                block
            }
        };
        piece.said.push(text);
        each(Delta::Text(block, text.borrowed()));
    }

    fn say_rest(&mut self, at: usize, content: u64, refusal: bool, whole: &Text<'_>, each: Each<'_>) {
        let rest = match self.piece(at, content) {
            Some(piece) => piece.rest(whole),
            None => whole.clone().into_owned(),
        };
        self.say(at, content, refusal, &rest, each);
    }

    fn piece(&self, at: usize, content: u64) -> Option<&Piece> {
        match &self.items[at].kind {
            Kind::Message(parts) => parts.iter().find(|(index, _)| *index == content).map(|(_, piece)| piece),
            Kind::Reasoning { .. } | Kind::Call(_) | Kind::Other => None,
        }
    }

    fn cite(&mut self, at: usize, content: u64, annotation: Value<'_>, each: Each<'_>) {
        let Kind::Message(parts) = &mut self.items[at].kind else { return };
        let Some((_, piece)) = parts.iter_mut().find(|(index, _)| *index == content) else { return };
        let Some(block) = piece.block else { return };
        let Some(url) = annotation.get("url").and_then(Value::text) else { return };
        piece.cited = true;
        let place = |name| annotation.get(name).and_then(Value::count);
        let span = place("start_index").zip(place("end_index"));
        let title = annotation.get("title").and_then(Value::text);
        each(Delta::Cite(block, Citation { url, title, span }));
    }

    /// Passes thoughts on. The parts of a summary are paragraphs.
    fn think(&mut self, at: usize, part: u64, text: &Text<'_>, each: Each<'_>) {
        let Kind::Reasoning { piece, part: last } = &mut self.items[at].kind else { return };
        if text.is_empty() {
            return;
        }
        let block = match piece.block {
            Some(block) => {
                if part != *last {
                    piece.said.push_plain(PARAGRAPH);
                    each(Delta::Text(block, Text::of(PARAGRAPH)));
                }
                block
            }
            None => {
                let block = piece.open(&mut self.next);
                each(Delta::Open(block, Opening::Thinking));
                block
            }
        };
        *last = part;
        piece.said.push(text);
        each(Delta::Text(block, text.borrowed()));
    }

    fn pass_arguments(&mut self, at: usize, text: &Text<'_>, each: Each<'_>) {
        let Kind::Call(piece) = &mut self.items[at].kind else { return };
        if let Some(block) = piece.block
            && !text.is_empty()
        {
            piece.said.push(text);
            each(Delta::Arguments(block, text.borrowed()));
        }
    }

    fn pass_rest(&mut self, at: usize, whole: &Text<'_>, each: Each<'_>) {
        let Kind::Call(piece) = &self.items[at].kind else { return };
        let rest = piece.rest(whole);
        self.pass_arguments(at, &rest, each);
    }

    /// Fills in what the end repeats and nobody heard before. Items are matched within their kind, because upstreams leave
    /// out what they ran themselves.
    fn fill_in(&mut self, response: Value<'_>, each: Each<'_>) {
        let mut matched = vec![false; self.items.len()];
        for item in response.get("output").into_iter().flat_map(Value::elements) {
            let heard = self.items.iter().zip(&matched);
            let at = heard.into_iter().position(|(heard, matched)| !matched && heard.is_kind_of(item));
            let at = match at {
                Some(at) => {
                    matched[at] = true;
                    at
                }
                None => {
                    matched.push(true);
                    self.add(None, item, each)
                }
            };
            if !self.items[at].done {
                self.complete(at, item, each);
            }
        }
    }

    /// Closes an item's blocks.
    fn close(&mut self, at: usize, each: Each<'_>) {
        let item = &mut self.items[at];
        item.done = true;
        let pieces: &mut dyn Iterator<Item = &mut Piece> = match &mut item.kind {
            Kind::Message(parts) => &mut parts.iter_mut().map(|(_, piece)| piece),
            Kind::Reasoning { piece, .. } | Kind::Call(piece) => &mut std::iter::once(piece),
            Kind::Other => &mut std::iter::empty(),
        };
        for piece in pieces {
            if let Some(block) = piece.block.filter(|_| !std::mem::replace(&mut piece.closed, true)) {
                each(Delta::Close(block));
            }
        }
    }

    fn end(&mut self, response: Option<Value<'_>>, each: Each<'_>) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.start_silently(each);
        for at in 0..self.items.len() {
            self.close(at, each);
        }
        let reason = response.and_then(|response| response.get("incomplete_details")?.get("reason")?.text());
        each(Delta::Finish(self.stop(reason)));
    }

    fn stop<'r>(&self, reason: Option<Text<'r>>) -> Stop<'r> {
        match reason {
            Some(reason) if reason.is("max_output_tokens") || reason.is("max_messages") => Stop::OutputMax,
            Some(reason) if reason.is("content_filter") => Stop::Refused(Some(reason)),
            Some(_) | None => match self.tenor {
                Tenor::Words => Stop::EndTurn,
                Tenor::Refusal => Stop::Refused(None),
                Tenor::Call => Stop::Calls,
            },
        }
    }
}

/// What stands between the parts of a summary.
const PARAGRAPH: &str = "\n\n";

impl Heard {
    fn is_kind_of(&self, item: Value<'_>) -> bool {
        let kind = item.get("type").and_then(Value::str);
        match (&self.kind, kind.as_deref()) {
            (Kind::Message(_), Some("message")) | (Kind::Reasoning { .. }, Some("reasoning")) => true,
            (Kind::Call(_), Some("function_call" | "custom_tool_call")) => true,
            (Kind::Other, kind) => {
                !matches!(kind, Some("message" | "reasoning" | "function_call" | "custom_tool_call"))
            }
            (Kind::Message(_) | Kind::Reasoning { .. } | Kind::Call(_), _) => false,
        }
    }
}

impl Piece {
    fn open(&mut self, next: &mut Block) -> Block {
        let block = *next;
        *next += 1;
        self.block = Some(block);
        block
    }

    /// Returns what the whole text has behind what was said; nothing where the two differ.
    fn rest<'t>(&self, whole: &Text<'t>) -> Text<'t> {
        if self.said.is_empty() {
            return whole.clone();
        }
        if self.said.as_written().len() == whole.as_written().len() {
            return Text::default();
        }
        match whole.plain().strip_prefix(&*self.said.plain()) {
            Some(rest) => Text::owned(rest),
            None => Text::default(),
        }
    }
}
