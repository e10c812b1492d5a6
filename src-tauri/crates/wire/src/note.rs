//! What translation could not say as it was said.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Protocol;

/// What became of something that the other protocol cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It was left out: a hint about quality, cost or bookkeeping.
    Drop,
    /// It was said in another way that comes to the same.
    Emulate,
}

impl Loss {
    /// Returns the word that headers and logs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Emulate => "emulate",
        }
    }
}

/// Why something could not be said as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The other protocol has no word for it.
    NoWord,
    /// The model asked for does not take it.
    Model,
    /// It is more than the other side takes.
    Limit,
    /// The other side wants it in another form.
    Form,
    /// The other side wants it in another place.
    Place,
    /// The history did not fit together.
    Repaired,
    /// Another provider minted it; this one would refuse it.
    Foreign,
}

/// One thing that was left out or said in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Note {
    /// What became of it.
    pub loss: Loss,
    /// What it was, in the client's own words: a field such as `seed`, or a path such as `tools[].cache_control`.
    pub field: String,
    /// Why.
    pub why: Why,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.loss.word(), self.field)
    }
}

/// The notes of one translation. What happens at many places of a request is noted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(Vec<Note>);

/// The most notes that are kept: a request has about twenty settings.
const NOTES_MAX: usize = 64;

impl Notes {
    /// Notes that something was left out.
    pub fn drop(&mut self, field: impl Into<String>, why: Why) {
        self.note(Loss::Drop, field.into(), why);
    }

    /// Notes that something was said in another way.
    pub fn emulate(&mut self, field: impl Into<String>, why: Why) {
        self.note(Loss::Emulate, field.into(), why);
    }

    /// Returns the notes in the order in which they were made.
    pub fn list(&self) -> &[Note] {
        &self.0
    }

    /// Adds the notes of a later step.
    pub fn extend(&mut self, later: Self) {
        for note in later.0 {
            self.note(note.loss, note.field, note.why);
        }
    }

    fn note(&mut self, loss: Loss, field: String, why: Why) {
        let note = Note { loss, field, why };
        if self.0.len() < NOTES_MAX && !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}

/// Why a request cannot be translated: a 400 that names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unsaid {
    /// The field in the client's own words and place, as in `messages[2].content[0]`.
    pub field: String,
    /// What cannot be done and what to do instead.
    pub message: String,
    /// A code of the client's protocol that programs look at, such as `unsupported_value`.
    pub code: Option<&'static str>,
}

impl Unsaid {
    /// Refuses a field; `message` completes "the field …", as in "must be an array".
    pub fn new(field: impl Into<String>, message: impl fmt::Display) -> Self {
        let field = field.into();
        Self { message: format!("{field}: {message}"), field, code: None }
    }

    /// Refuses something that the channel's protocol cannot say.
    pub fn no_word(field: impl Into<String>, target: Protocol) -> Self {
        let message = format!(
            "a channel that speaks {target} cannot serve this; leave it out, or ask for a channel that speaks your protocol"
        );
        Self { code: Some("unsupported_value"), ..Self::new(field, message) }
    }

    /// Gives the code that programs look at.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_many_places_is_noted_once() {
        let mut notes = Notes::default();
        for _ in 0..3 {
            notes.drop("tools[].cache_control", Why::NoWord);
        }
        notes.emulate("n", Why::Form);
        let words: Vec<String> = notes.list().iter().map(ToString::to_string).collect();
        assert_eq!(words, ["drop:tools[].cache_control", "emulate:n"]);
    }

    #[test]
    fn notes_are_bounded() {
        let mut notes = Notes::default();
        for number in 0..1000 {
            notes.drop(number.to_string(), Why::NoWord);
        }
        assert_eq!(notes.list().len(), NOTES_MAX);
    }
}
