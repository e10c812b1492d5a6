//! The sixteen situations in which a gateway proves itself, each in all four protocols, with default settings: the
//! client gets a complete answer, or an end that no reader can take for one.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::future::join_all;
use serde_json::json;
use sim::{Fault, Match, Plan, Rule, Simulator, Then};
use sluice_tests::bed::{self, Bed, KEY};
use sluice_tests::http::{End, Reply, Request};
use sluice_tests::speech::{self, Speech};
use wire::Protocol;

/// A first channel that the script breaks and a healthy second.
struct Scene {
    speech: &'static Speech,
    first: Simulator,
    second: Simulator,
    bed: Bed,
}

impl Scene {
    async fn new(speech: &'static Speech, rules: Vec<Rule>) -> Self {
        let first = Simulator::start(Plan::steady("first").scripted(rules)).await.unwrap();
        let second = Simulator::start(Plan::steady("second")).await.unwrap();
        let bed = Bed::start(&bed::two(speech, first.addr, second.addr)).await;
        Self { speech, first, second, bed }
    }

    /// Asks for sixty words.
    async fn ask(&self, stream: bool) -> Reply {
        let target = if stream { self.speech.stream_target } else { self.speech.target };
        let body = self.speech.ask(stream).replace("hello", "words:60");
        self.bed.send(&Request::post(target, body).bearer(KEY)).await
    }

    /// How many requests the two channels saw.
    fn seen(&self) -> (usize, usize) {
        (self.first.seen().len(), self.second.seen().len())
    }

    async fn is_quiet(&self) {
        self.bed.is_quiet().await;
    }
}

