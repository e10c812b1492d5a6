//! The gateway as a value: the snapshot in force, the pool, upstream connections and the last traces.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use config::{Catalog, Snapshot};
use http::request::Parts;
use pool::{Now, Pool};
use store::Clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    counting::Ledger,
    live::{Ended, Live},
    memories::Memories,
    objects::Objects,
    trace::{Trace, Traces},
    upstream::Upstream,
    waiting::Waiting,
};

/// What a gateway is made of.
pub struct Setup {
    /// The configuration in force; a new value takes effect with the next request.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// The one source of time.
    pub clock: Arc<Clock>,
    /// Names the client that a presented key belongs to; compares in constant time.
    pub client_keys: ClientsByKey,
    /// Seeds the pool's jitter and the request ids.
    pub seed: u64,
    /// How long to wait for what.
    pub timers: Timers,
    /// How much to accept of what.
    pub sizes: Sizes,
    /// Called with each admitted request's head, inside the panic guard; tests make it fail.
    pub inspect: Option<Inspect>,
    /// Called with each finished trace.
    pub ended: Option<Ended>,
}

/// The name of the client that a presented key belongs to; nothing for a key that is not ours.
pub type ClientsByKey = Arc<dyn Fn(&str) -> Option<Arc<str>> + Send + Sync>;

/// A look at each admitted request.
pub type Inspect = Arc<dyn Fn(&Parts) + Send + Sync>;

/// How long to wait for what (docs: routing, "Streams"). Defaults are the normative figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timers {
    /// TCP, proxy handshake and TLS together.
    pub connect: Duration,
    /// Response headers, when another candidate could serve.
    pub headers: Duration,
    /// Response headers and first content, when reasoning was asked for.
    pub headers_reasoning: Duration,
    /// Response headers and first content, when nobody else could serve or the channel is local.
    pub headers_alone: Duration,
    /// Response headers of a whole answer, when another candidate could serve. They come when all of it is written,
    /// so giving up early buys long answers twice; giving up after two minutes leaves no time for another attempt.
    pub headers_whole: Duration,
    /// First content after headers, when another candidate could serve.
    pub first_content: Duration,
    /// Silence on a flowing upstream body.
    pub idle_bytes: Duration,
    /// A flowing stream without any content-bearing event.
    pub idle_content: Duration,
    /// A whole (not streamed) reply from start to end.
    pub whole_total: Duration,
    /// Silence towards a streaming client before the answer is opened with a keep-alive.
    pub keep_alive_first: Duration,
    /// Silence towards a streaming client between keep-alives.
    pub keep_alive: Duration,
    /// A client's request head.
    pub request_header: Duration,
    /// Silence within a client's request body.
    pub request_body_idle: Duration,
    /// Longest wait in the queue for a benched pool.
    pub queue: Duration,
    /// An upstream's count of tokens, before it is estimated.
    pub count: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Timers {
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            headers_reasoning: Duration::from_secs(60),
            headers_alone: Duration::from_secs(300),
            headers_whole: Duration::from_secs(110),
            first_content: Duration::from_secs(12),
            idle_bytes: Duration::from_secs(60),
            idle_content: Duration::from_secs(300),
            whole_total: Duration::from_secs(600),
            keep_alive_first: Duration::from_secs(10),
            keep_alive: Duration::from_secs(12),
            request_header: Duration::from_secs(30),
            request_body_idle: Duration::from_secs(60),
            queue: Duration::from_secs(5),
            count: Duration::from_secs(2),
        }
    }
}

/// How much to accept of what, in bytes unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// A client's request body, after decompression.
    pub request_body: usize,
    /// Head of a client's request or of an upstream's response.
    pub head: usize,
    /// A whole reply up to this size is held and checked before the client sees a byte.
    pub held_reply: usize,
    /// Embeddings up to this size are held too: nobody reads half of them, and their usage stands at the end. Of other
    /// replies that flow a copy up to this size is kept for their usage.
    pub held_embeddings: usize,
    /// A whole reply altogether, after decompression.
    pub reply: usize,
    /// An upstream's error body.
    pub error_body: usize,
    /// A model's name; it is kept in traces and shown in headers.
    pub model_name: usize,
    /// One event of a stream.
    pub event: usize,
    /// What the commit gate holds at most.
    pub gate_bytes: usize,
    /// How many events the commit gate holds at most.
    pub gate_events: usize,
    /// Requests that wait for a benched pool.
    pub queue_requests: usize,
    /// Client connections at once.
    pub connections: usize,
    /// Traces kept in memory.
    pub traces: usize,
    /// Decompressed bytes per compressed byte, once more than a mebibyte came out.
    pub expansion: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        Sizes {
            request_body: 64 * MIB,
            head: 64 << 10,
            held_reply: MIB,
            held_embeddings: 16 * MIB,
            reply: 64 * MIB,
            error_body: MIB,
            model_name: 512,
            event: wire::sse::EVENT_BYTES_MAX,
            gate_bytes: 256 << 10,
            gate_events: 64,
            queue_requests: 32,
            connections: 10_000,
            traces: 500,
            expansion: 200,
        }
    }
}

