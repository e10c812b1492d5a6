//! Writing an answer for a client of `OpenAI Responses`.
//!
//! ```text
//!  Start    created, in_progress
//!  a block  [output_item.added] [content_part.added] deltas … done [content_part.done]
//!  the next item or the end    output_item.done of every item that is over
//!  Finish   completed or incomplete, with all items once more
//! ```
//! An item begins when it has something to say, so that there are no empty ones, and is done when the next one begins:
//! texts in a row are one message, and only the end tells whether the last item was cut.

use super::compaction;
use super::decode::TOOL_SEARCH;
use super::output::{Item, Kind, Piece, write_citation, write_summary};
use super::response::{self, Response, Status};
use crate::ask::State;
use crate::calls::{IdRule, legal_id};
use crate::dialect::{Addressee, Encode};
use crate::errors::SoFar;
use crate::frames::Place;
use crate::json::{Members, Text};
use crate::observe::Counts;
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Reply, Stop};

/// Writes a streamed answer.
#[derive(Debug)]
pub(super) struct Stream {
    to: Addressee,
    /// The answer's id.
    id: String,
    /// The upstream's own name of the model.
    model: String,
    /// Whether anybody hears the events; of a whole answer only the response object counts.
    tells: bool,
    /// The number of the next event.
    next_event: u64,
    /// The items so far, by their `output_index`.
    items: Vec<Progress>,
    /// Where each block is said.
    spots: Vec<Spot>,
    /// The summary, where the client wants one instead of an answer.
    summary: Text<'static>,
}

/// An item, and how far it is.
#[derive(Debug)]
struct Progress {
    item: Item,
    /// How many of its blocks may go on.
    open: usize,
    /// Whether the client has been told that it is over.
    done: bool,
}

/// Where a block is said.
#[derive(Debug, Clone, Copy)]
enum Spot {
    /// Nowhere.
    Mute,
    /// In the summary.
    Summary,
    /// It has said nothing yet.
    Waiting(Waiting),
    /// In this item, and in this part of a message.
    At { item: usize, part: usize },
}

/// What kind of block waits for its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Text,
    Refusal,
    Thinking,
}

/// Writes a whole answer: the response object that would end its stream.
pub(super) fn whole(reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
    let mut stream = Stream { tells: false, ..Stream::new(to) };
    let mut events = Vec::new();
    stream.model = reply.model.as_ref().map(|model| model.plain().into_owned()).unwrap_or_default();
    for (said, block) in reply.said.iter().zip(0..) {
        stream.open(block, said.opening.clone(), &mut events);
        match said.opening {
            Opening::Call(_) => stream.arguments(block, &said.text, &mut events),
            Opening::Text | Opening::Thinking | Opening::Refusal | Opening::Image { .. } => {
                stream.text(block, &said.text, &mut events);
            }
        }
        for state in &said.states {
            stream.state(block, state, &mut events);
        }
        for citation in &said.citations {
            stream.cite(block, citation, &mut events);
        }
        stream.close(block, &mut events);
    }
    let status = stream.settle_all(reply.stop.as_ref().unwrap_or(&Stop::EndTurn), &mut events);
    let said_bytes: usize = reply.said.iter().map(|said| said.text.as_written().len()).sum();
    let mut out = Vec::with_capacity(to.wanted.echo.len() + said_bytes + 2048);
    stream.write_response(status, *counts, &mut out);
    out
}

impl Encode for Stream {
    fn push(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { model } => self.start(model, out),
            Delta::Open(block, opening) => self.open(block, opening, out),
            Delta::Text(block, text) => self.text(block, &text, out),
            Delta::Arguments(block, text) => self.arguments(block, &text, out),
            Delta::State(block, state) => self.state(block, &state, out),
            Delta::Cite(block, citation) => self.cite(block, &citation, out),
            Delta::Close(block) => self.close(block, out),
            Delta::Finish(stop) => self.finish(&stop, *counts, out),
            // The error event is written by who knows what the failure means.
            Delta::Failed(_) => {}
        }
    }

    fn so_far(&self) -> SoFar<'_> {
        SoFar {
            response_id: Some(&self.id),
            model: Some(&self.model),
            next_sequence: self.next_event,
            created_s: self.to.created_s,
            place: Place::Between,
        }
    }
}

