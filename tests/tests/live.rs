//! What people see and do while the gateway runs: who asked, what runs, pause, and who was turned away.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use gateway::{Ending, RefusedKind, RequestEvent};
use sluice_tests::bed::{self, Bed, KEY};
use sluice_tests::http::Request;
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{STREAM_HEAD, Step, Upstream, chunk, response};
use sluice_tests::{rescue, within};
use tokio::sync::Notify;

fn chat() -> &'static Speech {
    &speech::ALL[0]
}

#[tokio::test]
async fn a_paused_gateway_asks_every_client_to_come_back_in_its_own_words() {
    for speech in &speech::ALL {
        let a = Upstream::answering(rescue::good(speech, false)).await;
        let bed = Bed::pair(speech, a.addr, a.addr).await;
        bed.gateway.set_paused(true);
        let reply = bed.ask(speech, false).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")), "{}", speech.name());
        assert!(reply.json()["error"]["message"].as_str().unwrap().contains("paused"), "{reply:?}");
        assert_eq!(a.requests(), 0, "{}", speech.name());
        bed.gateway.set_paused(false);
        assert_eq!(bed.ask(speech, false).await.status, 200, "{}", speech.name());
    }
}

#[tokio::test]
async fn a_stream_that_runs_when_the_gateway_is_paused_ends_as_it_would_have() {
    let speech = chat();
    let go_on = Arc::new(Notify::new());
    let (first, rest) = speech.stream.split_at(speech.first_events(1).len());
    let a = Upstream::always(vec![
        Step::Read,
        Step::Send(STREAM_HEAD.to_vec()),
        Step::Send(chunk(first.as_bytes())),
        Step::Await(Arc::clone(&go_on)),
        Step::Send(chunk(rest.as_bytes())),
        Step::Send(b"0\r\n\r\n".to_vec()),
    ])
    .await;
    let bed = Bed::pair(speech, a.addr, a.addr).await;
    let exchange = bed.begin(speech, true).await;
    a.has_received(1).await;
    bed.gateway.set_paused(true);
    go_on.notify_one();
    let reply = exchange.finish().await;
    assert_eq!((reply.status, reply.text()), (200, speech.stream.to_owned()));
}

#[tokio::test]
async fn a_request_is_shown_while_it_runs_and_again_when_it_ended_with_its_clients_name() {
    let speech = chat();
    let a = Upstream::answering(rescue::good(speech, true)).await;
    let bed = Bed::pair(speech, a.addr, a.addr).await;
    let mut events = bed.gateway.watch_requests();
    bed.ask(speech, true).await;
    let mut running = 0;
    let ended = loop {
        match within("an event", events.recv()).await.unwrap() {
            RequestEvent::Running(trace) => {
                assert_eq!(trace.ending, Ending::Running);
                assert_eq!(&*trace.attempts.last().unwrap().channel, "a");
                running += 1;
            }
            RequestEvent::Ended(trace) => break trace,
        }
    };
    assert_eq!(running, 2, "one at dispatch, one at the first content");
    assert_eq!((ended.ending, ended.client.as_deref()), (Ending::Done, Some("test")));
    assert_eq!(bed.gateway.trace("last").unwrap().id, ended.id);
}

#[tokio::test]
async fn a_failure_tells_those_who_watch_the_pool() {
    let speech = chat();
    let a = Upstream::answering(response("401 Unauthorized", "", b"{}")).await;
    let b = Upstream::answering(rescue::good(speech, false)).await;
    let bed = Bed::pair(speech, a.addr, b.addr).await;
    let mut pool = bed.gateway.watch_pool();
    pool.mark_unchanged();
    bed.ask(speech, false).await;
    assert!(pool.has_changed().unwrap());
}

#[tokio::test]
async fn callers_that_the_guard_turns_away_are_remembered_by_host_and_origin() {
    let speech = chat();
    let a = Upstream::answering(rescue::good(speech, false)).await;
    let bed = Bed::pair(speech, a.addr, a.addr).await;
    let foreign = speech.request(false).without_host().header("host", "evil.example:80");
    assert_eq!(bed.send(&foreign).await.status, 421);
    let page = Request::get("/v1/models").bearer(KEY).header("origin", "https://page.example");
    assert_eq!(bed.send(&page).await.status, 403);
    assert_eq!(bed.send(&page).await.status, 403);
    let refused: Vec<_> = bed.gateway.refused_callers();
    let seen: Vec<_> = refused.iter().map(|c| (c.kind, c.value.as_str(), c.count)).collect();
    assert_eq!(
        seen,
        [(RefusedKind::Origin, "https://page.example", 2), (RefusedKind::Host, "evil.example:80", 1),]
    );
}

#[tokio::test]
async fn the_models_that_an_upstream_lists_are_fetched_in_its_order() {
    let list = br#"{"object":"list","data":[{"id":"zeta"},{"id":"alpha"}]}"#;
    let a = Upstream::answering(response("200 OK", "content-type: application/json\r\n", list)).await;
    let bed = Bed::pair(chat(), a.addr, a.addr).await;
    let snapshot = bed::snapshot(&bed::two(chat(), a.addr, a.addr));
    let models = bed.gateway.fetch_models(Arc::clone(&snapshot.channels[0])).await.unwrap();
    assert_eq!(models, ["zeta", "alpha"]);
}

#[tokio::test]
async fn an_upstream_that_lists_nothing_or_refuses_the_key_says_so_with_a_fix() {
    for (status, body, fix) in [
        ("200 OK", &br#"{"data":[]}"#[..], gateway::Fix::NameTheModels),
        ("401 Unauthorized", &br#"{"error":{"message":"bad key"}}"#[..], gateway::Fix::CheckKey),
    ] {
        let a = Upstream::answering(response(status, "content-type: application/json\r\n", body)).await;
        let bed = Bed::pair(chat(), a.addr, a.addr).await;
        let snapshot = bed::snapshot(&bed::two(chat(), a.addr, a.addr));
        let missed = bed.gateway.fetch_models(Arc::clone(&snapshot.channels[0])).await.unwrap_err();
        assert_eq!(missed.fix, fix, "{status}: {}", missed.words);
    }
}
