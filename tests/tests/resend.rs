//! What may be sent twice, and how often: never what may have been carried out, and never without bound.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use futures_util::future::join_all;
use sluice_tests::bed::{self, Bed, Channel, KEY, Wishes};
use sluice_tests::http::{Reply, Request};
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, Step, Upstream, response};
use wire::Protocol;

fn refusing_with(status: &str) -> Vec<Step> {
    let body = b"{\"error\":{\"message\":\"no\"}}";
    vec![Step::Read, Step::Send(response(status, "content-type: application/json\r\n", body))]
}

/// A gateway over these upstreams, the first asked first. Nobody waits for benched channels.
async fn chain(speech: &Speech, upstreams: &[Upstream], more: &str) -> Bed {
    let names: Vec<String> = (1..=upstreams.len()).map(|nth| format!("c{nth}")).collect();
    let channels: Vec<Channel<'_>> = names
        .iter()
        .zip(upstreams)
        .zip(1..)
        .map(|((name, upstream), priority)| Channel { name, addr: upstream.addr, priority, more })
        .collect();
    let mut wishes = Wishes::default();
    wishes.timers.queue = Duration::ZERO;
    Bed::with(&bed::channels(speech, &channels), wishes).await
}

async fn upstreams(script: &[Step], count: usize) -> Vec<Upstream> {
    join_all((0..count).map(|_| Upstream::always(script.to_vec()))).await
}

fn asked(upstreams: &[Upstream]) -> usize {
    upstreams.iter().map(Upstream::requests).sum()
}

/// Requests that leave something behind at the provider.
const STATEFUL: [&str; 3] = [
    r#"{"model":"m","input":"hello","store":true}"#,
    r#"{"model":"m","input":"hello","background":true}"#,
    r#"{"model":"m","input":"hello","previous_response_id":"resp_1"}"#,
];

async fn ask_stateful(body: &str, first: Upstream) -> (Reply, usize) {
    let speech = speech::ALL.iter().find(|speech| speech.protocol == Protocol::Responses).unwrap();
    let second = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, first.addr, second.addr).await;
    let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
    (reply, second.requests())
}

#[tokio::test]
async fn a_stateful_request_is_never_sent_twice() {
    for body in STATEFUL {
        for script in [vec![Step::Read, Step::Reset], vec![Step::Read, Step::Hold], refusing_with("500 x")] {
            let first = Upstream::always(script).await;
            let (reply, second) = ask_stateful(body, first).await;
            assert!(reply.status >= 500, "{body}: {}", reply.text());
            assert_eq!((reply.attempts(), second), (1, 0), "{body}");
        }
    }
}

#[tokio::test]
async fn a_stateful_request_that_was_not_sent_goes_elsewhere() {
    for body in STATEFUL {
        let gone = upstream::refusing().await;
        let speech = speech::ALL.iter().find(|speech| speech.protocol == Protocol::Responses).unwrap();
        let second = rescue::healthy(speech, false).await;
        let bed = Bed::pair(speech, gone, second.addr).await;
        let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
        rescue::is_complete(body, speech, false, &reply);
    }
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_sent_twice_at_most() {
    for speech in &speech::ALL {
        let silent = upstreams(&[Step::Read, Step::Hold], 4).await;
        let bed = chain(speech, &silent, "").await;
        let reply = bed.ask(speech, false).await;
        assert_eq!((reply.status, asked(&silent)), (504, 2), "{}: {}", speech.protocol, reply.text());
    }
}

#[tokio::test]
async fn three_attempts_that_may_cost_are_the_most() {
    for speech in &speech::ALL {
        let failing = upstreams(&refusing_with("500 Internal Server Error"), 6).await;
        let bed = chain(speech, &failing, "").await;
        let reply = bed.ask(speech, false).await;
        assert_eq!((reply.attempts(), asked(&failing)), (3, 3), "{}", speech.protocol);
        assert!(reply.status >= 500, "{}", reply.text());
    }
}

#[tokio::test]
async fn a_walk_past_dead_keys_ends_after_eight() {
    for speech in &speech::ALL {
        let dead = upstreams(&refusing_with("401 Unauthorized"), 12).await;
        let bed = chain(speech, &dead, "").await;
        let reply = bed.ask(speech, false).await;
        assert_eq!(asked(&dead), 8, "{}", speech.protocol);
        // Never 401: clients would ask their user to log in.
        assert_eq!((reply.status, reply.header("x-should-retry")), (502, Some("false")), "{}", reply.text());
        assert!(!reply.text().contains("sk-c"), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_channel_without_retries_is_asked_once() {
    let speech = &speech::ALL[0];
    let failing = upstreams(&refusing_with("503 Service Unavailable"), 1).await;
    let bed = chain(speech, &failing, "max_retries = 0").await;
    assert_eq!(bed.ask(speech, false).await.attempts(), 1);
    assert_eq!(asked(&failing), 1);
}

#[tokio::test]
async fn without_fallback_only_the_first_channel_is_asked() {
    let speech = &speech::ALL[0];
    let failing = Upstream::always(refusing_with("503 Service Unavailable")).await;
    let other = rescue::healthy(speech, false).await;
    let config = bed::two(speech, failing.addr, other.addr) + "[routing]\nfallback = false\n";
    let bed = Bed::start(&config).await;
    assert_eq!(bed.ask(speech, false).await.status, 503);
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn f26_when_everything_is_benched_the_refusal_comes_at_once_in_the_callers_shape() {
    for speech in &speech::ALL {
        let gone = [upstream::refusing().await, upstream::refusing().await];
        let mut wishes = Wishes::default();
        wishes.timers.queue = Duration::ZERO;
        let bed = Bed::with(&bed::two(speech, gone[0], gone[1]), wishes).await;
        for _ in 0..3 {
            bed.ask(speech, false).await;
        }
        let reply = bed.ask(speech, false).await;
        let expected = if speech.protocol == Protocol::Messages { 529 } else { 503 };
        assert_eq!((reply.status, reply.attempts()), (expected, 0), "{}: {}", speech.protocol, reply.text());
        let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(reply.header("x-should-retry"), Some("true"));
        let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("a: ") && message.contains("b: "),
            "each channel with its reason: {message}"
        );
    }
}

#[tokio::test]
async fn f27_two_failing_channels_cause_no_storm() {
    let speech = &speech::ALL[0];
    let failing = upstreams(&refusing_with("500 Internal Server Error"), 2).await;
    let bed = chain(speech, &failing, "").await;
    for _ in 0..200 {
        assert!(bed.ask(speech, false).await.status >= 500);
    }
    assert!(asked(&failing) <= 250, "{} upstream requests for 200", asked(&failing));
}
