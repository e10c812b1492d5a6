//! Embeddings through a channel of the client's protocol and through one of the other: every vector in its place.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::{Reply, Request};
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, Step, Upstream};

const CHAT: &Speech = &speech::ALL[0];

fn gemini() -> &'static Speech {
    speech::ALL.iter().find(|speech| speech.name() == "gemini").unwrap()
}

/// A gateway with one channel, whose upstream gives these answers one after the other.
async fn bed(channel: &Speech, answers: &[Vec<u8>]) -> (Bed, Upstream) {
    let script = |answer: &Vec<u8>| vec![Step::Read, Step::Send(answer.clone())];
    let a = Upstream::sequence(answers.iter().map(script).collect()).await;
    let only = Channel { name: "a", addr: a.addr, priority: 1, more: "" };
    (Bed::start(&bed::channels(channel, &[only])).await, a)
}

async fn openai(bed: &Bed, body: Value) -> Reply {
    bed.send(&Request::post("/v1/embeddings", body.to_string()).bearer(KEY)).await
}

async fn google(bed: &Bed, verb: &str, body: Value) -> Reply {
    bed.send(&Request::post(&format!("/v1beta/models/m:{verb}"), body.to_string()).bearer(KEY)).await
}

/// Google's answer with one vector of one number for each of these.
fn vectors(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let embeddings: Vec<Value> = numbers.map(|number| json!({"values": [number]})).collect();
    upstream::json(json!({ "embeddings": embeddings }).to_string().as_bytes())
}

