//! Secrets in a real keyring, in a session of its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod keychain;
mod owner;
mod serve;
