//! Whatever comes: nothing panics, and what is written holds together.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wire::json::{Tape, Text};
use wire::reply::{Delta, Opening, Stop};

use super::answers::golden;
use super::events::{answer, call, streamed, whole};
use super::{client, responses, target};

/// The words that a request or an answer is made of.
const WORDS: [&str; 76] = [
    "type",
    "role",
    "content",
    "text",
    "input",
    "output",
    "tools",
    "name",
    "namespace",
    "arguments",
    "call_id",
    "id",
    "message",
    "user",
    "assistant",
    "developer",
    "system",
    "function",
    "custom",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
    "summary",
    "summary_text",
    "encrypted_content",
    "additional_tools",
    "compaction",
    "compaction_trigger",
    "tool_search",
    "tool_search_call",
    "tool_search_output",
    "execution",
    "client",
    "input_text",
    "output_text",
    "refusal",
    "input_image",
    "image_url",
    "input_file",
    "file_data",
    "data:image/png;base64,aW1n",
    "detail",
    "parameters",
    "format",
    "json_schema",
    "schema",
    "strict",
    "tool_choice",
    "allowed_tools",
    "mode",
    "required",
    "auto",
    "effort",
    "none",
    "high",
    "include",
    "instructions",
    "max_output_tokens",
    "temperature",
    "response",
    "item",
    "output_index",
    "content_index",
    "delta",
    "part",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.reasoning_summary_text.delta",
    "response.content_part.done",
    "response.completed",
    "response.created",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..40).prop_map(Value::from),
        word().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Replaces one value somewhere in JSON, so that the rest still makes sense.