fn sent(upstream: &Upstream) -> Vec<Value> {
    upstream.received().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn an_openai_client_is_embedded_by_google_in_batches_and_gets_one_list() {
    let (bed, a) = bed(gemini(), &[vectors(0..100), vectors(100..200), vectors(200..250)]).await;
    let texts: Vec<String> = (0..250).map(|number| format!("text {number}")).collect();
    let asked = json!({"model": "m", "input": texts, "encoding_format": "float", "user": "u"});
    let reply = openai(&bed, asked).await;
    assert_eq!((reply.status, reply.attempts()), (200, 1), "{}", reply.text());
    let body = reply.json();
    for (index, entry) in body["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!((&entry["index"], &entry["embedding"]), (&json!(index), &json!([index])));
    }
    assert_eq!(body["data"].as_array().unwrap().len(), 250);
    assert_eq!(reply.header("x-sluice-usage"), Some("estimated"));
    assert_eq!(reply.header("x-sluice-dropped"), Some("drop:user"));
    assert!(body["usage"]["prompt_tokens"].as_u64().unwrap() > 250);
    let sent = sent(&a);
    let sizes: Vec<usize> = sent.iter().map(|body| body["requests"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(sent[2]["requests"][49]["content"]["parts"][0]["text"], "text 249");
    let head = &a.received()[0];
    assert_eq!(head.target(), "/v1beta/models/m:batchEmbedContents");
    assert!(head.head.contains("sk-a") && !head.head.contains(KEY), "{}", head.head);
}

#[tokio::test]
async fn p152_the_encoding_that_the_sdks_ask_for_is_given() {
    let answer =
        upstream::json(br#"{"embeddings":[{"values":[0.5,-1]}],"usageMetadata":{"promptTokenCount":9}}"#);
    let (bed, _a) = bed(gemini(), &[answer]).await;
    let coded = openai(&bed, json!({"model": "m", "input": "x", "encoding_format": "base64"})).await;
    assert_eq!(coded.json()["data"][0]["embedding"], "AAAAPwAAgL8=");
    assert_eq!(coded.json()["usage"]["total_tokens"], 9);
    assert_eq!(coded.header("x-sluice-usage"), None, "the upstream told");
    assert_eq!(bed.trace(&coded).await.usage.unwrap().input(), 9);
    let plain = openai(&bed, json!({"model": "m", "input": "x"})).await;
    assert_eq!(plain.json()["data"][0]["embedding"], json!([0.5, -1]));
}

#[tokio::test]
async fn p153_token_ids_mean_nothing_to_google_and_the_refusal_names_the_field() {
    let (bed, a) = bed(gemini(), &[vectors(0..1)]).await;
    let reply = openai(&bed, json!({"model": "m", "input": [[1, 2, 3]]})).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["param"], "input");
    assert_eq!(reply.json()["error"]["code"], "unsupported_value");
    assert_eq!(a.requests(), 0);
}

#[tokio::test]
async fn a_google_client_is_embedded_by_openai_one_or_many() {
    let answer = br#"{"data":[{"index":1,"embedding":[2.50]},{"index":0,"embedding":[1e-3]}],"usage":{"prompt_tokens":4,"total_tokens":4}}"#;
    let (many, a) = bed(CHAT, &[upstream::json(answer)]).await;
    let content =
        |text: &str| json!({"model": "models/m", "content": {"parts": [{"text": text}]}, "taskType": "X"});
    let reply = google(&many, "batchEmbedContents", json!({"requests": [content("a"), content("b")]})).await;
    assert_eq!(reply.text(), r#"{"embeddings":[{"values":[1e-3]},{"values":[2.50]}]}"#);
    assert_eq!(reply.header("x-sluice-dropped"), Some("drop:taskType"));
    assert_eq!(many.trace(&reply).await.usage.unwrap().input(), 4);
    assert_eq!(sent(&a), [json!({"model": "m", "input": ["a", "b"]})]);
    assert_eq!(a.received()[0].target(), "/v1/embeddings");
    let answer = br#"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":4,"total_tokens":4}}"#;
    let (one, _a) = bed(CHAT, &[upstream::json(answer)]).await;
    let reply = google(&one, "embedContent", json!({"content": {"parts": [{"text": "a"}]}})).await;
    assert_eq!(reply.text(), r#"{"embedding":{"values":[1]}}"#);
}

#[tokio::test]
async fn a_batch_that_fails_fails_the_attempt_and_another_channel_does_all_of_it() {
    let refused = upstream::response("503 Overloaded", "content-type: application/json\r\n", b"{}");
    let script = |answer: Vec<u8>| vec![Step::Read, Step::Send(answer)];
    let a = Upstream::sequence(vec![script(vectors(0..100)), script(refused)]).await;
    let b = Upstream::sequence(vec![script(vectors(0..100)), script(vectors(100..101))]).await;
    let more = "max_retries = 0";
    let list = [
        Channel { name: "a", addr: a.addr, priority: 1, more },
        Channel { name: "b", addr: b.addr, priority: 2, more },
    ];
    let bed = Bed::start(&bed::channels(gemini(), &list)).await;
    let reply = openai(&bed, json!({"model": "m", "input": vec!["x"; 101]})).await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("b")), "{}", reply.text());
    assert_eq!(reply.json()["data"].as_array().unwrap().len(), 101);
    assert_eq!((a.requests(), b.requests()), (2, 2));
    let trace = bed.trace(&reply).await;
    assert!(trace.attempts[0].maybe_billed, "its first batch was answered");
    assert_eq!(bed.in_flight(), 0);
}

#[tokio::test]
async fn an_answer_with_fewer_vectors_than_texts_is_none() {
    let (bed, _a) = bed(gemini(), &[vectors(0..1)]).await;
    let reply = openai(&bed, json!({"model": "m", "input": ["a", "b"]})).await;
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert!(reply.text().contains("holds 1 vectors for 2 texts"), "{}", reply.text());
}

#[tokio::test]
async fn in_its_own_protocol_a_request_and_its_answer_stay_as_they_are() {
    let answer =
        br#"{"data" : [{"index":0,"embedding":[0.10, 1e2]}],"usage":{"prompt_tokens":1,"total_tokens":1}}"#;
    let (bed, a) = bed(CHAT, &[upstream::json(answer)]).await;
    let asked = r#"{ "input":[[1,2]], "model":"m","dimensions":1.0e1 }"#;
    let reply = bed.send(&Request::post("/v1/embeddings", asked).bearer(KEY)).await;
    assert_eq!(reply.body, answer);
    assert_eq!(a.received()[0].body, asked.as_bytes());
}

#[tokio::test]
async fn anthropic_has_no_embeddings_and_its_clients_are_told_so_in_their_words() {
    let (bed, a) = bed(CHAT, &[vectors(0..1)]).await;
    let request = Request::post("/v1/embeddings", r#"{"model":"m","input":"x"}"#).bearer(KEY);
    let reply = bed.send(&request.header("anthropic-version", "2023-06-01")).await;
    assert_eq!((reply.status, a.requests()), (404, 0), "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], "not_found_error");
}
