//! Faults of replies: what is no answer never reaches a client, and what broke off is never taken for a whole.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use async_compression::Level;
use async_compression::tokio::bufread::GzipEncoder;
use futures_util::future::join_all;
use gateway::Ending;
use pool::{Class, Phase};
use sluice_tests::bed::{Bed, KEY};
use sluice_tests::http::{End, Reply, Request};
use sluice_tests::rescue::{self, Fault, Kinds};
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk, json, response};
use tokio::io::AsyncReadExt as _;
use wire::Protocol;

fn fault(
    name: &'static str,
    kinds: Kinds,
    class: Class,
    phase: Phase,
    script: fn(&Speech) -> Vec<Step>,
) -> Fault {
    Fault { name, script, kinds, attempts: 2, class, phase }
}

fn answering(bytes: Vec<u8>) -> Vec<Step> {
    vec![Step::Read, Step::Send(bytes)]
}

/// P021: An overload is worth one more try of the same channel, so that its prompt cache is not lost. `OpenAI`'s word for it
/// is an error of the server; both are treated alike.
#[tokio::test]
async fn f14_a_200_with_an_error_body_fails_over() {
    for speech in &speech::ALL {
        for stream in [false, true] {
            let label = format!("{}, stream: {stream}", speech.protocol);
            let a = Upstream::answering(json(speech.error_body.as_bytes())).await;
            let b = rescue::healthy(speech, stream).await;
            let bed = Bed::pair(speech, a.addr, b.addr).await;
            let reply = bed.ask(speech, stream).await;
            rescue::is_complete(&label, speech, stream, &reply);
            assert_eq!((reply.attempts(), a.requests(), b.requests()), (3, 2, 1), "{label}");
            let trace = bed.trace(&reply).await;
            let class = trace.attempts[0].class;
            assert!(matches!(class, Some(Class::Overloaded | Class::ServerError)), "{label}: {class:?}");
        }
    }
}

#[tokio::test]
async fn f14_a_web_page_fails_over() {
    rescue::check(fault("captive portal", Kinds::Both, Class::Malformed, Phase::P3, |_| {
        answering(response("200 OK", "content-type: text/html\r\n", b"<!doctype html><p>Sign in</p>"))
    }))
    .await;
}

#[tokio::test]
async fn f14_an_empty_body_fails_over() {
    rescue::check(fault("empty", Kinds::Whole, Class::Malformed, Phase::P3, |_| answering(json(b"")))).await;
    let streams = fault("empty stream", Kinds::Streams, Class::Malformed, Phase::P3, |_| {
        answering([STREAM_HEAD, LAST_CHUNK].concat())
    });
    rescue::check(streams).await;
}

#[tokio::test]
async fn f15_a_whole_reply_that_is_not_one_json_value_fails_over() {
    for script in [
        (|speech: &Speech| answering(json(&speech.answer.as_bytes()[..speech.answer.len() / 2])))
            as fn(&Speech) -> _,
        |speech| answering(json(format!("{} {{}}", speech.answer).as_bytes())),
        |speech| answering(json(speech.answer.replacen(':', "=", 1).as_bytes())),
        |_| answering(json(b"null")),
        |_| answering(json(b"true, maybe")),
    ] {
        rescue::check(fault("not JSON", Kinds::Whole, Class::Malformed, Phase::P3, script)).await;
    }
}

#[tokio::test]
async fn f16_invalid_utf8_passes_byte_for_byte() {
    for speech in &speech::ALL {
        let mut answer = speech.answer.as_bytes().to_vec();
        let at = speech.answer.find("Hello").unwrap();
        answer[at] = 0xff;
        let a = Upstream::answering(json(&answer)).await;
        let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
        let reply = bed.ask(speech, false).await;
        assert_eq!((reply.status, reply.body), (200, answer), "{}", speech.protocol);
    }
}

/// How an upstream can break off in the middle of a stream.
#[derive(Debug, Clone, Copy)]
enum Break {
    Reset,
    Close,
    ShortChunk,
    /// A proper end of the body, but without the event that says the answer is complete.
    NoTerminal,
    ErrorEvent,
}

