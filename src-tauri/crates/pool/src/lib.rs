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
//! [`judge`] names what an upstream's refusal means; [`policy`] is the table of what each class brings with it.

mod admit;
mod breaker;
mod calendar;
mod constants;
mod failure;
mod hash;
mod hold;
mod judge;
mod lease;
mod limits;
mod line;
mod look;
mod now;
mod policy;
mod pool;
mod progress;
mod refusal;
mod retry_after;
mod retry_budget;
mod rota;
mod settle;
mod standing;
mod starved;
mod state;
mod verdict;
mod view;

#[cfg(test)]
mod testing;

pub use failure::{Blame, Class, Failure, Outcome, Phase};
pub use judge::{judge, judge_reply_failure, judge_stream_failure};
pub use lease::{CellId, Lease, Scope};
pub use now::Now;
pub use policy::{Again, Benches, Next, Policy, Words, policy};
pub use pool::Pool;
pub use progress::Progress;
pub use refusal::{Refusal, Relay, Verdict};
pub use retry_after::retry_after;
pub use starved::{HeldCandidate, Starved, StarvedKind};
pub use view::{
    BenchedCell, ChannelView, Exclusion, Health, HeldBack, LastError, Limits, ReasonCode, Usage, Weighed,
};
