//! Requests of other protocols' clients, written.

use serde_json::{Value, json};
use wire::Protocol;
use wire::ask::{
    Arguments, Ask, Call, CallOutcome, Choice, Content, Effort, Foreign, Format, Media, MediaKind, Part,
    Reasoning, Role, Sampling, Schema, SchemaWords, Source, State, StateKind, Switch, Thinking, Tool,
    ToolKind, Turn,
};
use wire::dialect::Target;
use wire::json::{Tape, Text};

use super::{responses, sent, target};

const BODY: &str = r#"{"schema":{"type":"object","properties":{}},"search":{"type":"web_search_20250305","max_uses":3,"allowed_domains":["a.org"]},"system":"s","messages":["m"]}"#;

/// Makes an ask of this protocol's client, which says what `fill` makes it say, and passes it on.
fn with<T>(protocol: Protocol, fill: impl FnOnce(&mut Ask<'_>), then: impl FnOnce(&Ask<'_>) -> T) -> T {
    let tape = Tape::read(BODY.as_bytes()).unwrap();
    let mut ask = Ask::new(protocol, &tape);
    ask.turns = vec![turn(Role::User, vec![text("hi")])];
    fill(&mut ask);
    then(&ask)
}

/// Writes a Chat client's request with one setting, and returns that member and the notes.
fn written(target: &Target<'_>, name: &str, fill: impl FnOnce(&mut Ask<'_>)) -> (Value, Vec<String>) {
    with(Protocol::Chat, fill, |ask| {
        let encoded = responses().encode_request(ask, target).unwrap();
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        (body[name].clone(), encoded.notes.list().iter().map(ToString::to_string).collect())
    })
}

