//! One attempt: composed, sent, judged, and held until its first content.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use config::Candidate;
use http::{HeaderMap, StatusCode};
use pool::{Blame, Class, Failure, Lease, Phase};
use wire::{
    Operation, Protocol, frames::Framing, head::Head, observe::WholeSeen, state, translate::Untranslatable,
};

use crate::{
    compose::{self, Asked, Composed, Opaque, Uncomposable},
    decode::Inflow,
    delivery::{self, Accepts, Content, Fault, Patience, Whole},
    embedding,
    foreign::Foreign,
    gateway::Gateway,
    headers,
    held::Held,
    mask::Mask,
    native,
    refusal::Relayed,
    stream::Stream,
    trace::Recording,
    upstream::{self, Reply},
};

/// An attempt that did not come to an answer.
pub(crate) struct Missed {
    pub failure: Failure,
    /// The upstream's refusal as it came, for a client that may see it.
    pub relayed: Option<(StatusCode, Relayed)>,
    /// Whether it was refused for an opaque note in the conversation.
    pub refuses_note: bool,
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Missed {
        Missed { failure, relayed: None, refuses_note: false }
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
    /// Nothing of it has been looked at, and it may last as long as it flows.
    Passing(Inflow),
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
    match head.operation {
        Operation::Native(_) => return native::run(gateway, asked, candidate, held, recording).await,
        Operation::Embed | Operation::BatchEmbed if candidate.protocol != head.protocol => {
            return embedding::run(gateway, asked, candidate, held, recording).await;
        }
        Operation::Generate
        | Operation::Complete
        | Operation::CountTokens
        | Operation::Embed
        | Operation::BatchEmbed => {}
    }
    let began = recording.elapsed();
    let patience = patience(gateway, candidate, head, held.lease());
    let sizes = &gateway.sizes;
    let sending = Sending { gateway, asked, candidate, held, within: patience.headers };
    let reached = match sending.send(Opaque::Kept, recording).await {
        // Nothing was done yet, and without the note the same provider may well answer.
        Err(missed) if missed.refuses_note => match sending.send(Opaque::Forgotten, recording).await {
            Err(Missed { refuses_note: true, .. }) => return Err(missed),
            reached => reached?,
        },
        reached => reached?,
    };
    let Reached { status, headers: reply_headers, mut inflow, translated, usage_is_ours } = reached;
    let passing = match &translated {
        None => headers::to_client(&reply_headers),
        Some(foreign) => headers::to_foreign_client(&reply_headers, foreign.content_type(head.stream)),
    };
    let spent = recording.elapsed().saturating_sub(began);
    if head.stream && head.operation.is_answer() {
        let mut stream = Box::new(match &translated {
            None => Stream::new(candidate.protocol, asked.framing(), usage_is_ours, sizes.event),
            Some(foreign) => Stream::translated(candidate.protocol, foreign, sizes.event),
        });
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
        // What is translated must be read to its end first.
        Operation::Generate if translated.is_some() => sizes.reply,
        Operation::Generate | Operation::Complete | Operation::CountTokens | Operation::Native(_) => {
            sizes.held_reply
        }
        Operation::Embed | Operation::BatchEmbed => sizes.held_embeddings,
    };
    let accepts = if translated.is_some() { Accepts::JsonOrStream } else { Accepts::Json };
    match delivery::hold(candidate.protocol, head.operation, status.as_u16(), inflow, within, most, accepts)
        .await
    {
        Ok(Whole::Checked(body, seen)) => {
            let body = match &translated {
                None => {
                    native::remember(gateway, asked, held, &body);
                    body
                }
                Some(foreign) => foreign
                    .whole(candidate.protocol, &body, &seen)
                    .map_err(|said| missed(gateway, candidate, head.operation, Fault::Said(said)))?,
            };
            recording.first_content();
            Ok(Passed::Whole(status, passing, body, seen, recording.elapsed().saturating_sub(began)))
        }
        Ok(Whole::Streamed(stream)) => {
            let Some(foreign) = &translated else {
                return Err(upstream::malformed(status.as_u16(), "a stream came".to_owned()).into());
            };
            let (body, seen) = foreign
                .whole_of_stream(candidate.protocol, &stream)
                .map_err(|said| missed(gateway, candidate, head.operation, Fault::Said(said)))?;
            recording.first_content();
            Ok(Passed::Whole(status, passing, body, seen, recording.elapsed().saturating_sub(began)))
        }
        Ok(Whole::Large(..)) if translated.is_some() => {
            let words = "the reply is larger than any answer may be";
            Err(upstream::malformed(status.as_u16(), words.to_owned()).into())
        }
        Ok(Whole::Large(parts, inflow)) => {
            recording.first_content();
            let left = patience.total.saturating_sub(recording.elapsed().saturating_sub(began));
            Ok(Passed::Flowing(status, passing, Opened::Large(parts, inflow, left)))
        }
        Err(fault) => Err(missed(gateway, candidate, head.operation, fault)),
    }
}

/// A request on its way to its upstream.
#[derive(Clone, Copy)]
struct Sending<'s> {
    gateway: &'s Arc<Gateway>,
    asked: &'s Asked,
    candidate: &'s Candidate,
    held: &'s Held,
    /// How long the headers may take.
    within: Duration,
}

