//! Requests that go out in another protocol than their client's: the same life as any other, and the client's own words at
//! every end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use sluice_tests::bed::{self, Bed, Channel, KEY, Wishes};
use sluice_tests::http::{End, Request};
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use tokio::sync::Notify;
use wire::observe::{self, Observer};
use wire::{Operation, Protocol};

/// Every client with every upstream of another protocol.
fn pairs() -> impl Iterator<Item = (&'static Speech, &'static Speech)> {
    let all = speech::ALL.iter();
    all.clone()
        .flat_map(move |client| all.clone().map(move |channel| (client, channel)))
        .filter(|(client, channel)| client.protocol != channel.protocol)
}

fn label(client: &Speech, channel: &Speech) -> String {
    format!("{} → {}", client.name(), channel.name())
}

/// A gateway with one channel, which speaks another protocol than the client.
async fn one(channel: &Speech, upstream: &Upstream) -> Bed {
    let only = Channel { name: "a", addr: upstream.addr, priority: 1, more: "" };
    Bed::start(&bed::channels(channel, &[only])).await
}

fn streams(body: &str) -> Vec<Step> {
    vec![Step::Read, Step::Send(upstream::stream(body.as_bytes()))]
}

/// Reads a stream as its client would.
fn read(protocol: Protocol, stream: &str) -> Observer {
    let mut observer = Observer::new(protocol);
    let mut splitter = wire::frames::Splitter::new(wire::frames::Framing::Sse, 1 << 20);
    let mut each = |event: wire::sse::Event<'_>| {
        if event.kind == wire::sse::Kind::Message {
            observer.event(event.name, event.data);
        }
    };
    splitter.push(stream.as_bytes(), &mut each).unwrap();
    splitter.finish(&mut each).unwrap();
    observer
}

#[tokio::test]
async fn a_whole_answer_is_read_in_the_clients_words() {
    for (client, channel) in pairs() {
        let a =
            Upstream::always(vec![Step::Read, Step::Send(upstream::json(channel.answer.as_bytes()))]).await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, false).await;
        let label = label(client, channel);
        assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("a")), "{label}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{label}");
        let seen = observe::whole(client.protocol, Operation::Generate, &reply.body).unwrap();
        assert!(reply.text().contains("Hello from b."), "{label}: {}", reply.text());
        assert_eq!(seen.usage.map(|usage| (usage.input(), usage.output)), Some((7, 4)), "{label}");
        let trace = bed.trace(&reply).await;
        assert_eq!(trace.usage, seen.usage, "{label}");
        assert_eq!(trace.attempts[0].protocol, channel.protocol, "{label}");
        let sent = &a.received()[0];
        assert!(sent.head.contains("sk-a") && !sent.head.contains(KEY), "{label}: {}", sent.head);
        let target = channel.target.split('?').next().unwrap();
        assert!(sent.head.starts_with(&format!("POST {target}")), "{label}: {}", sent.head);
    }
}

#[tokio::test]
async fn a_stream_is_read_in_the_clients_words() {
    for (client, channel) in pairs() {
        let a = Upstream::always(streams(channel.stream)).await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, true).await;
        let label = label(client, channel);
        assert_eq!((reply.status, reply.end), (200, End::Clean), "{label}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("text/event-stream"), "{label}");
        let seen = read(client.protocol, &reply.text());
        assert!(seen.ended() && seen.has_content(), "{label}: {}", reply.text());
        let trace = bed.trace(&reply).await;
        assert_eq!((trace.ending, trace.usage), (gateway::Ending::Done, seen.usage()), "{label}");
    }
}