impl Stream {
    /// Begins an answer.
    pub(super) fn new(to: &Addressee) -> Self {
        Self {
            id: format!("resp_{}", to.id),
            to: to.clone(),
            model: String::new(),
            tells: true,
            next_event: 0,
            items: Vec::new(),
            spots: Vec::new(),
            summary: Text::default(),
        }
    }

    fn start(&mut self, model: Option<Text<'_>>, out: &mut Vec<u8>) {
        self.model = model.map(|model| model.plain().into_owned()).unwrap_or_default();
        for kind in ["response.created", "response.in_progress"] {
            self.write_event(kind, out, |stream, members| {
                members.value("response", |out| {
                    stream.write_response(Status::InProgress, Counts::default(), out);
                });
            });
        }
    }

    fn open(&mut self, block: Block, opening: Opening<'_>, out: &mut Vec<u8>) {
        let wanted = &self.to.wanted;
        let spot = match opening {
            Opening::Text if wanted.compaction => Spot::Summary,
            Opening::Text => Spot::Waiting(Waiting::Text),
            _ if wanted.compaction => Spot::Mute,
            Opening::Refusal => Spot::Waiting(Waiting::Refusal),
            Opening::Thinking => Spot::Waiting(Waiting::Thinking),
            Opening::Call(head) => {
                let kind = self.call(head);
                Spot::At { item: self.add_item(kind, out), part: 0 }
            }
            Opening::Image { base64, .. } => {
                let kind = Kind::Image(base64.into_owned());
                Spot::At { item: self.add_item(kind, out), part: 0 }
            }
        };
        let at = index(block);
        if self.spots.len() <= at {
            self.spots.resize(at + 1, Spot::Mute);
        }
        self.spots[at] = spot;
    }

    /// Makes a call's item. The id must be one that the client can hand back.
    fn call(&self, head: CallHead<'_>) -> Kind {
        let id = match &*head.id.plain() {
            "" => format!("call_{}_{}", self.to.id, self.items.len()),
            id => legal_id(id, IdRule::RESPONSES).into_owned(),
        };
        let id = Text::from(id);
        let is_search = self.to.wanted.tool_search && head.namespace.is_none() && head.name.is(TOOL_SEARCH);
        if is_search {
            return Kind::Search { id, arguments: Text::default() };
        }
        Kind::Call { head: CallHead { id, ..head.into_owned() }, arguments: Text::default() }
    }

    fn text(&mut self, block: Block, text: &Text<'_>, out: &mut Vec<u8>) {
        if text.is_empty() || (self.to.wanted.thinking_hidden && self.is_thought(block)) {
            return;
        }
        match self.place(block, out) {
            Spot::Mute | Spot::Waiting(_) => {}
            Spot::Summary => self.summary.push(text),
            Spot::At { item, part } => match &mut self.items[item].item.kind {
                Kind::Message(pieces) => {
                    let piece = &mut pieces[part];
                    piece.text.push(text);
                    let refusal = piece.refusal;
                    let kind = if refusal { "response.refusal.delta" } else { "response.output_text.delta" };
                    self.write_part_event(kind, item, part, out, |_piece, members| {
                        members.text("delta", text);
                        if !refusal {
                            members.array("logprobs", |_none| {});
                        }
                    });
                }
                Kind::Reasoning { text: summary, .. } => {
                    let begins = summary.is_empty();
                    summary.push(text);
                    if begins {
                        self.write_summary_event("part.added", item, out, |members| {
                            members.value("part", |out| write_summary(&Text::default(), out));
                        });
                    }
                    self.write_summary_event("text.delta", item, out, |members| members.text("delta", text));
                }
                Kind::Call { .. } | Kind::Search { .. } | Kind::Image(_) | Kind::Compaction(_) => {}
            },
        }
    }

