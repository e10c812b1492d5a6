//! Unwrapping what a client brings back.

use std::collections::VecDeque;

use base64::Engine;

use super::carrier::{Carrier, is_carrier, read};
use super::{BASE64_LENIENT, BASE64_PREFIX, Recall, asked, text_key};
use crate::Protocol;
use crate::ask::{Ask, Call, Content, Part, Role, Setting, State, StateKind, Thinking, Turn};
use crate::dialect::Target;
use crate::json::{Tape, Text};
use crate::note::Why;

/// Gives the target the notes that it minted itself, and takes every other carrier out of the conversation.
///
/// Afterwards a state whose slot is the target's protocol is the target's own, and no carrier is left.
pub(crate) fn open(ask: &mut Ask<'_>, target: &Target<'_>, recall: &dyn Recall) {
    merge_neighbours(&mut ask.turns);
    ask.wanted.asked = asked(ask.turns.last());
    let mut opening = Opening { client: ask.protocol, target, recall, asked: String::new(), foreign: false };
    for at in 0..ask.turns.len() {
        if ask.turns[at].role == Role::Assistant {
            opening.asked = asked(at.checked_sub(1).and_then(|before| ask.turns.get(before)));
            opening.turn(&mut ask.turns[at]);
        }
    }
    if opening.foreign {
        let word = ask.word(Setting::State);
        ask.notes.drop(word, Why::Foreign);
    }
}

/// Makes neighbouring turns of the model one: some protocols write a thought and its call as items of their own.
fn merge_neighbours(turns: &mut Vec<Turn<'_>>) {
    turns.dedup_by(|later, earlier| {
        let is_one = later.role == Role::Assistant && earlier.role == Role::Assistant;
        if is_one {
            earlier.parts.append(&mut later.parts);
        }
        is_one
    });
}

/// Unwraps one conversation.
struct Opening<'o> {
    client: Protocol,
    target: &'o Target<'o>,
    recall: &'o dyn Recall,
    /// What the turn answers.
    asked: String,
    /// Whether a carrier of another issuer was met.
    foreign: bool,
}

/// What the carriers of one place hold for the target.
#[derive(Debug, Default)]
struct Held {
    /// Thoughts with their notes.
    thoughts: Vec<Carrier>,
    /// The note of a call.
    call: Option<String>,
    /// Texts of thoughts that were inside.
    inside: Vec<String>,
}

impl<'a> Opening<'_> {
    fn turn(&mut self, turn: &mut Turn<'a>) {
        let mut parts = Vec::with_capacity(turn.parts.len());
        let mut pending: VecDeque<String> = VecDeque::new();
        let mut inside: Vec<String> = Vec::new();
        let mut in_band = false;
        for part in turn.parts.drain(..) {
            match part.content {
                Content::Thinking(thinking) => match carried(thinking.state.as_ref()) {
                    Some(written) => {
                        let held = self.held(&written, &thinking.text.plain());
                        in_band = true;
                        pending.extend(held.call);
                        inside.extend(held.inside);
                        let text = thinking.text;
                        let at = self.place_alone(&parts);
                        let mut thoughts = Vec::new();
                        self.thoughts(held.thoughts, Some(text), part.at, &mut thoughts);
                        parts.splice(at..at, thoughts);
                    }
                    None => parts.push(Part { content: Content::Thinking(thinking), ..part }),
                },
                Content::Call(call) => {
                    let carried = carried(call.state.as_ref());
                    in_band |= carried.is_some();
                    let written = carried.clone().or_else(|| self.remembered(&call));
                    let mut held = written.map(|written| self.held(&written, "")).unwrap_or_default();
                    if in_band && carried.is_none() {
                        held.thoughts.clear();
                        held.inside.clear();
                    }
                    inside.extend(held.inside);
                    let is_first = !parts.iter().any(|part| matches!(part.content, Content::Call(_)));
                    let at = if is_first { first_place(&parts) } else { parts.len() };
                    let mut thoughts = Vec::new();
                    self.thoughts(held.thoughts, None, part.at, &mut thoughts);
                    parts.splice(at..at, thoughts);
                    let own = pending.pop_front().or(held.call);
                    let own = own.map(|note| self.own(StateKind::Thought, &note));
                    let raw = call.state.clone().filter(|_| carried.is_none());
                    let content = Content::Call(Call { state: own.or(raw), ..call });
                    parts.push(Part { content, ..part });
                }
                Content::Text(text) => {
                    let note = self.text_note(&text);
                    let at = part.at;
                    parts.push(Part { content: Content::Text(text), ..part });
                    parts.extend(note.map(|state| thought(Text::default(), Some(state), at)));
                }
                content @ (Content::Refusal(_)
                | Content::Media(_)
                | Content::Outcome(_)
                | Content::Foreign(_)) => parts.push(Part { content, ..part }),
            }
        }
        drop_repeated(&mut parts, &inside);
        turn.parts = parts;
    }

