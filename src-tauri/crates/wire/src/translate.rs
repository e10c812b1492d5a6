//! From one protocol into another: a request, a whole answer, a streamed one.

use std::borrow::Cow;

use crate::Protocol;
use crate::ask::Wanted;
use crate::calls::{Names, Restore};
use crate::count;
use crate::dialect::{self, Addressee, Decode, Encode, Target};
use crate::errors::SoFar;
use crate::frames::{Framing, Splitter};
use crate::head::Head;
use crate::json::{Malformed, Tape};
use crate::note::{Notes, Unsaid};
use crate::observe::{Counts, Observer, Seen, StreamFailure};
use crate::reply::{Delta, Fold, ThinkTags};
use crate::sse::{Event, Kind};
use crate::state::{self, Memory, Recall, Seal};
use crate::stops::Stops;

/// A request in the channel's words.
#[derive(Debug, Clone)]
pub struct Translated {
    /// The body.
    pub body: Vec<u8>,
    /// What was left out or said in another way.
    pub notes: Notes,
    /// What the tools are called there; the answer is read with it.
    pub names: Names,
    /// How the client wants its answer.
    pub wanted: Wanted,
    /// Whether the channel's answers begin with thoughts between tags.
    pub think_tags: bool,
    /// About how many tokens the request has, where the answer must tell so even if the channel has not yet.
    pub input_guess: Option<u64>,
}

/// Why a request cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// It is not what its own protocol promises.
    #[error("the request body is not valid: {0}")]
    Malformed(#[from] Malformed),
    /// It asks for something that the channel's protocol cannot say.
    #[error(transparent)]
    Unsaid(#[from] Unsaid),
}

/// Translates a request, whose head has been read, for a channel; `recall` knows what its client may have dropped.
pub fn request(
    head: &Head,
    body: &[u8],
    target: &Target<'_>,
    recall: &dyn Recall,
) -> Result<Translated, Untranslatable> {
    let tape = Tape::read(body)?;
    let mut ask = dialect::of(head.protocol).decode_request(&tape, head)?;
    state::open(&mut ask, target, recall);
    if target.quirks.reasoning_as_text {
        ask.tell_foreign_thoughts(target);
    }
    let encoded = dialect::of(target.protocol).encode_request(&ask, target)?;
    let tells_first = ask.protocol == Protocol::Messages;
    let input_guess = tells_first.then(|| count::guess(&ask, target.model));
    let mut notes = ask.notes;
    notes.extend(encoded.notes);
    let stops = ask.sampling.stop.iter().map(|stop| stop.plain().into_owned()).collect();
    let wanted = Wanted { stops, ..ask.wanted };
    let think_tags = target.quirks.think_tags;
    let (body, names) = (encoded.body, encoded.names);
    Ok(Translated { body, notes, names, wanted, think_tags, input_guess })
}

/// Translates a whole answer, which is known to be no error.
pub fn whole(
    from: Protocol,
    body: &[u8],
    counts: &Counts,
    names: &Names,
    to: &Addressee,
) -> Result<Whole, StreamFailure> {
    let body = utf8(body);
    let tape =
        Tape::read(&body).map_err(|fault| failure(format!("the answer is not valid JSON: {fault}")))?;
    let mut folding = Folding::new(from, names, to);
    dialect::of(from).decode_reply(tape.root(), &mut |delta| folding.push(delta));
    folding.finish(*counts, to)
}

/// Translates a whole answer that came as a stream, which some vendors send whatever was asked for.
pub fn whole_of_stream(
    from: Protocol,
    stream: &[u8],
    names: &Names,
    to: &Addressee,
) -> Result<Whole, StreamFailure> {
    let mut observer = Observer::new(from);
    let mut decoder = dialect::of(from).stream_decoder();
    let mut folding = Folding::new(from, names, to);
    let mut failed = None;
    let mut splitter = Splitter::new(Framing::Sse, stream.len());
    let mut each = |event: Event<'_>| {
        if event.kind == Kind::Comment {
            return;
        }
        match observer.event(event.name, event.data) {
            Seen::Failure(failure) => failed = Some(failure),
            Seen::Done | Seen::Unparsable => {}
            Seen::Preamble | Seen::Content | Seen::Terminal | Seen::UsageOnly | Seen::Other => {
                let data = utf8(event.data.trim_ascii());
                let Ok(tape) = Tape::read(&data) else { return };
                let name = event.name.and_then(|name| std::str::from_utf8(name).ok());
                decoder.event(name, tape.root(), &mut |delta| folding.push(delta));
            }
        }
    };
    // No event is longer than the whole stream.
    let _ = splitter.push(stream, &mut each);
    let _ = splitter.finish(&mut each);
    if let Some(failed) = failed {
        return Err(failed);
    }
    if !observer.ended() {
        return Err(failure("the stream ended without its terminal event".to_owned()));
    }
    decoder.finish(&mut |delta| folding.push(delta));
    folding.finish(*observer.counts(), to)
}

/// A whole answer in the client's protocol.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The body.
    pub body: Vec<u8>,
    /// The tokens.
    pub counts: Counts,
    /// What should be remembered, in case the client drops it.
    pub memories: Vec<Memory>,
}

