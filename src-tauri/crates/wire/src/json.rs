//! Strict JSON walking without a tree.
//!
//! Values are reported by their place in the text, so that numbers of thirty digits, escapes, duplicate keys and odd
//! white space stay what they are. The walk does not recurse; depth is counted against [`DEPTH_MAX`]. Bytes from 0x80 up
//! are not judged: whether they are UTF-8 is for the reader of the text to say.

mod cursor;
mod raw;
mod strings;
mod tape;
mod text;
mod write;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use cursor::Cursor;
pub(crate) use raw::{Object, Raw, is_key, pick, position};
pub(crate) use strings::{quote, read_escape, unescape, unescape_text};
pub use tape::{Tape, Value};
pub use text::Text;
pub(crate) use write::write_text;
pub use write::{Elements, Members, array, object};

/// How deep arrays and objects may nest.
pub const DEPTH_MAX: usize = 512;

/// How many members of one object are listed; a request has about twenty.
pub const MEMBERS_MAX: usize = 4096;

/// Bytes that are not the JSON they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct Malformed {
    /// Where the walk stopped, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// One member of an object, by its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key, unescaped; bytes that are not UTF-8 are replaced.
    pub key: Cow<'a, str>,
    /// Where the key stands, its quotes included.
    pub key_span: Range<usize>,
    /// Where the value stands.
    pub value: Range<usize>,
}

/// Checks that `bytes` are exactly one JSON value, with nothing but white space around it.
pub fn validate(bytes: &[u8]) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(bytes, 0..bytes.len());
    cursor.value()?;
    cursor.end()
}

/// Lists the members of the object that `bytes` are, in their order, and checks everything inside.
pub fn members(bytes: &[u8]) -> Result<Vec<Member<'_>>, Malformed> {
    members_at(bytes, 0..bytes.len())
}

/// Lists the members of the object that stands at `object`, and checks everything inside. Offsets count from the start of
/// `bytes`.
pub fn members_at(bytes: &[u8], object: Range<usize>) -> Result<Vec<Member<'_>>, Malformed> {
    let mut listed = Vec::new();
    each_member(bytes, object, |key_span, value| {
        if listed.len() == MEMBERS_MAX {
            return Err(Malformed { offset: key_span.start, what: "too many members in one object" });
        }
        let key = unescape(&bytes[key_span.start + 1..key_span.end - 1]);
        listed.push(Member { key, key_span, value });
        Ok(())
    })?;
    Ok(listed)
}

/// Calls `each` with the places of every member's key (quotes included) and value.
pub(crate) fn each_member(
    bytes: &[u8],
    object: Range<usize>,
    each: impl FnMut(Range<usize>, Range<usize>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(bytes, object);
    cursor.object(each)?;
    cursor.end()
}

/// Calls `each` with the place of every element.
pub(crate) fn each_element(
    bytes: &[u8],
    array: Range<usize>,
    each: impl FnMut(Range<usize>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(bytes, array);
    cursor.array(each)?;
    cursor.end()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn well_formed_text_is_accepted_as_it_is() {
        for text in [
            "null",
            " true\n",
            "-0",
            "0.10",
            "1e2",
            "1E+2",
            "123456789012345678901234567890",
            r#""\u00e9\/\ud83d""#,
            "\"\u{7f}\u{e9}\"",
            "[]",
            "[ ]",
            "{ }",
            r#"{"a":1,"a":2}"#,
            "[[],{},[{\"a\":[1 , 2]}]]",
        ] {
            assert_eq!(validate(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn malformed_text_is_refused_at_its_place() {
        for (text, offset) in [
            ("", 0),
            ("  ", 2),
            ("\u{feff}{}", 0),
            ("{}x", 2),
            ("{} {}", 3),
            ("01", 1),
            ("-", 1),
            ("1.", 2),
            ("1e", 2),
            (".5", 0),
            ("+1", 0),
            ("NaN", 0),
            ("tru", 0),
            ("truex", 4),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("[1}", 2),
            ("{\"a\":1,}", 7),
            ("{\"a\"}", 4),
            ("{a:1}", 1),
            ("{\"a\":}", 5),
            ("[", 1),
            ("{\"a\":1", 6),
            ("\"a", 2),
            ("\"\\x\"", 1),
            ("\"\\u12g4\"", 1),
            ("\"\\u12", 1),
            ("\"a\nb\"", 2),
            ("\"0123456789012345678901234567890123456789012345678901234567890123456789\t\"", 71),
        ] {
            assert_eq!(validate(text.as_bytes()).unwrap_err().offset, offset, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_counted_and_never_overflows_the_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(validate(nested(DEPTH_MAX).as_bytes()), Ok(()));
        assert!(validate(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(validate("[".repeat(1 << 20).as_bytes()).is_err());
        assert!(validate("{\"a\":".repeat(1 << 20).as_bytes()).is_err());
    }

    #[test]
    fn members_stand_where_they_are_reported() {
        let text = br#" { "mod\u0065l" : "x" , "n":[1, 2],"n":{"n":3} } "#;
        let listed = members(text).unwrap();
        let shown: Vec<_> = listed
            .iter()
            .map(|member| {
                let text_of =
                    |span: &Range<usize>| std::str::from_utf8(&text[span.clone()]).unwrap().to_owned();
                (member.key.to_string(), text_of(&member.key_span), text_of(&member.value))
            })
            .collect();
        let row =
            |key: &str, quoted: &str, value: &str| (key.to_owned(), quoted.to_owned(), value.to_owned());
        assert_eq!(
            shown,
            [
                row("model", r#""mod\u0065l""#, r#""x""#),
                row("n", r#""n""#, "[1, 2]"),
                row("n", r#""n""#, r#"{"n":3}"#)
            ]
        );
        let inner = members_at(text, listed[2].value.clone()).unwrap();
        assert_eq!(&text[inner[0].value.clone()], b"3");
    }

    #[test]
    fn only_an_object_has_members() {
        for text in ["[]", "1", "\"a\"", "null", ""] {
            assert!(members(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_object_with_endless_members_is_refused() {
        let text = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(MEMBERS_MAX));
        assert_eq!(members(text.as_bytes()).unwrap_err().what, "too many members in one object");
    }

    proptest! {
        #[test]
        fn the_walk_agrees_with_a_parser(text in r#"[\[\]{},:"a\\u0-9.eE+\- \ntrufalsn\t]{0,24}"#) {
            let parsed: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&text);
            prop_assert_eq!(validate(text.as_bytes()).is_ok(), parsed.is_ok(), "{:?}", text);
        }

        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = validate(&bytes);
            let _ = members(&bytes);
        }

        #[test]
        fn a_quoted_string_is_read_back(text in any::<String>()) {
            let quoted = quote(&text);
            prop_assert_eq!(validate(quoted.as_bytes()), Ok(()));
            prop_assert_eq!(unescape(&quoted.as_bytes()[1..quoted.len() - 1]), text);
        }
    }
}
