//! A request counted: what is said, and what is put around it.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::family::Family;
use super::{Calibration, media, scan::Scan};
use crate::ask::{
    Arguments, Ask, Call, CallOutcome, Choice, Content, Format, Media, Part, Role, Schema, Source, Switch,
    Thinking, Tool, ToolKind, compact,
};
use crate::json::{Text, Value};
use crate::{Protocol, Usage};

/// What a conversation begins with.
const BASE: u64 = 3;
/// What each message has around it.
const MESSAGE: u64 = 4;
/// What each tool has around it.
const TOOL: u64 = 8;

/// A request counted by itself, and where its turns end, so that what an upstream has counted of it may take the place of
/// the estimate.
#[derive(Debug, Clone)]
pub struct Tally {
    /// In thousandths of a token.
    weight: u64,
    /// The ends of the turns, in their order.
    ends: Vec<End>,
}

/// The end of a turn.
#[derive(Debug, Clone, Copy)]
struct End {
    /// Of all that is said up to here.
    digest: u64,
    /// Of all that is said up to here, in thousandths of a token.
    weight: u64,
    /// Who has spoken.
    role: Role,
    /// Whether a person has said something, and not only tools.
    by_person: bool,
}

impl Tally {
    /// Returns the tokens, as far as we can tell by ourselves; never 0.
    pub fn tokens(&self) -> u64 {
        tokens(self.weight).max(1)
    }

    /// Names the request by what is said in it, whatever is marked for a cache in it.
    pub fn digest(&self) -> Option<u64> {
        self.ends.last().map(|end| end.digest)
    }

    /// Estimates the tokens: where an upstream has counted an earlier request of the conversation, which `known` finds by
    /// its digest, only what came after it and its answer is estimated.
    pub fn estimate(&self, calibration: &Calibration, known: impl Fn(u64) -> Option<Usage>) -> u64 {
        let exact = (0..self.ends.len()).rev().find_map(|at| Some((at, known(self.ends[at].digest)?)));
        let estimate = match exact {
            Some((at, usage)) => self.behind(at, &usage, calibration),
            None => tokens(calibration.correct(self.weight)),
        };
        estimate.max(1)
    }

    /// Adds what came after the turn `at` to what was counted up to it.
    fn behind(&self, at: usize, usage: &Usage, calibration: &Calibration) -> u64 {
        let later = &self.ends[at + 1..];
        let answered = later.iter().take_while(|end| end.role == Role::Assistant).count();
        if answered == 0 && later.is_empty() {
            return usage.input();
        }
        let (counted, answer) = match later[..answered].last() {
            Some(answer) => (answer, answer_tokens(usage, &later[answered..])),
            None => (&self.ends[at], 0),
        };
        let delta = tokens(calibration.correct(self.weight.saturating_sub(counted.weight)));
        usage.input().saturating_add(answer).saturating_add(delta)
    }

    /// Counts what a client asks, for a model in its upstream's name.
    pub(super) fn of(ask: &Ask<'_>, model: &str) -> Self {
        let mut counting = Counting::whole(Family::of(model));
        let ends = counting.ask(ask);
        Tally { weight: counting.weight(), ends }
    }

    /// Guesses the tokens of what a client asks, in a fraction of the time.
    pub(super) fn guess(ask: &Ask<'_>, model: &str) -> u64 {
        let mut counting = Counting::glance(Family::of(model));
        counting.ask(ask);
        tokens(counting.weight())
    }

    /// Counts every text in a request that cannot be read as one.
    pub(super) fn rough(request: Value<'_>, model: &str) -> Self {
        let mut counting = Counting::whole(Family::of(model));
        counting.anything(request);
        Tally { weight: counting.weight(), ends: Vec::new() }
    }
}

/// What an answer costs as history: its thinking is left out once a person speaks again.
fn answer_tokens(usage: &Usage, later: &[End]) -> u64 {
    let thinking = if later.iter().any(|end| end.by_person) { usage.reasoning } else { 0 };
    usage.output.saturating_sub(thinking)
}

