//! Faults of connection and transport: the next channel answers, and the trace says what was wrong.

use std::time::Duration;

use pool::{Class, Phase};
use sluice_tests::bed::{self, Bed, Channel};
use sluice_tests::http::End;
use sluice_tests::rescue::{self, Fault, Kinds};
use sluice_tests::speech;
use sluice_tests::tls::{Authority, Flaw};
use sluice_tests::upstream::{self, STREAM_HEAD, Step, Upstream, chunk};

type Script = fn(&speech::Speech) -> Vec<Step>;

fn fault(name: &'static str, kinds: Kinds, class: Class, phase: Phase, script: Script) -> Fault {
    Fault { name, script, kinds, attempts: 2, class, phase }
}

#[tokio::test]
async fn f01_a_refused_connection_fails_over() {
    for speech in &speech::ALL {
        rescue::check_unreachable("refused", upstream::refusing().await, speech, Class::Network).await;
    }
}

#[tokio::test]
async fn f01_three_refused_connections_bench_the_channel() {
    let speech = &speech::ALL[0];
    let b = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, upstream::refusing().await, b.addr).await;
    for _ in 0..3 {
        assert_eq!(bed.ask(speech, false).await.attempts(), 2);
    }
    let fourth = bed.ask(speech, false).await;
    assert_eq!((fourth.attempts(), fourth.header("x-sluice-channel")), (1, Some("b")));
    let trace = bed.trace(&fourth).await;
    assert!(trace.attempts.iter().all(|attempt| &*attempt.channel == "b"), "{trace:?}");
}

#[tokio::test]
async fn f02_a_black_hole_fails_over_at_the_connect_timeout() {
    let (addr, _listener, _queue) = upstream::black_hole().await;
    rescue::check_unreachable("black hole", addr, &speech::ALL[2], Class::Network).await;
}

#[tokio::test]
async fn f03_an_upstream_that_never_answers_is_left_at_the_timeout() {
    let silent = fault("silent", Kinds::Both, Class::Silent, Phase::P1, |_| vec![Step::Read, Step::Hold]);
    rescue::check(silent).await;
}

#[tokio::test]
async fn f04_a_reset_before_the_headers_fails_over_once() {
    let reset = fault("reset", Kinds::Both, Class::Network, Phase::P1, |_| vec![Step::Read, Step::Reset]);
    rescue::check(reset).await;
    let closed = fault("closed", Kinds::Both, Class::Network, Phase::P1, |_| vec![Step::Read, Step::Close]);
    rescue::check(closed).await;
}

#[tokio::test]
async fn f05_a_body_shorter_than_its_length_fails_over() {
    let endings: [(&str, Script); 3] = [
        ("close", |_| partial(&[Step::Close])),
        ("half-close", |_| partial(&[Step::HalfClose, Step::Hold])),
        ("reset", |_| partial(&[Step::Reset])),
    ];
    for (name, script) in endings {
        rescue::check(fault(name, Kinds::Whole, Class::Malformed, Phase::P3, script)).await;
    }
}

/// Promises five thousand bytes, sends a few, and then does this.
fn partial(then: &[Step]) -> Vec<Step> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{\"id\":\"x\",";
    [&[Step::Read, Step::Send(head.as_bytes().to_vec())], then].concat()
}

#[tokio::test]
async fn f06_headers_that_dribble_are_left_at_the_timeout() {
    let dribble = fault("dribble", Kinds::Both, Class::Silent, Phase::P1, |_| {
        let head = b"HTTP/1.1 200 OK\r\nx-slow: ".to_vec();
        vec![Step::Read, Step::Send(head), Step::ForEver(b"x".to_vec(), Duration::from_millis(20))]
    });
    rescue::check(dribble).await;
}

#[tokio::test]
async fn f07_a_bad_certificate_fails_over_benches_at_once_and_sends_nothing_in_the_clear() {
    for flaw in [Flaw::None, Flaw::Expired, Flaw::WrongHost] {
        // Nobody trusts the authority, so that even the flawless certificate counts as self-signed.
        let speech = &speech::ALL[0];
        let tls = Some(Authority::new().server(flaw));
        let a = Upstream::listen("127.0.0.1:0", tls, vec![vec![Step::Read]]).await;
        let b = rescue::healthy(speech, false).await;
        let config = bed::two(speech, a.addr, b.addr).replacen("http://", "https://", 1);
        let bed = Bed::start(&config).await;
        let first = bed.ask(speech, false).await;
        rescue::is_complete(&format!("{flaw:?}"), speech, false, &first);
        let trace = bed.trace(&first).await;
        assert_eq!(trace.attempts[0].class, Some(Class::Tls), "{flaw:?}: {:?}", trace.attempts[0].error);
        let second = bed.ask(speech, false).await;
        assert_eq!(second.attempts(), 1, "{flaw:?}: benched at once");
        assert_eq!((a.requests(), a.connections()), (0, 1), "{flaw:?}");
    }
}

