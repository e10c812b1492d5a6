//! Answers of Chat channels.

use super::*;
use crate::sse::Scanner;

fn chunk(delta: Json) -> Json {
    json!({"id": "x", "model": "gpt-x", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn end(reason: &str) -> Json {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// A piece of a call; what is null is not said.
fn tc(index: Json, id: Json, name: Json, arguments: Json) -> Json {
    let mut call = json!({"function": {}});
    for (place, value) in [("index", index), ("id", id)] {
        if !value.is_null() {
            call[place] = value;
        }
    }
    for (place, value) in [("name", name), ("arguments", arguments)] {
        if !value.is_null() {
            call["function"][place] = value;
        }
    }
    chunk(json!({"tool_calls": [call]}))
}

/// What a stream says between its start and its end, in one line.
fn between(events: &[Json]) -> String {
    let lines = heard(events);
    assert_eq!(lines[0], "start gpt-x");
    lines[1..].join("; ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn calls_are_put_together_whatever_vendors_number_and_name_them() {
    let none = || Json::Null;
    let two = "0 call f [c1]; 0 + {}; 0 end; 1 call g [c2]; 1 + {}; 1 end; finish Calls";
    let one = r#"0 call f [c1]; 0 + {"a"; 0 + :1; 0 + }; 0 end; finish Calls"#;
    let args = r#"{"a":1}"#;
    for (id, events, expected) in [
        (
            "P025",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!("{}")),
                tc(json!(0), json!("c2"), json!("g"), json!("{}")),
            ],
            two,
        ),
        (
            "P026",
            vec![
                tc(none(), json!("c1"), json!("f"), json!("{}")),
                tc(none(), json!("c2"), json!("g"), json!("{}")),
            ],
            two,
        ),
        (
            "P027",
            vec![
                tc(json!(1), json!("c1"), json!("f"), json!("{}")),
                tc(json!(2), json!("c2"), json!("g"), json!("{}")),
            ],
            two,
        ),
        (
            "P028",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!(r#"{"a""#)),
                tc(json!(0), json!("c1"), json!("f"), json!(":1")),
                tc(json!(0), json!("c1"), json!("f"), json!("}")),
            ],
            one,
        ),
        (
            "P029",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!(r#"{"a""#)),
                chunk(
                    json!({"tool_calls": [{"index": 0, "id": null, "function": {"name": null, "arguments": ":1"}}]}),
                ),
                chunk(
                    json!({"tool_calls": [{"index": 0, "id": "", "function": {"name": "", "arguments": "}"}}]}),
                ),
            ],
            one,
        ),
        (
            "P030",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!(r#"{"a""#)),
                tc(json!(0), none(), none(), json!(":1}")),
                tc(json!(0), none(), none(), json!(args)),
            ],
            r#"0 call f [c1]; 0 + {"a"; 0 + :1}; 0 end; finish Calls"#,
        ),
        (
            "P030 with its name",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!(args)),
                tc(json!(0), json!("c1"), json!("f"), json!(args)),
            ],
            r#"0 call f [c1]; 0 + {"a":1}; 0 end; finish Calls"#,
        ),
        (
            "interleaved",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!("{")),
                tc(json!(1), json!("c2"), json!("g"), json!("{")),
                tc(json!(0), none(), none(), json!("}")),
                tc(json!(1), none(), none(), json!("}")),
            ],
            "0 call f [c1]; 0 + {; 1 call g [c2]; 1 + {; 0 + }; 1 + }; 0 end; 1 end; finish Calls",
        ),
        (
            "a late id",
            vec![tc(json!(0), none(), json!("f"), none()), tc(json!(0), json!("c1"), none(), json!("{}"))],
            "0 call f [c1]; 0 + {}; 0 end; finish Calls",
        ),
        (
            "a new id with every piece",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!("{")),
                tc(json!(0), json!("c2"), none(), json!("}")),
            ],
            "0 call f [c1]; 0 + {; 0 + }; 0 end; finish Calls",
        ),
        (
            "no ids at all (Google)",
            vec![
                tc(json!(0), json!(""), json!("f"), json!("{}")),
                tc(json!(0), json!(""), json!("g"), json!("{}")),
            ],
            "0 call f []; 0 + {}; 0 end; 1 call g []; 1 + {}; 1 end; finish Calls",
        ),
        (
            "neither ids nor numbers",
            vec![
                tc(none(), none(), json!("f"), json!("{")),
                tc(none(), none(), none(), json!("}")),
                tc(none(), none(), json!("f"), json!("{}")),
            ],
            "0 call f []; 0 + {; 0 + }; 0 end; 1 call f []; 1 + {}; 1 end; finish Calls",
        ),
        (
            "the name comes last",
            vec![tc(json!(0), json!("c1"), none(), json!("{}")), tc(json!(0), none(), json!("f"), none())],
            "0 call f [c1]; 0 + {}; 0 end; finish Calls",
        ),
        (
            "arguments as an object",
            vec![tc(json!(0), json!("c1"), json!("f"), json!({"a": 1}))],
            r#"0 call f [c1]; 0 + {"a":1}; 0 end; finish Calls"#,
        ),
        (
            "no arguments",
            vec![tc(json!(0), json!("c1"), json!("f"), json!(""))],
            "0 call f [c1]; 0 + {}; 0 end; finish Calls",
        ),
        ("nobody named it", vec![tc(json!(0), json!("c1"), none(), json!("{}"))], "finish EndTurn"),
        (
            "P043",
            vec![
                chunk(json!({"function_call": {"name": "f", "arguments": ""}})),
                chunk(json!({"function_call": {"arguments": "{}"}})),
            ],
            "0 call f []; 0 + {}; 0 end; finish Calls",
        ),
        (
            "custom",
            vec![
                chunk(
                    json!({"tool_calls": [{"index": 0, "id": "c1", "type": "custom", "custom": {"name": "p", "input": "{}"}}]}),
                ),
                chunk(json!({"tool_calls": [{"index": 0, "custom": {"input": "{}"}}]})),
            ],
            "0 free p [c1]; 0 + {}; 0 + {}; 0 end; finish Calls",
        ),
        (
            "it goes on behind its end",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!("{}")),
                tc(json!(1), json!("c2"), json!("g"), json!("{}")),
                tc(json!(0), none(), none(), json!("[]")),
            ],
            "0 call f [c1]; 0 + {}; 0 end; 1 call g [c2]; 1 + {}; failed upstream_malformed_tool_call",
        ),
        (
            "P137",
            vec![chunk(
                json!({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {"thought_signature": "s"}}}]}),
            )],
            "0 call f [c1] {s}; 0 + {}; 0 end; finish Calls",
        ),
        (
            "a note that comes late",
            vec![
                tc(json!(0), json!("c1"), json!("f"), json!("{")),
                chunk(
                    json!({"tool_calls": [{"index": 0, "extra_content": {"google": {"thought_signature": "s"}}}]}),
                ),
                tc(json!(0), none(), none(), json!("}")),
            ],
            "0 call f [c1]; 0 + {; 0 state Thought s; 0 + }; 0 end; finish Calls",
        ),
    ] {
        assert_eq!(between(&events), expected, "{id}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn text_and_thoughts_are_blocks_of_their_own() {
    for (id, events, expected) in [
        (
            "P047",
            vec![
                chunk(json!({"reasoning_content": "a"})),
                chunk(json!({"content": "b"})),
                chunk(json!({"reasoning": "c"})),
                chunk(json!({"content": "d"})),
            ],
            "0 thinking; 0 + a; 0 end; 1 text; 1 + b; 1 end; 2 thinking; 2 + c; 2 end; 3 text; 3 + d; 3 end; finish EndTurn",
        ),
        (
            "P036",
            vec![chunk(
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}, {"type": "text", "text": "b"}]}),
            )],
            "0 thinking; 0 + a; 0 end; 1 text; 1 + b; 1 end; finish EndTurn",
        ),
        (
            "P037",
            vec![chunk(json!({"reasoning_content": "x", "reasoning": "x"}))],
            "0 thinking; 0 + x; 0 end; finish EndTurn",
        ),
        (
            "OpenRouter",
            vec![chunk(
                json!({"reasoning": "x", "reasoning_details": [{"type": "reasoning.text", "text": "x"}]}),
            )],
            r#"0 thinking; 0 + x; 0 state Detail {"type":"reasoning.text"}; 0 end; finish EndTurn"#,
        ),
        (
            "P136",
            vec![
                chunk(json!({"reasoning_details": [{"type": "reasoning.text", "text": "x"}]})),
                chunk(json!({"reasoning_details": [{"type": "reasoning.text", "signature": "s"}]})),
            ],
            r#"0 thinking; 0 + x; 0 state Detail {"type":"reasoning.text","signature":"s"}; 0 end; finish EndTurn"#,
        ),
        (
            "encrypted thoughts",
            vec![chunk(json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "e"}]}))],
            r#"0 thinking; 0 state Detail {"type":"reasoning.encrypted","data":"e"}; 0 end; finish EndTurn"#,
        ),
        (
            "P038",
            vec![chunk(json!({"content": "<think>a</think>b"}))],
            "0 text; 0 + <think>a</think>b; 0 end; finish EndTurn",
        ),
        (
            "P039",
            vec![chunk(json!({"content": "", "reasoning_content": null, "role": "assistant"}))],
            "finish EndTurn",
        ),
        (
            "P035",
            vec![json!({"choices": [], "prompt_filter_results": []}), chunk(json!({"content": "a"}))],
            "0 text; 0 + a; 0 end; finish EndTurn",
        ),
        (
            "P042",
            vec![
                json!({"model": "gpt-x", "created": 1_763_600_000.5, "choices": [{"delta": {"content": "a"}}]}),
            ],
            "0 text; 0 + a; 0 end; finish EndTurn",
        ),
        (
            "another choice is not ours",
            vec![
                chunk(json!({"content": "a"})),
                json!({"choices": [{"index": 1, "delta": {"content": "b"}}]}),
            ],
            "0 text; 0 + a; 0 end; finish EndTurn",
        ),
        (
            "P044",
            vec![
                chunk(json!({"content": "a"})),
                tc(json!(0), json!("c1"), json!("f"), json!("{}")),
                chunk(json!({"content": "b"})),
            ],
            "0 text; 0 + a; 0 end; 1 call f [c1]; 1 + {}; 1 end; 2 text; 2 + b; 2 end; finish Calls",
        ),
        ("refusal", vec![chunk(json!({"refusal": "no"}))], "0 refusal; 0 + no; 0 end; finish Refused(None)"),
        (
            "sources",
            vec![
                chunk(json!({"content": "a"})),
                chunk(
                    json!({"annotations": [{"type": "url_citation", "url_citation": {"url": "u", "start_index": 0, "end_index": 1}}]}),
                ),
            ],
            "0 text; 0 + a; 0 cite u Some((0, 1)); 0 end; finish EndTurn",
        ),
        (
            "image",
            vec![chunk(
                json!({"images": [{"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}]}),
            )],
            "0 image image/bmp AAAA; 0 end; finish EndTurn",
        ),
        (
            "the whole message again",
            vec![
                chunk(json!({"content": "a"})),
                json!({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}]}),
            ],
            "0 text; 0 + a; 0 end; finish EndTurn",
        ),
    ] {
        assert_eq!(between(&events), expected, "{id}");
    }
}

