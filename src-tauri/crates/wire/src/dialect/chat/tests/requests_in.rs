//! Requests of Chat clients.

use std::path::Path;

use super::*;
use crate::ask::{Content, Effort, Reasoning, Role, Switch, ToolKind};
use crate::json::Text;

#[test]
fn what_only_chat_can_say_is_refused_in_the_clients_words() {
    let unsupported = Some("unsupported_value");
    let part = |part: Json| json!({"messages": [{"role": "user", "content": [part]}]});
    for (id, members, field, code) in [
        ("P121", json!({"n": 2}), "n", unsupported),
        ("P121", json!({"logprobs": true}), "logprobs", unsupported),
        ("2.2.1", json!({"modalities": ["text", "audio"]}), "modalities", unsupported),
        ("P127", json!({"tools": {"type": "function"}}), "tools", None),
        ("", json!({"messages": {}}), "messages", None),
        ("", json!({"messages": null}), "messages", None),
        ("", json!({"messages": ["hi"]}), "messages[0]", None),
        ("", json!({"messages": [{"content": "hi"}]}), "messages[0]", None),
        ("", json!({"messages": [{"role": "narrator"}]}), "messages[0].role", None),
        ("", json!({"messages": [{"role": "user", "content": 1}]}), "messages[0].content", None),
        ("2.1.6", part(json!({"type": "hologram"})), "messages[0].content[0]", unsupported),
        (
            "2.1.6",
            part(json!({"type": "file", "file": {"file_id": "f"}})),
            "messages[0].content[0].file.file_id",
            unsupported,
        ),
        (
            "",
            part(json!({"type": "image_url", "image_url": {"url": "data:x"}})),
            "messages[0].content[0].image_url.url",
            None,
        ),
        ("", part(json!({"type": "text"})), "messages[0].content[0]", None),
        ("", part(json!(7)), "messages[0].content[0]", None),
        ("", json!({"messages": [{"role": "assistant", "tool_calls": {}}]}), "messages[0].tool_calls", None),
        (
            "",
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}),
            "messages[0].tool_calls[0]",
            None,
        ),
        (
            "2.1.2",
            json!({"tool_choice": {"type": "function", "function": {"name": "f"}}}),
            "tool_choice",
            None,
        ),
        ("", json!({"tool_choice": "perhaps"}), "tool_choice", None),
        ("", json!({"tools": [{"type": "function", "function": {}}]}), "tools[0].function", None),
        (
            "",
            json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}),
            "tools[0].function.parameters",
            None,
        ),
        ("", json!({"response_format": {"type": "regex"}}), "response_format.type", unsupported),
        ("", json!({"temperature": "hot"}), "temperature", None),
        ("", json!({"max_tokens": "all"}), "max_tokens", None),
        ("", json!({"stop": 1}), "stop", None),
        ("", json!({"stop": ["a", 1]}), "stop[1]", None),
    ] {
        let body = ask_with(members);
        let refused = decoded(body.to_string().as_bytes(), |ask| ask.map(|_| ()).unwrap_err());
        assert_eq!((refused.field.as_str(), refused.code), (field, code), "{id} {body}: {refused}");
    }
}

#[test]
fn what_is_only_a_hint_is_left_out_with_a_note() {
    for (members, expected) in [
        (json!({"logit_bias": {"1": 2}}), vec!["drop:logit_bias"]),
        (json!({"prediction": {}, "moderation": {}}), vec!["drop:moderation", "drop:prediction"]),
        (json!({"store": true, "top_logprobs": 3}), vec!["drop:store", "drop:top_logprobs"]),
        (json!({"metadata": {"a": "b"}, "min_p": 0.1}), vec!["drop:metadata", "drop:min_p"]),
        (json!({"store": false, "n": 1, "logprobs": false, "modalities": ["text"]}), vec![]),
        (json!({"stream": true, "stream_options": {"include_usage": true}, "seed": null}), vec![]),
        (
            json!({"messages": [{"role": "user", "content": "hi", "name": "Jo"}]}),
            vec!["drop:messages[].name"],
        ),
    ] {
        let body = ask_with(members);
        let mut notes = decoded(body.to_string().as_bytes(), |ask| {
            ask.unwrap().notes.list().iter().map(ToString::to_string).collect::<Vec<_>>()
        });
        notes.sort();
        assert_eq!(notes, expected, "{body}");
    }
}