fn disturb(value: &mut Value, at: &mut usize, by: &Value) {
    if *at == 0 {
        *value = by.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| disturb(element, at, by)),
        Value::Object(members) => members.values_mut().for_each(|member| disturb(member, at, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn sample() -> Value {
    json!({
        "instructions": "i", "max_output_tokens": 5, "parallel_tool_calls": true, "tool_choice": {"type": "function", "name": "f"},
        "reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"],
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}},
            {"type": "namespace", "name": "ns", "tools": [{"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "d"}}]},
            {"type": "tool_search", "execution": "client"},
        ],
        "input": [
            {"role": "developer", "content": "d"},
            {"role": "user", "content": [{"type": "input_text", "text": "t"}, {"type": "input_image", "image_url": "https://i"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "e"},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "2", "name": "g", "namespace": "ns", "input": "x"},
            {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_file", "file_url": "https://f"}]},
            {"type": "custom_tool_call_output", "call_id": "2", "output": "o"},
            {"type": "web_search_call"},
            {"role": "user", "content": "q"},
        ],
    })
}

/// Reads a request, and where that works writes it.
fn pass_on(body: &Value) {
    super::with_ask(&body.to_string(), |ask| {
        if let Ok(ask) = ask
            && let Ok(encoded) = responses().encode_request(&ask, &target("gpt-6"))
        {
            assert!(Tape::read(&encoded.body).is_ok(), "{}", String::from_utf8_lossy(&encoded.body));
        }
    });
}

fn hear(events: &[Value]) {
    let mut decoder = responses().stream_decoder();
    let mut rules = Rules::default();
    for event in events {
        let data = event.to_string();
        decoder.event(None, Tape::read(data.as_bytes()).unwrap().root(), &mut |delta| rules.check(&delta));
        let mut whole = Rules::default();
        responses()
            .decode_reply(Tape::read(data.as_bytes()).unwrap().root(), &mut |delta| whole.check(&delta));
        whole.end();
    }
    decoder.finish(&mut |delta| rules.check(&delta));
    rules.end();
}

/// What holds for the deltas of every answer.
#[derive(Default)]
struct Rules {
    started: bool,
    open: Vec<bool>,
    finished: bool,
}

impl Rules {
    fn check(&mut self, delta: &Delta<'_>) {
        assert!(!self.finished, "{delta:?} behind the end");
        assert_eq!(
            std::mem::replace(&mut self.started, true),
            !matches!(delta, Delta::Start { .. }),
            "{delta:?}"
        );
        match delta {
            Delta::Start { .. } => {}
            Delta::Open(block, _) => {
                assert_eq!(*block as usize, self.open.len());
                self.open.push(true);
            }
            Delta::Text(block, _)
            | Delta::Arguments(block, _)
            | Delta::State(block, _)
            | Delta::Cite(block, _) => {
                assert!(self.open[*block as usize], "{delta:?}");
            }
            Delta::Close(block) => assert!(std::mem::replace(&mut self.open[*block as usize], false)),
            Delta::Finish(_) | Delta::Failed(_) => {
                assert!(!self.open.contains(&true), "{delta:?} with open blocks");
                self.finished = true;
            }
        }
    }

    fn end(&self) {
        assert!(self.finished);
    }
}

/// Deltas of a few blocks, each of which says a few pieces; blocks run side by side.
fn any_answer() -> impl Strategy<Value = Vec<Delta<'static>>> {
    let stop = prop_oneof![
        Just(Stop::EndTurn),
        Just(Stop::Calls),
        Just(Stop::OutputMax),
        Just(Stop::Refused(None)),
    ];
    (prop::collection::vec((0_u8..5, 0_u8..3), 0..6), any::<u64>(), stop).prop_map(|(blocks, order, stop)| {
        let mut waiting: Vec<Vec<Delta<'static>>> = Vec::new();
        for (&(kind, pieces), block) in blocks.iter().zip(0_u32..) {
            let opening = match kind {
                0 | 1 => Opening::Text,
                2 => Opening::Thinking,
                3 => Opening::Refusal,
                _ => Opening::Call(call("", "f")),
            };
            let mut deltas = vec![Delta::Open(block, opening)];
            for piece in 0..pieces {
                let text = Text::from(format!("{piece}\"\n"));
                deltas.push(if kind == 4 { Delta::Arguments(block, text) } else { Delta::Text(block, text) });
            }
            deltas.push(Delta::Close(block));
            waiting.push(deltas);
        }
        answer(interleaved(waiting, order), stop)
    })
}

/// Mixes the deltas of blocks, keeping the order within each and that of their beginnings. A block says its first words
/// when it begins.
fn interleaved(mut waiting: Vec<Vec<Delta<'static>>>, mut order: u64) -> Vec<Delta<'static>> {
    let mut mixed = Vec::new();
    let mut begun = 0;
    while waiting.iter().any(|deltas| !deltas.is_empty()) {
        let choices: Vec<usize> =
            (0..waiting.len()).filter(|at| *at <= begun && !waiting[*at].is_empty()).collect();
        let at = choices[usize::try_from(order % 3).unwrap() % choices.len()];
        order = order.rotate_right(2);
        let delta = waiting[at].remove(0);
        if matches!(delta, Delta::Open(..)) {
            begun = begun.max(at + 1);
            let first = waiting[at].remove(0);
            mixed.extend([delta, first]);
        } else {
            mixed.push(delta);
        }
    }
    mixed
}

/// Checks the grammar of a stream and returns its terminal's response.
fn checked(events: &[Value]) -> &Value {
    let mut items: HashMap<u64, (String, bool)> = HashMap::new();
    let mut said: HashMap<(u64, u64), String> = HashMap::new();
    let mut finished = Vec::new();
    for (event, number) in events.iter().zip(0_u64..) {
        assert_eq!(event["sequence_number"], number, "P067");
        let kind = event["type"].as_str().unwrap();
        let Some(index) = event["output_index"].as_u64() else { continue };
        let part = (index, event["content_index"].as_u64().unwrap_or(0));
        match kind.trim_start_matches("response.") {
            "output_item.added" => {
                assert_eq!(index, items.len() as u64, "items begin in order");
                items.insert(index, (event["item"]["id"].as_str().unwrap().to_owned(), false));
            }
            "output_item.done" => {
                let item = items.get_mut(&index).unwrap();
                assert_eq!(event["item"]["id"], item.0);
                assert!(!std::mem::replace(&mut item.1, true), "done once");
                finished.push((index, event["item"].clone()));
            }
            kind => {
                assert_eq!(event["item_id"], items[&index].0, "{kind}");
                assert!(!items[&index].1, "{kind} of an item that is done");
                if let Some(delta) = event["delta"].as_str() {
                    said.entry(part).or_default().push_str(delta);
                }
                for whole in ["text", "refusal", "arguments"] {
                    if let Some(whole) = event[whole].as_str() {
                        assert_eq!(said[&part], whole, "{kind}");
                    }
                }
            }
        }
    }
    assert!(items.values().all(|(_, done)| *done), "every item is done");
    finished.sort_by_key(|(index, _)| *index);
    let response = &events.last().unwrap()["response"];
    let finished: Vec<Value> = finished.into_iter().map(|(_, item)| item).collect();
    assert_eq!(response["output"], Value::from(finished), "the end repeats the items as they were done");
    response
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_read_or_refused(mut body in prop::collection::vec((word(), any_json()), 0..8)) {
        body.push(("input".to_owned(), Value::from("hi")));
        pass_on(&Value::from(body.into_iter().collect::<Map<_, _>>()));
    }

    #[test]
    fn any_items_are_read_or_refused(input in prop::collection::vec(any_json(), 0..6)) {
        pass_on(&json!({"input": input}));
    }

    #[test]
    fn a_request_with_one_wrong_value_is_read_or_refused(at in 0_usize..110, by in any_json()) {
        let mut body = sample();
        disturb(&mut body, &mut at.clone(), &by);
        if body.is_object() && (body["model"].is_null() || body["model"].is_string()) {
            pass_on(&body);
        }
    }

    #[test]
    fn any_events_make_a_well_formed_answer(events in prop::collection::vec(any_json(), 0..8)) {
        hear(&events);
    }

    #[test]
    fn a_stream_with_one_wrong_value_makes_a_well_formed_answer(
        event in 0_usize..25, at in 0_usize..30, by in any_json(), left_out in 0_usize..40,
    ) {
        let mut events = golden("L1");
        disturb(&mut events[event], &mut at.clone(), &by);
        if left_out < events.len() {
            events.remove(left_out);
        }
        hear(&events);
    }

    #[test]
    fn a_stream_holds_together_and_ends_in_the_whole_answer(deltas in any_answer()) {
        let events = streamed(&client(), &deltas);
        prop_assert_eq!(checked(&events), &whole(&client(), &deltas));
    }
}

#[test]
fn the_golden_streams_are_written_as_they_were_read() {
    for name in ["L1", "L2"] {
        let golden = golden(name);
        let mut decoder = responses().stream_decoder();
        let mut encoder = responses().stream_encoder(&client());
        let mut out = Vec::new();
        for event in &golden {
            let data = event.to_string();
            decoder.event(None, Tape::read(data.as_bytes()).unwrap().root(), &mut |delta| {
                encoder.push(delta, &wire::observe::Counts::default(), &mut out);
            });
        }
        let written: Vec<Value> = String::from_utf8(out)
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| without_names(serde_json::from_str(data).unwrap()))
            .collect();
        let expected: Vec<Value> = golden.into_iter().map(without_names).collect();
        assert_eq!(written.len(), expected.len(), "{name}");
        for (written, expected) in written.iter().zip(&expected) {
            assert_eq!(written, expected, "{name}");
        }
    }
}

/// Leaves out ids, and of response objects all but what they say of the answer.
fn without_names(mut event: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| name != "id" && name != "item_id");
                members.values_mut().for_each(strip);
            }
            Value::Array(elements) => elements.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
        response.retain(|name, _| {
            ["status", "output", "incomplete_details", "error", "model"].contains(&name.as_str())
        });
    }
    strip(&mut event);
    event
}