    fn arguments(&mut self, block: Block, more: &Text<'_>, out: &mut Vec<u8>) {
        let Spot::At { item, .. } = self.spot(block) else { return };
        if more.is_empty() {
            return;
        }
        match &mut self.items[item].item.kind {
            Kind::Call { head, arguments } => {
                arguments.push(more);
                let kind = if head.free { FREE_DELTA } else { ARGUMENTS_DELTA };
                self.write_item_event(kind, item, out, |_item, members| members.text("delta", more));
            }
            Kind::Search { arguments, .. } => arguments.push(more),
            Kind::Message(_) | Kind::Reasoning { .. } | Kind::Image(_) | Kind::Compaction(_) => {}
        }
    }

    /// Takes the carrier of a provider's note; it goes where this protocol keeps its own.
    fn state(&mut self, block: Block, state: &State<'_>, out: &mut Vec<u8>) {
        if !self.to.wanted.encrypted {
            return;
        }
        let note = state.note.clone().into_owned();
        if let Spot::At { item, .. } = self.place(block, out)
            && let Kind::Reasoning { sealed, .. } = &mut self.items[item].item.kind
        {
            *sealed = Some(note);
        }
    }

    fn cite(&mut self, block: Block, citation: &Citation<'_>, out: &mut Vec<u8>) {
        let Spot::At { item, part } = self.spot(block) else { return };
        let Kind::Message(pieces) = &mut self.items[item].item.kind else { return };
        let citations = &mut pieces[part].citations;
        let nth = citations.len() as u64;
        citations.push(citation.clone().into_owned());
        self.write_part_event("response.output_text.annotation.added", item, part, out, |_piece, members| {
            members.count("annotation_index", nth);
            members.value("annotation", |out| write_citation(citation, out));
        });
    }

    fn close(&mut self, block: Block, out: &mut Vec<u8>) {
        let Spot::At { item, part } = self.spot(block) else { return };
        self.spots[index(block)] = Spot::Mute;
        self.items[item].open -= 1;
        match &self.items[item].item.kind {
            Kind::Message(_) => self.close_piece(item, part, out),
            Kind::Reasoning { text, .. } if text.is_empty() => {}
            Kind::Reasoning { text, .. } => {
                let text = text.clone();
                self.write_summary_event("text.done", item, out, |members| members.text("text", &text));
                self.write_summary_event("part.done", item, out, |members| {
                    members.value("part", |out| write_summary(&text, out));
                });
            }
            Kind::Call { .. } => self.close_call(item, out),
            Kind::Search { .. } | Kind::Image(_) | Kind::Compaction(_) => {}
        }
    }

    fn close_piece(&mut self, item: usize, part: usize, out: &mut Vec<u8>) {
        let Kind::Message(pieces) = &self.items[item].item.kind else { return };
        let refusal = pieces[part].refusal;
        let kind = if refusal { "response.refusal.done" } else { "response.output_text.done" };
        self.write_part_event(kind, item, part, out, |piece, members| {
            if refusal {
                members.text("refusal", &piece.text);
            } else {
                members.text("text", &piece.text);
                members.array("logprobs", |_none| {});
            }
        });
        self.write_part_event("response.content_part.done", item, part, out, |piece, members| {
            members.value("part", |out| piece.write(out));
        });
    }

