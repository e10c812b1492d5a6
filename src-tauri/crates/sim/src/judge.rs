//! What providers do with the notes that a request brings back, in their own words.
//!
//! Each accepts its own notes alone, unchanged and in their place, and some must have them: Anthropic where a turn with a
//! thinking budget goes on, `OpenAI` where an item names the answer that it came in, Gemini 3 with the first call of each
//! step, `DeepSeek` its thoughts in words with every call.

use serde_json::Value;

use crate::endpoint::{Dialect, Endpoint};
use crate::history::{Find, History, Kind, Part, SENTINEL, Turn, standard};
use crate::notes::{Mint, Note};
use crate::reply::{SIGNED_CALL, SIGNED_TEXT};

/// Why a provider refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub message: String,
    /// The word for programs, where it is not the usual one.
    pub code: Option<&'static str>,
}

/// Who judges: its name, and the credential that it was shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judge<'j> {
    pub name: &'j str,
    pub key: Option<&'j str>,
}

impl Judge<'_> {
    /// Refuses a request for its notes, or for want of them.
    pub(crate) fn check(self, endpoint: &Endpoint, body: &Value) -> Result<(), Refused> {
        let Some(history) = History::of(endpoint, body) else { return Ok(()) };
        let mint = self.mint(&history);
        match history.dialect {
            Dialect::Chat => chat(&history, body, mint)?,
            Dialect::Responses => responses(&history, body, mint)?,
            Dialect::Messages => messages(&history, body, mint)?,
            Dialect::Gemini => gemini(&history, mint)?,
        }
        need(!carries(body), || "the request holds what a gateway should have taken out".to_owned())
    }

    /// Says what is found in the history of a request.
    pub(crate) fn finds(self, endpoint: &Endpoint, body: &Value) -> Vec<Find> {
        History::of(endpoint, body).map(|history| history.finds(self.mint(&history))).unwrap_or_default()
    }

    fn mint(self, history: &History<'_>) -> Mint {
        Mint::of(history.dialect, &history.model, self.name, self.key)
    }
}

fn need(holds: bool, message: impl FnOnce() -> String) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(Refused { message: message(), code: None }) }
}

