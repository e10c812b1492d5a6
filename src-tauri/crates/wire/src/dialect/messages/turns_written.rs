//! Writing the conversation.

use super::cache::Marks;
use super::content_written::{self as written, Shown, foreign_words, instead, is_native, media_word};
use crate::Protocol;
use crate::ask::{Ask, CallOutcome, Content, Media, Part, Role, Setting, Turn};
use crate::calls::Names;
use crate::dialect::Target;
use crate::json::{Elements, Members, Text};
use crate::note::{Notes, Unsaid, Why};

/// A conversation in the order of messages: neighbours of one role are one message, and no message is empty.
#[derive(Debug)]
pub(super) struct Messages<'t, 'a> {
    list: Vec<Message<'t, 'a>>,
    /// Where the first message behind the model's last one stands.
    latest: usize,
}

#[derive(Debug)]
struct Message<'t, 'a> {
    role: Role,
    said: Vec<Said<'t, 'a>>,
}

/// A part of a message.
#[derive(Debug)]
enum Said<'t, 'a> {
    Part(&'t Part<'a>),
    /// What the system says where it has no message of its own.
    Reminder(&'t Part<'a>),
}

impl<'t, 'a> Messages<'t, 'a> {
    /// Puts turns, which are arranged, into messages. System messages stay where they are if the model takes them there;
    /// elsewhere the user's message carries them.
    pub(super) fn of(ask: &Ask<'_>, turns: &'t [Turn<'a>], late_system: bool, notes: &mut Notes) -> Self {
        let mut messages = Self { list: Vec::with_capacity(turns.len()), latest: 0 };
        for (at, turn) in turns.iter().enumerate() {
            let is_reminder =
                turn.role == Role::System && !(late_system && messages.may_instruct(&turns[at + 1..]));
            if is_reminder {
                notes.emulate(ask.word(Setting::LateSystem), Why::Place);
            }
            let said = turn.parts.iter().filter(|part| is_said(ask, turn.role, part, notes));
            if is_reminder {
                messages.push(Role::User, said.map(Said::Reminder));
            } else {
                messages.push(turn.role, said.map(Said::Part));
            }
        }
        let last_answer = messages.list.iter().rposition(|message| message.role == Role::Assistant);
        messages.latest = last_answer.map_or(0, |at| at + 1);
        messages
    }

    fn push(&mut self, role: Role, said: impl Iterator<Item = Said<'t, 'a>>) {
        let mut said = said.peekable();
        if said.peek().is_none() {
            return;
        }
        match self.list.last_mut() {
            Some(last) if last.role == role => last.said.extend(said),
            Some(_) | None => self.list.push(Message { role, said: said.collect() }),
        }
    }

    /// Tells whether a system message may stand behind what was said so far: behind a user's, in front of the model's.
    fn may_instruct(&self, rest: &[Turn<'_>]) -> bool {
        let next = rest.iter().find(|turn| turn.role != Role::System);
        self.list.last().is_some_and(|last| last.role != Role::Assistant)
            && next.is_none_or(|turn| turn.role == Role::Assistant)
    }

    /// Returns the part with which the model's own last message ends, if the conversation ends with it.
    pub(super) fn prefill(&self) -> Option<&'t Part<'a>> {
        let last = self.list.last().filter(|last| last.role == Role::Assistant)?;
        last.said.last().map(Said::part)
    }

    /// Tells whether the model goes on from a turn of its own whose thoughts are lost: from its calls, or its words.
    pub(super) fn lacks_thoughts(&self) -> bool {
        let Some(answer) = self.latest.checked_sub(1).map(|at| &self.list[at]) else { return false };
        let thinks = |said: &Said<'_, '_>| matches!(said.part().content, Content::Thinking(_));
        let calls = |said: &Said<'_, '_>| matches!(said.part().content, Content::Call(_));
        let goes_on = answer.said.iter().any(calls) || self.latest == self.list.len();
        goes_on && !answer.said.first().is_some_and(thinks)
    }
}

impl<'t, 'a> Said<'t, 'a> {
    const fn part(&self) -> &'t Part<'a> {
        match self {
            Self::Part(part) | Self::Reminder(part) => part,
        }
    }
}

/// Tells whether a part can be said at all: no text without a word in it, no thought of another provider.
fn is_said(ask: &Ask<'_>, role: Role, part: &Part<'_>, notes: &mut Notes) -> bool {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_blank(),
        Content::Thinking(thinking) => {
            let native = is_native(thinking) && role == Role::Assistant;
            if !native {
                ask.drop(notes, Setting::State, Why::Foreign);
            }
            native
        }
        // What another provider's tools did in the model's turn, and nobody can read.
        Content::Foreign(foreign)
            if role == Role::Assistant && foreign.words.is_none() && ask.protocol != Protocol::Messages =>
        {
            notes.drop(foreign.kind.plain(), Why::NoWord);
            false
        }
        Content::Media(_) | Content::Call(_) | Content::Outcome(_) | Content::Foreign(_) => {
            role != Role::System
        }
    }
}

/// Writes messages.
#[derive(Debug)]
pub(super) struct TurnWriter<'w> {
    pub(super) ask: &'w Ask<'w>,
    pub(super) target: &'w Target<'w>,
    pub(super) names: &'w Names,
    pub(super) marks: &'w mut Marks,
    pub(super) notes: &'w mut Notes,
}

/// Where a block stands.
#[derive(Debug, Clone, Copy)]
struct Spot {
    role: Role,
    /// Whether the model has not answered it yet.
    is_latest: bool,
    /// Whether the prompt up to here is worth keeping.
    is_worth: bool,
    /// Whether the whole conversation ends here.
    is_end: bool,
}