    /// Ends a call's arguments; those of a function are an object though nothing was said.
    fn close_call(&mut self, item: usize, out: &mut Vec<u8>) {
        let Kind::Call { head, arguments } = &mut self.items[item].item.kind else { return };
        let free = head.free;
        if !free && arguments.is_empty() {
            *arguments = Text::of("{}");
            self.write_item_event(ARGUMENTS_DELTA, item, out, |_item, members| members.str("delta", "{}"));
        }
        let kind = if free { FREE_DONE } else { ARGUMENTS_DONE };
        self.write_item_event(kind, item, out, |item, members| {
            if let Kind::Call { head, arguments } = &item.kind {
                if free {
                    members.text("input", arguments);
                } else {
                    members.text("name", &head.name);
                    members.text("arguments", arguments);
                }
            }
        });
    }

    fn finish(&mut self, stop: &Stop<'_>, counts: Counts, out: &mut Vec<u8>) {
        let status = self.settle_all(stop, out);
        let kind = match status {
            Status::Incomplete(_) => "response.incomplete",
            Status::InProgress | Status::Completed | Status::Failed { .. } => "response.completed",
        };
        self.write_event(kind, out, |stream, members| {
            members.value("response", |out| stream.write_response(status, counts, out));
        });
    }

    /// Returns where a block is said, which begins there if it has said nothing yet.
    fn place(&mut self, block: Block, out: &mut Vec<u8>) -> Spot {
        let spot = match self.spot(block) {
            Spot::Waiting(Waiting::Thinking) => {
                let kind = Kind::Reasoning { text: Text::default(), sealed: None };
                Spot::At { item: self.add_item(kind, out), part: 0 }
            }
            Spot::Waiting(waiting @ (Waiting::Text | Waiting::Refusal)) => {
                self.add_piece(waiting == Waiting::Refusal, out)
            }
            placed @ (Spot::Mute | Spot::Summary | Spot::At { .. }) => return placed,
        };
        self.spots[index(block)] = spot;
        spot
    }

    fn is_thought(&self, block: Block) -> bool {
        match self.spot(block) {
            Spot::Waiting(waiting) => waiting == Waiting::Thinking,
            Spot::At { item, .. } => matches!(self.items[item].item.kind, Kind::Reasoning { .. }),
            Spot::Mute | Spot::Summary => false,
        }
    }

    fn spot(&self, block: Block) -> Spot {
        self.spots.get(index(block)).copied().unwrap_or(Spot::Mute)
    }

    /// Begins a part of the message that stands last, or of a new one.
    fn add_piece(&mut self, refusal: bool, out: &mut Vec<u8>) -> Spot {
        let ends_in_message =
            self.items.last().is_some_and(|last| !last.done && matches!(last.item.kind, Kind::Message(_)));
        let item = if ends_in_message {
            let last = self.items.len() - 1;
            self.items[last].open += 1;
            last
        } else {
            self.add_item(Kind::Message(Vec::new()), out)
        };
        let Kind::Message(pieces) = &mut self.items[item].item.kind else { return Spot::Mute };
        let part = pieces.len();
        pieces.push(Piece { refusal, text: Text::default(), citations: Vec::new() });
        self.write_part_event("response.content_part.added", item, part, out, |piece, members| {
            members.value("part", |out| piece.write(out));
        });
        Spot::At { item, part }
    }

    /// Begins an item with one block; those before it that are over are done.
    fn add_item(&mut self, kind: Kind, out: &mut Vec<u8>) -> usize {
        for at in 0..self.items.len() {
            if self.items[at].open == 0 {
                self.settle(at, "completed", out);
            }
        }
        let at = self.items.len();
        let id = format!("{}_{}_{at}", kind.prefix(), self.to.id);
        self.items.push(Progress { item: Item { id, kind }, open: 1, done: false });
        self.write_event("response.output_item.added", out, |stream, members| {
            members.count("output_index", at as u64);
            members.value("item", |out| stream.items[at].item.write("in_progress", out));
        });
        at
    }

