//! Conversations for Chat channels.

use super::*;
use crate::ask::{
    Arguments, CacheMark, Content, Effort, Media, MediaKind, Part, Role, Source, State, StateKind, Thinking,
    Turn,
};
use crate::json::Text;
use crate::quirks::{CallIds, Echo, Quirks, Thoughts};

const GPT_5: Target<'static> = Target { model: "gpt-5", ..OPENAI };
const GPT_5_6: Target<'static> = Target { model: "gpt-5.6", ..OPENAI };

/// Some other vendor that wants something otherwise.
const fn wanting(quirks: Quirks) -> Target<'static> {
    Target { quirks, ..VENDOR }
}

/// Changes what a Chat client cannot say, and writes it for a channel.
fn sent(target: &Target<'_>, change: impl for<'a> FnOnce(&mut Ask<'a>)) -> (Json, String) {
    decoded(ask_with(json!({})).to_string().as_bytes(), |ask| {
        let mut ask = ask.unwrap();
        change(&mut ask);
        let encoded = Chat.encode_request(&ask, target).unwrap();
        let notes: Vec<_> = encoded.notes.list().iter().map(ToString::to_string).collect();
        (read(&encoded), notes.join(" "))
    })
}

fn text(text: &'static str) -> Part<'static> {
    Part::text(Text::of(text), 0)
}

fn call(id: &'static str, name: &'static str, arguments: Arguments<'static>) -> Part<'static> {
    let call =
        crate::ask::Call { id: Text::of(id), name: Text::of(name), namespace: None, arguments, state: None };
    Part::new(Content::Call(call), 0)
}

fn outcome(id: &'static str, parts: Vec<Part<'static>>, failed: Option<bool>) -> Part<'static> {
    let outcome =
        crate::ask::CallOutcome { id: Text::of(id), name: None, namespace: None, parts, failed, free: false };
    Part::new(Content::Outcome(outcome), 0)
}

fn media(kind: MediaKind, mime: &'static str, base64: &'static str) -> Part<'static> {
    Part::new(Content::Media(Media::inline(kind, Text::of(mime), &Text::of(base64))), 0)
}

fn turn(role: Role, parts: Vec<Part<'static>>) -> Turn<'static> {
    Turn { role, parts }
}

fn empty() -> Arguments<'static> {
    Arguments::Written(Text::default())
}

#[test]
fn outcomes_come_first_and_their_pictures_last() {
    let (body, _) = sent(&VENDOR, |ask| {
        ask.turns = vec![
            turn(Role::Assistant, vec![text("Looking."), call("1", "f", empty()), call("2", "g", empty())]),
            turn(
                Role::User,
                vec![
                    outcome(
                        "2",
                        vec![text("b"), media(MediaKind::Image, "image/bmp", "AAAA"), text("c")],
                        None,
                    ),
                    outcome("1", vec![], Some(true)),
                    text("T"),
                ],
            ),
        ];
    });
    let function = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "assistant", "content": "Looking.", "tool_calls": [function("1", "f"), function("2", "g")]},
            {"role": "tool", "tool_call_id": "1", "content": "[tool error] "},
            {"role": "tool", "tool_call_id": "2", "content": "b\nc"},
            {"role": "user", "content": [
                {"type": "text", "text": "[image from tool result 2]"},
                {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}},
                {"type": "text", "text": "T"},
            ]},
        ]),
        "P102, P103"
    );
}

#[test]
fn pictures_of_outcomes_come_before_whatever_is_said_next() {
    for next in
        [None, Some(turn(Role::Assistant, vec![text("a")])), Some(turn(Role::System, vec![text("s")]))]
    {
        let (body, _) = sent(&VENDOR, |ask| {
            let picture = media(MediaKind::Image, "image/bmp", "AAAA");
            ask.turns = vec![
                turn(Role::Assistant, vec![call("1", "f", empty())]),
                turn(Role::User, vec![outcome("1", vec![picture], None)]),
            ];
            ask.turns.extend(next);
        });
        let roles: Vec<_> =
            body["messages"].as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
        assert_eq!(roles[..3], [json!("assistant"), json!("tool"), json!("user")]);
        assert_eq!(body["messages"][1]["content"], "");
    }
}

