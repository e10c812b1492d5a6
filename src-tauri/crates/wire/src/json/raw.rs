//! One JSON value that is still text.

use std::borrow::Cow;
use std::ops::Range;

use super::{MEMBERS_MAX, Malformed, each_element, each_member, unescape};

/// One JSON value that is still text: well-formed, without white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    /// Takes a value out of a text that has been walked over before.
    pub(crate) fn at(bytes: &'a [u8], span: Range<usize>) -> Self {
        Self(&bytes[span])
    }

    /// Returns the value's text.
    pub(crate) fn text(self) -> &'a [u8] {
        self.0
    }

    /// Returns the members of these names; `None` for those that are missing, and for all where this is no object. Of
    /// duplicates the last counts, as in most parsers.
    pub(crate) fn pick<const N: usize>(self, names: [&str; N]) -> [Option<Self>; N] {
        pick(self.0, names).unwrap_or([None; N])
    }

    /// Tells whether any member's key (its inside, still escaped) and value `matches`; false where this is no object.
    pub(crate) fn any_member(self, matches: impl Fn(&[u8], Self) -> bool) -> bool {
        let mut found = false;
        // The text has been walked over before, so a fault only means that this is no object.
        let _ = each_member(self.0, 0..self.0.len(), |key, value| {
            found |= matches(&self.0[key.start + 1..key.end - 1], Self::at(self.0, value));
            Ok(())
        });
        found
    }

    /// Returns the elements of an array; none where this is no array.
    pub(crate) fn elements(self) -> Vec<Self> {
        let mut elements = Vec::new();
        if self.is_array() {
            // The text has been walked over before, so there is no fault to report.
            let _ = each_element(self.0, 0..self.0.len(), |span| {
                elements.push(Self::at(self.0, span));
                Ok(())
            });
        }
        elements
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.first() == Some(&b'{')
    }

    pub(crate) fn is_array(self) -> bool {
        self.0.first() == Some(&b'[')
    }

    pub(crate) fn is_string(self) -> bool {
        self.0.first() == Some(&b'"')
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == b"null"
    }

    pub(crate) fn is_true(self) -> bool {
        self.0 == b"true"
    }

    /// Tells whether there is something in it: a string, array or object that is not empty, a number, or `true`.
    pub(crate) fn is_filled(self) -> bool {
        match self.0.first() {
            Some(b'"') => self.0.len() > 2,
            Some(b'[' | b'{') => !self.0[1..self.0.len() - 1].trim_ascii().is_empty(),
            Some(b'n' | b'f') | None => false,
            Some(_) => true,
        }
    }

    /// Returns a string's text.
    pub(crate) fn str(self) -> Option<Cow<'a, str>> {
        self.is_string().then(|| unescape(&self.0[1..self.0.len() - 1]))
    }

    /// Returns a string's text, if it is not empty.
    pub(crate) fn filled_str(self) -> Option<Cow<'a, str>> {
        self.str().filter(|text| !text.is_empty())
    }

    /// Returns a number as a count: fractions are cut off, negative numbers become zero.
    pub(crate) fn count(self) -> Option<u64> {
        if self.0.len() < 19 && self.0.iter().all(u8::is_ascii_digit) {
            return Some(self.0.iter().fold(0, |count, digit| count * 10 + u64::from(digit - b'0')));
        }
        let text = std::str::from_utf8(self.0).ok()?;
        if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().or_else(|| text.parse().ok().map(whole_part))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what a count should do"
)]
fn whole_part(number: f64) -> u64 {
    number as u64
}

/// The members of one object, kept for several look-ups.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    /// The inside of each key, still escaped, and its value.
    members: Vec<(&'a [u8], Raw<'a>)>,
    text: &'a [u8],
}

impl<'a> Object<'a> {
    /// Reads the object that `bytes` are, checking all of it.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut members = Vec::new();
        each_member(bytes, 0..bytes.len(), |key, value| {
            if members.len() == MEMBERS_MAX {
                return Err(Malformed { offset: key.start, what: "too many members in one object" });
            }
            members.push((&bytes[key.start + 1..key.end - 1], Raw::at(bytes, value)));
            Ok(())
        })?;
        Ok(Self { members, text: bytes.trim_ascii() })
    }

    /// Returns the last member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Raw<'a>> {
        self.members.iter().rev().find(|(key, _)| is_key(key, name)).map(|(_, value)| *value)
    }

    /// Returns the member's text, if it is a string that is not empty.
    pub(crate) fn filled_str(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.filled_str()
    }

    /// Returns the object's text.
    pub(crate) fn text(&self) -> &'a [u8] {
        self.text
    }
}

/// Reads the members of these names from the object that `bytes` are, checking all of it in the same pass.
pub(crate) fn pick<'a, const N: usize>(
    bytes: &'a [u8],
    names: [&str; N],
) -> Result<[Option<Raw<'a>>; N], Malformed> {
    let mut picked = [None; N];
    each_member(bytes, 0..bytes.len(), |key, value| {
        let key = &bytes[key.start + 1..key.end - 1];
        if let Some(index) = position(key, &names) {
            picked[index] = Some(Raw::at(bytes, value));
        }
        Ok(())
    })?;
    Ok(picked)
}

/// Returns which of the names the inside of a key spells.
pub(crate) fn position(inside: &[u8], names: &[&str]) -> Option<usize> {
    let plain = names.iter().position(|name| inside == name.as_bytes());
    if plain.is_some() || !inside.contains(&b'\\') {
        return plain;
    }
    let key = unescape(inside);
    names.iter().position(|name| key == *name)
}

/// Tells whether the inside of a key spells `name`, escaped or not.
pub(crate) fn is_key(inside: &[u8], name: &str) -> bool {
    // An escaped spelling is always the longer one.
    inside == name.as_bytes()
        || (inside.len() > name.len() && inside.contains(&b'\\') && unescape(inside) == name)
}
