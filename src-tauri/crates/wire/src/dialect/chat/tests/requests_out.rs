//! Requests for Chat channels.

use super::*;

const GPT_5: Target<'static> = Target { model: "gpt-5", ..OPENAI };
const GPT_5_6: Target<'static> = Target { model: "gpt-5.6", ..OPENAI };

fn tool(name: &str) -> Json {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
}

/// Checks what becomes of each member: `null` means that it is left out.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_setting_is_said_as_the_channel_wants_it() {
    let capped = Target { output_max: Some(8192), ..VENDOR };
    let relay = Target { model: "openai/gpt-5.4", ..VENDOR };
    let schema = json!({"type": "json_schema", "json_schema": {"name": "a b", "schema": {"type": "object"}}});
    for (id, members, target, expected, notes) in [
        (
            "2.2.2",
            json!({"max_tokens": 9}),
            OPENAI,
            json!({"max_tokens": null, "max_completion_tokens": 9}),
            "",
        ),
        (
            "2.2.2",
            json!({"max_completion_tokens": 9}),
            VENDOR,
            json!({"max_tokens": 9, "max_completion_tokens": null}),
            "",
        ),
        (
            "P122",
            json!({"max_tokens": 64000}),
            capped,
            json!({"max_tokens": 8192}),
            "emulate:max_completion_tokens",
        ),
        (
            "1.2.2",
            json!({"temperature": 0.10, "top_p": 1.0}),
            OPENAI,
            json!({"temperature": 0.10, "top_p": 1.0}),
            "",
        ),
        ("1.2.2", json!({"temperature": 0.1}), GPT_5, json!({"temperature": null}), "drop:temperature"),
        ("", json!({"top_k": 4, "seed": 5}), VENDOR, json!({"top_k": 4, "seed": 5}), ""),
        ("2.2.2", json!({"top_k": 4}), OPENAI, json!({"top_k": null}), "drop:top_k"),
        ("a relay", json!({"top_k": 4}), relay, json!({"top_k": null}), "drop:top_k"),
        (
            "2.2.2",
            json!({"stop": ["a", "b", "c", "d", "e"]}),
            VENDOR,
            json!({"stop": ["a", "b", "c", "d"]}),
            "emulate:stop",
        ),
        ("", json!({"stop": "a"}), VENDOR, json!({"stop": ["a"]}), ""),
        ("2.2.2", json!({"stop": "a"}), GPT_5, json!({"stop": null}), "emulate:stop"),
        (
            "",
            json!({"presence_penalty": 1}),
            GPT_5,
            json!({"presence_penalty": null}),
            "drop:presence_penalty",
        ),
        ("P073", json!({"reasoning_effort": "none"}), VENDOR, json!({"reasoning_effort": "none"}), ""),
        (
            "",
            json!({"reasoning_effort": "max"}),
            VENDOR,
            json!({"reasoning_effort": "high"}),
            "emulate:reasoning_effort",
        ),
        ("", json!({"reasoning_effort": "turbo"}), VENDOR, json!({"reasoning_effort": "turbo"}), ""),
        (
            "",
            json!({"enable_thinking": false}),
            VENDOR,
            json!({"reasoning_effort": null}),
            "drop:reasoning_effort",
        ),
        ("2.1.5", json!({"thinking_budget": 9000}), VENDOR, json!({"reasoning_effort": "high"}), ""),
        (
            "2.1.5",
            json!({"enable_thinking": false}),
            GPT_5,
            json!({"reasoning_effort": "minimal"}),
            "emulate:reasoning_effort",
        ),
        ("2.1.5", json!({"thinking": {"type": "adaptive"}}), GPT_5, json!({"reasoning_effort": null}), ""),
        (
            "",
            json!({"reasoning_effort": "low"}),
            OPENAI,
            json!({"reasoning_effort": null}),
            "drop:reasoning_effort",
        ),
        (
            "1.2.2",
            json!({"reasoning_effort": "low", "tools": [tool("f")]}),
            GPT_5_6,
            json!({"reasoning_effort": "none"}),
            "emulate:reasoning_effort",
        ),
        ("", json!({"reasoning_effort": "low"}), GPT_5_6, json!({"reasoning_effort": "low"}), ""),
        (
            "",
            json!({"response_format": {"type": "json_object"}}),
            VENDOR,
            json!({"response_format": {"type": "json_object"}}),
            "",
        ),
        (
            "",
            json!({"response_format": schema}),
            VENDOR,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a_b", "schema": {"type": "object"}}}}),
            "",
        ),
        (
            "",
            json!({"verbosity": "low", "user": "u", "prompt_cache_key": "k", "service_tier": "flex"}),
            GPT_5,
            json!({"verbosity": "low", "safety_identifier": "u", "prompt_cache_key": "k", "service_tier": "flex"}),
            "",
        ),
        (
            "",
            json!({"prompt_cache_key": "k"}),
            VENDOR,
            json!({"prompt_cache_key": null}),
            "drop:prompt_cache_key",
        ),
        ("", json!({"service_tier": "flex"}), VENDOR, json!({"service_tier": null}), "drop:service_tier"),
        ("", json!({"user": "u"}), VENDOR, json!({"user": null, "safety_identifier": null}), "drop:user"),
        ("", json!({"verbosity": "low"}), OPENAI, json!({"verbosity": null}), "drop:verbosity"),
        (
            "2.2.2",
            json!({"stream": true}),
            VENDOR,
            json!({"stream": true, "stream_options": {"include_usage": true}}),
            "",
        ),
        ("", json!({"stream": false}), VENDOR, json!({"stream": null, "stream_options": null}), ""),
    ] {
        let (sent, said) = passed(&ask_with(members), &target).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&sent[name], value, "{id} {name} of {sent}");
            assert!(!value.is_null() || sent.get(name).is_none(), "{id} {name} is not said at all");
        }
        assert_eq!(said.join(" "), notes, "{id} {sent}");
        assert_eq!(sent["model"], target.model);
    }
}

