//! The two framings of a streamed answer, behind one splitter, and what a body's first bytes tell.

mod array;

use array::Array;

use crate::sse::{Event, Scanner, TooLong};

/// How a stream's events are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// The elements of one JSON array: Gemini without `alt=sse`.
    JsonArray,
}

/// Where a stream stands, for one who wants to write something there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Nothing but white space so far.
    #[default]
    Start,
    /// Behind `[`.
    Opened,
    /// Behind an event or element.
    Between,
    /// Behind the comma after an element.
    Comma,
    /// Inside an event or element.
    Inside,
    /// Behind `]`, or behind a value that stands in no array, as errors come.
    Closed,
}

/// Returns what makes JSON of an array's bytes that were cut at this place, so that readers who parse it as a whole can.
///
/// Inside an element nothing would: whatever closed it would be an invention. Behind a comma an element is due, and an
/// empty one is the least that can be said.
pub const fn closing(place: Place) -> &'static [u8] {
    match place {
        Place::Start => b"[]",
        Place::Opened | Place::Between => b"]",
        Place::Comma => b"{}]",
        Place::Inside | Place::Closed => b"",
    }
}

/// Finds the events of a stream in either framing, however it is cut.
#[derive(Debug)]
pub struct Splitter {
    framed: Framed,
}

#[derive(Debug)]
enum Framed {
    Sse(Scanner),
    JsonArray(Array),
}

impl Splitter {
    /// Makes a splitter that accepts events of at most `limit_bytes`.
    pub fn new(framing: Framing, limit_bytes: usize) -> Self {
        Self {
            framed: match framing {
                Framing::Sse => Framed::Sse(Scanner::new(limit_bytes)),
                Framing::JsonArray => Framed::JsonArray(Array::new(limit_bytes)),
            },
        }
    }

    /// Takes the next bytes and reports every event that they complete. An array's elements are events without a name.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        match &mut self.framed {
            Framed::Sse(scanner) => scanner.push(chunk, each),
            Framed::JsonArray(array) => array.push(chunk, each),
        }
    }

    /// Reports what is left at the end of the stream.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        match &mut self.framed {
            Framed::Sse(scanner) => scanner.finish(each),
            Framed::JsonArray(array) => {
                array.finish(each);
                Ok(())
            }
        }
    }

    /// Tells whether a keep-alive may be written behind the bytes so far.
    pub fn at_boundary(&self) -> bool {
        match &self.framed {
            Framed::Sse(scanner) => scanner.at_boundary(),
            Framed::JsonArray(array) => array.place() != Place::Inside,
        }
    }

    /// Returns where the bytes so far end.
    pub fn place(&self) -> Place {
        match &self.framed {
            Framed::Sse(scanner) if scanner.at_boundary() => Place::Between,
            Framed::Sse(_) => Place::Inside,
            Framed::JsonArray(array) => array.place(),
        }
    }
}

/// What a body looks like from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    /// Server-sent events.
    Sse,
    /// A JSON object or array.
    Json,
    /// A web page.
    Html,
    /// None of these.
    Other,
}

/// The ways in which a line of an event stream begins, comments aside.
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// Guesses a body's form from its first bytes; `None` while they do not tell.
pub fn sniff(first_bytes: &[u8]) -> Option<Sniffed> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let text = first_bytes.strip_prefix(MARK).unwrap_or(first_bytes).trim_ascii_start();
    match text.first()? {
        b'{' | b'[' => Some(Sniffed::Json),
        b'<' => Some(Sniffed::Html),
        b':' => Some(Sniffed::Sse),
        _ if MARK.starts_with(text) || FIELDS.iter().any(|field| field.starts_with(text)) => None,
        _ if FIELDS.iter().any(|field| begins_field(text, field)) => Some(Sniffed::Sse),
        _ => Some(Sniffed::Other),
    }
}

fn begins_field(text: &[u8], field: &[u8]) -> bool {
    text.strip_prefix(field).is_some_and(|rest| matches!(rest.first(), Some(b':' | b'\r' | b'\n')))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::sse::EVENT_BYTES_MAX;

    #[test]
    fn an_array_cut_at_any_boundary_can_be_closed() {
        let array = r#" [{"a":"]},\\\""} , [1,{}],
7,"x" ,{"b":"é"}]
"#;
        for stream in [array, "[]", "\n[ ]", "", r#"{"error":{"code":503}}"#, " [null]"] {
            for cut in 0..=stream.len() {
                let cut_off = &stream.as_bytes()[..cut];
                let mut splitter = Splitter::new(Framing::JsonArray, EVENT_BYTES_MAX);
                let mut elements: Vec<serde_json::Value> = Vec::new();
                let mut each = |event: Event<'_>| elements.push(serde_json::from_slice(event.data).unwrap());
                splitter.push(cut_off, &mut each).unwrap();
                let place = splitter.place();
                let shown = String::from_utf8_lossy(cut_off);
                if place == Place::Inside {
                    assert_eq!(closing(place), b"", "{shown}");
                    continue;
                }
                if place == Place::Comma {
                    elements.push(serde_json::json!({}));
                }
                let closed = [cut_off, closing(place)].concat();
                let read: serde_json::Value = serde_json::from_slice(&closed)
                    .unwrap_or_else(|fault| panic!("{shown} at {place:?}: {fault}"));
                let expected =
                    if stream.starts_with('{') && cut > 0 { elements.remove(0) } else { elements.into() };
                assert_eq!(read, expected, "{shown}");
            }
        }
    }

    #[test]
    fn the_first_bytes_tell_a_body_s_form() {
        for (first_bytes, expected) in [
            ("", None),
            ("\r\n ", None),
            ("da", None),
            ("data", None),
            ("ev", None),
            ("data: {", Some(Sniffed::Sse)),
            ("\u{feff}event: x", Some(Sniffed::Sse)),
            (": OPENROUTER PROCESSING", Some(Sniffed::Sse)),
            ("id:1", Some(Sniffed::Sse)),
            ("\n\nretry: 1", Some(Sniffed::Sse)),
            (" {\"a\":1}", Some(Sniffed::Json)),
            ("[{", Some(Sniffed::Json)),
            ("<!doctype html>", Some(Sniffed::Html)),
            ("database", Some(Sniffed::Other)),
            ("Bad Gateway", Some(Sniffed::Other)),
        ] {
            assert_eq!(sniff(first_bytes.as_bytes()), expected, "{first_bytes:?}");
        }
        assert_eq!(sniff(b"\xef\xbb"), None, "half a byte order mark");
    }
}
