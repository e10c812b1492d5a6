#![expect(clippy::unwrap_used, reason = "a test may panic")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Embedding, request};
use crate::head::{Head, PathModel};
use crate::translate::Untranslatable;
use crate::{Operation, Protocol};

fn asked(protocol: Protocol, operation: Operation, body: &Value) -> Result<Embedding, Untranslatable> {
    let body = body.to_string();
    let path = (protocol == Protocol::Gemini).then_some(PathModel { model: "asked", stream: false });
    let head = Head::read(protocol, operation, body.as_bytes(), path).unwrap();
    let target = if protocol == Protocol::Gemini { Protocol::Chat } else { Protocol::Gemini };
    request(&head, body.as_bytes(), target, "theirs")
}

fn openai(body: &Value) -> Result<Embedding, Untranslatable> {
    asked(Protocol::Chat, Operation::Embed, body)
}

fn google(body: &Value) -> Result<Embedding, Untranslatable> {
    asked(Protocol::Gemini, Operation::BatchEmbed, body)
}

/// Answers every batch and returns what the client gets.
fn answered(mut embedding: Embedding, answers: &[Value]) -> (Value, bool) {
    assert_eq!(embedding.batches.len(), answers.len());
    for (batch, answer) in embedding.batches.iter().zip(answers) {
        embedding.gathering.push(answer.to_string().as_bytes(), batch.texts).unwrap();
    }
    let gathered = embedding.gathering.finish();
    (serde_json::from_slice(&gathered.body).unwrap(), gathered.is_estimated)
}

fn bodies(embedding: &Embedding) -> Vec<Value> {
    embedding.batches.iter().map(|batch| serde_json::from_slice(&batch.body).unwrap()).collect()
}

