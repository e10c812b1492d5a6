//! Counting tokens without sending the request: by the channel where it counts for nothing, else by estimate; in every
//! client's words.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{CountSource, Timers, TokenCount};
use sluice_tests::bed::{self, Bed, Channel, KEY, Wishes};
use sluice_tests::http::{Reply, Request};
use sluice_tests::speech::{self, Speech};
use sluice_tests::until_async;
use sluice_tests::upstream::{self, Step, Upstream};
use wire::Protocol;

/// A protocol as it counts.
struct Counter {
    protocol: Protocol,
    /// Where a client asks.
    target: &'static str,
    /// The type of a channel of this protocol's own provider, and where that lives.
    provider: (&'static str, &'static str),
    /// A provider's answer: 77 tokens.
    answer: &'static str,
    /// The member that holds the number.
    member: &'static str,
    /// How a client is refused: a part of the error's body.
    refusal: &'static str,
}

const COUNTERS: [Counter; 3] = [
    Counter {
        protocol: Protocol::Messages,
        target: "/v1/messages/count_tokens?beta=true",
        provider: ("claude", "http://api.anthropic.com"),
        answer: r#"{ "input_tokens": 77 }"#,
        member: "input_tokens",
        refusal: r#""type":"invalid_request_error""#,
    },
    Counter {
        protocol: Protocol::Responses,
        target: "/v1/responses/input_tokens",
        provider: ("openai", "http://api.openai.com/v1"),
        answer: r#"{"object": "response.input_tokens", "input_tokens": 77}"#,
        member: "input_tokens",
        refusal: r#""type":"invalid_request_error""#,
    },
    Counter {
        protocol: Protocol::Gemini,
        target: "/v1beta/models/m:countTokens",
        provider: ("gemini", "http://generativelanguage.googleapis.com"),
        answer: r#"{"totalTokens": 77, "promptTokensDetails": []}"#,
        member: "totalTokens",
        refusal: r#""status":"INVALID_ARGUMENT""#,
    },
];

impl Counter {
    /// A body to count; Gemini names the model in the path.
    fn body(&self, text: &str) -> String {
        match self.protocol {
            Protocol::Messages | Protocol::Chat => {
                format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#)
            }
            Protocol::Responses => format!(r#"{{"model":"m","input":"{text}"}}"#),
            Protocol::Gemini => {
                format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"{text}"}}]}}]}}"#)
            }
        }
    }

    async fn ask(&self, bed: &Bed, body: impl Into<Vec<u8>>) -> Reply {
        bed.send(&Request::post(self.target, body).bearer(KEY)).await
    }

    fn tokens(&self, reply: &Reply) -> u64 {
        let body = reply.json();
        assert_eq!(reply.status, 200, "{}: {body}", self.protocol);
        body[self.member].as_u64().unwrap_or_else(|| panic!("{}: {body}", self.protocol))
    }

    /// A channel of this protocol's own provider, reached through a proxy that is our upstream.
    fn native(&self, addr: SocketAddr, more: &str) -> String {
        let (kind, base) = self.provider;
        format!(
            "version = 1\n[[channel]]\nname = \"a\"\nid = \"a\"\ntype = \"{kind}\"\nprotocols = [\"{}\"]\n\
             base_url = \"{base}\"\nkey = {{ env = \"KEY_a\" }}\nmodel = \"m\"\n\
             proxy = {{ type = \"http\", host = \"{}\", port = {} }}\n{more}\n",
            self.protocol,
            addr.ip(),
            addr.port()
        )
    }
}

fn says(reply: &Reply) -> Option<&str> {
    reply.header("x-sluice-count")
}

fn only(speech: &Speech, addr: SocketAddr, more: &str) -> String {
    bed::channels(speech, &[Channel { name: "a", addr, priority: 1, more }])
}

/// Gives up on an upstream's count soon, so that a test of it takes no two seconds.
fn impatient() -> Wishes {
    let wishes = Wishes::default();
    Wishes { timers: Timers { count: Duration::from_millis(300), ..wishes.timers.clone() }, ..wishes }
}

