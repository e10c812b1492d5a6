//! What a tool gets, in the two forms that protocols use: an object, or a string that holds one.

use std::borrow::Cow;

use super::{Arguments, CallOutcome};
use crate::json::{Tape, Text, object};

impl Arguments<'_> {
    /// Returns the JSON text of an object, whatever the model wrote: history must not be refused for it.
    ///
    /// Nothing becomes `{}`; a value that is no object, `{"value": …}`; text that is no JSON, `{"_raw": …}`; free text,
    /// `{"input": …}`.
    pub fn object(&self) -> Cow<'_, str> {
        match self {
            Self::Json(value) if value.is_object() => Cow::Borrowed(value.raw()),
            Self::Json(value) if value.is_null() => Cow::Borrowed("{}"),
            Self::Json(value) => {
                Cow::Owned(wrapped("value", |out| out.extend_from_slice(value.raw().as_bytes())))
            }
            Self::Free(text) => Cow::Owned(with_text("input", text)),
            Self::Written(text) => {
                let plain = text.plain();
                let json = plain.trim();
                match Tape::read(json.as_bytes()).map(|tape| tape.root().is_object()) {
                    _ if json.is_empty() => Cow::Borrowed("{}"),
                    Ok(true) if json.len() == plain.len() => plain,
                    Ok(true) => Cow::Owned(json.to_owned()),
                    Ok(false) => Cow::Owned(wrapped("value", |out| out.extend_from_slice(json.as_bytes()))),
                    Err(_) => Cow::Owned(with_text("_raw", text)),
                }
            }
        }
    }

    /// Returns the string that holds the arguments: the object's text without white space between its values, in its order.
    pub fn string(&self) -> Text<'_> {
        match self {
            Self::Json(value) => Text::from(compact(value.raw())),
            Self::Written(text) if text.is_blank() => Text::of("{}"),
            Self::Written(text) => text.borrowed(),
            Self::Free(text) => Text::from(with_text("input", text)),
        }
    }

    /// Returns free text; arguments of another form as they are.
    pub fn free(&self) -> Text<'_> {
        match self {
            Self::Free(text) => text.borrowed(),
            Self::Json(_) | Self::Written(_) => self.string(),
        }
    }
}

impl<'a> CallOutcome<'a> {
    /// Returns the texts of the outcome, joined by a line end.
    pub fn text(&self) -> Text<'a> {
        Text::joined(self.parts.iter().filter_map(super::Part::as_text), "\n")
    }
}

/// Removes the white space between the values of well-formed JSON.
pub(crate) fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(quote) = rest.find('"') {
        compact.extend(rest[..quote].chars().filter(|char| !char.is_ascii_whitespace()));
        let mut end = quote + 1;
        let bytes = rest.as_bytes();
        while let Some(offset) = memchr::memchr2(b'"', b'\\', &bytes[end..]) {
            end += offset + 1;
            if bytes[end - 1] == b'"' {
                break;
            }
            end += 1;
        }
        compact.push_str(&rest[quote..end]);
        rest = &rest[end..];
    }
    compact.extend(rest.chars().filter(|char| !char.is_ascii_whitespace()));
    compact
}

fn with_text(key: &str, text: &Text<'_>) -> String {
    let mut out = Vec::new();
    object(&mut out, |members| members.text(key, text));
    String::from_utf8(out).expect("text is UTF-8")
}

fn wrapped(key: &str, write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    object(&mut out, |members| members.value(key, write));
    String::from_utf8(out).expect("JSON text is UTF-8")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn what_a_model_wrote_becomes_an_object_of_the_same_meaning() {
        for (written, expected) in [
            ("", "{}"),
            (" ", "{}"),
            (r#"{"b":1.0, "a":12345678901234567890}"#, r#"{"b":1.0, "a":12345678901234567890}"#),
            ("[1]", r#"{"value":[1]}"#),
            ("{bad", r#"{"_raw":"{bad"}"#),
        ] {
            assert_eq!(Arguments::Written(Text::of(written)).object(), expected);
        }
        assert_eq!(Arguments::Free(Text::of("*** \"p\"")).object(), r#"{"input":"*** \"p\""}"#);
    }

    #[test]
    fn an_object_is_written_without_white_space_in_its_order_with_its_numbers() {
        let tape = Tape::read(br#"{ "b" : 1.0, "a":[ "x \" y\\" , 1e2 ] }"#).unwrap();
        assert_eq!(Arguments::Json(tape.root()).string().plain(), r#"{"b":1.0,"a":["x \" y\\",1e2]}"#);
    }
}
