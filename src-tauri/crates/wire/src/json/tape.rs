//! A whole JSON text, read once, that can then be looked into at any depth without reading it again.

use std::borrow::Cow;

use super::{Cursor, DEPTH_MAX, Malformed, Text, unescape_text};

/// A JSON text with the places of all its values: one pass over the text, no copy of it, no number turned into another.
#[derive(Debug)]
pub struct Tape<'a> {
    text: &'a str,
    /// Every key and value, in the order in which they begin. The members of an object are pairs of a key and a value.
    nodes: Vec<Node>,
}

/// Where a key or value stands.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The node behind this one and everything in it.
    next: u32,
}

/// The longest text that can be read, in bytes.
const TEXT_BYTES_MAX: usize = u32::MAX as usize;

impl<'a> Tape<'a> {
    /// Reads a text, which must be UTF-8 and exactly one JSON value.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes)
            .map_err(|fault| Malformed { offset: fault.valid_up_to(), what: "the text is not UTF-8" })?;
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(Malformed { offset: TEXT_BYTES_MAX, what: "the text is too long" });
        }
        let mut builder = Builder { nodes: Vec::with_capacity(bytes.len() / 24 + 8), open: Vec::new() };
        builder.read(&mut Cursor::at_start(bytes))?;
        Ok(Self { text, nodes: builder.nodes })
    }

    /// Returns the value that the text is.
    pub fn root(&self) -> Value<'_> {
        Value { text: self.text, nodes: &self.nodes, at: 0 }
    }

    /// Says where in the text the value at this offset stands, as in `messages[2].content[0]`.
    pub fn path_of(&self, offset: usize) -> String {
        let mut path = String::new();
        let mut value = self.root();
        'deeper: while value.offset() < offset {
            for (key, member) in value.members() {
                if member.holds(offset) {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&key.plain());
                    value = member;
                    continue 'deeper;
                }
            }
            for (index, element) in value.elements().enumerate() {
                if element.holds(offset) {
                    path = format!("{path}[{index}]");
                    value = element;
                    continue 'deeper;
                }
            }
            break;
        }
        path
    }
}

/// Builds a tape.
struct Builder {
    nodes: Vec<Node>,
    /// The containers around the place, and whether they are objects.
    open: Vec<(usize, bool)>,
}

impl Builder {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        loop {
            if self.enters(cursor)? {
                continue;
            }
            // A value is complete here: close every container that ends with it.
            loop {
                let Some(&(container, is_object)) = self.open.last() else { return cursor.end() };
                if !cursor.ends_after_value(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.key(cursor)?;
                    }
                    break;
                }
                self.open.pop();
                self.close(container, cursor);
            }
        }
    }

    /// Reads a scalar or an empty container, or enters a container up to its first value and returns true.
    fn enters(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Malformed> {
        let first = cursor.token();
        let node = self.nodes.len();
        let start = cursor.at();
        self.nodes.push(Node { start: index(start), end: index(start), next: 0 });
        let is_object = match first {
            Some(b'{') => true,
            Some(b'[') => false,
            Some(_) => {
                cursor.scalar()?;
                self.close(node, cursor);
                return Ok(false);
            }
            None => return Err(cursor.fault("the text ends where a value should stand")),
        };
        if self.open.len() == DEPTH_MAX {
            return Err(cursor.fault("nested too deep"));
        }
        cursor.step();
        if cursor.closes(if is_object { b'}' } else { b']' }) {
            self.close(node, cursor);
            return Ok(false);
        }
        self.open.push((node, is_object));
        if is_object {
            self.key(cursor)?;
        }
        Ok(true)
    }

    fn key(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        let key = cursor.key()?;
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node { start: index(key.start), end: index(key.end), next });
        Ok(())
    }

    fn close(&mut self, node: usize, cursor: &Cursor<'_>) {
        let next = index(self.nodes.len());
        self.nodes[node].end = index(cursor.at());
        self.nodes[node].next = next;
    }
}

/// A text has fewer values than bytes, and its bytes were counted.
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("the text's length was checked")
}

/// One value of a text that was read.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    text: &'a str,
    nodes: &'a [Node],
    at: u32,
}

impl<'a> Value<'a> {
    /// Returns the value's own text.
    pub fn raw(self) -> &'a str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// Returns where the value begins, in bytes from the start of the whole text.
    pub fn offset(self) -> usize {
        self.node().start as usize
    }

    /// Returns the last member of this name; a null counts as missing.
    pub fn get(self, name: &str) -> Option<Self> {
        self.member(name).filter(|value| !value.is_null())
    }

    /// Returns the member of one of these names; a null counts as missing.
    pub fn either(self, names: [&str; 2]) -> Option<Self> {
        names.into_iter().find_map(|name| self.get(name))
    }

    /// Returns the last member of this name, though it be null.
    pub fn member(self, name: &str) -> Option<Self> {
        self.members().filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
    }

