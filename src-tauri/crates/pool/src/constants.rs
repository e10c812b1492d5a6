//! Every number of the pool, with its reason. What a number means stands in docs/routing.md.

use std::time::Duration;

/// Consecutive failures that open a breaker. One or two are a hiccup.
pub(crate) const FAILURES_TO_OPEN: u32 = 3;
/// The least number of outcomes from which an error rate is taken seriously.
pub(crate) const RATE_OUTCOMES_MIN: usize = 10;
/// A breaker opens when at least one outcome in this many failed.
pub(crate) const RATE_FAILED_ONE_IN: usize = 2;
/// The window of the error rate.
pub(crate) const RATE_WINDOW: Duration = Duration::from_secs(60);
/// Outcomes remembered for the error rate; bounds memory on busy cells.
pub(crate) const RATE_OUTCOMES_MAX: usize = 64;
/// The first opening of a breaker; each further one doubles it.
pub(crate) const OPEN_FIRST: Duration = Duration::from_secs(5);
/// The longest transient opening: most upstreams recover within it, and a longer one misses the recovery.
pub(crate) const OPEN_MAX: Duration = Duration::from_secs(15);
/// Spread of an opening, in percent of it either way, so that channels benched together do not return together.
pub(crate) const OPEN_JITTER_PERCENT: u64 = 10;
/// Successful probes that close a breaker: one may be luck.
pub(crate) const SUCCESSES_TO_CLOSE: u32 = 2;
/// What a caller is told while somebody else's probe is under way; its end cannot be foretold.
pub(crate) const PROBE_RECHECK: Duration = Duration::from_secs(1);

/// The first bench for a rate limit that names no time; each further one doubles it.
pub(crate) const RATE_LIMIT_FIRST: Duration = Duration::from_secs(10);
/// The longest bench for a rate limit, whatever `Retry-After` says (values of two days have been seen).
pub(crate) const RATE_LIMIT_MAX: Duration = Duration::from_secs(300);
/// The bench for a used-up quota that names no reset.
pub(crate) const QUOTA_BENCH: Duration = Duration::from_secs(30 * 60);
/// The longest bench for a quota; somebody may have paid by then.
pub(crate) const QUOTA_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The first wait until a refused key is tried by one live request; each refusal doubles it.
pub(crate) const CREDENTIAL_FIRST: Duration = Duration::from_secs(5 * 60);
/// The longest such wait.
pub(crate) const CREDENTIAL_MAX: Duration = Duration::from_secs(60 * 60);
/// The bench for a model that a key cannot use.
pub(crate) const MODEL_BENCH: Duration = Duration::from_secs(60 * 60);

/// Attempts of one request that can cost tokens.
pub(crate) const COSTLY_ATTEMPTS_MAX: usize = 3;
/// Attempts of one request that are refused fast and cost nothing: enough to walk past dead keys.
pub(crate) const WALK_MAX: usize = 8;
/// Age of a request after which no new attempt begins.
pub(crate) const NEW_ATTEMPTS_FOR: Duration = Duration::from_secs(120);
/// Re-sends of a request that was sent and not answered.
pub(crate) const UNANSWERED_RESENDS_MAX: usize = 1;
/// The pause before the same cell is asked again after it failed on its side: at least this …
pub(crate) const SAME_CELL_PAUSE_MIN: Duration = Duration::from_millis(300);
/// … and at most this. Short, because going back to the same cell keeps its prompt cache.
pub(crate) const SAME_CELL_PAUSE_MAX: Duration = Duration::from_millis(500);
/// The longest rate limit that is waited for inline while others are free: cheaper than losing the prompt cache.
pub(crate) const INLINE_WAIT_MAX: Duration = Duration::from_secs(3);
/// The same where there is no other cell.
pub(crate) const INLINE_WAIT_ALONE_MAX: Duration = Duration::from_secs(5);
/// The unit of the back-off before a lone channel is connected to again; it doubles with each attempt.
pub(crate) const BACK_OFF_UNIT: Duration = Duration::from_millis(250);
/// The longest back-off.
pub(crate) const BACK_OFF_MAX: Duration = Duration::from_secs(2);

/// Retries that each request adds to the global budget, in percent of one.
pub(crate) const RETRY_PERCENT: u64 = 20;
/// Retries allowed in every window whatever the traffic, so that a quiet gateway can retry at all.
pub(crate) const RETRIES_FREE: u64 = 3;
/// Slots of one second that make up the window of the retry budget.
pub(crate) const RETRY_WINDOW_SLOTS: usize = 10;

/// The window of requests per minute.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// Dispatches remembered for a channel without a limit, for show only; bounds memory.
pub(crate) const UNLIMITED_LOG_MAX: usize = 65_536;
/// A wall clock that leaps forward by more than this is not believed at once.
pub(crate) const LEAP_HOURS: i64 = 36;
/// A leap is believed when a reading this much later still agrees.
pub(crate) const LEAP_CONFIRM: Duration = Duration::from_secs(60);

/// `Retry-After` never says more seconds than this: Claude Code gives up above it.
pub(crate) const RETRY_AFTER_S_MAX: u64 = 60;
/// A recovery this near is worth waiting for in a queue.
pub(crate) const QUEUE_WITHIN: Duration = Duration::from_secs(5);
/// Any wait that an upstream asks for is cut to this when read, so that sums cannot overflow.
pub(crate) const ASKED_WAIT_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Two channels on two hosts that cannot be reached within this time mean that this machine is offline.
pub(crate) const OFFLINE_WITHIN: Duration = Duration::from_secs(2);
/// While offline, one request at a time tries the network again after this.
pub(crate) const OFFLINE_RECHECK: Duration = Duration::from_secs(5);
/// Unreachable channels remembered.
pub(crate) const UNREACHABLE_MAX: usize = 32;

/// Models remembered for each key; clients choose names, so they must not fill the memory.
pub(crate) const CELLS_PER_KEY_MAX: usize = 256;
/// Sets of channels whose turns are remembered.
pub(crate) const ROTAS_MAX: usize = 256;
/// First-content times from which a percentile can be told.
pub(crate) const LATENCIES_MIN: usize = 8;
/// First-content times remembered for each cell.
pub(crate) const LATENCIES_MAX: usize = 32;
/// Characters of an upstream's message that are kept.
pub(crate) const MESSAGE_CHARS_MAX: usize = 300;
/// Bytes of an upstream's error body that are read.
pub(crate) const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;
