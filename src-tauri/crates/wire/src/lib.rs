//! The protocols on the wire, as bytes: what a request asks for, the few bytes an attempt changes in it, how streams
//! are framed, what an answer says, and how errors and model lists look in each protocol.
//!
//! Nothing here does I/O, reads a clock or knows a channel. Bodies are never parsed into a tree: [`json`] walks the text.

pub mod errors;
pub mod frames;
pub mod head;
pub mod json;
pub mod models;
pub mod observe;
mod protocol;
pub mod splice;
pub mod sse;
mod usage;

pub use protocol::{Operation, Protocol, UnknownProtocol};
pub use usage::Usage;