#[test]
fn every_part_of_a_question_has_its_place_or_is_refused() {
    let source = |kind: MediaKind, source: Source<'static>| {
        Part::new(
            Content::Media(Media { kind, source, name: Some(Text::of("n")), detail: Some(Text::of("low")) }),
            0,
        )
    };
    let url = || Source::Url { mime: None, url: Text::of("https://a/b") };
    for (id, part, expected) in [
        (
            "",
            source(MediaKind::Image, url()),
            Some(json!({"type": "image_url", "image_url": {"url": "https://a/b", "detail": "low"}})),
        ),
        (
            "P107, P165",
            media(MediaKind::Document, "application/pdf", "JVBERi0="),
            Some(
                json!({"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}),
            ),
        ),
        (
            "2.1.6",
            source(MediaKind::Document, Source::Text(Text::of("w"))),
            Some(json!({"type": "text", "text": "[document: n]\nw"})),
        ),
        (
            "2.1.6",
            media(MediaKind::Document, "text/plain", "YQ=="),
            Some(json!({"type": "text", "text": "a"})),
        ),
        ("2.1.6", source(MediaKind::Document, url()), None),
        (
            "",
            media(MediaKind::Audio, "audio/mpeg", "AAAA"),
            Some(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}})),
        ),
        ("", media(MediaKind::Audio, "audio/ogg", "AAAA"), None),
        ("", media(MediaKind::Video, "video/mp4", "AAAA"), None),
        ("", source(MediaKind::Image, Source::File(Text::of("f"))), None),
    ] {
        let picture = media(MediaKind::Image, "image/bmp", "AAAA");
        let question = vec![picture, part];
        let outcome = decoded(ask_with(json!({})).to_string().as_bytes(), |ask| {
            let mut ask = ask.unwrap();
            ask.turns = vec![turn(Role::User, question)];
            Chat.encode_request(&ask, &VENDOR)
                .map(|encoded| read(&encoded)["messages"][0]["content"][1].clone())
        });
        match expected {
            Some(expected) => assert_eq!(outcome.unwrap(), expected, "{id}"),
            None => assert_eq!(outcome.unwrap_err().code, Some("unsupported_value"), "{id}"),
        }
    }
}

