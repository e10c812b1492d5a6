//! Requests as the window shows them while they come.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::{ask, channel, provider, scripted};

#[tokio::test]
async fn a_request_is_counted_listed_and_drawn_as_it_comes() {
    let failing = scripted("a", json!([{"then": {"status": 500}}])).await;
    let answering = provider("b").await;
    let desktop = Desktop::start(&format!(
        "{}{}",
        channel("Alpha", &failing.url(), "priority = 1"),
        channel("Beta", &answering.url(), "priority = 2")
    ));
    let window = desktop.window(&[]).await;
    window.sees("No request yet today.").await;

    let reply = ask(desktop.addr, "auto").await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("Beta")), "{reply:?}");

    window.sees("1 rescued, 0 refused").await;
    let told =
        "return [...document.querySelectorAll('dd')].some(figure => plain(figure.textContent) === '1')";
    window.waits("the request to be counted", told, &[]).await;
    window.sees("Then Beta answered.").await;
    let drawn = "return [...document.querySelectorAll('[role=img]')].some(one => /1/.test(one.getAttribute('aria-label')))";
    window.waits("the request to be drawn", drawn, &[]).await;

    window.press("Show the request").await;

    window.sees("Beta answered after Alpha failed on its side").await;
    let lanes = "return document.querySelectorAll('ol[aria-label] .track').length";
    assert_eq!(window.look(lanes, &[]).await, json!(2), "one lane for each attempt");
    window.sees("default").await;
    window.keys("Escape").await;

    window.press("Pause list").await;
    ask(desktop.addr, "auto").await;
    window.sees("Paused. 1 new request.").await;
    let rows = "return String(document.querySelectorAll('tr[data-id]').length) === given[0]";
    window.waits("the list to stand still", rows, &["1"]).await;
    window.press("Show 1 new").await;
    window.waits("the new request", rows, &["2"]).await;
}

#[tokio::test]
async fn a_request_is_shown_while_it_still_runs() {
    let slow = scripted("a", json!([{"then": {"fault": "silence"}}])).await;
    let desktop = Desktop::start(&channel("Alpha", &slow.url(), ""));
    let window = desktop.window(&[]).await;
    window.goes_to("#traffic").await;
    window.sees("No request yet").await;

    let asking = tokio::spawn({
        let addr = desktop.addr;
        async move { ask(addr, "auto").await }
    });

    window.sees("Waiting").await;
    asking.abort();
    window.sees("Client left").await;
}
