//! The operations beside chat: to a channel that has them, bytes both ways, sent once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use rstest::rstest;
use serde_json::json;
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::{End, Exchange, Request};
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use tokio::sync::Notify;

fn speech(name: &str) -> &'static Speech {
    speech::ALL.iter().find(|speech| speech.name() == name).unwrap()
}

fn answers(bytes: Vec<u8>) -> Vec<Step> {
    vec![Step::Read, Step::Send(bytes)]
}

/// Channels `a` and `b` that speak `chat`, of equal rank, `a` first.
async fn pair(a: &Upstream, b: &Upstream) -> Bed {
    Bed::pair(speech("chat"), a.addr, b.addr).await
}

async fn alone(protocol: &str, a: &Upstream, more: &str) -> Bed {
    let only = Channel { name: "a", addr: a.addr, priority: 1, more };
    Bed::start(&bed::channels(speech(protocol), &[only])).await
}

const FORM: &str = "multipart/form-data; boundary=xYz";

/// A form with a file that holds no UTF-8, and a model.
fn form(model: &str) -> Vec<u8> {
    let mut form = b"--xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n\xff\xfe\x00--xYz\r\n".to_vec();
    form.extend_from_slice(
        format!("--xYz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--xYz--\r\n")
            .as_bytes(),
    );
    form
}

fn posted(target: &str, content_type: &str, body: Vec<u8>) -> Request {
    let length = body.len().to_string();
    let plain = Request::plain("POST", target).header("content-type", content_type);
    plain.header("content-length", &length).bearer(KEY).body(body)
}

#[rstest]
#[case::image("chat", "POST", "/v1/images/generations", r#"{ "model":"m","prompt":"x","n":1.0e0}"#)]
#[case::speech("chat", "POST", "/v1/audio/speech", r#"{"model":"m","input":"x","voice":"alloy"}"#)]
#[case::moderation("chat", "POST", "/v1/moderations", r#"{"input":"x"}"#)]
#[case::rerank("chat", "POST", "/v1/rerank", r#"{"model":"m","query":"q","documents":["d"]}"#)]
#[case::batch(
    "chat",
    "POST",
    "/v1/batches",
    r#"{"input_file_id":"file-9","endpoint":"/v1/chat/completions"}"#
)]
#[case::batch_of_messages("messages", "POST", "/v1/messages/batches", r#"{"requests":[]}"#)]
#[case::files("chat", "GET", "/v1/files?limit=2", "")]
#[case::file("chat", "DELETE", "/v1/files/file-1", "")]
#[case::stored("responses", "GET", "/v1/responses/resp_1?include=x", "")]
#[case::cancelled("responses", "POST", "/v1/responses/resp_1/cancel", "")]
#[tokio::test]
async fn a_native_operation_passes_as_it_is_with_the_channels_key(
    #[case] protocol: &str,
    #[case] method: &str,
    #[case] target: &str,
    #[case] body: &str,
) {
    let said = br#"{"id" : "x_1", "created":1.50e0}"#;
    let a = Upstream::always(answers(upstream::json(said))).await;
    let bed = alone(protocol, &a, "").await;
    let request = Request::plain(method, target).bearer(KEY).header("content-type", "application/json");
    let request = request.header("content-length", &body.len().to_string()).body(body);
    let reply = bed.send(&request).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, &said[..]), "{target}: {}", reply.text());
    assert_eq!(reply.header("x-sluice-channel"), Some("a"));
    let received = &a.received()[0];
    assert_eq!(received.head.split(' ').next(), Some(method));
    assert_eq!(received.target(), target);
    assert_eq!(received.body, body.as_bytes());
    assert!(received.head.contains("sk-a") && !received.head.contains(KEY), "{}", received.head);
    let trace = bed.trace(&reply).await;
    assert_eq!(trace.operation.word(), operation_of(target), "{target}");
}

fn operation_of(target: &str) -> &'static str {
    let words = [
        ("images", "image"),
        ("speech", "speak"),
        ("moderations", "moderate"),
        ("rerank", "rerank"),
        ("batches", "batch"),
        ("files", "file"),
        ("responses/", "stored"),
    ];
    words.iter().find(|(part, _)| target.contains(part)).map(|(_, word)| *word).unwrap()
}

