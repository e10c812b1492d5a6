//! One attempt: composed, sent, judged, and held until its first content.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use config::Candidate;
use http::{HeaderMap, StatusCode};
use pool::{Failure, Lease, Phase};
use wire::{Operation, Protocol, frames::Framing, head::Head, observe::WholeSeen};

use crate::{
    compose::{self, Asked},
    decode::Inflow,
    delivery::{self, Content, Fault, Patience, Whole},
    gateway::Gateway,
    headers,
    held::Held,
    mask::Mask,
    refusal::Relayed,
    stream::Stream,
    trace::Recording,
    upstream,
};

/// An attempt that did not come to an answer.
pub(crate) struct Missed {
    pub failure: Failure,
    /// The upstream's refusal as it came, for a client that may see it.
    pub relayed: Option<(StatusCode, Relayed)>,
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Missed {
        Missed { failure, relayed: None }
    }
}

/// An answer whose first content has been seen.
pub(crate) enum Passed {
    Whole(StatusCode, HeaderMap, Bytes, WholeSeen, Duration),
    Flowing(StatusCode, HeaderMap, Opened),
}

/// A body past its gate.
pub(crate) enum Opened {
    Stream(Box<Stream>, VecDeque<Bytes>, Inflow, Duration),
    /// What came so far, the rest, and how long the rest may take.
    Large(Vec<Bytes>, Inflow, Duration),
}

/// Makes one attempt.
pub(crate) async fn run(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    candidate: &Candidate,
    held: &Held,
    recording: &mut Recording,
) -> Result<Passed, Missed> {
    let head = &asked.head;
    let began = recording.elapsed();
    let key = &candidate.channel.keys[held.lease().key_index];
    let outgoing = compose::request(candidate, key, asked).map_err(|_unusable| unusable_key())?;
    let usage_is_ours = outgoing.usage_is_ours;
    let patience = patience(gateway, candidate, head, held.lease());
    let sizes = &gateway.sizes;
    let reply = gateway.upstream.send(&candidate.channel.hop, outgoing, patience.headers, sizes).await?;
    let (status, reply_headers, mut inflow) = (reply.status, reply.headers, reply.inflow);
    recording.headers(status.as_u16());
    if !status.is_success() {
        let within = patience.headers.saturating_sub(recording.elapsed().saturating_sub(began));
        return Err(refused(gateway, candidate, head.operation, reply_headers, status, inflow, within).await);
    }
    let passing = headers::to_client(&reply_headers);
    let spent = recording.elapsed().saturating_sub(began);
    if head.stream && head.operation == Operation::Generate {
        let mut stream =
            Box::new(Stream::new(candidate.protocol, asked.framing(), usage_is_ours, sizes.event));
        let within = patience.content_after(spent);
        return match delivery::gate(&mut stream, &mut inflow, status.as_u16(), within, sizes).await {
            Ok(out) => {
                recording.first_content();
                let first_content = recording.elapsed().saturating_sub(began);
                // What the timer of the next one learns from runs from the headers, as the timer does.
                let after_headers = first_content.saturating_sub(spent);
                gateway.pool().first_content(gateway.clock.now(), held.lease(), after_headers);
                Ok(Passed::Flowing(status, passing, Opened::Stream(stream, out, inflow, first_content)))
            }
            Err(fault) => Err(missed(gateway, candidate, head.operation, fault)),
        };
    }
    let within = patience.total.saturating_sub(spent);
    let most = match head.operation {
        Operation::Generate | Operation::CountTokens => sizes.held_reply,
        Operation::Embed | Operation::BatchEmbed => sizes.held_embeddings,
    };
    match delivery::hold(candidate.protocol, head.operation, status.as_u16(), inflow, within, most).await {
        Ok(Whole::Checked(body, seen)) => {
            recording.first_content();
            Ok(Passed::Whole(status, passing, body, seen, recording.elapsed().saturating_sub(began)))
        }
        Ok(Whole::Large(parts, inflow)) => {
            recording.first_content();
            let left = patience.total.saturating_sub(recording.elapsed().saturating_sub(began));
            Ok(Passed::Flowing(status, passing, Opened::Large(parts, inflow, left)))
        }
        Err(fault) => Err(missed(gateway, candidate, head.operation, fault)),
    }
}

/// How long this attempt may take: shorter where another channel could answer instead.
fn patience(gateway: &Gateway, candidate: &Candidate, head: &Head, lease: &Lease) -> Patience {
    let timers = &gateway.timers;
    if let Some(timeout) = candidate.channel.timeout {
        return Patience { headers: timeout, content: Content::WithinTotal, total: timeout };
    }
    let total = timers.whole_total;
    if lease.alone || candidate.channel.local {
        let content = Content::AfterHeaders(timers.headers_alone);
        return Patience { headers: timers.headers_alone, content, total };
    }
    if head.reasoning {
        let headers = if head.stream { timers.headers_reasoning } else { timers.headers_whole };
        return Patience { headers, content: Content::AfterHeaders(timers.headers_reasoning), total };
    }
    let whole = head.operation == Operation::Generate && !head.stream;
    let headers = if whole { timers.headers_whole } else { timers.headers };
    let usual = if head.stream { gateway.pool().first_content_p95(lease) } else { None };
    let content = timers.first_content.max(usual.unwrap_or_default() * 3);
    Patience { headers, content: Content::AfterHeaders(content), total }
}

impl Asked {
    /// Gemini streams are events with `alt=sse` and one JSON array without.
    pub(crate) fn framing(&self) -> Framing {
        let events =
            self.query.as_deref().is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
        match self.head.protocol {
            Protocol::Gemini if !events => Framing::JsonArray,
            Protocol::Gemini | Protocol::Chat | Protocol::Responses | Protocol::Messages => Framing::Sse,
        }
    }
}

/// An answer with a status that is no success.
async fn refused(
    gateway: &Gateway,
    candidate: &Candidate,
    operation: Operation,
    reply_headers: HeaderMap,
    status: StatusCode,
    mut inflow: Inflow,
    within: Duration,
) -> Missed {
    let mask = Mask::of(&candidate.channel);
    let body = delivery::rest(Vec::new(), &mut inflow, gateway.sizes.error_body, within).await;
    let said = mask.bytes(&body.bytes);
    let header = |name: &str| reply_headers.get(name).and_then(|value| value.to_str().ok());
    let now = gateway.clock.now();
    let failure = pool::judge(candidate.protocol, operation, status.as_u16(), &header, &said, now)
        .unwrap_or_else(|| upstream::malformed(status.as_u16(), format!("the upstream answered {status}")));
    // Half an error body is nothing that a client could read.
    let relayed = body.complete.then(|| Relayed { headers: headers::to_client(&reply_headers), body: said });
    Missed { failure, relayed: relayed.map(|relayed| (status, relayed)) }
}

/// A success status that held no answer.
fn missed(gateway: &Gateway, candidate: &Candidate, operation: Operation, fault: Fault) -> Missed {
    match fault {
        Fault::Failed(failure) => failure.into(),
        Fault::Said(said) => {
            let said = Mask::of(&candidate.channel).failure(&said);
            let mut failure =
                pool::judge_reply_failure(candidate.protocol, operation, &said, gateway.clock.now());
            failure.phase = failure.phase.min(Phase::P3);
            failure.into()
        }
    }
}

fn unusable_key() -> Missed {
    let message = "the channel's key holds characters that no header can carry";
    Failure::new(pool::Class::Credential, Phase::P0, message).into()
}
