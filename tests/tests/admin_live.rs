//! What changes while the gateway serves: its address, its pause, and what it tells of itself.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;

use serde_json::json;
use sim::{Plan, Simulator};
use sluice_tests::admin::{Administered, CLIENT_KEY};
use sluice_tests::http::{self, Exchange, Request};
use sluice_tests::programs::free_port;
use sluice_tests::{until, until_async};

async fn with_one_channel() -> (Simulator, Administered) {
    let upstream =
        Simulator::start(Plan { models: vec!["m".to_owned()], ..Plan::steady("steady") }).await.unwrap();
    let channel = format!(
        "[[channel]]\nname = \"a\"\nbase_url = \"{}\"\nkey = {{ env = \"KEY\" }}\nmodel = \"m\"\n",
        upstream.url()
    );
    let sluice = Administered::start(&channel, &[("KEY", "sim")]).await;
    (upstream, sluice)
}

#[tokio::test]
async fn a_new_port_is_served_at_once_and_the_old_one_drains() {
    let (_upstream, sluice) = with_one_channel().await;
    let new = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut events = sluice.events().await;
    let settings = sluice.done("set_setting", json!({ "key": "server.port", "value": new.port() })).await;
    let line =
        settings["lines"].as_array().unwrap().iter().find(|line| line["key"] == "server.port").unwrap();
    assert_eq!((&line["value"], &line["origin"]), (&json!(new.port()), &json!("file")));
    sluice.listens(new).await;
    // What runs at the old address goes on, and nothing new is let in there.
    events.read_until("\"gateway\"").await;
    until("the old address to be left", || std::net::TcpStream::connect(sluice.addr).err()).await;
    let overview = sluice.call_at(new, "overview", json!({})).await.reply();
    assert_eq!(overview["endpoint"], format!("http://{new}"));
    assert_eq!(overview["addresses"], json!([new.to_string()]));
}

#[tokio::test]
async fn a_port_that_another_program_has_changes_nothing() {
    let (_upstream, sluice) = with_one_channel().await;
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let before = sluice.config();
    let port = other.local_addr().unwrap().port();
    let refused = sluice.call("set_setting", json!({ "key": "server.port", "value": port })).await;
    assert_eq!(refused.fault(), ("port_taken", "server.port"), "{refused:?}");
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("process"), "{refused:?}");
    assert_eq!(sluice.config(), before);
    assert_eq!(sluice.ask("m").await.status, 200);
}

#[tokio::test]
async fn every_address_in_place_of_loopback_needs_no_second_port() {
    let (_upstream, sluice) = with_one_channel().await;
    sluice.done("set_setting", json!({ "key": "server.listen", "value": ["0.0.0.0"] })).await;
    let overview = sluice.done("overview", json!({})).await;
    assert_eq!(overview["addresses"], json!([format!("0.0.0.0:{}", sluice.addr.port())]));
    assert_eq!(sluice.ask("m").await.status, 200);
    sluice.done("set_setting", json!({ "key": "server.listen", "value": ["0.0.0.0", "::"] })).await;
    assert_eq!(sluice.ask("m").await.status, 200);
    sluice.done("set_setting", json!({ "key": "server.listen", "value": null })).await;
    assert_eq!(sluice.ask("m").await.status, 200);
}

#[tokio::test]
async fn a_paused_gateway_turns_requests_away_and_says_so() {
    let (_upstream, sluice) = with_one_channel().await;
    sluice.done("set_paused", json!({ "paused": true })).await;
    let turned_away = sluice.ask("m").await;
    assert_eq!((turned_away.status, turned_away.header("retry-after")), (503, Some("5")));
    assert_eq!(sluice.done("overview", json!({})).await["state"], "paused");
    sluice.done("set_paused", json!({ "paused": false })).await;
    assert_eq!(sluice.ask("m").await.status, 200);
    assert_eq!(sluice.done("overview", json!({})).await["state"], "ok");
}

#[tokio::test]
async fn the_overview_counts_and_the_events_tell_what_a_client_asked() {
    let (_upstream, sluice) = with_one_channel().await;
    let mut events = sluice.events().await;
    assert_eq!(sluice.ask("m").await.status, 200);
    events.read_until("\"kind\":\"request\"").await;
    let overview = until_async("the request to be counted", async || {
        let overview = sluice.done("overview", json!({})).await;
        (overview["counters"]["requests_today"] == 1).then_some(overview)
    })
    .await;
    assert_eq!(overview["counters"]["answered"], 1, "{overview}");
    assert_eq!(overview["flow"]["clients"], json!([{ "name": "default", "requests": 1 }]));
    assert_eq!(overview["flow"]["channels"], json!([{ "name": "a", "requests": 1 }]));
    assert_eq!(overview["hours"].as_array().unwrap().len(), 24);
    assert_eq!(overview["channels"][0]["hours"][23], "ok");
    assert_eq!(overview["channels"][0]["keys"][0]["uses"], 1);
    let traces = sluice.done("traces", json!({ "count": 1 })).await;
    assert_eq!(traces[0]["client"], "default");
    sluice.done("save_alias", json!({ "original": null, "name": "fast", "target": "m" })).await;
    events.read_until("\"kind\":\"configuration\"").await;
}

#[tokio::test]
async fn an_edit_is_told_once() {
    let (_upstream, sluice) = with_one_channel().await;
    let mut events = sluice.events().await;
    sluice.done("save_alias", json!({ "original": null, "name": "fast", "target": "m" })).await;
    events.read_until("\"kind\":\"configuration\"").await;
    sluice.done("set_paused", json!({ "paused": true })).await;
    events.read_until("\"kind\":\"gateway\"").await;
    assert_eq!(events.text().matches("\"kind\":\"configuration\"").count(), 1, "{}", events.text());
}

#[tokio::test]
async fn the_steps_of_a_test_are_told_while_it_runs() {
    let (_upstream, sluice) = with_one_channel().await;
    let mut events = sluice.events().await;
    sluice.done("test_channel", json!({ "name": "a" })).await;
    events.read_until("\"first_token\"").await;
    let told = events.text();
    for step in ["\"proxy\"", "\"tls\"", "\"auth\"", "\"model\""] {
        assert!(told.contains(step), "{step} in {told}");
    }
}

#[tokio::test]
async fn events_need_the_admin_token() {
    let (_upstream, sluice) = with_one_channel().await;
    let reply = http::send(sluice.addr, &Request::get("/api/events").bearer(CLIENT_KEY)).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn a_caller_that_was_turned_away_can_be_allowed() {
    let (_upstream, sluice) = with_one_channel().await;
    let host = format!("docker.example:{}", sluice.addr.port());
    let request = Request::get("/health").header("host", &host);
    assert_eq!(http::send(sluice.addr, &request).await.status, 421);
    let overview = sluice.done("overview", json!({})).await;
    assert_eq!(overview["refused_callers"][0]["value"], host);
    sluice.done("set_setting", json!({ "key": "server.allowed_hosts", "value": ["docker.example"] })).await;
    assert_eq!(http::send(sluice.addr, &request).await.status, 200);
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_reader() {
    let (_upstream, sluice) = with_one_channel().await;
    let events: Exchange = sluice.events().await;
    drop(events);
    assert_eq!(sluice.ask("m").await.status, 200);
}
