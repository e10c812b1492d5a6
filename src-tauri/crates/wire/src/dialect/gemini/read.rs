//! Reading a client's request. Every name may be in camel case or snake case: the SDKs mix them in one body.

mod content;
mod settings;
mod tools;

use std::fmt::Display;

use crate::Protocol;
use crate::ask::Ask;
use crate::head::Head;
use crate::json::{Tape, Text, Value};
use crate::note::{Notes, Unsaid, Why};

/// Reads a request. A request to count tokens may hold the one whose tokens are counted.
pub(super) fn ask<'a>(body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
    let root = body.root();
    let request = root.either(["generateContentRequest", "generate_content_request"]).unwrap_or(root);
    let mut reading = Reading { ask: Ask::new(Protocol::Gemini, body) };
    reading.ask.wanted.stream = head.stream;
    // Thoughts are shown to those only who ask for them.
    reading.ask.wanted.thinking_hidden = true;
    for (name, value) in request.members().filter(|(_, value)| !value.is_null()) {
        reading.member(&name, value)?;
    }
    Ok(reading.ask)
}

/// A request being read.
struct Reading<'a> {
    ask: Ask<'a>,
}

impl<'a> Reading<'a> {
    fn member(&mut self, name: &Text<'a>, value: Value<'a>) -> Result<(), Unsaid> {
        match &*name.plain() {
            "contents" => self.contents(value),
            "systemInstruction" | "system_instruction" => self.system(value),
            "tools" => self.tools(value),
            "toolConfig" | "tool_config" => self.tool_config(value),
            "generationConfig" | "generation_config" => self.generation_config(value),
            "cachedContent" | "cached_content" => Err(Unsaid::new(
                name.plain(),
                "names a cache of one Google account, which other providers do not have; send the content itself",
            )
            .code("unsupported_value")),
            "serviceTier" | "service_tier" => {
                self.ask.tier = Some(self.text(value)?);
                Ok(())
            }
            // The path names the model.
            "model" | "generateContentRequest" | "generate_content_request" => Ok(()),
            other => {
                self.ask.notes.drop(other, Why::NoWord);
                Ok(())
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.ask.notes
    }

    /// Refuses a value at its place.
    fn refuse(&self, value: Value<'a>, message: impl Display) -> Unsaid {
        Unsaid::new(self.ask.body.path_of(value.offset()), message)
    }

    fn text(&self, value: Value<'a>) -> Result<Text<'a>, Unsaid> {
        value.text().ok_or_else(|| self.refuse(value, "must be a string"))
    }

    fn number(&self, value: Value<'a>) -> Result<&'a str, Unsaid> {
        value.number().ok_or_else(|| self.refuse(value, "must be a number"))
    }

    fn bool(&self, value: Value<'a>) -> Result<bool, Unsaid> {
        value.bool().ok_or_else(|| self.refuse(value, "must be true or false"))
    }

    fn object(&self, value: Value<'a>) -> Result<Value<'a>, Unsaid> {
        if value.is_object() { Ok(value) } else { Err(self.refuse(value, "must be an object")) }
    }

    /// Returns the elements of a list; an object alone counts as a list of one.
    fn list(&self, value: Value<'a>) -> Result<impl Iterator<Item = Value<'a>> + use<'a>, Unsaid> {
        if !value.is_array() && !value.is_object() {
            return Err(self.refuse(value, "must be an array"));
        }
        let alone = value.is_object().then_some(value);
        Ok(alone.into_iter().chain(value.elements()).filter(|element| !element.is_null()))
    }

    /// Notes everything that an object says beside what was read of it, by its path.
    fn drop_others(&mut self, path: &str, object: Value<'a>, read: &[&str]) {
        for (name, value) in object.members() {
            if !value.is_null() && !read.iter().any(|word| name.is(word)) {
                self.notes().drop(format!("{path}{}", name.plain()), Why::NoWord);
            }
        }
    }
}
