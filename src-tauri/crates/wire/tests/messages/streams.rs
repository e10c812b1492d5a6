//! Streamed answers, read of a channel's and written for a client.

#![expect(clippy::too_many_lines, reason = "a table is as long as its rows")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::Protocol;
use wire::ask::Wanted;
use wire::dialect::{self, Addressee};
use wire::json::{Tape, Text};
use wire::observe::Counts;
use wire::reply::{Block, Citation, Delta, Fold, Opening, Reply, Stop};
use wire::sse::{EVENT_BYTES_MAX, Scanner};

use crate::answers::{call, client, counts, folded};

/// Reads the events of a stream.
fn events(stream: &[u8]) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    let mut scanner = Scanner::new(EVENT_BYTES_MAX);
    scanner
        .push(stream, &mut |event| {
            let name = String::from_utf8(event.name.unwrap().to_vec()).unwrap();
            events.push((name, serde_json::from_slice(event.data).unwrap()));
        })
        .unwrap();
    events
}

/// Reads a stream and returns its deltas in words, and folded.
fn read(events: &[(String, Value)]) -> (Vec<String>, Reply) {
    let mut decoder = dialect::of(Protocol::Messages).stream_decoder();
    let (mut words, mut fold) = (Vec::new(), Fold::default());
    let mut each = |delta: Delta<'_>| {
        words.push(format!("{delta:?}"));
        fold.push(delta);
    };
    for (name, data) in events {
        let bytes = data.to_string();
        decoder.event(Some(name), Tape::read(bytes.as_bytes()).unwrap().root(), &mut each);
    }
    decoder.finish(&mut each);
    (words, fold.finish())
}

