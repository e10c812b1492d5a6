//! Streamed and whole answers read.

use serde_json::{Value, json};
use wire::json::{Tape, Text};
use wire::reply::{Delta, Opening, Stop};

use super::{clients, responses};

/// Reads a stream's events and tells what they say; a run of text or arguments is told as one.
fn heard(events: &[Value]) -> Vec<String> {
    let mut decoder = responses().stream_decoder();
    let mut lines = Lines::default();
    for event in events {
        let data = event.to_string();
        decoder.event(None, Tape::read(data.as_bytes()).unwrap().root(), &mut |delta| lines.push(&delta));
    }
    decoder.finish(&mut |delta| lines.push(&delta));
    lines.0
}

/// Reads a whole answer and tells what it says.
fn heard_whole(response: &Value) -> Vec<String> {
    let data = response.to_string();
    let mut lines = Lines::default();
    responses().decode_reply(Tape::read(data.as_bytes()).unwrap().root(), &mut |delta| lines.push(&delta));
    lines.0
}

#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn push(&mut self, delta: &Delta<'_>) {
        let plain = |text: &Text<'_>| text.plain().into_owned();
        let line = match delta {
            Delta::Start { model } => format!("start {}", model.as_ref().map(plain).unwrap_or_default()),
            Delta::Open(block, Opening::Call(call)) => {
                let namespace =
                    call.namespace.as_ref().map(|namespace| plain(namespace) + "/").unwrap_or_default();
                let kind = if call.free { "free" } else { "call" };
                format!("{block} {kind} {namespace}{}({})", plain(&call.name), plain(&call.id))
            }
            Delta::Open(block, Opening::Image { mime, base64 }) => {
                format!("{block} image {} {}", plain(mime), plain(base64))
            }
            Delta::Open(block, opening) => format!("{block} {opening:?}").to_lowercase(),
            Delta::Text(block, text) | Delta::Arguments(block, text) => {
                return self.say(*block, &plain(text));
            }
            Delta::State(block, state) => format!("{block} state {}", plain(&state.note)),
            Delta::Cite(block, citation) => {
                format!("{block} source {} {:?}", plain(&citation.url), citation.span)
            }
            Delta::Close(block) => format!("{block} closed"),
            Delta::Finish(stop) => match stop {
                Stop::Refused(word) => format!("refused {}", word.as_ref().map(plain).unwrap_or_default()),
                other => format!("{other:?}").to_lowercase(),
            },
            Delta::Failed(failure) => format!("failed {}", failure.message),
        };
        self.0.push(line);
    }

    fn say(&mut self, block: u32, text: &str) {
        let start = format!("{block}: ");
        match self.0.last_mut().filter(|line| line.starts_with(&start)) {
            Some(line) => line.push_str(text),
            None => self.0.push(start + text),
        }
    }
}

fn added(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

/// An event about an item.
fn about(index: u64, kind: &str, members: Value) -> Value {
    let mut event =
        json!({"type": format!("response.{kind}"), "output_index": index, "item_id": format!("i{index}")});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event
}

fn created() -> Value {
    json!({"type": "response.created", "response": {"id": "r", "model": "gpt-x", "output": []}})
}

fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"id": "r", "model": "gpt-x", "status": "completed", "output": output}})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg", "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn function(id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f", "arguments": arguments})
}

#[test]
fn the_golden_streams_say_what_they_should() {
    for (name, expected) in [
        (
            "L1",
            vec![
                "start gpt-x",
                "0 thinking",
                "0: Two cities.",
                "0 state c2lnMQ==",
                "0 closed",
                "1 text",
                "1: Checking.",
                "1 closed",
                "2 call get_weather(call_01)",
                "2: {\"city\":\"Paris\"}",
                "2 closed",
                "3 call get_weather(call_02)",
                "3: {\"city\":\"Oslo\"}",
                "3 closed",
                "calls",
            ],
        ),
        ("L2", vec!["start gpt-x", "0 text", "0: Hello 世", "0 closed", "outputmax"]),
    ] {
        let events = golden(name);
        assert_eq!(heard(&events), expected, "{name}");
        assert_eq!(
            heard_whole(&events.last().unwrap()["response"]),
            expected,
            "{name}, its terminal as a whole"
        );
    }
}

