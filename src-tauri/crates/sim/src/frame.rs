//! The events of a stream before they are bytes.

use bytes::Bytes;
use serde_json::Value;

/// One event, and what it means for the faults that look at a stream's parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub name: Option<&'static str>,
    pub data: String,
    pub part: Part,
}

/// Where in a stream an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Before anything a user would see.
    Preamble,
    Content,
    /// Says that the answer is complete, or follows that.
    Ending,
}

/// How events become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Sse,
    /// One JSON array, element by element: Gemini without `alt=sse`.
    Array,
}

impl Frame {
    pub(crate) fn new(part: Part, data: &Value) -> Self {
        Self { name: None, data: data.to_string(), part }
    }

    /// An event whose name is its data's `type`, as Messages and Responses have it.
    pub(crate) fn named(part: Part, name: &'static str, data: &Value) -> Self {
        Self { name: Some(name), data: data.to_string(), part }
    }
}

impl Framing {
    /// Encodes all events; each item is one event, and the last may be the closing bytes.
    pub(crate) fn encode(self, frames: &[Frame]) -> Vec<Bytes> {
        match self {
            Self::Sse => frames.iter().map(sse).collect(),
            Self::Array => array(frames),
        }
    }
}

fn sse(frame: &Frame) -> Bytes {
    match frame.name {
        Some(name) => format!("event: {name}\ndata: {}\n\n", frame.data).into(),
        None => format!("data: {}\n\n", frame.data).into(),
    }
}

/// Google writes `[{…}`, then `,\r\n{…}` for each further element, then `]`.
fn array(frames: &[Frame]) -> Vec<Bytes> {
    let element = |(nth, frame): (usize, &Frame)| {
        let before = if nth == 0 { "[" } else { ",\r\n" };
        Bytes::from(format!("{before}{}", frame.data))
    };
    let elements = frames.iter().enumerate().map(element);
    elements.chain([Bytes::from_static(if frames.is_empty() { b"[]" } else { b"]" })]).collect()
}
