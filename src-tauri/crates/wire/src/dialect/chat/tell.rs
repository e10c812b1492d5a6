//! Writes an answer for a Chat client, whole or as a stream.

use crate::ask::{Media, State};
use crate::calls::{IdRule, legal_id};
use crate::dialect::{Addressee, Encode};
use crate::errors::SoFar;
use crate::frames::Place;
use crate::json::{Members, Text, object};
use crate::observe::Counts;
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Reply, Said, Stop};

/// Writes a whole answer.
pub(super) fn whole(reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let message = Message::of(reply, to);
    object(&mut out, |answer| {
        answer.str("id", &answer_id(to));
        answer.str("object", "chat.completion");
        answer.count("created", to.created_s);
        answer.text("model", reply.model.as_ref().unwrap_or(&Text::default()));
        answer.array("choices", |choices| {
            choices.object(|choice| {
                choice.count("index", 0);
                choice.object("message", |out| message.write(out, to));
                choice.null("logprobs");
                let called = !message.calls.is_empty();
                choice.str("finish_reason", reason(reply.stop.as_ref(), called, to));
            });
        });
        if !counts.is_unknown() {
            answer.object("usage", |usage| write_usage(usage, counts));
        }
    });
    out
}

fn answer_id(to: &Addressee) -> String {
    format!("chatcmpl-{}", to.id)
}

/// Returns the word for an answer's end. A client that waits for calls must have some.
fn reason(stop: Option<&Stop<'_>>, called: bool, to: &Addressee) -> &'static str {
    match stop {
        Some(Stop::Calls) if called && to.wanted.old_functions => "function_call",
        Some(Stop::Calls) if called => "tool_calls",
        Some(Stop::OutputMax | Stop::ContextFull) => "length",
        Some(Stop::Refused(_)) => "content_filter",
        Some(Stop::EndTurn | Stop::StopSequence(_) | Stop::Calls | Stop::Paused) | None => "stop",
    }
}

/// Writes token counts, as far as they are known.
fn write_usage(usage: &mut Members<'_>, counts: &Counts) {
    let (input, output) = (counts.input_total().unwrap_or(0), counts.output().unwrap_or(0));
    usage.count("prompt_tokens", input);
    usage.count("completion_tokens", output);
    usage.count("total_tokens", input.saturating_add(output));
    if counts.cache_read().or(counts.cache_write()).is_some() {
        usage.object("prompt_tokens_details", |details| {
            details.count_if("cached_tokens", counts.cache_read());
            details.count_if("cache_write_tokens", counts.cache_write());
        });
    }
    if counts.reasoning().is_some() {
        usage.object("completion_tokens_details", |details| {
            details.count_if("reasoning_tokens", counts.reasoning());
        });
    }
}

/// What a whole answer says, in Chat's places.
#[derive(Default)]
struct Message<'r> {
    text: Text<'r>,
    thinking: Text<'r>,
    refusal: Text<'r>,
    calls: Vec<(&'r CallHead<'static>, &'r Text<'static>)>,
    /// Sources of the text, each with the number of characters in front of its block.
    sources: Vec<(&'r Citation<'static>, u64)>,
    images: Vec<(&'r Text<'static>, &'r Text<'static>)>,
    /// Carriers of the notes about its thoughts.
    notes: Vec<&'r State<'static>>,
}

impl<'r> Message<'r> {
    fn of(reply: &'r Reply, to: &Addressee) -> Self {
        let mut message = Self::default();
        for said in &reply.said {
            message.take(said, to);
        }
        message
    }

    fn take(&mut self, said: &'r Said, to: &Addressee) {
        if said.opening == Opening::Thinking {
            self.notes.extend(&said.states);
        }
        match &said.opening {
            Opening::Text => {
                let start = chars(&self.text);
                self.sources.extend(said.citations.iter().map(|source| (source, start)));
                append(&mut self.text, &said.text);
            }
            Opening::Thinking if !to.wanted.thinking_hidden => append(&mut self.thinking, &said.text),
            Opening::Thinking => {}
            Opening::Refusal => append(&mut self.refusal, &said.text),
            Opening::Call(call) if has_place(self.calls.len(), to) => self.calls.push((call, &said.text)),
            Opening::Call(_) => {}
            Opening::Image { mime, base64 } => self.images.push((mime, base64)),
        }
    }

