//! Writing a streamed answer for a client.
//!
//! Blocks stand one behind the other, so what comes side by side is put in order: a text or thought ends where something
//! else begins and goes on in a new block; behind an unfinished call everything waits.
//!
//! ```text
//!            text, thinking            call
//!  ┌────────────┐  first words  ┌────────────┐  closed  ┌──────────┐
//!  │  announced │──────────────►│    open    │─────────►│  written │
//!  └────────────┘               └────────────┘          └──────────┘
//!        │  a call is open            ▲ the call is closed
//!        ▼                            │
//!  ┌────────────┐                     │
//!  │   waiting  │─────────────────────┘
//!  └────────────┘
//! ```

use std::collections::VecDeque;

use super::reply_written::{IMAGE, cached, call_head, cited, head, output, redacted, stopped};
use crate::ask::State;
use crate::dialect::{Addressee, Encode};
use crate::errors::SoFar;
use crate::frames::Place;
use crate::json::{Members, Text, object};
use crate::observe::Counts;
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Stop};

/// Writes a streamed answer.
#[derive(Debug)]
pub(super) struct Writing {
    to: Addressee,
    model: Option<String>,
    started: bool,
    finished: bool,
    /// The index of the next block.
    next: u64,
    open: Option<(Block, Kind)>,
    /// Texts and thoughts that may say more, and stand nowhere right now.
    announced: Vec<Announced>,
    /// What comes behind the open call.
    waiting: VecDeque<Waiting>,
    /// How much has been said, in bytes.
    said_bytes: u64,
}

/// What kind of block it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
}

/// A text or thought that stands nowhere right now.
#[derive(Debug, Clone, Copy)]
struct Announced {
    block: Block,
    kind: Kind,
    /// Whether some of it has been said.
    said: bool,
}

/// A block that waits for its place.
#[derive(Debug)]
struct Waiting {
    block: Block,
    kind: Kind,
    /// Who is called, where it is a call.
    call: Option<CallHead<'static>>,
    text: Text<'static>,
    citations: Vec<Citation<'static>>,
    /// What a thought carries.
    signature: Option<Text<'static>>,
    closed: bool,
}

impl Encode for Writing {
    fn push(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>) {
        if self.finished {
            return;
        }
        match delta {
            Delta::Start { model } => self.start(model, counts, out),
            Delta::Open(block, opening) => {
                self.start(None, counts, out);
                self.announce(block, opening, out);
            }
            Delta::Text(block, text) | Delta::Arguments(block, text) => self.say(block, &text, out),
            Delta::Cite(block, citation) => self.cite(block, &citation, out),
            Delta::State(block, state) => self.note(block, &state, out),
            Delta::Close(block) => self.close(block, out),
            Delta::Finish(stop) => {
                self.start(None, counts, out);
                self.finish(&stop, counts, out);
            }
            // The error event is written by who knows the failure.
            Delta::Failed(_) => self.finished = true,
        }
    }

    fn so_far(&self) -> SoFar<'_> {
        SoFar {
            model: self.model.as_deref(),
            created_s: self.to.created_s,
            place: Place::Between,
            ..SoFar::default()
        }
    }
}

impl Writing {
    pub(super) fn new(to: &Addressee) -> Self {
        Self {
            to: to.clone(),
            model: None,
            started: false,
            finished: false,
            next: 0,
            open: None,
            announced: Vec::new(),
            waiting: VecDeque::new(),
            said_bytes: 0,
        }
    }

