#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::answer::{Request, Speaker, answer};
use crate::script::{Then, ToolCall};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";
const GEMINI: &str = "/v1beta/models/gemini-3-pro:generateContent";
const A: Judge<'static> = Judge { name: "a", key: Some("k") };

fn endpoint(path: &str) -> Endpoint {
    Endpoint::of(&http::Method::POST, path)
}

/// What the provider `a` answers when it thinks twice, the second time for itself, and calls two tools.
fn answered(path: &str, request: &Value, number: u64) -> Value {
    let call = |n: u8| ToolCall { name: "f".to_owned(), arguments: json!({ "n": n }) };
    let then = Then::calls(vec![call(1), call(2)]).thinking(&["I think", ""]);
    let endpoint = endpoint(path);
    let headers = http::HeaderMap::new();
    let request = Request {
        endpoint: &endpoint,
        path,
        query: None,
        headers: &headers,
        body: request,
        key: A.key,
        number,
    };
    let answer = answer(&request, &then, &Speaker { name: A.name, models: &[] });
    serde_json::from_slice(&answer.pieces.concat()).unwrap()
}

/// A conversation that goes on behind an answer with calls.
fn conversation(path: &str, model: &str) -> Value {
    match path {
        CHAT => {
            let mut body = json!({"model": model, "messages": [{"role": "user", "content": "q"}]});
            let message = answered(path, &body, 7)["choices"][0]["message"].clone();
            let outcome = |place: usize| json!({"role": "tool", "tool_call_id": message["tool_calls"][place]["id"], "content": "r"});
            let outcomes = [outcome(0), outcome(1)];
            let messages = body["messages"].as_array_mut().unwrap();
            messages.push(message.clone());
            messages.extend(outcomes);
            body
        }
        MESSAGES => {
            let mut body = json!({"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": "q"}],
                "thinking": {"type": "enabled", "budget_tokens": 2000}});
            let content = answered(path, &body, 7)["content"].clone();
            let outcome = |place: usize| json!({"type": "tool_result", "tool_use_id": content[place]["id"]});
            let outcomes = json!([outcome(2), outcome(3)]);
            let messages = body["messages"].as_array_mut().unwrap();
            messages.push(json!({"role": "assistant", "content": content}));
            messages.push(json!({"role": "user", "content": outcomes}));
            body
        }
        RESPONSES => {
            let mut body = json!({"model": model, "store": false, "include": ["reasoning.encrypted_content"],
                "input": [{"role": "user", "content": "q"}]});
            let output = answered(path, &body, 7)["output"].as_array().unwrap().clone();
            let outcome = |place: usize| json!({"type": "function_call_output", "call_id": output[place]["call_id"], "output": "r"});
            let outcomes = [outcome(2), outcome(3)];
            let input = body["input"].as_array_mut().unwrap();
            input.extend(output);
            input.extend(outcomes);
            body
        }
        _ => {
            let question = json!({"role": "user", "parts": [{"text": "q"}]});
            let content =
                answered(path, &json!({"contents": [question]}), 7)["candidates"][0]["content"].clone();
            let response = json!({"functionResponse": {"name": "f", "response": {"output": "r"}}});
            json!({"contents": [question, content, {"role": "user", "parts": [response, response]}]})
        }
    }
}

fn check(judge: Judge<'_>, path: &str, body: &Value) -> Result<(), Refused> {
    crate::rules::check(&endpoint(path), body, judge)
}

const CONVERSATIONS: [(&str, &str); 5] = [
    (CHAT, "deepseek-v4-pro"),
    (CHAT, "anthropic/claude-sonnet-5"),
    (MESSAGES, "claude-sonnet-5"),
    (RESPONSES, "gpt-5.4"),
    (GEMINI, "gemini-3-pro"),
];

#[test]
fn a_provider_finds_its_own_notes_and_accepts_them() {
    let note = |place| Find::Note { answer: 7, place };
    let call = Find::Call { answer: 7 };
    for (path, model) in CONVERSATIONS {
        let body = conversation(path, model);
        assert_eq!(check(A, path, &body), Ok(()), "{model}: {body}");
        let expected = match (path, model) {
            (CHAT, "deepseek-v4-pro") => {
                vec![Find::Thought("I think".to_owned()), call.clone(), call.clone()]
            }
            (GEMINI, _) => vec![note(1), call.clone(), call.clone()],
            _ => vec![note(1), note(2), call.clone(), call.clone()],
        };
        assert_eq!(A.finds(&endpoint(path), &body), expected, "{model}");
    }
}

#[test]
fn another_provider_refuses_them_in_its_own_words() {
    let b = Judge { name: "b", key: Some("k") };
    let another_account = Judge { name: "a", key: Some("other") };
    for (judge, path, model, words) in [
        (b, CHAT, "anthropic/claude-sonnet-5", "Invalid `signature` in `thinking` block"),
        (b, MESSAGES, "minimax-m3", "Invalid `signature` in `thinking` block"),
        (b, RESPONSES, "gpt-5.4", "could not be verified"),
        (another_account, RESPONSES, "gpt-5.4", "could not be verified"),
    ] {
        let refused = check(judge, path, &conversation(path, model)).unwrap_err();
        assert!(refused.message.contains(words), "{model}: {refused:?}");
        assert_eq!(refused.code.is_some(), path == RESPONSES, "{model}: {refused:?}");
    }
    for (path, model) in [(MESSAGES, "claude-sonnet-5"), (GEMINI, "gemini-3-pro")] {
        assert_eq!(check(b, path, &conversation(path, model)), Ok(()), "{model}: whoever serves it");
    }
}