    fn write(&self, out: &mut Members<'_>, to: &Addressee) {
        out.str("role", "assistant");
        if self.text.is_empty() && !(self.calls.is_empty() && self.refusal.is_empty()) {
            out.null("content");
        } else {
            out.text("content", &self.text);
        }
        if self.refusal.is_empty() {
            out.null("refusal");
        } else {
            out.text("refusal", &self.refusal);
        }
        if !self.thinking.is_empty() {
            out.text("reasoning_content", &self.thinking);
        }
        if !self.notes.is_empty() {
            out.array("reasoning_details", |list| {
                for (number, state) in (0..).zip(&self.notes) {
                    list.object(|out| write_note(out, number, state));
                }
            });
        }
        if !self.sources.is_empty() {
            let end = chars(&self.text);
            out.array("annotations", |list| {
                for (number, (source, start)) in (0..).zip(&self.sources) {
                    list.object(|note| write_source(note, number, source, *start, end));
                }
            });
        }
        if !self.images.is_empty() {
            out.array("images", |list| {
                for (number, (mime, base64)) in (0..).zip(&self.images) {
                    list.object(|image| write_image(image, number, mime, base64));
                }
            });
        }
        self.write_calls(out, to);
    }

    fn write_calls(&self, out: &mut Members<'_>, to: &Addressee) {
        let Some((first, arguments)) = self.calls.first() else { return };
        if to.wanted.old_functions {
            return out
                .object("function_call", |call| write_function(call, first, &filled(first, arguments)));
        }
        out.array("tool_calls", |list| {
            for (number, (call, arguments)) in (0..).zip(&self.calls) {
                list.object(|out| {
                    out.str("id", &call_id(call, number, to));
                    write_call(out, call, &filled(call, arguments));
                    write_signature(out, call.state.as_ref());
                });
            }
        });
    }
}

/// Appends a block's text, borrowing it where it is the only one.
fn append<'r>(text: &mut Text<'r>, more: &'r Text<'static>) {
    if text.is_empty() {
        *text = more.borrowed();
    } else {
        text.push(more);
    }
}

/// Tells whether one more call can be told: the old `function_call` holds one.
fn has_place(calls: usize, to: &Addressee) -> bool {
    calls == 0 || !to.wanted.old_functions
}

/// Returns the arguments of a call, which are an object at least.
fn filled<'t>(call: &CallHead<'_>, arguments: &'t Text<'_>) -> Text<'t> {
    if arguments.is_empty() && !call.free { Text::of("{}") } else { arguments.borrowed() }
}

/// Returns the id of a call: the upstream's, or one of this answer's own where it gave none.
fn call_id(call: &CallHead<'_>, number: u64, to: &Addressee) -> String {
    if call.id.is_empty() {
        return format!("call_{}_{number}", to.id);
    }
    legal_id(&call.id.plain(), IdRule::CHAT).into_owned()
}

/// Writes the type of a call and what is called.
fn write_call(out: &mut Members<'_>, call: &CallHead<'_>, arguments: &Text<'_>) {
    let kind = if call.free { "custom" } else { "function" };
    out.str("type", kind);
    out.object(kind, |out| write_function(out, call, arguments));
}

fn write_function(out: &mut Members<'_>, call: &CallHead<'_>, arguments: &Text<'_>) {
    out.text("name", &call.name);
    out.text(if call.free { "input" } else { "arguments" }, arguments);
}

/// Writes the carrier of a note about a thought, as `OpenRouter` hands out encrypted reasoning. Without its `index` the
/// stream's reader in `OpenAI`'s Python SDK fails.
fn write_note(out: &mut Members<'_>, number: u64, state: &State<'_>) {
    out.count("index", number);
    out.str("type", "reasoning.encrypted");
    out.text("data", &state.note);
}

/// Writes the note of a call where Google's own Chat endpoint keeps it.
fn write_signature(call: &mut Members<'_>, state: Option<&State<'_>>) {
    let Some(state) = state else { return };
    call.object("extra_content", |extra| {
        extra.object("google", |google| google.text("thought_signature", &state.note));
    });
}

/// Writes a source. Without its `index` the stream's reader in `OpenAI`'s Python SDK fails.
fn write_source(note: &mut Members<'_>, number: u64, source: &Citation<'_>, start: u64, end: u64) {
    note.count("index", number);
    note.str("type", "url_citation");
    note.object("url_citation", |out| {
        out.text("url", &source.url);
        out.text("title", source.title.as_ref().unwrap_or(&source.url));
        let (from, to) = source.span.map_or((end, end), |(from, to)| (start + from, start + to));
        out.count("start_index", from);
        out.count("end_index", to);
    });
}

