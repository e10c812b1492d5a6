//! Server-sent events, cut anywhere.
//!
//! The scanner follows the WHATWG grammar (LF, CRLF and CR line ends, one byte order mark, comments, `data:` over several
//! lines) with one leniency: a last event without its blank line is delivered, because many vendors end that way.

/// What a block of a stream is to its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It carries data: readers dispatch it.
    Message,
    /// It carries no data: comments, ids, retry times, or a name alone.
    Comment,
}

/// One block of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// What it is to its readers.
    pub kind: Kind,
    /// The `event:` field, if it is there and not empty.
    pub name: Option<&'a [u8]>,
    /// The `data:` lines, joined by `\n`.
    pub data: &'a [u8],
    /// Whether comment lines stand in the block.
    pub has_comments: bool,
    /// The offset in the whole stream just behind the block's blank line. The block begins at the `end` of the one before.
    ///
    /// Where the blank line is CRLF and the cut falls into it, the LF counts to the next block, which it does not change.
    pub end: u64,
}

/// A block that is longer than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stream event is longer than {limit_bytes} bytes")]
pub struct TooLong {
    /// The limit in bytes.
    pub limit_bytes: usize,
}

/// The longest event accepted, unless told otherwise.
pub const EVENT_BYTES_MAX: usize = 16 << 20;

/// Finds the events in a stream of bytes, however it is cut.
///
/// An event that lies whole in one chunk is reported without a copy.
#[derive(Debug)]
pub struct Scanner {
    limit_bytes: usize,
    /// The offset of the next byte in the whole stream.
    offset: u64,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    /// Whether the last byte was a CR, whose LF may follow.
    after_cr: bool,
    /// Whether no line has been completed yet, so that a byte order mark may stand in front.
    first_line: bool,
    block: Block,
}

/// What is kept of the block being read, from earlier chunks.
#[derive(Debug, Default)]
struct Block {
    /// How long its lines are so far, without their ends. Those that nobody keeps count too, or a block of comments could go
    /// on for ever.
    length: usize,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    has_comments: bool,
    /// Whether any line has been read.
    begun: bool,
}

