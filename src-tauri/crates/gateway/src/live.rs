//! What people look at while it happens: requests under way, changes of the pool, callers at the door.
//!
//! Nobody looks most of the time. Then a request pays for one comparison, and the pool for one number.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};

use crate::{Gateway, trace::Trace};

/// Called with the trace of each request that ended, on the thread that served it.
pub type Ended = Arc<dyn Fn(&Arc<Trace>) + Send + Sync>;

/// A request as it is now.
#[derive(Debug, Clone)]
pub enum RequestEvent {
    /// An attempt began, or its first content arrived. The trace is not finished.
    Running(Arc<Trace>),
    /// It is over.
    Ended(Arc<Trace>),
}

/// A caller that the guard turned away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct RefusedCaller {
    /// What was wrong with it.
    pub kind: RefusedKind,
    /// The host or origin, as the caller sent it, cut to 256 characters.
    pub value: String,
    /// The last time.
    #[ts(type = "Timestamp")]
    pub at: Timestamp,
    /// How often since it was first seen.
    pub count: u64,
}

/// What was wrong with a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum RefusedKind {
    /// It named a host that is not served here.
    Host,
    /// It is a web page of an origin that is not allowed.
    Origin,
}

/// More slow watchers than this many requests behind miss some, and are told how many.
const REQUESTS_KEPT: usize = 256;
/// Callers that are remembered; the door is open to everyone, so the list is short.
const CALLERS_MAX: usize = 20;
const CALLER_CHARS_MAX: usize = 256;

pub(crate) struct Live {
    requests: broadcast::Sender<RequestEvent>,
    pool: watch::Sender<u64>,
    ended: Option<Ended>,
    refused: Mutex<VecDeque<RefusedCaller>>,
}

impl Live {
    pub(crate) fn new(ended: Option<Ended>) -> Live {
        Live {
            requests: broadcast::Sender::new(REQUESTS_KEPT),
            pool: watch::Sender::new(0),
            ended,
            refused: Mutex::new(VecDeque::new()),
        }
    }

    /// Whether anyone looks at requests under way, so that a copy of the trace is worth making.
    pub(crate) fn is_watched(&self) -> bool {
        self.requests.receiver_count() > 0
    }

    pub(crate) fn running(&self, trace: Trace) {
        // Without a receiver there is nobody to tell.
        let _ = self.requests.send(RequestEvent::Running(Arc::new(trace)));
    }

    pub(crate) fn ended(&self, trace: &Arc<Trace>) {
        if let Some(ended) = &self.ended {
            ended(trace);
        }
        if self.is_watched() {
            let _ = self.requests.send(RequestEvent::Ended(Arc::clone(trace)));
        }
    }

    /// Health, limits or the channels themselves are not what they were.
    pub(crate) fn pool_changed(&self) {
        self.pool.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(crate) fn turned_away(&self, kind: RefusedKind, value: &[u8], at: Timestamp) {
        let value: String = String::from_utf8_lossy(value).chars().take(CALLER_CHARS_MAX).collect();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refused.iter().position(|caller| caller.kind == kind && caller.value == value);
        let count = known.and_then(|at| refused.remove(at)).map_or(0, |caller| caller.count);
        refused.push_front(RefusedCaller { kind, value, at, count: count.saturating_add(1) });
        refused.truncate(CALLERS_MAX);
    }
}

impl Gateway {
    /// Follows requests while they run. Costs a copy of each trace as long as the receiver lives.
    pub fn watch_requests(&self) -> broadcast::Receiver<RequestEvent> {
        self.live.requests.subscribe()
    }

    /// Follows the pool: the number changes whenever a channel's health or its place in the configuration may have.
    pub fn watch_pool(&self) -> watch::Receiver<u64> {
        self.live.pool.subscribe()
    }

    /// The callers that the guard turned away lately, newest first, 20 at most.
    pub fn refused_callers(&self) -> Vec<RefusedCaller> {
        self.live.refused.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn refused(live: &Live) -> Vec<(String, u64)> {
        let refused = live.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|caller| (caller.value.clone(), caller.count)).collect()
    }

    #[test]
    fn a_caller_that_comes_again_moves_to_the_front_and_is_counted() {
        let live = Live::new(None);
        live.turned_away(RefusedKind::Host, b"a.example", at(1));
        live.turned_away(RefusedKind::Origin, b"https://b.example", at(2));
        live.turned_away(RefusedKind::Host, b"a.example", at(3));
        assert_eq!(refused(&live), [("a.example".to_owned(), 2), ("https://b.example".to_owned(), 1)]);
    }

    #[test]
    fn a_flood_of_names_keeps_the_last_twenty_and_cuts_long_ones() {
        let live = Live::new(None);
        for number in 0..100 {
            live.turned_away(
                RefusedKind::Host,
                format!("{number}.{}", "x".repeat(10_000)).as_bytes(),
                at(number),
            );
        }
        let refused = refused(&live);
        assert_eq!(refused.len(), CALLERS_MAX);
        assert!(refused[0].0.starts_with("99."));
        assert_eq!(refused[0].0.chars().count(), CALLER_CHARS_MAX);
    }
}