#[tokio::test]
async fn the_providers_own_count_reaches_the_client_as_it_is_and_is_asked_for_once() {
    for counter in &COUNTERS {
        let a = Upstream::answering(upstream::json(counter.answer.as_bytes())).await;
        let bed = Bed::start(&counter.native(a.addr, "")).await;
        let body = counter.body("hello");
        let first = counter.ask(&bed, body.clone()).await;
        let label = counter.protocol;
        assert_eq!((first.text().as_str(), says(&first)), (counter.answer, Some("exact")), "{label}");
        assert_eq!(first.header("x-sluice-channel"), Some("a"), "{label}");
        let trace = bed.trace(&first).await;
        assert_eq!(trace.count, Some(TokenCount { tokens: 77, source: CountSource::Exact }), "{label}");
        assert_eq!(trace.attempts.len(), 1, "{label}");
        let second = counter.ask(&bed, body.clone()).await;
        assert_eq!((counter.tokens(&second), says(&second)), (77, Some("cached")), "{label}");
        let sent = a.received();
        assert_eq!(sent.len(), 1, "{label}");
        let endpoint = counter.target.split('?').next().unwrap();
        assert!(sent[0].target().contains(endpoint), "{label}: {}", sent[0].head);
        assert_eq!(String::from_utf8_lossy(&sent[0].body), body, "{label}");
        assert!(sent[0].head.contains("sk-a") && !sent[0].head.contains(KEY), "{label}");
    }
}

