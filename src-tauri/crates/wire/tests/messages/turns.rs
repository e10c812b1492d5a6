//! The conversation as a channel gets it.

#![expect(clippy::too_many_lines, reason = "a table is as long as its rows")]

use serde_json::{Value, json};
use wire::Protocol;

use crate::{NEWEST, OPUS_4_8, V4_5, check, encoded};

#[test]
fn a_conversation_follows_anthropic_s_rules() {
    use Protocol::{Chat, Messages, Responses};
    let call =
        |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {"b": 1.0, "a": 12_345}});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "r"});
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    check(vec![
        (
            "P108 outcomes stand first, in one message with the text behind them",
            Chat,
            NEWEST,
            json!({"model": "m", "tools": tools, "messages": [
                {"role": "assistant", "content": [call("a"), call("b")]},
                {"role": "user", "content": [result("b")]},
                {"role": "user", "content": [result("a"), {"type": "text", "text": "and"}]}]}),
            vec![
                ("/messages/1/content/0/tool_use_id", json!("a")),
                ("/messages/1/content/1/tool_use_id", json!("b")),
                ("/messages/1/content/1/content", json!("r")),
                ("/messages/1/content/2/text", json!("and")),
                ("/messages/2", Value::Null),
            ],
        ),
        (
            "P114 no empty text",
            Chat,
            NEWEST,
            json!({"model": "m", "tools": tools, "messages": [
                {"role": "user", "content": " \n"},
                {"role": "assistant", "content": [{"type": "text", "text": ""}, call("a")]},
                {"role": "user", "content": [result("a")]}]}),
            vec![
                ("/messages/0/content/0/type", json!("tool_use")),
                ("/messages/0/content/0/input", json!({"b": 1.0, "a": 12_345})),
                ("/messages/0/content/1", Value::Null),
            ],
        ),
        (
            "P116 a late system message stays at its place where the model takes it",
            Chat,
            OPUS_4_8,
            json!({"model": "m", "system": "s", "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "c"},
                {"role": "system", "content": "late"}]}),
            vec![
                ("/system/0/text", json!("s")),
                ("/messages/3/role", json!("system")),
                ("/messages/3/content/0/text", json!("late")),
            ],
        ),
        (
            "P126 and becomes the user's elsewhere",
            Chat,
            V4_5,
            json!({"model": "m", "messages": [
                {"role": "user", "content": "c"},
                {"role": "system", "content": "late"}]}),
            vec![
                ("/messages/0/content/1/text", json!("<system-reminder>\nlate\n</system-reminder>")),
                ("note emulate:messages[].role", json!(true)),
            ],
        ),
        (
            "a system message in front of a user's is the user's, too",
            Chat,
            OPUS_4_8,
            json!({"model": "m", "messages": [
                {"role": "user", "content": "a"},
                {"role": "system", "content": "late"},
                {"role": "user", "content": "c"}]}),
            vec![
                ("/messages/0/content/1/text", json!("<system-reminder>\nlate\n</system-reminder>")),
                ("/messages/0/content/2/text", json!("c")),
            ],
        ),
        (
            "P170 a system message never comes between a call and its outcome",
            Messages,
            OPUS_4_8,
            json!({"model": "m", "tools": tools, "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [call("a")]},
                {"role": "system", "content": "late"},
                {"role": "user", "content": [result("a")]}]}),
            vec![("/messages/2/content/0/type", json!("tool_result")), ("/messages/3/role", json!("system"))],
        ),
        (
            "an outcome says that the tool failed, and holds pictures",
            Messages,
            NEWEST,
            json!({"model": "m", "tools": tools, "messages": [
                {"role": "assistant", "content": [call("a")]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "is_error": true, "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}]}]}]}),
            vec![
                ("/messages/1/content/0/is_error", json!(true)),
                ("/messages/1/content/0/content/1/source/media_type", json!("image/png")),
            ],
        ),
        (
            "calls of tools that are no longer offered are declared",
            Responses,
            NEWEST,
            json!({"model": "m", "tools": [], "messages": [
                {"role": "assistant", "content": [call("a")]},
                {"role": "user", "content": [result("a")]}]}),
            vec![
                ("/tools/0/name", json!("f")),
                ("/tool_choice", json!({"type": "none"})),
                ("note emulate:tools", json!(true)),
            ],
        ),
        (
            "P119 an id that Anthropic would refuse is replaced in call and outcome alike",
            Chat,
            NEWEST,
            json!({"model": "m", "tools": tools, "messages": [
                {"role": "assistant", "content": [call("functions.f:0")]},
                {"role": "user", "content": [result("functions.f:0")]}]}),
            vec![
                ("/messages/0/content/0/id", json!("slx_ZnVuY3Rpb25zLmY6MA")),
                ("/messages/1/content/0/tool_use_id", json!("slx_ZnVuY3Rpb25zLmY6MA")),
            ],
        ),
        (
            "an older model goes on from its own words, but not from white space",
            Chat,
            V4_5,
            json!({"model": "m", "messages": [
                {"role": "user", "content": "a"}, {"role": "assistant", "content": "{ \n"}]}),
            vec![("/messages/1/content/0/text", json!("{"))],
        ),
        (
            "thoughts of another provider stay at home",
            Chat,
            NEWEST,
            json!({"model": "m", "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "t", "signature": ""}, {"type": "text", "text": "b"}]},
                {"role": "user", "content": "c"}]}),
            vec![("/messages/1/content/0/type", json!("text")), ("note drop:reasoning_details", json!(true))],
        ),
    ]);
}

