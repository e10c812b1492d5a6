//! A provider's opaque notes on their way through clients of other protocols, and back.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};
use wire::ask::Wanted;
use wire::calls::Names;
use wire::dialect::{Addressee, Target};
use wire::frames::Framing;
use wire::head::{Head, PathModel};
use wire::observe::{self, Counts};
use wire::quirks::{Echo, Quirks};
use wire::state::{Forgetful, Issuer, Memory, NOBODY, Recall, Strip, may_carry, refuses_note, strip};
use wire::translate::{self, Translation, Whole};
use wire::{Operation, Protocol};

const MODEL: &str = "m";

/// An answer of a provider that thinks and calls a tool, and what it wants back of it.
struct Minted {
    what: &'static str,
    protocol: Protocol,
    answer: Value,
    /// Every opaque text in it.
    notes: &'static [&'static str],
    /// What the provider finds in the request, as [`native`] reads it.
    wanted: Value,
}

fn minted() -> Vec<Minted> {
    let thinking = json!({"type": "thinking", "thinking": "I \"think\"\né", "signature": "S1=="});
    let redacted = json!({"type": "redacted_thinking", "data": "R1+/"});
    let reasoning =
        json!({"summary": [{"type": "summary_text", "text": "I think"}], "encrypted_content": "E1"});
    let unseen = json!({"summary": [], "encrypted_content": "E2"});
    let details = json!([
        {"type": "reasoning.text", "text": "I think", "signature": "D1", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "D2", "format": "openai-responses-v1", "index": 1}
    ]);
    vec![
        Minted {
            what: "Claude",
            protocol: Protocol::Messages,
            answer: json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [
                thinking, redacted,
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"a": 1}},
                {"type": "tool_use", "id": "toolu_2", "name": "look", "input": {"a": 2}}
            ], "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1}}),
            notes: &["S1==", "R1+/"],
            wanted: json!([thinking, redacted]),
        },
        Minted {
            what: "OpenAI",
            protocol: Protocol::Responses,
            answer: json!({"id": "resp_1", "object": "response", "status": "completed", "model": "gpt", "output": [
                {"type": "reasoning", "id": "rs_1", "summary": reasoning["summary"], "encrypted_content": "E1"},
                {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "E2"},
                {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content":
                    [{"type": "output_text", "text": "Let me look.", "annotations": []}]},
                {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": "{\"a\":1}", "status": "completed"},
                {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "look", "arguments": "{\"a\":2}", "status": "completed"}
            ], "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}),
            notes: &["E1", "E2"],
            wanted: json!([reasoning, unseen]),
        },
        Minted {
            what: "Gemini",
            protocol: Protocol::Gemini,
            answer: json!({"candidates": [{"content": {"role": "model", "parts": [
                {"text": "I think", "thought": true},
                {"text": "Let me look."},
                {"functionCall": {"id": "f1", "name": "look", "args": {"a": 1}}, "thoughtSignature": "+/8="},
                {"functionCall": {"id": "f2", "name": "look", "args": {"a": 2}}}
            ]}, "finishReason": "STOP", "index": 0}], "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}}),
            notes: &["+/8="],
            wanted: json!([["look", {"a": 1}, "+/8="], ["look", {"a": 2}, null]]),
        },
        Minted {
            what: "DeepSeek",
            protocol: Protocol::Chat,
            answer: chat_answer(&json!({"reasoning_content": "I think"})),
            notes: &[],
            wanted: json!(["I think", null]),
        },
        Minted {
            what: "OpenRouter",
            protocol: Protocol::Chat,
            answer: chat_answer(&json!({"reasoning": "I think", "reasoning_details": details})),
            notes: &["D1", "D2"],
            wanted: json!(["", details]),
        },
    ]
}

fn chat_answer(more: &Value) -> Value {
    let call = |id: &str, a: u8| json!({"id": id, "type": "function", "function": {"name": "look", "arguments": format!("{{\"a\":{a}}}")}});
    let mut message = json!({"role": "assistant", "content": "Let me look.", "tool_calls": [call("call_1", 1), call("call_2", 2)]});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": "c", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": message, "finish_reason": "tool_calls"}
    ], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
}

/// What the provider that minted the notes reads of them in a request.
fn native(protocol: Protocol, request: &Value) -> Value {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match protocol {
        Protocol::Messages => {
            let answer = &request["messages"][1];
            let is_thought =
                |block: &Value| ["thinking", "redacted_thinking"].contains(&block["type"].as_str().unwrap());
            let leading: Vec<Value> = list(&answer["content"]).into_iter().take_while(is_thought).collect();
            let all = list(&answer["content"]).iter().filter(|block| is_thought(block)).count();
            assert_eq!(leading.len(), all, "thoughts come first: {answer}");
            json!(leading)
        }
        Protocol::Responses => {
            let items = list(&request["input"]);
            let first_call = items.iter().position(|item| item["type"] == "function_call");
            let reasoning = |item: &&Value| item["type"] == "reasoning";
            assert!(items.iter().rposition(|item| reasoning(&item)) < first_call, "{request}");
            items
                .iter()
                .filter(reasoning)
                .map(|item| json!({"summary": item["summary"], "encrypted_content": item["encrypted_content"]}))
                .collect()
        }
        Protocol::Gemini => list(&request["contents"][1]["parts"])
            .iter()
            .filter(|part| part.get("functionCall").is_some())
            .map(|part| {
                json!([part["functionCall"]["name"], part["functionCall"]["args"], part["thoughtSignature"]])
            })
            .collect(),
        Protocol::Chat => {
            let answer = &request["messages"][1];
            json!([answer["reasoning_content"], answer["reasoning_details"]])
        }
    }
}

fn addressee(client: Protocol, issuer: &Issuer, thinking_hidden: bool) -> Addressee {
    Addressee {
        protocol: client,
        wanted: Wanted { encrypted: true, thinking_hidden, ..Wanted::default() },
        framing: Framing::Sse,
        id: "0a1b".to_owned(),
        created_s: 0,
        input_estimate: 1,
        issuer: issuer.clone(),
        think_tags: false,
    }
}

fn told(minted: &Minted, to: &Addressee) -> Whole {
    let body = minted.answer.to_string();
    let seen = observe::whole(minted.protocol, Operation::Generate, body.as_bytes()).unwrap();
    translate::whole(minted.protocol, body.as_bytes(), &seen.counts, &Names::default(), to).unwrap()
}

/// What a client sends when it has run the calls of an answer.
fn history(client: Protocol, answer: &Value) -> Value {
    match client {
        Protocol::Messages => {
            let content = &answer["content"];
            let calls = content.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
            let results: Vec<Value> = calls
                .map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "seen"}))
                .collect();
            json!({"model": "m", "max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 2000}, "messages": [
                {"role": "user", "content": "look"}, {"role": "assistant", "content": content}, {"role": "user", "content": results}
            ]})
        }
        Protocol::Responses => {
            let output = answer["output"].as_array().unwrap();
            let mut input = vec![json!({"role": "user", "content": "look"})];
            input.extend(output.iter().cloned());
            for call in output.iter().filter(|item| item["type"] == "function_call") {
                input.push(
                    json!({"type": "function_call_output", "call_id": call["call_id"], "output": "seen"}),
                );
            }
            json!({"model": "m", "input": input, "include": ["reasoning.encrypted_content"], "store": false})
        }
        Protocol::Chat => {
            let message = &answer["choices"][0]["message"];
            let mut messages = vec![json!({"role": "user", "content": "look"}), message.clone()];
            for call in message["tool_calls"].as_array().unwrap() {
                messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "seen"}));
            }
            json!({"model": "m", "messages": messages})
        }
        Protocol::Gemini => {
            let content = &answer["candidates"][0]["content"];
            let parts = content["parts"].as_array().unwrap();
            let results: Vec<Value> = parts
                .iter()
                .filter_map(|part| part.get("functionCall"))
                .map(|call| json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": {"output": "seen"}}}))
                .collect();
            json!({"contents": [{"role": "user", "parts": [{"text": "look"}]}, content, {"role": "user", "parts": results}]})
        }
    }
}