const BREAKS: [Break; 5] =
    [Break::Reset, Break::Close, Break::ShortChunk, Break::NoTerminal, Break::ErrorEvent];

fn broken_stream(speech: &Speech, how: Break) -> Vec<Step> {
    let content = speech.without_terminal();
    let mut steps = vec![Step::Read, Step::Send(STREAM_HEAD.to_vec()), Step::Send(chunk(content.as_bytes()))];
    match how {
        Break::Reset => steps.push(Step::Reset),
        Break::Close => steps.push(Step::Close),
        Break::ShortChunk => steps.extend([Step::Send(b"ff\r\ndata: {".to_vec()), Step::Close]),
        Break::NoTerminal => steps.push(Step::Send(LAST_CHUNK.to_vec())),
        Break::ErrorEvent => {
            steps.extend([Step::Send(chunk(speech.error_event.as_bytes())), Step::Send(LAST_CHUNK.to_vec())]);
        }
    }
    steps
}

/// What a client must be able to rely on when a stream breaks after its first content.
fn ended_honestly(label: &str, speech: &Speech, reply: &Reply) {
    let text = reply.text();
    assert!(
        text.starts_with(&speech.without_terminal()),
        "{label}: what came before stays as it was: {text}"
    );
    let rest = &text[speech.without_terminal().len()..];
    assert!(rest.contains(speech.honest_end), "{label}: {rest}");
    assert!(
        !rest.contains(speech.terminal) && !rest.contains("[DONE]"),
        "{label}: no terminal is made up: {rest}"
    );
    let expected = match speech.protocol {
        // Gemini's clients recover only from an error event with a clean end.
        Protocol::Gemini => End::Clean,
        Protocol::Chat | Protocol::Responses | Protocol::Messages => End::Aborted,
    };
    assert_eq!(reply.end, expected, "{label}");
}

#[tokio::test]
async fn f17_a_stream_that_breaks_after_content_ends_honestly_and_is_not_sent_again() {
    let cases = speech::ALL.iter().flat_map(|speech| BREAKS.map(move |how| (speech, how)));
    join_all(cases.map(|(speech, how)| async move {
        let label = format!("{how:?}, {}", speech.protocol);
        let a = Upstream::always(broken_stream(speech, how)).await;
        let b = rescue::healthy(speech, true).await;
        let bed = Bed::pair(speech, a.addr, b.addr).await;
        let reply = bed.ask(speech, true).await;
        ended_honestly(&label, speech, &reply);
        assert_eq!((a.requests(), b.requests(), reply.attempts()), (1, 0, 1), "{label}");
        let trace = bed.trace(&reply).await;
        let expected = if matches!(how, Break::ErrorEvent) { Ending::Error } else { Ending::Cut };
        assert_eq!(trace.ending, expected, "{label}");
        assert_eq!(trace.attempts[0].phase, Some(Phase::P4), "{label}");
        bed.is_quiet().await;
    }))
    .await;
}

#[tokio::test]
async fn f17_three_broken_streams_bench_the_channel() {
    for speech in &speech::ALL {
        let a = Upstream::always(broken_stream(speech, Break::Close)).await;
        let b = rescue::healthy(speech, true).await;
        let bed = Bed::pair(speech, a.addr, b.addr).await;
        for _ in 0..3 {
            assert_eq!(bed.ask(speech, true).await.header("x-sluice-channel"), Some("a"));
            bed.is_quiet().await;
        }
        let fourth = bed.ask(speech, true).await;
        rescue::is_complete("the fourth", speech, true, &fourth);
        assert_eq!((fourth.header("x-sluice-channel"), a.requests()), (Some("b"), 3), "{}", speech.protocol);
    }
}

#[tokio::test]
async fn f18_a_stream_that_falls_silent_is_cut_at_the_idle_limit() {
    join_all(speech::ALL.iter().map(|speech| async move {
        let content = chunk(speech.without_terminal().as_bytes());
        let steps = vec![Step::Read, Step::Send(STREAM_HEAD.to_vec()), Step::Send(content), Step::Hold];
        let a = Upstream::always(steps).await;
        let b = rescue::healthy(speech, true).await;
        let bed = Bed::pair(speech, a.addr, b.addr).await;
        let reply = bed.ask(speech, true).await;
        ended_honestly("idle", speech, &reply);
        assert_eq!(bed.trace(&reply).await.ending, Ending::Idle, "{}", speech.protocol);
        a.was_left(1).await;
        bed.is_quiet().await;
    }))
    .await;
}

