//! How many tokens a request has, told without sending it: by the channel, where it counts for nothing, else by estimate.
//!
//! ```text
//! Route ─► first candidate ─► remembered? ─► its provider counts? ─(within two seconds)─► exact
//!                                 │                  └ no, or it failed ─► estimate
//!                                 └► cached
//! ```
//! Clients count in bursts and budget by the answer, so a count takes no lease and no place in a limit, and what fails
//! here benches nobody.

mod ledger;
mod upstream;

use std::sync::Arc;

use bytes::Bytes;
use config::{Candidate, Counting, Route};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use wire::{Protocol, count, errors::Kind, translate::Untranslatable};

pub(crate) use self::ledger::{Ledger, Sample, learn_from_answer};
use self::{ledger::Cell, upstream::Uncounted};
use crate::{answer::Answer, compose::Asked, gateway::Gateway, refusal::Refusal, trace::Recording};

/// The tokens of a request that was counted and not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct TokenCount {
    /// How many.
    pub tokens: u64,
    /// Who says so.
    pub source: CountSource,
}

/// Who says how many tokens a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum CountSource {
    /// We, by estimate.
    Estimate,
    /// The channel.
    Exact,
    /// Either of them, when the same was asked before.
    Cached,
}

impl CountSource {
    /// The word in `x-sluice-count`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            CountSource::Estimate => "estimate",
            CountSource::Exact => "exact",
            CountSource::Cached => "cached",
        }
    }
}

/// A count, and the channel's own words where the client reads them.
pub(crate) struct Counted {
    pub count: TokenCount,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Answers a request to count.
pub(crate) async fn answer(asked: Asked, route: Route, mut recording: Recording) -> Answer {
    let gateway = Arc::clone(recording.gateway());
    match counted(&gateway, &asked, &route, &mut recording).await {
        Ok(counted) => Answer::counted(counted, &route, recording),
        Err(refusal) => Answer::refused(refusal, recording),
    }
}

/// Finds the count. The first candidate alone decides for whose model it is: no other channel would say the same.
async fn counted(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    route: &Route,
    recording: &mut Recording,
) -> Result<Counted, Refusal> {
    let protocol = asked.head.protocol;
    let candidate = route.candidates.first();
    let cell = candidate.map_or_else(|| Cell::nobodys(&route.asked), Cell::of);
    let question = gateway.ledger.question(protocol, &cell, &asked.body);
    if let Some(tokens) = gateway.ledger.remembered(question) {
        return Ok(Counted::told(protocol, tokens, CountSource::Cached));
    }
    if let Some(candidate) = candidate {
        match upstream::count(gateway, asked, candidate, recording).await {
            Ok(counted) => {
                gateway.ledger.remember_exact(question, counted.count.tokens);
                ledger::learn_from_count(gateway, asked, &cell, counted.count.tokens);
                return Ok(counted);
            }
            Err(Uncounted::Refused(refusal)) => return Err(*refusal),
            Err(Uncounted::Unknown(why)) if candidate.channel.counting == Counting::Upstream => {
                return Err(not_counted(candidate, &why));
            }
            Err(Uncounted::Unknown(_)) => {}
        }
    }
    let tokens = estimate(gateway, asked, &cell).await?;
    gateway.ledger.remember_estimate(question, tokens);
    Ok(Counted::told(protocol, tokens, CountSource::Estimate))
}

/// Bodies up to this size are estimated where they were read; it takes a millisecond or two.
const AT_ONCE_BYTES: usize = 512 << 10;

async fn estimate(gateway: &Arc<Gateway>, asked: &Asked, cell: &Cell) -> Result<u64, Refusal> {
    if asked.body.len() <= AT_ONCE_BYTES {
        return ledger::estimate(&gateway.ledger, &asked.head, &asked.body, cell).map_err(invalid);
    }
    let (gateway, head, body, cell) =
        (Arc::clone(gateway), asked.head.clone(), asked.body.clone(), cell.clone());
    let estimating =
        tokio::task::spawn_blocking(move || ledger::estimate(&gateway.ledger, &head, &body, &cell));
    match estimating.await {
        Ok(estimated) => estimated.map_err(invalid),
        Err(_panicked) => {
            let message = "the gateway failed to count this request; its log says more";
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Kind::Internal, message))
        }
    }
}

/// The request is not what its protocol promises.
fn invalid(fault: Untranslatable) -> Refusal {
    let mut refusal = Refusal::bad_request(fault.to_string());
    match fault {
        Untranslatable::Malformed(_) => {}
        Untranslatable::Unsaid(unsaid) => {
            refusal.code = unsaid.code;
            refusal.field = Some(unsaid.field);
        }
    }
    refusal
}

/// The channel alone may count and does not; clients then estimate by themselves.
fn not_counted(candidate: &Candidate, why: &str) -> Refusal {
    let name = &candidate.channel.name;
    let message = format!(
        "channel {name:?} does not count tokens ({why}), and its count_tokens = \"upstream\" lets nobody else do it"
    );
    Refusal::new(StatusCode::NOT_IMPLEMENTED, Kind::NotSupported, message).code("not_supported").no_retry()
}

impl Counted {
    /// A count in the client's words.
    fn told(protocol: Protocol, tokens: u64, source: CountSource) -> Counted {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let body = count::answer(protocol, tokens).into();
        Counted { count: TokenCount { tokens, source }, headers, body }
    }
}