#[tokio::test]
async fn a_channel_of_another_protocol_takes_over_before_the_first_content() {
    for (client, channel) in pairs() {
        for stream in [false, true] {
            let a = Upstream::always(vec![
                Step::Read,
                Step::Send(upstream::response("503 Service Unavailable", "", client.error_body.as_bytes())),
            ])
            .await;
            let body = if stream { channel.stream } else { channel.answer };
            let b = if stream {
                Upstream::always(streams(body)).await
            } else {
                Upstream::always(vec![Step::Read, Step::Send(upstream::json(body.as_bytes()))]).await
            };
            let first = bed::channels(client, &[Channel { name: "a", addr: a.addr, priority: 1, more: "" }]);
            let second =
                bed::channels(channel, &[Channel { name: "b", addr: b.addr, priority: 2, more: "" }]);
            let second = second.trim_start_matches("version = 1\n");
            let bed = Bed::start(&(first + second)).await;
            let reply = bed.ask(client, stream).await;
            let label = label(client, channel);
            assert_eq!(
                (reply.status, reply.header("x-sluice-channel")),
                (200, Some("b")),
                "{label}: {reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_failure_in_midstream_is_told_in_the_clients_words() {
    for (client, channel) in pairs() {
        let committed = Arc::new(Notify::new());
        let a = Upstream::always(vec![
            Step::Read,
            Step::Send(STREAM_HEAD.to_vec()),
            Step::Send(chunk(channel.first_events(channel.preamble + 1).as_bytes())),
            Step::Await(committed.clone()),
            Step::Send(chunk(channel.error_event.as_bytes())),
            Step::Send(LAST_CHUNK.to_vec()),
        ])
        .await;
        let bed = one(channel, &a).await;
        let mut exchange = bed.begin(client, true).await;
        exchange.head().await;
        committed.notify_one();
        let reply = exchange.reply().await;
        let label = label(client, channel);
        let text = reply.text();
        assert_eq!(reply.status, 200, "{label}: {reply:?}");
        assert!(text.contains(client.honest_end), "{label}: {text}");
        assert!(!read(client.protocol, &text).ended(), "{label}: {text}");
        assert_eq!(reply.end == End::Clean, client.protocol == Protocol::Gemini, "{label}: {reply:?}");
        assert_eq!(bed.trace(&reply).await.ending, gateway::Ending::Error, "{label}");
    }
}

/// P184.
#[tokio::test]
async fn a_stream_that_ends_without_its_terminal_gets_none_made_up() {
    for (client, channel) in pairs() {
        let mut steps = vec![Step::Read, Step::Send(STREAM_HEAD.to_vec())];
        steps.extend([
            Step::Send(chunk(channel.without_terminal().as_bytes())),
            Step::Send(LAST_CHUNK.to_vec()),
        ]);
        let a = Upstream::always(steps).await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, true).await;
        let label = label(client, channel);
        let text = reply.text();
        assert!(text.contains(client.honest_end), "{label}: {text}");
        assert!(!read(client.protocol, &text).ended(), "{label}: {text}");
        assert_eq!(bed.trace(&reply).await.ending, gateway::Ending::Cut, "{label}");
    }
}

/// P052, P180.
#[tokio::test]
async fn a_silent_upstream_is_bridged_in_the_clients_own_way() {
    for (client, channel) in pairs() {
        let go_on = Arc::new(Notify::new());
        let events = channel.events();
        let begun = channel.first_events((channel.preamble + 1).min(events.len()));
        let rest = &channel.stream[begun.len()..];
        let a = Upstream::always(vec![
            Step::Read,
            Step::Send(STREAM_HEAD.to_vec()),
            Step::Send(chunk(begun.as_bytes())),
            Step::Await(go_on.clone()),
            Step::Send(chunk(rest.as_bytes())),
            Step::Send(LAST_CHUNK.to_vec()),
        ])
        .await;
        let only = Channel { name: "a", addr: a.addr, priority: 1, more: "" };
        let mut wishes = Wishes::default();
        wishes.timers.keep_alive = Duration::from_millis(30);
        wishes.timers.keep_alive_first = Duration::from_millis(30);
        wishes.timers.idle_bytes = Duration::from_secs(60);
        let bed = Bed::with(&bed::channels(channel, &[only]), wishes).await;
        let mut exchange = bed.begin(client, true).await;
        let alive = match client.protocol {
            Protocol::Messages => "event: ping",
            Protocol::Chat | Protocol::Responses => ": keep-alive",
            Protocol::Gemini => r#"{"text":""}"#,
        };
        exchange.read_until(alive).await;
        go_on.notify_one();
        let reply = exchange.reply().await;
        let seen = read(client.protocol, &reply.text());
        assert!(seen.ended(), "{}: {}", label(client, channel), reply.text());
    }
}

/// P060.
#[tokio::test]
async fn an_answer_in_the_other_form_than_asked_for_is_told_in_the_one_that_was() {
    for (client, channel) in pairs() {
        let label = label(client, channel);
        let a = Upstream::always(streams(channel.stream)).await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, false).await;
        assert_eq!(reply.status, 200, "{label}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{label}");
        let seen = observe::whole(client.protocol, Operation::Generate, &reply.body).unwrap();
        assert_eq!(bed.trace(&reply).await.usage, seen.usage, "{label}");

        let a =
            Upstream::always(vec![Step::Read, Step::Send(upstream::json(channel.answer.as_bytes()))]).await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, true).await;
        assert_eq!((reply.status, reply.end), (200, End::Clean), "{label}: {reply:?}");
        assert!(reply.text().contains("Hello from b."), "{label}: {}", reply.text());
        let seen = read(client.protocol, &reply.text());
        assert!(seen.ended(), "{label}: {}", reply.text());
        let trace = bed.trace(&reply).await;
        let usage = trace.usage.map(|usage| (usage.input(), usage.output));
        assert_eq!((trace.ending, usage), (gateway::Ending::Done, Some((7, 4))), "{label}");
    }
}

fn speech(protocol: Protocol) -> &'static Speech {
    speech::ALL.iter().find(|speech| speech.protocol == protocol).unwrap()
}