/// P022.
#[tokio::test]
async fn f19_an_error_event_before_any_content_fails_over_within_the_same_answer() {
    for speech in &speech::ALL {
        let events = [&speech.first_events(speech.preamble), speech.error_event].concat();
        let a = Upstream::answering(upstream::stream(events.as_bytes())).await;
        let b = rescue::healthy(speech, true).await;
        let bed = Bed::pair(speech, a.addr, b.addr).await;
        let reply = bed.ask(speech, true).await;
        rescue::is_complete("error first", speech, true, &reply);
        assert_eq!(b.requests(), 1);
        let trace = bed.trace(&reply).await;
        let class = trace.attempts[0].class;
        assert!(matches!(class, Some(Class::Overloaded | Class::ServerError)), "{class:?}");
        bed.is_quiet().await;
    }
}

#[tokio::test]
async fn f21_bodies_that_are_not_what_their_coding_says_fail_over() {
    rescue::check(fault("no gzip at all", Kinds::Both, Class::Malformed, Phase::P3, |speech| {
        answering(response("200 OK", "content-encoding: gzip\r\n", speech.answer.as_bytes()))
    }))
    .await;
    rescue::check(fault("a coding nobody asked for", Kinds::Both, Class::Malformed, Phase::P3, |speech| {
        answering(response("200 OK", "content-encoding: rot13\r\n", speech.answer.as_bytes()))
    }))
    .await;
}

/// P014.
#[tokio::test]
async fn f21_a_truncated_gzip_body_fails_over_and_a_proper_one_is_read() {
    let speech = &speech::ALL[0];
    let packed = gzip(speech.answer.as_bytes()).await;
    let headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let truncated = Upstream::answering(response("200 OK", headers, &packed[..packed.len() / 2])).await;
    let proper = Upstream::answering(response("200 OK", headers, &packed)).await;
    let bed = Bed::pair(speech, truncated.addr, proper.addr).await;
    let reply = bed.ask(speech, false).await;
    rescue::is_complete("the second channel's gzip", speech, false, &reply);
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(reply.attempts(), 2);
}

#[tokio::test]
async fn f21_a_gzip_bomb_is_not_unpacked() {
    let speech = &speech::ALL[0];
    let mut bomb = speech.answer[..speech.answer.len() - 1].to_owned();
    bomb.push_str(&" ".repeat(48 << 20));
    bomb.push('}');
    let packed = gzip(bomb.as_bytes()).await;
    assert!(bomb.len() / packed.len() > 900, "a bomb of about 1000:1");
    let a = Upstream::answering(response("200 OK", "content-encoding: gzip\r\n", &packed)).await;
    let b = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, a.addr, b.addr).await;
    let reply = bed.ask(speech, false).await;
    rescue::is_complete("bomb", speech, false, &reply);
    let trace = bed.trace(&reply).await;
    assert_eq!(trace.attempts[0].class, Some(Class::Malformed), "{:?}", trace.attempts[0].error);
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzipEncoder::with_quality(bytes, Level::Best).read_to_end(&mut packed).await.unwrap();
    packed
}

#[tokio::test]
async fn f22_an_endless_stream_is_left_when_the_client_leaves() {
    for speech in &speech::ALL {
        let event = speech.events()[speech.preamble];
        let endless = Step::ForEver(chunk(event.as_bytes()), Duration::ZERO);
        let start = chunk(speech.first_events(speech.preamble + 1).as_bytes());
        let a =
            Upstream::always(vec![Step::Read, Step::Send(STREAM_HEAD.to_vec()), Step::Send(start), endless])
                .await;
        let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
        let mut exchange = bed.begin(speech, true).await;
        exchange.read_until("Hel").await;
        drop(exchange);
        a.was_left(1).await;
        bed.is_quiet().await;
    }
}

