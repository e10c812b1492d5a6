//! A page in a real browser, on another port, tries every way to a gateway that a page has. None arrives.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

use sluice_tests::bed::{self, Bed};
use sluice_tests::programs::{Running, program};
use sluice_tests::rescue;
use sluice_tests::speech;
use sluice_tests::upstream::{Upstream, response};

/// Tries fetch (with and without CORS), forms, images, scripts, event streams and web sockets against every name of
/// the gateway, then tells its own server what it could read.
fn page(port: u16) -> String {
    format!(
        r#"<!doctype html><meta charset="utf-8"><body><script>
const key = "sk-sluice-test", read = [];
const settle = (name, attempt) => attempt.then(() => read.push(name), () => {{}});
const body = JSON.stringify({{model: "m", messages: [{{role: "user", content: "hello"}}]}});
const tries = [];
for (const host of ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]) {{
  const at = `http://${{host}}:{port}`;
  for (const path of ["/v1/chat/completions", "/v1/messages", "/v1beta/models/m:generateContent?key=" + key]) {{
    tries.push(settle("fetch " + at, fetch(at + path, {{method: "POST", body,
      headers: {{"content-type": "application/json", authorization: "Bearer " + key}}}})));
    tries.push(settle("simple " + at, fetch(at + path, {{method: "POST", body,
      headers: {{"content-type": "text/plain"}}}}).then(r => r.text())));
    fetch(at + path, {{method: "POST", mode: "no-cors", body}}).catch(() => {{}});
    navigator.sendBeacon(at + path, body);
    const frame = document.createElement("iframe"), form = document.createElement("form");
    frame.name = "f" + Math.random();
    document.body.append(frame, form);
    Object.assign(form, {{method: "POST", action: at + path, target: frame.name, enctype: "text/plain"}});
    const input = document.createElement("input");
    Object.assign(input, {{name: body.slice(0, -1) + ',"x":"', value: '"}}'}});
    form.append(input);
    form.submit();
  }}
  for (const path of ["/status", "/v1/models?key=" + key, "/health"]) {{
    tries.push(settle("get " + at + path, fetch(at + path).then(r => r.text())));
    for (const tag of ["img", "script", "video"]) {{
      const element = document.createElement(tag);
      element.src = at + path;
      document.body.append(element);
    }}
  }}
  tries.push(settle("events " + at, new Promise((ok, no) => {{
    const events = new EventSource(at + "/v1/responses");
    events.onopen = ok;
    events.onerror = () => {{ events.close(); no(); }};
  }})));
  tries.push(settle("socket " + at, new Promise((ok, no) => {{
    const socket = new WebSocket(at.replace("http", "ws") + "/v1/responses");
    socket.onopen = ok;
    socket.onerror = no;
  }})));
}}
const loaded = new Promise(done => addEventListener("load", done));
Promise.all([...tries, loaded]).then(() => fetch("/done", {{method: "POST", body: JSON.stringify({{tries: tries.length, read}})}}));
</script>"#
    )
}

#[tokio::test]
async fn nothing_that_a_page_does_reaches_an_upstream_or_is_readable() {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    // Even where any key is accepted, a page must stay out.
    let config = bed::two(speech, upstream.addr, upstream.addr) + "[server]\nclient_keys = \"any\"\n";
    let bed = Bed::start(&config).await;
    let html = response("200 OK", "content-type: text/html\r\n", page(bed.addr.port()).as_bytes());
    let site = Upstream::answering(html).await;

    let profile = tempfile::tempdir().unwrap();
    let browser = program(&["chromium", "chromium-browser", "google-chrome"], "chromium");
    let mut command = Command::new(browser);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ]);
    command.args([
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
    ]);
    command
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--remote-debugging-port=0")
        .arg(site.url());
    let chromium = Running::start(&mut command);
    let report = loop {
        let told = site.received().into_iter().find(|request| request.target() == "/done");
        if let Some(told) = told {
            break serde_json::from_slice::<serde_json::Value>(&told.body).unwrap();
        }
        site.has_received(site.requests() + 1).await;
    };
    drop(chromium);

    assert!(report["tries"].as_u64().is_some_and(|tries| tries > 30), "the page did its work: {report}");
    assert_eq!(report["read"], serde_json::json!([]), "the page could read an answer");
    assert_eq!(upstream.connections(), 0, "a page reached the upstream");
    assert_eq!(bed.gateway.traces(1).len(), 0, "a page's request was admitted");
    // The gateway is alive and was reachable all the time.
    rescue::is_complete("a proper client", speech, false, &bed.ask(speech, false).await);
}