/// Tells whether a gateway's own notes are anywhere in a request.
fn carries(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("slc1.") || text.starts_with("c2xjMS"),
        Value::Array(items) => items.iter().any(carries),
        Value::Object(members) => members.values().any(carries),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn messages(history: &History<'_>, body: &Value, mint: Mint) -> Result<(), Refused> {
    for turn in &history.turns {
        unmodified(turn, mint)?;
    }
    let Some(last) = history.turns.last().filter(|turn| turn.is_current) else { return Ok(()) };
    let goes_on = last.parts.iter().any(|part| matches!(part.kind, Kind::Call { .. }));
    let Some(first) = last.parts.first() else { return Ok(()) };
    let thinks = matches!(first.kind, Kind::Signed { .. } | Kind::Sealed(_));
    need(!goes_on || thinks || body["thinking"]["type"] != "enabled", || {
        let found = if matches!(first.kind, Kind::Call { .. }) { "tool_use" } else { "text" };
        format!(
            "{}.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
            first.at
        )
    })
}

/// Checks that thoughts come back as they were: all of one answer, in their order, in front of everything else.
fn unmodified(turn: &Turn<'_>, mint: Mint) -> Result<(), Refused> {
    let mut thoughts: Vec<Note> = Vec::new();
    let mut is_said = false;
    for part in &turn.parts {
        let note = match part.kind {
            Kind::Signed { note, text } => known(mint.read(note, text), || {
                format!("{}: Invalid `signature` in `thinking` block", part.at)
            })?,
            Kind::Sealed(data) => known(mint.read(data, ""), || {
                format!("{}: Invalid `data` in `redacted_thinking` block", part.at)
            })?,
            Kind::Call { .. } | Kind::Said { .. } => {
                is_said = true;
                continue;
            }
            Kind::SignedCall(_) | Kind::SignedText(_) | Kind::Kept(_) | Kind::Thought(_) => continue,
        };
        let is_next =
            note.place == thoughts.len() + 1 && thoughts.iter().all(|other| other.answer == note.answer);
        need(is_next && !is_said, || modified(&part.at))?;
        thoughts.push(note);
    }
    let Some(first) = thoughts.first() else { return Ok(()) };
    let at = &turn.parts[0].at;
    need(thoughts.len() == first.of && of_one_answer(turn, mint, first.answer), || modified(at))
}

fn known(note: Option<Note>, message: impl FnOnce() -> String) -> Result<Note, Refused> {
    note.ok_or_else(|| Refused { message: message(), code: None })
}

fn modified(at: &str) -> String {
    format!(
        "{at}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response."
    )
}

/// Tells whether the provider's own calls of a turn came in this answer.
fn of_one_answer(turn: &Turn<'_>, mint: Mint, answer: u64) -> bool {
    turn.parts.iter().all(|part| match part.kind {
        Kind::Call { id, .. } => mint.read_mark(id).is_none_or(|mark| mark.answer == answer),
        Kind::Signed { .. }
        | Kind::Sealed(_)
        | Kind::SignedCall(_)
        | Kind::SignedText(_)
        | Kind::Kept(_)
        | Kind::Thought(_)
        | Kind::Said { .. } => true,
    })
}

fn responses(history: &History<'_>, body: &Value, mint: Mint) -> Result<(), Refused> {
    for turn in &history.turns {
        let mut thought: Vec<u64> = Vec::new();
        for part in &turn.parts {
            match part.kind {
                Kind::Sealed(encrypted) => {
                    let note = mint.read(encrypted, "").ok_or_else(|| unverified(encrypted))?;
                    need(of_one_answer(turn, mint, note.answer), || {
                        format!(
                            "Item '{}' of type 'reasoning' was provided without its required following item.",
                            part.at
                        )
                    })?;
                    thought.push(note.answer);
                }
                Kind::Kept(id) => {
                    let mark = mint.read_mark(id).filter(|_| body["store"] != false);
                    let mark = mark.ok_or_else(|| Refused {
                        message: format!("Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."),
                        code: None,
                    })?;
                    thought.push(mark.answer);
                }
                Kind::Call { item, .. } | Kind::Said { item } => {
                    let mark = mint.read_mark(item);
                    need(mark.is_none_or(|mark| thought.contains(&mark.answer)), || {
                        let kind =
                            if matches!(part.kind, Kind::Said { .. }) { "message" } else { "function_call" };
                        format!(
                            "Item '{item}' of type '{kind}' was provided without its required 'reasoning' item."
                        )
                    })?;
                }
                Kind::Signed { .. } | Kind::SignedCall(_) | Kind::SignedText(_) | Kind::Thought(_) => {}
            }
        }
        let dangling = turn.parts.last().filter(|last| matches!(last.kind, Kind::Sealed(_) | Kind::Kept(_)));
        need(dangling.is_none(), || {
            let at = dangling.map_or("", |part| part.at.as_str());
            format!("Item '{at}' of type 'reasoning' was provided without its required following item.")
        })?;
    }
    Ok(())
}

fn unverified(encrypted: &str) -> Refused {
    let begin: String = encrypted.chars().take(8).collect();
    Refused {
        message: format!(
            "The encrypted content {begin}... could not be verified. Reason: Encrypted content could not be decrypted or parsed."
        ),
        code: Some("invalid_encrypted_content"),
    }
}

fn chat(history: &History<'_>, body: &Value, mint: Mint) -> Result<(), Refused> {
    let is_thinking =
        ["deepseek-v", "deepseek-reasoner"].iter().any(|start| history.model.starts_with(start));
    let wants_thoughts = is_thinking && body["thinking"]["type"] != "disabled";
    // Whoever is no router knows nothing of details, and passes over them.
    let knows_details = history.model.contains('/');
    for turn in &history.turns {
        if knows_details {
            unmodified(turn, mint)?;
        }
        let calls = turn.parts.iter().any(|part| matches!(part.kind, Kind::Call { .. }));
        let thinks = turn.parts.iter().any(|part| matches!(part.kind, Kind::Thought(_)));
        need(!(wants_thoughts && calls) || thinks, || {
            "The `reasoning_content` in the thinking mode must be passed back to the API.".to_owned()
        })?;
    }
    Ok(())
}

fn gemini(history: &History<'_>, mint: Mint) -> Result<(), Refused> {
    for turn in &history.turns {
        let mut parts = turn.parts.iter().peekable();
        while let Some(part) = parts.next() {
            let called = parts.peek().map(|next| next.kind);
            match part.kind {
                Kind::SignedCall(note) => signed(part, note, SIGNED_CALL, called, mint)?,
                Kind::SignedText(note) => signed(part, note, SIGNED_TEXT, None, mint)?,
                Kind::Signed { .. }
                | Kind::Sealed(_)
                | Kind::Kept(_)
                | Kind::Thought(_)
                | Kind::Call { .. }
                | Kind::Said { .. } => {}
            }
        }
        if turn.is_current && history.model.contains("gemini-3") {
            first_call_is_signed(turn)?;
        }
    }
    Ok(())
}

/// Checks that a signature stands where it stood.
fn signed(
    part: &Part<'_>,
    note: &str,
    place: usize,
    call: Option<Kind<'_>>,
    mint: Mint,
) -> Result<(), Refused> {
    let note_holds = |note: Note| match call {
        Some(Kind::Call { id, .. }) => {
            mint.read_mark(id).is_none_or(|mark| mark.answer == note.answer && mark.call == 0)
        }
        Some(_) | None => true,
    };
    let own = mint.read(&standard(note), "").filter(|note| note.place == place);
    need(note == SENTINEL || own.is_some_and(note_holds), || {
        format!("{}: Thought signature is not valid.", part.at)
    })
}

fn first_call_is_signed(turn: &Turn<'_>) -> Result<(), Refused> {
    let first = turn.parts.iter().find(|part| matches!(part.kind, Kind::SignedCall(_) | Kind::Call { .. }));
    let unsigned = first.filter(|first| matches!(first.kind, Kind::Call { .. }));
    need(unsigned.is_none(), || {
        let at = unsigned.map_or("", |part| part.at.as_str());
        format!("{at}: Function call is missing a thought_signature in functionCall parts.")
    })
}

#[cfg(test)]
mod tests;