/// Writes a conversation as `Role: part, part`.
fn said(ask: &Ask<'_>) -> Vec<String> {
    let words = |part: &crate::ask::Part<'_>| match &part.content {
        Content::Text(text) => text.plain().into_owned(),
        Content::Refusal(text) => format!("refused {}", text.plain()),
        Content::Thinking(thinking) => {
            let state =
                thinking.state.as_ref().map(|state| format!(" {:?} {}", state.kind, state.note.plain()));
            format!("thought {}{}", thinking.text.plain(), state.unwrap_or_default())
        }
        Content::Media(media) => format!("{:?}", media.kind),
        Content::Call(call) => {
            format!("{}({}) as {}", call.name.plain(), call.arguments.string().plain(), call.id.plain())
        }
        Content::Outcome(outcome) => format!("came of {}: {}", outcome.id.plain(), outcome.text().plain()),
        Content::Foreign(foreign) => foreign.words.as_ref().unwrap().plain().into_owned(),
    };
    let line = |role: Role, parts: &[crate::ask::Part<'_>]| {
        format!("{role:?}: {}", parts.iter().map(words).collect::<Vec<_>>().join(", "))
    };
    let system = Some(line(Role::System, &ask.system)).filter(|_| !ask.system.is_empty());
    system.into_iter().chain(ask.turns.iter().map(|turn| line(turn.role, &turn.parts))).collect()
}

