//! The settings as a channel gets them, and what it cannot be told.

#![expect(clippy::too_many_lines, reason = "a table is as long as its rows")]

use serde_json::{Value, json};
use wire::Protocol;
use wire::dialect::{self, Target};

use crate::{NEWEST, V4_5, V4_6, VENDOR, check, encoded, question, target, with_ask};

#[test]
fn limits_and_sampling_follow_what_the_model_takes() {
    use Protocol::Chat;
    check(vec![
        ("P006", Chat, NEWEST, question(json!({"temperature": 1.0})), vec![("/temperature", Value::Null)]),
        (
            "P117 no max_tokens means the model's own",
            Chat,
            V4_5,
            json!({"model": "m", "messages": []}),
            vec![("/max_tokens", json!(64_000))],
        ),
        (
            "more than the model answers",
            Chat,
            Target { output_max: Some(8192), ..VENDOR },
            question(json!({"max_tokens": 64_000})),
            vec![("/max_tokens", json!(8192)), ("note emulate:max_completion_tokens", json!(true))],
        ),
        (
            "a temperature above 1",
            Chat,
            V4_5,
            question(json!({"temperature": 1.5})),
            vec![("/temperature", json!(1)), ("note emulate:temperature", json!(true))],
        ),
        (
            "temperature and top_p do not go together",
            Chat,
            V4_5,
            question(json!({"temperature": 0.5, "top_p": 0.9})),
            vec![("/temperature", json!(0.5)), ("/top_p", Value::Null), ("note drop:top_p", json!(true))],
        ),
        (
            "other makers' models take both",
            Chat,
            VENDOR,
            question(json!({"temperature": 0.5, "top_p": 0.9})),
            vec![("/temperature", json!(0.5)), ("/top_p", json!(0.9))],
        ),
        (
            "thinking wants the default temperature",
            Chat,
            V4_5,
            question(json!({"temperature": 0.5, "output_config": {"effort": "high"}, "max_tokens": 32_000})),
            vec![("/temperature", Value::Null), ("/thinking/type", json!("enabled"))],
        ),
        (
            "P115",
            Chat,
            NEWEST,
            question(json!({"stop_sequences": ["\n\n", "END"]})),
            vec![("/stop_sequences", json!(["END"])), ("note emulate:stop", json!(true))],
        ),
    ]);
}

