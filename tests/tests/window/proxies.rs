//! A network proxy, a real one, from its first line to the channels that use it.

use std::process::Command;

use serde_json::json;
use sluice_tests::desktop::Desktop;
use sluice_tests::programs::{Running, free_port, listening, place, program};
use sluice_tests::upstream::{self, Step, Upstream, own_address};

use crate::{ask, channel};

/// A chat completion, whole.
const ANSWER: &[u8] = br#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
    "message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

/// A provider on this machine's own address, because nothing on loopback is reached through a proxy.
async fn provider() -> Upstream {
    let script = vec![Step::Read, Step::Send(upstream::json(ANSWER))];
    Upstream::listen(&format!("{}:0", own_address()), None, vec![script]).await
}

/// A tinyproxy that asks for a login.
async fn tinyproxy(folder: &std::path::Path, login: &str) -> (Running, u16) {
    let port = free_port();
    let text = format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth {login}\n");
    let file = place(folder, "tinyproxy.conf", &text);
    let mut command = Command::new(program(&["tinyproxy"], "tinyproxy"));
    let running = Running::start(command.arg("-d").arg("-c").arg(file));
    listening(([127, 0, 0, 1], port).into()).await;
    (running, port)
}

#[tokio::test]
async fn a_proxy_is_added_tested_and_used() {
    let provider = provider().await;
    let desktop = Desktop::start(&channel("Alpha", &provider.url(), ""));
    let _keyring = desktop.session.keyring().await;
    let (_tinyproxy, port) = tinyproxy(desktop.session.home.path(), "office sk-password-of-the-proxy").await;
    let window = desktop.window(&[]).await;

    window.keys("Control+4").await;
    window.press("Add network proxy").await;
    window.fill("Name", "Office").await;
    window.fill("Host", "127.0.0.1").await;
    window.fill("Port", &port.to_string()).await;
    window.fill("User", "office").await;
    window.press("Set").await;
    window.fill("Password", "sk-password-of-the-proxy").await;
    window.press("Save").await;
    window.knows("list_proxies", json!({}), |lines| lines[0]["name"] == "Office").await;
    let file = desktop.config();
    assert!(file.contains("Office") && !file.contains("sk-password-of-the-proxy"), "{file}");
    window.sees("No channel uses it.").await;

    window.goes_to("#channels/Alpha?at=network").await;
    window.choose("Network proxy", "Office").await;
    window.press("Save").await;
    window.knows("list_proxies", json!({}), |lines| lines[0]["used_by"] == json!(["Alpha"])).await;
    assert_eq!(ask(desktop.addr, "m").await.status, 200);

    window.goes_to("#proxies/Office").await;
    window.press_in(".users", "Alpha").await;
    window.goes_to("#proxies/Office").await;
    window.press("Test").await;
    let tested = window.knows("list_proxies", json!({}), |lines| !lines[0]["last_test"].is_null()).await;
    let report = &tested[0]["last_test"];
    assert_eq!(report["ok"], true, "{report:#}");
    let steps = report["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap());
    assert_eq!(steps.collect::<Vec<_>>(), ["resolve", "connect", "auth", "reach"]);
    for step in ["Find the host", "Connect", "Sign in and open the tunnel", "Reach the internet"] {
        window.sees(step).await;
    }

    window.press("Delete this network proxy").await;
    window.sees("Office is in use").await;
    assert_eq!(window.perform("list_proxies", json!({})).await.unwrap()[0]["name"], "Office");
}