#[tokio::test]
async fn a_form_is_routed_by_its_model_and_gets_the_channels_name_for_it() {
    let a = Upstream::always(answers(upstream::json(br#"{"text":"hi"}"#))).await;
    let bed = alone("chat", &a, "model_map = { \"whisper\" = \"whisper-large-v3\" }").await;
    let reply = bed.send(&posted("/v1/audio/transcriptions", FORM, form("whisper"))).await;
    assert_eq!(
        (reply.status, reply.header("x-sluice-model")),
        (200, Some("whisper-large-v3")),
        "{}",
        reply.text()
    );
    let received = &a.received()[0];
    assert_eq!(received.body, form("whisper-large-v3"));
    assert_eq!(received.header("content-type").as_deref(), Some(FORM));
    assert_eq!(received.header("content-length"), Some(form("whisper-large-v3").len().to_string()));
    let same = bed.send(&posted("/v1/audio/transcriptions", FORM, form("other"))).await;
    assert_eq!(same.status, 200);
    assert_eq!(a.received()[1].body, form("other"), "a channel without a list passes any name on");
}

#[tokio::test]
async fn an_answer_that_is_no_json_flows_as_it_comes() {
    let go = Arc::new(Notify::new());
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let a = Upstream::always(vec![
        Step::Read,
        Step::Send(head),
        Step::Send(chunk(b"\xff\xfbfirst")),
        Step::Await(Arc::clone(&go)),
        Step::Send(chunk(b"last\x00")),
        Step::Send(LAST_CHUNK.to_vec()),
    ])
    .await;
    let bed = alone("chat", &a, "").await;
    let request = Request::post("/v1/audio/speech", r#"{"model":"m","input":"x"}"#).bearer(KEY);
    let mut exchange = Exchange::start(bed.addr, &request).await;
    exchange.read_until("first").await;
    go.notify_one();
    let reply = exchange.finish().await;
    assert_eq!((reply.body.as_slice(), reply.end), (&b"\xff\xfbfirstlast\x00"[..], End::Clean));
    assert_eq!(reply.header("content-type"), Some("audio/mpeg"));
    assert_eq!(bed.trace(&reply).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_at_the_client() {
    let stream = [STREAM_HEAD.to_vec(), chunk(b"data: {}\n\n")].concat();
    let a = Upstream::always(vec![Step::Read, Step::Send(stream), Step::Close]).await;
    let bed = alone("chat", &a, "").await;
    let body = r#"{"model":"m","prompt":"x","stream":true}"#;
    let reply = bed.send(&Request::post("/v1/images/generations", body).bearer(KEY)).await;
    assert_eq!(reply.end, End::Aborted);
}

#[rstest]
#[case::refused(upstream::response("429 Slow", "content-type: application/json\r\n", b"{}"), 429)]
#[case::broken(upstream::response("503 Busy", "content-type: application/json\r\n", b"{}"), 503)]
#[case::closed(Vec::new(), 502)]
#[tokio::test]
async fn what_was_sent_once_is_never_sent_again(#[case] answer: Vec<u8>, #[case] status: u16) {
    let a = Upstream::always(vec![Step::Read, Step::Send(answer), Step::Close]).await;
    let b = Upstream::always(answers(upstream::json(br#"{"data":[]}"#))).await;
    let bed = pair(&a, &b).await;
    let body = r#"{"model":"m","prompt":"x"}"#;
    let reply = bed.send(&Request::post("/v1/images/generations", body).bearer(KEY)).await;
    assert_eq!((reply.status, reply.attempts()), (status, 1), "{}", reply.text());
    assert_eq!(b.requests(), 0);
}

#[tokio::test]
async fn what_was_not_sent_goes_to_another_channel() {
    let nobody = upstream::refusing().await;
    let b = Upstream::always(answers(upstream::json(br#"{"data":[]}"#))).await;
    let bed = Bed::pair(speech("chat"), nobody, b.addr).await;
    let body = r#"{"model":"m","prompt":"x"}"#;
    let reply = bed.send(&Request::post("/v1/images/generations", body).bearer(KEY)).await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("b")), "{}", reply.text());
}

#[tokio::test]
async fn an_object_is_asked_for_where_it_was_made() {
    let missing = upstream::response(
        "404 Not Found",
        "content-type: application/json\r\n",
        br#"{"error":{"message":"No such File object"}}"#,
    );
    let a =
        Upstream::sequence(vec![answers(upstream::json(br#"{"id":"file-a"}"#)), answers(missing.clone())])
            .await;
    let b = Upstream::always(answers(upstream::json(br#"{"id":"file-b","status":"processed"}"#))).await;
    let bed = pair(&a, &b).await;
    let made = bed.send(&posted("/v1/files", FORM, form("x"))).await;
    assert_eq!((made.status, made.header("x-sluice-channel")), (200, Some("a")), "{}", made.text());

    let known = bed.send(&Request::get("/v1/files/file-a").bearer(KEY)).await;
    assert_eq!((known.status, b.requests()), (404, 0), "only its own account is asked");
    assert_eq!(known.json()["error"]["message"], "No such File object", "in the upstream's words");

    let unknown = bed.send(&Request::get("/v1/files/file-b").bearer(KEY)).await;
    assert_eq!((unknown.status, unknown.attempts()), (200, 2), "{:?}", bed.trace(&unknown).await);
    assert_eq!(unknown.header("x-sluice-channel"), Some("b"));
    let asked_a = a.requests();
    let again = bed.send(&Request::get("/v1/files/file-b/content").bearer(KEY)).await;
    assert_eq!((again.status, again.attempts(), a.requests()), (200, 1, asked_a), "its home is known now");

    let begun = Request::post("/v1/batches", json!({"input_file_id": "file-b"}).to_string()).bearer(KEY);
    let begun = bed.send(&begun).await;
    assert_eq!((begun.header("x-sluice-channel"), a.requests()), (Some("b"), asked_a), "beside its file");

    let removed = bed.send(&Request::plain("DELETE", "/v1/files/file-c").bearer(KEY)).await;
    assert_eq!((removed.status, removed.attempts()), (404, 1), "nobody else loses a file by this id");
}

#[rstest]
#[case::whole(false)]
#[case::streamed(true)]
#[tokio::test]
async fn an_answer_is_asked_for_and_gone_on_from_where_it_was_made(#[case] stream: bool) {
    let responses = speech("responses");
    let answer = if stream {
        upstream::stream(responses.stream.as_bytes())
    } else {
        upstream::json(responses.answer.as_bytes())
    };
    let id = responses.answer.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
    let id = if stream {
        responses.stream.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap()
    } else {
        id
    };
    let a = Upstream::always(answers(upstream::json(b"{}"))).await;
    let b = Upstream::always(answers(answer)).await;
    let bed = Bed::pair(responses, a.addr, b.addr).await;
    let ask = |more: &str| format!("{{\"model\":\"b,m\",\"input\":\"x\",\"stream\":{stream}{more}}}");
    let made = bed.send(&Request::post("/v1/responses", ask("")).bearer(KEY)).await;
    assert_eq!((made.status, made.header("x-sluice-channel")), (200, Some("b")), "{}", made.text());
    let stored = bed.send(&Request::get(&format!("/v1/responses/{id}")).bearer(KEY)).await;
    assert_eq!(stored.header("x-sluice-channel"), Some("b"), "{}", stored.text());
    let more = format!(",\"previous_response_id\":\"{id}\"");
    let next = ask(&more).replace("b,m", "m");
    let next = bed.send(&Request::post("/v1/responses", next).bearer(KEY)).await;
    assert_eq!((next.header("x-sluice-channel"), a.requests()), (Some("b"), 0), "{}", next.text());
}

#[tokio::test]
async fn files_of_two_vendors_are_told_apart_by_their_clients() {
    let openai = Upstream::always(answers(upstream::json(br#"{"data":[]}"#))).await;
    let anthropic = Upstream::always(answers(upstream::json(br#"{"data":[]}"#))).await;
    let channel = |name, addr| Channel { name, addr, priority: 1, more: "" };
    let second = bed::channels(speech("messages"), &[channel("b", anthropic.addr)]);
    let config = bed::channels(speech("chat"), &[channel("a", openai.addr)])
        + second.trim_start_matches("version = 1\n");
    let bed = Bed::start(&config).await;
    let plain = Request::get("/v1/files").bearer(KEY);
    assert_eq!(bed.send(&plain).await.header("x-sluice-channel"), Some("a"));
    let theirs = bed.send(&plain.header("anthropic-version", "2023-06-01")).await;
    assert_eq!(theirs.header("x-sluice-channel"), Some("b"));
}

#[rstest]
#[case::unknown_path("POST", "/v1/images/stolen", 404)]
#[case::wrong_method("GET", "/v1/images/generations", 405)]
#[case::another_path("GET", "/v1/files/..%2fchat", 404)]
#[case::no_body("POST", "/v1/moderations", 400)]
#[tokio::test]
async fn what_is_not_served_is_refused_here(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let a = Upstream::always(answers(upstream::json(b"{}"))).await;
    let bed = alone("chat", &a, "").await;
    let reply = bed.send(&Request::plain(method, path).bearer(KEY)).await;
    assert_eq!((reply.status, a.requests()), (status, 0), "{}", reply.text());
}

#[tokio::test]
async fn a_channel_of_another_protocol_is_skipped_with_its_reason() {
    let a = Upstream::always(answers(upstream::json(b"{}"))).await;
    let bed = alone("gemini", &a, "").await;
    let reply = bed.send(&Request::post("/v1/moderations", r#"{"input":"x"}"#).bearer(KEY)).await;
    assert_eq!((reply.status, a.requests()), (503, 0));
    assert!(reply.text().contains("a: does not speak chat"), "{}", reply.text());
}

const COMPLETED: &str = r#"{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"text":"go on","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;

#[tokio::test]
async fn a_legacy_completion_lives_as_any_answer_does() {
    let failing = Upstream::always(answers(upstream::response("500 Oops", "", b"{}"))).await;
    let b = Upstream::always(answers(upstream::json(COMPLETED.as_bytes()))).await;
    let more = "max_retries = 0";
    let list = [
        Channel { name: "a", addr: failing.addr, priority: 1, more },
        Channel { name: "b", addr: b.addr, priority: 2, more },
    ];
    let bed = Bed::start(&bed::channels(speech("chat"), &list)).await;
    let request = Request::post("/v1/completions", r#"{"model":"m","prompt":"x"}"#).bearer(KEY);
    let reply = bed.send(&request).await;
    assert_eq!((reply.status, reply.attempts()), (200, 2), "it fails over: {}", reply.text());
    assert_eq!(reply.text(), COMPLETED);
    assert_eq!(bed.trace(&reply).await.usage.unwrap().output, 2);
    assert_eq!(b.received()[0].target(), "/v1/completions");
}

#[tokio::test]
async fn a_streamed_completion_has_its_usage_read_and_its_cut_told() {
    let text = |text: &str, reason: &str| {
        format!(
            "data: {{\"id\":\"cmpl-1\",\"choices\":[{{\"text\":\"{text}\",\"index\":0,\"finish_reason\":{reason}}}]}}\n\n"
        )
    };
    let usage = "data: {\"id\":\"cmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n";
    let whole = text("go", "null") + &text(" on", "\"stop\"");
    let stream = format!("{whole}{usage}data: [DONE]\n\n");
    let a = Upstream::sequence(vec![
        answers(upstream::stream(stream.as_bytes())),
        answers(upstream::stream(text("go", "null").as_bytes())),
    ])
    .await;
    let bed = alone("chat", &a, "").await;
    let request = Request::post("/v1/completions", r#"{"model":"m","prompt":"x","stream":true}"#).bearer(KEY);
    let reply = bed.send(&request).await;
    assert_eq!(reply.text(), format!("{whole}data: [DONE]\n\n"), "what we asked for stays with us");
    assert_eq!(bed.trace(&reply).await.usage.unwrap().output, 2);
    let cut = bed.send(&request).await;
    assert!(cut.text().contains("data: {\"error\":") && !cut.text().contains("[DONE]"), "{}", cut.text());
}
