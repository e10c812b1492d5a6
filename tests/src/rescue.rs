//! The claim behind most of the fault catalogue: channel `a` fails in some way, and the client gets `b`'s whole answer.

use std::net::SocketAddr;

use futures_util::future::join_all;
use gateway::Ending;
use pool::{Class, Phase};

use crate::bed::Bed;
use crate::http::{End, Reply};
use crate::speech::{self, Speech};
use crate::upstream::{self, Step, Upstream};

/// Whether a fault is tried with whole replies, with streams, or with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Whole replies only.
    Whole,
    /// Streams only.
    Streams,
    /// Both.
    Both,
}

impl Kinds {
    /// Each kind as the request's `stream`.
    pub fn streams(self) -> &'static [bool] {
        match self {
            Self::Whole => &[false],
            Self::Streams => &[true],
            Self::Both => &[false, true],
        }
    }
}

/// A fault of `a`, and what must be known of it afterwards.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Names the row where it fails.
    pub name: &'static str,
    /// What `a` does with each connection or request.
    pub script: fn(&Speech) -> Vec<Step>,
    /// With which kinds of reply.
    pub kinds: Kinds,
    /// Attempts in all; 2 unless the same channel is asked once more.
    pub attempts: u32,
    /// The failure's class in the trace.
    pub class: Class,
    /// How far it had come.
    pub phase: Phase,
}

/// Checks a fault in every protocol.
pub async fn check(fault: Fault) {
    let cases = speech::ALL
        .iter()
        .flat_map(|speech| fault.kinds.streams().iter().map(move |&stream| (speech, stream)));
    join_all(cases.map(|(speech, stream)| check_one(fault, speech, stream))).await;
}

async fn check_one(fault: Fault, speech: &Speech, stream: bool) {
    let label = format!("{}, {}, stream: {stream}", fault.name, speech.protocol);
    let a = Upstream::always((fault.script)(speech)).await;
    let b = healthy(speech, stream).await;
    let bed = Bed::pair(speech, a.addr, b.addr).await;
    let reply = bed.ask(speech, stream).await;

    is_complete(&label, speech, stream, &reply);
    assert_eq!(reply.header("x-sluice-channel"), Some("b"), "{label}");
    assert_eq!(reply.attempts(), fault.attempts, "{label}");
    assert_eq!(b.requests(), 1, "{label}: requests at b");
    let trace = bed.trace(&reply).await;
    assert_eq!(
        (trace.ending, trace.attempts.len()),
        (Ending::Done, fault.attempts as usize),
        "{label}: {trace:?}"
    );
    let first = &trace.attempts[0];
    assert_eq!(
        (first.class, first.phase),
        (Some(fault.class), Some(fault.phase)),
        "{label}: {:?}",
        first.error
    );
    let billed = matches!(fault.phase, Phase::P1 | Phase::P3);
    assert_eq!(first.maybe_billed, billed, "{label}: maybe billed");
    bed.is_quiet().await;
}

/// Checks that an attempt that never reaches `a` is rescued, too.
pub async fn check_unreachable(name: &str, a: SocketAddr, speech: &Speech, class: Class) {
    let b = healthy(speech, false).await;
    let bed = Bed::pair(speech, a, b.addr).await;
    let reply = bed.ask(speech, false).await;
    is_complete(name, speech, false, &reply);
    assert_eq!(reply.attempts(), 2, "{name}");
    let trace = bed.trace(&reply).await;
    let first = &trace.attempts[0];
    assert_eq!((first.class, first.phase), (Some(class), Some(Phase::P0)), "{name}: {:?}", first.error);
    assert!(!first.maybe_billed, "{name}");
    bed.is_quiet().await;
}

/// An upstream that answers properly in this protocol.
pub async fn healthy(speech: &Speech, stream: bool) -> Upstream {
    Upstream::answering(good(speech, stream)).await
}

/// A proper answer in this protocol.
pub fn good(speech: &Speech, stream: bool) -> Vec<u8> {
    if stream { upstream::stream(speech.stream.as_bytes()) } else { upstream::json(speech.answer.as_bytes()) }
}

/// Asserts that a reply is the healthy upstream's, complete and to the byte.
pub fn is_complete(label: &str, speech: &Speech, stream: bool, reply: &Reply) {
    let expected = if stream { speech.stream } else { speech.answer };
    assert_eq!(reply.status, 200, "{label}: {}", reply.text());
    assert_eq!(reply.text(), expected, "{label}");
    assert_eq!(reply.end, End::Clean, "{label}");
}
