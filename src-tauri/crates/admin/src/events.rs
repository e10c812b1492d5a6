//! `GET /api/events`: what happens, as server-sent events of one JSON object each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::{Happening, Sluice};

/// Silence after which a comment shows that the stream lives; proxies give up on longer ones.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells what happens until the reader goes or the gateway ends.
pub(crate) fn stream(
    sluice: &Arc<Sluice>,
    stop: CancellationToken,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let events = stream::unfold((sluice.happenings(), stop), async |(mut happenings, stop)| {
        let happening = tokio::select! {
            happening = next(&mut happenings) => happening?,
            () = stop.cancelled() => return None,
        };
        Some((Ok(event(&happening)), (happenings, stop)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

async fn next(happenings: &mut Receiver<Happening>) -> Option<Happening> {
    match happenings.recv().await {
        Ok(happening) => Some(happening),
        Err(RecvError::Lagged(count)) => Some(Happening::Missed { count }),
        Err(RecvError::Closed) => None,
    }
}

fn event(happening: &Happening) -> Event {
    let json = serde_json::to_string(happening).expect("a happening has string keys and finite numbers only");
    Event::default().data(json)
}