#[tokio::test]
async fn f08_a_reply_without_length_ends_at_a_clean_close_and_fails_over_at_a_reset() {
    for speech in &speech::ALL {
        let old = ["HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n", speech.answer]
            .concat()
            .into_bytes();
        let a = Upstream::always(vec![Step::Read, Step::Send(old), Step::Close]).await;
        let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
        let reply = bed.ask(speech, false).await;
        rescue::is_complete("closed properly", speech, false, &reply);
        assert_eq!(reply.attempts(), 1);
    }
    let reset = fault("reset", Kinds::Whole, Class::Malformed, Phase::P3, |speech| {
        let half = &speech.answer[..speech.answer.len() / 2];
        let old = ["HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n", half].concat().into_bytes();
        vec![Step::Read, Step::Send(old), Step::Reset]
    });
    rescue::check(reset).await;
}

#[tokio::test]
async fn f09_equal_lengths_are_accepted() {
    let speech = &speech::ALL[0];
    let length = speech.answer.len();
    let twice = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-length: {length}\r\n\r\n{}",
        speech.answer
    );
    let a = Upstream::answering(twice.into_bytes()).await;
    let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
    let reply = bed.ask(speech, false).await;
    rescue::is_complete("equal lengths", speech, false, &reply);
    assert_eq!(reply.attempts(), 1);
}

#[tokio::test]
async fn f09_contradictory_lengths_fail_over() {
    rescue::check(fault("different lengths", Kinds::Whole, Class::Malformed, Phase::P1, |speech| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 900\r\n\r\n";
        vec![Step::Read, Step::Send([head, speech.answer].concat().into_bytes()), Step::Close]
    }))
    .await;
    rescue::check(fault("bad chunk size", Kinds::Both, Class::Malformed, Phase::P3, |_| {
        vec![Step::Read, Step::Send([STREAM_HEAD, b"zz\r\nhello\r\n"].concat()), Step::Close]
    }))
    .await;
}

#[tokio::test]
async fn f09_a_length_beside_chunks_fails_over() {
    rescue::check(fault("length and chunks", Kinds::Whole, Class::Malformed, Phase::P3, |speech| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        let body = chunk(speech.answer.as_bytes());
        vec![Step::Read, Step::Send([head, body, b"0\r\n\r\n".to_vec()].concat()), Step::Close]
    }))
    .await;
}

#[tokio::test]
async fn f10_response_headers_without_bound_fail_over() {
    rescue::check(fault("200 kB of headers", Kinds::Both, Class::Malformed, Phase::P3, |speech| {
        let head = format!("HTTP/1.1 200 OK\r\nx-pad: {}\r\n", "x".repeat(200_000));
        let rest = format!("content-length: {}\r\n\r\n{}", speech.answer.len(), speech.answer);
        vec![Step::Read, Step::Send([head, rest].concat().into_bytes())]
    }))
    .await;
}

#[tokio::test]
async fn f13_a_name_that_does_not_resolve_fails_over_within_the_connect_timeout() {
    let speech = &speech::ALL[0];
    let b = rescue::healthy(speech, false).await;
    let nowhere = Channel { name: "a", addr: b.addr, priority: 1, more: "" };
    let first = bed::channels(speech, &[nowhere]).replace(&b.addr.to_string(), "nowhere.invalid");
    let second = bed::channels(speech, &[Channel { name: "b", addr: b.addr, priority: 2, more: "" }]);
    let config = first + second.trim_start_matches("version = 1\n");
    let bed = Bed::start(&config).await;
    let reply = bed.ask(speech, false).await;
    rescue::is_complete("no such name", speech, false, &reply);
    let trace = bed.trace(&reply).await;
    assert_eq!(trace.attempts[0].class, Some(Class::Network), "{:?}", trace.attempts[0].error);
    assert_eq!(trace.attempts[0].phase, Some(Phase::P0));
}

#[tokio::test]
async fn an_upstream_that_closes_after_each_reply_costs_no_failure() {
    let speech = &speech::ALL[0];
    let closing = vec![Step::Read, Step::Send(rescue::good(speech, false)), Step::Close];
    let a = Upstream::always(closing).await;
    let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
    for nth in 1..=50 {
        let reply = bed.ask(speech, false).await;
        assert_eq!((reply.status, reply.end, reply.attempts()), (200, End::Clean, 1), "request {nth}");
    }
    assert_eq!(a.requests(), 50);
}
