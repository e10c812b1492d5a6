//! Writing what was answered, for Gemini's clients.
//!
//! The chat helpers of both SDKs forget a whole turn for one chunk without a candidate or without a part, so every chunk
//! has one, and usage comes with the last. google-genai for Python fails on comments, on `event:` and on `[DONE]`.

use super::words::{REFUSALS, as_base64, signature};
use crate::ask::{Arguments, State};
use crate::calls::{IdRule, legal_id};
use crate::dialect::{Addressee, Encode};
use crate::errors::SoFar;
use crate::frames::{Framing, Place};
use crate::json::{Elements, Malformed, Members, Tape, Text, object};
use crate::observe::Counts;
use crate::reply::{Block, CallHead, Citation, Delta, Opening, Reply, Said, Stop};

/// Writes a whole answer.
pub(super) fn whole(reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
    let mut end = End::default();
    let mut pieces = Vec::with_capacity(reply.said.len());
    for said in &reply.said {
        end.citations.extend(said.citations.iter().cloned());
        pieces_of(said, to.wanted.thinking_hidden, &mut end, &mut pieces);
    }
    let model = reply.model.as_ref().map(Text::plain);
    let envelope = Envelope { id: &to.id, model: model.as_deref() };
    let mut out = Vec::with_capacity(1024);
    envelope.write(&pieces, Some((&end, reply.stop.as_ref(), counts)), &mut out);
    out
}

fn pieces_of<'s>(said: &'s Said, thinking_hidden: bool, end: &mut End, pieces: &mut Vec<Piece<'s>>) {
    let text = said.text.borrowed();
    match &said.opening {
        Opening::Text | Opening::Refusal => pieces.push(Piece::Text(text)),
        Opening::Thinking if thinking_hidden => {}
        Opening::Thinking => pieces.push(Piece::Thought(text)),
        Opening::Image { mime, base64 } => {
            pieces.push(Piece::Image { mime: mime.borrowed(), base64: base64.borrowed() });
        }
        Opening::Call(call) => {
            let signed = call.state.iter().chain(&said.states).find_map(signature);
            pieces.extend(call_piece(call, &said.text, signed.as_ref().map(as_base64), end));
            return;
        }
    }
    pieces.extend(said.states.iter().filter_map(signature).map(|note| Piece::Signature(as_base64(&note))));
    pieces.retain(|piece| !piece.is_empty());
}

/// A streamed answer being written.
#[derive(Debug)]
pub(super) struct Writer {
    id: String,
    framing: Framing,
    thinking_hidden: bool,
    model: Option<String>,
    /// The open blocks that are no calls.
    open: Vec<(Block, Kind)>,
    /// The open calls: a call is one part, so it waits for its arguments.
    calls: Vec<OpenCall>,
    end: End,
    place: Place,
}

/// What kind of text a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
}

#[derive(Debug)]
struct OpenCall {
    block: Block,
    head: CallHead<'static>,
    arguments: Text<'static>,
    signature: Option<Text<'static>>,
}

impl Writer {
    pub(super) fn new(to: &Addressee) -> Self {
        Self {
            id: to.id.clone(),
            framing: to.framing,
            thinking_hidden: to.wanted.thinking_hidden,
            model: None,
            open: Vec::new(),
            calls: Vec::new(),
            end: End::default(),
            place: Place::Start,
        }
    }

    fn opened(&mut self, block: Block, opening: Opening<'_>, out: &mut Vec<u8>) {
        match opening {
            Opening::Text | Opening::Refusal => self.open.push((block, Kind::Text)),
            Opening::Thinking => self.open.push((block, Kind::Thinking)),
            Opening::Image { mime, base64 } => self.chunk(&Piece::Image { mime, base64 }, out),
            Opening::Call(head) => {
                let signature = head.state.as_ref().and_then(signature).map(|note| as_base64(&note));
                let (head, arguments) = (head.into_owned(), Text::default());
                self.calls.push(OpenCall { block, head, arguments, signature });
            }
        }
    }

    fn text(&mut self, block: Block, text: Text<'_>, out: &mut Vec<u8>) {
        let kind = self.open.iter().find(|(open, _)| *open == block).map(|(_, kind)| *kind);
        match kind {
            Some(Kind::Text) => self.chunk(&Piece::Text(text), out),
            Some(Kind::Thinking) if !self.thinking_hidden => self.chunk(&Piece::Thought(text), out),
            Some(Kind::Thinking) | None => {}
        }
    }

    fn signed(&mut self, block: Block, state: &State<'_>, out: &mut Vec<u8>) {
        let Some(note) = signature(state).map(|note| as_base64(&note)) else { return };
        match self.calls.iter_mut().find(|call| call.block == block) {
            Some(call) => call.signature = Some(note),
            None => self.chunk(&Piece::Signature(note), out),
        }
    }

