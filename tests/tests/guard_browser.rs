//! A page in a real browser, on another port, tries every way to a gateway that a page has. None arrives.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

use serde_json::Value;
use sluice_tests::bed::{self, Bed, Wishes};
use sluice_tests::programs::{Running, free_port, program};
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

/// What the page told, and what it left behind.
struct Visit {
    /// How many attempts it made.
    tries: u64,
    /// Those whose answer it could read.
    read: Vec<Value>,
    bed: Bed,
    upstream: Upstream,
}

/// Lets a browser open the page. Even any key is accepted, so that only the guard stands between page and upstream.
async fn visit(allowed_origins: fn(&Upstream) -> String) -> Visit {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    // The page must name the gateway's port and the gateway the page's, so one of the two is chosen beforehand.
    let port = free_port();
    let html = response("200 OK", "content-type: text/html\r\n", page(port).as_bytes());
    let site = Upstream::answering(html).await;
    let server = format!("[server]\nclient_keys = \"any\"\nallowed_origins = [{}]\n", allowed_origins(&site));
    let wishes = Wishes { listen: vec![([127, 0, 0, 1], port).into()], ..Wishes::default() };
    let bed = Bed::with(&(bed::two(speech, upstream.addr, upstream.addr) + &server), wishes).await;

    let profile = tempfile::tempdir().unwrap();
    let browser = program(&["chromium", "chromium-browser", "google-chrome"], "chromium");
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--disable-dev-shm-usage", "--remote-debugging-port=0"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(site.url());
    let chromium = Running::start(&mut command);
    let report = loop {
        let known = site.requests();
        let told = site.received().into_iter().find(|request| request.target() == "/done");
        if let Some(told) = told {
            break serde_json::from_slice::<Value>(&told.body).unwrap();
        }
        site.has_received(known + 1).await;
    };
    drop(chromium);
    let read = report["read"].as_array().unwrap().clone();
    Visit { tries: report["tries"].as_u64().unwrap(), read, bed, upstream }
}

#[tokio::test]
async fn nothing_that_a_page_does_reaches_an_upstream_or_is_readable() {
    let visit = visit(|_| String::new()).await;
    assert!(visit.tries > 30, "the page did its work");
    assert_eq!(visit.read, Vec::<Value>::new(), "the page could read an answer");
    assert_eq!(visit.upstream.connections(), 0, "a page reached the upstream");
    assert_eq!(visit.bed.gateway.traces(1).len(), 0, "a page's request was admitted");
    let speech = &speech::ALL[0];
    rescue::is_complete("a proper client", speech, false, &visit.bed.ask(speech, false).await);
}

#[tokio::test]
async fn the_same_page_gets_its_answers_once_its_origin_is_listed() {
    let visit = visit(|site| format!("\"{}\"", site.url())).await;
    assert!(
        visit.read.iter().any(|name| name.as_str().unwrap().starts_with("fetch http://127.0.0.1")),
        "{:?}",
        visit.read
    );
    assert!(visit.upstream.requests() > 0);
}
