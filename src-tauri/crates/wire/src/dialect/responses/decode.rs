//! A client's request in `OpenAI Responses`.

mod content;
mod echo;
mod items;
mod settings;
mod tools;

pub(super) use tools::TOOL_SEARCH;

use crate::Protocol;
use crate::ask::{Ask, Part, Role};
use crate::head::Head;
use crate::json::{Tape, Text, Value};
use crate::note::Unsaid;

/// Reads a request.
pub(super) fn request<'a>(body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
    let root = body.root();
    let mut ask = Ask::new(Protocol::Responses, body);
    ask.wanted.stream = head.stream;
    for (name, value) in root.members().filter(|(_, value)| !value.is_null()) {
        settings::read(&mut ask, &name.plain(), value)?;
    }
    if let Some(instructions) = root.get("instructions") {
        let text = text(&ask, instructions)?;
        if !text.is_empty() {
            ask.system.push(Part::text(text, instructions.offset()));
        }
    }
    if let Some(offered) = root.get("tools") {
        tools::read(&mut ask, offered)?;
    }
    let Some(input) = root.get("input") else {
        return Err(Unsaid::new("input", "is missing").code("missing_required_parameter"));
    };
    items::read(&mut ask, input)?;
    refuse_unknown_question(&ask)?;
    ask.wanted.echo = echo::of(root);
    Ok(ask)
}

/// Refuses what nobody understands where the model should answer it now; further back a placeholder stands for it.
fn refuse_unknown_question(ask: &Ask<'_>) -> Result<(), Unsaid> {
    let last = ask.turns.iter().rev().take_while(|turn| turn.role != Role::Assistant);
    let unknown = last.flat_map(|turn| &turn.parts).find(|part| content::is_unknown(part));
    match unknown {
        Some(part) => Err(Unsaid::new(ask.body.path_of(part.at), "is of a type that cannot be translated")
            .code("unsupported_value")),
        None => Ok(()),
    }
}

/// Reads a string.
fn text<'a>(ask: &Ask<'a>, value: Value<'a>) -> Result<Text<'a>, Unsaid> {
    value.text().ok_or_else(|| wrong(ask, value, "must be a string"))
}

/// Reads a string that an object must have.
fn needed<'a>(ask: &Ask<'a>, object: Value<'a>, name: &str) -> Result<Text<'a>, Unsaid> {
    match object.get(name) {
        Some(value) => text(ask, value),
        None => Err(missing(ask, object, name)),
    }
}

/// Refuses a value of another type than it should have.
fn wrong(ask: &Ask<'_>, value: Value<'_>, must: &str) -> Unsaid {
    Unsaid::new(ask.body.path_of(value.offset()), must).code("invalid_type")
}

/// Refuses an object that lacks a member.
fn missing(ask: &Ask<'_>, object: Value<'_>, name: &str) -> Unsaid {
    let path = ask.body.path_of(object.offset());
    Unsaid::new(format!("{path}.{name}"), "is missing").code("missing_required_parameter")
}