#[test]
fn thinking_is_asked_for_as_the_model_takes_it() {
    use Protocol::{Chat, Gemini, Messages, Responses};
    let effort = |word: &str| question(json!({"max_tokens": 32_000, "output_config": {"effort": word}}));
    let budget = |tokens: u64| {
        question(json!({"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": tokens}}))
    };
    let tools = json!([{"name": "f"}, {"name": "g"}]);
    check(vec![
        (
            "effort for an adaptive model",
            Chat,
            NEWEST,
            effort("high"),
            vec![("/thinking", json!({"type": "adaptive"})), ("/output_config", json!({"effort": "high"}))],
        ),
        (
            "minimal is low",
            Responses,
            NEWEST,
            effort("minimal"),
            vec![("/output_config/effort", json!("low")), ("note emulate:reasoning.effort", json!(true))],
        ),
        (
            "xhigh is high before 4.7",
            Chat,
            V4_6,
            effort("xhigh"),
            vec![("/output_config/effort", json!("high"))],
        ),
        (
            "effort for a model with budgets",
            Chat,
            V4_5,
            effort("medium"),
            vec![
                ("/thinking", json!({"type": "enabled", "budget_tokens": 8192})),
                ("/output_config", Value::Null),
                ("/max_tokens", json!(32_000)),
            ],
        ),
        (
            "a budget of ours leaves room for the answer",
            Chat,
            V4_5,
            effort("max"),
            vec![("/thinking/budget_tokens", json!(24_000))],
        ),
        (
            "a client's own budget is kept below the whole",
            Gemini,
            V4_5,
            budget(10_000),
            vec![("/thinking/budget_tokens", json!(4095))],
        ),
        (
            "too small for any budget",
            Gemini,
            V4_5,
            question(json!({"max_tokens": 1000, "thinking": {"type": "enabled", "budget_tokens": 1024}})),
            vec![
                ("/thinking", json!({"type": "disabled"})),
                ("note drop:generationConfig.thinkingConfig", json!(true)),
            ],
        ),
        (
            "a budget for an adaptive model is an effort",
            Gemini,
            NEWEST,
            budget(4000),
            vec![("/thinking", json!({"type": "adaptive"})), ("/output_config/effort", json!("medium"))],
        ),
        (
            "no thinking",
            Chat,
            NEWEST,
            effort("none"),
            vec![("/thinking", json!({"type": "disabled"})), ("/output_config", Value::Null)],
        ),
        (
            "a model that always thinks",
            Chat,
            target("claude-fable-5", true),
            effort("none"),
            vec![("/thinking", Value::Null), ("note drop:reasoning_effort", json!(true))],
        ),
        (
            "a model that takes no more than high without thinking",
            Messages,
            target("claude-opus-5", true),
            question(json!({"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}})),
            vec![("/thinking", json!({"type": "disabled"})), ("/output_config/effort", json!("high"))],
        ),
        (
            "effort alone is no wish to think in Messages",
            Messages,
            NEWEST,
            effort("medium"),
            vec![("/thinking", Value::Null), ("/output_config/effort", json!("medium"))],
        ),
        (
            "a forced call goes with no budget",
            Chat,
            V4_5,
            question(
                json!({"tools": tools, "tool_choice": {"type": "any"}, "output_config": {"effort": "high"}}),
            ),
            vec![("/thinking", json!({"type": "disabled"})), ("/tool_choice", json!({"type": "any"}))],
        ),
        (
            "but with adaptive thinking",
            Chat,
            NEWEST,
            question(
                json!({"tools": tools, "tool_choice": {"type": "tool", "name": "g"}, "output_config": {"effort": "high"}}),
            ),
            vec![
                ("/thinking/type", json!("adaptive")),
                ("/tool_choice", json!({"type": "tool", "name": "g"})),
            ],
        ),
        (
            "a turn that was begun for the model goes on without a budget",
            Chat,
            V4_5,
            json!({"model": "m", "output_config": {"effort": "high"}, "messages": [
                {"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]}),
            vec![("/thinking", json!({"type": "disabled"})), ("/messages/1/content/0/text", json!("{"))],
        ),
        (
            "P130 a turn whose thoughts are lost goes on without a budget",
            Chat,
            V4_5,
            json!({"model": "m", "tools": tools, "output_config": {"effort": "high"}, "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "r"}]}]}),
            vec![("/thinking", json!({"type": "disabled"})), ("note drop:reasoning_effort", json!(true))],
        ),
    ]);
}

#[test]
fn tools_and_their_choice_take_anthropic_s_form() {
    use Protocol::{Chat, Responses};
    let tools = json!([{"name": "f"}, {"name": "g"}]);
    check(vec![
        (
            "P104 none reaches Messages with its tools",
            Chat,
            NEWEST,
            question(json!({"tools": tools, "tool_choice": {"type": "none"}})),
            vec![("/tool_choice", json!({"type": "none"})), ("/tools/1/name", json!("g"))],
        ),
        (
            "one call at a time",
            Chat,
            NEWEST,
            question(
                json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
            ),
            vec![("/tool_choice", json!({"type": "auto", "disable_parallel_tool_use": true}))],
        ),
        (
            "a choice without tools is none",
            Chat,
            NEWEST,
            question(json!({"tool_choice": {"type": "any"}})),
            vec![("/tool_choice", Value::Null), ("note drop:tool_choice", json!(true))],
        ),
        (
            "P110 a tool without a schema",
            Chat,
            NEWEST,
            question(json!({"tools": tools})),
            vec![("/tools/0/input_schema", json!({"type": "object", "properties": {}}))],
        ),
        (
            "P111 a schema whose root is a choice",
            Chat,
            NEWEST,
            question(json!({"tools": [{"name": "f", "input_schema": {"anyOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"b": {"type": "string"}}}]}}]})),
            vec![
                ("/tools/0/input_schema/type", json!("object")),
                ("/tools/0/input_schema/anyOf", Value::Null),
                ("/tools/0/input_schema/properties/b/type", json!("string")),
            ],
        ),
        (
            "web search is the provider's own",
            Responses,
            NEWEST,
            question(json!({"tools": [{"type": "web_search", "name": "web_search",
                "filters": {"allowed_domains": ["a.com"]}, "user_location": {"type": "approximate", "city": "Berlin"}}]})),
            vec![(
                "/tools/0",
                json!({"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.com"],
                    "user_location": {"type": "approximate", "city": "Berlin"}, "cache_control": {"type": "ephemeral"}}),
            )],
        ),
        (
            "P166 and left out where nobody runs it",
            Responses,
            VENDOR,
            question(json!({"tools": [{"type": "web_search", "name": "web_search"}]})),
            vec![("/tools", Value::Null), ("note drop:tools", json!(true))],
        ),
    ]);
}

#[test]
fn the_answer_s_form_and_its_user_are_said_as_they_can_be() {
    use Protocol::Chat;
    check(vec![
        (
            "a schema for the answer",
            Chat,
            V4_5,
            question(
                json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
            ),
            vec![("/output_config/format/type", json!("json_schema"))],
        ),
        (
            "P120 a schema in the words that Anthropic takes",
            Chat,
            NEWEST,
            question(json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object",
                "properties": {"a": {"oneOf": [{"type": "string", "minLength": 3}]}}}}}})),
            vec![
                ("/output_config/format/schema/additionalProperties", json!(false)),
                ("/output_config/format/schema/properties/a/oneOf", Value::Null),
                ("/output_config/format/schema/properties/a/anyOf/0/minLength", Value::Null),
                ("note emulate:response_format", json!(true)),
            ],
        ),
        (
            "a schema in words where there is no setting for it",
            Chat,
            VENDOR,
            question(
                json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
            ),
            vec![
                ("/output_config", Value::Null),
                (
                    "/system/0/text",
                    json!(
                        "Respond with a single JSON value that follows this JSON Schema, and with nothing else:\n{\"type\":\"object\"}"
                    ),
                ),
                ("note emulate:response_format", json!(true)),
            ],
        ),
        (
            "an address is nobody's business",
            Chat,
            NEWEST,
            question(json!({"metadata": {"user_id": "a@b.c"}})),
            vec![(
                "/metadata/user_id",
                json!("d648b243a3e817eaa3309e00e183483f2867baadf522099f0c2121770536b25a"),
            )],
        ),
        (
            "an id is",
            Chat,
            NEWEST,
            question(json!({"metadata": {"user_id": "user-7"}})),
            vec![("/metadata/user_id", json!("user-7"))],
        ),
    ]);
}

#[test]
fn what_anthropic_cannot_say_is_refused_in_the_client_s_words() {
    let svg = json!({"type": "image", "source": {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="}});
    for (what, protocol, target, body, field) in [
        (
            "a picture that the model must look at",
            Protocol::Chat,
            NEWEST,
            json!({"model": "m", "messages": [{"role": "user", "content": [svg]}]}),
            "messages[0].content[0]",
        ),
        (
            "an unknown tool is forced",
            Protocol::Chat,
            NEWEST,
            question(json!({"tools": [{"name": "f"}], "tool_choice": {"type": "tool", "name": "g"}})),
            "tool_choice",
        ),
        (
            "a search is forced that nobody runs",
            Protocol::Responses,
            VENDOR,
            question(json!({"tools": [{"type": "web_search", "name": "web_search"}, {"name": "f"}],
                "tool_choice": {"type": "tool", "name": "web_search"}})),
            "tool_choice",
        ),
        (
            "a searched answer that nobody gives",
            Protocol::Chat,
            VENDOR,
            question(json!({"tools": [{"type": "web_search", "name": "web_search"}]})),
            "tools[0]",
        ),
        (
            "a prefill for a newer model",
            Protocol::Chat,
            NEWEST,
            json!({"model": "m", "messages": [
                {"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]}),
            "messages[1].content",
        ),
        (
            "an unknown effort",
            Protocol::Responses,
            NEWEST,
            question(json!({"output_config": {"effort": "heroic"}})),
            "reasoning.effort",
        ),
    ] {
        let refused = encoded(protocol, &body, &target).unwrap_err();
        assert_eq!(refused.field, field, "{what}: {refused}");
    }
    // P121
    for setting in ["n", "logprobs"] {
        with_ask(Protocol::Chat, &question(json!({})), |ask| {
            let mut ask = ask.unwrap();
            ask.sampling.choices = (setting == "n").then_some(2);
            ask.sampling.logprobs = setting == "logprobs";
            let refused = dialect::of(Protocol::Messages).encode_request(&ask, &NEWEST).unwrap_err();
            assert_eq!((refused.field.as_str(), refused.code), (setting, Some("unsupported_value")));
        });
    }
}
