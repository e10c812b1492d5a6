//! How requests end when somebody leaves, stops or says too much.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use sluice_tests::bed::{self, Bed, KEY, Wishes};
use sluice_tests::http::{End, Request};
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, STREAM_HEAD, Step, Upstream, chunk};
use tokio::sync::Notify;
use wire::Protocol;

fn chat() -> &'static Speech {
    speech::ALL.iter().find(|speech| speech.protocol == Protocol::Chat).unwrap()
}

#[tokio::test]
async fn a_client_that_leaves_at_the_terminal_got_a_whole_answer() {
    for speech in &speech::ALL {
        let never = Arc::new(Notify::new());
        let a = Upstream::always(vec![
            Step::Read,
            Step::Send(STREAM_HEAD.to_vec()),
            Step::Send(chunk(speech.stream.as_bytes())),
            Step::Await(never),
        ])
        .await;
        let bed = Bed::pair(speech, a.addr, a.addr).await;
        let mut exchange = bed.begin(speech, true).await;
        exchange.read_until(speech.events().last().unwrap().trim_end()).await;
        drop(exchange);
        bed.is_quiet().await;
        let trace = sluice_tests::until("the trace", || bed.gateway.trace("last")).await;
        assert_eq!(trace.ending, gateway::Ending::Done, "{}", speech.name());
        assert!(trace.usage.is_some(), "{}", speech.name());
    }
}

#[tokio::test]
async fn what_is_still_unanswered_when_the_gateway_stops_is_told_so() {
    for speech in &speech::ALL {
        for stream in [false, true] {
            let a = Upstream::always(vec![Step::Read, Step::Await(Arc::new(Notify::new()))]).await;
            let config = format!("{}\n[server]\ndrain_s = 0\n", bed::two(speech, a.addr, a.addr));
            let mut wishes = Wishes::default();
            wishes.timers.headers_alone = Duration::from_secs(300);
            let bed = Bed::with(&config, wishes).await;
            let exchange = bed.begin(speech, stream).await;
            a.has_received(1).await;
            let stopping = tokio::spawn(bed.stopped());
            let reply = exchange.finish().await;
            assert_eq!(reply.status, 503, "{} {stream}", speech.name());
            assert!(reply.text().contains("stopping"), "{} {stream}: {reply:?}", speech.name());
            stopping.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_opened_early_ends_with_an_error_event_when_the_gateway_stops() {
    for speech in &speech::ALL {
        let a = Upstream::always(vec![Step::Read, Step::Await(Arc::new(Notify::new()))]).await;
        let config = format!("{}\n[server]\ndrain_s = 0\n", bed::two(speech, a.addr, a.addr));
        let mut wishes = Wishes::default();
        wishes.timers.headers_alone = Duration::from_secs(300);
        wishes.timers.keep_alive_first = Duration::from_millis(20);
        let bed = Bed::with(&config, wishes).await;
        let mut exchange = bed.begin(speech, true).await;
        assert_eq!(exchange.head().await, 200);
        let stopping = tokio::spawn(bed.stopped());
        let reply = exchange.reply().await;
        assert!(reply.header("x-sluice-request-id").is_some(), "{}", speech.name());
        assert!(reply.text().contains("stopping"), "{}: {reply:?}", speech.name());
        let clean = speech.protocol == Protocol::Gemini;
        assert_eq!(reply.end == End::Clean, clean, "{}: {reply:?}", speech.name());
        stopping.await.unwrap();
    }
}

#[tokio::test]
async fn an_upstream_that_repeats_its_key_is_passed_on_without_it() {
    for speech in &speech::ALL {
        let body = br#"{"error":{"type":"invalid_request_error","message":"what is this: sk-repeated"}}"#;
        let a = Upstream::answering(upstream::response(
            "400 Bad Request",
            "content-type: application/json\r\n",
            body,
        ))
        .await;
        let config = bed::two(speech, a.addr, a.addr).replace("KEY_a", "KEY_repeated");
        let bed = Bed::start(&config).await;
        let reply = bed.ask(speech, false).await;
        assert_eq!(reply.status, 400, "{}", speech.name());
        assert!(reply.text().contains("what is this: [masked]"), "{}: {reply:?}", speech.name());
        let trace = serde_json::to_string(&*bed.trace(&reply).await).unwrap();
        let status = serde_json::to_string(&bed.gateway.status()).unwrap();
        for told in [reply.text(), trace, status] {
            assert!(!told.contains("sk-repeated"), "{}: {told}", speech.name());
        }
    }
}

#[tokio::test]
async fn a_key_repeated_within_a_stream_is_kept_out_of_trace_and_status() {
    for speech in &speech::ALL {
        let failure = speech.error_event.replace("overloaded\"", "overloaded by sk-repeated\"");
        let events = speech.first_events(speech.preamble + 1) + &failure;
        assert!(events.contains("sk-repeated"), "{}", speech.name());
        let a = Upstream::answering(upstream::stream(events.as_bytes())).await;
        let config = bed::two(speech, a.addr, a.addr).replace("KEY_a", "KEY_repeated");
        let bed = Bed::start(&config).await;
        let reply = bed.ask(speech, true).await;
        let trace = serde_json::to_string(&*bed.trace(&reply).await).unwrap();
        let status = serde_json::to_string(&bed.gateway.status()).unwrap();
        for told in [trace, status] {
            assert!(!told.contains("sk-repeated"), "{}: {told}", speech.name());
        }
    }
}

#[tokio::test]
async fn a_model_name_beyond_all_measure_is_refused_and_not_kept() {
    let a = Upstream::answering(upstream::json(chat().answer.as_bytes())).await;
    let bed = Bed::pair(chat(), a.addr, a.addr).await;
    let name = "m".repeat(100_000);
    let request = Request::post("/v1/chat/completions", chat().ask_model(&name, false)).bearer(KEY);
    let reply = bed.send(&request).await;
    assert_eq!(reply.status, 400);
    assert_eq!(a.requests(), 0);
    let trace = serde_json::to_string(&*bed.trace(&reply).await).unwrap();
    assert!(trace.len() < 2_000, "{} bytes", trace.len());
}

#[tokio::test]
async fn a_gemini_array_that_ends_in_an_error_is_closed() {
    let gemini = speech::ALL.iter().find(|speech| speech.protocol == Protocol::Gemini).unwrap();
    let part = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"index":0}]}"#;
    let failure = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    let head = String::from_utf8_lossy(STREAM_HEAD).replace("text/event-stream", "application/json");
    let a = Upstream::always(vec![
        Step::Read,
        Step::Send(head.into_bytes()),
        Step::Send(chunk(format!("[{part}").as_bytes())),
        Step::Send(chunk(format!(",\n{failure}").as_bytes())),
        Step::Await(Arc::new(Notify::new())),
    ])
    .await;
    let bed = Bed::pair(gemini, a.addr, a.addr).await;
    let request = Request::post("/v1beta/models/m:streamGenerateContent", gemini.ask(true)).bearer(KEY);
    let reply = bed.send(&request).await;
    let array = reply.json();
    assert_eq!(array[1]["error"]["code"], 503, "{reply:?}");
    assert_eq!(reply.end, End::Clean);
}
