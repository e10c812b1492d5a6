//! Made-up answers and spoiled documents.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A block of an answer, in the pieces in which it comes.
#[derive(Debug, Clone)]
enum Said {
    Thinking(Vec<String>),
    Text(Vec<String>),
    Call(String, Vec<String>),
}

/// An answer of the Messages protocol, whole and streamed.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) whole: Value,
    pub(crate) stream: String,
}

fn text() -> impl Strategy<Value = Vec<String>> {
    vec(select(["a", "你", " b\n", "\"q\"", "\\", "\u{1}", "data: x\n\n", "é🙂", "</s>"].as_slice()), 1..4)
        .prop_map(|pieces| pieces.into_iter().map(str::to_owned).collect())
}

fn call() -> impl Strategy<Value = Said> {
    let arguments = select(
        [r"{}", r#"{"a":1}"#, r#"{"b":"\u00e9\n","a":[1.0,{"c":null}]}"#, r#"{ "x" : "你" }"#].as_slice(),
    );
    (select(["f", "get_weather"].as_slice()), arguments, 1..9_usize).prop_map(|(name, arguments, size)| {
        let characters: Vec<char> = arguments.chars().collect();
        Said::Call(name.to_owned(), characters.chunks(size).map(String::from_iter).collect())
    })
}

/// Makes up an answer.
pub(crate) fn answer() -> impl Strategy<Value = Answer> {
    // What a model says has thinking first, then text, then calls; neighbours of a kind are told apart by no protocol but one.
    (proptest::option::of(text()), proptest::option::of(text()), vec(call(), 0..4), 0..2000_u64).prop_map(
        |(thinking, text, calls, tokens)| {
            let blocks: Vec<Said> =
                thinking.map(Said::Thinking).into_iter().chain(text.map(Said::Text)).chain(calls).collect();
            written(&blocks, tokens)
        },
    )
}

fn written(blocks: &[Said], tokens: u64) -> Answer {
    let usage =
        json!({"input_tokens": tokens + 1, "cache_read_input_tokens": 7, "output_tokens": tokens + 2});
    let mut whole = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let mut stream = event("message_start", json!({"message": whole}));
    let mut content = Vec::new();
    let mut stop = "end_turn";
    for (index, said) in blocks.iter().enumerate() {
        let (block, start, deltas) = match said {
            Said::Thinking(pieces) => (
                json!({"type": "thinking", "thinking": pieces.concat(), "signature": ""}),
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                deltas("thinking_delta", "thinking", pieces),
            ),
            Said::Text(pieces) => (
                json!({"type": "text", "text": pieces.concat()}),
                json!({"type": "text", "text": ""}),
                deltas("text_delta", "text", pieces),
            ),
            Said::Call(name, pieces) => {
                stop = "tool_use";
                let id = format!("toolu_{index}");
                let input: Value = serde_json::from_str(&pieces.concat()).unwrap();
                (
                    json!({"type": "tool_use", "id": id, "name": name, "input": input}),
                    json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                    deltas("input_json_delta", "partial_json", pieces),
                )
            }
        };
        content.push(block);
        stream += &event("content_block_start", json!({"index": index, "content_block": start}));
        for delta in deltas {
            stream += &event("content_block_delta", json!({"index": index, "delta": delta}));
        }
        stream += &event("content_block_stop", json!({"index": index}));
    }
    let end = json!({"stop_reason": stop, "stop_sequence": null});
    stream += &event("message_delta", json!({"delta": end, "usage": {"output_tokens": tokens + 2}}));
    stream += &event("message_stop", json!({}));
    whole["content"] = content.into();
    whole["stop_reason"] = stop.into();
    Answer { whole, stream }
}

fn deltas(kind: &str, key: &str, pieces: &[String]) -> Vec<Value> {
    pieces.iter().map(|piece| json!({"type": kind, key: piece})).collect()
}

fn event(name: &str, mut data: Value) -> String {
    data["type"] = name.into();
    format!("event: {name}\ndata: {data}\n\n")
}

/// How a stream's bytes are set out, which means nothing.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    line_end: &'static str,
    mark: bool,
    space: bool,
    comments: bool,
    /// Where it is cut, as parts of its length in thousandths.
    cuts: Vec<usize>,
}

/// Makes up a layout.
pub(crate) fn layout() -> impl Strategy<Value = Layout> {
    (
        select(["\n", "\r\n", "\r"].as_slice()),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        vec(0..1000_usize, 0..12),
    )
        .prop_map(|(line_end, mark, space, comments, cuts)| Layout {
            line_end,
            mark,
            space,
            comments,
            cuts,
        })
}

impl Layout {
    /// Sets out a stream.
    pub(crate) fn of(&self, stream: &str) -> Vec<Vec<u8>> {
        let mut text = String::new();
        for (number, line) in stream.replace("\r\n", "\n").lines().enumerate() {
            if self.comments && number % 3 == 0 {
                text += ": OPENROUTER PROCESSING";
                text += self.line_end;
                text += if line.is_empty() { self.line_end } else { "" };
            }
            match line.split_once(": ").filter(|_| !self.space) {
                Some((field, value)) => text.extend([field, ":", value]),
                None => text += line,
            }
            text += self.line_end;
        }
        if self.mark {
            text.insert(0, '\u{feff}');
        }
        let mut cuts: Vec<usize> = self.cuts.iter().map(|cut| cut * text.len() / 1000).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(text.as_bytes()[from..cut].to_vec());
            from = cut;
        }
        pieces.push(text.as_bytes()[from..].to_vec());
        pieces
    }
}

/// A change that spoils a document.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Another value in a place.
    Put(usize, Value),
    /// What stands in one place, in another too.
    Copy(usize, usize),
    /// A place emptied.
    Empty(usize),
}

/// Makes up changes.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let leaf = select(
        [
            "null",
            "true",
            "0",
            "-1",
            "1.5",
            "1e400",
            "123456789012345678901234567890",
            r#""""#,
            r#"" ""#,
            r#""text""#,
            r#""auto""#,
            r#""\ud800""#,
            r#""data:image/png;base64,iVBORw0KGgo=""#,
            "[]",
            "{}",
            "[null]",
            "[[{}]]",
            r#"{"type":"text"}"#,
            r#"{"":null}"#,
            r#"[{"type":"tool_use"},{"type":"tool_use"}]"#,
        ]
        .as_slice(),
    );
    let put = (any::<usize>(), leaf)
        .prop_map(|(place, text)| Change::Put(place, serde_json::from_str(text).unwrap_or(Value::Null)));
    let copy = (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Change::Copy(from, to));
    vec(prop_oneof![4 => put, 2 => copy, 1 => any::<usize>().prop_map(Change::Empty)], 1..4)
}

/// Spoils a document.
pub(crate) fn spoil(document: &mut Value, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put(place, value) => *node(document, *place) = value.clone(),
            Change::Copy(from, to) => {
                let copied = node(document, *from).clone();
                *node(document, *to) = copied;
            }
            Change::Empty(place) => match node(document, *place) {
                Value::Object(members) => members.clear(),
                Value::Array(elements) => elements.clear(),
                other => *other = Value::Null,
            },
        }
    }
}

/// Finds a node by its number, counted on from the first when there are no more.
fn node(document: &mut Value, number: usize) -> &mut Value {
    let mut left = number % count(document);
    find(document, &mut left).unwrap_or_else(|| unreachable!("the number is less than the count"))
}

fn find<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| find(element, left)),
        Value::Object(members) => members.values_mut().find_map(|member| find(member, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
