//! One attempt at embeddings in another protocol than the client's: several requests to the channel where it takes fewer
//! texts at once, and one answer. Nothing reaches the client before all of them are answered.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use config::{Candidate, Key};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pool::Phase;
use wire::{
    Operation,
    embed::{self, Batch, Embedding, Gathered},
    observe::WholeSeen,
};

use crate::{
    attempt::{self, Missed, Passed},
    compose::{self, Asked, Uncomposable},
    delivery::{self, Accepts, Fault, Patience, Whole},
    gateway::Gateway,
    headers,
    held::Held,
    trace::Recording,
    upstream,
};

/// Says that the tokens in the body are our estimate.
const USAGE: HeaderName = HeaderName::from_static("x-sluice-usage");
const ESTIMATED: HeaderValue = HeaderValue::from_static("estimated");

/// Makes one attempt.
pub(crate) async fn run(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    candidate: &Candidate,
    held: &Held,
    recording: &mut Recording,
) -> Result<Passed, Missed> {
    let began = recording.elapsed();
    let key = &candidate.channel.keys[held.lease().key_index];
    let embedding = embed::request(&asked.head, &asked.body, candidate.protocol, &candidate.model);
    let Embedding { operation, batches, notes, mut gathering } = embedding.map_err(Uncomposable::from)?;
    recording.composed(&notes);
    let patience = attempt::patience(gateway, candidate, &asked.head, held.lease());
    let mut sending = Sending { gateway, asked, candidate, key, operation, patience, began };
    let mut last = HeaderMap::new();
    for (number, batch) in batches.into_iter().enumerate() {
        let texts = batch.texts;
        let answered = sending.send(batch, recording).await;
        // What was answered before was paid for.
        let (reply_headers, body) =
            answered.map_err(|missed| if number > 0 { billed(missed) } else { missed })?;
        gathering.push(&body, texts).map_err(|said| sending.missed(Fault::Said(said)))?;
        if gathering.bytes() > gateway.sizes.reply {
            return Err(too_large().into());
        }
        last = reply_headers;
    }
    let Gathered { body, usage, is_estimated } = gathering.finish();
    let mut passing = headers::to_foreign_client(&last, "application/json");
    if is_estimated {
        passing.insert(USAGE, ESTIMATED);
    }
    recording.first_content();
    let seen = WholeSeen { usage, ..WholeSeen::default() };
    let took = recording.elapsed().saturating_sub(began);
    Ok(Passed::Whole(StatusCode::OK, passing, Bytes::from(body), seen, took))
}

/// What all requests of one attempt share.
struct Sending<'a> {
    gateway: &'a Arc<Gateway>,
    asked: &'a Asked,
    candidate: &'a Candidate,
    key: &'a Key,
    operation: Operation,
    patience: Patience,
    began: Duration,
}

impl Sending<'_> {
    /// Sends one batch and reads its answer whole.
    async fn send(&mut self, batch: Batch, recording: &mut Recording) -> Result<(HeaderMap, Bytes), Missed> {
        let Sending { gateway, asked, candidate, key, operation, patience, began } = *self;
        let sizes = &gateway.sizes;
        let left =
            |recording: &Recording| patience.total.saturating_sub(recording.elapsed().saturating_sub(began));
        let outgoing = compose::embeddings(candidate, key, asked, operation, batch.body)?;
        let within = patience.headers.min(left(recording));
        let reply = gateway.upstream.send(&candidate.channel.hop, outgoing, within, sizes).await?;
        recording.headers(reply.status.as_u16());
        if !reply.status.is_success() {
            let mut missed = attempt::refused(gateway, candidate, operation, reply, within).await;
            // What another protocol's upstream says is in no words that this client reads.
            missed.relayed = None;
            return Err(missed);
        }
        let (status, most) = (reply.status.as_u16(), sizes.held_embeddings);
        let protocol = candidate.protocol;
        let within = left(recording);
        match delivery::hold(protocol, operation, status, reply.inflow, within, most, Accepts::Json).await {
            Ok(Whole::Checked(body, _seen)) => Ok((reply.headers, body)),
            Ok(Whole::Streamed(_) | Whole::Large(..)) => Err(too_large().into()),
            Err(fault) => Err(self.missed(fault)),
        }
    }

    fn missed(&self, fault: Fault) -> Missed {
        attempt::missed(self.gateway, self.candidate, self.operation, fault)
    }
}

/// A failure after earlier batches were answered.
fn billed(mut missed: Missed) -> Missed {
    missed.failure.phase = missed.failure.phase.max(Phase::P3);
    missed
}

fn too_large() -> pool::Failure {
    upstream::malformed(200, "the reply is larger than any answer may be".to_owned())
}