/// Reads a golden stream.
pub(super) fn golden(name: &str) -> Vec<Value> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test reads its fixtures; the crate itself does no I/O"
    )]
    let stream =
        std::fs::read_to_string(clients::fixtures("streams").join(format!("{name}.responses.sse"))).unwrap();
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of streams")]
fn events_become_blocks() {
    let call = function("1", "");
    for (what, events, expected) in [
        (
            "P055 calls may run side by side",
            vec![
                created(),
                added(0, call.clone()),
                added(1, function("2", "")),
                about(0, "function_call_arguments.delta", json!({"delta": "{"})),
                about(1, "function_call_arguments.delta", json!({"delta": "{}"})),
                about(0, "function_call_arguments.delta", json!({"delta": "}"})),
                done(0, function("1", "{}")),
                done(1, function("2", "{}")),
                completed(json!([function("1", "{}"), function("2", "{}")])),
            ],
            vec![
                "start gpt-x",
                "0 call f(1)",
                "1 call f(2)",
                "0: {",
                "1: {}",
                "0: }",
                "0 closed",
                "1 closed",
                "calls",
            ],
        ),
        (
            "P056 the parts of a summary are paragraphs, P134 its note is told once",
            vec![
                created(),
                added(
                    0,
                    json!({"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "early"}),
                ),
                about(0, "reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "a"})),
                about(0, "reasoning_summary_text.done", json!({"summary_index": 0, "text": "a"})),
                about(0, "reasoning_summary_text.delta", json!({"summary_index": 1, "delta": "b"})),
                done(
                    0,
                    json!({"type": "reasoning", "id": "rs", "summary": [{"text": "a"}, {"text": "b"}, {"text": "c"}], "encrypted_content": "e"}),
                ),
                completed(
                    json!([{"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "e"}]),
                ),
            ],
            vec!["start gpt-x", "0 thinking", "0: a\n\nb\n\nc", "0 state e", "0 closed", "endturn"],
        ),
        (
            "P057 the end fills in what never came, once",
            vec![
                created(),
                added(0, call.clone()),
                completed(json!([function("1", "{\"a\":1}"), message("and")])),
            ],
            vec![
                "start gpt-x",
                "0 call f(1)",
                "0: {\"a\":1}",
                "0 closed",
                "1 text",
                "1: and",
                "1 closed",
                "calls",
            ],
        ),
        (
            "each repetition fills in the rest only",
            vec![
                created(),
                added(0, json!({"type": "message", "id": "m", "content": []})),
                about(0, "output_text.delta", json!({"content_index": 0, "delta": "He"})),
                about(0, "output_text.done", json!({"content_index": 0, "text": "Hel"})),
                about(
                    0,
                    "content_part.done",
                    json!({"content_index": 0, "part": {"type": "output_text", "text": "Hell"}}),
                ),
                done(0, message("Hello")),
                done(0, message("Hello")),
                completed(json!([message("Hello!")])),
            ],
            vec!["start gpt-x", "0 text", "0: Hello", "0 closed", "endturn"],
        ),
        (
            "P078 what comes before the beginning, and what nobody knows, says nothing",
            vec![
                json!({"type": "codex.rate_limits", "plan": "x"}),
                json!({"type": "response.new_thing", "output_index": 7, "delta": "x"}),
                json!({"no": "type"}),
                json!([1]),
                created(),
                about(3, "output_text.delta", json!({"delta": "lost"})),
                completed(json!([])),
            ],
            vec!["start gpt-x", "endturn"],
        ),
        (
            "P079 an empty last message takes nothing away",
            vec![
                created(),
                done(0, message("a")),
                done(1, message("b")),
                done(2, message("")),
                completed(json!([])),
            ],
            vec!["start gpt-x", "0 text", "0: a", "0 closed", "1 text", "1: b", "1 closed", "endturn"],
        ),
        (
            "a refusal in words",
            vec![
                created(),
                added(0, json!({"type": "message", "id": "m"})),
                about(0, "refusal.delta", json!({"content_index": 0, "delta": "no"})),
                about(0, "refusal.done", json!({"content_index": 0, "refusal": "no!"})),
                completed(json!([])),
            ],
            vec!["start gpt-x", "0 refusal", "0: no!", "0 closed", "refused "],
        ),
        (
            "a call of free text in a namespace",
            vec![
                created(),
                added(
                    0,
                    json!({"type": "custom_tool_call", "id": "c", "call_id": "1", "name": "exec", "namespace": "functions", "input": ""}),
                ),
                about(0, "custom_tool_call_input.delta", json!({"delta": "a\""})),
                about(0, "custom_tool_call_input.done", json!({"input": "a\"b"})),
                completed(json!([])),
            ],
            vec!["start gpt-x", "0 free functions/exec(1)", "0: a\"b", "0 closed", "calls"],
        ),
        (
            "sources are told once",
            vec![
                created(),
                added(0, json!({"type": "message", "id": "m"})),
                about(0, "output_text.delta", json!({"content_index": 0, "delta": "a"})),
                about(
                    0,
                    "output_text.annotation.added",
                    json!({"content_index": 0, "annotation": {"type": "url_citation", "url": "u", "start_index": 0, "end_index": 1}}),
                ),
                done(
                    0,
                    json!({"type": "message", "id": "m", "content": [{"type": "output_text", "text": "a", "annotations": [{"url": "u"}]}]}),
                ),
                completed(json!([])),
            ],
            vec!["start gpt-x", "0 text", "0: a", "0 source u Some((0, 1))", "0 closed", "endturn"],
        ),
        (
            "an image is told at once, and a search of the provider's own is not",
            vec![
                created(),
                done(0, json!({"type": "web_search_call", "id": "ws"})),
                done(
                    1,
                    json!({"type": "image_generation_call", "id": "ig", "result": "aW1n", "output_format": "webp"}),
                ),
                completed(json!([])),
            ],
            vec!["start gpt-x", "0 image image/webp aW1n", "0 closed", "endturn"],
        ),
        (
            "without indexes an item goes by its id",
            vec![
                json!({"type": "response.output_item.added", "item": {"type": "message", "id": "a"}}),
                json!({"type": "response.output_text.delta", "item_id": "a", "delta": "x"}),
                json!({"type": "response.completed"}),
            ],
            vec!["start ", "0 text", "0: x", "0 closed", "endturn"],
        ),
        (
            "an answer that was cut",
            vec![
                created(),
                added(0, call),
                json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}}),
            ],
            vec!["start gpt-x", "0 call f(1)", "0 closed", "refused content_filter"],
        ),
    ] {
        assert_eq!(heard(&events), expected, "{what}");
    }
}

#[test]
fn a_whole_answer_is_read_item_by_item() {
    let response = json!({
        "model": "gpt-x", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
        "output": [
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "t"}]},
            {"type": "reasoning", "summary": [], "encrypted_content": "e"},
            message("a"),
            7,
        ],
    });
    let expected = [
        "start gpt-x",
        "0 thinking",
        "0: t",
        "0 closed",
        "1 thinking",
        "1 state e",
        "1 closed",
        "2 text",
        "2: a",
        "2 closed",
        "outputmax",
    ];
    assert_eq!(heard_whole(&response), expected);
}
