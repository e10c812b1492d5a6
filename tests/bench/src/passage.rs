//! From one protocol into another, bytes in and bytes out, with everything of `wire` that the gateway passes them through.

use anyhow::{Context, Result, anyhow};
use wire::calls::Names;
use wire::dialect::{Addressee, Target};
use wire::frames::{Framing, Splitter};
use wire::head::{Head, PathModel};
use wire::observe::{self, Observer, Seen};
use wire::sse::{EVENT_BYTES_MAX, Event, Kind};
use wire::translate::{self, Translated, Translation};
use wire::{Operation, Protocol};

/// What a Gemini client's path names.
const PATH_MODEL: &str = "bench-gemini";

/// A request as its client sends it.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The protocol that the client speaks.
    pub(crate) protocol: Protocol,
    /// Whether a Gemini client's path asks for a stream; the others' bodies say it.
    pub(crate) stream: bool,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Writes a request for a channel.
pub(crate) fn request(sent: &Sent, target: &Target<'_>) -> Result<Translated> {
    let path =
        (sent.protocol == Protocol::Gemini).then_some(PathModel { model: PATH_MODEL, stream: sent.stream });
    let head = Head::read(sent.protocol, Operation::Generate, &sent.body, path)?;
    Ok(translate::request(&head, &sent.body, target, &wire::state::Forgetful)?)
}

/// Counts the tokens of a request.
pub(crate) fn count(sent: &Sent) -> Result<u64> {
    let path = (sent.protocol == Protocol::Gemini).then_some(PathModel { model: PATH_MODEL, stream: false });
    let head = Head::read(sent.protocol, Operation::CountTokens, &sent.body, path)?;
    Ok(wire::count::tally(&head, &sent.body, "claude-sonnet-5")?.tokens())
}

/// Writes a whole answer for a client.
pub(crate) fn whole(from: Protocol, body: &[u8], names: &Names, to: &Addressee) -> Result<Vec<u8>> {
    let seen = observe::whole(from, Operation::Generate, body)?;
    let whole = translate::whole(from, body, &seen.counts, names, to);
    Ok(whole.map_err(|failure| anyhow!(failure.message))?.body)
}

/// Writes a streamed answer for a client.
pub(crate) fn stream(from: Protocol, bytes: &[u8], names: &Names, to: &Addressee) -> Result<Vec<u8>> {
    let mut flow = Flow {
        translation: Translation::new(from, names.clone(), to),
        observer: Observer::new(from),
        out: Vec::new(),
    };
    let mut splitter = Splitter::new(Framing::Sse, EVENT_BYTES_MAX);
    splitter.push(bytes, &mut |event| flow.take(&event))?;
    splitter.finish(&mut |event| flow.take(&event))?;
    flow.end().context("the stream has no end")
}

struct Flow {
    translation: Translation,
    observer: Observer,
    out: Vec<u8>,
}

impl Flow {
    fn take(&mut self, event: &Event<'_>) {
        if event.kind != Kind::Message {
            return;
        }
        match self.observer.event(event.name, event.data) {
            Seen::Done | Seen::Failure(_) | Seen::Unparsable => {}
            Seen::Preamble | Seen::Content | Seen::Terminal | Seen::UsageOnly | Seen::Other => {
                self.translation.event(event.name, event.data, self.observer.counts(), &mut self.out);
            }
        }
    }

    /// Returns what was written; none where the answer was cut or failed.
    fn end(mut self) -> Option<Vec<u8>> {
        if self.observer.ended() {
            self.translation.finish(self.observer.counts(), &mut self.out);
        }
        self.translation.ended().then_some(self.out)
    }
}