/// Takes out of a request whatever a plain client does not bring back.
fn forget(client: Protocol, request: &mut Value) {
    let retain = |list: &mut Value, keep: &dyn Fn(&Value) -> bool| {
        list.as_array_mut().unwrap().retain(|item| keep(item));
    };
    match client {
        Protocol::Messages => retain(&mut request["messages"][1]["content"], &|block| {
            block["type"] != "thinking" && block["type"] != "redacted_thinking"
        }),
        Protocol::Responses => retain(&mut request["input"], &|item| item["type"] != "reasoning"),
        Protocol::Chat => {
            let message = request["messages"][1].as_object_mut().unwrap();
            message.retain(|name, _| !name.starts_with("reasoning"));
            for call in message["tool_calls"].as_array_mut().unwrap() {
                call.as_object_mut().unwrap().remove("extra_content");
            }
        }
        Protocol::Gemini => {
            let parts = &mut request["contents"][1]["parts"];
            retain(parts, &|part| part["thought"] != true && part["text"] != "");
            for part in parts.as_array_mut().unwrap() {
                part.as_object_mut().unwrap().remove("thoughtSignature");
            }
        }
    }
}

fn head(client: Protocol, body: &[u8]) -> Head {
    let path = (client == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
    Head::read(client, Operation::Generate, body, path).unwrap()
}

fn asked(
    client: Protocol,
    request: &Value,
    channel: Protocol,
    issuer: &Issuer,
    recall: &dyn Recall,
) -> Value {
    let body = request.to_string();
    let model = match channel {
        Protocol::Messages => "claude-sonnet-4-5",
        Protocol::Gemini => "gemini-3.6-flash",
        Protocol::Chat | Protocol::Responses => MODEL,
    };
    let quirks = Quirks { echo: Echo::Required, ..Quirks::DEFAULT };
    let target = Target { protocol: channel, model, first_party: false, output_max: None, issuer, quirks };
    let translated =
        translate::request(&head(client, body.as_bytes()), body.as_bytes(), &target, recall).unwrap();
    serde_json::from_slice(&translated.body).unwrap()
}

struct Store(HashMap<String, String>);

impl Recall for Store {
    fn recall(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
}

fn store(memories: Vec<Memory>) -> Store {
    Store(memories.into_iter().map(|memory| (memory.key, memory.carriers)).collect())
}

/// Calls `each` for every answer and every client of another protocol, with thoughts shown and hidden.
fn each_way(each: impl Fn(&Minted, Protocol, &Issuer, &Whole, Value, &str)) {
    let issuer = Issuer::account("host/work");
    for minted in minted() {
        for client in Protocol::ALL.into_iter().filter(|client| *client != minted.protocol) {
            for hidden in [false, true] {
                let what = format!("{} through {client}, hidden: {hidden}", minted.what);
                let whole = told(&minted, &addressee(client, &issuer, hidden));
                let answer = serde_json::from_slice(&whole.body).unwrap();
                each(&minted, client, &issuer, &whole, history(client, &answer), &what);
            }
        }
    }
}

#[test]
fn a_provider_gets_its_notes_back_through_every_client_without_a_memory() {
    each_way(|minted, client, issuer, _, request, what| {
        let got = asked(client, &request, minted.protocol, issuer, &Forgetful);
        let mut wanted = minted.wanted.clone();
        // A Chat client is told thoughts in the words of Chat, and nobody translates them back.
        if wanted[0] == "" && wanted.as_array().unwrap().len() == 2 {
            wanted[0] = got["messages"][1]["reasoning_content"].clone();
        }
        assert_eq!(native(minted.protocol, &got), wanted, "{what}: {request}");
    });
}

#[test]
fn a_provider_gets_its_notes_back_from_a_client_that_drops_them() {
    each_way(|minted, client, issuer, whole, mut request, what| {
        forget(client, &mut request);
        let memory = store(whole.memories.clone());
        let got = asked(client, &request, minted.protocol, issuer, &memory);
        let mut wanted = minted.wanted.clone();
        if wanted[0] == "" && wanted.as_array().unwrap().len() == 2 {
            wanted[0] = got["messages"][1]["reasoning_content"].clone();
        }
        assert_eq!(native(minted.protocol, &got), wanted, "{what}: {request}");
    });
}

#[test]
fn nobody_else_gets_a_note_or_a_carrier() {
    each_way(|minted, client, _, whole, request, what| {
        let memory = store(whole.memories.clone());
        let other = Issuer::account("host/home");
        for channel in Protocol::ALL.into_iter().filter(|channel| *channel != client) {
            for reader in [&other, &NOBODY] {
                let got = asked(client, &request, channel, reader, &memory).to_string();
                for secret in minted.notes.iter().chain(&["slc1.", "c2xjMS"]) {
                    assert!(!got.contains(*secret), "{what}, then {channel}: {secret} in {got}");
                }
            }
        }
    });
}

#[test]
fn p157_a_channel_of_the_client_s_own_protocol_sees_no_carrier_and_every_other_byte() {
    each_way(|minted, client, _, _, request, what| {
        let body = request.to_string().replace("\"look\"}", "\"look\" }");
        let other = Issuer::vendor("elsewhere");
        let cut = strip(client, body.as_bytes(), &other, Strip::Carriers);
        let carries = may_carry(client, body.as_bytes());
        assert_eq!(cut.is_some(), carries, "{what}");
        // Only what Chat's vendors think aloud comes through Chat's clients as words alone.
        assert!(carries || minted.notes.is_empty(), "{what}");
        let Some(cut) = cut else { return };
        let cut = String::from_utf8(cut).unwrap();
        assert!(!cut.contains("slc1.") && !cut.contains("c2xjMS"), "{what}: {cut}");
        let mut got: Value = serde_json::from_str(&cut).unwrap();
        let mut expected = request.clone();
        forget(client, &mut expected);
        // Thoughts in words stay where they carry nothing.
        forget(client, &mut got);
        if client == Protocol::Messages {
            assert_eq!(
                got["thinking"],
                json!({"type": "disabled"}),
                "{what}: the turn that goes on lost its thoughts"
            );
            got["thinking"] = expected["thinking"].clone();
        }
        assert_eq!(got, expected, "{what}");
        assert_eq!(strip(client, cut.as_bytes(), &other, Strip::Carriers), None, "{what}");
    });
}

#[test]
fn a_stream_carries_what_a_whole_answer_carries() {
    let issuer = Issuer::gemini();
    for minted in minted() {
        for client in Protocol::ALL.into_iter().filter(|client| *client != minted.protocol) {
            let to = addressee(client, &issuer, false);
            let whole = told(&minted, &to);
            let mut translation = Translation::new(minted.protocol, Names::default(), &to);
            let mut out = Vec::new();
            translation.replay(
                minted.protocol,
                minted.answer.to_string().as_bytes(),
                &Counts::default(),
                &mut out,
            );
            let carriers = |bytes: &[u8]| {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                let words = text
                    .split(['"', '\\'])
                    .filter(|word| word.starts_with("slc1.") || word.starts_with("c2xjMS"));
                words.map(str::to_owned).collect::<BTreeSet<String>>()
            };
            assert_eq!(carriers(&out), carriers(&whole.body), "{} through {client}", minted.what);
            assert_eq!(translation.take_memories(), whole.memories, "{} through {client}", minted.what);
            assert!(translation.take_memories().is_empty());
        }
    }
}

#[test]
fn p133_a_carrier_that_was_tampered_with_is_dropped() {
    each_way(|minted, client, issuer, _, request, what| {
        let text = request.to_string();
        for (from, to) in
            [("slc1.o-", "slc1.o-0"), ("slc1.", "slc1.slc1."), ("slc1.", "slc2."), ("c2xjMS", "c2xjMSAA")]
        {
            let Ok(spoiled) = serde_json::from_str::<Value>(&text.replace(from, to)) else { continue };
            if spoiled == request {
                continue;
            }
            let got = asked(client, &spoiled, minted.protocol, issuer, &Forgetful).to_string();
            for secret in minted.notes {
                assert!(!got.contains(secret), "{what}: {got}");
            }
        }
    });
}

#[test]
fn p131_a_provider_s_own_bytes_stay_as_they_are() {
    for (protocol, body) in [
        (
            Protocol::Messages,
            json!({"messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "EqQB"}]}]}),
        ),
        (
            Protocol::Responses,
            json!({"input": [{"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}]}),
        ),
        (
            Protocol::Gemini,
            json!({"contents": [{"role": "model", "parts": [{"text": "", "thoughtSignature": "+/8="}]}]}),
        ),
        (Protocol::Chat, json!({"messages": [{"role": "assistant", "reasoning_details": [{"data": "x"}]}]})),
    ] {
        let body = body.to_string();
        assert_eq!(strip(protocol, body.as_bytes(), &NOBODY, Strip::Carriers), None, "{protocol}");
        let cut = strip(protocol, body.as_bytes(), &NOBODY, Strip::Everything).unwrap();
        assert!(cut.len() < body.len() && serde_json::from_slice::<Value>(&cut).is_ok(), "{protocol}");
    }
}

#[test]
fn cutting_leaves_every_other_byte() {
    let carrier = "slc1.x.y.z";
    for (protocol, body, expected) in [
        (
            Protocol::Messages,
            r#"{ "messages":[ {"role":"user","content":"a"} , {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"CARRIER"}]} , {"role":"user", "content":1e2} ],"x":"\u00e9" }"#,
            r#"{ "messages":[ {"role":"user","content":"a"} , {"role":"user", "content":1e2} ],"x":"\u00e9" }"#,
        ),
        (
            Protocol::Messages,
            r#"{"messages":[{"role":"assistant","content":[ {"type":"text","text":"a"} , {"type":"redacted_thinking","data":"CARRIER"} ,{"type":"thinking","signature":"CARRIER"} ]}]}"#,
            r#"{"messages":[{"role":"assistant","content":[ {"type":"text","text":"a"} ]}]}"#,
        ),
        (
            Protocol::Responses,
            r#"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"CARRIER"}, {"role":"user","content":"a"}]}"#,
            r#"{"input":[{"role":"user","content":"a"}]}"#,
        ),
        (
            Protocol::Chat,
            r#"{"messages":[{"role":"assistant","reasoning_details":[{"data":"CARRIER"}],"content":"a"}]}"#,
            r#"{"messages":[{"role":"assistant","content":"a"}]}"#,
        ),
    ] {
        let body = body.replace("CARRIER", carrier);
        let cut = strip(protocol, body.as_bytes(), &NOBODY, Strip::Carriers).unwrap();
        assert_eq!(String::from_utf8(cut).unwrap(), expected);
    }
}

#[test]
fn what_stood_behind_a_thought_that_was_refused_loses_its_id() {
    let body = r#"{"input":[{"role":"user","content":"a"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"E"},{"id":"msg_1","type":"message","role":"assistant","content":[]},{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","id":"o","call_id":"c","output":"r"},{"type":"function_call","id":"fc_2","call_id":"d","name":"f","arguments":"{}"}]}"#;
    let expected = r#"{"input":[{"role":"user","content":"a"},{"type":"message","role":"assistant","content":[]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","id":"o","call_id":"c","output":"r"},{"type":"function_call","id":"fc_2","call_id":"d","name":"f","arguments":"{}"}]}"#;
    let cut = strip(Protocol::Responses, body.as_bytes(), &NOBODY, Strip::Everything).unwrap();
    assert_eq!(String::from_utf8(cut).unwrap(), expected);
}

#[test]
fn a_call_s_own_signature_becomes_its_own_again_in_the_client_s_protocol() {
    let minted = minted().into_iter().find(|minted| minted.what == "Gemini").unwrap();
    let issuer = Issuer::gemini();
    let whole = told(&minted, &addressee(Protocol::Chat, &issuer, false));
    let request = history(Protocol::Chat, &serde_json::from_slice(&whole.body).unwrap());
    let body = request.to_string();
    let cut = strip(Protocol::Chat, body.as_bytes(), &issuer, Strip::Carriers).unwrap();
    let got: Value = serde_json::from_slice(&cut).unwrap();
    let signature = &got["messages"][1]["tool_calls"][0]["extra_content"]["google"]["thought_signature"];
    assert_eq!(signature, "+/8=", "P137");
}

#[test]
fn errors_about_notes_are_known_by_their_words() {
    for (refuses, error) in [
        (
            true,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#,
        ),
        (
            true,
            r#"{"type":"error","error":{"message":"messages.1.content.0: Invalid `data` in `redacted_thinking` block"}}"#,
        ),
        (
            true,
            r#"{"error":{"code":"invalid_encrypted_content","message":"The encrypted content could not be verified."}}"#,
        ),
        (
            true,
            r#"{"error":{"code":400,"message":"Thought signature is not valid.","status":"INVALID_ARGUMENT"}}"#,
        ),
        (
            false,
            r#"{"error":{"message":"Function call is missing a thought_signature in functionCall parts"}}"#,
        ),
        (false, r#"{"error":{"message":"max_tokens: must be greater than thinking.budget_tokens"}}"#),
        (false, r#"{"error":{"message":"Invalid signature of the webhook"}}"#),
    ] {
        assert_eq!(refuses_note(error.as_bytes()), refuses, "{error}");
    }
}
