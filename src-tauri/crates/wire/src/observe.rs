//! Reading an answer in passing: what is content, what ends it, what failed, what it cost.
//!
//! Nothing is changed and no tree is built. An event is walked over once, and not even that where its name tells enough.

mod chat;
mod choices;
mod counts;
mod failure;
mod gemini;
mod messages;
mod responses;

use choices::Choices;
pub use counts::Counts;
pub use failure::{StreamFailure, error_body};

use crate::json::{Malformed, Object, Raw, validate};
use crate::{Operation, Protocol, Usage};

/// What one event of a stream is. Where it is several things, the first of `Failure`, `Content`, `Terminal` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It comes before content and carries none: an opening, a ping, an empty delta.
    Preamble,
    /// It carries text, a tool call, thinking, a refusal or an image. It may end the answer too: see [`Observer::ended`].
    Content,
    /// It ends the answer in the protocol's own way.
    Terminal,
    /// It is `[DONE]`. In Chat it ends an answer of which any choice has ended, and no other.
    Done,
    /// It says that the answer failed.
    Failure(StreamFailure),
    /// It carries usage and nothing else: a Chat chunk without choices.
    UsageOnly,
    /// Its data is not JSON.
    Unparsable,
    /// It comes after content and carries none.
    Other,
}

/// Reads a copy of a stream in its own protocol. Never changes a byte.
#[derive(Debug)]
pub struct Observer {
    protocol: Protocol,
    noted: Noted,
    events: u64,
}

/// What a stream has said so far.
#[derive(Debug, Default)]
struct Noted {
    counts: Counts,
    model: Option<String>,
    response_id: Option<String>,
    finish_reason: Option<String>,
    choices: Choices,
    /// Whether the answer as a whole was said to be over.
    over: bool,
    content: bool,
}

impl Observer {
    /// Makes an observer of one stream.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, noted: Noted::default(), events: 0 }
    }

    /// Reads one event (blocks without data are no events) and says what it is.
    pub fn event(&mut self, name: Option<&[u8]>, data: &[u8]) -> Seen {
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            // Alone it proves nothing: a relay may write it behind a broken answer.
            self.noted.over |= self.protocol == Protocol::Chat && self.noted.finish_reason.is_some();
            return Seen::Done;
        }
        self.events += 1;
        let read = match self.protocol {
            Protocol::Chat => chat::event(&mut self.noted, name, data),
            Protocol::Responses => responses::event(&mut self.noted, name, data),
            Protocol::Messages => messages::event(&mut self.noted, name, data),
            Protocol::Gemini => gemini::event(&mut self.noted, data),
        };
        let seen = read.unwrap_or(Seen::Unparsable);
        self.noted.content |= seen == Seen::Content;
        seen
    }

    /// Returns the usage reported so far.
    pub fn usage(&self) -> Option<Usage> {
        self.noted.counts.usage()
    }

    /// Returns the token counts reported so far, unknown ones included.
    pub fn counts(&self) -> &Counts {
        &self.noted.counts
    }

    /// Returns the upstream's own name of the model.
    pub fn model(&self) -> Option<&str> {
        self.noted.model.as_deref()
    }

    /// Tells whether the protocol's terminal has been seen. Where an answer has several choices, each must have ended; one
    /// that begins later opens the answer again.
    pub fn ended(&self) -> bool {
        self.noted.has_ended()
    }

    /// Tells whether content has been seen.
    pub fn has_content(&self) -> bool {
        self.noted.content
    }

    /// Returns why the answer ended, in the upstream's words. Messages says it before the terminal.
    pub fn finish_reason(&self) -> Option<&str> {
        self.noted.finish_reason.as_deref()
    }

    /// Returns the id of a Responses answer.
    pub fn response_id(&self) -> Option<&str> {
        self.noted.response_id.as_deref()
    }

    /// Returns the number of events read so far, which in Responses is the next `sequence_number`.
    pub fn events(&self) -> u64 {
        self.events
    }
}

impl Noted {
    /// Notes the end of the whole answer.
    fn end(&mut self, reason: &str) {
        self.over = true;
        self.finish_reason = Some(reason.to_owned());
    }

    /// Notes that a choice was mentioned, and why it ended if it did.
    fn choice(&mut self, index: Option<Raw<'_>>, reason: Option<&str>) {
        self.choices.note(index, reason.is_some());
        if let Some(reason) = reason {
            self.finish_reason = Some(reason.to_owned());
        }
    }

    fn has_ended(&self) -> bool {
        self.over || self.choices.have_ended()
    }