#[tokio::test]
async fn f23_a_stream_is_known_by_its_bytes_and_not_by_its_content_type() {
    for speech in &speech::ALL {
        for kind in ["text/plain", "application/json", "application/octet-stream"] {
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
            let bytes = [head.as_bytes(), &chunk(speech.stream.as_bytes()), LAST_CHUNK].concat();
            let a = Upstream::answering(bytes).await;
            let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
            let reply = bed.ask(speech, true).await;
            rescue::is_complete(kind, speech, true, &reply);
            assert_eq!(reply.attempts(), 1, "{kind}");
        }
    }
}

#[tokio::test]
async fn f23_a_whole_answer_where_a_stream_was_asked_for_fails_over() {
    rescue::check(fault("JSON for a stream", Kinds::Streams, Class::Malformed, Phase::P3, |speech| {
        answering(json(speech.answer.as_bytes()))
    }))
    .await;
}

#[tokio::test]
async fn f24_interim_responses_are_ignored_and_trailers_dropped() {
    for speech in &speech::ALL {
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
        let trailers = b"0\r\nx-trailer: 1\r\n\r\n";
        let stream = [interim, STREAM_HEAD, &chunk(speech.stream.as_bytes()), trailers].concat();
        let a = Upstream::answering(stream).await;
        let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
        let reply = bed.ask(speech, true).await;
        rescue::is_complete("interim and trailers", speech, true, &reply);
        assert_eq!(reply.attempts(), 1);
    }
}

#[tokio::test]
async fn f24_success_without_a_body_is_a_failure() {
    rescue::check(fault("204", Kinds::Whole, Class::Malformed, Phase::P3, |_| {
        answering(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())
    }))
    .await;
    rescue::check(fault("205", Kinds::Whole, Class::Malformed, Phase::P3, |_| {
        answering(response("205 Reset Content", "", b""))
    }))
    .await;
}