#[test]
fn why_it_ended_follows_from_what_was_said() {
    let called = tc(json!(0), json!("c1"), json!("f"), json!("{}"));
    let spoken = chunk(json!({"content": "a"}));
    for (id, events, expected) in [
        ("P031", vec![called.clone(), end("stop")], "finish Calls"),
        ("P032", vec![spoken.clone(), end("tool_calls")], "finish EndTurn"),
        ("P033", vec![end(""), spoken.clone(), end("length"), end("")], "finish OutputMax"),
        ("", vec![called, end("length")], "finish OutputMax"),
        ("", vec![spoken.clone(), end("MAX_TOKENS")], "finish OutputMax"),
        ("", vec![spoken.clone(), end("eos")], "finish EndTurn"),
        ("GLM", vec![spoken.clone(), end("sensitive")], "finish Refused(Some(\"sensitive\"))"),
        ("", vec![spoken.clone(), end("content_filter")], "finish Refused(Some(\"content_filter\"))"),
        (
            "vLLM",
            vec![
                spoken.clone(),
                json!({"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": "END"}]}),
            ],
            "finish StopSequence(Some(\"END\"))",
        ),
        (
            "vLLM",
            vec![
                spoken.clone(),
                json!({"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": 128_009}]}),
            ],
            "finish EndTurn",
        ),
        ("", vec![spoken, end("malformed_function_call")], "failed upstream_malformed_tool_call"),
    ] {
        assert_eq!(heard(&events).last().unwrap(), expected, "{id}");
    }
}

