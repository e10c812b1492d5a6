//! What is read of a client's request.

use serde_json::json;
use wire::Protocol;
use wire::ask::{Choice, Content, Effort, Role, StateKind, Switch, ToolKind};

use crate::{question, read, with_ask};

#[test]
fn what_is_left_out_of_a_client_s_request_is_noted() {
    read(
        &question(json!({
            "context_management": {"edits": []}, "safeguards": {}, "speed": "fast", "unheard_of": 1, "nothing": null,
            "thread": {"type": "create"}, "metadata": {"user_id": "u"}, "container": null, "mcp_servers": [],
        })),
        |ask| {
            let notes: Vec<String> = ask.notes.list().iter().map(ToString::to_string).collect();
            // P054, P128, P172
            assert_eq!(
                notes,
                ["drop:context_management", "drop:safeguards", "drop:speed", "drop:unheard_of"]
            );
            assert_eq!(ask.user.unwrap().plain(), "u");
        },
    );
}

#[test]
fn what_is_left_out_of_a_conversation_is_noted() {
    let body = json!({"model": "m", "messages": [
        {"role": "user", "content": [{"type": "document", "title": "T", "context": "C", "citations": {"enabled": true},
            "source": {"type": "text", "media_type": "text/plain", "data": "D"}}]},
        {"role": "system", "content": [{"type": "text", "text": "s"}, {"type": "tool_addition"}]},
    ]});
    read(&body, |ask| {
        let notes: Vec<String> = ask.notes.list().iter().map(ToString::to_string).collect();
        assert_eq!(notes, ["emulate:document.context", "drop:document.citations", "drop:tool_addition"]);
        assert!(ask.turns[0].parts[0].as_text().unwrap().is("C"));
        assert_eq!(ask.turns[1].parts.len(), 1);
    });
}

#[test]
fn what_only_messages_can_do_is_refused_by_its_name() {
    for (what, members, field, words) in [
        (
            "P054",
            json!({"thread": {"type": "continue", "previous_message_id": "x"}}),
            "thread",
            "capability_rejected: beta_header:message-threads-2026-08-12",
        ),
        ("a cache is filled", json!({"max_tokens": 0}), "max_tokens", "cache"),
        ("servers", json!({"mcp_servers": [{"url": "https://x"}]}), "mcp_servers", "Anthropic"),
        ("a container", json!({"container": "c"}), "container", "Anthropic"),
        (
            "a file of one account",
            json!({"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "file", "file_id": "f"}}]}]}),
            "messages[0].content[0].source",
            "account",
        ),
        (
            "a file in a container",
            json!({"messages": [{"role": "user", "content": [{"type": "container_upload", "file_id": "f"}]}]}),
            "messages[0].content[0]",
            "account",
        ),
        (
            "a toolset",
            json!({"tools": [{"type": "computer_toolset_20260801", "name": "computer"}]}),
            "tools[0]",
            "tools",
        ),
        ("P127", json!({"tools": {"name": "f"}}), "tools", "must be an array"),
        ("a tool that is none", json!({"tools": [1]}), "tools[0]", "must be an object"),
        ("a tool without a name", json!({"tools": [{}]}), "tools[0]", "must have a name"),
        (
            "a schema that is none",
            json!({"tools": [{"name": "f", "input_schema": "x"}]}),
            "tools[0].input_schema",
            "must be an object",
        ),
        ("messages", json!({"messages": {}}), "messages", "must be an array"),
        ("a message", json!({"messages": ["hi"]}), "messages[0]", "role"),
        ("content", json!({"messages": [{"role": "user", "content": 1}]}), "messages[0].content", "blocks"),
        (
            "a block",
            json!({"messages": [{"role": "user", "content": ["x"]}]}),
            "messages[0].content[0]",
            "must be a block",
        ),
        (
            "text",
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}),
            "messages[0].content[0].text",
            "must be a string",
        ),
        ("a number", json!({"temperature": "hot"}), "temperature", "must be a number"),
        ("stops", json!({"stop_sequences": "x"}), "stop_sequences", "must be an array of strings"),
        ("a choice", json!({"tool_choice": {"type": "some"}}), "tool_choice.type", "must be"),
        (
            "a format",
            json!({"output_config": {"format": {"type": "json_schema"}}}),
            "output_config.format.schema",
            "must be an object",
        ),
    ] {
        let refused = with_ask(Protocol::Messages, &question(members), |ask| ask.map(|_| ()).unwrap_err());
        assert_eq!(refused.field, field, "{what}");
        assert!(refused.message.contains(words), "{what}: {}", refused.message);
    }
}