fn turn(role: Role, parts: Vec<Part<'_>>) -> Turn<'_> {
    Turn { role, parts }
}

fn text(text: &'static str) -> Part<'static> {
    Part::text(Text::of(text), 0)
}

fn media(kind: MediaKind, source: Source<'static>) -> Part<'static> {
    let detail = None;
    Part::new(Content::Media(Media { kind, source, name: None, detail }), BODY.find("\"m\"").unwrap())
}

fn call(id: &'static str, name: &'static str, arguments: Arguments<'static>) -> Part<'static> {
    let state = Some(State::new(Protocol::Gemini, StateKind::Thought, Text::of("g")));
    Part::new(
        Content::Call(Call { id: Text::of(id), name: Text::of(name), namespace: None, arguments, state }),
        0,
    )
}

fn outcome(id: &'static str, failed: Option<bool>, parts: Vec<Part<'static>>) -> Part<'static> {
    let id = Text::of(id);
    Part::new(
        Content::Outcome(CallOutcome { id, name: None, namespace: None, parts, failed, free: false }),
        0,
    )
}

fn thinking(slot: Protocol, kind: StateKind) -> Part<'static> {
    let state = Some(State::new(slot, kind, Text::of("e")));
    Part::new(Content::Thinking(Thinking { text: Text::of("t"), state }), 0)
}

fn tool<'a>(name: &'static str, kind: ToolKind<'a>) -> Tool<'a> {
    Tool {
        name: Text::of(name),
        namespace: None,
        description: None,
        kind,
        strict: None,
        cache: None,
        deferred: false,
        at: 0,
    }
}

fn png() -> Source<'static> {
    Source::Inline { mime: Text::of("image/png"), base64: Text::of("aW1n") }
}

#[test]
fn a_conversation_becomes_items() {
    let fill = |ask: &mut Ask<'_>| {
        ask.system = vec![text("a"), text("b")];
        ask.turns = vec![
            turn(Role::User, vec![text("hi"), media(MediaKind::Image, png())]),
            turn(
                Role::Assistant,
                vec![
                    thinking(Protocol::Messages, StateKind::Signature),
                    text("one"),
                    call("functions.f:0", "f", Arguments::Written(Text::of(""))),
                    text("two"),
                    call("2", "g h", Arguments::Free(Text::of("*** p"))),
                ],
            ),
            turn(
                Role::User,
                vec![
                    outcome("2", None, vec![media(MediaKind::Image, png())]),
                    outcome("functions.f:0", Some(true), vec![text("x"), text("y")]),
                    text("and?"),
                ],
            ),
            turn(Role::System, vec![text("late")]),
        ];
    };
    let expected = json!([
        {"role": "system", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        {"role": "user", "content": [
            {"type": "input_text", "text": "hi"},
            {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"},
        ]},
        {"role": "assistant", "content": "one"},
        {"type": "function_call", "call_id": "functions.f:0", "name": "f", "arguments": "{}"},
        {"role": "assistant", "content": "two"},
        {"type": "custom_tool_call", "call_id": "2", "name": "g_h", "input": "*** p"},
        {"type": "function_call_output", "call_id": "functions.f:0", "output": "[tool error] x\ny"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [
            {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"},
        ]},
        {"role": "user", "content": "and?"},
        {"role": "system", "content": "late"},
    ]);
    let (input, notes) = written(&target("gpt-5"), "input", fill);
    assert_eq!(input, expected);
    assert_eq!(notes, ["drop:reasoning_details"], "P132: nobody else's state, and no second note of it");
}

#[test]
fn thoughts_that_this_provider_sealed_go_back() {
    let fill = |ask: &mut Ask<'_>| {
        ask.turns.push(turn(Role::Assistant, vec![thinking(Protocol::Responses, StateKind::Encrypted)]));
    };
    let (input, _) = written(&target("gpt-5"), "input", fill);
    let sealed = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": "e"});
    assert_eq!(input[1], sealed);
}

#[test]
fn media_have_their_own_words() {
    for (given, expected) in [
        (
            media(MediaKind::Image, Source::Url { mime: None, url: Text::of("https://i") }),
            json!({"type": "input_image", "image_url": "https://i", "detail": "auto"}),
        ),
        (
            media(
                MediaKind::Document,
                Source::Inline { mime: Text::of("application/pdf"), base64: Text::of("JVBE") },
            ),
            json!({"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}),
        ),
        (
            media(MediaKind::Document, Source::Url { mime: None, url: Text::of("https://f") }),
            json!({"type": "input_file", "file_url": "https://f"}),
        ),
        (
            media(MediaKind::Document, Source::Text(Text::of("words"))),
            json!({"type": "input_text", "text": "words"}),
        ),
    ] {
        let (input, _) =
            written(&target("gpt-5"), "input", |ask| ask.turns = vec![turn(Role::User, vec![given])]);
        assert_eq!(input[0]["content"][0], expected);
    }
}

#[test]
fn what_has_no_word_is_refused_where_it_should_be_answered_and_noted_further_back() {
    let audio = || media(MediaKind::Audio, png());
    let foreign = || {
        let tape = Box::leak(Box::new(Tape::read(b"{}").unwrap()));
        let foreign = Foreign { kind: Text::of("x"), value: tape.root(), words: None };
        Part::new(Content::Foreign(foreign), BODY.find("\"m\"").unwrap())
    };
    for part in [audio, foreign] {
        let refusal = with(
            Protocol::Chat,
            |ask| ask.turns = vec![turn(Role::User, vec![part()])],
            |ask| responses().encode_request(ask, &target("gpt-5")).unwrap_err(),
        );
        assert_eq!((refusal.field.as_str(), refusal.code), ("messages[0]", Some("unsupported_value")));
        let (_, notes) = written(&target("gpt-5"), "input", |ask| {
            ask.turns = vec![turn(Role::User, vec![part()]), turn(Role::Assistant, vec![text("a")])];
        });
        assert_eq!(notes, ["drop:messages[0]"]);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of settings")]
fn settings_are_written_in_the_words_that_the_model_takes() {
    type Fill = fn(&mut Ask<'_>);
    let other = Target { first_party: false, output_max: Some(100), ..target("llama-4") };
    let (gpt5, gpt4) = (target("gpt-5"), target("gpt-4o"));
    for (what, target, name, fill, expected, notes) in [
        (
            "P080",
            gpt5,
            "max_output_tokens",
            (|ask| ask.output_max = Some(5)) as Fill,
            json!(16),
            vec!["emulate:max_completion_tokens"],
        ),
        (
            "P122",
            other,
            "max_output_tokens",
            |ask| ask.output_max = Some(500),
            json!(100),
            vec!["emulate:max_completion_tokens"],
        ),
        ("", gpt5, "max_output_tokens", |ask| ask.output_max = Some(500), json!(500), vec![]),
        ("", gpt4, "temperature", |ask| ask.sampling.temperature = Some("0.5"), json!(0.5), vec![]),
        (
            "models that think take no sampling",
            gpt5,
            "temperature",
            |ask| ask.sampling.temperature = Some("0.5"),
            Value::Null,
            vec!["drop:temperature"],
        ),
        (
            "",
            gpt4,
            "seed",
            |ask| {
                ask.sampling = Sampling {
                    seed: Some("1"),
                    top_k: Some("2"),
                    frequency_penalty: Some("0.1"),
                    stop: vec![Text::of("END")],
                    ..Sampling::default()
                };
            },
            Value::Null,
            vec!["drop:top_k", "drop:seed", "drop:frequency_penalty", "emulate:stop"],
        ),
        (
            "",
            gpt5,
            "reasoning",
            |ask| ask.reasoning.effort = Some(Effort::High),
            json!({"effort": "high"}),
            vec![],
        ),
        (
            "",
            gpt5,
            "include",
            |ask| ask.reasoning.effort = Some(Effort::High),
            json!(["reasoning.encrypted_content"]),
            vec![],
        ),
        (
            "models that think unasked",
            gpt5,
            "include",
            |_| {},
            json!(["reasoning.encrypted_content"]),
            vec![],
        ),
        ("", gpt4, "include", |_| {}, Value::Null, vec![]),
        (
            "thoughts are shown to who asks for them",
            gpt5,
            "reasoning",
            |ask| ask.reasoning = Reasoning { switch: Some(Switch::Adaptive), ..Reasoning::default() },
            json!({"summary": "auto"}),
            vec![],
        ),
        (
            "",
            gpt5,
            "reasoning",
            |ask| {
                ask.reasoning = Reasoning {
                    switch: Some(Switch::On),
                    budget: Some(8000),
                    shown: Some(false),
                    ..Reasoning::default()
                }
            },
            json!({"effort": "medium"}),
            vec![],
        ),
        (
            "",
            gpt5,
            "reasoning",
            |ask| {
                ask.reasoning =
                    Reasoning { switch: Some(Switch::Off), shown: Some(true), ..Reasoning::default() }
            },
            json!({"effort": "minimal", "summary": "auto"}),
            vec!["emulate:reasoning_effort"],
        ),
        (
            "",
            target("gpt-6"),
            "reasoning",
            |ask| ask.reasoning.switch = Some(Switch::Off),
            json!({"effort": "none"}),
            vec![],
        ),
        ("", target("gpt-6"), "include", |ask| ask.reasoning.switch = Some(Switch::Off), Value::Null, vec![]),
        (
            "",
            gpt4,
            "reasoning",
            |ask| ask.reasoning.effort = Some(Effort::High),
            Value::Null,
            vec!["drop:reasoning_effort"],
        ),
        (
            "a new word goes through",
            gpt5,
            "reasoning",
            |ask| ask.reasoning.effort = Some(Effort::Other(Text::of("ultra"))),
            json!({"effort": "ultra"}),
            vec![],
        ),
        (
            "",
            gpt5,
            "text",
            |ask| ask.format = Format::Json,
            json!({"format": {"type": "json_object"}}),
            vec![],
        ),
        ("", gpt5, "text", |ask| ask.verbosity = Some(Text::of("low")), json!({"verbosity": "low"}), vec![]),
        ("", other, "text", |ask| ask.verbosity = Some(Text::of("low")), Value::Null, vec!["drop:verbosity"]),
        (
            "",
            gpt5,
            "service_tier",
            |ask| ask.tier = Some(Text::of("standard_only")),
            json!("default"),
            vec![],
        ),
        (
            "",
            other,
            "service_tier",
            |ask| ask.tier = Some(Text::of("flex")),
            Value::Null,
            vec!["drop:service_tier"],
        ),
        ("", gpt5, "safety_identifier", |ask| ask.user = Some(Text::of("u")), json!("u"), vec![]),
        ("", other, "user", |ask| ask.user = Some(Text::of("u")), json!("u"), vec![]),
        ("", gpt5, "prompt_cache_key", |ask| ask.cache_key = Some(Text::of("k")), json!("k"), vec![]),
        ("", gpt5, "parallel_tool_calls", |ask| ask.parallel_calls = Some(false), Value::Null, vec![]),
        ("", gpt5, "store", |_| {}, json!(false), vec![]),
        ("", gpt5, "stream", |ask| ask.wanted.stream = true, json!(true), vec![]),
        ("", gpt5, "stream", |_| {}, Value::Null, vec![]),
        ("", gpt5, "model", |_| {}, json!("gpt-5"), vec![]),
    ] {
        assert_eq!(
            written(&target, name, fill),
            (expected, notes.iter().map(ToString::to_string).collect()),
            "{what} {name} {}",
            target.model
        );
    }
}

#[test]
fn a_user_s_long_id_is_stood_for_by_a_short_one() {
    let (user, _) = written(&target("gpt-5"), "safety_identifier", |ask| {
        ask.user = Some(Text::from(json!({"device_id": "x".repeat(64)}).to_string()));
    });
    let user = user.as_str().unwrap();
    assert!(user.len() == 64 && user.bytes().all(|byte| byte.is_ascii_hexdigit()), "{user}");
}

#[test]
fn more_than_one_answer_and_the_odds_of_tokens_are_refused() {
    type Fill = fn(&mut Ask<'_>);
    for (field, fill) in [
        ("n", (|ask| ask.sampling.choices = Some(2)) as Fill),
        ("logprobs", |ask| ask.sampling.logprobs = true),
        ("tool_choice", |ask| ask.choice = Some(Choice::Required)),
        ("tool_choice", |ask| ask.choice = Some(Choice::Named(Text::of("nobody")))),
    ] {
        let refusal =
            with(Protocol::Chat, fill, |ask| responses().encode_request(ask, &target("gpt-5")).unwrap_err());
        assert_eq!(refusal.field, field);
    }
}

/// Offers a function, a tool of free text, one with a long name and a web search, and chooses.
fn offer(ask: &mut Ask<'_>, choice: Choice<'static>) {
    let body = ask.body.root();
    let schema = Schema { value: body.get("schema").unwrap(), words: SchemaWords::JsonSchema };
    let grammar = ToolKind::Free { syntax: Some(Text::of("lark")), definition: Some(Text::of("start: X")) };
    ask.tools = vec![
        tool("f", ToolKind::Function(Some(schema))),
        tool("a b", grammar),
        Tool { deferred: true, ..tool("late", ToolKind::Function(None)) },
        tool("web_search", ToolKind::Hosted(body.get("search").unwrap())),
        tool("code_execution", ToolKind::Hosted(body.get("search").unwrap())),
    ];
    ask.choice = Some(choice);
}

#[test]
fn tools_of_every_kind_are_offered() {
    let (tools, notes) = written(&target("gpt-5"), "tools", |ask| offer(ask, Choice::Auto));
    let empty = json!({"type": "object", "properties": {}});
    let expected = json!([
        {"type": "function", "name": "f", "parameters": empty, "strict": false},
        {"type": "custom", "name": "a_b", "format": {"type": "grammar", "syntax": "lark", "definition": "start: X"}},
        {"type": "function", "name": "late", "parameters": empty, "strict": false},
        {"type": "web_search", "filters": {"allowed_domains": ["a.org"]}},
    ]);
    assert_eq!(tools, expected, "P075, P176");
    assert_eq!(notes, ["emulate:tools[].defer_loading", "drop:tools"]);
    let other = Target { first_party: false, ..target("llama-4") };
    let (tools, _) = written(&other, "tools", |ask| offer(ask, Choice::Auto));
    assert_eq!(tools.as_array().unwrap().len(), 3, "only the provider itself searches");
}

#[test]
fn a_choice_names_tools_as_they_are_offered() {
    for (choice, expected) in [
        (Choice::Auto, json!("auto")),
        (Choice::Required, json!("required")),
        (Choice::None, json!("none")),
        (Choice::Named(Text::of("f")), json!({"type": "function", "name": "f"})),
        (Choice::Named(Text::of("a b")), json!({"type": "custom", "name": "a_b"})),
        (Choice::Named(Text::of("web_search")), json!({"type": "web_search"})),
        (
            Choice::Among { names: vec![Text::of("f"), Text::of("a b")], required: true },
            json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "a_b"}]}),
        ),
    ] {
        let (written, _) = written(&target("gpt-5"), "tool_choice", |ask| offer(ask, choice.clone()));
        assert_eq!(written, expected, "{choice:?}");
    }
}

#[test]
fn a_schema_is_held_to_as_the_client_s_protocol_does() {
    for (protocol, strict, expected) in [
        (Protocol::Messages, None, true),
        (Protocol::Chat, None, false),
        (Protocol::Chat, Some(true), true),
        (Protocol::Messages, Some(false), false),
    ] {
        let fill = |ask: &mut Ask<'_>| {
            let schema =
                Schema { value: ask.body.root().get("schema").unwrap(), words: SchemaWords::JsonSchema };
            ask.format = Format::Schema { name: Some(Text::of("a b")), description: None, schema, strict };
        };
        let format = with(protocol, fill, |ask| sent(ask, &target("gpt-5"))["text"]["format"].clone());
        assert_eq!(
            (&format["name"], &format["strict"]),
            (&json!("a_b"), &json!(expected)),
            "{protocol} {strict:?}"
        );
    }
}