#[test]
fn media_take_anthropic_s_form() {
    use Protocol::{Chat, Messages};
    let asked = |block: Value| json!({"model": "m", "messages": [{"role": "user", "content": [block]}]});
    let document = |source: Value| json!({"type": "document", "title": "T", "source": source});
    check(vec![
        (
            "a PDF",
            Chat,
            NEWEST,
            asked(document(json!({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}))),
            vec![
                ("/messages/0/content/0/type", json!("document")),
                ("/messages/0/content/0/title", json!("T")),
                ("/messages/0/content/0/source/media_type", json!("application/pdf")),
            ],
        ),
        (
            "a text file",
            Chat,
            NEWEST,
            asked(document(json!({"type": "base64", "media_type": "text/markdown", "data": "IyBo"}))),
            vec![(
                "/messages/0/content/0/source",
                json!({"type": "text", "media_type": "text/plain", "data": "# h"}),
            )],
        ),
        (
            "an address",
            Chat,
            NEWEST,
            asked(json!({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}})),
            vec![("/messages/0/content/0/source", json!({"type": "url", "url": "https://x/y.png"}))],
        ),
        (
            "a document of blocks",
            Chat,
            NEWEST,
            asked(document(json!({"type": "content", "content": [{"type": "text", "text": "a"}]}))),
            vec![("/messages/0/content/0/text", json!("T")), ("/messages/0/content/1/text", json!("a"))],
        ),
        (
            "what cannot be shown is named where it was answered already",
            Chat,
            NEWEST,
            json!({"model": "m", "messages": [
                {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="}}]},
                {"role": "assistant", "content": "nice"},
                {"role": "user", "content": "thanks"}]}),
            vec![
                ("/messages/0/content/0/text", json!("[unsupported content: image]")),
                ("note drop:image", json!(true)),
            ],
        ),
        (
            "what only Messages knows is said in words",
            Chat,
            NEWEST,
            asked(
                json!({"type": "search_result", "source": "S", "title": "T", "content": [{"type": "text", "text": "a"}]}),
            ),
            vec![(
                "/messages/0/content/0",
                json!({"type": "text", "text": "S\nT\na", "cache_control": {"type": "ephemeral"}}),
            )],
        ),
        (
            "and is passed on to Messages as it is",
            Messages,
            NEWEST,
            asked(json!({"type": "search_result", "source": "S"})),
            vec![("/messages/0/content/0", json!({"type": "search_result", "source": "S"}))],
        ),
    ]);
}

#[test]
fn prompts_are_cached_where_it_is_worth_it() {
    let marks = |protocol: Protocol, body: &Value| {
        let (out, _) = encoded(protocol, body, &NEWEST).unwrap();
        let mut found = Vec::new();
        for (at, tool) in out["tools"].as_array().into_iter().flatten().enumerate() {
            found.extend(tool.get("cache_control").map(|mark| format!("tool {at} {}", mark["ttl"])));
        }
        for (at, block) in out["system"].as_array().into_iter().flatten().enumerate() {
            found.extend(block.get("cache_control").map(|mark| format!("system {at} {}", mark["ttl"])));
        }
        for (at, message) in out["messages"].as_array().unwrap().iter().enumerate() {
            for (place, block) in message["content"].as_array().unwrap().iter().enumerate() {
                found.extend(block.get("cache_control").map(|mark| format!("{at}.{place} {}", mark["ttl"])));
            }
        }
        found
    };
    let turns = json!([
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
        {"role": "user", "content": [{"type": "text", "text": "c"}, {"type": "text", "text": "d"}]},
        {"role": "assistant", "content": "e"}, {"role": "user", "content": "f"}]);
    let plain =
        json!({"model": "m", "tools": [{"name": "f"}, {"name": "g"}], "system": "s", "messages": turns});
    assert_eq!(marks(Protocol::Chat, &plain), ["tool 1 null", "system 0 null", "2.1 null", "4.0 null"]);
    assert!(marks(Protocol::Messages, &plain).is_empty(), "such a client marks what it wants");

    let block =
        |ttl: &str| json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": ttl}});
    let marked = json!({"model": "m", "messages": [
        {"role": "user", "content": [block("5m"), block("1h"), block("5m"), block("1h"), block("5m"), block("1h")]}]});
    for protocol in [Protocol::Chat, Protocol::Messages] {
        assert_eq!(
            marks(protocol, &marked),
            ["0.2 null", "0.3 null", "0.4 null", "0.5 null"],
            "the last four stay, and no hour follows five minutes"
        );
    }
    let whole = json!({"model": "m", "cache_control": {"type": "ephemeral", "ttl": "1h"}, "messages": turns});
    assert_eq!(marks(Protocol::Messages, &whole), ["4.0 \"1h\""]);
}
