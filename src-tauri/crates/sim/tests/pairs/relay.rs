//! A streamed answer on its way through a pair, as the gateway takes it.

use std::path::Path;

use wire::Protocol;
use wire::calls::Names;
use wire::dialect::Addressee;
use wire::errors::{self, ErrorBody, Kind, SoFar};
use wire::frames::{Framing, Splitter};
use wire::observe::{Observer, Seen, StreamFailure};
use wire::sse::{EVENT_BYTES_MAX, Event, Kind as Block};
use wire::translate::Translation;

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With its protocol's terminal.
    Whole,
    /// Without one.
    Cut,
    /// In a failure that says this.
    Failed(StreamFailure),
}

/// What a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relayed {
    /// The bytes; behind a broken answer stands the error that says so.
    pub(crate) text: String,
    /// How the answer ended.
    pub(crate) end: End,
}

/// Relays a stream that comes in pieces.
pub(crate) fn relay<'b>(
    from: Protocol,
    names: &Names,
    to: &Addressee,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Relayed {
    let mut flow = Flow::new(from, names, to);
    let mut splitter = Splitter::new(Framing::Sse, EVENT_BYTES_MAX);
    for piece in pieces {
        splitter.push(piece, &mut |event| flow.take(&event)).unwrap();
    }
    splitter.finish(&mut |event| flow.take(&event)).unwrap();
    flow.end(to)
}

/// Reads a golden stream.
pub(crate) fn golden(name: &str, protocol: Protocol) -> Vec<u8> {
    let word = match protocol {
        Protocol::Messages => "anthropic",
        Protocol::Chat | Protocol::Responses | Protocol::Gemini => protocol.word(),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/streams");
    std::fs::read(folder.join(format!("{name}.{word}.sse"))).unwrap()
}

struct Flow {
    translation: Translation,
    observer: Observer,
    failure: Option<StreamFailure>,
    out: Vec<u8>,
}

impl Flow {
    fn new(from: Protocol, names: &Names, to: &Addressee) -> Self {
        Self {
            translation: Translation::new(from, names.clone(), to),
            observer: Observer::new(from),
            failure: None,
            out: Vec::new(),
        }
    }

    fn take(&mut self, event: &Event<'_>) {
        if event.kind != Block::Message || self.failure.is_some() {
            return;
        }
        match self.observer.event(event.name, event.data) {
            Seen::Done if self.observer.ended() => {
                self.translation.finish(self.observer.counts(), &mut self.out);
            }
            Seen::Done | Seen::Unparsable => {}
            Seen::Failure(failure) => self.failure = Some(failure),
            Seen::Preamble | Seen::Content | Seen::Terminal | Seen::UsageOnly | Seen::Other => {
                self.translation.event(event.name, event.data, self.observer.counts(), &mut self.out);
            }
        }
        self.failure = self.failure.take().or_else(|| self.translation.take_failure());
    }

    fn end(mut self, to: &Addressee) -> Relayed {
        if self.failure.is_none() && self.observer.ended() {
            self.translation.finish(self.observer.counts(), &mut self.out);
            self.failure = self.translation.take_failure();
        }
        let end = match self.failure {
            Some(failure) => End::Failed(failure),
            None if self.observer.ended() => End::Whole,
            None => End::Cut,
        };
        if !self.translation.ended() {
            let message = match &end {
                End::Failed(failure) => failure.message.as_str(),
                End::Whole | End::Cut => "the answer was cut",
            };
            let error = ErrorBody {
                status: Kind::Upstream.status(to.protocol),
                kind: Kind::Upstream,
                code: None,
                param: None,
                message,
                retry_after_s: None,
                request_id: None,
            };
            let so_far = SoFar { created_s: to.created_s, ..self.translation.so_far() };
            self.out.extend(errors::stream_end(to.protocol, to.framing, &error, &so_far));
        }
        Relayed { text: String::from_utf8(self.out).unwrap(), end }
    }
}
