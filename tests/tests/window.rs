//! The window as its user meets it: the real program in a session of its own, driven by pointer and keys, in both
//! languages, with real channels behind it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "window/access.rs"]
mod access;
#[path = "window/channels.rs"]
mod channels;
#[path = "window/clipboard.rs"]
mod clipboard;
#[path = "window/faults.rs"]
mod faults;
#[path = "window/first_run.rs"]
mod first_run;
#[path = "window/hostile.rs"]
mod hostile;
#[path = "window/keyboard.rs"]
mod keyboard;
#[path = "window/models.rs"]
mod models;
#[path = "window/port.rs"]
mod port;
#[path = "window/proxies.rs"]
mod proxies;
#[path = "window/secrets.rs"]
mod secrets;
#[path = "window/settings.rs"]
mod settings;
#[path = "window/surface.rs"]
mod surface;
#[path = "window/traffic.rs"]
mod traffic;
#[path = "window/words.rs"]
mod words;

use std::net::SocketAddr;

use sim::{Plan, Simulator};
use sluice_tests::desktop::CLIENT_KEY;
use sluice_tests::http::{self, Request};

/// A provider that answers.
async fn provider(name: &str) -> Simulator {
    Simulator::start(Plan::steady(name)).await.unwrap()
}

/// A provider that does what these rules of the simulator say.
async fn scripted(name: &str, rules: serde_json::Value) -> Simulator {
    let rules = serde_json::from_value(rules).unwrap();
    Simulator::start(Plan::steady(name).scripted(rules)).await.unwrap()
}

/// A channel of the configuration that needs no key of its own; `more` are further lines.
fn channel(name: &str, url: &str, more: &str) -> String {
    format!(
        "\n[[channel]]\nname = \"{name}\"\nbase_url = \"{url}\"\nprotocols = [\"chat\"]\nkey = {{ env = \"SLUICE_KEY\" }}\n\
         model = \"m\"\nmax_retries = 0\n{more}\n"
    )
}

/// Asks the gateway for a model as a client does.
async fn ask(addr: SocketAddr, model: &str) -> http::Reply {
    ask_with(addr, model, CLIENT_KEY).await
}

/// Asks with another client's key.
async fn ask_with(addr: SocketAddr, model: &str, key: &str) -> http::Reply {
    let body = serde_json::json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
    http::send(addr, &Request::post("/v1/chat/completions", body.to_string()).bearer(key)).await
}