/// Writes an image as `OpenRouter` does; Chat itself has no place for one.
fn write_image(image: &mut Members<'_>, number: u64, mime: &Text<'_>, base64: &Text<'_>) {
    image.count("index", number);
    image.str("type", "image_url");
    image.object("image_url", |out| out.text("url", &Media::data_url(mime, base64)));
}

fn chars(text: &Text<'_>) -> u64 {
    u64::try_from(text.plain().chars().count()).unwrap_or(u64::MAX)
}

/// Writes a streamed answer.
#[derive(Debug)]
pub(super) struct Stream {
    to: Addressee,
    model: Text<'static>,
    /// Everything in a chunk that stands in front of its delta.
    opening: Vec<u8>,
    /// What every block is, by its number.
    blocks: Vec<Telling>,
    calls: u64,
    sources: u64,
    images: u64,
    notes: u64,
    /// The characters of text told so far.
    text_chars: u64,
    place: Place,
}

/// What a block is to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Text {
        /// The characters of text in front of it.
        start: u64,
    },
    Thinking,
    /// The client gets nothing of it but its note.
    HiddenThinking,
    Refusal,
    Call {
        number: u64,
        free: bool,
        has_arguments: bool,
    },
    /// The client gets nothing of it.
    Hidden,
}

impl Stream {
    /// Makes one for a client.
    pub(super) fn new(to: &Addressee) -> Self {
        Self {
            to: to.clone(),
            model: Text::default(),
            opening: Vec::new(),
            blocks: Vec::new(),
            calls: 0,
            sources: 0,
            images: 0,
            notes: 0,
            text_chars: 0,
            place: Place::Start,
        }
    }

