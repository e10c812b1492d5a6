//! The elements of one JSON array, as they arrive.

use super::Place;
use crate::sse::{Event, Kind, TooLong};

/// Finds the elements of a top-level array. A top-level object, as errors come, counts as one element.
///
/// What is found is bracketed correctly and no more: its reader judges whether it is JSON.
#[derive(Debug)]
pub(super) struct Array {
    limit_bytes: usize,
    /// The offset of the next byte in the whole stream.
    offset: u64,
    place: Place,
    /// Whether the array was opened; an element without one is all there is.
    is_open: bool,
    /// How many containers are open inside the element.
    depth: usize,
    inside: Inside,
    /// The element's bytes from earlier chunks.
    held: Vec<u8>,
}

/// What surrounds the next byte of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Brackets, commas, numbers, white space.
    Structure,
    String,
    /// A string, just behind a backslash.
    Escape,
}

impl Array {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            offset: 0,
            place: Place::Start,
            is_open: false,
            depth: 0,
            inside: Inside::Structure,
            held: Vec::new(),
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = if self.place == Place::Inside { self.element(rest, each)? } else { self.gap(rest) };
        }
        Ok(())
    }

    /// Reports an element that the end of the stream cut short, so that the cut is seen.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        if self.place == Place::Inside {
            self.report(&[], each);
        }
    }

    /// Walks over what stands between elements; stops at an element's first byte.
    fn gap<'c>(&mut self, rest: &'c [u8]) -> &'c [u8] {
        match rest[0] {
            b' ' | b'\n' | b'\r' | b'\t' | 0xef | 0xbb | 0xbf => {}
            b'[' if self.place == Place::Start => {
                self.place = Place::Opened;
                self.is_open = true;
            }
            b',' => self.place = Place::Comma,
            b']' => self.place = Place::Closed,
            _ => {
                self.place = Place::Inside;
                return rest;
            }
        }
        self.offset += 1;
        &rest[1..]
    }

    /// Walks over the bytes of an element, up to its end or the end of the chunk.
    fn element<'c>(&mut self, rest: &'c [u8], each: &mut dyn FnMut(Event<'_>)) -> Result<&'c [u8], TooLong> {
        let mut at = 0;
        while at < rest.len() {
            match self.inside {
                Inside::Escape => {
                    at += 1;
                    self.inside = Inside::String;
                }
                Inside::String => at = self.string(rest, at),
                Inside::Structure => {
                    if self.depth == 0 && matches!(rest[at], b',' | b']' | b'\n' | b'\r' | b' ' | b'\t') {
                        return self.ends(rest, at, each);
                    }
                    self.structure(rest[at]);
                    at += 1;
                    if self.depth == 0 && matches!(rest[at - 1], b'}' | b']') {
                        return self.ends(rest, at, each);
                    }
                }
            }
        }
        self.check_length(rest.len())?;
        self.held.extend_from_slice(rest);
        self.offset += rest.len() as u64;
        Ok(&[])
    }

    fn string(&mut self, rest: &[u8], at: usize) -> usize {
        let Some(length) = memchr::memchr2(b'"', b'\\', &rest[at..]) else { return rest.len() };
        self.inside = if rest[at + length] == b'"' { Inside::Structure } else { Inside::Escape };
        at + length + 1
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => self.inside = Inside::String,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn ends<'c>(
        &mut self,
        rest: &'c [u8],
        length: usize,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<&'c [u8], TooLong> {
        self.check_length(length)?;
        self.offset += length as u64;
        self.report(&rest[..length], each);
        Ok(&rest[length..])
    }

    fn report(&mut self, last_part: &[u8], each: &mut dyn FnMut(Event<'_>)) {
        let held = std::mem::take(&mut self.held);
        let joined;
        let data = if held.is_empty() {
            last_part
        } else {
            joined = [held.as_slice(), last_part].concat();
            joined.as_slice()
        };
        each(Event { kind: Kind::Message, name: None, data, has_comments: false, end: self.offset });
        self.place = if self.is_open { Place::Between } else { Place::Closed };
    }

    fn check_length(&self, more: usize) -> Result<(), TooLong> {
        if self.held.len() + more > self.limit_bytes {
            return Err(TooLong { limit_bytes: self.limit_bytes });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn elements(stream: &str, chunk_length: usize) -> (Vec<(String, u64)>, Place) {
        let mut array = Array::new(1 << 20);
        let mut found = Vec::new();
        let mut each =
            |event: Event<'_>| found.push((String::from_utf8_lossy(event.data).into_owned(), event.end));
        for chunk in stream.as_bytes().chunks(chunk_length) {
            array.push(chunk, &mut each).unwrap();
        }
        let place = array.place();
        array.finish(&mut each);
        (found, place)
    }

    #[test]
    fn elements_are_reported_as_they_close_with_every_cut() {
        for (stream, expected, place) in [
            ("[]", vec![], Place::Closed),
            ("[", vec![], Place::Opened),
            (" \n", vec![], Place::Start),
            (
                "[{\"a\":1}\n,\r\n{\"b\":[2,{}]}]",
                vec![("{\"a\":1}", 8), ("{\"b\":[2,{}]}", 24)],
                Place::Closed,
            ),
            ("[{\"a\":\"]},\\\"\\\\\"}", vec![("{\"a\":\"]},\\\"\\\\\"}", 16)], Place::Between),
            ("[{},", vec![("{}", 3)], Place::Comma),
            ("[1,\"x\",[2]]", vec![("1", 2), ("\"x\"", 6), ("[2]", 10)], Place::Closed),
            ("{\"error\":{}}", vec![("{\"error\":{}}", 12)], Place::Closed),
            ("[{\"a\":\"cut", vec![("{\"a\":\"cut", 10)], Place::Inside),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(text, end)| (text.to_owned(), end)).collect();
            for chunk_length in 1..=stream.len() {
                assert_eq!(
                    elements(stream, chunk_length),
                    (expected.clone(), place),
                    "{stream} by {chunk_length}"
                );
            }
        }
    }

    #[test]
    fn an_element_beyond_the_limit_is_refused() {
        for chunk_length in [1, 200] {
            let stream = format!("[{{\"a\":\"{}\"}}]", "x".repeat(100));
            let mut array = Array::new(64);
            let refused =
                stream.as_bytes().chunks(chunk_length).any(|chunk| array.push(chunk, &mut |_| {}).is_err());
            assert!(refused);
        }
    }
}
