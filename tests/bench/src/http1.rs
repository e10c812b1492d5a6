//! Just enough HTTP/1.1 for two ends that know what the other will say.

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;

/// How a body's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `content-length`, in bytes.
    Length(usize),
    /// `transfer-encoding: chunked`.
    Chunked,
}

/// The part of a message before its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// The request line or status line.
    pub(crate) first_line: &'a str,
    /// How the body that follows ends.
    pub(crate) framing: Framing,
    /// Bytes of the head, its blank line included: the body starts here.
    pub(crate) bytes: usize,
}

/// Reads the head at the start of `received`; `None` while it is not complete.
pub(crate) fn head(received: &[u8]) -> Result<Option<Head<'_>>> {
    let Some(end) = memmem::find(received, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&received[..end]).context("a head that is not UTF-8")?;
    let mut lines = text.split("\r\n");
    let first_line = lines.next().unwrap_or_default();
    let mut framing = Framing::Length(0);
    for line in lines {
        let (name, value) =
            line.split_once(':').with_context(|| format!("no colon in header line {line:?}"))?;
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value.trim().parse().context("content-length is no number")?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            ensure!(value.trim().eq_ignore_ascii_case("chunked"), "unknown transfer-encoding {value:?}");
            framing = Framing::Chunked;
        }
    }
    Ok(Some(Head { first_line, framing, bytes: end + 4 }))
}

/// Wraps one piece as a chunk of a chunked body.
pub(crate) fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", piece.len()).into_bytes();
    framed.extend_from_slice(piece);
    framed.extend_from_slice(b"\r\n");
    framed
}

/// The chunk that ends a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Takes the chunk framing off a body that arrives in any cut.
#[derive(Debug)]
pub(crate) struct Dechunker {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the digits of a chunk's size.
    Size(usize),
    /// Behind the size, before its line feed.
    SizeEnd(usize),
    /// In the chunk itself, with this many bytes to come.
    Data(usize),
    /// In the line end behind a chunk.
    DataEnd,
    /// Behind the last chunk; `true` at the start of a line.
    Trailer(bool),
    /// The body is complete.
    Done,
}

impl Dechunker {
    /// Starts before a body's first byte.
    pub(crate) fn new() -> Self {
        Self { state: State::Size(0) }
    }

    /// Appends what `received` carries to `body`; `true` once the body is complete.
    pub(crate) fn push(&mut self, mut received: &[u8], body: &mut Vec<u8>) -> Result<bool> {
        while let Some(&byte) = received.first() {
            if let State::Data(left) = self.state {
                let taken = left.min(received.len());
                body.extend_from_slice(&received[..taken]);
                received = &received[taken..];
                self.state = if taken == left { State::DataEnd } else { State::Data(left - taken) };
            } else {
                self.state = step(self.state, byte)?;
                received = &received[1..];
            }
        }
        Ok(self.state == State::Done)
    }
}

fn step(state: State, byte: u8) -> Result<State> {
    Ok(match (state, byte) {
        (State::Size(0) | State::SizeEnd(0), b'\n') => State::Trailer(true),
        (State::Size(size) | State::SizeEnd(size), b'\n') => State::Data(size),
        (State::Size(size), b'\r' | b';' | b' ') | (State::SizeEnd(size), _) => State::SizeEnd(size),
        (State::Size(size), _) => {
            let digit =
                char::from(byte).to_digit(16).with_context(|| format!("byte {byte} in a chunk's size"))?;
            State::Size(size * 16 + digit as usize)
        }
        (State::DataEnd, b'\r') => State::DataEnd,
        (State::DataEnd, b'\n') => State::Size(0),
        (State::DataEnd | State::Data(_), _) => bail!("byte {byte} where a chunk ends"),
        (State::Trailer(true), b'\n') => State::Done,
        (State::Trailer(at_start), b'\r') => State::Trailer(at_start),
        (State::Trailer(_), _) => State::Trailer(byte == b'\n'),
        (State::Done, _) => bail!("bytes behind the body's end"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_how_its_body_ends() {
        let rows = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nbody",
                Some(("HTTP/1.1 200 OK", Framing::Length(12), 39)),
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                Some(("HTTP/1.1 200 OK", Framing::Chunked, 47)),
            ),
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", Some(("GET / HTTP/1.1", Framing::Length(0), 27))),
            ("HTTP/1.1 200 OK\r\ncontent-le", None),
        ];
        for (received, expected) in rows {
            let read = head(received.as_bytes()).expect("the head is valid");
            assert_eq!(read.map(|head| (head.first_line, head.framing, head.bytes)), expected);
        }
    }

    #[test]
    fn a_chunked_body_is_the_same_in_any_cut() {
        let framed = b"5\r\nhello\r\n1a;name=x\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\ntrailer: x\r\n\r\n";
        for cut in 0..=framed.len() {
            let (mut dechunker, mut body) = (Dechunker::new(), Vec::new());
            let early = dechunker.push(&framed[..cut], &mut body).expect("the first part is valid");
            assert_eq!(early, cut == framed.len());
            assert!(dechunker.push(&framed[cut..], &mut body).expect("the second part is valid"));
            assert_eq!(body, b"helloabcdefghijklmnopqrstuvwxyz");
        }
    }

    #[test]
    fn what_chunk_wraps_the_dechunker_unwraps() {
        let (mut dechunker, mut body) = (Dechunker::new(), Vec::new());
        assert!(!dechunker.push(&chunk(b"data: 1\n\n"), &mut body).expect("a chunk is valid"));
        assert!(dechunker.push(LAST_CHUNK, &mut body).expect("the last chunk is valid"));
        assert_eq!(body, b"data: 1\n\n");
    }

    #[test]
    fn broken_chunks_are_refused() {
        for framed in [&b"zz\r\n"[..], b"2\r\nabX", b"0\r\n\r\nmore"] {
            assert!(Dechunker::new().push(framed, &mut Vec::new()).is_err(), "{framed:?}");
        }
    }
}
