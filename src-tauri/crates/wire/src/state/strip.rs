//! Taking notes out of requests that are not translated.
//!
//! A conversation that was held through a channel of another protocol may go on at one that speaks the client's own. Its
//! bytes stay as they are, but for the carriers in it: the provider would refuse the request for each of them.

use std::ops::Range;

use memchr::memmem;

use super::carrier::{PREFIX, read};
use super::open::carried_text;
use super::{BASE64_PREFIX, Issuer};
use crate::Protocol;
use crate::ask::StateKind;
use crate::dialect::{GEMINI_NO_SIGNATURE, responses_summary};
use crate::json::{Tape, Text, Value, members_at, object, quote};

/// Which notes are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strip {
    /// Our carriers. Those that the provider minted itself become its own notes again, where they have a place.
    Carriers,
    /// All notes: the provider has refused one.
    Everything,
}

/// Takes notes out of a request in `protocol` for a channel that speaks it; none, where there is nothing to take out.
///
/// Elements that held nothing else go with their notes, and so do messages that would be left empty. Everything else stays
/// byte for byte, except that `thinking` with a budget is switched off where the turn that goes on has lost its thoughts,
/// which Anthropic would refuse.
pub fn strip(protocol: Protocol, body: &[u8], issuer: &Issuer, what: Strip) -> Option<Vec<u8>> {
    let tape = Tape::read(body).ok()?;
    let mut cutting = Cutting { body, issuer, what, edits: Vec::new() };
    let root = tape.root();
    match protocol {
        Protocol::Messages => cutting.messages(root),
        Protocol::Responses => cutting.responses(root),
        Protocol::Chat => cutting.chat(root),
        Protocol::Gemini => cutting.gemini(root),
    }
    (!cutting.edits.is_empty()).then(|| cutting.apply())
}

/// Tells whether there may be a carrier in a request, without reading it.
pub fn may_carry(protocol: Protocol, body: &[u8]) -> bool {
    let needle = match protocol {
        Protocol::Gemini => BASE64_PREFIX,
        Protocol::Chat | Protocol::Responses | Protocol::Messages => PREFIX,
    };
    memmem::find(body, needle.as_bytes()).is_some()
}

/// A request being cut.
struct Cutting<'c> {
    body: &'c [u8],
    issuer: &'c Issuer,
    what: Strip,
    /// What is replaced by what.
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

/// What becomes of one element of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
}