/// Runs a scene in every protocol, as whole replies and as streams.
async fn everywhere<S: Future<Output = ()>>(scene: impl Fn(&'static Speech, bool) -> S) {
    join_all(
        speech::ALL
            .iter()
            .flat_map(|speech| [false, true].map(|stream| (speech, stream)))
            .map(|(speech, stream)| scene(speech, stream)),
    )
    .await;
}

/// Runs a scene with a stream in every protocol.
async fn streaming<S: Future<Output = ()>>(scene: impl Fn(&'static Speech) -> S) {
    join_all(speech::ALL.iter().map(scene)).await;
}

fn is_complete(speech: &Speech, stream: bool, reply: &Reply) {
    let text = reply.text();
    assert_eq!((reply.status, reply.end), (200, End::Clean), "{}: {text}", speech.protocol);
    assert!(text.contains("word1 ") && text.contains("word60"), "{}: {text}", speech.protocol);
    let terminal = match speech.protocol {
        Protocol::Chat => "[DONE]",
        Protocol::Responses => "response.completed",
        Protocol::Messages => "message_stop",
        Protocol::Gemini => "\"finishReason\":\"STOP\"",
    };
    assert!(!stream || text.contains(terminal), "{}: {text}", speech.protocol);
    assert_eq!(
        text.matches("message_start\"").count(),
        usize::from(stream && speech.protocol == Protocol::Messages)
    );
}

fn is_honest(speech: &Speech, reply: &Reply) {
    let text = reply.text();
    assert!(text.contains(speech.honest_end), "{}: {text}", speech.protocol);
    assert!(
        !text.contains("[DONE]") && !text.contains("message_stop") && !text.contains("response.completed"),
        "{text}"
    );
    let expected = if speech.protocol == Protocol::Gemini { End::Clean } else { End::Aborted };
    assert_eq!(reply.end, expected, "{}", speech.protocol);
}

fn always(then: Then) -> Vec<Rule> {
    vec![Rule::always(Match::default(), then)]
}

#[tokio::test]
async fn s01_a_rate_limit_with_a_short_retry_after_is_waited_for() {
    everywhere(|speech, stream| async move {
        let rule = Rule::once(Then::status(429).with_header("retry-after", "1"));
        let scene = Scene::new(speech, vec![rule]).await;
        let reply = scene.ask(stream).await;
        is_complete(speech, stream, &reply);
        assert_eq!(scene.seen(), (2, 0), "{}: the first channel keeps the conversation", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s02_a_persistent_rate_limit_moves_on_and_is_remembered() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, always(Then::status(429))).await;
        for _ in 0..3 {
            is_complete(speech, stream, &scene.ask(stream).await);
        }
        assert_eq!(scene.seen(), (1, 3), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s03_one_500_is_repeated_on_the_same_channel() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, vec![Rule::once(Then::status(500))]).await;
        is_complete(speech, stream, &scene.ask(stream).await);
        assert_eq!(scene.seen(), (2, 0), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s04_a_persistent_503_moves_on() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, always(Then::status(503))).await;
        let reply = scene.ask(stream).await;
        is_complete(speech, stream, &reply);
        assert_eq!((scene.seen(), reply.attempts()), ((2, 1), 3), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s05_a_reset_before_the_headers_moves_on() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, always(Then::fault(Fault::HangUp))).await;
        is_complete(speech, stream, &scene.ask(stream).await);
        assert_eq!(scene.seen(), (1, 1), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s06_no_response_moves_on_after_the_time_limit() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, always(Then::fault(Fault::Silence))).await;
        is_complete(speech, stream, &scene.ask(stream).await);
        assert_eq!(scene.seen(), (1, 1), "{}", speech.protocol);
        scene.first.is_quiet().await;
    })
    .await;
}

#[tokio::test]
async fn s07_a_first_token_that_does_not_come_moves_on() {
    streaming(|speech| async move {
        let scene = Scene::new(speech, always(Then::fault(Fault::PreambleThenSilence))).await;
        is_complete(speech, true, &scene.ask(true).await);
        assert_eq!(scene.seen(), (1, 1), "{}", speech.protocol);
        scene.first.is_quiet().await;
    })
    .await;
}

#[tokio::test]
async fn s08_a_cut_after_40_of_60_tokens_ends_honestly() {
    streaming(|speech| async move {
        let scene =
            Scene::new(speech, always(Then::fault(Fault::CutAfterEvents(speech.preamble + 41)))).await;
        let reply = scene.ask(true).await;
        assert!(reply.text().contains("word40 ") && !reply.text().contains("word60"), "{}", reply.text());
        is_honest(speech, &reply);
        assert_eq!(scene.seen(), (1, 0), "{}: nothing is sent twice", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s09_a_stall_after_20_tokens_ends_honestly() {
    streaming(|speech| async move {
        let scene =
            Scene::new(speech, always(Then::fault(Fault::StallAfterEvents(speech.preamble + 21)))).await;
        let reply = scene.ask(true).await;
        assert!(reply.text().contains("word20 "), "{}", reply.text());
        is_honest(speech, &reply);
        assert_eq!(scene.seen(), (1, 0), "{}", speech.protocol);
        scene.first.is_quiet().await;
    })
    .await;
}

#[tokio::test]
async fn s10_a_malformed_event_in_a_stream_is_not_fatal() {
    streaming(|speech| async move {
        let scene =
            Scene::new(speech, always(Then::fault(Fault::MalformedEvent(speech.preamble + 20)))).await;
        let reply = scene.ask(true).await;
        is_complete(speech, true, &reply);
        assert_eq!(scene.seen(), (1, 0), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s11_a_stream_without_its_terminal_ends_honestly() {
    streaming(|speech| async move {
        let scene = Scene::new(speech, always(Then::fault(Fault::NoTerminal))).await;
        is_honest(speech, &scene.ask(true).await);
        assert_eq!(scene.seen(), (1, 0), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s12_a_context_overflow_reaches_the_client_in_words_that_it_compacts_on() {
    everywhere(|speech, stream| async move {
        let message = "This model's maximum context length is 1000 tokens. However, your messages resulted in 2000 tokens.";
        let body = json!({"error": {"message": message, "type": "invalid_request_error",
            "code": "context_length_exceeded", "status": "INVALID_ARGUMENT"}});
        let scene = Scene::new(speech, always(Then::status(400).with_body(body))).await;
        let reply = scene.ask(stream).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        let expected = match speech.protocol {
            Protocol::Messages => "prompt is too long: 2000 tokens > 1000 maximum",
            Protocol::Chat | Protocol::Responses => "context_length_exceeded",
            Protocol::Gemini => "INVALID_ARGUMENT",
        };
        assert!(reply.text().contains(expected), "{}: {}", speech.protocol, reply.text());
        assert_eq!(scene.seen(), (1, 0), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s13_a_content_filter_is_told_as_it_is_and_nobody_else_is_asked() {
    everywhere(|speech, stream| async move {
        let body = json!({"error": {"message": "filtered", "type": "invalid_request_error", "code": "content_filter"}});
        let scene = Scene::new(speech, always(Then::status(400).with_body(body.clone()))).await;
        let reply = scene.ask(stream).await;
        assert_eq!((reply.status, reply.json()), (400, body), "{}", speech.protocol);
        assert_eq!(scene.seen(), (1, 0), "{}", speech.protocol);
    })
    .await;
}

#[tokio::test]
async fn s14_a_fallback_that_rejects_is_told_honestly() {
    everywhere(|speech, stream| async move {
        let scene = Scene::new(speech, always(Then::status(503))).await;
        scene.second.script(always(Then::status(400)));
        let reply = scene.ask(stream).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.json()["error"]["message"].is_string(), "{}", speech.protocol);
        assert_eq!(scene.seen(), (2, 1), "{}", speech.protocol);
        scene.is_quiet().await;
    })
    .await;
}

#[tokio::test]
async fn s15_a_flapping_channel_costs_no_answer() {
    streaming(|speech| async move {
        let flapping = Rule { every: 2.try_into().ok(), ..Rule::always(Match::default(), Then::status(503)) };
        let scene = Scene::new(speech, vec![flapping]).await;
        for _ in 0..20 {
            is_complete(speech, true, &scene.ask(true).await);
        }
    })
    .await;
}

#[tokio::test]
async fn s16_every_request_and_token_is_accounted_for_once() {
    everywhere(|speech, stream| async move {
        let rules = vec![
            Rule { after: 1, times: Some(2), ..Rule::always(Match::default(), Then::status(503)) },
            Rule { after: 2, times: Some(1), ..Rule::always(Match::default(), Then::fault(Fault::HangUp)) },
        ];
        let scene = Scene::new(speech, rules).await;
        let mut attempts = 0;
        for _ in 0..5 {
            let reply = scene.ask(stream).await;
            is_complete(speech, stream, &reply);
            attempts += reply.attempts() as usize;
            let trace = scene.bed.trace(&reply).await;
            let usage = trace.usage.unwrap_or_else(|| panic!("{}: no usage", speech.protocol));
            assert_eq!(usage.output, 60, "{}", speech.protocol);
            assert_eq!(trace.attempts.len(), reply.attempts() as usize);
        }
        let (first, second) = scene.seen();
        assert_eq!(first + second, attempts, "{}", speech.protocol);
        scene.is_quiet().await;
    })
    .await;
}
