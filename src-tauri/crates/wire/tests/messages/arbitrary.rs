//! Whatever JSON there is: nothing panics, and what is written can be read.

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::Protocol;
use wire::dialect;
use wire::json::Tape;

use crate::clients::messages;
use crate::{NEWEST, OPUS_4_8, V4_5, V4_6, VENDOR, encoded};

/// JSON made of the words that requests are made of.
fn value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "text",
        "image",
        "document",
        "thinking",
        "tool_use",
        "tool_result",
        "user",
        "assistant",
        "system",
        "base64",
        "url",
        "content",
        "auto",
        "tool",
        "f",
        "",
        " ",
        "enabled",
        "adaptive",
        "high",
        "web_search",
        "tool_reference",
        "redacted_thinking",
        "server_tool_use",
        "ephemeral",
        "1h",
    ]);
    let key = prop::sample::select(vec![
        "type",
        "role",
        "content",
        "text",
        "source",
        "data",
        "media_type",
        "url",
        "id",
        "tool_use_id",
        "name",
        "input",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "signature",
        "budget_tokens",
        "max_tokens",
        "output_config",
        "effort",
        "format",
        "schema",
        "input_schema",
        "cache_control",
        "ttl",
        "is_error",
        "title",
        "context",
        "stop_sequences",
        "temperature",
        "defer_loading",
        "delta",
        "index",
        "content_block",
        "partial_json",
        "stop_reason",
        "message",
        "usage",
        "citations",
        "citation",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..40_000).prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_request_is_read_and_written_or_refused(
        turns in prop::collection::vec((0..3_usize, prop::collection::vec(value(), 0..4)), 0..5),
        members in value(),
        model in 0..5_usize,
    ) {
        let roles = ["user", "assistant", "system"];
        let said: Vec<Value> =
            turns.into_iter().map(|(role, content)| json!({"role": roles[role], "content": content})).collect();
        let mut body = json!({"model": "m", "messages": said});
        if let Value::Object(members) = members {
            body.as_object_mut().unwrap().extend(members);
        }
        body["model"] = "m".into();
        for protocol in Protocol::ALL {
            let target = [NEWEST, OPUS_4_8, V4_6, V4_5, VENDOR][model];
            if let Ok((out, _)) = encoded(protocol, &body, &target) {
                // What is written can be read, and says the same again.
                let again = encoded(Protocol::Messages, &out, &target);
                if let Ok((again, _)) = again {
                    prop_assert_eq!(messages(&again), messages(&out));
                }
            }
        }
    }

    #[test]
    fn any_answer_is_read(whole in value(), events in prop::collection::vec((0..6_usize, value()), 0..8)) {
        let names = ["message_start", "content_block_start", "content_block_delta", "content_block_stop",
            "message_delta", "message_stop"];
        let dialect = dialect::of(Protocol::Messages);
        let bytes = whole.to_string();
        dialect.decode_reply(Tape::read(bytes.as_bytes()).unwrap().root(), &mut |_| {});
        let mut decoder = dialect.stream_decoder();
        for (name, data) in events {
            let bytes = data.to_string();
            let tape = Tape::read(bytes.as_bytes()).unwrap();
            decoder.event(Some(names[name]), tape.root(), &mut |_| {});
        }
        decoder.finish(&mut |_| {});
    }
}