    /// Names an event whose choices have been noted; `ends` tells whether any of them ended in it.
    fn seen(&self, has_content: bool, ends: bool) -> Seen {
        if has_content {
            Seen::Content
        } else if ends && self.has_ended() {
            Seen::Terminal
        } else {
            self.quiet()
        }
    }

    /// Names an event that carries nothing.
    fn quiet(&self) -> Seen {
        if self.content { Seen::Other } else { Seen::Preamble }
    }
}

/// What an acceptable whole answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WholeSeen {
    /// The tokens it cost, as far as it says so.
    pub counts: Counts,
    /// The tokens it cost, if it says so.
    pub usage: Option<Usage>,
    /// The upstream's own name of the model.
    pub model: Option<String>,
    /// Why the answer ended, in the upstream's words.
    pub finish_reason: Option<String>,
}

/// Why a 200 is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WholeFault {
    /// The body is not JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(Malformed),
    /// The body is an error.
    #[error("the answer is an error: {}", .0.message)]
    ErrorBody(StreamFailure),
    /// The body holds no answer.
    #[error("the answer is empty")]
    Empty,
}

/// Reads a whole answer with a success status.
///
/// Text may be empty where the answer says why it ended; an answer that holds nothing and says nothing is [`WholeFault::Empty`].
pub fn whole(protocol: Protocol, operation: Operation, body: &[u8]) -> Result<WholeSeen, WholeFault> {
    if !body.trim_ascii_start().starts_with(b"{") {
        validate(body).map_err(WholeFault::NotJson)?;
        return Err(error_body(body).map_or(WholeFault::Empty, WholeFault::ErrorBody));
    }
    match (operation, protocol) {
        (Operation::Generate, Protocol::Chat) | (Operation::Complete, _) => chat::whole(body),
        (Operation::Generate, Protocol::Responses) => read_object(body, responses::whole),
        (Operation::Generate, Protocol::Messages) => read_object(body, messages::whole),
        (Operation::Generate, Protocol::Gemini) => read_object(body, gemini::whole),
        (Operation::CountTokens, _) => read_object(body, counted),
        (Operation::Embed | Operation::BatchEmbed, _) => {
            read_object(body, |answer| embedded(protocol, answer))
        }
        (Operation::Native(_), _) => read_object(body, |answer| Some(native(answer))),
    }
}

fn read_object(
    body: &[u8],
    read: impl FnOnce(&Object<'_>) -> Option<WholeSeen>,
) -> Result<WholeSeen, WholeFault> {
    let answer = Object::read(body).map_err(WholeFault::NotJson)?;
    match failure::stated(&answer) {
        Some(failure) => Err(WholeFault::ErrorBody(failure)),
        None => read(&answer).ok_or_else(|| no_answer(body)),
    }
}

/// Why a well-formed object holds no answer: it may say so without calling itself an error.
fn no_answer(body: &[u8]) -> WholeFault {
    let said = Object::read(body).ok().as_ref().and_then(failure::implied);
    said.map_or(WholeFault::Empty, WholeFault::ErrorBody)
}

/// Reads a token count: `input_tokens` of Messages and Responses, `totalTokens` of Gemini.
fn counted(answer: &Object<'_>) -> Option<WholeSeen> {
    let counted = answer.get("input_tokens").or_else(|| answer.get("totalTokens"))?;
    counted.count().map(|_| WholeSeen::default())
}

/// Reads what a native operation says it cost. Images and speech are counted as Responses counts, some as Chat does.
fn native(answer: &Object<'_>) -> WholeSeen {
    let mut counts = Counts::default();
    counts.note(answer.get("usage"), counts::chat);
    counts.note(answer.get("usage"), counts::responses);
    let model = answer.filled_str("model").map(Into::into);
    WholeSeen { counts, usage: counts.usage(), model, finish_reason: None }
}

/// Reads embeddings: `data` of `OpenAI`, `embedding` or `embeddings` of Gemini.
fn embedded(protocol: Protocol, answer: &Object<'_>) -> Option<WholeSeen> {
    let member = ["data", "embedding", "embeddings"].into_iter().find_map(|name| answer.get(name))?;
    if !member.is_filled() {
        return None;
    }
    let mut counts = Counts::default();
    if protocol == Protocol::Chat {
        counts.note(answer.get("usage"), counts::chat);
    }
    let model = answer.filled_str("model").map(Into::into);
    Some(WholeSeen { counts, usage: counts.usage(), model, finish_reason: None })
}

#[cfg(test)]
mod tests;
