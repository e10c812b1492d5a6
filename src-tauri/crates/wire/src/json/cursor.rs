//! A place in JSON text that moves forward over whole values.

use std::ops::Range;

use super::strings::skip_string;
use super::{DEPTH_MAX, Malformed, Raw};

/// A place in JSON text. It never looks beyond the span it was given.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], span: Range<usize>) -> Self {
        Self { bytes: &bytes[..span.end], at: span.start }
    }

    /// Returns the place in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Walks over one byte.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Stands at the start of a text.
    pub(crate) fn at_start(bytes: &'a [u8]) -> Self {
        Self::new(bytes, 0..bytes.len())
    }

    /// Walks an object member by member: `each` gets the inside of a key, still escaped, and must walk over the value.
    pub(crate) fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, &'a [u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let bytes = self.bytes;
        self.expect(b'{', "expected an object")?;
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            each(self, &bytes[key.start + 1..key.end - 1])?;
            if self.ends_after_value(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks an array element by element: `each` must walk over one.
    pub(crate) fn elements(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'[', "expected an array")?;
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.ends_after_value(b']')? {
                return Ok(());
            }
        }
    }

    /// Walks over one value and returns it.
    pub(crate) fn raw(&mut self) -> Result<Raw<'a>, Malformed> {
        let value = self.spanned_value()?;
        Ok(Raw::at(self.bytes, value))
    }

    /// Walks over one value by `walk`, and returns it too.
    pub(crate) fn raw_by(
        &mut self,
        walk: impl FnOnce(&mut Self) -> Result<(), Malformed>,
    ) -> Result<Raw<'a>, Malformed> {
        self.token();
        let start = self.at;
        walk(self)?;
        Ok(Raw::at(self.bytes, start..self.at))
    }

    /// Tells whether an object comes next.
    pub(crate) fn is_at_object(&mut self) -> bool {
        self.token() == Some(b'{')
    }

    /// Tells whether an array comes next.
    pub(crate) fn is_at_array(&mut self) -> bool {
        self.token() == Some(b'[')
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(self.fault("something stands behind the value")),
        }
    }

    /// Walks an object and reports the places of its keys and values.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(Range<usize>, Range<usize>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{', "expected an object")?;
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let value = self.spanned_value()?;
            each(key, value)?;
            if self.ends_after_value(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks an array and reports the places of its elements.
    pub(super) fn array(
        &mut self,
        mut each: impl FnMut(Range<usize>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'[', "expected an array")?;
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            let element = self.spanned_value()?;
            each(element)?;
            if self.ends_after_value(b']')? {
                return Ok(());
            }
        }
    }

    /// Walks over one value of any kind.
    pub(crate) fn value(&mut self) -> Result<(), Malformed> {
        match self.token() {
            Some(b'{' | b'[') => self.container(),
            Some(_) => self.scalar(),
            None => Err(self.fault("the text ends where a value should stand")),
        }
    }

    fn container(&mut self) -> Result<(), Malformed> {
        let mut nesting = Nesting::default();
        loop {
            if self.opens_container(&mut nesting)? {
                continue;
            }
            // A value is complete here: close every container that ends with it.
            loop {
                let Some(closing) = nesting.closing() else { return Ok(()) };
                if !self.ends_after_value(closing)? {
                    if closing == b'}' {
                        self.key()?;
                    }
                    break;
                }
                nesting.leave();
            }
        }
    }

    /// Walks over a scalar or an empty container, or enters a container up to its first value and returns true.
    fn opens_container(&mut self, nesting: &mut Nesting) -> Result<bool, Malformed> {
        let closing = match self.token() {
            Some(b'{') => b'}',
            Some(b'[') => b']',
            Some(_) => return self.scalar().map(|()| false),
            None => return Err(self.fault("the text ends where a value should stand")),
        };
        if nesting.depth == DEPTH_MAX {
            return Err(self.fault("nested too deep"));
        }
        self.at += 1;
        if self.closes(closing) {
            return Ok(false);
        }
        nesting.enter(closing);
        if closing == b'}' {
            self.key()?;
        }
        Ok(true)
    }

    fn spanned_value(&mut self) -> Result<Range<usize>, Malformed> {
        self.token();
        let start = self.at;
        self.value()?;
        Ok(start..self.at)
    }

    /// Walks over a key and its colon; returns the key's place, quotes included.
    pub(super) fn key(&mut self) -> Result<Range<usize>, Malformed> {
        if self.token() != Some(b'"') {
            return Err(self.fault("expected a key in quotes"));
        }
        let start = self.at;
        self.at = skip_string(self.bytes, start)?;
        let key = start..self.at;
        self.expect(b':', "expected a colon")?;
        Ok(key)
    }

    pub(super) fn scalar(&mut self) -> Result<(), Malformed> {
        match self.bytes[self.at] {
            b'"' => {
                self.at = skip_string(self.bytes, self.at)?;
                Ok(())
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => Err(self.fault("expected a value")),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fault("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("expected a digit")) } else { Ok(()) }
    }

    /// Walks over `,` (false) or the closing bracket (true).
    pub(super) fn ends_after_value(&mut self, closing: u8) -> Result<bool, Malformed> {
        match self.token() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Err(self.fault("expected a comma or the end of the object or array")),
            None => Err(self.fault("the text ends inside an object or array")),
        }
    }

    pub(super) fn closes(&mut self, closing: u8) -> bool {
        let closes = self.token() == Some(closing);
        if closes {
            self.at += 1;
        }
        closes
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        if self.token() != Some(byte) {
            return Err(self.fault(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Walks over white space and returns the byte behind it.
    pub(super) fn token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn fault(&self, what: &'static str) -> Malformed {
        Malformed { offset: self.at, what }
    }
}

/// The open containers around a place: one bit each, set for an object.
#[derive(Default)]
struct Nesting {
    objects: [u64; DEPTH_MAX / 64],
    depth: usize,
}

impl Nesting {
    fn enter(&mut self, closing: u8) {
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        if closing == b'}' {
            self.objects[word] |= bit;
        } else {
            self.objects[word] &= !bit;
        }
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Returns the bracket that closes the innermost container.
    fn closing(&self) -> Option<u8> {
        let innermost = self.depth.checked_sub(1)?;
        let is_object = self.objects[innermost / 64] >> (innermost % 64) & 1 == 1;
        Some(if is_object { b'}' } else { b']' })
    }
}