impl Cutting<'_> {
    /// Cuts thoughts out of Messages.
    fn messages(&mut self, root: Value<'_>) {
        let Some(messages) = root.get("messages") else { return };
        let mut lost_last = false;
        let mut fates = Vec::new();
        for message in messages.elements() {
            let is_answer = message.get("role").is_some_and(|role| role.is("assistant"));
            let content = message.get("content").filter(|content| content.is_array());
            let Some(content) = content.filter(|_| is_answer) else {
                fates.push(Fate::Stays);
                continue;
            };
            let goes: Vec<Fate> = content.elements().map(|block| self.block_fate(block)).collect();
            let some = goes.contains(&Fate::Goes);
            let thinks = |block: Value<'_>| {
                block.get("type").is_some_and(|kind| kind.is("thinking") || kind.is("redacted_thinking"))
            };
            let begins_with_thought = content
                .elements()
                .zip(&goes)
                .find(|(_, fate)| **fate == Fate::Stays)
                .is_some_and(|(block, _)| thinks(block));
            lost_last = some
                && !begins_with_thought
                && content.elements().any(|block| block.get("type").is_some_and(|kind| kind.is("tool_use")));
            fates.push(self.list(content, &goes));
        }
        self.list(messages, &fates);
        if lost_last {
            self.stop_thinking(root);
        }
    }

    fn block_fate(&self, block: Value<'_>) -> Fate {
        let kind = block.get("type").and_then(Value::str);
        let note = match kind.as_deref() {
            Some("thinking") => block.get("signature"),
            Some("redacted_thinking") => block.get("data"),
            Some(_) | None => return Fate::Stays,
        };
        self.fate(note)
    }

    /// Switches a thinking budget off: it demands that the turn that goes on begins with a thought.
    fn stop_thinking(&mut self, root: Value<'_>) {
        if let Some(thinking) = root.get("thinking")
            && thinking.get("type").is_some_and(|kind| kind.is("enabled"))
        {
            self.edits.push((span(thinking), br#"{"type":"disabled"}"#.to_vec()));
        }
    }

    /// Cuts reasoning items out of Responses. A summary of ours becomes the message that it stands for.
    ///
    /// What the model said behind a thought that goes loses its id: by that `OpenAI` knows what thought belongs to it, and
    /// refuses it without ("was provided without its required 'reasoning' item").
    fn responses(&mut self, root: Value<'_>) {
        let Some(input) = root.get("input").filter(|input| input.is_array()) else { return };
        let mut fates = Vec::new();
        let mut lost_thought = false;
        for item in input.elements() {
            let kind = item.get("type").and_then(Value::str);
            let note = item.get("encrypted_content");
            let is_said = item.get("role").is_some_and(|role| role.is("assistant"));
            let mut fate = Fate::Stays;
            match kind.as_deref() {
                Some("reasoning") => {
                    fate = self.fate(note);
                    // Items behind a carrier have ids of ours, which tell nobody anything.
                    lost_thought |= fate == Fate::Goes && self.what == Strip::Everything;
                }
                Some("function_call" | "custom_tool_call") if lost_thought => self.member(item, "id"),
                Some("message") if lost_thought && is_said => self.member(item, "id"),
                Some("function_call" | "custom_tool_call") => {}
                Some("compaction" | "compaction_summary") => {
                    if let Some(summary) = note.and_then(Value::str).and_then(|note| responses_summary(&note))
                    {
                        self.edits.push((span(item), user_message(&summary)));
                    }
                }
                Some(_) | None => lost_thought = false,
            }
            fates.push(fate);
        }
        self.list(input, &fates);
    }

    /// Cuts notes out of the places that vendors of Chat have for them.
    fn chat(&mut self, root: Value<'_>) {
        for message in root.get("messages").into_iter().flat_map(Value::elements) {
            if let Some(details) = message.get("reasoning_details").filter(|details| details.is_array()) {
                let fates: Vec<Fate> = details
                    .elements()
                    .map(|detail| self.fate(detail.either(["data", "signature"])))
                    .collect();
                if fates.iter().all(|fate| *fate == Fate::Goes) {
                    self.member(message, "reasoning_details");
                } else {
                    self.list(details, &fates);
                }
            }
            for call in message.get("tool_calls").into_iter().flat_map(Value::elements) {
                let note = call.get("extra_content").and_then(|extra| extra.get("google"));
                let Some(note) = note.and_then(|google| google.get("thought_signature")) else { continue };
                match self.own(note) {
                    Some(own) => self.edits.push((span(note), quote(&own).into_bytes())),
                    None if self.fate(Some(note)) == Fate::Goes => self.member(call, "extra_content"),
                    None => {}
                }
            }
        }
    }

    /// Cuts signatures out of Gemini's parts. A call keeps a word that stands for a lost one.
    fn gemini(&mut self, root: Value<'_>) {
        let Some(contents) = root.get("contents").filter(|contents| contents.is_array()) else { return };
        let mut fates = Vec::new();
        for content in contents.elements() {
            let Some(parts) = content.get("parts").filter(|parts| parts.is_array()) else {
                fates.push(Fate::Stays);
                continue;
            };
            let part_fates: Vec<Fate> = parts.elements().map(|part| self.part(part)).collect();
            fates.push(self.list(parts, &part_fates));
        }
        self.list(contents, &fates);
    }

    fn part(&mut self, part: Value<'_>) -> Fate {
        let Some(note) = part.either(["thoughtSignature", "thought_signature"]) else { return Fate::Stays };
        if let Some(own) = self.own(note) {
            self.edits.push((span(note), quote(&own).into_bytes()));
            return Fate::Stays;
        }
        if self.fate(Some(note)) == Fate::Stays {
            return Fate::Stays;
        }
        if part.either(["functionCall", "function_call"]).is_some() {
            self.edits.push((span(note), quote(GEMINI_NO_SIGNATURE).into_bytes()));
            return Fate::Stays;
        }
        let is_thought = part.get("thought").and_then(Value::bool) == Some(true);
        if is_thought || part.get("text").is_some_and(Value::is_empty) {
            return Fate::Goes;
        }
        for name in ["thoughtSignature", "thought_signature"] {
            self.member(part, name);
        }
        Fate::Stays
    }

    /// Tells whether an element with this note goes.
    fn fate(&self, note: Option<Value<'_>>) -> Fate {
        let goes = match self.what {
            Strip::Everything => true,
            Strip::Carriers => note.and_then(Value::text).is_some_and(|note| carried_text(&note).is_some()),
        };
        if goes { Fate::Goes } else { Fate::Stays }
    }

    /// Returns the note in a carrier of a call that the provider minted itself.
    fn own(&self, note: Value<'_>) -> Option<String> {
        if self.what == Strip::Everything {
            return None;
        }
        let carriers = read(&carried_text(&note.text()?)?, "");
        let own = carriers.into_iter().find(|carrier| {
            carrier.issuer == *self.issuer && carrier.kind == StateKind::Thought && carrier.text.is_none()
        });
        own.map(|carrier| carrier.note)
    }

    /// Cuts elements out of a list, and tells whether anything is left of it.
    fn list(&mut self, list: Value<'_>, fates: &[Fate]) -> Fate {
        let spans: Vec<Range<usize>> = list.elements().map(span).collect();
        let mut kept_end = None;
        for (at, (place, fate)) in spans.iter().zip(fates).enumerate() {
            if *fate == Fate::Stays {
                kept_end = Some(place.end);
                continue;
            }
            let cut = match (spans.get(at + 1), kept_end) {
                (Some(next), _) => place.start..next.start,
                (None, Some(kept)) => kept..place.end,
                (None, None) => place.clone(),
            };
            self.edits.push((cut, Vec::new()));
        }
        if kept_end.is_none() && !spans.is_empty() { Fate::Goes } else { Fate::Stays }
    }

    /// Cuts a member out of an object.
    fn member(&mut self, object: Value<'_>, name: &str) {
        let Ok(members) = members_at(self.body, span(object)) else { return };
        let Some(at) = members.iter().position(|member| member.key == name) else { return };
        let cut = match (members.get(at + 1), at.checked_sub(1)) {
            (Some(next), _) => members[at].key_span.start..next.key_span.start,
            (None, Some(before)) => members[before].value.end..members[at].value.end,
            (None, None) => members[at].key_span.start..members[at].value.end,
        };
        self.edits.push((cut, Vec::new()));
    }

    /// Returns the request with all edits. What lies inside a longer cut goes with it.
    fn apply(mut self) -> Vec<u8> {
        self.edits.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
        let mut out = Vec::with_capacity(self.body.len());
        let mut from = 0;
        for (place, instead) in &self.edits {
            if place.start >= from {
                out.extend_from_slice(&self.body[from..place.start]);
                out.extend_from_slice(instead);
            }
            from = from.max(place.end);
        }
        out.extend_from_slice(&self.body[from..]);
        out
    }
}

fn span(value: Value<'_>) -> Range<usize> {
    value.offset()..value.offset() + value.raw().len()
}

fn user_message(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |item| {
        item.str("type", "message");
        item.str("role", "user");
        item.array("content", |content| {
            content.object(|part| {
                part.str("type", "input_text");
                part.text("text", &Text::of(text));
            });
        });
    });
    out
}

/// Tells whether a provider refuses a request for a note in it, by the words of its error.
///
/// Anthropic: "Invalid `signature` in `thinking` block"; `OpenAI`: `invalid_encrypted_content`; Gemini: "Thought signature
/// is not valid".
pub fn refuses_note(error: &[u8]) -> bool {
    let words = String::from_utf8_lossy(error).to_ascii_lowercase();
    let has = |word: &str| words.contains(word);
    has("invalid_encrypted_content")
        || (has("encrypted content") && (has("verif") || has("decrypt") || has("invalid")))
        || (has("redacted_thinking") && has("invalid"))
        || (has("signature")
            && (has("thinking") || has("thought"))
            && (has("invalid") || has("not valid") || has("corrupt")))
}
