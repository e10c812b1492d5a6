//! The protocols on the wire, as bytes: what a request asks for, the few bytes an attempt changes in it, how streams
//! are framed, what an answer says, and how errors and model lists look in each protocol.
//!
//! Nothing here does I/O, reads a clock or knows a channel. Where client and channel speak the same protocol, bodies are
//! never parsed: [`json`] walks the text. Where they do not, [`translate`] goes by way of one canonical form ([`ask`],
//! [`reply`]), with a decoder and an encoder for each protocol ([`dialect`]). [`count`] says how many tokens a request has.

pub mod ask;
pub mod calls;
pub mod count;
pub mod dialect;
pub mod embed;
pub mod errors;
pub mod frames;
pub mod head;
pub mod json;
pub mod models;
pub mod multipart;
pub mod note;
pub mod observe;
mod protocol;
pub mod quirks;
pub mod reply;
pub mod schema;
pub mod splice;
pub mod sse;
pub mod state;
mod stops;
pub mod translate;
mod usage;

pub use protocol::{Native, Operation, Protocol, UnknownProtocol};
pub use usage::Usage;