/// What is done to an answer between its decoder and the client's encoder, in this order.
#[derive(Debug)]
struct Steps {
    tags: ThinkTags,
    restore: Restore,
    stops: Stops,
    seal: Seal,
}

impl Steps {
    fn new(from: Protocol, names: Names, to: &Addressee) -> Self {
        Self {
            tags: ThinkTags::new(to.think_tags),
            restore: Restore::new(names, to.id.clone()),
            stops: Stops::new(&to.wanted.stops),
            seal: Seal::new(from, to),
        }
    }

    fn pass(&mut self, delta: Delta<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let Self { tags, restore, stops, seal } = self;
        let sealed = &mut |delta: Delta<'_>| seal.pass(delta, each);
        let stopped = &mut |delta: Delta<'_>| stops.pass(delta, sealed);
        let restored = &mut |delta: Delta<'_>| restore.pass(delta, stopped);
        tags.pass(delta, restored);
    }
}

/// A whole answer being put together.
struct Folding {
    steps: Steps,
    fold: Fold,
}

impl Folding {
    fn new(from: Protocol, names: &Names, to: &Addressee) -> Self {
        Self { steps: Steps::new(from, names.clone(), to), fold: Fold::default() }
    }

    fn push(&mut self, delta: Delta<'_>) {
        let Self { steps, fold } = self;
        steps.pass(delta, &mut |delta| fold.push(delta));
    }

    fn finish(mut self, counts: Counts, to: &Addressee) -> Result<Whole, StreamFailure> {
        let reply = self.fold.finish();
        match reply.failure {
            Some(failure) => Err(failure),
            None => Ok(Whole {
                body: dialect::of(to.protocol).encode_reply(&reply, &counts, to),
                counts,
                memories: self.steps.seal.take_memories(),
            }),
        }
    }
}

/// A streamed answer on its way from one protocol into another.
#[derive(Debug)]
pub struct Translation {
    decoder: Box<dyn Decode>,
    way: Way,
}

/// An answer's way from its decoder to its client.
#[derive(Debug)]
struct Way {
    steps: Steps,
    encoder: Box<dyn Encode>,
    ended: bool,
    failure: Option<StreamFailure>,
}

impl Translation {
    /// Begins an answer from a channel that speaks `from`.
    pub fn new(from: Protocol, names: Names, to: &Addressee) -> Self {
        Self {
            decoder: dialect::of(from).stream_decoder(),
            way: Way {
                steps: Steps::new(from, names, to),
                encoder: dialect::of(to.protocol).stream_encoder(to),
                ended: false,
                failure: None,
            },
        }
    }

    /// Takes one event that is no failure, and appends what the client gets. What is not JSON is passed over.
    pub fn event(&mut self, name: Option<&[u8]>, data: &[u8], counts: &Counts, out: &mut Vec<u8>) {
        let data = utf8(data.trim_ascii());
        let Ok(tape) = Tape::read(&data) else { return };
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let Self { decoder, way } = self;
        decoder.event(name, tape.root(), &mut |delta| way.pass(delta, counts, out));
    }

    /// Takes a whole answer, which is known to be no error, in place of a stream.
    pub fn replay(&mut self, from: Protocol, body: &[u8], counts: &Counts, out: &mut Vec<u8>) {
        let body = utf8(body);
        let Ok(tape) = Tape::read(&body) else { return };
        let way = &mut self.way;
        dialect::of(from).decode_reply(tape.root(), &mut |delta| way.pass(delta, counts, out));
    }

    /// Ends the answer, of which the protocol's terminal has been seen. Doing it twice does nothing more.
    pub fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>) {
        let Self { decoder, way } = self;
        if !way.ended && way.failure.is_none() {
            decoder.finish(&mut |delta| way.pass(delta, counts, out));
        }
    }

    /// Tells whether the client has the answer's end.
    pub fn ended(&self) -> bool {
        self.way.ended
    }

    /// Returns the failure that the channel's protocol does not call one, once.
    pub fn take_failure(&mut self) -> Option<StreamFailure> {
        self.way.failure.take()
    }

    /// Returns what should be remembered of the answer so far, in case the client drops it; once.
    pub fn take_memories(&mut self) -> Vec<Memory> {
        self.way.steps.seal.take_memories()
    }

    /// Says what the client has been told, for an error event that must fit behind it.
    pub fn so_far(&self) -> SoFar<'_> {
        self.way.encoder.so_far()
    }
}

impl Way {
    fn pass(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>) {
        let Self { steps, encoder, ended, failure } = self;
        steps.pass(delta, &mut |delta| push(&mut **encoder, ended, failure, delta, counts, out));
    }
}

fn push(
    encoder: &mut dyn Encode,
    ended: &mut bool,
    failure: &mut Option<StreamFailure>,
    delta: Delta<'_>,
    counts: &Counts,
    out: &mut Vec<u8>,
) {
    if let Delta::Failed(failed) = delta {
        *failure = Some(failed);
        return;
    }
    *ended |= matches!(delta, Delta::Finish(_));
    encoder.push(delta, counts, out);
}

/// A byte that is no UTF-8 must not cost the answer.
fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Cow::Borrowed(bytes),
        Err(_) => Cow::Owned(String::from_utf8_lossy(bytes).into_owned().into_bytes()),
    }
}

fn failure(message: String) -> StreamFailure {
    StreamFailure { message, ..StreamFailure::default() }
}