#[tokio::test]
async fn a_provider_counts_for_clients_of_other_protocols_too() {
    for client in &COUNTERS {
        for channel in COUNTERS.iter().filter(|channel| channel.protocol != client.protocol) {
            let a = Upstream::answering(upstream::json(channel.answer.as_bytes())).await;
            let bed = Bed::start(&channel.native(a.addr, "model_params = { max_tokens = 5 }")).await;
            let reply = client.ask(&bed, client.body("hello there")).await;
            let label = format!("{} → {}", client.protocol, channel.protocol);
            assert_eq!((client.tokens(&reply), says(&reply)), (77, Some("exact")), "{label}");
            let sent = &a.received()[0];
            let endpoint = channel.target.split('?').next().unwrap();
            assert!(sent.target().ends_with(endpoint), "{label}: {}", sent.head);
            let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
            let body = body.get("generateContentRequest").unwrap_or(&body);
            assert!(body["model"] == "m" || body["model"] == "models/m", "{label}: {body}");
            assert!(body.to_string().contains("hello there"), "{label}: {body}");
            for member in ["max_tokens", "max_output_tokens", "stream", "store"] {
                assert!(body.get(member).is_none(), "{label}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn where_the_provider_does_not_count_it_is_estimated_and_nobody_is_benched() {
    let failures = [
        ("404", vec![Step::Read, Step::Send(upstream::response("404 Not Found", "", b"{}"))]),
        ("429", vec![Step::Read, Step::Send(upstream::response("429 Too Many Requests", "", b"{}"))]),
        ("401", vec![Step::Read, Step::Send(upstream::response("401 Unauthorized", "", b"{}"))]),
        ("no count", vec![Step::Read, Step::Send(upstream::json(b"{\"ok\":true}"))]),
        ("reset", vec![Step::Read, Step::Reset]),
        ("hang", vec![Step::Read, Step::Hold]),
    ];
    for counter in &COUNTERS {
        for (failure, script) in &failures {
            let a = Upstream::always(script.clone()).await;
            let bed = Bed::with(&counter.native(a.addr, "rpm = 1"), impatient()).await;
            let label = format!("{} {failure}", counter.protocol);
            for body in ["hello", "hello again"] {
                let reply = counter.ask(&bed, counter.body(body)).await;
                let tokens = counter.tokens(&reply);
                assert!((7..20).contains(&tokens), "{label}: {tokens}");
                assert_eq!(
                    (says(&reply), reply.header("x-sluice-channel")),
                    (Some("estimate"), None),
                    "{label}"
                );
                let trace = bed.trace(&reply).await;
                assert_eq!(
                    trace.count,
                    Some(TokenCount { tokens, source: CountSource::Estimate }),
                    "{label}"
                );
                assert!(trace.attempts[0].error.is_some(), "{label}");
            }
            assert_eq!(a.requests(), 2, "{label}: the second asks again");
            let channel = bed.channel("a");
            assert_eq!(
                (&channel["state"], &channel["errors"]),
                (&"healthy".into(), &0.into()),
                "{label}: {channel}"
            );
            assert_eq!(channel["usage"]["rpm"], 0, "{label}: {channel}");
        }
    }
}

#[tokio::test]
async fn what_the_provider_finds_wrong_with_a_request_the_client_is_told() {
    for counter in &COUNTERS {
        let words = r#"{"error":{"type":"invalid_request_error","message":"the provider's words"}}"#;
        let refusal =
            upstream::response("400 Bad Request", "content-type: application/json\r\n", words.as_bytes());
        let a = Upstream::answering(refusal).await;
        let bed = Bed::start(&counter.native(a.addr, "")).await;
        let reply = counter.ask(&bed, counter.body("hello")).await;
        assert_eq!((reply.status, reply.text().as_str()), (400, words), "{}", counter.protocol);
    }
}

#[tokio::test]
async fn any_channel_is_counted_for_without_asking_it() {
    for counter in &COUNTERS {
        let mut counts = Vec::new();
        for channel in &speech::ALL {
            let a = Upstream::answering(upstream::json(b"{}")).await;
            let bed = Bed::start(&only(channel, a.addr, "")).await;
            let label = format!("{} → {}", counter.protocol, channel.name());
            let reply = counter.ask(&bed, counter.body("hello")).await;
            assert_eq!(says(&reply), Some("estimate"), "{label}: {}", reply.text());
            counts.push(counter.tokens(&reply));
            let again = counter.ask(&bed, counter.body("hello")).await;
            assert_eq!((counter.tokens(&again), says(&again)), (counts[0], Some("cached")), "{label}");
            assert_eq!(a.connections(), 0, "{label}");
        }
        assert!(counts.iter().all(|count| *count == counts[0] && *count > 0), "{counts:?}");
    }
}

#[tokio::test]
async fn the_file_says_who_counts() {
    for counter in &COUNTERS {
        let channel = speech::ALL.iter().find(|speech| speech.protocol == counter.protocol).unwrap();
        let a = Upstream::answering(upstream::json(counter.answer.as_bytes())).await;
        for (config, expected) in [
            (counter.native(a.addr, "quirks = { count_tokens = \"local\" }"), "estimate"),
            (counter.native(a.addr, "quirks = { count_tokens = \"auto\" }"), "exact"),
            (only(channel, a.addr, "quirks = { count_tokens = \"upstream\" }"), "exact"),
            (only(channel, a.addr, "quirks = { count_tokens = true }"), "estimate"),
        ] {
            let reply = counter.ask(&Bed::start(&config).await, counter.body("hello")).await;
            assert_eq!(says(&reply), Some(expected), "{}: {config}{}", counter.protocol, reply.text());
        }
    }
}

#[tokio::test]
async fn where_nobody_may_estimate_a_client_is_told_to_do_it_itself() {
    // P169
    let gone = Upstream::answering(upstream::response("404 Not Found", "", b"<html>")).await;
    for counter in &COUNTERS {
        for channel in &speech::ALL {
            let more = "quirks = { count_tokens = \"upstream\" }";
            let bed = Bed::start(&only(channel, gone.addr, more)).await;
            let reply = counter.ask(&bed, counter.body("hello")).await;
            let label = format!("{} → {}", counter.protocol, channel.name());
            assert_eq!((reply.status, reply.header("x-should-retry")), (501, Some("false")), "{label}");
            let word = if counter.protocol == Protocol::Gemini { "UNIMPLEMENTED" } else { "not_supported" };
            assert!(reply.text().contains(word), "{label}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_channel_that_cannot_serve_is_counted_for_all_the_same() {
    let nobody: SocketAddr = ([127, 0, 0, 1], 9).into();
    for counter in &COUNTERS {
        for (more, variable) in [("enabled = false", "KEY_a"), ("rpm = 0", "KEY_a"), ("", "UNSET")] {
            let config = only(&speech::ALL[0], nobody, more).replace("KEY_a", variable);
            let reply = counter.ask(&Bed::start(&config).await, counter.body("hello")).await;
            assert!(counter.tokens(&reply) > 0, "{} {more} {variable}", counter.protocol);
        }
    }
}

#[tokio::test]
async fn a_request_that_is_none_and_a_model_that_nobody_has_are_refused_in_the_clients_words() {
    let a = Upstream::answering(upstream::json(b"{}")).await;
    let list = "models = [\"m\"]\n[routing]\nunknown_models = \"refuse\"\n";
    let bed = Bed::start(&only(&speech::ALL[0], a.addr, list)).await;
    for counter in &COUNTERS {
        for body in [r#"{"model":"m","messages":7,"input":7,"contents":7}"#, "{\"model\":\"m\"", "[]"] {
            let reply = counter.ask(&bed, body).await;
            assert_eq!(reply.status, 400, "{}: {}", counter.protocol, reply.text());
            assert!(reply.text().contains(counter.refusal), "{}: {}", counter.protocol, reply.text());
        }
        let target = counter.target.replace("/m:", "/n:");
        let body = counter.body("hello").replace("\"m\"", "\"n\"");
        let reply = bed.send(&Request::post(&target, body).bearer(KEY)).await;
        assert_eq!(reply.status, 404, "{}: {}", counter.protocol, reply.text());
    }
}

/// A conversation of some length, as far as `turns` go.
fn conversation(turns: &[(&str, &str)]) -> String {
    let turns: Vec<String> =
        turns.iter().map(|(role, text)| format!(r#"{{"role":"{role}","content":"{text}"}}"#)).collect();
    turns.join(",")
}

#[tokio::test]
async fn an_answers_usage_makes_later_counts_of_its_conversation_exact_but_for_what_is_new() {
    let messages = &COUNTERS[0];
    for channel in [&speech::ALL[0], &speech::ALL[2]] {
        let usage = channel
            .answer
            .replace("\"prompt_tokens\":7", "\"prompt_tokens\":30000")
            .replace("\"input_tokens\":7", "\"input_tokens\":30000");
        let a = Upstream::answering(upstream::json(usage.as_bytes())).await;
        let bed = Bed::start(&only(channel, a.addr, "")).await;
        let words = "lorem ipsum dolor ".repeat(1000);
        let asked = conversation(&[("user", &words)]);
        let body = format!(r#"{{"model":"m","max_tokens":9,"messages":[{asked}]}}"#);
        let answered = bed.send(&Request::post("/v1/messages", body).bearer(KEY)).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        let later = conversation(&[("user", &words), ("assistant", "Hello from b."), ("user", "and now?")]);
        let count = until_async("the usage to be learnt", async || {
            let body = format!(r#"{{"model":"m","messages":[{later}]}}"#);
            let tokens = messages.tokens(&messages.ask(&bed, body).await);
            (tokens > 20_000).then_some(tokens)
        });
        let tokens = count.await;
        // 30 000 in, 4 out, and a short question.
        assert!((30_005..30_020).contains(&tokens), "{}: {tokens}", channel.name());
    }
}

#[tokio::test]
async fn three_long_answers_calibrate_the_model_for_other_conversations() {
    let messages = &COUNTERS[0];
    let chat = &speech::ALL[0];
    let usage = chat.answer.replace("\"prompt_tokens\":7", "\"prompt_tokens\":5000");
    let a = Upstream::answering(upstream::json(usage.as_bytes())).await;
    let bed = Bed::start(&only(chat, a.addr, "")).await;
    let other = messages.body(&"dolor ipsum lorem ".repeat(1000));
    let before = messages.tokens(&messages.ask(&bed, other.clone()).await);
    for number in 0..3 {
        let asked = conversation(&[("user", &format!("{number}{}", "lorem ipsum dolor ".repeat(1000)))]);
        let body = format!(r#"{{"model":"m","max_tokens":9,"messages":[{asked}]}}"#);
        assert_eq!(bed.send(&Request::post("/v1/messages", body).bearer(KEY)).await.status, 200);
    }
    let after = until_async("the model to be calibrated", async || {
        let tokens = messages.tokens(&messages.ask(&bed, other.clone()).await);
        (tokens > before * 6 / 5).then_some(tokens)
    })
    .await;
    assert!((4900..5100).contains(&after), "{before} {after}");
}

#[tokio::test]
async fn a_translated_stream_begins_with_about_the_tokens_that_a_count_tells() {
    let messages = &COUNTERS[0];
    // Gemini counts in its first chunk already.
    for channel in &speech::ALL[..2] {
        let a =
            Upstream::always(vec![Step::Read, Step::Send(upstream::stream(channel.stream.as_bytes()))]).await;
        let bed = Bed::start(&only(channel, a.addr, "")).await;
        let asked = conversation(&[("user", &"lorem ipsum dolor ".repeat(30))]);
        let count = messages.ask(&bed, format!(r#"{{"model":"m","messages":[{asked}]}}"#)).await;
        let count = messages.tokens(&count);
        let body = format!(r#"{{"model":"m","max_tokens":9,"stream":true,"messages":[{asked}]}}"#);
        let stream = bed.send(&Request::post("/v1/messages", body).bearer(KEY)).await.text();
        let start = stream.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let start: serde_json::Value = serde_json::from_str(start).unwrap();
        let told = start["message"]["usage"]["input_tokens"].as_u64().unwrap();
        assert!(told.abs_diff(count) <= 2, "{}: {told} for {count}", channel.name());
    }
}
