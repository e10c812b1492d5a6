//! Thoughts of another provider's model are left out, or kept as text where the channel wants it so.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use wire::dialect::Target;
use wire::head::{Head, PathModel};
use wire::quirks::{Echo, Quirks};
use wire::state::{Forgetful, NOBODY};
use wire::translate;
use wire::{Operation, Protocol};

fn sent(client: Protocol, request: &Value, channel: Protocol, quirks: Quirks) -> Value {
    let body = request.to_string();
    let path = (client == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
    let head = Head::read(client, Operation::Generate, body.as_bytes(), path).unwrap();
    let issuer = &NOBODY;
    let target =
        Target { protocol: channel, model: "m", first_party: false, output_max: None, quirks, issuer };
    let sent = translate::request(&head, body.as_bytes(), &target, &Forgetful).unwrap();
    serde_json::from_slice(&sent.body).unwrap()
}

const AS_TEXT: Quirks = Quirks { reasoning_as_text: true, ..Quirks::DEFAULT };

#[test]
fn thoughts_are_text_where_the_channel_wants_it_so() {
    let messages = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "foreign"},
            {"type": "text", "text": "a"}
        ]},
        {"role": "user", "content": "b"}
    ]});
    let chat = json!({"model": "m", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "reasoning_content": "hm", "content": "a"},
        {"role": "user", "content": "b"}
    ]});
    let told = "<think>\nhm\n</think>\n\n";
    for (client, request, channel, pointer, with, without) in [
        (
            Protocol::Messages,
            &messages,
            Protocol::Chat,
            "/messages/1/content",
            json!(format!("{told}a")),
            json!("a"),
        ),
        (
            Protocol::Chat,
            &chat,
            Protocol::Messages,
            "/messages/1/content",
            json!([{"type": "text", "text": told}, {"type": "text", "text": "a"}]),
            json!([{"type": "text", "text": "a"}]),
        ),
        (
            Protocol::Messages,
            &messages,
            Protocol::Gemini,
            "/contents/1/parts",
            json!([{"text": told}, {"text": "a"}]),
            json!([{"text": "a"}]),
        ),
    ] {
        let kept = sent(client, request, channel, AS_TEXT);
        assert_eq!(kept.pointer(pointer), Some(&with), "{client} to {channel}: {kept}");
        let left_out = sent(client, request, channel, Quirks::DEFAULT);
        assert_eq!(left_out.pointer(pointer), Some(&without), "{client} to {channel}: {left_out}");
    }
}

#[test]
fn what_comes_back_in_its_own_field_is_not_said_twice() {
    let request = json!({"model": "m", "max_tokens": 9, "tools": [{"name": "f", "input_schema": {"type": "object"}}], "messages": [
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "r"}]}
    ]});
    let quirks = Quirks { echo: Echo::Optional, ..AS_TEXT };
    let body = sent(Protocol::Messages, &request, Protocol::Chat, quirks);
    assert_eq!(
        (&body["messages"][0]["reasoning_content"], &body["messages"][0]["content"]),
        (&json!("hm"), &json!(null))
    );
}
