//! What the simulator saw.

use std::sync::{Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use tokio::sync::watch;

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
        let mut out = serializer.serialize_struct("Seen", 9)?;
        out.serialize_field("number", &self.number)?;
        out.serialize_field("method", &self.method)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("query", &self.query)?;
        out.serialize_field("headers", &self.headers)?;
        out.serialize_field("model", &self.model)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("body_base64", &STANDARD.encode(&self.body))?;
        out.serialize_field("body", &self.text())?;
        out.end()
    }
}

/// Everything seen, and how many replies are still being sent. Both can be awaited.
#[derive(Debug)]
pub(crate) struct Record {
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
    open: watch::Sender<usize>,
}

impl Default for Record {
    fn default() -> Self {
        let (count, open) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { seen: Mutex::default(), count, open }
    }
}

impl Record {
    /// Keeps a request and gives it its number.
    pub(crate) fn keep(&self, mut seen: Seen) -> u64 {
        let mut all = self.lock();
        seen.number = all.len() as u64 + 1;
        let number = seen.number;
        all.push(seen);
        self.count.send_replace(all.len());
        number
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    pub(crate) fn clear(&self) {
        let mut all = self.lock();
        all.clear();
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

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
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
