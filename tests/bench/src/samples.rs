//! What is translated without sockets: a coding agent's request, a whole answer that uses tools, a streamed one.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wire::Protocol;
use wire::dialect::Target;

use crate::passage::Sent;

/// A request of a real coding agent with its tools and a tool's result, by the protocol it speaks.
pub(crate) fn request(protocol: Protocol) -> Result<Sent> {
    let fixture: Value = serde_json::from_str(match protocol {
        Protocol::Chat => include_str!("../../fixtures/clients/opencode.chat.tool-result.json"),
        Protocol::Responses => include_str!("../../fixtures/clients/codex.functions.tool-output.json"),
        Protocol::Messages => include_str!("../../fixtures/clients/claude-code.tool-result.json"),
        Protocol::Gemini => include_str!("../../fixtures/clients/gemini-cli.tool-result.json"),
    })?;
    let path = fixture["path"].as_str().context("a fixture has a path")?;
    ensure!(fixture["body"].is_object(), "a fixture has a body");
    Ok(Sent {
        protocol,
        stream: path.contains(":streamGenerateContent"),
        body: fixture["body"].to_string().into_bytes(),
    })
}

/// The length of a request at the end of a long session.
const LONG_BYTES: usize = 400 << 10;

/// The same request with its conversation again and again, until it is long.
pub(crate) fn long_request(protocol: Protocol) -> Result<Sent> {
    let short = request(protocol)?;
    let mut body: Value = serde_json::from_slice(&short.body)?;
    let turns = match protocol {
        Protocol::Chat | Protocol::Messages => "messages",
        Protocol::Responses => "input",
        Protocol::Gemini => "contents",
    };
    let turns = body[turns].as_array_mut().context("a request has turns")?;
    let once = turns.clone();
    let bytes = Value::from(once.clone()).to_string().len();
    for _ in 0..LONG_BYTES.saturating_sub(short.body.len()).div_ceil(bytes) {
        turns.extend(once.iter().cloned());
    }
    Ok(Sent { body: body.to_string().into_bytes(), ..short })
}

/// A channel at the protocol's own provider, whose rules are the strictest.
pub(crate) fn target(protocol: Protocol) -> Target<'static> {
    let model = match protocol {
        Protocol::Chat | Protocol::Responses => "gpt-5.4",
        Protocol::Messages => "claude-sonnet-5",
        Protocol::Gemini => "gemini-3-pro",
    };
    Target {
        protocol,
        model,
        first_party: true,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    }
}

/// A provider's stream of thinking, text and two parallel tool calls.
pub(crate) fn stream(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Chat => include_bytes!("../../fixtures/streams/L1.chat.sse"),
        Protocol::Responses => include_bytes!("../../fixtures/streams/L1.responses.sse"),
        Protocol::Messages => include_bytes!("../../fixtures/streams/L1.anthropic.sse"),
        Protocol::Gemini => include_bytes!("../../fixtures/streams/L1.gemini.sse"),
    }
}

/// A whole answer of a coding agent's model: thinking, text, a file to read and a file to write.
pub(crate) fn answer(protocol: Protocol) -> Vec<u8> {
    let answer = match protocol {
        Protocol::Chat => chat(),
        Protocol::Responses => responses(),
        Protocol::Messages => messages(),
        Protocol::Gemini => gemini(),
    };
    answer.to_string().into_bytes()
}

const THOUGHT: &str = "The build fails because `Fault` is not in scope in the parser. I have to look at how the \
    crate names its errors before I touch the import.\n\nThe module was split last week, so the type may have \
    moved; `src/fault.rs` is the likely place. The test that covers it should be written first, since none fails now.";
const TEXT: &str = "The parser names a type that has moved. I'll read the module that declares it and write a test \
    that fails for the same reason:\n\n1. read `src/fault.rs`\n2. write `tests/missing_name.rs`";
const FILE: &str = "//! What happens without a name.\n\nuse project::{Fault, parse};\n\n#[test]\nfn a_missing_name_is_a_fault() \
    {\n    let parsed = parse(\"{ \\\"kind\\\": \\\"file\\\" }\");\n    assert_eq!(parsed, Err(Fault::Missing { member: \
    \"name\" }));\n}\n\n#[test]\nfn an_empty_name_is_a_fault() {\n    for name in [\"\", \" \", \"\\t\"] {\n        let \
    written = format!(\"{{ \\\"name\\\": \\\"{}\\\" }}\", name.escape_default());\n        let parsed = parse(&written);\n        \
    assert_eq!(parsed, Err(Fault::Empty { member: \"name\" }), \"{name:?}\");\n    }\n}\n";
