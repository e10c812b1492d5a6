//! Whole answers, read of a channel's and written for a client.

use serde_json::{Value, json};
use wire::Protocol;
use wire::ask::{State, StateKind, Wanted};
use wire::dialect::{self, Addressee};
use wire::frames::Framing;
use wire::json::{Tape, Text};
use wire::observe::{Counts, Observer};
use wire::reply::{CallHead, Citation, Delta, Fold, Opening, Reply, Stop};

/// Somebody who speaks Messages.
pub(crate) fn client() -> Addressee {
    Addressee {
        protocol: Protocol::Messages,
        wanted: Wanted::default(),
        framing: Framing::Sse,
        id: "01A".to_owned(),
        created_s: 1,
        input_estimate: 7,
        issuer: wire::state::NOBODY.clone(),
        think_tags: false,
    }
}

/// Counts as a channel's usage tells them.
pub(crate) fn counts(usage: &Value) -> Counts {
    let mut observer = Observer::new(Protocol::Messages);
    let event = json!({"type": "message_delta", "delta": {}, "usage": usage});
    observer.event(None, event.to_string().as_bytes());
    *observer.counts()
}

pub(crate) fn folded(deltas: &[Delta<'_>]) -> Reply {
    let mut fold = Fold::default();
    for delta in deltas {
        fold.push(delta.clone());
    }
    fold.finish()
}

fn read(answer: &Value) -> Reply {
    let bytes = answer.to_string();
    let tape = Tape::read(bytes.as_bytes()).unwrap();
    let mut fold = Fold::default();
    dialect::of(Protocol::Messages).decode_reply(tape.root(), &mut |delta| fold.push(delta));
    fold.finish()
}

fn written(reply: &Reply, counts: &Counts, to: &Addressee) -> Value {
    serde_json::from_slice(&dialect::of(Protocol::Messages).encode_reply(reply, counts, to)).unwrap()
}

pub(crate) fn call(id: &'static str) -> Opening<'static> {
    let head = CallHead { id: Text::of(id), name: Text::of("f"), namespace: None, free: false, state: None };
    Opening::Call(head)
}

/// An answer of one block.
fn one(opening: Opening<'static>, text: &'static str) -> Reply {
    let piece = match opening {
        Opening::Call(_) => Delta::Arguments(0, Text::of(text)),
        Opening::Text | Opening::Thinking | Opening::Refusal | Opening::Image { .. } => {
            Delta::Text(0, Text::of(text))
        }
    };
    folded(&[Delta::Open(0, opening), piece, Delta::Close(0), Delta::Finish(Stop::EndTurn)])
}

#[test]
fn every_block_is_read() {
    let reply = read(&json!({
        "type": "message", "model": "claude-x", "stop_reason": "tool_use", "content": [
            {"type": "thinking", "thinking": "t", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": "text", "text": "a", "citations": [
                {"type": "web_search_result_location", "url": "https://u", "title": "T"}, {"type": "char_location"}]},
            {"type": "text", "text": ""},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1.0, "a": 2}},
        ],
    }));
    assert!(reply.model.unwrap().is("claude-x"));
    let kinds: Vec<_> =
        reply.said.iter().map(|said| (&said.opening, said.text.plain().into_owned())).collect();
    let call = Opening::Call(CallHead {
        id: Text::of("toolu_1"),
        name: Text::of("f"),
        namespace: None,
        free: false,
        state: None,
    });
    assert_eq!(
        kinds,
        [
            (&Opening::Thinking, "t".to_owned()),
            (&Opening::Thinking, String::new()),
            (&Opening::Text, "a".to_owned()),
            (&call, r#"{"b":1.0,"a":2}"#.to_owned()),
        ]
    );
    let state = |kind, note| vec![State::new(Protocol::Messages, kind, Text::of(note))];
    assert_eq!(reply.said[0].states, state(StateKind::Signature, "s"));
    assert_eq!(reply.said[1].states, state(StateKind::Redacted, "d"));
    assert_eq!(
        reply.said[2].citations,
        [Citation { url: Text::of("https://u"), title: Some(Text::of("T")), span: None }]
    );
    assert_eq!(reply.stop, Some(Stop::Calls));
}

#[test]
fn why_an_answer_ended_is_read() {
    let tool = json!([{"type": "tool_use", "id": "t", "name": "f", "input": {}}]);
    let text = json!([{"type": "text", "text": "a"}]);
    for (members, expected) in [
        (json!({"stop_reason": "end_turn", "content": text}), Stop::EndTurn),
        (json!({"stop_reason": null, "content": text}), Stop::EndTurn),
        (json!({"stop_reason": "tool_use", "content": text}), Stop::EndTurn),
        (json!({"stop_reason": "end_turn", "content": tool}), Stop::Calls),
        (json!({"stop_reason": "max_tokens", "content": tool}), Stop::OutputMax),
        (
            json!({"stop_reason": "stop_sequence", "stop_sequence": "END", "content": text}),
            Stop::StopSequence(Some(Text::of("END"))),
        ),
        (json!({"stop_reason": "model_context_window_exceeded", "content": text}), Stop::ContextFull),
        (json!({"stop_reason": "pause_turn", "content": text}), Stop::Paused),
        (
            json!({"stop_reason": "refusal", "stop_details": {"category": "cyber"}, "content": []}),
            Stop::Refused(Some(Text::of("cyber"))),
        ),
    ] {
        assert_eq!(read(&members).stop, Some(expected), "{members}");
    }
}

