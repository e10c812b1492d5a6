//! The desktop application as its user meets it: the real program in a session of its own, its tray over D-Bus.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "desktop/engine.rs"]
mod engine;
#[path = "desktop/lifecycle.rs"]
mod lifecycle;
#[path = "desktop/tray.rs"]
mod tray;
#[path = "desktop/window.rs"]
mod window;

use sim::{Plan, Simulator};
use sluice_tests::desktop::CLIENT_KEY;
use sluice_tests::http::{self, Request};
use std::net::SocketAddr;

/// A provider that answers.
async fn provider(name: &str) -> Simulator {
    Simulator::start(Plan::steady(name)).await.unwrap()
}

/// A channel of the configuration.
fn channel(name: &str, url: &str) -> String {
    format!(
        "[[channel]]\nname = \"{name}\"\nbase_url = \"{url}\"\nprotocols = [\"chat\"]\nkey = {{ env = \"SLUICE_KEY\" }}\n\
         model = \"m\"\nmodels = [\"m\"]\nmax_retries = 0\n"
    )
}

/// Two channels of one tier.
fn two(a: &Simulator, b: &Simulator) -> String {
    format!("{}# stays where it is\n{}", channel("Alpha", &a.url()), channel("Beta", &b.url()))
}

fn question() -> Request {
    Request::post("/v1/chat/completions", r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#)
        .bearer(CLIENT_KEY)
}

async fn ask(addr: SocketAddr) -> http::Reply {
    http::send(addr, &question()).await
}