/// A signature is some hundred characters long.
const SIGNATURE: &str = "RXhhbXBsZSBvZiBhIHNpZ25hdHVyZSB0aGF0IG5vYm9keSBidXQgaXRzIHByb3ZpZGVyIGNhbiByZWFkLg==\
    RXhhbXBsZSBvZiBhIHNpZ25hdHVyZSB0aGF0IG5vYm9keSBidXQgaXRzIHByb3ZpZGVyIGNhbiByZWFkLg==";

/// Name and arguments of each call.
fn calls() -> [(&'static str, Value); 2] {
    [
        ("Read", json!({ "file_path": "/home/user/project/src/fault.rs" })),
        ("Write", json!({ "file_path": "/home/user/project/tests/missing_name.rs", "content": FILE })),
    ]
}

fn chat() -> Value {
    let call = |(number, (name, arguments)): (usize, (&str, Value))| {
        let function = json!({ "name": name, "arguments": arguments.to_string() });
        json!({ "id": format!("call_bench{number}"), "type": "function", "function": function })
    };
    let calls: Vec<_> = calls().into_iter().enumerate().map(call).collect();
    json!({
        "id": "chatcmpl-bench0123456789",
        "object": "chat.completion",
        "created": 1_763_600_000,
        "model": "bench-chat",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": TEXT, "reasoning_content": THOUGHT, "refusal": null,
                "tool_calls": calls,
            },
            "logprobs": null,
            "finish_reason": "tool_calls",
        }],
        "usage": {
            "prompt_tokens": 14_100, "completion_tokens": 420, "total_tokens": 14_520,
            "prompt_tokens_details": { "cached_tokens": 13_900 },
            "completion_tokens_details": { "reasoning_tokens": 90 },
        },
        "system_fingerprint": "fp_bench",
    })
}

fn responses() -> Value {
    let text = json!({ "type": "output_text", "text": TEXT, "annotations": [], "logprobs": [] });
    let mut output = vec![
        json!({
            "type": "reasoning", "id": "rs_bench", "summary": [{ "type": "summary_text", "text": THOUGHT }],
            "encrypted_content": SIGNATURE,
        }),
        json!({ "type": "message", "id": "msg_bench", "role": "assistant", "status": "completed", "content": [text] }),
    ];
    output.extend(calls().into_iter().enumerate().map(|(number, (name, arguments))| {
        json!({
            "type": "function_call", "id": format!("fc_bench{number}"), "call_id": format!("call_bench{number}"),
            "name": name, "arguments": arguments.to_string(), "status": "completed",
        })
    }));
    json!({
        "id": "resp_bench",
        "object": "response",
        "created_at": 1_763_600_000,
        "status": "completed",
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "model": "bench-responses",
        "output": output,
        "parallel_tool_calls": true,
        "tool_choice": "auto",
        "tools": [],
        "temperature": 1.0,
        "top_p": 1.0,
        "metadata": {},
        "usage": {
            "input_tokens": 14_100, "input_tokens_details": { "cached_tokens": 13_900 },
            "output_tokens": 420, "output_tokens_details": { "reasoning_tokens": 90 },
            "total_tokens": 14_520,
        },
    })
}

fn messages() -> Value {
    let mut content = vec![
        json!({ "type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE }),
        json!({ "type": "text", "text": TEXT }),
    ];
    content.extend(calls().into_iter().enumerate().map(|(number, (name, arguments))| {
        json!({ "type": "tool_use", "id": format!("toolu_bench{number}"), "name": name, "input": arguments })
    }));
    json!({
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": "bench-messages",
        "content": content,
        "stop_reason": "tool_use",
        "stop_sequence": null,
        "usage": {
            "input_tokens": 100, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 13_900,
            "output_tokens": 420, "service_tier": "standard",
        },
    })
}

fn gemini() -> Value {
    let mut parts = vec![json!({ "text": THOUGHT, "thought": true }), json!({ "text": TEXT })];
    parts.extend(
        calls()
            .into_iter()
            .map(|(name, arguments)| json!({ "functionCall": { "name": name, "args": arguments } })),
    );
    parts[2]["thoughtSignature"] = SIGNATURE.into();
    json!({
        "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": {
            "promptTokenCount": 14_100, "cachedContentTokenCount": 13_900, "candidatesTokenCount": 330,
            "thoughtsTokenCount": 90, "totalTokenCount": 14_520,
        },
        "modelVersion": "bench-gemini",
        "responseId": "bench",
    })
}
