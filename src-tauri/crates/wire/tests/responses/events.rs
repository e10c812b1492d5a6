//! Streamed and whole answers written.

use serde_json::{Value, json};
use wire::Protocol;
use wire::ask::{State, StateKind, Wanted};
use wire::dialect::Addressee;
use wire::json::Text;
use wire::observe::Counts;
use wire::reply::{CallHead, Citation, Delta, Fold, Opening, Stop};

use super::{client, responses};

/// Writes an answer as a stream and returns its events.
pub(super) fn streamed(to: &Addressee, deltas: &[Delta<'static>]) -> Vec<Value> {
    let mut encoder = responses().stream_encoder(to);
    let mut out = Vec::new();
    for delta in deltas {
        encoder.push(delta.clone(), &Counts::default(), &mut out);
    }
    let events = events(&out);
    assert_eq!(encoder.so_far().next_sequence, events.len() as u64);
    events
}

/// Reads the events of a stream, whose names must be their types.
fn events(stream: &[u8]) -> Vec<Value> {
    let stream = std::str::from_utf8(stream).unwrap();
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').unwrap();
        let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), event["type"].as_str());
        event
    };
    stream.split_terminator("\n\n").map(event).collect()
}

/// Writes an answer as a whole.
pub(super) fn whole(to: &Addressee, deltas: &[Delta<'static>]) -> Value {
    let mut fold = Fold::default();
    for delta in deltas {
        fold.push(delta.clone());
    }
    serde_json::from_slice(&responses().encode_reply(&fold.finish(), &Counts::default(), to)).unwrap()
}

pub(super) fn call(id: &'static str, name: &'static str) -> CallHead<'static> {
    CallHead { id: Text::of(id), name: Text::of(name), namespace: None, free: false, state: None }
}

