//! What an answer repeats of its request.

use super::super::response::{Repeated, UNSAID};
use crate::ask::compact;
use crate::json::{Members, Value, object};

/// Returns the members of the response object that repeat the request, as JSON without braces and without line ends.
pub(super) fn of(root: Value<'_>) -> String {
    let mut said: [Option<Value<'_>>; UNSAID.len()] = [None; UNSAID.len()];
    for (name, value) in root.members() {
        if let Some(at) = UNSAID.iter().position(|repeated| name.is(repeated.name)) {
            said[at] = Some(value).filter(|value| !value.is_null());
        }
    }
    let mut out = Vec::with_capacity(1024);
    object(&mut out, |members| {
        for (repeated, value) in UNSAID.iter().zip(said) {
            repeat(members, repeated, value);
        }
        if let Some(user) = root.get("user") {
            members.raw("user", user.raw());
        }
    });
    let json = String::from_utf8(out).expect("JSON text is UTF-8");
    let inside = &json[1..json.len() - 1];
    // A line end would cut the event that holds it.
    if memchr::memchr2(b'\n', b'\r', inside.as_bytes()).is_some() {
        compact(inside)
    } else {
        inside.to_owned()
    }
}

fn repeat(members: &mut Members<'_>, repeated: &Repeated, value: Option<Value<'_>>) {
    match (repeated.name, value) {
        // Nothing is stored, and nothing runs in the background.
        ("store" | "background", _) | (_, None) => members.raw(repeated.name, repeated.unsaid),
        ("reasoning", Some(value)) => members.object("reasoning", |members| {
            filled(members, value, &[("effort", "null"), ("summary", "null")]);
        }),
        ("text", Some(value)) => members.object("text", |members| {
            filled(members, value, &[("format", r#"{"type":"text"}"#)]);
        }),
        ("tools", Some(value)) => members.array("tools", |tools| {
            for tool in value.elements() {
                if tool.get("type").is_some_and(|kind| kind.is("function")) {
                    tools.object(|members| filled(members, tool, &FUNCTION));
                } else {
                    tools.raw(tool.raw());
                }
            }
        }),
        (name, Some(value)) => members.raw(name, value.raw()),
    }
}

/// What a function must say of itself in an answer, though it need not in a request.
const FUNCTION: [(&str, &str); 3] = [("description", "null"), ("parameters", "null"), ("strict", "false")];

/// Writes the members of an object, and those that it lacks.
fn filled(members: &mut Members<'_>, value: Value<'_>, needed: &[(&str, &str)]) {
    for (name, member) in value.members() {
        members.raw(&name.plain(), member.raw());
    }
    for (name, unsaid) in needed {
        if value.member(name).is_none() {
            members.raw(name, unsaid);
        }
    }
}