#[tokio::test]
async fn what_no_other_protocol_can_say_goes_to_a_channel_that_speaks_the_clients() {
    let (chat, messages) = (speech(Protocol::Chat), speech(Protocol::Messages));
    let a = Upstream::always(vec![Step::Read, Step::Send(upstream::json(messages.answer.as_bytes()))]).await;
    let b = Upstream::always(vec![Step::Read, Step::Send(upstream::json(chat.answer.as_bytes()))]).await;
    let first = bed::channels(messages, &[Channel { name: "a", addr: a.addr, priority: 1, more: "" }]);
    let second = bed::channels(chat, &[Channel { name: "b", addr: b.addr, priority: 2, more: "" }]);
    let ask = r#"{"model":"m","n":2,"messages":[{"role":"user","content":"hello"}]}"#;

    let bed = Bed::start(&(first.clone() + second.trim_start_matches("version = 1\n"))).await;
    let reply = bed.send(&Request::post(chat.target, ask).bearer(KEY)).await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("b")), "{reply:?}");

    let bed = Bed::start(&first).await;
    let reply = bed.send(&Request::post(chat.target, ask).bearer(KEY)).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(reply.json()["error"]["param"], "n", "{reply:?}");
    assert_eq!(reply.json()["error"]["code"], "unsupported_value", "{reply:?}");
    assert!(a.received().is_empty(), "nothing was asked of a channel that cannot say it");
}

#[tokio::test]
async fn what_was_left_out_is_told_in_a_header_and_in_the_trace() {
    let (chat, messages) = (speech(Protocol::Chat), speech(Protocol::Messages));
    let a = Upstream::always(vec![Step::Read, Step::Send(upstream::json(messages.answer.as_bytes()))]).await;
    let bed = one(messages, &a).await;
    let ask = r#"{"model":"m","seed":7,"messages":[{"role":"user","content":"hello"}]}"#;
    let reply = bed.send(&Request::post(chat.target, ask).bearer(KEY)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.header("x-sluice-dropped").is_some_and(|list| list.contains("drop:seed")), "{reply:?}");
    let trace = bed.trace(&reply).await;
    assert!(trace.attempts[0].notes.iter().any(|note| note.field == "seed"), "{trace:?}");
    let same = bed.ask(messages, false).await;
    assert_eq!(same.header("x-sluice-dropped"), None, "the same protocol passes as it is");
}

/// P139.
#[tokio::test]
async fn an_upstreams_refusal_is_told_in_the_clients_shape() {
    for (client, channel) in pairs() {
        let a = Upstream::always(vec![
            Step::Read,
            Step::Send(upstream::response("400 Bad Request", "", br#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}"#)),
        ])
        .await;
        let bed = one(channel, &a).await;
        let reply = bed.ask(client, false).await;
        let label = label(client, channel);
        assert_eq!(reply.status, 400, "{label}: {reply:?}");
        let error = &reply.json()["error"];
        let told = match client.protocol {
            Protocol::Messages => error["message"] == "prompt is too long: 9000 tokens > 8192 maximum",
            Protocol::Chat | Protocol::Responses => error["code"] == "context_length_exceeded",
            Protocol::Gemini => error["status"] == "INVALID_ARGUMENT",
        };
        assert!(told, "{label}: {reply:?}");
    }
}

/// An upstream's refusal, and what the client gets of it.
struct Refused {
    id: &'static str,
    client: Protocol,
    channel: Protocol,
    status: &'static str,
    body: &'static str,
    told: u16,
    /// The error's type and code in the client's own words.
    words: [Option<&'static str>; 2],
    retry_after: Option<&'static str>,
}

const REFUSED: [Refused; 3] = [
    Refused {
        id: "P140",
        client: Protocol::Messages,
        channel: Protocol::Chat,
        status: "401 Unauthorized",
        body: r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        told: 502,
        words: [Some("api_error"), None],
        retry_after: None,
    },
    Refused {
        id: "P141",
        client: Protocol::Chat,
        channel: Protocol::Messages,
        status: "529 Overloaded",
        body: r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        told: 503,
        words: [Some("server_error"), Some("overloaded")],
        retry_after: None,
    },
    Refused {
        id: "P142",
        client: Protocol::Messages,
        channel: Protocol::Gemini,
        status: "429 Too Many Requests",
        body: r#"{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17.4s"}]}}"#,
        told: 429,
        words: [Some("rate_limit_error"), None],
        retry_after: Some("18"),
    },
];

#[tokio::test]
async fn what_a_lone_channel_refuses_is_told_with_the_clients_status_and_words() {
    for refused in &REFUSED {
        let Refused { id, status, body, .. } = refused;
        let a = Upstream::answering(upstream::response(status, "", body.as_bytes())).await;
        let bed = one(speech(refused.channel), &a).await;
        let reply = bed.ask(speech(refused.client), false).await;
        assert_eq!(reply.status, refused.told, "{id}: {reply:?}");
        let error = &reply.json()["error"];
        assert_eq!(
            [&error["type"], &error["code"]].map(serde_json::Value::as_str),
            refused.words,
            "{id}: {error}"
        );
        if refused.retry_after.is_some() {
            assert_eq!(reply.header("retry-after"), refused.retry_after, "{id}");
        }
        let blames = error["message"].as_str().unwrap();
        assert!(refused.id != "P140" || blames.contains("\"a\""), "{id} names the channel: {blames}");
    }
}
