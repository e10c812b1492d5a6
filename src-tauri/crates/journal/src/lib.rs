//! The log of a running gateway: coloured on a terminal, in daily files, never with a secret.
//!
//! ```text
//! event ─► log (filter, time) ─► fields ─► batch (a thread of its own) ─► mask ─► standard error, rolling files
//! ```

mod batch;
mod fields;
mod limits;
mod log;
mod mask;
mod rolling;

pub use limits::forbid_core_dumps;
pub use log::{Log, LogFault, LogPlan, start, start_brief};
pub use mask::Mask;