/// Returns where the current turn begins: behind the last thing that a person said. Thinking in front of it is not shown
/// to the model again.
fn first_of_current(ask: &Ask<'_>) -> usize {
    ask.turns
        .iter()
        .rposition(|turn| turn.role == Role::User && turn.parts.iter().any(is_of_person))
        .map_or(0, |at| at + 1)
}

fn is_of_person(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Text(_) | Content::Refusal(_) | Content::Media(_) | Content::Foreign(_) => true,
        Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => false,
    }
}

/// A count under way.
struct Counting {
    family: &'static Family,
    scan: Scan,
    /// What is no text.
    tokens: u64,
    /// Of all that is said; none where a glance must do.
    digest: Option<DefaultHasher>,
}

impl Counting {
    /// Reads everything.
    fn whole(family: &'static Family) -> Self {
        Self { digest: Some(DefaultHasher::new()), ..Self::glance(family) }
    }

    /// Reads no more than is needed for a guess.
    fn glance(family: &'static Family) -> Self {
        Self { family, scan: Scan::default(), tokens: BASE, digest: None }
    }

    /// Returns what has been counted, in thousandths of a token.
    fn weight(&self) -> u64 {
        self.scan.thousandths() * self.family.per_mille / 1000 + self.tokens * 1000
    }

    /// Counts all that is asked; returns where its turns end.
    fn ask(&mut self, ask: &Ask<'_>) -> Vec<End> {
        self.preamble(ask);
        let current = first_of_current(ask);
        let mut ends = Vec::with_capacity(ask.turns.len());
        for (at, turn) in ask.turns.iter().enumerate() {
            self.tokens += MESSAGE;
            self.note(turn.role);
            for part in &turn.parts {
                self.part(part, at >= current);
            }
            ends.push(End {
                digest: self.digest.as_ref().map_or(0, Hasher::finish),
                weight: self.weight(),
                role: turn.role,
                by_person: turn.role == Role::User && turn.parts.iter().any(is_of_person),
            });
        }
        ends
    }

    /// Counts what stands in front of the conversation.
    fn preamble(&mut self, ask: &Ask<'_>) {
        let mut own = own_tools(ask, self.family);
        for tool in &ask.tools {
            match own.next().flatten() {
                Some(prompt) => self.tokens += prompt,
                None => self.tool(tool),
            }
        }
        if let Some(prompt) = self.family.tool_prompt.filter(|_| !ask.tools.is_empty()) {
            self.tokens += if is_forced(ask.choice.as_ref()) { prompt.forced } else { prompt.free };
        }
        if matches!(ask.reasoning.switch, Some(Switch::On | Switch::Adaptive)) {
            self.tokens += self.family.thinking_prompt;
        }
        if let Format::Schema { name: _, description, schema, strict: _ } = &ask.format {
            self.schema(schema);
            self.maybe(description.as_ref());
        }
        for part in &ask.system {
            self.part(part, false);
        }
    }

    fn tool(&mut self, tool: &Tool<'_>) {
        self.tokens += TOOL;
        self.text(&tool.name);
        self.maybe(tool.namespace.as_ref());
        self.maybe(tool.description.as_ref());
        match &tool.kind {
            ToolKind::Function(Some(schema)) => self.schema(schema),
            ToolKind::Function(None) => {}
            ToolKind::Free { syntax: _, definition } => self.maybe(definition.as_ref()),
            ToolKind::Hosted(value) => self.json(value.raw()),
        }
    }

    fn schema(&mut self, schema: &Schema<'_>) {
        self.json(schema.value.raw());
    }

