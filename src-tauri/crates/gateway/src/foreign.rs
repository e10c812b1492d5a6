//! An answer in another protocol than its client's: what reading it takes, and how it is written for the client.

use std::sync::Arc;

use bytes::Bytes;
use config::Candidate;
use wire::{
    Protocol,
    dialect::Addressee,
    errors::{self, ErrorBody, SoFar},
    frames::Framing,
    observe::{Counts, Observer, Seen, StreamFailure, WholeSeen},
    sse::Event,
    state::{Issuer, Memory},
    translate::{self, Translated, Translation},
};

use crate::{compose::Asked, gateway::Gateway, trace::Recording};

/// A request that went out in another protocol, and who gets its answer.
pub(crate) struct Foreign {
    pub translated: Translated,
    pub to: Addressee,
    gateway: Arc<Gateway>,
}

impl Foreign {
    pub(crate) fn new(
        translated: Translated,
        issuer: Issuer,
        asked: &Asked,
        candidate: &Candidate,
        recording: &Recording,
    ) -> Foreign {
        let ledger = &recording.gateway().ledger;
        let to = Addressee {
            protocol: asked.head.protocol,
            wanted: translated.wanted.clone(),
            framing: asked.framing(),
            id: recording.id().simple().to_string(),
            created_s: recording.started_s(),
            input_estimate: translated.input_guess.map_or(0, |guess| ledger.correct(candidate, guess)),
            issuer,
            think_tags: translated.think_tags,
        };
        Foreign { translated, to, gateway: Arc::clone(recording.gateway()) }
    }

    /// The media type of what the client gets.
    pub(crate) fn content_type(&self, stream: bool) -> &'static str {
        match self.to.framing {
            Framing::Sse if stream => "text/event-stream",
            Framing::Sse | Framing::JsonArray => "application/json",
        }
    }

    /// Writes a whole answer for the client.
    pub(crate) fn whole(
        &self,
        from: Protocol,
        body: &[u8],
        seen: &WholeSeen,
    ) -> Result<Bytes, StreamFailure> {
        let whole = translate::whole(from, body, &seen.counts, &self.translated.names, &self.to)?;
        remember(&self.gateway, whole.memories);
        Ok(whole.body.into())
    }

    /// Writes a whole answer that came as a stream, and says what it cost.
    pub(crate) fn whole_of_stream(
        &self,
        from: Protocol,
        stream: &[u8],
    ) -> Result<(Bytes, WholeSeen), StreamFailure> {
        let whole = translate::whole_of_stream(from, stream, &self.translated.names, &self.to)?;
        remember(&self.gateway, whole.memories);
        let seen = WholeSeen { counts: whole.counts, usage: whole.counts.usage(), ..WholeSeen::default() };
        Ok((whole.body.into(), seen))
    }

    /// Begins a streamed answer for the client.
    pub(crate) fn outflow(&self, from: Protocol) -> Outflow {
        Outflow {
            protocol: self.to.protocol,
            framing: self.to.framing,
            translation: Translation::new(from, self.translated.names.clone(), &self.to),
            replayed: None,
            out: Vec::new(),
            gateway: Arc::clone(&self.gateway),
        }
    }
}

/// A streamed answer being written for a client of another protocol.
pub(crate) struct Outflow {
    pub protocol: Protocol,
    pub framing: Framing,
    translation: Translation,
    /// What a whole answer cost that came in place of a stream.
    pub replayed: Option<Counts>,
    /// What has been written since it was last taken.
    out: Vec<u8>,
    gateway: Arc<Gateway>,
}

/// Keeps what the client may drop and the provider wants back.
fn remember(gateway: &Gateway, memories: Vec<Memory>) {
    gateway.memories.keep(memories, gateway.clock.now());
}

impl Outflow {
    /// Takes an event that was seen to be this.
    pub(crate) fn pass(&mut self, event: &Event<'_>, seen: Option<&Seen>, observer: &Observer) {
        match seen {
            Some(Seen::Done) if observer.ended() => self.finish(observer),
            None | Some(Seen::Done | Seen::Failure(_) | Seen::Unparsable) => {}
            Some(Seen::Preamble | Seen::Content | Seen::Terminal | Seen::UsageOnly | Seen::Other) => {
                self.translation.event(event.name, event.data, observer.counts(), &mut self.out);
            }
        }
    }

    /// Takes a whole answer in place of a stream.
    pub(crate) fn replay(&mut self, from: Protocol, body: &[u8], seen: &WholeSeen) {
        self.translation.replay(from, body, &seen.counts, &mut self.out);
        self.replayed = Some(seen.counts);
    }

    /// Ends the answer, if its terminal has been seen.
    pub(crate) fn finish(&mut self, observer: &Observer) {
        if observer.ended() {
            self.translation.finish(observer.counts(), &mut self.out);
        }
    }

    /// Returns what has been written. What it tells is remembered first: the client may answer at once.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let memories = self.translation.take_memories();
        if !memories.is_empty() {
            remember(&self.gateway, memories);
        }
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out).into())
    }

    /// Returns the failure that the upstream's protocol does not call one.
    pub(crate) fn failure(&mut self) -> Option<StreamFailure> {
        self.translation.take_failure()
    }

    /// What keeps a silent stream alive. What has been written ends between two events, always.
    pub(crate) fn keep_alive(&self, committed: bool) -> Option<Bytes> {
        let bytes = errors::keep_alive(self.protocol, self.framing, committed);
        (!self.translation.ended() && !bytes.is_empty()).then(|| Bytes::from_static(bytes))
    }

    /// The event that ends a broken stream honestly. `created_s` is when the request came, in Unix seconds.
    pub(crate) fn last_words(&self, error: &ErrorBody<'_>, created_s: u64) -> Option<Bytes> {
        if self.translation.ended() {
            return None;
        }
        let so_far = SoFar { created_s, ..self.translation.so_far() };
        let event = errors::stream_end(self.protocol, self.framing, error, &so_far);
        (!event.is_empty()).then(|| event.into())
    }
}