#[test]
fn the_explanation_of_a_refusal_is_said_as_one() {
    let details = json!({"category": "cyber", "explanation": "I must not."});
    let reply = read(&json!({"stop_reason": "refusal", "stop_details": details, "content": []}));
    let said: Vec<_> = reply.said.iter().map(|said| (said.opening.clone(), said.text.plain())).collect();
    assert_eq!(said, [(Opening::Refusal, "I must not.".into())]);
}

#[test]
fn a_whole_answer_is_written() {
    let deltas = [
        Delta::Start { model: Some(Text::of("gpt-x")) },
        Delta::Open(0, Opening::Thinking),
        Delta::Text(0, Text::of("t")),
        Delta::Open(1, Opening::Text),
        Delta::Open(2, call("functions.f:0")),
        Delta::Text(1, Text::of("a\"b")),
        Delta::Arguments(2, Text::of(r#"{"b":1.0}"#)),
        Delta::Open(3, Opening::Text),
        Delta::Finish(Stop::Calls),
    ];
    // P119, P148, P168, P182
    let usage = json!({"input_tokens": 100, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 100,
        "output_tokens": 60, "output_tokens_details": {"thinking_tokens": 20}});
    assert_eq!(
        written(&folded(&deltas), &counts(&usage), &client()),
        json!({
            "id": "sluice_msg_01A", "type": "message", "role": "assistant", "model": "gpt-x", "content": [
                {"type": "thinking", "thinking": "t", "signature": ""},
                {"type": "text", "text": "a\"b"},
                {"type": "tool_use", "id": "slx_ZnVuY3Rpb25zLmY6MA", "name": "f", "input": {"b": 1.0}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null, "usage": usage,
        })
    );
}

#[test]
fn every_end_has_its_word() {
    for (stop, reason, sequence) in [
        (Stop::EndTurn, "end_turn", Value::Null),
        (Stop::StopSequence(None), "end_turn", Value::Null),
        (Stop::StopSequence(Some(Text::of("END"))), "stop_sequence", json!("END")),
        (Stop::OutputMax, "max_tokens", Value::Null),
        (Stop::ContextFull, "model_context_window_exceeded", Value::Null),
        (Stop::Calls, "tool_use", Value::Null),
        (Stop::Refused(Some(Text::of("SAFETY"))), "refusal", Value::Null),
        (Stop::Paused, "pause_turn", Value::Null),
    ] {
        let refused = matches!(stop, Stop::Refused(_));
        let out = written(&folded(&[Delta::Finish(stop)]), &Counts::default(), &client());
        assert_eq!((out["stop_reason"].as_str(), &out["stop_sequence"]), (Some(reason), &sequence));
        assert_eq!(out.pointer("/stop_details/explanation") == Some(&json!("SAFETY")), refused);
    }
}

#[test]
fn what_a_model_called_is_always_an_object() {
    for (arguments, expected) in [
        ("", json!({})),
        (r#"{"a": 1}"#, json!({"a": 1})),
        ("[1]", json!({"value": [1]})),
        (r#"{"a": "cut"#, json!({"_raw": r#"{"a": "cut"#})),
    ] {
        let out = written(&one(call("t"), arguments), &Counts::default(), &client());
        assert_eq!(out["content"][0]["input"], expected);
    }
    let nameless = written(&one(call(""), "{}"), &Counts::default(), &client());
    assert_eq!(nameless["content"][0]["id"], "toolu_01A_0");
}

#[test]
fn what_is_not_known_of_the_cost_is_estimated_or_left_out() {
    let out = written(&one(Opening::Text, "hello, world"), &Counts::default(), &client());
    assert_eq!(out["usage"], json!({"input_tokens": 7, "output_tokens": 3}));
}

#[test]
fn what_a_client_will_not_see_or_cannot_stays_out_or_is_named() {
    let hidden = Addressee { wanted: Wanted { thinking_hidden: true, ..Wanted::default() }, ..client() };
    let image = Opening::Image { mime: Text::of("image/png"), base64: Text::of("iVBORw0KGgo=") };
    for (reply, to, expected) in [
        // P138
        (one(Opening::Thinking, "t"), &hidden, json!([])),
        (one(image, ""), &client(), json!([{"type": "text", "text": "[image]"}])),
        (one(Opening::Refusal, "no"), &client(), json!([{"type": "text", "text": "no"}])),
    ] {
        assert_eq!(written(&reply, &Counts::default(), to)["content"], expected);
    }
}