#[tokio::test]
async fn a_304_or_a_redirect_is_a_failure_and_nobody_follows_it() {
    let elsewhere = Upstream::answering(json(b"{}")).await;
    for speech in &speech::ALL {
        for status in ["304 Not Modified", "302 Found", "307 Temporary Redirect"] {
            let location = format!("location: http://{}/v1/messages\r\n", elsewhere.addr);
            let a = Upstream::answering(response(status, &location, b"")).await;
            let b = rescue::healthy(speech, false).await;
            let bed = Bed::pair(speech, a.addr, b.addr).await;
            let reply = bed.ask(speech, false).await;
            rescue::is_complete(status, speech, false, &reply);
            assert_eq!(reply.attempts(), 2, "{status}");
            let trace = bed.trace(&reply).await;
            assert_eq!(trace.attempts[0].class, Some(Class::Malformed), "{status}");
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

// What a fast peer gets wrong: faulty first channel, healthy second.

#[tokio::test]
async fn a_stream_that_dies_before_its_first_byte_fails_over() {
    rescue::check(fault("headers, then reset", Kinds::Streams, Class::Malformed, Phase::P3, |_| {
        vec![Step::Read, Step::Send(STREAM_HEAD.to_vec()), Step::Reset]
    }))
    .await;
}

#[tokio::test]
async fn a_preamble_and_then_silence_fails_over() {
    rescue::check(fault("preamble, then silence", Kinds::Streams, Class::Silent, Phase::P3, |speech| {
        let preamble = speech.first_events(speech.preamble);
        let mut steps = vec![Step::Read, Step::Send(STREAM_HEAD.to_vec())];
        if !preamble.is_empty() {
            steps.push(Step::Send(chunk(preamble.as_bytes())));
        }
        steps.push(Step::Hold);
        steps
    }))
    .await;
}

#[tokio::test]
async fn a_preamble_and_then_a_clean_end_fails_over() {
    rescue::check(fault("preamble, then end", Kinds::Streams, Class::Malformed, Phase::P3, |speech| {
        let preamble = speech.first_events(speech.preamble);
        let chunks = if preamble.is_empty() { Vec::new() } else { chunk(preamble.as_bytes()) };
        answering([STREAM_HEAD, &chunks, LAST_CHUNK].concat())
    }))
    .await;
}

/// A refusal of the first channel that the second must make good.
struct Refused {
    status: &'static str,
    body: &'static str,
    class: Class,
}

const REFUSED: [Refused; 5] = [
    Refused {
        status: "400 Bad Request",
        body: r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#,
        class: Class::Quota,
    },
    Refused {
        status: "401 Unauthorized",
        body: r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        class: Class::Credential,
    },
    Refused {
        status: "404 Not Found",
        body: r#"{"error":{"message":"The model `m` does not exist","type":"invalid_request_error","code":"model_not_found"}}"#,
        class: Class::ModelGone,
    },
    Refused {
        status: "429 Too Many Requests",
        body: r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
        class: Class::Quota,
    },
    Refused {
        status: "429 Too Many Requests",
        body: r#"{"error":{"message":"slow down"}}"#,
        class: Class::RateLimit,
    },
];

/// P144.
#[tokio::test]
async fn refusals_that_another_channel_can_make_good_fail_over_at_once() {
    for refused in &REFUSED {
        for speech in &speech::ALL {
            let label = format!("{} {}, {}", refused.status, refused.body, speech.protocol);
            let head = "content-type: application/json\r\n";
            let a = Upstream::answering(response(refused.status, head, refused.body.as_bytes())).await;
            let b = rescue::healthy(speech, false).await;
            let bed = Bed::pair(speech, a.addr, b.addr).await;
            let reply = bed.ask(speech, false).await;
            rescue::is_complete(&label, speech, false, &reply);
            assert_eq!((reply.attempts(), a.requests()), (2, 1), "{label}");
            let trace = bed.trace(&reply).await;
            assert_eq!(trace.attempts[0].class, Some(refused.class), "{label}");
        }
    }
}

/// P007, P173.
#[tokio::test]
async fn errors_of_the_caller_reach_it_verbatim_and_nobody_else_is_asked() {
    for status in ["400 Bad Request", "413 Payload Too Large", "422 Unprocessable Entity", "409 Conflict"] {
        for speech in &speech::ALL {
            let body =
                br#"{"error": {"message" : "thinking.signature: bad", "type":"invalid_request_error"} }"#;
            let a = Upstream::answering(response(status, "content-type: application/json\r\n", body)).await;
            let b = rescue::healthy(speech, false).await;
            let bed = Bed::pair(speech, a.addr, b.addr).await;
            let reply = bed.ask(speech, false).await;
            assert_eq!(
                (reply.status.to_string(), reply.body),
                (status[..3].to_owned(), body.to_vec()),
                "{status}"
            );
            assert_eq!(b.requests(), 0, "{status}");
        }
    }
}

/// P007.
#[tokio::test]
async fn a_lone_channels_error_is_relayed_as_it_is_and_the_next_request_passes() {
    for speech in &speech::ALL {
        let body = br#"{"error":{"message":"boom","type":"server_error"}, "extra": 1.0}"#;
        let failing =
            vec![Step::Read, Step::Send(response("500 Internal Server Error", "x-request-id: r1\r\n", body))];
        let healthy = vec![Step::Read, Step::Send(rescue::good(speech, false))];
        // A lone channel is asked once more before its error is passed on.
        let a = Upstream::sequence(vec![failing.clone(), failing, healthy]).await;
        let bed = Bed::start(&sluice_tests::bed::channels(
            speech,
            &[sluice_tests::bed::Channel { name: "a", addr: a.addr, priority: 1, more: "" }],
        ))
        .await;
        let first = bed.ask(speech, false).await;
        assert_eq!((first.status, first.body.as_slice()), (500, &body[..]), "{}", speech.protocol);
        assert_eq!(first.header("x-request-id"), Some("r1"));
        let second = bed.ask(speech, false).await;
        rescue::is_complete("the next request", speech, false, &second);
    }
}

/// P186.
#[tokio::test]
async fn a_key_in_anothers_header_is_accepted_on_every_path() {
    for speech in &speech::ALL {
        let a = rescue::healthy(speech, false).await;
        let bed = Bed::pair(speech, a.addr, upstream::refusing().await).await;
        for name in ["x-api-key", "x-goog-api-key"] {
            let reply = bed.send(&Request::post(speech.target, speech.ask(false)).header(name, KEY)).await;
            rescue::is_complete(name, speech, false, &reply);
        }
    }
}
