//! The lists of models: what the upstreams list joins what the file says, and nobody waits for it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use rstest::rstest;
use serde_json::Value;
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::Request;
use sluice_tests::speech::{self, Speech};
use sluice_tests::until;
use sluice_tests::upstream::{self, Step, Upstream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const CHAT: &Speech = &speech::ALL[0];

fn channel(upstream: &Upstream, more: &'static str) -> String {
    bed::channels(CHAT, &[Channel { name: "a", addr: upstream.addr, priority: 1, more }])
}

fn listing(names: &[&str]) -> Vec<Step> {
    let data: Vec<Value> = names.iter().map(|name| serde_json::json!({ "id": name })).collect();
    vec![Step::Read, Step::Send(upstream::json(serde_json::json!({ "data": data }).to_string().as_bytes()))]
}

/// Fetches lists for as long as it is kept.
struct Watching(JoinHandle<()>);

impl Watching {
    fn of(bed: &Bed) -> Self {
        Self(tokio::spawn(gateway::watch_models(Arc::clone(&bed.gateway))))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn names(bed: &Bed) -> Vec<String> {
    let list = bed.send(&Request::get("/v1/models").bearer(KEY)).await.json();
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

async fn listed(bed: &Bed, name: &str) {
    until("the list of the upstream", || {
        let catalog = bed.gateway.catalog();
        catalog.names("a").iter().any(|one| &**one == name).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_upstreams_list_joins_the_files_names_each_once() {
    let a = Upstream::always(listing(&["Fetched-1", "M", "fetched-1"])).await;
    let config = channel(&a, "") + "[routing.aliases]\nquick = \"m\"\n";
    let bed = Bed::start(&config).await;
    assert_eq!(names(&bed).await, ["auto", "quick", "m"]);
    let _watching = Watching::of(&bed);
    listed(&bed, "Fetched-1").await;
    assert_eq!(names(&bed).await, ["auto", "quick", "m", "Fetched-1"]);
    let asked = &a.received()[0];
    assert_eq!(asked.target(), "/v1/models");
    assert!(asked.head.contains("sk-a") && !asked.head.contains(KEY), "{}", asked.head);
    let one = bed.send(&Request::get("/v1/models/FETCHED-1").bearer(KEY)).await;
    assert_eq!((one.status, one.json()["id"].as_str()), (200, Some("Fetched-1")));
}

#[tokio::test]
async fn a_fetched_name_is_routed_to_its_channel_as_the_upstream_spells_it() {
    let a = Upstream::sequence(vec![
        listing(&["Fetched-1"]),
        vec![Step::Read, Step::Send(upstream::json(CHAT.answer.as_bytes()))],
    ])
    .await;
    let bed = Bed::start(&channel(&a, "")).await;
    let _watching = Watching::of(&bed);
    listed(&bed, "Fetched-1").await;
    let body = r#"{"model":"fetched-1","messages":[{"role":"user","content":"x"}]}"#;
    let reply = bed.send(&Request::post("/v1/chat/completions", body).bearer(KEY)).await;
    assert_eq!((reply.status, reply.header("x-sluice-model")), (200, Some("Fetched-1")), "{}", reply.text());
    assert_eq!(bed.trace(&reply).await.matched, Some(config::Rule::Listed));
}

#[rstest]
#[case::p154_claude_code("/v1/models?limit=1000", &[("anthropic-version", "2023-06-01")], "/data", "id", "")]
#[case::openai("/v1/models", &[("accept", "*/*")], "/data", "id", "")]
#[case::gemini("/v1beta/models?pageSize=1000", &[("x-goog-api-client", "x")], "/models", "name", "models/")]
#[tokio::test]
async fn a_list_is_answered_at_once_while_the_upstream_is_silent(
    #[case] path: &str,
    #[case] headers: &[(&str, &str)],
    #[case] pointer: &str,
    #[case] id: &str,
    #[case] prefix: &str,
) {
    let silent = Upstream::always(vec![Step::Read, Step::Await(Arc::new(Notify::new()))]).await;
    let config = channel(&silent, "") + "[routing.aliases]\n\"claude-sluice\" = \"m\"\n";
    let bed = Bed::start(&config).await;
    let _watching = Watching::of(&bed);
    silent.has_received(1).await;
    let request = headers
        .iter()
        .fold(Request::get(path).bearer(KEY), |request, (name, value)| request.header(name, value));
    let reply = bed.send(&request).await;
    assert_eq!(reply.status, 200, "no redirect: {}", reply.text());
    let list = reply.json();
    let names: BTreeSet<String> = list
        .pointer(pointer)
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model[id].as_str().unwrap().trim_start_matches(prefix).to_owned())
        .collect();
    assert_eq!(names, BTreeSet::from(["auto", "claude-sluice", "m"].map(str::to_owned)));
}

#[tokio::test]
async fn a_channel_with_models_of_its_own_is_not_asked_and_an_edit_to_it_forgets_the_list() {
    let a = Upstream::always(listing(&["fetched"])).await;
    let bed = Bed::start(&channel(&a, "")).await;
    let _watching = Watching::of(&bed);
    listed(&bed, "fetched").await;
    bed.reconfigure(&channel(&a, "models = [\"m\", \"own\"]"));
    until("the list forgotten", || bed.gateway.catalog().names("a").is_empty().then_some(())).await;
    assert_eq!(names(&bed).await, ["auto", "m", "own"]);
    assert_eq!(a.requests(), 1);
}

#[tokio::test]
async fn an_edit_asks_the_new_upstream_and_a_failure_there_is_no_list() {
    let a = Upstream::always(listing(&["old"])).await;
    let b = Upstream::always(listing(&["new"])).await;
    let bed = Bed::start(&channel(&a, "")).await;
    let _watching = Watching::of(&bed);
    listed(&bed, "old").await;
    bed.reconfigure(&channel(&b, ""));
    listed(&bed, "new").await;
    assert_eq!(names(&bed).await, ["auto", "m", "new"]);
    let broken = Upstream::answering(upstream::response("500 Oops", "", b"")).await;
    bed.reconfigure(&channel(&broken, ""));
    broken.has_received(1).await;
    assert_eq!(names(&bed).await, ["auto", "m"]);
}

#[rstest]
#[case::messages("claude", "messages", "/v1/models?limit=1000")]
#[case::gemini("gemini", "gemini", "/v1beta/models?pageSize=1000")]
#[tokio::test]
async fn a_vendor_with_pages_is_asked_for_a_long_one(
    #[case] kind: &str,
    #[case] protocol: &str,
    #[case] target: &str,
) {
    let speech = speech::ALL.iter().find(|speech| speech.name() == protocol).unwrap();
    assert_eq!(speech.channel_type, kind);
    let a = Upstream::always(listing(&["fetched"])).await;
    let bed =
        Bed::start(&bed::channels(speech, &[Channel { name: "a", addr: a.addr, priority: 1, more: "" }]))
            .await;
    let _watching = Watching::of(&bed);
    listed(&bed, "fetched").await;
    assert_eq!(a.received()[0].target(), target);
}