fn written(deltas: &[Delta<'_>], counts: &Counts, to: &Addressee) -> Vec<(String, Value)> {
    let mut encoder = dialect::of(Protocol::Messages).stream_encoder(to);
    let mut out = Vec::new();
    for delta in deltas {
        encoder.push(delta.clone(), counts, &mut out);
    }
    events(&out)
}

/// Says what a written stream says, a word for each event.
fn in_words(events: &[(String, Value)]) -> Vec<String> {
    let word = |(name, data): &(String, Value)| match name.as_str() {
        "content_block_start" => {
            format!("{}:{}", data["index"], data["content_block"]["type"].as_str().unwrap())
        }
        "content_block_delta" => {
            let delta = &data["delta"];
            let said = ["text", "thinking", "partial_json"].iter().find_map(|key| delta[key].as_str());
            format!("{}+{}", data["index"], said.unwrap_or("cited"))
        }
        "content_block_stop" => format!("{}.", data["index"]),
        "message_delta" => data["delta"]["stop_reason"].as_str().unwrap().to_owned(),
        other => other.to_owned(),
    };
    events.iter().map(word).collect()
}

fn golden(name: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/streams");
    events(&std::fs::read(folder.join(name)).unwrap())
}

#[test]
fn a_golden_stream_says_what_it_says() {
    let (words, _) = read(&golden("L1.anthropic.sse"));
    let expected = [
        r#"Start { model: Some("claude-x") }"#,
        "Open(0, Thinking)",
        r#"Text(0, "Two ")"#,
        r#"Text(0, "cities.")"#,
        r#"State(0, State { slot: Messages, kind: Signature, note: "c2lnMQ==" })"#,
        "Close(0)",
        "Open(1, Text)",
        r#"Text(1, "Checking.")"#,
        "Close(1)",
        r#"Open(2, Call(CallHead { id: "toolu_01", name: "get_weather", namespace: None, free: false, state: None }))"#,
        r#"Arguments(2, "{\"city\":")"#,
        r#"Arguments(2, "\"Paris\"}")"#,
        "Close(2)",
        r#"Open(3, Call(CallHead { id: "toolu_02", name: "get_weather", namespace: None, free: false, state: None }))"#,
        r#"Arguments(3, "{\"city\":\"Oslo\"}")"#,
        "Close(3)",
        "Finish(Calls)",
    ];
    assert_eq!(words, expected);
    let (words, _) = read(&golden("L2.anthropic.sse"));
    assert_eq!(words.last().unwrap(), "Finish(OutputMax)");
}

#[test]
fn a_golden_stream_comes_out_as_it_went_in() {
    for name in ["L1.anthropic.sse", "L2.anthropic.sse"] {
        let before = golden(name);
        let mut decoder = dialect::of(Protocol::Messages).stream_decoder();
        let mut encoder = dialect::of(Protocol::Messages).stream_encoder(&client());
        let mut out = Vec::new();
        for (event, data) in &before {
            let bytes = data.to_string();
            decoder.event(Some(event), Tape::read(bytes.as_bytes()).unwrap().root(), &mut |delta| {
                encoder.push(delta, &Counts::default(), &mut out);
            });
        }
        let text = |events: &[(String, Value)]| -> Vec<String> {
            let said = |word: &String| word != "ping" && !word.ends_with("+cited") && !word.ends_with('+');
            in_words(events).into_iter().filter(said).collect()
        };
        assert_eq!(text(&events(&out)), text(&before), "{name}");
    }
}

#[test]
fn a_folded_stream_is_the_whole_answer() {
    let blocks = json!([
        {"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "text", "text": "a", "citations": [{"type": "web_search_result_location", "url": "u", "title": "T"}]},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
        {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"a": 1}},
    ]);
    let mut stream =
        vec![("message_start".to_owned(), json!({"type": "message_start", "message": {"model": "m"}}))];
    let mut event = |name: &str, mut data: Value| {
        data["type"] = name.into();
        stream.push((name.to_owned(), data));
    };
    for (index, block) in blocks.as_array().unwrap().iter().enumerate() {
        let delta = |delta: Value| json!({"index": index, "delta": delta});
        let (start, deltas) = match block["type"].as_str().unwrap() {
            "thinking" => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                vec![
                    json!({"type": "thinking_delta", "thinking": "t"}),
                    json!({"type": "signature_delta", "signature": "s"}),
                ],
            ),
            "text" => (
                json!({"type": "text", "text": ""}),
                vec![
                    json!({"type": "text_delta", "text": "a"}),
                    json!({"type": "citations_delta", "citation": block["citations"][0]}),
                ],
            ),
            "tool_use" if block["input"] != json!({}) => (
                json!({"type": "tool_use", "id": block["id"], "name": "f", "input": {}}),
                vec![
                    json!({"type": "input_json_delta", "partial_json": ""}),
                    json!({"type": "input_json_delta", "partial_json": "{\"a\":1}"}),
                ],
            ),
            _ => (block.clone(), Vec::new()),
        };
        event("content_block_start", json!({"index": index, "content_block": start}));
        for piece in deltas {
            event("content_block_delta", delta(piece));
        }
        event("content_block_stop", json!({"index": index}));
    }
    event("message_delta", json!({"delta": {"stop_reason": "tool_use"}}));
    event("message_stop", json!({}));
    let (_, streamed) = read(&stream);

    let whole = json!({"model": "m", "content": blocks, "stop_reason": "tool_use"}).to_string();
    let mut fold = Fold::default();
    let tape = Tape::read(whole.as_bytes()).unwrap();
    dialect::of(Protocol::Messages).decode_reply(tape.root(), &mut |delta| fold.push(delta));
    assert_eq!(streamed, fold.finish());
}

