//! The real program, as people and other programs run it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod bed;
mod door;
mod edits;
mod serve;