    /// Finds the place of thoughts whose carrier stands by itself. A Gemini client gets it behind the words that the thoughts
    /// came before, as its own protocol does with signatures.
    fn place_alone(&self, parts: &[Part<'_>]) -> usize {
        let has_calls = parts.iter().any(|part| matches!(part.content, Content::Call(_)));
        if self.client == Protocol::Gemini && !has_calls { first_place(parts) } else { parts.len() }
    }

    /// Reads the carriers of one place and keeps those that are the target's own.
    fn held(&mut self, written: &str, beside: &str) -> Held {
        let mut held = Held::default();
        let carriers = read(written, beside);
        self.foreign |= carriers.is_empty();
        for carrier in carriers {
            held.inside.extend(carrier.text.clone());
            if carrier.issuer != *self.target.issuer || !self.has_place(&carrier) {
                self.foreign |= carrier.kind != StateKind::Plain;
            } else if carrier.kind == StateKind::Thought && carrier.text.is_none() && beside.is_empty() {
                held.call = Some(carrier.note);
            } else {
                held.thoughts.push(carrier);
            }
        }
        held
    }

    /// Tells whether the target's protocol has a place for such a note: many issuers speak several.
    fn has_place(&self, carrier: &Carrier) -> bool {
        match (self.target.protocol, carrier.kind) {
            (Protocol::Messages, StateKind::Signature | StateKind::Redacted)
            | (Protocol::Responses, StateKind::Encrypted)
            | (Protocol::Gemini, StateKind::Thought)
            | (Protocol::Chat, StateKind::Thought | StateKind::Plain) => true,
            (Protocol::Chat, StateKind::Detail) => {
                Tape::read(carrier.note.as_bytes()).is_ok_and(|detail| detail.root().is_object())
            }
            (Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini, _) => false,
        }
    }

    /// Puts thoughts in their place. The text that stands beside a carrier belongs to it; where nothing of it was the
    /// target's own, the text stays, for whoever may read it.
    fn thoughts(
        &self,
        carriers: Vec<Carrier>,
        beside: Option<Text<'a>>,
        at: usize,
        parts: &mut Vec<Part<'a>>,
    ) {
        let mut beside = beside.filter(|text| !text.is_empty());
        for carrier in carriers {
            let text = carrier.text.map(Text::from).or_else(|| beside.take()).unwrap_or_default();
            let state = self.own(carrier.kind, &carrier.note);
            parts.push(thought(text, Some(state), at));
        }
        if let Some(text) = beside {
            parts.push(thought(text, None, at));
        }
    }

    /// Makes a note that stands in the target's own place.
    fn own(&self, kind: StateKind, note: &str) -> State<'a> {
        State::new(self.target.protocol, kind, Text::owned(note))
    }

    fn remembered(&self, call: &Call<'_>) -> Option<String> {
        if call.id.is_empty() || call.state.is_some() { None } else { self.recall.recall(&call.id.plain()) }
    }

    /// Returns the note of a text, which no client has a place for. Only Gemini signs texts.
    fn text_note(&mut self, text: &Text<'_>) -> Option<State<'a>> {
        if self.target.protocol != Protocol::Gemini {
            return None;
        }
        let written = self.recall.recall(&text_key(&self.asked, &text.plain()))?;
        let note = self.held(&written, "").call?;
        Some(self.own(StateKind::Thought, &note))
    }
}

/// Returns the carriers that a state is, if it is some. Gemini's clients bring them back in base64, in either alphabet.
fn carried(state: Option<&State<'_>>) -> Option<String> {
    carried_text(&state?.note)
}

/// Returns the carriers that a note is, if it is some.
pub(super) fn carried_text(note: &Text<'_>) -> Option<String> {
    let note = note.plain();
    if is_carrier(&note) {
        return Some(note.into_owned());
    }
    if !note.starts_with(BASE64_PREFIX) {
        return None;
    }
    let standard = note.replace('-', "+").replace('_', "/");
    let bytes = BASE64_LENIENT.decode(standard.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok().filter(|note| is_carrier(note))
}

fn thought<'a>(text: Text<'a>, state: Option<State<'a>>, at: usize) -> Part<'a> {
    Part::new(Content::Thinking(Thinking { text, state }), at)
}

/// A turn begins with what the model thought: Anthropic refuses thinking that comes behind words.
fn first_place(parts: &[Part<'_>]) -> usize {
    parts.iter().take_while(|part| matches!(part.content, Content::Thinking(_))).count()
}

/// Leaves out thoughts without a note whose text came back inside a carrier, too.
fn drop_repeated(parts: &mut Vec<Part<'_>>, inside: &[String]) {
    if inside.is_empty() {
        return;
    }
    let is_signed =
        |part: &Part<'_>| matches!(&part.content, Content::Thinking(Thinking { state: Some(_), .. }));
    if !parts.iter().any(is_signed) {
        return;
    }
    let whole = inside.concat();
    parts.retain(|part| match &part.content {
        Content::Thinking(Thinking { text, state: None }) => {
            let text = text.plain();
            text.is_empty() || !(whole.contains(&*text) || text.contains(&whole))
        }
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Media(_)
        | Content::Thinking(_)
        | Content::Call(_)
        | Content::Outcome(_)
        | Content::Foreign(_) => true,
    });
}
