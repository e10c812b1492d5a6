//! The test bed: a real gateway in this process, upstreams that misbehave to the byte, and a client that sees all.
//!
//! ```text
//! http::Exchange ──raw HTTP/1.1──► bed::Bed (gateway) ──► upstream::Upstream  (scripted socket: cut, stall, reset …)
//!                                                     └─► sim::Simulator      (speaks like the providers)
//! ```
//! Nothing here sleeps or looks at the time: a test waits for what it needs to see, and [`within`] ends one that would
//! wait for ever.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test bed panics: that is how a test fails"
)]

pub mod admin;
pub mod bed;
pub mod canary;
#[cfg(target_os = "linux")]
pub mod clipboard;
pub mod conversation;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod http;
#[cfg(target_os = "linux")]
pub mod notifications;
#[cfg(target_os = "linux")]
pub mod person;
pub mod programs;
pub mod rescue;
#[cfg(target_os = "linux")]
pub mod session;
pub mod speech;
pub mod tls;
#[cfg(target_os = "linux")]
pub mod tray;
pub mod upstream;
#[cfg(target_os = "linux")]
pub mod window;

use std::time::Duration;

/// Fails the test if what it waits for does not come. Generous: it ends hangs, it measures nothing.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let output = tokio::time::timeout(Duration::from_secs(180), future).await;
    output.unwrap_or_else(|_elapsed| panic!("waited in vain: {what}"))
}

/// Looks again and again until there is something to see; for states that nobody announces.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let looking = async {
        let mut turns = tokio::time::interval(Duration::from_millis(2));
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            turns.tick().await;
        }
    };
    within(what, looking).await
}

/// Like [`until`], for a look that takes a while itself.
pub async fn until_async<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut turns = tokio::time::interval(Duration::from_millis(20));
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            turns.tick().await;
        }
    };
    within(what, looking).await
}
