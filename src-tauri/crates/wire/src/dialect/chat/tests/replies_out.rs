//! Answers for Chat clients.

use super::replies_in::recorded;
use super::*;
use crate::json::Text;
use crate::observe::Counts;
use crate::reply::{CallHead, Citation, Opening, Stop};
use crate::sse::Scanner;

/// A client that wants a stream.
fn streamed() -> Wanted {
    Wanted { stream: true, ..Wanted::default() }
}

/// The tokens of the first recorded stream.
fn counts() -> Counts {
    let mut observer = Observer::new(Protocol::Chat);
    for event in recorded("L1") {
        observer.event(None, event.to_string().as_bytes());
    }
    *observer.counts()
}

/// Writes an answer as a stream and returns its chunks; `[DONE]` is a string.
fn told(deltas: Vec<Delta<'_>>, counts: &Counts, wanted: Wanted) -> Vec<Json> {
    let mut encoder = Chat.stream_encoder(&addressee(wanted));
    let mut out = Vec::new();
    for delta in deltas {
        encoder.push(delta, counts, &mut out);
    }
    let mut chunks = Vec::new();
    Scanner::new(1 << 20)
        .push(&out, &mut |event| {
            let done = || json!(String::from_utf8_lossy(event.data));
            chunks.push(serde_json::from_slice(event.data).unwrap_or_else(|_| done()));
        })
        .unwrap();
    chunks
}

/// The deltas of chunks, with the reason of the last.
fn deltas(chunks: &[Json]) -> Vec<String> {
    let delta = |chunk: &Json| match chunk["choices"][0].as_object() {
        Some(choice) if choice["finish_reason"].is_null() => choice["delta"].to_string(),
        Some(choice) => choice["finish_reason"].to_string(),
        None => chunk.get("usage").map_or_else(|| chunk.to_string(), ToString::to_string),
    };
    chunks.iter().map(delta).collect()
}

fn start() -> Delta<'static> {
    Delta::Start { model: Some(Text::of("m")) }
}

fn call(id: &'static str, name: &'static str, free: bool) -> Opening<'static> {
    Opening::Call(CallHead { id: Text::of(id), name: Text::of(name), namespace: None, free, state: None })
}