/// An upstream that has begun to answer.
struct Reached {
    status: StatusCode,
    headers: HeaderMap,
    inflow: Inflow,
    translated: Option<Foreign>,
    usage_is_ours: bool,
}

impl Sending<'_> {
    /// Sends the request and waits for a status that means success.
    async fn send(&self, opaque: Opaque, recording: &mut Recording) -> Result<Reached, Missed> {
        let Sending { gateway, asked, candidate, held, within } = *self;
        let began = recording.elapsed();
        let key = &candidate.channel.keys[held.lease().key_index];
        let recall = gateway.memories.as_of(gateway.clock.now());
        let Composed { outgoing, translated, notes } =
            compose::request(candidate, key, asked, opaque, &recall)?;
        recording.composed(&notes);
        let usage_is_ours = outgoing.usage_is_ours;
        let translated = translated
            .map(|(translated, issuer)| Foreign::new(translated, issuer, asked, candidate, recording));
        let reply = gateway.upstream.send(&candidate.channel.hop, outgoing, within, &gateway.sizes).await?;
        recording.headers(reply.status.as_u16());
        if reply.status.is_success() {
            let (status, headers, inflow) = (reply.status, reply.headers, reply.inflow);
            return Ok(Reached { status, headers, inflow, translated, usage_is_ours });
        }
        let within = within.saturating_sub(recording.elapsed().saturating_sub(began));
        let operation = asked.head.operation;
        let mut missed = refused(gateway, candidate, operation, reply, within).await;
        // What another protocol's upstream says is in no words that this client reads.
        missed.relayed = missed.relayed.filter(|_| translated.is_none());
        Err(missed)
    }
}

/// How long this attempt may take: shorter where another channel could answer instead.
pub(crate) fn patience(gateway: &Gateway, candidate: &Candidate, head: &Head, lease: &Lease) -> Patience {
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
    let whole = head.operation.is_answer() && !head.stream;
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
pub(crate) async fn refused(
    gateway: &Gateway,
    candidate: &Candidate,
    operation: Operation,
    reply: Reply,
    within: Duration,
) -> Missed {
    let Reply { status, headers: reply_headers, mut inflow } = reply;
    let mask = Mask::of(&candidate.channel);
    let body = delivery::rest(Vec::new(), &mut inflow, gateway.sizes.error_body, within).await;
    let said = mask.bytes(&body.bytes);
    let header = |name: &str| reply_headers.get(name).and_then(|value| value.to_str().ok());
    let now = gateway.clock.now();
    let failure = pool::judge(candidate.protocol, operation, status.as_u16(), &header, &said, now)
        .unwrap_or_else(|| upstream::malformed(status.as_u16(), format!("the upstream answered {status}")));
    let refuses_note = status == StatusCode::BAD_REQUEST && state::refuses_note(&said);
    // Half an error body is nothing that a client could read.
    let relayed = body.complete.then(|| Relayed { headers: headers::to_client(&reply_headers), body: said });
    Missed { failure, relayed: relayed.map(|relayed| (status, relayed)), refuses_note }
}

/// A success status that held no answer.
pub(crate) fn missed(gateway: &Gateway, candidate: &Candidate, operation: Operation, fault: Fault) -> Missed {
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

impl From<Uncomposable> for Missed {
    fn from(fault: Uncomposable) -> Missed {
        let failure = |class| Failure::new(class, Phase::P0, fault.to_string());
        match &fault {
            Uncomposable::UnusableKey => failure(Class::Credential),
            Uncomposable::Untranslatable(Untranslatable::Malformed(_)) => failure(Class::Untranslatable),
            Uncomposable::Untranslatable(Untranslatable::Unsaid(unsaid)) => {
                let blame = Blame { field: unsaid.field.clone(), code: unsaid.code };
                failure(Class::Untranslatable).blaming(blame)
            }
        }
        .into()
    }
}