#[test]
fn every_fault_in_notes_is_refused_by_name() {
    let (deepseek, router) = ("deepseek-v4-pro", "anthropic/claude-sonnet-5");
    let (claude, gpt, gemini) = ("claude-sonnet-5", "gpt-5.4", "gemini-3-pro");
    let carrier = || json!("slc1.a.sig.AAAA");
    for (path, model, pointer, value, words) in [
        (CHAT, deepseek, "/messages/1/reasoning_content", Value::Null, "must be passed back"),
        (CHAT, deepseek, "/messages/1/reasoning_content", carrier(), "should have taken out"),
        (CHAT, router, "/messages/1/reasoning_details/0/text", json!("I thought"), "Invalid `signature`"),
        (CHAT, router, "/messages/1/reasoning_details/0/signature", carrier(), "Invalid `signature`"),
        (CHAT, router, "/messages/1/reasoning_details/1/data", carrier(), "Invalid `data`"),
        (CHAT, router, "/messages/1/reasoning_details/1", Value::Null, "cannot be modified"),
        (MESSAGES, claude, "/messages/1/content/0/thinking", json!("I thought"), "Invalid `signature`"),
        (MESSAGES, claude, "/messages/1/content/0/signature", carrier(), "Invalid `signature`"),
        (MESSAGES, claude, "/messages/1/content/1/data", carrier(), "Invalid `data`"),
        (MESSAGES, claude, "/messages/1/content/1", Value::Null, "cannot be modified"),
        (MESSAGES, claude, "/messages/1/content/0", Value::Null, "cannot be modified"),
        (RESPONSES, gpt, "/input/1/encrypted_content", carrier(), "could not be verified"),
        (RESPONSES, gpt, "/input/1/encrypted_content", Value::Null, "not found"),
        (GEMINI, gemini, "/contents/1/parts/1/thoughtSignature", carrier(), "not valid"),
        (GEMINI, gemini, "/contents/1/parts/1/thoughtSignature", json!("c2xjMS5h"), "not valid"),
        (GEMINI, gemini, "/contents/1/parts/1/thoughtSignature", Value::Null, "missing a thought_signature"),
    ] {
        let mut body = conversation(path, model);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match (body.pointer_mut(parent).unwrap(), value) {
            (Value::Array(list), Value::Null) => drop(list.remove(key.parse().unwrap())),
            (Value::Object(object), Value::Null) => drop(object.remove(key)),
            (place, value) => place[key] = value,
        }
        let refused = check(A, path, &body).unwrap_err();
        assert!(refused.message.contains(words), "{model}{pointer}: {refused:?}");
    }
}

#[test]
fn a_note_in_the_wrong_place_or_a_thought_that_is_missing_is_refused_by_name() {
    let mut behind = conversation(MESSAGES, "claude-sonnet-5");
    behind["messages"][1]["content"].as_array_mut().unwrap().rotate_left(2);
    let mut without = conversation(MESSAGES, "claude-sonnet-5");
    without["messages"][1]["content"].as_array_mut().unwrap().drain(..2);
    let mut none_reasoned = conversation(RESPONSES, "gpt-5.4");
    none_reasoned["input"].as_array_mut().unwrap().drain(1..3);
    let mut dangling = conversation(RESPONSES, "gpt-5.4");
    dangling["input"].as_array_mut().unwrap().drain(3..);
    let mut sibling = conversation(GEMINI, "gemini-3-pro");
    let signature = sibling["contents"][1]["parts"][1]["thoughtSignature"].take();
    sibling["contents"][1]["parts"][2]["thoughtSignature"] = signature.clone();
    let mut on_text = conversation(GEMINI, "gemini-3-pro");
    on_text["contents"][1]["parts"][0] = json!({"text": "Wait.", "thoughtSignature": signature});
    for (path, body, words) in [
        (MESSAGES, behind, "found `tool_use`"),
        (MESSAGES, without, "Expected `thinking`"),
        (RESPONSES, none_reasoned, "without its required 'reasoning' item"),
        (RESPONSES, dangling, "without its required following item"),
        (GEMINI, sibling, "not valid"),
        (GEMINI, on_text, "not valid"),
    ] {
        let refused = A.check(&endpoint(path), &body).unwrap_err();
        let message = refused.message;
        // What stands behind the call is refused for either reason.
        assert!(message.contains(words) || message.contains("cannot be modified"), "{path}: {message}");
    }
}

#[test]
fn a_signature_that_was_lost_passes_and_is_seen() {
    let mut body = conversation(GEMINI, "gemini-3-pro");
    body["contents"][1]["parts"][1]["thoughtSignature"] = json!(SENTINEL);
    assert_eq!(check(A, GEMINI, &body), Ok(()));
    assert_eq!(A.finds(&endpoint(GEMINI), &body)[0], Find::LostNote);
}