fn t(text: &'static str) -> Text<'static> {
    Text::of(text)
}

#[test]
fn a_recorded_stream_is_told_as_it_was_recorded() {
    for (name, skipped) in [("L1", "created"), ("L2", "created")] {
        let events = recorded(name);
        let mut decoder = Chat.stream_decoder();
        let mut encoder = Chat.stream_encoder(&addressee(Wanted { usage_chunk: true, ..streamed() }));
        let mut observer = Observer::new(Protocol::Chat);
        let mut out = Vec::new();
        for event in &events {
            let text = event.to_string();
            observer.event(None, text.as_bytes());
            let counts = *observer.counts();
            let tape = Tape::read(text.as_bytes()).unwrap();
            decoder.event(None, tape.root(), &mut |delta| encoder.push(delta, &counts, &mut out));
        }
        let counts = *observer.counts();
        decoder.finish(&mut |delta| encoder.push(delta, &counts, &mut out));
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"), "{skipped}");
        let chunks: Vec<Json> =
            text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
        let without_usage = |event: &Json| {
            let mut event = event.clone();
            event["id"] = json!("chatcmpl-a1");
            if event["usage"].is_null() {
                event["usage"] = Json::Null;
            }
            event
        };
        // An empty piece of arguments is not repeated.
        let expected: Vec<Json> = events.iter().map(without_usage).collect();
        assert_eq!(chunks, expected, "{name}");
    }
}

#[test]
fn every_delta_has_its_chunk() {
    let chunks = told(
        vec![
            start(),
            Delta::Open(0, Opening::Text),
            Delta::Text(0, t("a")),
            Delta::Open(1, call("", "f", false)),
            Delta::Open(2, call("c2", "p", true)),
            Delta::Arguments(2, t("*** x")),
            Delta::Close(0),
            Delta::Close(1),
            Delta::Close(2),
            Delta::Open(3, Opening::Refusal),
            Delta::Text(3, t("no")),
            Delta::Close(3),
            Delta::Open(4, Opening::Image { mime: t("image/png"), base64: t("AA==") }),
            Delta::Close(4),
            Delta::Finish(Stop::Calls),
        ],
        &Counts::default(),
        streamed(),
    );
    assert_eq!(
        deltas(&chunks),
        [
            r#"{"role":"assistant","content":""}"#,
            r#"{"content":"a"}"#,
            r#"{"tool_calls":[{"index":0,"id":"call_a1_0","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"c2","type":"custom","custom":{"name":"p","input":""}}]}"#,
            r#"{"tool_calls":[{"index":1,"custom":{"input":"*** x"}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#,
            r#"{"refusal":"no"}"#,
            r#"{"images":[{"index":0,"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
            r#""tool_calls""#,
            r#""[DONE]""#,
        ]
    );
    for chunk in chunks.iter().filter(|chunk| chunk.is_object()) {
        assert_eq!((&chunk["id"], &chunk["created"]), (&json!("chatcmpl-a1"), &json!(1_763_600_000)), "P041");
        assert!(chunk.get("usage").is_none(), "P150");
        assert_eq!(chunk["model"], "m");
    }
}

#[test]
fn usage_comes_last_and_only_for_who_asked() {
    let say = |counts: &Counts, usage_chunk: bool| {
        let wanted = Wanted { usage_chunk, ..streamed() };
        told(vec![start(), Delta::Finish(Stop::EndTurn)], counts, wanted)
    };
    let chunks = say(&counts(), true);
    assert!(chunks[0].as_object().unwrap()["usage"].is_null(), "every other chunk says null");
    assert_eq!(chunks[2]["choices"], json!([]));
    assert_eq!(
        chunks[2]["usage"],
        json!({
            "prompt_tokens": 1100, "completion_tokens": 60, "total_tokens": 1160,
            "prompt_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 100},
            "completion_tokens_details": {"reasoning_tokens": 20},
        }),
        "P149"
    );
    assert_eq!(chunks[3], "[DONE]");
    assert_eq!(say(&counts(), false).len(), 3, "P150");
    assert_eq!(say(&Counts::default(), true).len(), 3, "nothing is made up");
}

#[test]
fn an_old_client_gets_its_one_function_call() {
    let wanted = Wanted { old_functions: true, ..streamed() };
    let deltas_in = vec![
        start(),
        Delta::Open(0, call("c1", "f", false)),
        Delta::Arguments(0, t("{}")),
        Delta::Close(0),
        Delta::Open(1, call("c2", "g", false)),
        Delta::Arguments(1, t("{}")),
        Delta::Close(1),
        Delta::Finish(Stop::Calls),
    ];
    assert_eq!(
        deltas(&told(deltas_in.clone(), &Counts::default(), wanted.clone()))[1..],
        [
            r#"{"function_call":{"name":"f","arguments":""}}"#,
            r#"{"function_call":{"arguments":"{}"}}"#,
            r#""function_call""#,
            r#""[DONE]""#,
        ],
        "P043"
    );
    let whole = whole_of(deltas_in, &Counts::default(), wanted);
    let choice = &whole["choices"][0];
    assert_eq!(choice["message"]["function_call"], json!({"name": "f", "arguments": "{}"}));
    assert_eq!(
        (&choice["finish_reason"], choice["message"].get("tool_calls")),
        (&json!("function_call"), None)
    );
}

#[test]
fn every_end_has_its_word() {
    for (stop, expected) in [
        (Stop::EndTurn, "stop"),
        (Stop::StopSequence(Some(t("END"))), "stop"),
        (Stop::Paused, "stop"),
        (Stop::OutputMax, "length"),
        (Stop::ContextFull, "length"),
        (Stop::Refused(None), "content_filter"),
        // P032
        (Stop::Calls, "stop"),
    ] {
        let says = vec![start(), Delta::Finish(stop)];
        assert_eq!(
            told(says.clone(), &Counts::default(), streamed())[1]["choices"][0]["finish_reason"],
            expected
        );
        let whole = whole_of(says, &Counts::default(), streamed());
        assert_eq!(whole["choices"][0]["finish_reason"], expected);
        assert_eq!(whole["choices"][0]["message"]["content"], "");
    }
}

/// Writes an answer at once.
fn whole_of(says: Vec<Delta<'_>>, counts: &Counts, wanted: Wanted) -> Json {
    let mut fold = Fold::default();
    for delta in says {
        fold.push(delta);
    }
    serde_json::from_slice(&Chat.encode_reply(&fold.finish(), counts, &addressee(wanted))).unwrap()
}

/// Folds chunks as `OpenAI`'s Python SDK does: texts are joined, lists by their `index`.
fn joined(chunks: &[Json]) -> (Json, Json, Json) {
    fn join(into: &mut Json, more: &Json) {
        match (into, more) {
            (Json::String(into), Json::String(more)) => into.push_str(more),
            (Json::Object(into), Json::Object(more)) => {
                for (name, value) in more {
                    match into.get_mut(name) {
                        Some(known) if name != "index" && name != "type" => join(known, value),
                        _ => drop(into.insert(name.clone(), value.clone())),
                    }
                }
            }
            (Json::Array(into), Json::Array(more)) => {
                for value in more {
                    match into.iter_mut().find(|known| known["index"] == value["index"]) {
                        Some(known) => join(known, value),
                        None => into.push(value.clone()),
                    }
                }
            }
            (into, more) => *into = more.clone(),
        }
    }
    let mut message = json!({});
    let (mut reason, mut usage) = (Json::Null, Json::Null);
    for chunk in chunks.iter().filter(|chunk| chunk.is_object()) {
        if let Some(choice) = chunk["choices"].get(0) {
            join(&mut message, &choice["delta"]);
            reason = if choice["finish_reason"].is_null() { reason } else { choice["finish_reason"].clone() };
        }
        usage = if chunk["usage"].is_null() { usage } else { chunk["usage"].clone() };
    }
    (message, reason, usage)
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    let cite = |url: &'static str, span| Citation { url: t(url), title: None, span };
    let says = vec![
        start(),
        Delta::Open(0, Opening::Thinking),
        Delta::Text(0, t("hm ")),
        Delta::Open(1, Opening::Text),
        Delta::Text(1, t("one\\n")),
        Delta::Text(0, t("ha")),
        Delta::Cite(1, cite("u1", Some((0, 3)))),
        Delta::Close(0),
        Delta::Close(1),
        Delta::Open(2, call("c1", "f", false)),
        Delta::Open(3, call("", "g", false)),
        Delta::Arguments(3, t("{")),
        Delta::Arguments(2, Text::owned("{\"a\":1}")),
        Delta::Arguments(3, t("}")),
        Delta::Close(2),
        Delta::Close(3),
        Delta::Open(4, call("c3", "p", true)),
        Delta::Arguments(4, t("x")),
        Delta::Close(4),
        Delta::Open(5, Opening::Image { mime: t("image/png"), base64: t("AA==") }),
        Delta::Close(5),
        Delta::Open(6, Opening::Text),
        Delta::Text(6, t("two")),
        Delta::Cite(6, cite("u2", Some((0, 3)))),
        Delta::Cite(6, cite("u3", None)),
        Delta::Close(6),
        Delta::Finish(Stop::Calls),
    ];
    for wanted in [
        Wanted { usage_chunk: true, ..streamed() },
        Wanted { usage_chunk: true, thinking_hidden: true, ..streamed() },
        Wanted { usage_chunk: true, old_functions: true, ..streamed() },
    ] {
        let (streamed, reason, usage) = joined(&told(says.clone(), &counts(), wanted.clone()));
        let whole = whole_of(says.clone(), &counts(), wanted);
        let mut message = whole["choices"][0]["message"].clone();
        message.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        for call in message["tool_calls"].as_array_mut().into_iter().flatten().enumerate() {
            call.1["index"] = json!(call.0);
        }
        if message.get("tool_calls").is_some_and(Json::is_null) {
            message.as_object_mut().unwrap().remove("tool_calls");
        }
        assert_eq!(streamed, message);
        assert_eq!((reason, usage), (whole["choices"][0]["finish_reason"].clone(), whole["usage"].clone()));
    }
}

#[test]
fn a_whole_answer_has_every_member_that_clients_read() {
    let whole = whole_of(vec![start(), Delta::Finish(Stop::EndTurn)], &Counts::default(), Wanted::default());
    assert_eq!(
        whole,
        json!({
            "id": "chatcmpl-a1", "object": "chat.completion", "created": 1_763_600_000, "model": "m",
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": "", "refusal": null},
                "logprobs": null, "finish_reason": "stop",
            }],
        })
    );
    let calls = whole_of(
        vec![start(), Delta::Open(0, call("c", "f", false)), Delta::Close(0), Delta::Finish(Stop::Calls)],
        &Counts::default(),
        Wanted::default(),
    );
    assert_eq!(calls["choices"][0]["message"]["content"], Json::Null, "null only where calls stand for it");
    assert_eq!(calls["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], "{}");
}

#[test]
fn a_reply_is_read_back_as_it_was() {
    let reply = json!({"model": "gpt-x", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": "b", "reasoning_content": "a",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1.0}"}}],
    }, "finish_reason": "tool_calls"}]});
    let once = folded(&reply);
    let told = Chat.encode_reply(&once, &Counts::default(), &addressee(Wanted::default()));
    assert_eq!(folded(&serde_json::from_slice(&told).unwrap()), once);
}

#[test]
fn what_a_failure_must_fit_behind_is_known() {
    let mut encoder = Chat.stream_encoder(&addressee(streamed()));
    assert_eq!(encoder.so_far().place, crate::frames::Place::Start);
    let mut out = Vec::new();
    encoder.push(start(), &Counts::default(), &mut out);
    assert_eq!(encoder.so_far().place, crate::frames::Place::Between);
}