    fn start(&mut self, model: Option<Text<'_>>, out: &mut Vec<u8>) {
        self.model = model.map(Text::into_owned).unwrap_or_default();
        self.opening = self.head();
        self.opening.extend_from_slice(br#","choices":[{"index":0,"delta":"#);
        self.place = Place::Between;
        self.chunk(out, |delta| {
            delta.str("role", "assistant");
            delta.str("content", "");
        });
    }

    /// Returns what every chunk begins with, without the end of its object.
    fn head(&self) -> Vec<u8> {
        let mut head = b"data: ".to_vec();
        object(&mut head, |chunk| {
            chunk.str("id", &answer_id(&self.to));
            chunk.str("object", "chat.completion.chunk");
            chunk.count("created", self.to.created_s);
            chunk.text("model", &self.model);
        });
        head.pop();
        head
    }

    fn chunk(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Members<'_>)) {
        self.ending_chunk(None, out, fill);
    }

    fn ending_chunk(
        &self,
        reason: Option<&'static str>,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Members<'_>),
    ) {
        out.extend_from_slice(&self.opening);
        object(out, fill);
        out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
        match reason {
            Some(reason) => out.extend_from_slice(format!("\"{reason}\"").as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b"}]");
        if self.to.wanted.usage_chunk {
            out.extend_from_slice(br#","usage":null"#);
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn open(&mut self, opening: &Opening<'_>, out: &mut Vec<u8>) {
        let telling = match opening {
            Opening::Text => Telling::Text { start: self.text_chars },
            Opening::Thinking if self.to.wanted.thinking_hidden => Telling::HiddenThinking,
            Opening::Thinking => Telling::Thinking,
            Opening::Refusal => Telling::Refusal,
            Opening::Call(_) if self.calls > 0 && self.to.wanted.old_functions => Telling::Hidden,
            Opening::Call(call) => self.open_call(call, out),
            Opening::Image { mime, base64 } => {
                self.chunk(out, |delta| {
                    delta.array("images", |list| {
                        list.object(|image| write_image(image, self.images, mime, base64));
                    });
                });
                self.images += 1;
                Telling::Hidden
            }
        };
        self.blocks.push(telling);
    }

    fn open_call(&mut self, call: &CallHead<'_>, out: &mut Vec<u8>) -> Telling {
        let (number, nothing) = (self.calls, Text::default());
        self.calls += 1;
        self.chunk(out, |delta| {
            if self.to.wanted.old_functions {
                return delta.object("function_call", |out| write_function(out, call, &nothing));
            }
            delta.array("tool_calls", |list| {
                list.object(|out| {
                    out.count("index", number);
                    out.str("id", &call_id(call, number, &self.to));
                    write_call(out, call, &nothing);
                    write_signature(out, call.state.as_ref());
                });
            });
        });
        Telling::Call { number, free: call.free, has_arguments: false }
    }

    fn text(&mut self, block: Block, text: &Text<'_>, out: &mut Vec<u8>) {
        let name = match self.telling(block) {
            Telling::Text { .. } => {
                self.text_chars += chars(text);
                "content"
            }
            Telling::Thinking => "reasoning_content",
            Telling::Refusal => "refusal",
            Telling::Call { .. } | Telling::HiddenThinking | Telling::Hidden => return,
        };
        self.chunk(out, |delta| delta.text(name, text));
    }

    fn arguments(&mut self, block: Block, piece: &Text<'_>, out: &mut Vec<u8>) {
        let Telling::Call { number, free, .. } = self.telling(block) else { return };
        if piece.is_empty() {
            return;
        }
        self.set(block, Telling::Call { number, free, has_arguments: true });
        self.chunk(out, |delta| {
            if self.to.wanted.old_functions {
                return delta.object("function_call", |out| out.text("arguments", piece));
            }
            delta.array("tool_calls", |list| list.object(|out| write_piece(out, number, free, piece)));
        });
    }

    /// Ends a block. A call says an object at least.
    fn close(&mut self, block: Block, out: &mut Vec<u8>) {
        if let Telling::Call { free: false, has_arguments: false, .. } = self.telling(block) {
            self.arguments(block, &Text::of("{}"), out);
        }
    }

    fn cite(&mut self, block: Block, source: &Citation<'_>, out: &mut Vec<u8>) {
        let Telling::Text { start } = self.telling(block) else { return };
        self.chunk(out, |delta| {
            delta.array("annotations", |list| {
                list.object(|note| write_source(note, self.sources, source, start, self.text_chars));
            });
        });
        self.sources += 1;
    }

    /// Hands out the carrier of a note, to come back with the thought or the call that it belongs to.
    fn state(&mut self, block: Block, state: &State<'_>, out: &mut Vec<u8>) {
        match self.telling(block) {
            Telling::Thinking | Telling::HiddenThinking => {
                let number = self.notes;
                self.notes += 1;
                self.chunk(out, |delta| {
                    delta
                        .array("reasoning_details", |list| list.object(|out| write_note(out, number, state)));
                });
            }
            Telling::Call { number, .. } if !self.to.wanted.old_functions => self.chunk(out, |delta| {
                delta.array("tool_calls", |list| {
                    list.object(|out| {
                        out.count("index", number);
                        write_signature(out, Some(state));
                    });
                });
            }),
            Telling::Call { .. } | Telling::Text { .. } | Telling::Refusal | Telling::Hidden => {}
        }
    }

    fn finish(&mut self, stop: &Stop<'_>, counts: &Counts, out: &mut Vec<u8>) {
        let reason = reason(Some(stop), self.calls > 0, &self.to);
        self.ending_chunk(Some(reason), out, |_nothing| {});
        if self.to.wanted.usage_chunk && !counts.is_unknown() {
            out.extend_from_slice(&self.head());
            out.extend_from_slice(br#","choices":[],"usage":"#);
            object(out, |usage| write_usage(usage, counts));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn telling(&self, block: Block) -> Telling {
        let at = usize::try_from(block).unwrap_or(usize::MAX);
        self.blocks.get(at).copied().unwrap_or(Telling::Hidden)
    }

    fn set(&mut self, block: Block, telling: Telling) {
        if let Some(place) = usize::try_from(block).ok().and_then(|at| self.blocks.get_mut(at)) {
            *place = telling;
        }
    }
}

impl Encode for Stream {
    fn push(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { model } => self.start(model, out),
            Delta::Open(_, opening) => self.open(&opening, out),
            Delta::Text(block, text) => self.text(block, &text, out),
            Delta::Arguments(block, piece) => self.arguments(block, &piece, out),
            Delta::State(block, state) => self.state(block, &state, out),
            Delta::Cite(block, source) => self.cite(block, &source, out),
            Delta::Close(block) => self.close(block, out),
            Delta::Finish(stop) => self.finish(&stop, counts, out),
            // Whoever carries the stream ends it by an error.
            Delta::Failed(_) => {}
        }
    }

    fn so_far(&self) -> SoFar<'_> {
        SoFar { created_s: self.to.created_s, place: self.place, ..SoFar::default() }
    }
}

/// Writes a later piece of a call: its number tells which; its id and name were told.
fn write_piece(out: &mut Members<'_>, number: u64, free: bool, piece: &Text<'_>) {
    out.count("index", number);
    let (kind, what) = if free { ("custom", "input") } else { ("function", "arguments") };
    out.object(kind, |out| out.text(what, piece));
}