fn notes(embedding: &Embedding) -> String {
    embedding.notes.list().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[test]
fn texts_become_requests_that_each_name_the_model() {
    let asked =
        json!({"model": "asked", "input": ["a \"b\"", "c"], "dimensions": 256, "user": "u", "x": null});
    let embedding = openai(&asked).unwrap();
    let one = |text: &str| json!({"model": "models/theirs", "content": {"parts": [{"text": text}]}, "outputDimensionality": 256});
    assert_eq!(bodies(&embedding), [json!({"requests": [one("a \"b\""), one("c")]})]);
    assert_eq!(embedding.operation, Operation::BatchEmbed);
    assert_eq!(notes(&embedding), "drop:user");
    let single = openai(&json!({"model": "asked", "input": "only"})).unwrap();
    let only = json!({"requests": [{"model": "models/theirs", "content": {"parts": [{"text": "only"}]}}]});
    assert_eq!(bodies(&single), [only]);
}

#[test]
fn contents_become_one_list_of_texts() {
    let content = |parts: Value| json!({"model": "models/asked", "content": {"parts": parts}, "outputDimensionality": 3});
    let mut first = content(json!([{"text": "a"}, {"text": "b"}]));
    first["taskType"] = json!("RETRIEVAL_DOCUMENT");
    first["title"] = json!("t");
    let embedding = google(&json!({"requests": [first, content(json!([{"text": "c"}]))]})).unwrap();
    assert_eq!(bodies(&embedding), [json!({"model": "theirs", "input": ["a\nb", "c"], "dimensions": 3})]);
    assert_eq!(notes(&embedding), "drop:taskType,drop:title");
    let one =
        json!({"content": {"parts": [{"text": "a"}]}, "embedContentConfig": {"outputDimensionality": 3}});
    let single = asked(Protocol::Gemini, Operation::Embed, &one).unwrap();
    assert_eq!(bodies(&single), [json!({"model": "theirs", "input": ["a"], "dimensions": 3})]);
}

#[test]
fn more_texts_than_a_channel_takes_go_in_several_batches_and_come_back_in_order() {
    let texts: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    let embedding = openai(&json!({"model": "m", "input": texts})).unwrap();
    let sizes: Vec<usize> = embedding.batches.iter().map(|batch| batch.texts).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let answer = |range: std::ops::Range<u32>| json!({"embeddings": range.map(|number| json!({"values": [number]})).collect::<Vec<_>>()});
    let (body, _) = answered(embedding, &[answer(0..100), answer(100..200), answer(200..250)]);
    for (index, entry) in body["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!((&entry["index"], &entry["embedding"]), (&json!(index), &json!([index])));
    }
    let requests: Vec<Value> = (0..2049).map(|_| json!({"content": {"parts": [{"text": "x"}]}})).collect();
    let embedding = google(&json!({"requests": requests})).unwrap();
    let sizes: Vec<usize> = embedding.batches.iter().map(|batch| batch.texts).collect();
    assert_eq!(sizes, [2048, 1]);
}

#[test]
fn p152_the_default_of_the_sdks_is_base64_of_little_endian_f32_and_float_is_numbers() {
    let numbers = [0.5_f32, -0.25, 0.125];
    let answer = json!({"embeddings": [{"values": numbers}], "usageMetadata": {"promptTokenCount": 3}});
    let ask =
        |format: Value| openai(&json!({"model": "m", "input": "x", "encoding_format": format})).unwrap();
    let (body, _) = answered(ask(json!("base64")), std::slice::from_ref(&answer));
    let bytes = STANDARD.decode(body["data"][0]["embedding"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
    for format in [json!("float"), json!(null)] {
        let (body, is_estimated) = answered(ask(format), std::slice::from_ref(&answer));
        assert_eq!(
            body,
            json!({
                "object": "list",
                "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25, 0.125]}],
                "model": "theirs",
                "usage": {"prompt_tokens": 3, "total_tokens": 3},
            })
        );
        assert!(!is_estimated);
    }
}

#[test]
fn tokens_that_the_channel_does_not_tell_are_estimated_and_said_to_be() {
    let embedding = openai(&json!({"model": "m", "input": ["twelve bytes", "four"]})).unwrap();
    let (body, is_estimated) =
        answered(embedding, &[json!({"embeddings": [{"values": [1]}, {"values": [1]}]})]);
    assert_eq!(body["usage"], json!({"prompt_tokens": 4, "total_tokens": 4}));
    assert!(is_estimated);
}

#[test]
fn a_truncated_vector_gets_the_length_one_and_a_full_one_stays_as_it_was_written() {
    for (dimensions, expected) in [(json!(2), json!([0.6, 0.8])), (json!(null), json!([3.0, 4.0]))] {
        let asked = json!({"model": "m", "input": "x", "dimensions": dimensions});
        let (body, _) = answered(openai(&asked).unwrap(), &[json!({"embeddings": [{"values": [3.0, 4.0]}]})]);
        let as_f32 = |value: &Value| -> Vec<f32> { serde_json::from_value(value.clone()).unwrap() };
        assert_eq!(as_f32(&body["data"][0]["embedding"]), as_f32(&expected), "{dimensions}");
    }
    let asked = json!({"model": "m", "input": "x", "dimensions": 2});
    let (body, _) = answered(openai(&asked).unwrap(), &[json!({"embeddings": [{"values": [0, 0]}]})]);
    assert_eq!(body["data"][0]["embedding"], json!([0, 0]), "no length can be given to nothing");
}

#[test]
fn the_order_of_the_index_counts_and_every_digit_is_kept() {
    let requests = json!([{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}}]);
    let mut embedding = google(&json!({ "requests": requests })).unwrap();
    let answer =
        br#"{"data":[{"index":1,"embedding":[0.10,2]},{"index":0,"embedding":[1e-2,0.12345678901234567890]}],
        "usage":{"prompt_tokens":2,"total_tokens":2}}"#;
    embedding.gathering.push(answer, 2).unwrap();
    let gathered = embedding.gathering.finish();
    let body = r#"{"embeddings":[{"values":[1e-2,0.12345678901234567890]},{"values":[0.10,2]}]}"#;
    assert_eq!(String::from_utf8(gathered.body).unwrap(), body);
    assert_eq!(gathered.usage.unwrap().input(), 2);
    let one = json!({"content": {"parts": [{"text": "a"}]}});
    let single = asked(Protocol::Gemini, Operation::Embed, &one).unwrap();
    let coded = STANDARD.encode([0.5_f32, 2.0].map(f32::to_le_bytes).concat());
    let (body, _) = answered(single, &[json!({"data": [{"embedding": coded}]})]);
    assert_eq!(body, json!({"embedding": {"values": [0.5, 2]}}), "also where base64 came unasked");
}

#[test]
fn an_answer_that_does_not_fit_its_batch_is_a_failure() {
    for (answer, words) in [
        (json!({"embeddings": [{"values": [1]}]}), "holds 1 vectors for 2 texts"),
        (json!({"embeddings": [{"values": [1]}, {"values": []}]}), "holds something that is no vector"),
        (json!({"embeddings": [{"values": [1]}, {"values": ["x"]}]}), "holds something that is no vector"),
        (
            json!({"embeddings": [{"values": [1]}, {"values": [1]}, {"values": [1]}]}),
            "holds 3 vectors for 2 texts",
        ),
    ] {
        let mut embedding = openai(&json!({"model": "m", "input": ["a", "b"]})).unwrap();
        let failure = embedding.gathering.push(answer.to_string().as_bytes(), 2).unwrap_err();
        assert!(failure.message.contains(words), "{answer}: {}", failure.message);
    }
    let requests = json!([{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}}]);
    let mut embedding = google(&json!({ "requests": requests })).unwrap();
    let twice = json!({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [2]}, {"index": 1, "embedding": [3]}]});
    assert!(embedding.gathering.push(twice.to_string().as_bytes(), 2).is_err());
}

#[test]
fn p153_what_cannot_be_embedded_elsewhere_is_refused_by_its_field() {
    let part = |part: Value| json!({"requests": [{"content": {"parts": [part]}}]});
    let sized =
        |length: Value| json!({"content": {"parts": [{"text": "a"}]}, "outputDimensionality": length});
    for (refused, field, code) in [
        (openai(&json!({"input": [[1, 2, 3]]})), "input", Some("unsupported_value")),
        (openai(&json!({"input": [1, 2, 3]})), "input", Some("unsupported_value")),
        (openai(&json!({"input": ["a", [1]]})), "input", Some("unsupported_value")),
        (openai(&json!({"input": []})), "input", None),
        (openai(&json!({"model": "m"})), "input", None),
        (openai(&json!({"input": vec!["a"; 2049]})), "input", None),
        (openai(&json!({"input": "a", "encoding_format": "hex"})), "encoding_format", None),
        (openai(&json!({"input": "a", "dimensions": 0})), "dimensions", None),
        (google(&json!({"requests": []})), "requests", None),
        (google(&part(json!({"inlineData": {}}))), "requests[0].content.parts[0]", Some("unsupported_value")),
        (google(&json!({"requests": [{"content": {}}]})), "requests[0].content", None),
        (
            google(&json!({"requests": [sized(json!(8)), sized(json!(9))]})),
            "requests[1].outputDimensionality",
            Some("unsupported_value"),
        ),
    ] {
        let Err(Untranslatable::Unsaid(unsaid)) = refused else { panic!("{field} is said") };
        assert_eq!((unsaid.field.as_str(), unsaid.code), (field, code), "{unsaid}");
    }
}
