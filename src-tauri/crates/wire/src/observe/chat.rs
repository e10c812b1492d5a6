//! Answers of Chat Completions.

use super::counts::chat as counts;
use super::{Noted, Seen, StreamFailure, WholeFault, WholeSeen, failure};
use crate::json::{Cursor, Malformed, Raw, position};

/// The members of a delta or message that are part of the answer, those of vendors included.
const CONTENT: [&str; 10] = [
    "content",
    "tool_calls",
    "function_call",
    "refusal",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "audio",
    "images",
];

/// The finish reasons by which vendors say that they gave up.
const GAVE_UP: [&str; 3] = ["error", "network_error", "insufficient_system_resource"];

/// What a chunk or a whole answer says, read in one walk.
#[derive(Default)]
struct Said<'a> {
    /// Absent where there is no `choices`, or null.
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Raw<'a>>,
    model: Option<Raw<'a>>,
    states_error: bool,
}

/// One choice of a chunk or an answer.
struct Choice<'a> {
    index: Option<Raw<'a>>,
    reason: Option<Raw<'a>>,
    usage: Option<Raw<'a>>,
    has_content: bool,
    text: Raw<'a>,
}

impl<'a> Said<'a> {
    fn read(data: &'a [u8]) -> Result<Self, Malformed> {
        let mut said = Self::default();
        let mut cursor = Cursor::at_start(data);
        cursor.members(|cursor, key| {
            let names = ["choices", "usage", "model", "error", "type", "object", "base_resp"];
            match position(key, &names) {
                Some(0) => said.choices = read_choices(cursor)?,
                Some(1) => said.usage = Some(cursor.raw()?),
                Some(2) => said.model = Some(cursor.raw()?),
                Some(3) => said.states_error |= cursor.raw()?.is_filled(),
                Some(4 | 5) => said.states_error |= cursor.raw()?.text() == b"\"error\"",
                Some(6) => {
                    said.states_error = true;
                    cursor.value()?;
                }
                Some(_) | None => cursor.value()?,
            }
            Ok(())
        })?;
        cursor.end()?;
        Ok(said)
    }
}

/// Reads the value of `choices`; `None` where it is null.
fn read_choices<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Vec<Choice<'a>>>, Malformed> {
    if !cursor.is_at_array() {
        let other = cursor.raw()?;
        return Ok((!other.is_null()).then(Vec::new));
    }
    let mut choices = Vec::new();
    cursor.elements(|cursor| {
        choices.push(read_choice(cursor)?);
        Ok(())
    })?;
    Ok(Some(choices))
}

fn read_choice<'a>(cursor: &mut Cursor<'a>) -> Result<Choice<'a>, Malformed> {
    let (mut index, mut reason, mut usage, mut has_content) = (None, None, None, false);
    let text = cursor.raw_by(|cursor| {
        if !cursor.is_at_object() {
            return cursor.value();
        }
        cursor.members(|cursor, key| {
            match position(key, &["index", "finish_reason", "usage", "delta", "message", "text"]) {
                Some(0) => index = Some(cursor.raw()?),
                Some(1) => reason = Some(cursor.raw()?),
                Some(2) => usage = Some(cursor.raw()?),
                Some(3 | 4) => has_content |= read_message(cursor)?,
                Some(5) => has_content |= cursor.raw()?.is_filled(),
                Some(_) | None => cursor.value()?,
            }
            Ok(())
        })
    })?;
    Ok(Choice { index, reason, usage, has_content, text })
}

/// Tells whether a delta or message holds any part of the answer.
fn read_message(cursor: &mut Cursor<'_>) -> Result<bool, Malformed> {
    let mut has_content = false;
    if !cursor.is_at_object() {
        return cursor.value().map(|()| false);
    }
    cursor.members(|cursor, key| {
        match position(key, &CONTENT) {
            Some(_) => has_content |= cursor.raw()?.is_filled(),
            None => cursor.value()?,
        }
        Ok(())
    })?;
    Ok(has_content)
}

pub(super) fn event(noted: &mut Noted, name: Option<&[u8]>, data: &[u8]) -> Result<Seen, Malformed> {
    let said = Said::read(data)?;
    let is_no_answer = name == Some(b"error") || said.choices.is_none();
    if (said.states_error || is_no_answer)
        && let Some(failure) = failure::reported(data, is_no_answer)?
    {
        return Ok(Seen::Failure(failure));
    }
    if noted.model.is_none() {
        noted.model = said.model.and_then(Raw::filled_str).map(Into::into);
    }
    noted.counts.note(said.usage, counts);
    let choices = said.choices.unwrap_or_default();
    if choices.is_empty() && said.usage.is_some_and(Raw::is_filled) {
        return Ok(Seen::UsageOnly);
    }
    Ok(note_choices(noted, &choices))
}

fn note_choices(noted: &mut Noted, choices: &[Choice<'_>]) -> Seen {
    let (mut holds_content, mut ends) = (false, false);
    for choice in choices {
        noted.counts.note(choice.usage, counts);
        let reason = choice.reason.and_then(Raw::filled_str);
        if let Some(reason) = reason.as_deref().filter(|reason| GAVE_UP.contains(reason)) {
            return Seen::Failure(gave_up(reason, choice.text));
        }
        noted.choice(choice.index, reason.as_deref());
        ends |= reason.is_some();
        holds_content |= choice.has_content;
    }
    noted.seen(holds_content, ends)
}

fn gave_up(reason: &str, choice: Raw<'_>) -> StreamFailure {
    StreamFailure {
        status: Some(503),
        code: Some(reason.to_owned()),
        message: format!("the upstream gave up with finish_reason {reason:?}"),
        raw: String::from_utf8_lossy(choice.text()).into_owned(),
    }
}

/// Reads a whole answer.
pub(super) fn whole(body: &[u8]) -> Result<WholeSeen, WholeFault> {
    let said = Said::read(body).map_err(WholeFault::NotJson)?;
    if said.states_error
        && let Some(failure) = failure::reported(body, false).map_err(WholeFault::NotJson)?
    {
        return Err(WholeFault::ErrorBody(failure));
    }
    answered(&said).ok_or_else(|| super::no_answer(body))
}

fn answered(said: &Said<'_>) -> Option<WholeSeen> {
    let mut noted = Noted::default();
    noted.counts.note(said.usage, counts);
    let answered = match note_choices(&mut noted, said.choices.as_deref()?) {
        Seen::Content => true,
        Seen::Failure(_) => false,
        Seen::Terminal | Seen::Preamble | Seen::Done | Seen::UsageOnly | Seen::Unparsable | Seen::Other => {
            noted.finish_reason.is_some()
        }
    };
    answered.then(|| WholeSeen {
        counts: noted.counts,
        usage: noted.counts.usage(),
        model: said.model.and_then(Raw::filled_str).map(Into::into),
        finish_reason: noted.finish_reason,
    })
}
