//! Which channel serves the next attempt: health, limits, budgets and verdicts. Pure: told the time, seeded, no I/O.
//!
//! One request goes through the pool like this. A lease is given back exactly once, by one of the two `settle`s:
//!
//! ```text
//!              Progress::new
//!                    │
//!                    ▼                          ┌─ SameAgain { after }: wait, then ─┐
//!  ┌────────────► Pool::admit ◄─────────────────┤                                   │
//!  │                 │      │                   └─ TryAnother: at once ─────────────┤
//!  │   Err(Starved)  │      │ Ok(Lease)                                             │
//!  │                 ▼      ▼                                                       │
//!  │      wait, or refuse   attempt ── failed before content ──► Pool::settle_failed ──► Refuse(Refusal)
//!  │      (worth_waiting)      │
//!  └───────────┘               └────── answer ended, was cut, or the client left ──► Pool::settle
//! ```
//!
//! [`judge`] names what an upstream's refusal means.

mod constants;
mod failure;
mod lease;
mod now;
mod pool;
mod progress;
mod refusal;
mod starved;
mod view;

pub use failure::{Class, Failure, Outcome, Phase};
pub use lease::{CellId, Lease, Scope};
pub use now::Now;
pub use pool::Pool;
pub use progress::Progress;
pub use refusal::{Refusal, Relay, Verdict};
pub use starved::{Starved, StarvedKind};
pub use view::{BenchedCell, ChannelView, Health, LastError, Limits, Usage, Weighed};

use std::time::Duration;
use wire::Protocol;
use wire::observe::StreamFailure;

/// Names what an upstream's status and (bounded) body mean; `None` for a success.
pub fn judge<'h>(
    protocol: Protocol,
    status: u16,
    headers: &dyn Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: Now,
) -> Option<Failure> {
    let _ = (protocol, status, headers, body, now);
    None
}

/// Names what an error inside a stream means. The phase is P3; whoever has sent content says P4.
pub fn judge_stream_failure(protocol: Protocol, failure: &StreamFailure, now: Now) -> Failure {
    let _ = (protocol, now);
    Failure::new(Class::ServerError, Phase::P3, failure.message.clone())
}

/// Reads how long an upstream asks to wait.
pub fn retry_after<'h>(headers: &dyn Fn(&str) -> Option<&'h str>, body: &[u8], now: Now) -> Option<Duration> {
    let _ = (headers, body, now);
    None
}