pub(super) fn open(block: u32, opening: Opening<'static>) -> Delta<'static> {
    Delta::Open(block, opening)
}

pub(super) fn text(block: u32, text: &'static str) -> Delta<'static> {
    Delta::Text(block, Text::of(text))
}

pub(super) fn arguments(block: u32, text: &'static str) -> Delta<'static> {
    Delta::Arguments(block, Text::of(text))
}

/// Puts a start in front of deltas and this end behind them.
pub(super) fn answer(deltas: Vec<Delta<'static>>, stop: Stop<'static>) -> Vec<Delta<'static>> {
    let start = Delta::Start { model: Some(Text::of("gpt-x")) };
    std::iter::once(start).chain(deltas).chain([Delta::Finish(stop)]).collect()
}

/// Tells an event in few words: its type without `response.`, its index, and what it says.
fn words(event: &Value) -> String {
    let kind = event["type"].as_str().unwrap().trim_start_matches("response.");
    let mut words = kind.to_owned();
    if let Some(index) = event["output_index"].as_u64() {
        words = format!("{words} {index}");
    }
    for said in ["delta", "text", "refusal", "arguments", "input"] {
        if let Some(said) = event[said].as_str() {
            words = format!("{words} {said}");
        }
    }
    if let Some(item) = event["item"]["type"].as_str() {
        words = format!("{words} {item} {}", event["item"]["id"].as_str().unwrap());
        words += event["item"]["status"].as_str().map(|status| format!(" {status}")).as_deref().unwrap_or("");
    }
    words
}

fn told(to: &Addressee, deltas: &[Delta<'static>]) -> Vec<String> {
    streamed(to, deltas).iter().skip(2).map(words).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of streams")]
fn a_stream_follows_the_grammar() {
    for (what, deltas, stop, expected) in [
        (
            "P063 thoughts, then text",
            vec![
                open(0, Opening::Thinking),
                text(0, "a"),
                text(0, "b"),
                Delta::Close(0),
                open(1, Opening::Text),
                text(1, "c"),
                Delta::Close(1),
            ],
            Stop::EndTurn,
            vec![
                "output_item.added 0 reasoning rs_1_0",
                "reasoning_summary_part.added 0",
                "reasoning_summary_text.delta 0 a",
                "reasoning_summary_text.delta 0 b",
                "reasoning_summary_text.done 0 ab",
                "reasoning_summary_part.done 0",
                "output_item.done 0 reasoning rs_1_0",
                "output_item.added 1 message msg_1_1 in_progress",
                "content_part.added 1",
                "output_text.delta 1 c",
                "output_text.done 1 c",
                "content_part.done 1",
                "output_item.done 1 message msg_1_1 completed",
                "completed",
            ],
        ),
        (
            "P061 a call alone comes first, and a function without arguments gets an empty object",
            vec![
                open(0, Opening::Text),
                open(1, Opening::Call(call("1", "f"))),
                Delta::Close(0),
                Delta::Close(1),
            ],
            Stop::Calls,
            vec![
                "output_item.added 0 function_call fc_1_0 in_progress",
                "function_call_arguments.delta 0 {}",
                "function_call_arguments.done 0 {}",
                "output_item.done 0 function_call fc_1_0 completed",
                "completed",
            ],
        ),
        (
            "P071 free text is a custom call",
            vec![
                open(0, Opening::Call(CallHead { free: true, ..call("1", "apply_patch") })),
                arguments(0, "*** "),
                arguments(0, "\"p\""),
                Delta::Close(0),
            ],
            Stop::Calls,
            vec![
                "output_item.added 0 custom_tool_call ctc_1_0 in_progress",
                "custom_tool_call_input.delta 0 *** ",
                "custom_tool_call_input.delta 0 \"p\"",
                "custom_tool_call_input.done 0 *** \"p\"",
                "output_item.done 0 custom_tool_call ctc_1_0 completed",
                "completed",
            ],
        ),
        (
            "calls may run side by side",
            vec![
                open(0, Opening::Call(call("1", "f"))),
                open(1, Opening::Call(call("2", "g"))),
                arguments(0, "{"),
                arguments(1, "{}"),
                arguments(0, "}"),
                Delta::Close(0),
                Delta::Close(1),
            ],
            Stop::Calls,
            vec![
                "output_item.added 0 function_call fc_1_0 in_progress",
                "output_item.added 1 function_call fc_1_1 in_progress",
                "function_call_arguments.delta 0 {",
                "function_call_arguments.delta 1 {}",
                "function_call_arguments.delta 0 }",
                "function_call_arguments.done 0 {}",
                "function_call_arguments.done 1 {}",
                "output_item.done 0 function_call fc_1_0 completed",
                "output_item.done 1 function_call fc_1_1 completed",
                "completed",
            ],
        ),
        (
            "texts in a row are one message; P065 the last one was cut",
            vec![
                open(0, Opening::Text),
                text(0, "a"),
                Delta::Close(0),
                open(1, Opening::Refusal),
                text(1, "no"),
                Delta::Close(1),
            ],
            Stop::OutputMax,
            vec![
                "output_item.added 0 message msg_1_0 in_progress",
                "content_part.added 0",
                "output_text.delta 0 a",
                "output_text.done 0 a",
                "content_part.done 0",
                "content_part.added 0",
                "refusal.delta 0 no",
                "refusal.done 0 no",
                "content_part.done 0",
                "output_item.done 0 message msg_1_0 incomplete",
                "incomplete",
            ],
        ),
        (
            "an image that the model made",
            vec![
                open(0, Opening::Image { mime: Text::of("image/png"), base64: Text::of("aW1n") }),
                Delta::Close(0),
            ],
            Stop::EndTurn,
            vec![
                "output_item.added 0 image_generation_call ig_1_0 in_progress",
                "output_item.done 0 image_generation_call ig_1_0 completed",
                "completed",
            ],
        ),
        ("nothing", vec![], Stop::Refused(None), vec!["incomplete"]),
    ] {
        assert_eq!(told(&client(), &answer(deltas, stop)), expected, "{what}");
    }
}

#[test]
fn every_response_object_has_the_keys_of_the_public_schema() {
    let keys = [
        "id",
        "object",
        "created_at",
        "completed_at",
        "status",
        "error",
        "incomplete_details",
        "instructions",
        "model",
        "output",
        "parallel_tool_calls",
        "tool_choice",
        "tools",
        "temperature",
        "top_p",
        "top_logprobs",
        "presence_penalty",
        "frequency_penalty",
        "max_output_tokens",
        "max_tool_calls",
        "previous_response_id",
        "reasoning",
        "service_tier",
        "store",
        "background",
        "text",
        "truncation",
        "safety_identifier",
        "prompt_cache_key",
        "usage",
        "metadata",
    ];
    let deltas = answer(vec![open(0, Opening::Text), text(0, "a"), Delta::Close(0)], Stop::EndTurn);
    let mut failed = Vec::new();
    let error = wire::errors::ErrorBody {
        status: 502,
        kind: wire::errors::Kind::Upstream,
        code: None,
        param: None,
        message: "m",
        retry_after_s: None,
        request_id: None,
    };
    let so_far = wire::errors::SoFar {
        response_id: Some("resp_1"),
        next_sequence: 3,
        ..wire::errors::SoFar::default()
    };
    failed.extend(wire::errors::stream_end(Protocol::Responses, wire::frames::Framing::Sse, &error, &so_far));
    let stream = streamed(&client(), &deltas);
    let ended = stream
        .iter()
        .chain(&events(&failed))
        .filter(|event| event["response"].is_object())
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(ended.len(), 4, "created, in progress, completed, failed");
    for response in ended.iter().map(|event| &event["response"]).chain([&whole(&client(), &deltas)]) {
        for key in keys {
            assert!(response.get(key).is_some(), "{key} is missing in {response}");
        }
        assert_eq!(response["id"], "resp_1");
        assert_eq!(response.as_object().unwrap().len(), keys.len(), "no key comes twice");
    }
    assert_eq!(events(&failed)[0]["sequence_number"], 3);
    assert_eq!(events(&failed)[0]["response"]["error"], json!({"code": "server_error", "message": "m"}));
}

#[test]
fn an_answer_ends_as_it_ended() {
    for (stop, refusal, status, reason) in [
        (Stop::EndTurn, false, "completed", Value::Null),
        (Stop::StopSequence(None), false, "completed", Value::Null),
        (Stop::Calls, false, "completed", Value::Null),
        (Stop::Paused, false, "completed", Value::Null),
        (Stop::OutputMax, false, "incomplete", json!({"reason": "max_output_tokens"})),
        (Stop::ContextFull, false, "incomplete", json!({"reason": "max_output_tokens"})),
        (Stop::Refused(None), false, "incomplete", json!({"reason": "content_filter"})),
        (Stop::Refused(None), true, "completed", Value::Null),
    ] {
        let opening = if refusal { Opening::Refusal } else { Opening::Text };
        let deltas = answer(vec![open(0, opening), text(0, "a"), Delta::Close(0)], stop.clone());
        let response = whole(&client(), &deltas);
        assert_eq!(
            (&response["status"], &response["incomplete_details"]),
            (&json!(status), &reason),
            "{stop:?}"
        );
        assert_eq!(streamed(&client(), &deltas).last().unwrap()["response"], response, "{stop:?}");
    }
}

#[test]
fn notes_about_thoughts_reach_only_who_asked_for_them() {
    let state = |slot, kind| Delta::State(0, State::new(slot, kind, Text::of("e")));
    for (slot, kind, encrypted, expected) in [
        (Protocol::Responses, StateKind::Encrypted, true, json!("e")),
        (Protocol::Responses, StateKind::Encrypted, false, Value::Null),
        (Protocol::Responses, StateKind::Sealed, true, json!("e")),
        (Protocol::Responses, StateKind::Sealed, false, Value::Null),
    ] {
        let deltas = vec![open(0, Opening::Thinking), text(0, "a"), state(slot, kind), Delta::Close(0)];
        let to = Addressee { wanted: Wanted { encrypted, ..Wanted::default() }, ..client() };
        let response = whole(&to, &answer(deltas, Stop::EndTurn));
        assert_eq!(response["output"][0]["encrypted_content"], expected, "{slot} {encrypted}");
    }
}

#[test]
fn hidden_thoughts_stay_hidden() {
    let to = Addressee { wanted: Wanted { thinking_hidden: true, ..Wanted::default() }, ..client() };
    let deltas = vec![open(0, Opening::Thinking), text(0, "a"), Delta::Close(0)];
    assert_eq!(told(&to, &answer(deltas, Stop::EndTurn)), ["completed"]);
}

#[test]
fn sources_of_a_text_are_its_annotations() {
    let citation = Citation { url: Text::of("https://a"), title: None, span: Some((0, 1)) };
    let deltas = vec![open(0, Opening::Text), text(0, "a"), Delta::Cite(0, citation), Delta::Close(0)];
    let events = streamed(&client(), &answer(deltas, Stop::EndTurn));
    let annotation = json!({"type": "url_citation", "url": "https://a", "title": "https://a", "start_index": 0, "end_index": 1});
    let added = events.iter().find(|event| event["type"] == "response.output_text.annotation.added").unwrap();
    assert_eq!((&added["annotation_index"], &added["annotation"]), (&json!(0), &annotation));
    assert_eq!(
        events.last().unwrap()["response"]["output"][0]["content"][0]["annotations"],
        json!([annotation])
    );
}

#[test]
fn a_call_keeps_its_id_and_namespace_everywhere() {
    // P062, P175.
    let head =
        CallHead { namespace: Some(Text::of("functions")), free: true, ..call("functions.exec:0", "exec") };
    let deltas = answer(vec![open(0, Opening::Call(head)), arguments(0, "x"), Delta::Close(0)], Stop::Calls);
    let events = streamed(&client(), &deltas);
    let items = events
        .iter()
        .filter_map(|event| event.get("item"))
        .chain([&events.last().unwrap()["response"]["output"][0]]);
    assert_eq!(items.clone().count(), 3);
    for item in items {
        assert_eq!(item["call_id"], "functions.exec:0");
        assert_eq!((&item["name"], &item["namespace"]), (&json!("exec"), &json!("functions")));
    }
    let nameless = answer(vec![open(0, Opening::Call(call("", "f"))), Delta::Close(0)], Stop::Calls);
    assert_eq!(whole(&client(), &nameless)["output"][0]["call_id"], "call_1_0");
}

#[test]
fn a_search_for_tools_comes_back_as_one() {
    let deltas = answer(
        vec![
            open(0, Opening::Call(call("1", "tool_search"))),
            arguments(0, r#"{"query":"q"}"#),
            Delta::Close(0),
        ],
        Stop::Calls,
    );
    let to = Addressee { wanted: Wanted { tool_search: true, ..Wanted::default() }, ..client() };
    let expected = json!({
        "type": "tool_search_call", "id": "tsc_1_0", "call_id": "1", "execution": "client",
        "arguments": {"query": "q"}, "status": "completed",
    });
    assert_eq!(whole(&to, &deltas)["output"], json!([expected]));
    assert_eq!(
        told(&to, &deltas),
        [
            "output_item.added 0 tool_search_call tsc_1_0 in_progress",
            "output_item.done 0 tool_search_call tsc_1_0 completed",
            "completed",
        ]
    );
    // Who has a function of that name gets a function's call.
    assert_eq!(whole(&client(), &deltas)["output"][0]["type"], "function_call");
}

#[test]
fn a_compacted_conversation_goes_on_from_its_summary() {
    // P178: Codex wants exactly one item, of this type.
    let to = Addressee { wanted: Wanted { compaction: true, ..Wanted::default() }, ..client() };
    let deltas = answer(
        vec![
            open(0, Opening::Thinking),
            text(0, "t"),
            Delta::Close(0),
            open(1, Opening::Text),
            text(1, "the \"sum\"\n"),
            Delta::Close(1),
        ],
        Stop::EndTurn,
    );
    assert_eq!(
        told(&to, &deltas),
        ["output_item.added 0 compaction cmp_1_0", "output_item.done 0 compaction cmp_1_0", "completed",]
    );
    let output = whole(&to, &deltas)["output"].to_string();
    super::with_ask(&format!("{{\"input\":{output}}}"), |ask| {
        let lines = super::told::told(&ask.unwrap());
        assert_eq!(lines, ["user: [summary of the conversation so far]\nthe \"sum\"\n"]);
    });
}
