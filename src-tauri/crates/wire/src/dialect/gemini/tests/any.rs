//! Whatever comes, nothing panics and everything written is JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::{addressee, asked, encoded};
use crate::frames::Framing;
use crate::json::{Tape, validate};
use crate::observe::Counts;
use crate::reply::{Delta, Fold};
use crate::{Protocol, dialect};

const KEYS: [&str; 44] = [
    "contents",
    "role",
    "parts",
    "text",
    "thought",
    "thoughtSignature",
    "inlineData",
    "inline_data",
    "fileData",
    "mimeType",
    "data",
    "fileUri",
    "functionCall",
    "functionResponse",
    "id",
    "name",
    "args",
    "response",
    "output",
    "error",
    "executableCode",
    "code",
    "systemInstruction",
    "tools",
    "functionDeclarations",
    "parameters",
    "parametersJsonSchema",
    "googleSearch",
    "toolConfig",
    "functionCallingConfig",
    "mode",
    "allowedFunctionNames",
    "generationConfig",
    "temperature",
    "stopSequences",
    "thinkingConfig",
    "thinkingBudget",
    "thinkingLevel",
    "candidates",
    "content",
    "finishReason",
    "index",
    "groundingMetadata",
    "promptFeedback",
];

const WORDS: [&str; 12] = [
    "",
    "a",
    "user",
    "model",
    "ANY",
    "image/png",
    "AAAA",
    "high",
    "STOP",
    "MALFORMED_FUNCTION_CALL",
    "\"\n",
    "é",
];

/// Makes JSON out of the protocol's own words.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        prop::sample::select(WORDS.to_vec()).prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 96, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((prop::sample::select(KEYS.to_vec()), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Makes a part that is nearly right.
fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a\"é]{0,3}".prop_map(|text| serde_json::json!({"text": text})),
        "[a]{0,2}"
            .prop_map(|text| serde_json::json!({"text": text, "thought": true, "thoughtSignature": "eA=="})),
        ("[12]?", "[fg]")
            .prop_map(|(id, name)| serde_json::json!({"functionCall": {"id": id, "name": name, "args": {}}})),
        ("[12]?", "[fg]").prop_map(|(id, name)| {
            serde_json::json!({"functionResponse": {"id": id, "name": name, "response": {"output": "o"}}})
        }),
        Just(serde_json::json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}})),
        Just(serde_json::json!({"toolCall": {}})),
    ]
}

proptest! {
    #[test]
    fn any_request_is_read_or_refused(members in prop::collection::vec((prop::sample::select(KEYS.to_vec()), json()), 0..6)) {
        let body = Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()).to_string();
        let _ = asked(&body, |ask| {
            for protocol in Protocol::ALL {
                ask.protocol = protocol;
                for model in ["gemini-3-pro", "gemini-2.5-pro", "other"] {
                    let _ = encoded(ask, model);
                }
            }
        });
    }

    #[test]
    fn any_conversation_is_written_with_a_result_for_every_call(
        turns in prop::collection::vec((any::<bool>(), prop::collection::vec(part(), 0..4)), 0..8),
    ) {
        let contents: Vec<Value> = turns.into_iter().map(|(is_model, parts)| {
            serde_json::json!({"role": if is_model { "model" } else { "user" }, "parts": parts})
        }).collect();
        let body = serde_json::json!({"contents": contents}).to_string();
        let written = asked(&body, |ask| encoded(ask, "gemini-3-pro").unwrap()).unwrap();
        let whole: Value = serde_json::from_slice(&written.body).unwrap();
        let contents = whole["contents"].as_array().unwrap();
        let ids = |content: Option<&Value>, kind: &str| -> Vec<String> {
            let parts = content.and_then(|content| content["parts"].as_array()).into_iter().flatten();
            parts.filter_map(|part| part.get(kind)).map(|called| called["id"].to_string()).collect()
        };
        for (nth, content) in contents.iter().enumerate() {
            prop_assert!(!content["parts"].as_array().unwrap().is_empty());
            let results = ids(Some(content), "functionResponse");
            prop_assert!(results.is_empty() || results.len() == content["parts"].as_array().unwrap().len());
            let calls = ids(Some(content), "functionCall");
            if !calls.is_empty() {
                prop_assert_eq!(calls, ids(contents.get(nth + 1), "functionResponse"));
            }
        }
    }

    #[test]
    fn any_answer_is_read_in_order(chunks in prop::collection::vec(json(), 0..6), parts in prop::collection::vec(part(), 0..6)) {
        let mut chunks: Vec<String> = chunks.iter().map(ToString::to_string).collect();
        chunks.push(serde_json::json!({"candidates": [{"content": {"parts": parts}}]}).to_string());
        let mut decoder = dialect::of(Protocol::Gemini).stream_decoder();
        let mut encoders: Vec<_> = [Framing::Sse, Framing::JsonArray].into_iter()
            .map(|framing| (dialect::of(Protocol::Gemini).stream_encoder(&addressee(framing, false)), Vec::new()))
            .collect();
        let mut order = Order::default();
        let mut fold = Fold::default();
        let mut take = |delta: Delta<'_>| {
            order.take(&delta);
            for (encoder, out) in &mut encoders {
                encoder.push(delta.clone(), &Counts::default(), out);
            }
            fold.push(delta);
        };
        for chunk in &chunks {
            decoder.event(None, Tape::read(chunk.as_bytes()).unwrap().root(), &mut take);
        }
        decoder.finish(&mut take);
        order.end();
        let reply = fold.finish();
        if reply.failure.is_none() {
            prop_assert_eq!(validate(&encoders[1].1), Ok(()));
            let whole = dialect::of(Protocol::Gemini).encode_reply(&reply, &Counts::default(), &addressee(Framing::Sse, false));
            prop_assert_eq!(validate(&whole), Ok(()));
        }
        for event in String::from_utf8(encoders[0].1.clone()).unwrap().split_terminator("\r\n\r\n") {
            prop_assert_eq!(validate(event.strip_prefix("data: ").unwrap().as_bytes()), Ok(()));
        }
    }
}

/// Checks the order that every reader keeps.
#[derive(Default)]
struct Order {
    started: bool,
    next: u32,
    open: Vec<u32>,
    over: bool,
}

impl Order {
    fn take(&mut self, delta: &Delta<'_>) {
        assert!(!self.over, "{delta:?} behind the end");
        assert_eq!(self.started, !matches!(delta, Delta::Start { .. }), "{delta:?}");
        match delta {
            Delta::Start { .. } => self.started = true,
            Delta::Open(block, _) => {
                assert_eq!(*block, self.next);
                self.next += 1;
                self.open.push(*block);
            }
            Delta::Text(block, _)
            | Delta::Arguments(block, _)
            | Delta::State(block, _)
            | Delta::Cite(block, _) => {
                assert!(self.open.contains(block), "{delta:?} of no open block");
            }
            Delta::Close(block) => {
                assert!(self.open.contains(block), "{delta:?} of no open block");
                self.open.retain(|open| open != block);
            }
            Delta::Finish(_) | Delta::Failed(_) => {
                assert!(self.open.is_empty(), "{:?} open at the end", self.open);
                self.over = true;
            }
        }
    }

    fn end(&self) {
        assert!(self.over, "no end");
    }
}