    /// Counts a part; thinking only where it `is_current`.
    fn part(&mut self, part: &Part<'_>, is_current: bool) {
        match &part.content {
            Content::Text(text) | Content::Refusal(text) => self.text(text),
            Content::Media(media) => self.media(media),
            Content::Thinking(thinking) if is_current => self.thinking(thinking),
            Content::Thinking(_) => {}
            Content::Call(call) => self.call(call),
            Content::Outcome(outcome) => self.outcome(outcome),
            Content::Foreign(foreign) => match &foreign.words {
                Some(words) => self.text(words),
                None => self.json(foreign.value.raw()),
            },
        }
    }

    /// Counts what the model thought. It is no part of the digest: some clients send it again and some do not.
    fn thinking(&mut self, thinking: &Thinking<'_>) {
        self.scan.written(&thinking.text);
        if let Some(state) = thinking.state.as_ref().filter(|_| thinking.text.is_empty()) {
            // What was withheld is in the note, which is encrypted: four characters are three bytes, and about as many
            // make a token.
            self.tokens += state.note.as_written().len() as u64 * 3 / 16;
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        self.text(&call.name);
        match &call.arguments {
            Arguments::Json(value) => self.json(value.raw()),
            Arguments::Written(text) | Arguments::Free(text) => self.text(text),
        }
    }

    fn outcome(&mut self, outcome: &CallOutcome<'_>) {
        for part in &outcome.parts {
            self.part(part, false);
        }
    }

    fn media(&mut self, media: &Media<'_>) {
        self.tokens += media::tokens(media, self.family, &mut self.scan);
        match &media.source {
            Source::Inline { mime: _, base64: bytes } => self.note(bytes.as_written()),
            Source::Url { mime: _, url } => self.note(url.as_written()),
            Source::File(text) | Source::Text(text) => self.note(text.as_written()),
        }
    }

    /// Takes something into the digest.
    fn note(&mut self, said: impl Hash) {
        if let Some(digest) = &mut self.digest {
            said.hash(digest);
        }
    }

    fn maybe(&mut self, text: Option<&Text<'_>>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn text(&mut self, text: &Text<'_>) {
        self.note(text.as_written());
        match self.digest {
            Some(_) => self.scan.written(text),
            None => self.scan.sampled(text),
        }
    }

    /// Counts JSON without the white space between its values.
    fn json(&mut self, json: &str) {
        let json = compact(json);
        self.note(&json);
        self.scan.plain(&json);
    }

    /// Counts every text of a value, and data as one image.
    fn anything(&mut self, value: Value<'_>) {
        if let Some(text) = value.text() {
            match self.family.own_tool(text.as_written()) {
                Some(prompt) => self.tokens += prompt,
                None if is_data(text.as_written()) => self.tokens += self.family.images.tokens(None, false),
                None => self.text(&text),
            }
        }
        for element in value.elements() {
            self.anything(element);
        }
        for (_, member) in value.members() {
            self.anything(member);
        }
    }
}

/// Whether a text is so long without a blank that it must be data.
fn is_data(text: &str) -> bool {
    const WORD_MAX: usize = 1024;
    text.as_bytes().get(..WORD_MAX).is_some_and(|start| !start.iter().any(u8::is_ascii_whitespace))
}

/// Finds the provider's own tools among those of a client that names them by their type.
fn own_tools(ask: &Ask<'_>, family: &'static Family) -> impl Iterator<Item = Option<u64>> {
    let offered = (ask.protocol == Protocol::Messages).then(|| ask.body.root().get("tools")).flatten();
    let prompt = |tool: Value<'_>| family.own_tool(tool.get("type").and_then(Value::text)?.as_written());
    let prompts: Vec<Option<u64>> = offered.into_iter().flat_map(Value::elements).map(prompt).collect();
    prompts.into_iter()
}

fn is_forced(choice: Option<&Choice<'_>>) -> bool {
    match choice {
        Some(Choice::Required | Choice::Named(_)) => true,
        Some(Choice::Among { names: _, required }) => *required,
        Some(Choice::Auto | Choice::None) | None => false,
    }
}

fn tokens(weight: u64) -> u64 {
    weight.div_ceil(1000)
}
