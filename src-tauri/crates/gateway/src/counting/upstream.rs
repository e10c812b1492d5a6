//! Asking the channel's provider, where it counts for nothing.

use std::sync::Arc;

use bytes::Bytes;
use config::{Candidate, Channel, Counting, Key, Spoken};
use http::{HeaderMap, StatusCode};
use pool::Health;
use wire::{Operation, Protocol, count};

use super::{CountSource, Counted, TokenCount};
use crate::{
    attempt::{self, Missed},
    compose::{self, Asked, Composed, Opaque},
    delivery::{self, Accepts, Whole},
    gateway::Gateway,
    headers,
    refusal::Refusal,
    trace::Recording,
    upstream,
};

/// Why the channel has not counted.
pub(super) enum Uncounted {
    /// It found the request itself at fault, and speaks the client's protocol.
    Refused(Box<Refusal>),
    /// It cannot, or it did not; in words that follow the channel's name.
    Unknown(String),
}

/// Has the channel count, where the file or its provider's nature says that it does.
pub(super) async fn count(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    candidate: &Candidate,
    recording: &mut Recording,
) -> Result<Counted, Uncounted> {
    let unknown = |why: &str| Uncounted::Unknown(why.to_owned());
    let way = way(gateway, asked.head.protocol, candidate)
        .ok_or_else(|| unknown("it speaks no protocol for it"))?;
    let key = key(gateway, candidate).ok_or_else(|| unknown("none of its keys can be used"))?;
    recording.counting(&way, key);
    match tokio::time::timeout(gateway.timers.count, ask(gateway, asked, &way, key, recording)).await {
        Ok(Ok(counted)) => Ok(counted),
        Ok(Err(missed)) => {
            let own = way.protocol == asked.head.protocol;
            recording.failed(&missed.failure, "no count");
            match missed.relayed {
                Some((status, relayed)) if own && is_about_the_request(status) && !missed.refuses_note => {
                    let mut refusal = Refusal::bad_request(missed.failure.message);
                    refusal.status = status;
                    refusal.relayed = Some(Box::new(relayed));
                    Err(Uncounted::Refused(Box::new(refusal)))
                }
                Some(_) | None => Err(Uncounted::Unknown(missed.failure.message)),
            }
        }
        Err(_elapsed) => {
            let failure = upstream::silent(gateway.timers.count);
            recording.failed(&failure, "no count");
            Err(Uncounted::Unknown(failure.message))
        }
    }
}

/// Whether a status says that the request itself is wrong, which no estimate would make right.
fn is_about_the_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 413 | 422)
}

/// The candidate in the protocol in which it is to count: the client's own where that has such an operation.
fn way(gateway: &Gateway, protocol: Protocol, candidate: &Candidate) -> Option<Candidate> {
    let channel = &candidate.channel;
    let counts = |spoken: &Spoken| match channel.counting {
        Counting::Auto => is_free_of_charge(spoken),
        Counting::Upstream => spoken.protocol != Protocol::Chat,
        Counting::Local => false,
    };
    let own = channel.spoken.iter().position(|spoken| spoken.protocol == protocol && counts(spoken));
    let base = own.or_else(|| channel.spoken.iter().position(counts))?;
    let is_well = channel.counting == Counting::Upstream || is_well(gateway, channel);
    is_well.then(|| Candidate { protocol: channel.spoken[base].protocol, base, ..candidate.clone() })
}

/// Whether a provider is known to count, and to take nothing for it. Azure serves `OpenAI`'s models without it.
fn is_free_of_charge(spoken: &Spoken) -> bool {
    match spoken.protocol {
        Protocol::Chat => false,
        Protocol::Responses => spoken.base.host() == "api.openai.com",
        Protocol::Messages | Protocol::Gemini => spoken.is_first_party(),
    }
}

/// Whether the channel gets traffic; one whose limit of the file is used up may still count.
fn is_well(gateway: &Gateway, channel: &Channel) -> bool {
    let view = gateway.pool().channel_view(gateway.clock.now(), &channel.id);
    view.is_some_and(|view| match view.state {
        Health::Healthy | Health::Probing | Health::Full => true,
        Health::Benched | Health::NeedsKey | Health::Off => false,
    })
}

/// The first key that may be used, and rather one that is not benched.
fn key<'c>(gateway: &Gateway, candidate: &'c Candidate) -> Option<&'c Key> {
    let channel = &candidate.channel;
    let view = gateway.pool().channel_view(gateway.clock.now(), &channel.id);
    let benched = |key: &Key| {
        view.as_ref().is_some_and(|view| view.benched_cells.iter().any(|cell| cell.key == key.name))
    };
    let usable = |key: &&Key| key.enabled && key.secret.is_some();
    let mut keys = channel.keys.iter().filter(usable);
    keys.clone().find(|key| !benched(key)).or_else(|| keys.next())
}

/// Sends the request and reads the count.
async fn ask(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    way: &Candidate,
    key: &Key,
    recording: &mut Recording,
) -> Result<Counted, Missed> {
    let recall = gateway.memories.as_of(gateway.clock.now());
    let Composed { outgoing, translated: _, notes } =
        compose::request(way, key, asked, Opaque::Kept, &recall)?;
    recording.composed(&notes);
    let (within, sizes) = (gateway.timers.count, &gateway.sizes);
    let reply = gateway.upstream.send(&way.channel.hop, outgoing, within, sizes).await?;
    recording.headers(reply.status.as_u16());
    if !reply.status.is_success() {
        return Err(attempt::refused(gateway, way, Operation::CountTokens, reply, within).await);
    }
    let status = reply.status.as_u16();
    let body = match delivery::hold(
        way.protocol,
        Operation::CountTokens,
        status,
        reply.inflow,
        within,
        sizes.held_reply,
        Accepts::Json,
    )
    .await
    {
        Ok(Whole::Checked(body, _)) => body,
        Ok(Whole::Streamed(_) | Whole::Large(..)) => {
            return Err(upstream::malformed(status, "the answer is no count".to_owned()).into());
        }
        Err(fault) => return Err(attempt::missed(gateway, way, Operation::CountTokens, fault)),
    };
    recording.first_content();
    read(asked, way, &reply.headers, body)
        .ok_or_else(|| upstream::malformed(status, "the answer holds no count".to_owned()).into())
}

/// Makes the client's answer of the channel's, which stays as it is where both speak the same.
fn read(asked: &Asked, way: &Candidate, reply: &HeaderMap, body: Bytes) -> Option<Counted> {
    let tokens = count::counted(&body)?;
    if way.protocol != asked.head.protocol {
        return Some(Counted::told(asked.head.protocol, tokens, CountSource::Exact));
    }
    let count = TokenCount { tokens, source: CountSource::Exact };
    Some(Counted { count, headers: headers::to_client(reply), body })
}