#[test]
fn a_conversation_is_read_as_it_was_meant() {
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    for (id, messages, expected) in [
        (
            "P116",
            json!([
                {"role": "system", "content": "a"}, {"role": "developer", "content": [{"type": "text", "text": "b"}]},
                {"role": "user", "content": "hi"}, {"role": "system", "content": "later"}
            ]),
            vec!["System: a, b", "User: hi", "System: later"],
        ),
        (
            "P114",
            json!([{"role": "assistant", "content": "", "tool_calls": [call("1", "{}")]}]),
            vec!["Assistant: f({}) as 1"],
        ),
        (
            "P109",
            json!([{"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]),
            vec!["User: came of 1: a\nb"],
        ),
        (
            "P108",
            json!([
                {"role": "assistant", "content": null, "tool_calls": [call("1", ""), call("2", "[1]")]},
                {"role": "tool", "tool_call_id": "1", "content": "a"}, {"role": "tool", "tool_call_id": "2", "content": "b"},
                {"role": "user", "content": "c"}
            ]),
            vec!["Assistant: f({}) as 1, f([1]) as 2", "User: came of 1: a", "User: came of 2: b", "User: c"],
        ),
        (
            "P043",
            json!([
                {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "a"}
            ]),
            vec!["Assistant: f({}) as ", "User: came of : a"],
        ),
        (
            "",
            json!([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}], "refusal": "c"}]),
            vec!["Assistant: a, refused b, refused c"],
        ),
        (
            "thinking before it spoke",
            json!([{"role": "assistant", "content": "a", "reasoning_content": "b"}, {"role": "assistant", "content": "c", "reasoning": "d"}]),
            vec!["Assistant: thought b, a", "Assistant: thought d, c"],
        ),
        (
            "OpenRouter's details repeat the plain text",
            json!([{"role": "assistant", "content": "a", "reasoning": "b", "reasoning_details": [
                {"type": "reasoning.text", "text": "b", "signature": "s"}, {"type": "reasoning.encrypted", "data": "e"}
            ]}]),
            vec!["Assistant: thought b Signature s, thought  Encrypted e, a"],
        ),
        (
            "Mistral's list",
            json!([{"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}, {"type": "text", "text": "b"}]}]),
            vec!["Assistant: thought a, b"],
        ),
        (
            "custom",
            json!([{"role": "assistant", "tool_calls": [{"id": "1", "type": "custom", "custom": {"name": "patch", "input": "*** x"}}]}]),
            vec!["Assistant: patch({\"input\":\"*** x\"}) as 1"],
        ),
        (
            "2.1.6: an unknown part of an earlier turn",
            json!([
                {"role": "user", "content": [{"type": "hologram"}]}, {"role": "assistant", "content": "a"},
                {"role": "user", "content": "b"}
            ]),
            vec!["User: [unsupported content: hologram]", "Assistant: a", "User: b"],
        ),
        (
            "nothing said is no turn",
            json!([{"role": "user", "content": ""}, {"role": "assistant", "content": null}, {"role": "user", "content": []}]),
            vec![],
        ),
    ] {
        let body = ask_with(json!({"messages": messages}));
        let said = decoded(body.to_string().as_bytes(), |ask| said(&ask.unwrap()));
        assert_eq!(said, expected, "{id}");
    }
}

#[test]
fn how_much_to_think_is_read_in_any_vendors_words() {
    let effort = |effort: Effort<'static>| Reasoning { effort: Some(effort), ..Reasoning::default() };
    let switch = |switch: Switch| Reasoning { switch: Some(switch), ..Reasoning::default() };
    let budget = |budget: u64| Reasoning { budget: Some(budget), ..Reasoning::default() };
    for (members, expected) in [
        (json!({"reasoning_effort": "xhigh"}), effort(Effort::Xhigh)),
        (json!({"reasoning_effort": "turbo"}), effort(Effort::Other(Text::of("turbo")))),
        (json!({"reasoning": {"effort": "low"}}), effort(Effort::Low)),
        (json!({"reasoning": {"max_tokens": 2000}}), budget(2000)),
        (json!({"reasoning": {"enabled": false}}), switch(Switch::Off)),
        (json!({"enable_thinking": true}), switch(Switch::On)),
        (json!({"thinking_budget": 512}), budget(512)),
        (json!({"thinking": {"type": "disabled"}}), switch(Switch::Off)),
        (json!({"chat_template_kwargs": {"enable_thinking": false}}), switch(Switch::Off)),
    ] {
        let body = ask_with(members);
        let read = decoded(body.to_string().as_bytes(), |ask| format!("{:?}", ask.unwrap().reasoning));
        assert_eq!(read, format!("{expected:?}"), "{body}");
    }
}

#[test]
fn how_the_answer_is_wanted_is_kept() {
    let function = json!([{"name": "f", "parameters": {"type": "object"}}]);
    for (members, expected) in [
        (json!({"stream": true}), Wanted { stream: true, ..Wanted::default() }),
        (
            json!({"stream": true, "stream_options": {"include_usage": true}}),
            Wanted { stream: true, usage_chunk: true, ..Wanted::default() },
        ),
        (json!({"functions": function}), Wanted { old_functions: true, ..Wanted::default() }),
        (json!({"reasoning": {"exclude": true}}), Wanted { thinking_hidden: true, ..Wanted::default() }),
        (json!({"include_reasoning": false}), Wanted { thinking_hidden: true, ..Wanted::default() }),
    ] {
        let body = ask_with(members);
        assert_eq!(decoded(body.to_string().as_bytes(), |ask| ask.unwrap().wanted), expected, "{body}");
    }
}

#[test]
fn a_newer_word_counts_before_an_older_one_whatever_their_order() {
    for body in [
        json!({"max_completion_tokens": 1, "max_tokens": 2, "safety_identifier": "s", "user": "u"}),
        json!({"user": "u", "safety_identifier": "s", "max_tokens": 2, "max_completion_tokens": 1}),
    ] {
        decoded(ask_with(body).to_string().as_bytes(), |ask| {
            let ask = ask.unwrap();
            assert_eq!((ask.output_max, ask.user), (Some(1), Some(Text::of("s"))));
        });
    }
}

#[test]
fn every_kind_of_tool_is_read() {
    let tools = json!([
        {"type": "function", "function": {"name": "f", "description": "d", "strict": true}, "cache_control": {"type": "ephemeral"}},
        {"type": "custom", "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}}},
        {"type": "custom", "custom": {"name": "h"}},
        {"type": "code_interpreter"},
    ]);
    let body = ask_with(json!({"tools": tools, "web_search_options": {}}));
    let kinds = decoded(body.to_string().as_bytes(), |ask| {
        let kind = |tool: &crate::ask::Tool<'_>| match &tool.kind {
            ToolKind::Function(schema) => {
                format!("{:?} function {} {:?}", tool.name, schema.is_some(), tool.cache)
            }
            ToolKind::Free { syntax, definition } => {
                format!("{:?} free {syntax:?} {definition:?}", tool.name)
            }
            ToolKind::Hosted(value) => format!("{:?} hosted {}", tool.name, value.raw()),
        };
        ask.unwrap().tools.iter().map(kind).collect::<Vec<_>>()
    });
    assert_eq!(
        kinds,
        [
            "\"f\" function false Some(Usual)",
            "\"g\" free Some(\"lark\") Some(\"x\")",
            "\"h\" free None None",
            "\"code_interpreter\" hosted {\"type\":\"code_interpreter\"}",
            "\"web_search\" hosted {}",
        ]
    );
}

/// Says a body as we write it: text in one string, no thoughts, a schema for every function.
fn plainly(mut body: Json) -> Json {
    let members = body.as_object_mut().unwrap();
    for tool in members.get_mut("tools").and_then(Json::as_array_mut).into_iter().flatten() {
        if tool["function"]["parameters"].is_null() {
            tool["function"]["parameters"] = json!({"type": "object", "properties": {}});
        }
    }
    for message in members["messages"].as_array_mut().unwrap() {
        let message = message.as_object_mut().unwrap();
        message.retain(|name, _| !name.starts_with("reasoning"));
        let texts = message["content"]
            .as_array()
            .and_then(|parts| parts.iter().map(|part| part["text"].as_str()).collect::<Option<Vec<_>>>());
        if let Some(texts) = texts {
            let between = if message["role"] == "tool" { "\n" } else { "\n\n" };
            message.insert("content".to_owned(), texts.join(between).into());
        }
    }
    body
}

#[test]
fn requests_of_real_clients_keep_their_meaning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures");
    let read = |path: &Path| serde_json::from_slice::<Json>(&std::fs::read(path).unwrap()).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("clients")).unwrap() {
        let path = entry.unwrap().path();
        let recorded = read(&path);
        if recorded["path"] != "/v1/chat/completions" {
            continue;
        }
        seen += 1;
        let body = recorded["body"].clone();
        let model = body["model"].as_str().unwrap().to_owned();
        let (sent, notes) = passed(&body, &Target { model: &model, ..VENDOR }).unwrap();
        let mut expected = plainly(body);
        if expected["stream"] == json!(true) {
            expected["stream_options"] = json!({"include_usage": true});
        }
        for name in expected.as_object().unwrap().keys() {
            assert_eq!(sent[name], expected[name], "{} {name}", path.display());
        }
        assert_eq!(sent.as_object().unwrap().len(), expected.as_object().unwrap().len());
        assert_eq!(notes, [""; 0], "{}", path.display());
    }
    assert!(seen > 8, "the fixtures are there");
    let mut golden = read(&folder.join("streams/Q1.chat.json"));
    golden["model"] = json!(OPENAI.model);
    assert_eq!(passed(&golden, &OPENAI).unwrap(), (golden, Vec::new()));
}