    fn start(&mut self, model: Option<Text<'_>>, counts: &Counts, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        event(out, "message_start", |data| {
            data.object("message", |message| {
                head(message, &self.to, model.as_ref());
                message.array("content", |_none| {});
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |usage| {
                    usage.count("input_tokens", counts.input_fresh().unwrap_or(self.to.input_estimate));
                    cached(usage, counts);
                    usage.count("output_tokens", 1);
                });
            });
        });
        event(out, "ping", |_nothing| {});
        self.model = model.map(|model| model.plain().into_owned());
    }

    fn announce(&mut self, block: Block, opening: Opening<'_>, out: &mut Vec<u8>) {
        match opening {
            Opening::Text | Opening::Refusal => self.stand_by(block, Kind::Text, false),
            Opening::Thinking => self.stand_by(block, Kind::Thinking, false),
            Opening::Call(call) if self.is_calling() => self.wait(block, Kind::Call, Some(call.into_owned())),
            Opening::Call(call) => self.begin(block, Kind::Call, Some(&call), out),
            Opening::Image { .. } => {
                self.stand_by(block, Kind::Text, false);
                self.say(block, &Text::of(IMAGE), out);
            }
        }
    }

    /// Says more of a text, a thought or a call's arguments.
    fn say(&mut self, block: Block, text: &Text<'_>, out: &mut Vec<u8>) {
        if text.is_empty() || (self.to.wanted.thinking_hidden && self.is_thought(block)) {
            return;
        }
        if let Some(Announced { kind, .. }) = self.take_announced(block) {
            if self.is_calling() {
                self.wait(block, kind, None);
            } else {
                self.begin(block, kind, None, out);
            }
        }
        if let Some((open, kind)) = self.open
            && open == block
        {
            self.write_text(kind, text, out);
        } else if let Some(waiting) = self.waiting(block) {
            waiting.text.push(text);
        }
    }

    fn cite(&mut self, block: Block, citation: &Citation<'_>, out: &mut Vec<u8>) {
        if self.open == Some((block, Kind::Text)) {
            self.write_citation(citation, out);
        } else if let Some(waiting) = self.waiting(block) {
            waiting.citations.push(citation.clone().into_owned());
        }
    }

    /// Signs a thought. One that has no text is withheld, and nothing but its note.
    fn note(&mut self, block: Block, state: &State<'_>, out: &mut Vec<u8>) {
        if let Some(announced) = self.take_announced(block) {
            if announced.said {
                // It stands in several pieces, none of which was signed.
            } else if self.is_calling() {
                self.wait(block, announced.kind, None);
            } else {
                self.make_room(out);
                self.write_redacted(&state.note, out);
            }
        } else if self.open == Some((block, Kind::Thinking)) {
            self.write_signature(&state.note, out);
        }
        if let Some(waiting) = self.waiting(block) {
            waiting.signature = Some(state.note.clone().into_owned());
        }
    }

    fn close(&mut self, block: Block, out: &mut Vec<u8>) {
        self.announced.retain(|announced| announced.block != block);
        if self.open.is_some_and(|(open, _)| open == block) {
            self.end(out);
            self.go_on(out);
        } else if let Some(waiting) = self.waiting(block) {
            waiting.closed = true;
        }
    }

    /// Writes what waited, up to a call that is not finished yet.
    fn go_on(&mut self, out: &mut Vec<u8>) {
        while !self.is_calling() {
            let Some(waiting) = self.waiting.pop_front() else { return };
            if let Some(note) = waiting.signature.as_ref().filter(|_| waiting.text.is_empty()) {
                self.make_room(out);
                self.write_redacted(note, out);
                continue;
            }
            self.begin(waiting.block, waiting.kind, waiting.call.as_ref(), out);
            if !waiting.text.is_empty() {
                self.write_text(waiting.kind, &waiting.text, out);
            }
            for citation in &waiting.citations {
                self.write_citation(citation, out);
            }
            if let Some(note) = &waiting.signature {
                self.write_signature(note, out);
            }
            if waiting.closed {
                self.end(out);
            }
        }
    }

    fn finish(&mut self, stop: &Stop<'_>, counts: &Counts, out: &mut Vec<u8>) {
        self.finished = true;
        for waiting in &mut self.waiting {
            waiting.closed = true;
        }
        self.end(out);
        self.go_on(out);
        event(out, "message_delta", |data| {
            data.object("delta", |delta| stopped(delta, stop));
            data.object("usage", |usage| {
                usage.count_if("input_tokens", counts.input_fresh());
                cached(usage, counts);
                output(usage, counts, self.said_bytes);
            });
        });
        event(out, "message_stop", |_nothing| {});
    }

    /// Begins a block; a text or thought that is open makes room for it.
    fn begin(&mut self, block: Block, kind: Kind, call: Option<&CallHead<'_>>, out: &mut Vec<u8>) {
        self.make_room(out);
        let index = self.next;
        self.next += 1;
        self.open = Some((block, kind));
        event(out, "content_block_start", |data| {
            data.count("index", index);
            data.object("content_block", |content| match (kind, call) {
                (Kind::Call, Some(call)) => {
                    call_head(content, call, index, &self.to);
                    content.object("input", |_nothing| {});
                }
                (Kind::Thinking, _) => {
                    content.str("type", "thinking");
                    content.str("thinking", "");
                    content.str("signature", "");
                }
                (Kind::Text | Kind::Call, _) => {
                    content.str("type", "text");
                    content.str("text", "");
                }
            });
        });
    }

    /// Ends the open block; a text or thought may go on in a new one.
    fn make_room(&mut self, out: &mut Vec<u8>) {
        if let Some((open, kind)) = self.open.filter(|(_, kind)| *kind != Kind::Call) {
            self.stand_by(open, kind, true);
        }
        self.end(out);
    }

    /// Ends the open block, if there is one.
    fn end(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            event(out, "content_block_stop", |data| data.count("index", self.next - 1));
        }
    }

    fn write_text(&mut self, kind: Kind, text: &Text<'_>, out: &mut Vec<u8>) {
        self.said_bytes += text.as_written().len() as u64;
        let (delta, member) = match kind {
            Kind::Text => ("text_delta", "text"),
            Kind::Thinking => ("thinking_delta", "thinking"),
            Kind::Call => ("input_json_delta", "partial_json"),
        };
        self.write_delta(delta, out, |members| members.text(member, text));
    }

    fn write_signature(&self, note: &Text<'_>, out: &mut Vec<u8>) {
        self.write_delta("signature_delta", out, |members| members.text("signature", note));
    }

    /// Writes a thought that is withheld.
    fn write_redacted(&mut self, note: &Text<'_>, out: &mut Vec<u8>) {
        let index = self.next;
        self.next += 1;
        event(out, "content_block_start", |data| {
            data.count("index", index);
            data.object("content_block", |content| redacted(content, note));
        });
        event(out, "content_block_stop", |data| data.count("index", index));
    }

    fn write_citation(&self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        self.write_delta("citations_delta", out, |members| {
            members.object("citation", |members| cited(members, citation));
        });
    }

    fn write_delta(&self, kind: &str, out: &mut Vec<u8>, fill: impl FnOnce(&mut Members<'_>)) {
        event(out, "content_block_delta", |data| {
            data.count("index", self.next - 1);
            data.object("delta", |delta| {
                delta.str("type", kind);
                fill(delta);
            });
        });
    }

    fn is_calling(&self) -> bool {
        self.open.is_some_and(|(_, kind)| kind == Kind::Call)
    }

    fn wait(&mut self, block: Block, kind: Kind, call: Option<CallHead<'static>>) {
        self.waiting.push_back(Waiting {
            block,
            kind,
            call,
            text: Text::default(),
            citations: Vec::new(),
            signature: None,
            closed: false,
        });
    }

    fn waiting(&mut self, block: Block) -> Option<&mut Waiting> {
        self.waiting.iter_mut().rev().find(|waiting| waiting.block == block)
    }

    fn stand_by(&mut self, block: Block, kind: Kind, said: bool) {
        self.announced.push(Announced { block, kind, said });
    }

    fn take_announced(&mut self, block: Block) -> Option<Announced> {
        let at = self.announced.iter().position(|announced| announced.block == block)?;
        Some(self.announced.swap_remove(at))
    }

    fn is_thought(&self, block: Block) -> bool {
        self.announced.iter().any(|announced| announced.block == block && announced.kind == Kind::Thinking)
    }
}

/// Appends an event, whose name stands in its data, too.
fn event(out: &mut Vec<u8>, name: &str, fill: impl FnOnce(&mut Members<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    object(out, |data| {
        data.str("type", name);
        fill(data);
    });
    out.extend_from_slice(b"\n\n");
}