    fn closed(&mut self, block: Block, out: &mut Vec<u8>) {
        self.open.retain(|(open, _)| *open != block);
        let Some(at) = self.calls.iter().position(|call| call.block == block) else { return };
        let call = self.calls.remove(at);
        if let Some(piece) = call_piece(&call.head, &call.arguments, call.signature, &mut self.end) {
            self.chunk(&piece, out);
        }
    }

    fn finish(&mut self, stop: &Stop<'_>, counts: &Counts, out: &mut Vec<u8>) {
        let end = std::mem::take(&mut self.end);
        self.framed(out, |envelope, out| envelope.write(&[], Some((&end, Some(stop), counts)), out));
        if self.framing == Framing::JsonArray {
            out.push(b']');
            self.place = Place::Closed;
        }
    }

    fn chunk(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if !piece.is_empty() {
            self.framed(out, |envelope, out| envelope.write(std::slice::from_ref(piece), None, out));
        }
    }

    /// Writes one event.
    fn framed(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&Envelope<'_>, &mut Vec<u8>)) {
        let (before, behind): (&[u8], &[u8]) = match (self.framing, self.place) {
            (Framing::Sse, _) => (b"data: ", b"\r\n\r\n"),
            (Framing::JsonArray, Place::Start) => (b"[", b""),
            (Framing::JsonArray, _) => (b",\n", b""),
        };
        out.extend_from_slice(before);
        write(&Envelope { id: &self.id, model: self.model.as_deref() }, out);
        out.extend_from_slice(behind);
        self.place = Place::Between;
    }
}

impl Encode for Writer {
    fn push(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>) {
        match delta {
            Delta::Start { model } => self.model = model.map(|model| model.plain().into_owned()),
            Delta::Open(block, opening) => self.opened(block, opening, out),
            Delta::Text(block, text) => self.text(block, text, out),
            Delta::Arguments(block, piece) => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.block == block) {
                    call.arguments.push(&piece);
                }
            }
            Delta::State(block, state) => self.signed(block, &state, out),
            Delta::Cite(_, citation) => self.end.citations.push(citation.into_owned()),
            Delta::Close(block) => self.closed(block, out),
            Delta::Finish(stop) => self.finish(&stop, counts, out),
            // Whoever translates ends the stream by an error.
            Delta::Failed(_) => {}
        }
    }

    fn so_far(&self) -> SoFar<'_> {
        SoFar { model: self.model.as_deref(), place: self.place, ..SoFar::default() }
    }
}

/// What an answer's last chunk tells beside its reason.
#[derive(Debug, Default)]
struct End {
    citations: Vec<Citation<'static>>,
    /// The tool whose arguments were no JSON.
    malformed: Option<String>,
}

impl End {
    /// Returns the reason in Gemini's words.
    fn reason(&self, stop: Option<&Stop<'_>>) -> &'static str {
        match stop {
            Some(Stop::OutputMax | Stop::ContextFull) => "MAX_TOKENS",
            Some(Stop::Refused(word)) => {
                let word = word.as_ref().map(Text::plain).unwrap_or_default();
                let known = REFUSALS.into_iter().find(|known| *known == word);
                known.unwrap_or("SAFETY")
            }
            Some(Stop::EndTurn | Stop::StopSequence(_) | Stop::Calls | Stop::Paused) | None => {
                if self.malformed.is_some() { "MALFORMED_FUNCTION_CALL" } else { "STOP" }
            }
        }
    }

    fn write(&self, stop: Option<&Stop<'_>>, candidate: &mut Members<'_>) {
        let reason = self.reason(stop);
        candidate.str("finishReason", reason);
        if let Some(tool) = self.malformed.as_ref().filter(|_| reason == "MALFORMED_FUNCTION_CALL") {
            candidate.str("finishMessage", &format!("the arguments of {tool} are not valid JSON"));
        }
    }

    fn write_sources(&self, candidate: &mut Members<'_>) {
        if self.citations.is_empty() {
            return;
        }
        candidate.object("groundingMetadata", |metadata| {
            metadata.array("groundingChunks", |chunks| {
                for citation in &self.citations {
                    chunks.object(|chunk| {
                        chunk.object("web", |web| {
                            web.text("uri", &citation.url);
                            web.text_if("title", citation.title.as_ref());
                        });
                    });
                }
            });
        });
    }
}

/// A part of an answer.
#[derive(Debug)]
enum Piece<'a> {
    Text(Text<'a>),
    Thought(Text<'a>),
    /// A signature that stands alone.
    Signature(Text<'a>),
    Call {
        id: Option<Text<'a>>,
        name: Text<'a>,
        /// A JSON object.
        arguments: String,
        signature: Option<Text<'a>>,
    },
    Image {
        mime: Text<'a>,
        base64: Text<'a>,
    },
}

impl Piece<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Thought(text) | Self::Signature(text) => text.is_empty(),
            Self::Call { .. } | Self::Image { .. } => false,
        }
    }