/// A running gateway. Cheap to share; every request holds one `Arc` of it.
pub struct Gateway {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    reconciled: RwLock<Arc<Snapshot>>,
    pool: Mutex<Pool>,
    pub(crate) catalog: RwLock<Arc<Catalog>>,
    objects: Mutex<Objects>,
    ids: Mutex<fastrand::Rng>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) client_keys: ClientsByKey,
    pub(crate) timers: Timers,
    pub(crate) sizes: Sizes,
    pub(crate) inspect: Option<Inspect>,
    pub(crate) upstream: Upstream,
    pub(crate) waiting: Waiting,
    pub(crate) traces: Traces,
    pub(crate) memories: Memories,
    pub(crate) ledger: Ledger,
    pub(crate) live: Live,
    pub(crate) started: Now,
    /// New requests are refused; what runs goes on.
    paused: AtomicBool,
    /// Cancelled when the drain time is over: what still streams ends with an error event.
    pub(crate) closing: CancellationToken,
}

impl Gateway {
    /// Makes a gateway over the snapshot in force. Nothing listens yet; see [`crate::serve`].
    pub fn new(setup: Setup) -> Arc<Gateway> {
        let snapshot = Arc::clone(&setup.snapshot.borrow());
        let now = setup.clock.now();
        let mut pool = Pool::new(setup.seed);
        pool.reconcile(now, &snapshot);
        Arc::new(Gateway {
            upstream: Upstream::new(&setup.timers),
            waiting: Waiting::new(setup.sizes.queue_requests),
            traces: Traces::new(setup.sizes.traces),
            memories: Memories::new(),
            ledger: Ledger::new(),
            live: Live::new(setup.ended),
            paused: AtomicBool::new(false),
            snapshot: setup.snapshot,
            reconciled: RwLock::new(snapshot),
            pool: Mutex::new(pool),
            catalog: RwLock::default(),
            objects: Mutex::default(),
            ids: Mutex::new(fastrand::Rng::with_seed(setup.seed)),
            clock: setup.clock,
            client_keys: setup.client_keys,
            timers: setup.timers,
            sizes: setup.sizes,
            inspect: setup.inspect,
            started: now,
            closing: CancellationToken::new(),
        })
    }

    /// The snapshot in force. The first call after a change brings the pool and the connections in line with it.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let newest = Arc::clone(&self.snapshot.borrow());
        let held = self.reconciled.read().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&held, &newest) {
            return newest;
        }
        drop(held);
        let mut held = self.reconciled.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever held the lock may have gone further than what was newest a moment ago.
        let newest = Arc::clone(&self.snapshot.borrow());
        if !Arc::ptr_eq(&held, &newest) {
            self.pool().reconcile(self.clock.now(), &newest);
            self.upstream.keep_only(&newest);
            *held = Arc::clone(&newest);
            self.live.pool_changed();
        }
        newest
    }

    /// The pool, locked for a few lines; never held across an `.await`.
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who keeps what, locked for a few lines.
    pub(crate) fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the configuration in force.
    pub(crate) fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// A new request id: UUID version 7, so that ids sort by time.
    pub(crate) fn new_id(&self, now: Now) -> uuid::Uuid {
        let mut random = [0_u8; 10];
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut random);
        let millis = u64::try_from(now.wall.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Refuses new requests until it is called with `false`; those that run go on, and the port stays ours.
    pub fn set_paused(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::Relaxed) != paused {
            self.live.pool_changed();
        }
    }

    /// Whether new requests are refused for now.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Lets the next request try a channel at once, whatever it was benched for.
    pub fn probe_now(&self, channel_id: &str) {
        self.pool().probe_now(self.clock.now(), channel_id);
        self.live.pool_changed();
    }

    /// The trace of one of the last requests: by its id, a unique beginning of it, or `last`.
    pub fn trace(&self, id: &str) -> Option<Arc<Trace>> {
        self.traces.find(id)
    }

    /// The newest traces, newest first, `count` at most.
    pub fn traces(&self, count: usize) -> Vec<Arc<Trace>> {
        self.traces.newest(count)
    }
}
