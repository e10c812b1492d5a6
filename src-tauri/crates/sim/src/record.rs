//! What the simulator saw.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use tokio::sync::watch;

use crate::history::Find;

/// How many requests are kept; older ones give way.
const REQUESTS_MAX: usize = 1_000;
/// How much of their bodies is kept in all; older ones give way.
const BODY_BYTES_MAX: usize = 64 << 20;

/// One request as it arrived, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Counts from 1 since the start or the last reset.
    pub number: u64,
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// What stood behind the question mark.
    pub query: Option<String>,
    /// Names in lower case, in the order of arrival; values as text, other bytes replaced.
    pub headers: Vec<(String, String)>,
    /// The body's exact bytes.
    pub body: Bytes,
    /// The model asked for, from the body or the path.
    pub model: Option<String>,
    /// What its provider finds in the history that it brings.
    pub finds: Vec<Find>,
    /// The credential presented: bearer, `x-api-key`, `x-goog-api-key`, `api-key` or `?key=`.
    pub key: Option<String>,
}

impl Seen {
    /// Finds a header's first value by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, other bytes replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The body stands twice in the JSON: exact as base64, readable as text.
impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Seen", 10)?;
        out.serialize_field("number", &self.number)?;
        out.serialize_field("method", &self.method)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("query", &self.query)?;
        out.serialize_field("headers", &self.headers)?;
        out.serialize_field("model", &self.model)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("finds", &self.finds)?;
        out.serialize_field("body_base64", &STANDARD.encode(&self.body))?;
        out.serialize_field("body", &self.text())?;
        out.end()
    }
}

/// How many requests were seen, the newest of them, and how many replies are still being sent. The numbers can be
/// awaited.
#[derive(Debug)]
pub(crate) struct Record {
    /// Whether requests are kept at all, rather than counted only.
    keeps: bool,
    seen: Mutex<Kept>,
    count: watch::Sender<usize>,
    open: watch::Sender<usize>,
}

/// The newest requests, within the bounds.
#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<Seen>,
    body_bytes: usize,
    /// How many there were, those that gave way too.
    count: usize,
}

impl Kept {
    fn push(&mut self, seen: Seen) {
        self.body_bytes += seen.body.len();
        self.requests.push_back(seen);
        while self.requests.len() > REQUESTS_MAX || self.body_bytes > BODY_BYTES_MAX {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.body_bytes -= oldest.body.len();
        }
    }
}

impl Record {
    /// Begins to count requests, and to keep them if `keeps`.
    pub(crate) fn new(keeps: bool) -> Self {
        let (count, open) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { keeps, seen: Mutex::default(), count, open }
    }

    /// Counts a request, keeps it where requests are kept, and returns its number.
    pub(crate) fn keep(&self, mut seen: Seen) -> u64 {
        let mut kept = self.lock();
        kept.count += 1;
        let number = kept.count as u64;
        seen.number = number;
        if self.keeps {
            kept.push(seen);
        }
        self.count.send_replace(kept.count);
        number
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.lock().requests.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        *kept = Kept::default();
        self.count.send_replace(0);
    }

    /// Resolves when at least this many requests were seen.
    pub(crate) async fn reached(&self, requests: usize) {
        wait(&self.count, |&count| count >= requests).await;
    }

    /// Counts one reply as being sent until the guard is dropped.
    pub(crate) fn open(self: &std::sync::Arc<Self>) -> OpenReply {
        self.open.send_modify(|open| *open += 1);
        OpenReply(self.clone())
    }

    /// Resolves when no reply is being sent.
    pub(crate) async fn quiet(&self) {
        wait(&self.open, |&open| open == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn wait(counter: &watch::Sender<usize>, enough: impl FnMut(&usize) -> bool) {
    let mut receiver = counter.subscribe();
    receiver.wait_for(enough).await.expect("the sender is borrowed for as long as this waits");
}

/// A reply on its way; dropped when it is complete or its connection is gone.
#[derive(Debug)]
pub(crate) struct OpenReply(std::sync::Arc<Record>);

impl Drop for OpenReply {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Bytes) -> Seen {
        Seen {
            number: 0,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: None,
            headers: Vec::new(),
            body,
            model: None,
            finds: Vec::new(),
            key: None,
        }
    }

    #[test]
    fn older_requests_give_way_and_still_count() {
        let small = Record::new(true);
        for _ in 0..=REQUESTS_MAX {
            small.keep(request(Bytes::from_static(b"{}")));
        }
        let kept: Vec<u64> = small.all().iter().map(|seen| seen.number).collect();
        assert_eq!((kept.len(), kept[0]), (REQUESTS_MAX, 2));

        let large = Record::new(true);
        let half = Bytes::from(vec![b' '; BODY_BYTES_MAX / 2]);
        for _ in 0..3 {
            large.keep(request(half.clone()));
        }
        let kept: Vec<u64> = large.all().iter().map(|seen| seen.number).collect();
        assert_eq!(kept, [2, 3]);
    }

    #[test]
    fn a_forgetful_record_only_counts() {
        let record = Record::new(false);
        assert_eq!((record.keep(request(Bytes::new())), record.keep(request(Bytes::new()))), (1, 2));
        assert!(record.all().is_empty());
    }
}