#[test]
fn the_end_is_told_once() {
    let mut decoder = Chat.stream_decoder();
    let mut ends = 0;
    for _ in 0..2 {
        decoder.finish(&mut |delta| ends += u32::from(matches!(delta, Delta::Finish(_))));
    }
    assert_eq!(ends, 1);
}

#[test]
fn a_whole_answer_says_what_a_stream_says() {
    let call =
        |name: &str| json!({"id": "same", "type": "function", "function": {"name": name, "arguments": "{}"}});
    let reply = json!({"model": "gpt-x", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": "b", "reasoning_content": "a", "refusal": null, "tool_calls": [call("f"), call("f")]
    }, "finish_reason": "tool_calls"}]});
    assert_eq!(
        heard_whole(&reply).join("; "),
        "start gpt-x; 0 thinking; 0 + a; 0 end; 1 text; 1 + b; 1 end; 2 call f [same]; 2 + {}; 2 end; \
         3 call f [same]; 3 + {}; 3 end; finish Calls"
    );
    assert_eq!(heard_whole(&json!({"choices": []})), ["start -", "finish EndTurn"]);
}

#[test]
fn recorded_streams_say_what_they_should() {
    for (name, expected) in [
        (
            "L1",
            "start gpt-x; 0 thinking; 0 + Two ; 0 + cities.; 0 end; 1 text; 1 + Checking.; 1 end; \
             2 call get_weather [call_01]; 2 + {\"city\":; 2 + \"Paris\"}; 2 end; \
             3 call get_weather [call_02]; 3 + {\"city\":\"Oslo\"}; 3 end; finish Calls",
        ),
        ("L2", "start gpt-x; 0 text; 0 + Hel; 0 + lo 世; 0 end; finish OutputMax"),
    ] {
        assert_eq!(heard(&recorded(name)).join("; "), expected, "{name}");
    }
}

/// Reads the events of a recorded stream.
pub(super) fn recorded(name: &str) -> Vec<Json> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fixtures/streams");
    let bytes = std::fs::read(format!("{folder}/{name}.chat.sse")).unwrap();
    let mut events = Vec::new();
    Scanner::new(1 << 20)
        .push(&bytes, &mut |event| events.extend(serde_json::from_slice::<Json>(event.data)))
        .unwrap();
    events
}
