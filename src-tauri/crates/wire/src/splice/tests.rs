#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::Operation;
use crate::head::PathModel;
use crate::quirks::{Echo, OutputLimit, Parameter, Parameters};

fn spliced(protocol: Protocol, operation: Operation, body: &str, change: &Change<'_>) -> String {
    let path = PathModel { model: "asked", stream: true };
    let path = (protocol == Protocol::Gemini).then_some(path);
    let head = Head::read(protocol, operation, body.as_bytes(), path).unwrap();
    let changed = apply(&head, &Bytes::copy_from_slice(body.as_bytes()), change, &mut Notes::default());
    String::from_utf8(changed.to_vec()).unwrap()
}

const NOTHING: Change<'_> =
    Change { model: None, params: &[], force: false, ask_usage: false, quirks: Quirks::DEFAULT };

fn to_model(model: &str) -> Change<'_> {
    Change { model: Some(model), ..NOTHING }
}

fn params() -> Vec<Param> {
    vec![
        Param::new("temperature", &0.5).unwrap(),
        Param::new("max_tokens", &100).unwrap(),
        Param::new("top_p", &1).unwrap(),
    ]
}

#[test]
fn every_top_level_model_takes_the_new_name() {
    for (body, expected) in [
        (r#"{"model":"a","x":{"model":"a"}}"#, r#"{"model":"N","x":{"model":"a"}}"#),
        (r#"{ "model" : "a" , "model":"b" }"#, r#"{ "model" : "N" , "model":"N" }"#),
        (r#"{"mod\u0065l":"a"}"#, r#"{"mod\u0065l":"N"}"#),
        // P013
        (r#"{"x":1,"model":null}"#, r#"{"x":1,"model":"N"}"#),
        (r#"{"messages":[]}"#, r#"{"model":"N","messages":[]}"#),
        (" {\t} ", " {\"model\":\"N\"\t} "),
        (r#"{"model":"\u004e"}"#, r#"{"model":"\u004e"}"#),
    ] {
        for protocol in [Protocol::Chat, Protocol::Responses, Protocol::Messages] {
            assert_eq!(spliced(protocol, Operation::Generate, body, &to_model("N")), expected, "{body}");
        }
    }
}

/// Splices a Chat request for an upstream that wants this.
fn wanted(body: &str, quirks: Quirks, params: &[Param]) -> (String, Vec<String>) {
    let head = Head::read(Protocol::Chat, Operation::Generate, body.as_bytes(), None).unwrap();
    let change = Change { model: Some("N"), params, quirks, ..NOTHING };
    let mut notes = Notes::default();
    let changed = apply(&head, &Bytes::copy_from_slice(body.as_bytes()), &change, &mut notes);
    let notes = notes.list().iter().map(ToString::to_string).collect();
    (String::from_utf8(changed.to_vec()).unwrap(), notes)
}

#[test]
fn refused_members_are_cut_with_one_comma_each() {
    let refusing = Quirks { refused: Parameters::of(&[Parameter::Seed, Parameter::User]), ..Quirks::DEFAULT };
    for (body, expected) in [
        (r#"{"seed":1,"model":"m","x":2}"#, r#"{"model":"N","x":2}"#),
        (r#"{"model":"m", "seed":1, "user":"u", "x":2}"#, r#"{"model":"N", "x":2}"#),
        (r#"{"model":"m" , "x":2 , "seed":{"a":[1]} }"#, r#"{"model":"N" , "x":2 }"#),
        (r#"{"model":"m","user":"u","x":2,"seed":1,"user":"v"}"#, r#"{"model":"N","x":2}"#),
        (r#"{"seed":1}"#, r#"{"model":"N"}"#),
        (r#"{ "seed":1, "user":"u" }"#, r#"{"model":"N"  }"#),
        (r#"{"seed":1,"x":2}"#, r#"{"model":"N","x":2}"#),
        (r#"{"s\u0065ed":1,"model":"m","x":{"seed":1}}"#, r#"{"model":"N","x":{"seed":1}}"#),
    ] {
        let (changed, notes) = wanted(body, refusing, &[]);
        assert_eq!(changed, expected, "{body}");
        assert!(notes.contains(&"drop:seed".to_owned()), "{body}: {notes:?}");
    }
}

#[test]
fn what_the_channel_sets_itself_is_its_own_affair() {
    let quirks = Quirks {
        refused: Parameters::of(&[Parameter::TopP]),
        temperature_max: Some(0.4),
        output_limit: OutputLimit::MaxTokens,
        ..Quirks::DEFAULT
    };
    let body = r#"{"model":"m","top_p":0.1,"temperature":1,"max_completion_tokens":9}"#;
    let (changed, _) = wanted(body, quirks, &[]);
    assert_eq!(changed, r#"{"model":"N","temperature":0.4,"max_tokens":9}"#);
    let head = Head::read(Protocol::Chat, Operation::Generate, body.as_bytes(), None).unwrap();
    let change = Change { model: Some("N"), params: &params(), force: true, quirks, ..NOTHING };
    let changed = apply(&head, &Bytes::from_static(body.as_bytes()), &change, &mut Notes::default());
    assert_eq!(changed, r#"{"model":"N","top_p":1,"temperature":0.5,"max_tokens":100}"#);
}

#[test]
fn a_limit_gets_the_name_that_is_known() {
    let only = |output_limit| Quirks { output_limit, output_max: Some(100), ..Quirks::DEFAULT };
    for (limit, body, expected, expected_notes) in [
        (OutputLimit::Either, r#"{"model":"N","max_tokens":9}"#, r#"{"model":"N","max_tokens":9}"#, vec![]),
        (
            OutputLimit::MaxTokens,
            r#"{"model":"N","max_completion_tokens":9}"#,
            r#"{"model":"N","max_tokens":9}"#,
            vec!["emulate:max_completion_tokens"],
        ),
        (
            OutputLimit::MaxTokens,
            r#"{"max_completion_tokens":900,"model":"N"}"#,
            r#"{"max_tokens":100,"model":"N"}"#,
            // For its name and for its value.
            vec!["emulate:max_completion_tokens", "emulate:max_completion_tokens"],
        ),
        (
            OutputLimit::MaxCompletionTokens,
            r#"{"model":"N","max_tokens":9,"max_completion_tokens":8}"#,
            r#"{"model":"N","max_completion_tokens":8}"#,
            vec!["emulate:max_tokens"],
        ),
        (
            OutputLimit::MaxTokens,
            r#"{"max_completion_tokens":9}"#,
            r#"{"model":"N","max_tokens":9}"#,
            vec!["emulate:max_completion_tokens"],
        ),
    ] {
        let (changed, notes) = wanted(body, only(limit), &[]);
        assert_eq!(
            (changed.as_str(), notes),
            (expected, expected_notes.into_iter().map(str::to_owned).collect())
        );
    }
}

#[test]
fn only_the_roles_of_developers_change() {
    let quirks = Quirks { developer_role: false, ..Quirks::DEFAULT };
    let body = concat!(
        r#"{"model":"N","messages":[ {"content":"the \"developer\" role","role": "developer","name":"n"},"#,
        r#"{"role":"user","content":"developer","x":{"role":"developer"},"cache_control":{"type":"ephemeral"}},"#,
        r#"{"r\u006fle":"developer","content":"\u00e9","extra_content":{"google":1e2}}],"role":"developer"}"#,
    );
    let expected = body.replacen(r#""role": "developer""#, r#""role": "system""#, 1).replacen(
        r#""r\u006fle":"developer""#,
        r#""r\u006fle":"system""#,
        1,
    );
    assert_eq!(wanted(body, quirks, &[]), (expected, vec!["emulate:messages[].role".to_owned()]));
    let body = r#"{"model":"N","messages":[{"role":"user","content":"a \"developer\""}]}"#;
    assert_eq!(wanted(body, quirks, &[]), (body.to_owned(), vec![]));
}

#[test]
fn calls_in_the_history_get_the_thoughts_that_the_vendor_wants_with_them() {
    let quirks = Quirks { echo: Echo::Required, ..Quirks::DEFAULT };
    for (message, expected) in [
        (r#"{ "tool_calls":[{}]}"#, Some(r#"{"reasoning_content":"", "tool_calls":[{}]}"#)),
        (
            r#"{"tool_calls":[{}],"reasoning":"a \u00e9"}"#,
            Some(r#"{"reasoning_content":"a \u00e9","tool_calls":[{}],"reasoning":"a \u00e9"}"#),
        ),
        (r#"{"tool_calls":[{}],"reasoning_content":"b","reasoning":"a"}"#, None),
        (r#"{"tool_calls":null,"content":"c"}"#, None),
        (r#"{"content":"\"tool_calls\""}"#, None),
    ] {
        let body = format!(r#"{{"model":"N","messages":[{{"role":"user"}},{message}]}}"#);
        let changed = body.replace(message, expected.unwrap_or(message));
        let notes = expected.map(|_| "emulate:messages[].reasoning_content".to_owned());
        assert_eq!(wanted(&body, quirks, &[]), (changed, notes.into_iter().collect()), "{message}");
    }
}

#[test]
fn a_model_s_name_is_escaped() {
    let body = spliced(Protocol::Chat, Operation::Embed, r#"{"model":"a"}"#, &to_model("q\"\n"));
    assert_eq!(body, r#"{"model":"q\"\n"}"#);
}

#[test]
fn a_gemini_body_repeats_the_path_s_model_and_gets_none_of_its_own() {
    for (operation, body, expected) in [
        (Operation::Generate, r#"{"contents":[]}"#, r#"{"contents":[]}"#),
        (Operation::Embed, r#"{"model":"models/a"}"#, r#"{"model":"models/N"}"#),
        (
            Operation::BatchEmbed,
            r#"{"requests":[{"model":"models/a","content":{"model":1}},{"model":"a"},7]}"#,
            r#"{"requests":[{"model":"models/N","content":{"model":1}},{"model":"N"},7]}"#,
        ),
        (
            Operation::CountTokens,
            r#"{"generateContentRequest":{"model":"models/a"}}"#,
            r#"{"generateContentRequest":{"model":"models/N"}}"#,
        ),
    ] {
        assert_eq!(spliced(Protocol::Gemini, operation, body, &to_model("N")), expected);
    }
}

#[test]
fn parameters_fill_in_what_the_client_left_out() {
    for (protocol, body, expected) in [
        (Protocol::Chat, r#"{"a":1}"#, r#"{"temperature":0.5,"max_tokens":100,"top_p":1,"a":1}"#),
        (Protocol::Chat, "{}", r#"{"temperature":0.5,"max_tokens":100,"top_p":1}"#),
        (
            Protocol::Chat,
            r#"{"temperature":0.70,"max_completion_tokens":5,"top_p":null}"#,
            r#"{"temperature":0.70,"max_completion_tokens":5,"top_p":1}"#,
        ),
        (Protocol::Responses, r#"{"a":1}"#, r#"{"temperature":0.5,"max_output_tokens":100,"top_p":1,"a":1}"#),
        (
            Protocol::Messages,
            r#"{"max_tokens":5,"t\u006fp_p":2}"#,
            r#"{"temperature":0.5,"max_tokens":5,"t\u006fp_p":2}"#,
        ),
        (
            Protocol::Gemini,
            r#"{"contents":[]}"#,
            r#"{"generationConfig":{"temperature":0.5,"maxOutputTokens":100,"topP":1},"contents":[]}"#,
        ),
        (
            Protocol::Gemini,
            r#"{"generation_config":{"top_p":2, "maxOutputTokens":5}}"#,
            r#"{"generation_config":{"temperature":0.5,"top_p":2, "maxOutputTokens":5}}"#,
        ),
        (
            Protocol::Gemini,
            r#"{"generationConfig":null}"#,
            r#"{"generationConfig":{"temperature":0.5,"maxOutputTokens":100,"topP":1}}"#,
        ),
    ] {
        let params = params();
        let change = Change { params: &params, ..NOTHING };
        assert_eq!(spliced(protocol, Operation::Generate, body, &change), expected, "{protocol} {body}");
        assert_eq!(
            spliced(protocol, Operation::CountTokens, body, &change),
            body,
            "counting takes no parameters"
        );
    }
}

#[test]
fn forced_parameters_override_what_the_client_sent() {
    for (protocol, body, expected) in [
        (
            Protocol::Chat,
            r#"{"temperature":1,"max_completion_tokens":5,"temperature":2,"top_p":1}"#,
            r#"{"temperature":0.5,"max_completion_tokens":100,"temperature":0.5,"top_p":1}"#,
        ),
        (
            Protocol::Gemini,
            r#"{"generationConfig":{"temperature":1,"max_output_tokens":5}}"#,
            r#"{"generationConfig":{"topP":1,"temperature":0.5,"max_output_tokens":100}}"#,
        ),
    ] {
        let params = params();
        let change = Change { params: &params, force: true, ..NOTHING };
        assert_eq!(spliced(protocol, Operation::Generate, body, &change), expected, "{protocol} {body}");
    }
}

#[test]
fn a_parameter_cannot_reach_the_request_s_frame() {
    let params = vec![Param::new("model", &"x").unwrap(), Param::new("stream", &true).unwrap()];
    let change = Change { params: &params, force: true, ..NOTHING };
    assert_eq!(
        spliced(Protocol::Chat, Operation::Generate, r#"{"stream":false}"#, &change),
        r#"{"stream":false}"#
    );
}

#[test]
fn two_names_of_one_parameter_make_one_member() {
    let params =
        vec![Param::new("max_tokens", &1).unwrap(), Param::new("max_completion_tokens", &2).unwrap()];
    let change = Change { params: &params, ..NOTHING };
    let body = r#"{"a":1}"#;
    for (protocol, expected) in [
        (Protocol::Responses, r#"{"max_output_tokens":1,"a":1}"#),
        (Protocol::Gemini, r#"{"generationConfig":{"maxOutputTokens":1},"a":1}"#),
    ] {
        assert_eq!(spliced(protocol, Operation::Generate, body, &change), expected);
    }
}

#[test]
fn usage_is_asked_of_chat_streams_only() {
    let change = Change { ask_usage: true, ..NOTHING };
    for (body, expected) in [
        (r#"{"stream":true}"#, r#"{"stream_options":{"include_usage":true},"stream":true}"#),
        (
            r#"{"stream":true,"stream_options":null}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":false,"x":1}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true,"x":1}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{ "x":1}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true, "x":1}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (r#"{"stream":false}"#, r#"{"stream":false}"#),
        (r#"{"a":1}"#, r#"{"a":1}"#),
    ] {
        assert_eq!(spliced(Protocol::Chat, Operation::Generate, body, &change), expected, "{body}");
    }
    let body = r#"{"stream":true}"#;
    for protocol in [Protocol::Responses, Protocol::Messages, Protocol::Gemini] {
        assert_eq!(spliced(protocol, Operation::Generate, body, &change), body);
    }
}

#[test]
fn model_parameters_and_usage_go_in_together() {
    let params = params();
    let change = Change { model: Some("N"), params: &params, force: false, ask_usage: true, ..NOTHING };
    assert_eq!(
        spliced(Protocol::Chat, Operation::Generate, r#"{"stream":true,"top_p":null}"#, &change),
        concat!(
            r#"{"model":"N","temperature":0.5,"max_tokens":100,"stream_options":{"include_usage":true},"#,
            r#""stream":true,"top_p":1}"#
        )
    );
}

#[test]
fn an_unchanged_body_is_not_copied() {
    let body = Bytes::from_static(br#"{"model":"a"}"#);
    let head = Head::read(Protocol::Chat, Operation::Generate, &body, None).unwrap();
    assert_eq!(apply(&head, &body, &to_model("a"), &mut Notes::default()).as_ptr(), body.as_ptr());
    assert_eq!(apply(&head, &body, &NOTHING, &mut Notes::default()).as_ptr(), body.as_ptr());
}

/// JSON as odd as it may be: thirty digits, escapes, duplicate keys, white space anywhere.
fn odd_value() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "1e2",
        "0.10",
        "-0.0",
        "123456789012345678901234567890",
        r#""\u00e9\/\"""#,
        r#""model""#,
        r#""\"model\":\"a\"""#,
        "\"\u{4f60}\"",
        "\"\"",
    ])
    .prop_map(str::to_owned);
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((odd_key(), inner), 0..4).prop_map(|members| object(&members)),
        ]
    })
}

fn odd_key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![r#""a""#, r#""z""#, r#""a""#, r#""mo\u0064els""#, r#""\u00e9""#, r#""stream""#])
        .prop_map(str::to_owned)
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}\t:\n{value} ")).collect();
    format!("{{ {}}}", members.join(","))
}

proptest! {
    #[test]
    fn everything_but_the_model_s_values_stays_byte_for_byte(
        before in prop::collection::vec((odd_key(), odd_value()), 0..5),
        between in prop::collection::vec((odd_key(), odd_value()), 0..5),
        key in prop::sample::select(vec![r#""model""#, r#""\u006dodel""#, r#""mod\u0065l""#]),
        model in ".{0,12}",
    ) {
        let with_model = |value: &str| {
            let member = (key.to_owned(), value.to_owned());
            let mut members = before.clone();
            members.push(member.clone());
            members.extend(between.clone());
            members.push(member);
            object(&members)
        };
        let changed = spliced(Protocol::Messages, Operation::Generate, &with_model("\"a\""), &to_model(&model));
        let unchanged = model == "a";
        prop_assert_eq!(changed, with_model(&if unchanged { "\"a\"".to_owned() } else { quote(&model) }));
    }

    #[test]
    fn what_is_inserted_leaves_the_rest_byte_for_byte(members in prop::collection::vec((odd_key(), odd_value()), 1..6)) {
        let body = object(&members);
        let params = params();
        let change = Change { model: Some("N"), params: &params, force: false, ask_usage: false, quirks: Quirks::DEFAULT };
        let changed = spliced(Protocol::Chat, Operation::Generate, &body, &change);
        let rest = changed.strip_prefix(r#"{"model":"N","temperature":0.5,"max_tokens":100,"top_p":1,"#);
        prop_assert_eq!(rest, Some(&body[1..]));
    }
}