    /// Ends every item, and tells how the answer ended.
    fn settle_all(&mut self, stop: &Stop<'_>, out: &mut Vec<u8>) -> Status<'static> {
        if self.to.wanted.compaction {
            let note = compaction::seal(&self.summary.plain());
            self.add_item(Kind::Compaction(note), out);
        }
        let status = self.status(stop);
        for at in 0..self.items.len() {
            let word = self.item_status(at, status);
            self.settle(at, word, out);
        }
        status
    }

    /// Only the last item can have been cut.
    fn item_status(&self, at: usize, status: Status<'_>) -> &'static str {
        match status {
            Status::Incomplete(_) if at + 1 == self.items.len() => "incomplete",
            Status::InProgress | Status::Completed | Status::Incomplete(_) | Status::Failed { .. } => {
                "completed"
            }
        }
    }

    fn settle(&mut self, at: usize, status: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.items[at].done, true) {
            return;
        }
        self.write_event("response.output_item.done", out, |stream, members| {
            members.count("output_index", at as u64);
            members.value("item", |out| stream.items[at].item.write(status, out));
        });
    }

    /// A refusal in words is an answer; one without them is an answer that was cut.
    fn status(&self, stop: &Stop<'_>) -> Status<'static> {
        let refuses = |progress: &Progress| match &progress.item.kind {
            Kind::Message(pieces) => pieces.iter().any(|piece| piece.refusal),
            Kind::Reasoning { .. }
            | Kind::Call { .. }
            | Kind::Search { .. }
            | Kind::Image(_)
            | Kind::Compaction(_) => false,
        };
        match stop {
            Stop::OutputMax | Stop::ContextFull => Status::Incomplete("max_output_tokens"),
            Stop::Refused(_) if !self.items.iter().any(refuses) => Status::Incomplete("content_filter"),
            Stop::EndTurn | Stop::StopSequence(_) | Stop::Calls | Stop::Refused(_) | Stop::Paused => {
                Status::Completed
            }
        }
    }

    fn write_response(&self, status: Status<'_>, counts: Counts, out: &mut Vec<u8>) {
        let response = Response {
            id: &self.id,
            created_s: self.to.created_s,
            model: &self.model,
            status,
            echo: &self.to.wanted.echo,
            counts,
        };
        response.write(out, |output| {
            for (at, progress) in self.items.iter().enumerate() {
                output.value(|out| progress.item.write(self.item_status(at, status), out));
            }
        });
    }

    fn write_event(&mut self, kind: &str, out: &mut Vec<u8>, fill: impl FnOnce(&Self, &mut Members<'_>)) {
        if self.tells {
            response::event(out, kind, self.next_event, |members| fill(self, members));
        }
        self.next_event += 1;
    }

    fn write_item_event(
        &mut self,
        kind: &str,
        item: usize,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&Item, &mut Members<'_>),
    ) {
        self.write_event(kind, out, |stream, members| {
            let said = &stream.items[item].item;
            members.str("item_id", &said.id);
            members.count("output_index", item as u64);
            fill(said, members);
        });
    }

    fn write_part_event(
        &mut self,
        kind: &str,
        item: usize,
        part: usize,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&Piece, &mut Members<'_>),
    ) {
        self.write_item_event(kind, item, out, |item, members| {
            members.count("content_index", part as u64);
            if let Kind::Message(pieces) = &item.kind {
                fill(&pieces[part], members);
            }
        });
    }

    /// Writes an event of a reasoning's summary, which has one part.
    fn write_summary_event(
        &mut self,
        kind: &str,
        item: usize,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Members<'_>),
    ) {
        self.write_item_event(&format!("response.reasoning_summary_{kind}"), item, out, |_item, members| {
            members.count("summary_index", 0);
            fill(members);
        });
    }
}

const ARGUMENTS_DELTA: &str = "response.function_call_arguments.delta";
const ARGUMENTS_DONE: &str = "response.function_call_arguments.done";
const FREE_DELTA: &str = "response.custom_tool_call_input.delta";
const FREE_DONE: &str = "response.custom_tool_call_input.done";

fn index(block: Block) -> usize {
    usize::try_from(block).expect("a block's number fits")
}