    /// Returns the members of an object in their order; none where this is no object.
    pub fn members(self) -> impl Iterator<Item = (Text<'a>, Self)> {
        let end = if self.is_object() { self.node().next } else { self.at };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let key = Self { at, ..self };
            let value = Self { at: at + 1, ..self };
            at = value.node().next;
            Some((Text::written(inside(key.raw())), value))
        })
    }

    /// Returns the elements of an array; none where this is no array.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        let end = if self.is_array() { self.node().next } else { self.at };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let element = Self { at, ..self };
            at = element.node().next;
            Some(element)
        })
    }

    /// Returns a string as it is written.
    pub fn text(self) -> Option<Text<'a>> {
        self.is_string().then(|| Text::written(inside(self.raw())))
    }

    /// Returns a string as it is read.
    pub fn str(self) -> Option<Cow<'a, str>> {
        self.is_string().then(|| unescape_text(inside(self.raw())))
    }

    /// Tells whether this is the string `word`.
    pub fn is(self, word: &str) -> bool {
        self.text().is_some_and(|text| text.is(word))
    }

    /// Returns `true` or `false`.
    pub fn bool(self) -> Option<bool> {
        match self.raw() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Returns a number as it is written.
    pub fn number(self) -> Option<&'a str> {
        self.raw().starts_with(|first: char| first == '-' || first.is_ascii_digit()).then(|| self.raw())
    }

    /// Returns a number as a whole one that may be negative; fractions are cut off.
    pub fn integer(self) -> Option<i64> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, which is what a limit should do"
        )]
        let cut = |number: f64| number as i64;
        let number = self.number()?;
        number.parse().ok().or_else(|| number.parse().ok().map(cut))
    }

    /// Returns a number as a count: fractions are cut off, negative numbers become zero.
    pub fn count(self) -> Option<u64> {
        let number = self.number()?;
        number.parse().ok().or_else(|| self.integer().map(|number| u64::try_from(number).unwrap_or(0)))
    }

    /// Tells whether this is a string.
    pub fn is_string(self) -> bool {
        self.first() == Some(b'"')
    }

    /// Tells whether this is an object.
    pub fn is_object(self) -> bool {
        self.first() == Some(b'{')
    }

    /// Tells whether this is an array.
    pub fn is_array(self) -> bool {
        self.first() == Some(b'[')
    }

    /// Tells whether this is `null`.
    pub fn is_null(self) -> bool {
        self.first() == Some(b'n')
    }

    /// Tells whether there is nothing in it: `null`, `""`, `[]` or `{}`.
    pub fn is_empty(self) -> bool {
        match self.first() {
            Some(b'"') => self.raw().len() == 2,
            Some(b'[' | b'{') => self.node().next == self.at + 1,
            Some(b'n') | None => true,
            Some(_) => false,
        }
    }

    fn holds(self, offset: usize) -> bool {
        let node = self.node();
        (node.start as usize..node.end as usize).contains(&offset)
    }

    fn first(self) -> Option<u8> {
        self.text.as_bytes().get(self.node().start as usize).copied()
    }

    fn node(self) -> Node {
        self.nodes[self.at as usize]
    }
}

/// Returns what stands between a string's quotes.
fn inside(string: &str) -> &str {
    &string[1..string.len() - 1]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;
    use crate::json::validate;

    const ASK: &str = r#" {"model" : "a\u0062", "n":-1, "none":null, "messages":[{"role":"user","content":[{"type":"text"},{}]}, 1e2, []], "model":"c"} "#;

    #[test]
    fn a_value_is_found_at_any_depth_as_it_is_written() {
        let tape = Tape::read(ASK.as_bytes()).unwrap();
        let root = tape.root();
        assert!(root.get("model").unwrap().is("c"), "of duplicates the last counts");
        assert!(root.get("none").is_none() && root.member("none").unwrap().is_null());
        assert_eq!(root.get("n").unwrap().integer(), Some(-1));
        assert_eq!(root.get("n").unwrap().count(), Some(0));
        let messages: Vec<_> = root.get("messages").unwrap().elements().map(Value::raw).collect();
        assert_eq!(messages, [r#"{"role":"user","content":[{"type":"text"},{}]}"#, "1e2", "[]"]);
        let content = root.get("messages").unwrap().elements().next().unwrap().get("content").unwrap();
        assert_eq!(content.elements().count(), 2);
        assert!(content.elements().nth(1).unwrap().is_empty());
        assert_eq!(tape.path_of(content.elements().nth(1).unwrap().offset()), "messages[0].content[1]");
    }

    proptest! {
        #[test]
        fn a_tape_reads_what_the_walk_accepts_and_nothing_else(text in r#"[\[\]{}:,"a1 \\n-]{0,24}"#) {
            prop_assert_eq!(Tape::read(text.as_bytes()).map(|_| ()).map_err(|fault| fault.offset),
                validate(text.as_bytes()).map_err(|fault| fault.offset));
        }
    }
}