    fn write(&self, part: &mut Members<'_>) {
        match self {
            Self::Text(text) => part.text("text", text),
            Self::Thought(text) => {
                part.text("text", text);
                part.bool("thought", true);
            }
            Self::Signature(note) => {
                part.str("text", "");
                part.text("thoughtSignature", note);
            }
            Self::Call { id, name, arguments, signature } => {
                part.object("functionCall", |call| {
                    call.text_if("id", id.as_ref());
                    call.text("name", name);
                    call.raw("args", arguments);
                });
                part.text_if("thoughtSignature", signature.as_ref());
            }
            Self::Image { mime, base64 } => part.object("inlineData", |blob| {
                blob.text("mimeType", mime);
                blob.text("data", base64);
            }),
        }
    }
}

/// Makes the part of a call; none where its arguments are no JSON, which the end tells.
fn call_piece<'s>(
    call: &'s CallHead<'_>,
    arguments: &Text<'_>,
    signature: Option<Text<'s>>,
    end: &mut End,
) -> Option<Piece<'s>> {
    let object = if call.free {
        Ok(Arguments::Free(arguments.borrowed()).object().into_owned())
    } else {
        written_object(arguments)
    };
    let Ok(object) = object else {
        end.malformed = Some(call.name.plain().into_owned());
        return None;
    };
    let id = legal_id(&call.id.plain(), IdRule::GEMINI).into_owned();
    Some(Piece::Call {
        id: (!call.id.is_empty()).then(|| Text::from(id)),
        name: call.name.borrowed(),
        arguments: object,
        signature,
    })
}

/// Returns the object that stands written in a text, or one that holds its value; a text that is no JSON is none.
fn written_object(arguments: &Text<'_>) -> Result<String, Malformed> {
    let plain = arguments.plain();
    let json = plain.trim();
    if !json.is_empty() && Tape::read(json.as_bytes())?.root().is_object() {
        return Ok(json.to_owned());
    }
    Ok(Arguments::Written(arguments.borrowed()).object().into_owned())
}

/// What is the same in every chunk of an answer.
struct Envelope<'e> {
    id: &'e str,
    model: Option<&'e str>,
}

impl Envelope<'_> {
    /// Writes a chunk, with an empty text where it would have no part.
    fn write(
        &self,
        pieces: &[Piece<'_>],
        end: Option<(&End, Option<&Stop<'_>>, &Counts)>,
        out: &mut Vec<u8>,
    ) {
        object(out, |chunk| {
            chunk.array("candidates", |candidates| {
                candidates.object(|candidate| {
                    candidate.object("content", |content| {
                        content.str("role", "model");
                        content.array("parts", |parts| write_parts(pieces, parts));
                    });
                    if let Some((end, stop, _)) = end {
                        end.write(stop, candidate);
                    }
                    candidate.count("index", 0);
                    if let Some((end, _, _)) = end {
                        end.write_sources(candidate);
                    }
                });
            });
            if let Some((_, _, counts)) = end {
                write_usage(counts, chunk);
            }
            if let Some(model) = self.model {
                chunk.str("modelVersion", model);
            }
            chunk.str("responseId", self.id);
        });
    }
}

fn write_parts(pieces: &[Piece<'_>], parts: &mut Elements<'_>) {
    if pieces.is_empty() {
        parts.object(|part| part.str("text", ""));
    }
    for piece in pieces {
        parts.object(|part| piece.write(part));
    }
}

/// Writes the tokens: candidates without thoughts, the prompt with what the cache gave.
fn write_usage(counts: &Counts, chunk: &mut Members<'_>) {
    if counts.is_unknown() {
        return;
    }
    chunk.object("usageMetadata", |usage| {
        let (input, output, thoughts) = (counts.input_total(), counts.output(), counts.reasoning());
        usage.count_if("promptTokenCount", input);
        usage.count_if("cachedContentTokenCount", counts.cache_read());
        usage.count_if(
            "candidatesTokenCount",
            output.map(|output| output.saturating_sub(thoughts.unwrap_or(0))),
        );
        usage.count_if("thoughtsTokenCount", thoughts);
        if let (Some(input), Some(output)) = (input, output) {
            usage.count("totalTokenCount", input.saturating_add(output));
        }
    });
}