#[test]
fn the_models_words_are_one_message() {
    let thought = || Part::new(Content::Thinking(Thinking { text: Text::of("hm"), state: None }), 0);
    let turns = || {
        vec![
            turn(Role::Assistant, vec![thought(), text("a"), text("b")]),
            turn(
                Role::Assistant,
                vec![Part::new(Content::Refusal(Text::of("no")), 0), call("1", "f", empty())],
            ),
            turn(Role::User, vec![outcome("1", vec![text("r")], None)]),
        ]
    };
    for (target, content, refusal, thoughts) in [
        (VENDOR, "abno", json!(null), json!(null)),
        (OPENAI, "ab", json!("no"), json!(null)),
        // P129
        (wanting(Quirks { echo: Echo::Required, ..Quirks::DEFAULT }), "abno", json!(null), json!("hm")),
        (
            wanting(Quirks { echo: Echo::Optional, thoughts: Thoughts::ThinkTags, ..Quirks::DEFAULT }),
            "<think>\nhm\n</think>\n\nabno",
            json!(null),
            json!(null),
        ),
    ] {
        let (body, _) = sent(&target, |ask| ask.turns = turns());
        let message = &body["messages"][0];
        assert_eq!((&message["content"], &message["refusal"]), (&json!(content), &refusal));
        assert_eq!(message["reasoning_content"], thoughts);
        assert_eq!(message["tool_calls"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_vendor_that_wants_its_thoughts_back_gets_them_with_calls_only() {
    let wants = wanting(Quirks { echo: Echo::Required, ..Quirks::DEFAULT });
    let (body, _) = sent(&wants, |ask| {
        ask.turns = vec![
            turn(Role::Assistant, vec![text("a")]),
            turn(Role::User, vec![text("u")]),
            turn(Role::Assistant, vec![call("1", "f", empty())]),
        ];
    });
    assert!(body["messages"][0].get("reasoning_content").is_none());
    assert_eq!(body["messages"][2]["reasoning_content"], "", "P129");
}

#[test]
fn a_note_of_another_provider_goes_nowhere() {
    let (body, notes) = sent(&OPENAI, |ask| {
        let state = State::new(Protocol::Messages, StateKind::Signature, Text::of("sig"));
        let thinking = Thinking { text: Text::of("hm"), state: Some(state) };
        ask.turns = vec![turn(Role::Assistant, vec![Part::new(Content::Thinking(thinking), 0), text("a")])];
    });
    assert!(!body.to_string().contains("sig") && !body.to_string().contains("hm"), "P131");
    assert_eq!(notes, "drop:reasoning_details");
}

#[test]
fn what_a_model_wrote_badly_does_not_cost_the_request() {
    for (arguments, expected) in [
        (Arguments::Written(Text::of("{bad")), r#"{"_raw":"{bad"}"#),
        (Arguments::Written(Text::of("[1]")), r#"{"value":[1]}"#),
        (Arguments::Written(Text::of("")), "{}"),
        // P123, P124
        (
            Arguments::Written(Text::of(r#"{"b":1.0, "a":12345678901234567890}"#)),
            r#"{"b":1.0, "a":12345678901234567890}"#,
        ),
    ] {
        let (body, _) =
            sent(&VENDOR, |ask| ask.turns = vec![turn(Role::Assistant, vec![call("1", "f", arguments)])]);
        assert_eq!(body["messages"][0]["tool_calls"][0]["function"]["arguments"], expected);
        assert_eq!(
            body["messages"][1]["content"], "[tool error] [no result]",
            "a missing outcome is made up"
        );
    }
}

#[test]
fn ids_and_names_are_such_as_the_channel_takes() {
    const OWN_ID: &str = "functions.a_tool_with_a_name_that_is_longer_than_most:12";
    let long = "mcp__a_server_with_a_long_name__a_tool_with_a_name_that_is_longer_still";
    for (target, id, expected) in [
        (VENDOR, "functions.bash:0", Some("functions.bash:0")),
        // P119: turned back into what the vendor itself gave.
        (VENDOR, "slx_ZnVuY3Rpb25zLmJhc2g6MA", Some("functions.bash:0")),
        (wanting(Quirks { call_ids: CallIds::Nine, ..Quirks::DEFAULT }), "abcDEF123", Some("abcDEF123")),
        (wanting(Quirks { call_ids: CallIds::Nine, ..Quirks::DEFAULT }), "toolu_01", None),
        (wanting(Quirks { call_ids: CallIds::Verbatim, ..Quirks::DEFAULT }), OWN_ID, Some(OWN_ID)),
    ] {
        let (body, _) = sent(&target, |ask| {
            ask.turns = vec![
                turn(Role::Assistant, vec![call(id, long, empty())]),
                turn(Role::User, vec![outcome(id, vec![], None)]),
            ];
        });
        let called = &body["messages"][0]["tool_calls"][0];
        assert_eq!(called["id"], body["messages"][1]["tool_call_id"]);
        let sent = called["id"].as_str().unwrap();
        match expected {
            Some(expected) => assert_eq!(sent, expected),
            None => {
                assert!(sent.len() == 9 && sent.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{sent}");
            }
        }
        assert!(called["function"]["name"].as_str().unwrap().len() <= 64, "P118");
    }
}

#[test]
fn a_developer_instructs_models_that_think() {
    let by_others = Target { model: "Kimi-K2.6", ..OPENAI };
    let by_file = Target { quirks: Quirks { developer_role: false, ..Quirks::DEFAULT }, ..GPT_5 };
    for (target, role) in [
        (VENDOR, "system"),
        (OPENAI, "system"),
        (GPT_5, "developer"),
        (by_others, "system"),
        (by_file, "system"),
    ] {
        let (body, _) = sent(&target, |ask| {
            ask.system = vec![text("a"), text("b")];
            ask.turns.push(turn(Role::System, vec![text("late")]));
        });
        assert_eq!(body["messages"][0], json!({"role": role, "content": "a\n\nb"}));
        assert_eq!(body["messages"][2], json!({"role": role, "content": "late"}), "P126");
    }
}

#[test]
fn the_last_four_marks_are_kept_where_the_model_knows_them() {
    let marked = |words: &'static str| Part { cache: Some(CacheMark::Usual), ..text(words) };
    for (target, kept) in [(GPT_5_6, 4), (GPT_5, 0), (VENDOR, 0)] {
        let (body, notes) = sent(&target, |ask| {
            ask.system = vec![marked("a"), marked("b")];
            let picture =
                Part { cache: Some(CacheMark::Long), ..media(MediaKind::Image, "image/bmp", "AAAA") };
            ask.turns = vec![
                turn(Role::User, vec![marked("c"), picture, marked("d")]),
                turn(Role::User, vec![marked("e")]),
            ];
        });
        let count = body.to_string().matches("prompt_cache_breakpoint").count();
        assert_eq!((count, notes.as_str()), (kept, ""), "{body}");
        assert!(kept == 0 || body["messages"][0]["content"][0].get("prompt_cache_breakpoint").is_none());
    }
}

#[test]
fn an_effort_wins_over_a_budget() {
    let (body, _) = sent(&VENDOR, |ask| {
        ask.reasoning.effort = Some(Effort::Low);
        ask.reasoning.budget = Some(30_000);
    });
    assert_eq!(body["reasoning_effort"], "low");
}

#[test]
fn free_text_calls_of_the_history_follow_their_tool() {
    let call = json!({"id": "c", "type": "custom", "custom": {"name": "p", "input": "*** \"x\""}});
    let body = json!({"model": "m", "messages": [
        {"role": "assistant", "content": null, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "ok"}
    ]});
    assert_eq!(passed(&body, &GPT_5).unwrap().0["messages"], body["messages"]);
    let emulated = json!({"id": "c", "type": "function", "function": {"name": "p", "arguments": "{\"input\":\"*** \\\"x\\\"\"}"}});
    assert_eq!(passed(&body, &VENDOR).unwrap().0["messages"][0]["tool_calls"][0], emulated);
}