#[test]
fn arguments_that_come_with_the_call_count_where_none_follow() {
    let start = |input: Value| {
        let block = json!({"type": "tool_use", "id": "t", "name": "f", "input": input});
        (
            "content_block_start".to_owned(),
            json!({"type": "content_block_start", "index": 0, "content_block": block}),
        )
    };
    let piece = || {
        let delta = json!({"type": "input_json_delta", "partial_json": "{\"a\":1}"});
        ("content_block_delta".to_owned(), json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    for (stream, expected) in [
        (vec![start(json!({}))], "{}"),
        (vec![start(json!({"a": 1}))], r#"{"a":1}"#),
        (vec![start(json!({"a": 1})), piece()], r#"{"a":1}"#),
        (vec![start(json!({})), piece()], r#"{"a":1}"#),
    ] {
        let (_, reply) = read(&stream);
        assert_eq!(reply.said[0].text.plain(), expected);
        assert_eq!(reply.stop, Some(Stop::Calls));
    }
}

fn text(block: Block, text: &'static str) -> Delta<'static> {
    Delta::Text(block, Text::of(text))
}

fn arguments(block: Block, text: &'static str) -> Delta<'static> {
    Delta::Arguments(block, Text::of(text))
}

#[test]
fn blocks_stand_one_behind_the_other() {
    use Delta::{Close, Open};
    for (what, deltas, expected) in [
        (
            "P044 a text ends where a call begins",
            vec![
                Open(0, Opening::Text),
                text(0, "a"),
                Open(1, call("t")),
                arguments(1, "{}"),
                Close(0),
                Close(1),
            ],
            vec!["0:text", "0+a", "0.", "1:tool_use", "1+{}", "1."],
        ),
        (
            "P045 no empty text in front of a call",
            vec![
                Open(0, Opening::Text),
                text(0, ""),
                Open(1, call("t")),
                arguments(1, ""),
                Close(1),
                Close(0),
            ],
            vec!["0:tool_use", "0."],
        ),
        (
            "P046 calls side by side come one by one",
            vec![
                Open(0, call("a")),
                Open(1, call("b")),
                arguments(0, "1"),
                arguments(1, "2"),
                arguments(0, "3"),
                arguments(1, "4"),
                Close(0),
                Close(1),
            ],
            vec!["0:tool_use", "0+1", "0+3", "0.", "1:tool_use", "1+24", "1."],
        ),
        (
            "P046 and so they do where all end at last",
            vec![Open(0, call("a")), Open(1, call("b")), arguments(1, "2"), arguments(0, "1")],
            vec!["0:tool_use", "0+1", "0.", "1:tool_use", "1+2", "1."],
        ),
        (
            "P047 thoughts and words in turn",
            vec![
                Open(0, Opening::Thinking),
                text(0, "a"),
                Close(0),
                Open(1, Opening::Text),
                text(1, "b"),
                Close(1),
                Open(2, Opening::Thinking),
                text(2, "c"),
                Close(2),
                Open(3, Opening::Text),
                text(3, "d"),
                Close(3),
            ],
            vec![
                "0:thinking",
                "0+a",
                "0.",
                "1:text",
                "1+b",
                "1.",
                "2:thinking",
                "2+c",
                "2.",
                "3:text",
                "3+d",
                "3.",
            ],
        ),
        (
            "what comes during a call comes behind it",
            vec![
                Open(0, Opening::Text),
                text(0, "a"),
                Open(1, call("t")),
                text(0, "b"),
                arguments(1, "{}"),
                Close(1),
                text(0, "c"),
                Close(0),
            ],
            vec!["0:text", "0+a", "0.", "1:tool_use", "1+{}", "1.", "2:text", "2+b", "2+c", "2."],
        ),
        (
            "P058 a block that says nothing is none",
            vec![Open(0, Opening::Text), Close(0), Open(1, Opening::Thinking), Close(1)],
            vec![],
        ),
        (
            "a source belongs to its text",
            vec![
                Open(0, Opening::Text),
                text(0, "a"),
                Delta::Cite(0, Citation { url: Text::of("u"), title: None, span: None }),
                Close(0),
            ],
            vec!["0:text", "0+a", "0+cited", "0."],
        ),
    ] {
        let mut all = vec![Delta::Start { model: None }];
        all.extend(deltas);
        all.push(Delta::Finish(Stop::EndTurn));
        let mut around = vec!["message_start", "ping"];
        around.extend(expected);
        around.extend(["end_turn", "message_stop"]);
        assert_eq!(in_words(&written(&all, &Counts::default(), &client())), around, "{what}");
    }
}

#[test]
fn a_stream_begins_and_ends_with_what_is_known() {
    let usage = json!({"input_tokens": 100, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 100,
        "output_tokens": 60});
    let deltas = [
        Delta::Start { model: Some(Text::of("gpt-x")) },
        Delta::Open(0, call("")),
        Delta::Finish(Stop::Calls),
    ];
    let mut encoder = dialect::of(Protocol::Messages).stream_encoder(&client());
    let mut out = Vec::new();
    encoder.push(deltas[0].clone(), &Counts::default(), &mut out);
    encoder.push(deltas[1].clone(), &Counts::default(), &mut out);
    encoder.push(deltas[2].clone(), &counts(&usage), &mut out);
    assert_eq!(encoder.so_far().model, Some("gpt-x"));
    let events = events(&out);
    // P053
    assert_eq!(
        events[0].1["message"],
        json!({"id": "sluice_msg_01A", "type": "message", "role": "assistant", "model": "gpt-x", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 7, "output_tokens": 1}})
    );
    // P048
    assert_eq!(
        events[2].1["content_block"],
        json!({"type": "tool_use", "id": "toolu_01A_0", "name": "f", "input": {}})
    );
    // P050, P148, P182
    let end = &events[events.len() - 2];
    assert_eq!((end.0.as_str(), &end.1["usage"]), ("message_delta", &usage));
    assert_eq!(events.iter().filter(|(name, _)| name == "message_delta").count(), 1);

    // P051
    let events = written(
        &[Delta::Open(0, Opening::Text), text(0, "hello, world"), Delta::Finish(Stop::EndTurn)],
        &Counts::default(),
        &client(),
    );
    assert_eq!(events[events.len() - 2].1["usage"], json!({"output_tokens": 3}));
}

#[test]
fn hidden_thoughts_stay_hidden() {
    let to = Addressee { wanted: Wanted { thinking_hidden: true, ..Wanted::default() }, ..client() };
    let deltas = [
        Delta::Open(0, Opening::Thinking),
        text(0, "t"),
        Delta::Close(0),
        Delta::Open(1, Opening::Text),
        text(1, "a"),
        Delta::Finish(Stop::EndTurn),
    ];
    // P138
    let words = in_words(&written(&deltas, &Counts::default(), &to));
    assert_eq!(words, ["message_start", "ping", "0:text", "0+a", "0.", "end_turn", "message_stop"]);
}

#[test]
fn nothing_follows_a_failure() {
    let failed = Delta::Failed(wire::observe::StreamFailure::default());
    let events = written(&[failed, Delta::Finish(Stop::EndTurn)], &Counts::default(), &client());
    assert!(events.is_empty());
}

/// What a channel may say: blocks that begin, go on and end in any order.
fn any_answer() -> impl Strategy<Value = Vec<Delta<'static>>> {
    prop::collection::vec((0..4_u32, 0..4_u32, "[a-z]{0,3}"), 0..40).prop_map(|steps| {
        let mut deltas = vec![Delta::Start { model: None }];
        let mut open: Vec<(Block, u32)> = Vec::new();
        let mut next = 0;
        for (action, pick, words) in steps {
            let at = usize::try_from(pick).unwrap() % open.len().max(1);
            match (action, open.get(at).copied()) {
                (0, _) | (_, None) => {
                    let opening = match pick {
                        0 => Opening::Text,
                        1 => Opening::Thinking,
                        2 => Opening::Refusal,
                        _ => call("t"),
                    };
                    deltas.push(Delta::Open(next, opening));
                    open.push((next, pick));
                    next += 1;
                }
                (3, Some((block, _))) => {
                    deltas.push(Delta::Close(block));
                    open.remove(at);
                }
                (_, Some((block, 3))) => deltas.push(Delta::Arguments(block, Text::owned(&words))),
                (_, Some((block, _))) => deltas.push(Delta::Text(block, Text::owned(&words))),
            }
        }
        deltas.extend(open.iter().map(|(block, _)| Delta::Close(*block)));
        deltas.push(Delta::Finish(Stop::EndTurn));
        deltas
    })
}

proptest! {
    #[test]
    fn whatever_order_is_said_in_the_stream_keeps_its_grammar_and_loses_nothing(deltas in any_answer()) {
        let events = written(&deltas, &Counts::default(), &client());
        let mut open = None;
        let mut next = 0;
        for (name, data) in &events {
            match name.as_str() {
                "content_block_start" => {
                    prop_assert_eq!((open, data["index"].as_u64()), (None, Some(next)));
                    open = Some(next);
                    next += 1;
                }
                "content_block_delta" => prop_assert_eq!(data["index"].as_u64(), open),
                "content_block_stop" => {
                    prop_assert_eq!(data["index"].as_u64(), open);
                    open = None;
                }
                "message_delta" => prop_assert_eq!(open, None),
                _ => {}
            }
        }
        // Calls are whole; texts may come in several blocks, but all of them come.
        let (sent, (_, got)) = (folded(&deltas), read(&events));
        let calls = |reply: &Reply| -> Vec<String> {
            let calls = reply.said.iter().filter(|said| matches!(said.opening, Opening::Call(_)));
            calls.map(|said| said.text.plain().into_owned()).map(|text| if text.is_empty() { "{}".into() } else { text }).collect()
        };
        prop_assert_eq!(calls(&got), calls(&sent));
        let letters = |reply: &Reply| {
            let texts = reply.said.iter().filter(|said| !matches!(said.opening, Opening::Call(_)));
            let mut letters: Vec<char> = texts.flat_map(|said| said.text.plain().chars().collect::<Vec<_>>()).collect();
            letters.sort_unstable();
            letters
        };
        prop_assert_eq!(letters(&got), letters(&sent));
    }
}