impl Scanner {
    /// Makes a scanner that accepts events of at most `limit_bytes`, line ends aside.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            offset: 0,
            line: Vec::new(),
            after_cr: false,
            first_line: true,
            block: Block::default(),
        }
    }

    /// Takes the next bytes and reports every block that they complete.
    ///
    /// After an error the stream cannot be followed any further.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        let mut rest = self.skip_lf_of_crlf(chunk);
        // The data line of a block that began in this chunk, before it is known whether the block ends here too.
        let mut lone: Option<&[u8]> = None;
        while let Some(length) = memchr::memchr2(b'\n', b'\r', rest) {
            let line_here = &rest[..length];
            rest = self.skip_line_end(rest, length);
            if self.line.is_empty() {
                self.take_line(line_here, &mut lone, each)?;
            } else {
                self.hold(line_here)?;
                let line = std::mem::take(&mut self.line);
                self.take_held_line(&line, each)?;
                self.line = line;
                self.line.clear();
            }
        }
        self.keep(lone);
        self.offset += rest.len() as u64;
        self.hold(rest)
    }

    /// Reports a last block that lacks its blank line.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_held_line(&line, each)?;
        }
        self.dispatch(None, each);
        Ok(())
    }

    /// Tells whether the bytes so far end between two blocks, so that another block may be written there.
    pub fn at_boundary(&self) -> bool {
        self.line.is_empty() && !self.block.begun
    }

    fn skip_lf_of_crlf<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        if chunk.is_empty() {
            return chunk;
        }
        if std::mem::take(&mut self.after_cr) && chunk[0] == b'\n' {
            self.offset += 1;
            return &chunk[1..];
        }
        chunk
    }

    /// Walks over a line of `length` bytes and its end; returns what follows.
    fn skip_line_end<'c>(&mut self, rest: &'c [u8], length: usize) -> &'c [u8] {
        let is_crlf = rest[length] == b'\r' && rest.get(length + 1) == Some(&b'\n');
        self.after_cr = rest[length] == b'\r' && length + 1 == rest.len();
        let walked = length + 1 + usize::from(is_crlf);
        self.offset += walked as u64;
        &rest[walked..]
    }

    /// Takes a line that lies whole in the current chunk.
    fn take_line<'c>(
        &mut self,
        line: &'c [u8],
        lone: &mut Option<&'c [u8]>,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), TooLong> {
        let line = self.strip_mark(line);
        if line.is_empty() {
            self.dispatch(lone.take(), each);
            return Ok(());
        }
        self.check_length(line.len())?;
        self.block.length += line.len();
        match field(line) {
            Field::Data(value) if !self.block.has_data && lone.is_none() => {
                self.block.begun = true;
                *lone = Some(value);
            }
            other @ Field::Data(_) => {
                self.keep(lone.take());
                self.block.take(other);
            }
            other @ (Field::Name(_) | Field::Comment | Field::Unknown) => self.block.take(other),
        }
        Ok(())
    }

    /// Takes a line that was put together from several chunks.
    fn take_held_line(&mut self, line: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), TooLong> {
        let mut lone = None;
        self.take_line(line, &mut lone, each)?;
        self.keep(lone);
        Ok(())
    }

    fn strip_mark<'c>(&mut self, line: &'c [u8]) -> &'c [u8] {
        if std::mem::take(&mut self.first_line) {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        } else {
            line
        }
    }

    /// Copies a data line whose block goes on beyond the chunk.
    fn keep(&mut self, lone: Option<&[u8]>) {
        if let Some(data) = lone {
            self.block.take(Field::Data(data));
        }
    }

    /// Copies the start of a line that goes on beyond the chunk.
    fn hold(&mut self, part: &[u8]) -> Result<(), TooLong> {
        self.check_length(self.line.len() + part.len())?;
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn check_length(&self, more: usize) -> Result<(), TooLong> {
        if self.block.length + more > self.limit_bytes {
            return Err(TooLong { limit_bytes: self.limit_bytes });
        }
        Ok(())
    }

    fn dispatch(&mut self, lone: Option<&[u8]>, each: &mut dyn FnMut(Event<'_>)) {
        if !self.block.begun {
            return;
        }
        let has_data = lone.is_some() || self.block.has_data;
        each(Event {
            kind: if has_data { Kind::Message } else { Kind::Comment },
            name: Some(self.block.name.as_slice()).filter(|name| !name.is_empty()),
            data: lone.unwrap_or(&self.block.data),
            has_comments: self.block.has_comments,
            end: self.offset,
        });
        self.block.clear();
    }
}

impl Block {
    fn take(&mut self, field: Field<'_>) {
        self.begun = true;
        match field {
            Field::Data(value) => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            Field::Name(value) => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            Field::Comment => self.has_comments = true,
            Field::Unknown => {}
        }
    }

    /// Empties the block but keeps its buffers, unless one event has made them large.
    fn clear(&mut self) {
        const KEPT_BYTES_MAX: usize = 64 << 10;
        let data =
            if self.data.capacity() > KEPT_BYTES_MAX { Vec::new() } else { std::mem::take(&mut self.data) };
        *self = Self { name: std::mem::take(&mut self.name), data, ..Self::default() };
        self.name.clear();
        self.data.clear();
    }
}

/// One line's meaning.
#[derive(Clone, Copy)]
enum Field<'a> {
    Data(&'a [u8]),
    Name(&'a [u8]),
    Comment,
    Unknown,
}

fn field(line: &[u8]) -> Field<'_> {
    if line[0] == b':' {
        return Field::Comment;
    }
    if let Some(value) = value_of(line, b"data") {
        return Field::Data(value);
    }
    value_of(line, b"event").map_or(Field::Unknown, Field::Name)
}

/// Returns the value if `line` is the field `name`: what stands behind the colon and one space; a name alone has an empty value.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [..] => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_read_as_the_grammar_says() {
        for (stream, expected) in [
            ("data: a\n\n", vec![message("", "a")]),
            ("data:a\r\n\r\n", vec![message("", "a")]),
            ("data:  a\r\r", vec![message("", " a")]),
            ("\u{feff}data: a\n\n", vec![message("", "a")]),
            ("data: a\n\n\u{feff}data: b\n\n", vec![message("", "a"), comment()]),
            ("event: x\ndata: a\ndata: b\n\n", vec![message("x", "a\nb")]),
            ("event: x\nevent: y\ndata\n\n", vec![message("y", "")]),
            ("event:\ndata: a\n\n", vec![message("", "a")]),
            (": hi\n\n", vec![comment()]),
            (": hi\ndata: a\n\n", vec![message("", "a")]),
            ("id: 7\nretry: 10\n\n", vec![comment()]),
            ("event: x\n\n", vec![comment()]),
            ("\n\r\n\r\n\ndata: a\n\n\n", vec![message("", "a")]),
            ("database: a\n\n", vec![comment()]),
            ("data: a", vec![message("", "a")]),
            ("data: a\n", vec![message("", "a")]),
            ("data: a\ndata", vec![message("", "a\n")]),
            ("data: {\"t\":\"\u{4f60}\"}\n\n", vec![message("", "{\"t\":\"\u{4f60}\"}")]),
            ("", vec![]),
        ] {
            assert_eq!(whole(stream.as_bytes()), expected, "{stream:?}");
        }
    }

    #[test]
    fn an_event_ends_behind_its_blank_line() {
        let ends = |stream: &[u8]| {
            let mut ends = Vec::new();
            let mut scanner = Scanner::new(EVENT_BYTES_MAX);
            scanner.push(stream, &mut |event| ends.push(event.end)).unwrap();
            scanner.finish(&mut |event| ends.push(event.end)).unwrap();
            ends
        };
        assert_eq!(ends(b"data: a\n\n: c\n\ndata: b\n\n"), [9, 14, 23]);
        assert_eq!(ends(b"data: a\r\n\r\ndata: b"), [11, 18]);
        assert_eq!(ends(b"data: a\r\rdata: b\r\r"), [9, 18]);
    }

    #[test]
    fn a_boundary_is_between_blocks_only() {
        let mut scanner = Scanner::new(EVENT_BYTES_MAX);
        assert!(scanner.at_boundary());
        for (chunk, expected) in [
            ("d", false),
            ("ata: a", false),
            ("\n", false),
            ("\r", true),
            ("\n", true),
            (": c\n", false),
            ("\n", true),
        ] {
            scanner.push(chunk.as_bytes(), &mut |_| {}).unwrap();
            assert_eq!(scanner.at_boundary(), expected, "after {chunk:?}");
        }
    }

    /// P023.
    #[test]
    fn an_event_beyond_the_limit_is_refused_however_it_comes() {
        let line = format!("data: {}\n", "x".repeat(40));
        for stream in [line.repeat(3), "x".repeat(101), format!("{line}{line}data: {}\n\n", "y".repeat(40))] {
            for chunk_length in [1, 7, stream.len()] {
                let mut scanner = Scanner::new(100);
                let refused = stream
                    .as_bytes()
                    .chunks(chunk_length)
                    .any(|chunk| scanner.push(chunk, &mut |_| {}).is_err());
                assert!(refused, "{chunk_length}: {stream}");
            }
        }
        let mut scanner = Scanner::new(100);
        scanner.push(format!("{line}\n").repeat(50).as_bytes(), &mut |_| {}).unwrap();
    }

    #[test]
    fn a_block_that_never_ends_is_refused_whatever_its_lines_are() {
        for line in [":\n", ": keep-alive\n", "id: 7\n", "unknown\r\n", "event: x\n", "event\r", "data\n"] {
            for chunk_length in [1, 7, 4096] {
                let mut scanner = Scanner::new(100);
                let mut push = |stream: &str| -> bool {
                    let chunks = stream.as_bytes().chunks(chunk_length);
                    chunks.map(|chunk| scanner.push(chunk, &mut |_| {})).any(|pushed| pushed.is_err())
                };
                let ended = format!("{line}\n\n").repeat(200);
                assert!(!push(&ended), "{line:?} by {chunk_length}: blocks that end");
                assert!(push(&line.repeat(200)), "{line:?} by {chunk_length}: a block that does not");
            }
        }
    }

    #[test]
    fn a_long_event_in_single_bytes_is_put_together_once() {
        let data = vec![b'x'; 8 << 20];
        let mut scanner = Scanner::new(EVENT_BYTES_MAX);
        let mut lengths = Vec::new();
        for byte in b"data: ".iter().chain(&data).chain(b"\n\n") {
            scanner.push(std::slice::from_ref(byte), &mut |event| lengths.push(event.data.len())).unwrap();
        }
        assert_eq!(lengths, [8 << 20]);
    }

    #[test]
    fn the_recorded_streams_read_the_same_with_every_cut() {
        for stream in [
            &include_bytes!("../../../../tests/fixtures/streams/L1.anthropic.sse")[..],
            include_bytes!("../../../../tests/fixtures/streams/L1.chat.sse"),
            include_bytes!("../../../../tests/fixtures/streams/L1.gemini.sse"),
            include_bytes!("../../../../tests/fixtures/streams/L2.responses.sse"),
        ] {
            let expected = reference(stream);
            assert!(expected.len() > 3);
            for cut in 0..stream.len() {
                assert_eq!(cut_at(stream, &[cut]), expected, "cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_cut_gives_what_a_naive_reader_finds(
            pieces in proptest::collection::vec(piece(), 0..24),
            mark in any::<bool>(),
            cuts in proptest::collection::vec(0_usize..120, 0..8),
        ) {
            let stream = (if mark { "\u{feff}" } else { "" }).to_owned() + &pieces.concat();
            prop_assert_eq!(cut_at(stream.as_bytes(), &cuts), reference(stream.as_bytes()), "{:?}", stream);
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "data",
            ":",
            " ",
            "data: a",
            "data:b",
            "event: x",
            "event",
            "id: 1",
            "d",
            "\u{e9}",
            ": comment",
            "{\"a\":1}",
        ])
    }

    /// A block without its offset, which depends on the cut where a CRLF is cut.
    type Plain = (Kind, String, Vec<u8>, bool);

    fn message(name: &str, data: &str) -> (Kind, String, Vec<u8>) {
        (Kind::Message, name.to_owned(), data.as_bytes().to_vec())
    }

    fn comment() -> (Kind, String, Vec<u8>) {
        (Kind::Comment, String::new(), Vec::new())
    }

    fn whole(stream: &[u8]) -> Vec<(Kind, String, Vec<u8>)> {
        let shown = |(kind, name, data, _): Plain| match kind {
            Kind::Message => (kind, name, data),
            Kind::Comment => comment(),
        };
        cut_at(stream, &[]).into_iter().map(shown).collect()
    }

    fn cut_at(stream: &[u8], cuts: &[usize]) -> Vec<Plain> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut blocks = Vec::new();
        let mut each = |event: Event<'_>| blocks.push(plain(event));
        let mut scanner = Scanner::new(EVENT_BYTES_MAX);
        for pair in cuts.windows(2) {
            scanner.push(&stream[pair[0]..pair[1]], &mut each).unwrap();
        }
        scanner.finish(&mut each).unwrap();
        blocks
    }

    fn plain(event: Event<'_>) -> Plain {
        let name = String::from_utf8_lossy(event.name.unwrap_or_default()).into_owned();
        (event.kind, name, event.data.to_vec(), event.has_comments)
    }

    /// Reads a whole stream at once, in the plainest way.
    fn reference(stream: &[u8]) -> Vec<Plain> {
        let text = String::from_utf8(stream.to_vec()).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
        text.split("\n\n").filter_map(|block| reference_block(block.trim_matches('\n'))).collect()
    }

    fn reference_block(block: &str) -> Option<Plain> {
        let (mut name, mut data, mut has_comments) = (String::new(), Vec::new(), false);
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => has_comments = true,
                "data" => data.push(value),
                "event" => value.clone_into(&mut name),
                _ => {}
            }
        }
        let kind = if data.is_empty() { Kind::Comment } else { Kind::Message };
        (!block.is_empty()).then(|| (kind, name, data.join("\n").into_bytes(), has_comments))
    }
}