impl TurnWriter<'_> {
    /// Writes the conversation.
    pub(super) fn write(
        &mut self,
        messages: &Messages<'_, '_>,
        body: &mut Members<'_>,
    ) -> Result<(), Unsaid> {
        let count = messages.list.len();
        let mut users =
            messages.list.iter().enumerate().rev().filter(|(_, message)| message.role == Role::User);
        let worth: [Option<usize>; 2] = std::array::from_fn(|_| users.next().map(|(at, _)| at));
        let mut written = Ok(());
        body.array("messages", |list| {
            for (at, message) in messages.list.iter().enumerate() {
                let spot = Spot {
                    role: message.role,
                    is_latest: at >= messages.latest,
                    is_worth: worth.contains(&Some(at)),
                    is_end: at + 1 == count,
                };
                list.object(|members| {
                    members.str("role", role_word(message.role));
                    members.array("content", |blocks| {
                        let result = self.blocks(message, spot, blocks);
                        written = std::mem::replace(&mut written, Ok(())).and(result);
                    });
                });
            }
        });
        written
    }

    fn blocks(
        &mut self,
        message: &Message<'_, '_>,
        spot: Spot,
        blocks: &mut Elements<'_>,
    ) -> Result<(), Unsaid> {
        for (place, said) in (1..).zip(&message.said) {
            let is_last = place == message.said.len();
            let spot = Spot { is_worth: spot.is_worth && is_last, is_end: spot.is_end && is_last, ..spot };
            match said {
                Said::Part(part) => self.block(part, spot, blocks)?,
                Said::Reminder(part) => {
                    let mark = self.marks.deal(part.cache, spot.is_worth);
                    if let Content::Text(text) = &part.content {
                        written::text(blocks, &reminder(text), mark);
                    }
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, part: &Part<'_>, spot: Spot, blocks: &mut Elements<'_>) -> Result<(), Unsaid> {
        let can_mark = !matches!(part.content, Content::Thinking(_));
        let mark = if can_mark { self.marks.deal(part.cache, spot.is_worth) } else { None };
        match &part.content {
            Content::Text(text) | Content::Refusal(text) => {
                if spot.is_end && spot.role == Role::Assistant {
                    // A model cannot go on from white space.
                    written::text(blocks, &Text::owned(text.plain().trim_end()), mark);
                } else {
                    written::text(blocks, text, mark);
                }
            }
            Content::Thinking(thinking) => written::thinking(blocks, thinking),
            Content::Call(call) => written::call(blocks, call, self.names, mark),
            Content::Outcome(outcome) => {
                written::outcome(blocks, outcome, mark, |block| self.outcome(outcome, block));
            }
            Content::Media(media) => match self.shown(media, part, spot)? {
                Some(shown) => shown.write(blocks, mark),
                None => written::text(blocks, &instead(media_word(media.kind)), mark),
            },
            Content::Foreign(foreign) if self.ask.protocol == Protocol::Messages => {
                blocks.raw(foreign.value.raw());
            }
            Content::Foreign(foreign) => written::text(blocks, &foreign_words(foreign), mark),
        }
        Ok(())
    }

    /// Puts media into this protocol's form. What cannot be shown is refused where the model must answer it, and named
    /// where it has answered already.
    fn shown<'m>(
        &mut self,
        media: &'m Media<'_>,
        part: &Part<'_>,
        spot: Spot,
    ) -> Result<Option<Shown<'m>>, Unsaid> {
        if media.detail.as_ref().is_some_and(|detail| !detail.is("auto")) {
            self.ask.drop(self.notes, Setting::Detail, Why::NoWord);
        }
        let shown = Shown::of(media).filter(|_| spot.role == Role::User);
        if shown.is_none() {
            if spot.is_latest && spot.role == Role::User {
                return Err(Unsaid::no_word(self.ask.body.path_of(part.at), self.target.protocol));
            }
            self.notes.drop(media_word(media.kind), Why::NoWord);
        }
        Ok(shown)
    }

    /// Writes what a tool gave: one text as it is, else blocks.
    fn outcome(&mut self, outcome: &CallOutcome<'_>, block: &mut Members<'_>) {
        let parts: Vec<&Part<'_>> =
            outcome.parts.iter().filter(|part| part.as_text().is_none_or(|text| !text.is_empty())).collect();
        match parts[..] {
            [] => block.str("content", ""),
            [Part { content: Content::Text(text), .. }] => block.text("content", text),
            _ => block.array("content", |blocks| {
                for part in parts {
                    self.given(part, blocks);
                }
            }),
        }
    }

    fn given(&mut self, part: &Part<'_>, blocks: &mut Elements<'_>) {
        match &part.content {
            Content::Text(text) | Content::Refusal(text) if text.is_blank() => {}
            Content::Text(text) | Content::Refusal(text) => written::text(blocks, text, None),
            Content::Media(media) => match Shown::of(media) {
                Some(shown) => shown.write(blocks, None),
                None => {
                    self.notes.drop(media_word(media.kind), Why::NoWord);
                    written::text(blocks, &instead(media_word(media.kind)), None);
                }
            },
            Content::Foreign(foreign) => written::text(blocks, &foreign_words(foreign), None),
            // No tool gives these.
            Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => {}
        }
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// Wraps what the system says into the words by which Claude knows it in a user's message.
fn reminder(text: &Text<'_>) -> Text<'static> {
    let mut words = Text::owned("<system-reminder>\n");
    words.push(text);
    words.push_plain("\n</system-reminder>");
    words
}