#[test]
fn settings_are_read() {
    read(
        &question(json!({
            "temperature": 0.70, "top_p": 0.9, "top_k": 5, "stop_sequences": ["END"], "stream": true,
            "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
            "output_config": {"effort": "xhigh", "format": {"type": "json_schema", "schema": {"type": "object"}}},
            "tools": [{"name": "f"}],
            "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        })),
        |ask| {
            assert_eq!(ask.output_max, Some(4096));
            assert_eq!(ask.sampling.temperature, Some("0.7"));
            assert_eq!(ask.reasoning.switch, Some(Switch::On));
            assert_eq!(ask.reasoning.budget, Some(2048));
            assert_eq!(ask.reasoning.effort, Some(Effort::Xhigh));
            assert!(ask.wanted.thinking_hidden && ask.wanted.stream);
            assert_eq!(ask.parallel_calls, Some(false));
            assert!(matches!(&ask.choice, Some(Choice::Named(name)) if name.is("f")));
            assert!(matches!(ask.tools[0].kind, ToolKind::Function(None)));
        },
    );
}

#[test]
fn a_system_message_stays_where_it_stands_and_sets_the_effort() {
    let body = json!({"model": "m", "output_config": {"effort": "low"}, "messages": [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "system", "content": "from now on", "output_config": {"effort": "high"}},
    ]});
    read(&body, |ask| {
        assert_eq!(ask.turns[1].role, Role::System);
        assert!(ask.turns[1].parts[0].as_text().unwrap().is("from now on"));
        assert_eq!(ask.reasoning.effort, Some(Effort::High));
    });
}

#[test]
fn the_line_that_says_whom_to_bill_is_left_out() {
    for (system, expected) in [
        (
            json!([{"type": "text", "text": "x-anthropic-billing-header: cc_version=1;"}, {"type": "text", "text": "a"}]),
            "a",
        ),
        (json!("x-anthropic-billing-header: cc_version=1;\n\nb"), "b"),
        (json!("c"), "c"),
    ] {
        // P106, P185
        read(&question(json!({"system": system})), |ask| {
            let texts: Vec<_> =
                ask.system.iter().map(|part| part.as_text().unwrap().plain().into_owned()).collect();
            assert_eq!(texts, [expected]);
        });
    }
}

#[test]
fn thoughts_keep_their_provider_s_note_and_the_place_it_stood_in() {
    let body = json!({"model": "m", "messages": [{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "thinking", "thinking": "t", "signature": ""},
        {"type": "redacted_thinking", "data": "d"},
    ]}]});
    read(&body, |ask| {
        let states: Vec<_> = ask.turns[0]
            .parts
            .iter()
            .map(|part| match &part.content {
                Content::Thinking(thinking) => thinking.state.as_ref().map(|state| {
                    assert_eq!(state.slot, Protocol::Messages);
                    (state.kind, state.note.plain().into_owned())
                }),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            states,
            [Some((StateKind::Signature, "s".to_owned())), None, Some((StateKind::Redacted, "d".to_owned()))]
        );
    });
}

#[test]
fn a_tool_that_a_search_found_is_hidden_no_longer() {
    let body = json!({"model": "m",
    "tools": [
        {"name": "WebSearch", "input_schema": {"type": "object"}, "defer_loading": true},
        {"name": "Other", "input_schema": {"type": "object"}, "defer_loading": true},
    ],
    "messages": [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ToolSearch", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t",
            "content": [{"type": "tool_reference", "tool_name": "WebSearch"}]}]},
    ]});
    // P171
    read(&body, |ask| {
        assert_eq!(ask.tools.iter().map(|tool| tool.deferred).collect::<Vec<_>>(), [false, true]);
        let Content::Outcome(outcome) = &ask.turns[1].parts[0].content else { panic!("an outcome") };
        assert!(outcome.text().plain().contains("WebSearch"));
    });
}

#[test]
fn anthropic_s_own_tools_become_functions_or_stay_with_their_provider() {
    let body = question(json!({"tools": [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "computer_20250124", "name": "computer", "display_width_px": 1024, "display_height_px": 768},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
        {"type": "custom", "name": "f", "input_schema": {"type": "object"}},
    ]}));
    read(&body, |ask| {
        let kinds: Vec<_> = ask
            .tools
            .iter()
            .map(|tool| match &tool.kind {
                ToolKind::Function(schema) => schema.is_some(),
                ToolKind::Hosted(value) => {
                    assert_eq!(value.get("max_uses").unwrap().count(), Some(8));
                    false
                }
                ToolKind::Free { .. } => panic!("there are none"),
            })
            .collect();
        assert_eq!(kinds, [true, true, false, true]);
        assert!(ask.tools[1].description.as_ref().unwrap().plain().contains("1024 pixels wide"));
    });
}