#[test]
fn tools_are_said_as_the_channel_wants_them() {
    let grammar = json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}});
    let custom = json!({"type": "custom", "custom": {"name": "p", "description": "d", "format": grammar}});
    let as_function = json!({"type": "function", "function": {
        "name": "p", "description": "d\n\n`input` must follow this grammar (lark):\nstart: x",
        "parameters": {"type": "object", "properties": {"input": {"type": "string", "description": "The whole input of the tool, as plain text."}}, "required": ["input"]},
    }});
    let both = json!([tool("f"), tool("g")]);
    let hosted = json!({"type": "web_search"});
    let named = |kind: &str, name: &str| json!({"type": kind, kind: {"name": name}});
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named("function", "f")]}});
    let bare = json!({"type": "function", "function": {"name": "f"}});
    for (id, members, target, expected, notes) in [
        ("P110", json!({"tools": [bare]}), VENDOR, json!({"tools": [tool("f")]}), ""),
        ("", json!({"tools": [custom]}), GPT_5, json!({"tools": [custom]}), ""),
        (
            "2.2.4",
            json!({"tools": [custom]}),
            VENDOR,
            json!({"tools": [as_function]}),
            "emulate:tools[].custom",
        ),
        (
            "",
            json!({"tools": [custom], "tool_choice": named("custom", "p")}),
            GPT_5,
            json!({"tool_choice": named("custom", "p")}),
            "",
        ),
        (
            "",
            json!({"tools": [custom], "tool_choice": named("custom", "p")}),
            VENDOR,
            json!({"tool_choice": named("function", "p")}),
            "emulate:tools[].custom",
        ),
        (
            "",
            json!({"tools": both, "tool_choice": "required"}),
            VENDOR,
            json!({"tool_choice": "required"}),
            "",
        ),
        (
            "P104",
            json!({"tools": both, "tool_choice": "none"}),
            VENDOR,
            json!({"tools": both, "tool_choice": "none"}),
            "",
        ),
        (
            "P081",
            json!({"tools": both, "tool_choice": allowed}),
            OPENAI,
            json!({"tools": both, "tool_choice": allowed}),
            "",
        ),
        (
            "P081",
            json!({"tools": both, "tool_choice": allowed}),
            VENDOR,
            json!({"tools": [tool("f")], "tool_choice": "required"}),
            "emulate:tool_choice",
        ),
        (
            "P105",
            json!({"tools": both, "parallel_tool_calls": false}),
            VENDOR,
            json!({"parallel_tool_calls": false}),
            "",
        ),
        (
            "P105",
            json!({"parallel_tool_calls": false, "tool_choice": "auto"}),
            OPENAI,
            json!({"parallel_tool_calls": null, "tool_choice": null}),
            "",
        ),
        ("P125", json!({"tools": [hosted, tool("f")]}), VENDOR, json!({"tools": [tool("f")]}), "drop:tools"),
        ("", json!({"tools": [hosted]}), VENDOR, json!({"tools": null}), "drop:tools"),
        (
            "P074",
            json!({"tools": [{"type": "function", "function": {"name": "f", "strict": true}}]}),
            VENDOR,
            json!({"tools": [tool("f")]}),
            "drop:tools[].strict",
        ),
    ] {
        let (sent, said) = passed(&ask_with(members), &target).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&sent[name], value, "{id} {name}");
        }
        assert_eq!(said.join(" "), notes, "{id} {sent}");
    }
    let forced = ask_with(json!({"tools": [hosted, tool("f")], "tool_choice": {"type": "web_search"}}));
    assert_eq!(passed(&forced, &VENDOR).unwrap_err().field, "tool_choice", "P125");
}

#[test]
fn openai_is_asked_for_json_in_words_too() {
    let json_object = json!({"response_format": {"type": "json_object"}});
    for (members, expected) in [
        (json_object.clone(), Some("Respond with a single JSON object.")),
        (
            json!({"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "As Json"}]}),
            None,
        ),
    ] {
        let (sent, _) = passed(&ask_with(members), &OPENAI).unwrap();
        let first = &sent["messages"][0];
        assert_eq!((first["role"] == "system").then(|| first["content"].as_str().unwrap()), expected);
    }
    assert_eq!(passed(&ask_with(json_object), &VENDOR).unwrap().0["messages"][0]["role"], "user");
}

#[test]
fn a_user_is_told_by_a_digest_where_the_id_says_too_much() {
    for (user, kept) in [("u-1", true), ("jo@example.com", false), (r#"{"device_id":"x"}"#, false)] {
        let (sent, _) = passed(&ask_with(json!({"user": user})), &OPENAI).unwrap();
        let told = sent["safety_identifier"].as_str().unwrap();
        assert_eq!(told == user, kept);
        assert!(told.len() <= 64);
    }
}

#[test]
fn what_changes_the_answers_shape_is_refused() {
    for change in [
        (|ask: &mut Ask<'_>| ask.sampling.choices = Some(2)) as fn(&mut Ask<'_>),
        |ask| ask.sampling.logprobs = true,
        |ask| ask.output_max = Some(0),
    ] {
        decoded(ask_with(json!({})).to_string().as_bytes(), |ask| {
            let mut ask = ask.unwrap();
            change(&mut ask);
            assert!(Chat.encode_request(&ask, &VENDOR).is_err());
        });
    }
}
