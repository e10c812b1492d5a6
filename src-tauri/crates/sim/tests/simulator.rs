//! The simulator over real sockets: what a client of each provider gets, and what the faults do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use sim::{Fault, Plan, Rule, Simulator, Then};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Everything the server sent on one connection, head and body, still in chunks.
async fn exchange(simulator: &Simulator, method: &str, target: &str, body: &Value) -> String {
    let mut socket = TcpStream::connect(simulator.addr).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer sk-test\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply).await.unwrap();
    String::from_utf8(reply).unwrap()
}

fn body_of(reply: &str) -> Value {
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {reply}"))
}

fn hello() -> Value {
    json!({"model": "m", "max_tokens": 50, "input": "hello",
        "messages": [{"role": "user", "content": "hello"}],
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}]})
}

fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

const EXPECTED: &str = "You said: \"hello\". Greetings from test.";

#[tokio::test]
async fn every_dialect_answers_whole() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    for (target, pointer) in [
        ("/v1/chat/completions", "/choices/0/message/content"),
        ("/v1/responses", "/output/0/content/0/text"),
        ("/v1/messages", "/content/0/text"),
        ("/v1beta/models/m:generateContent", "/candidates/0/content/parts/0/text"),
    ] {
        let body = body_of(&exchange(&simulator, "POST", target, &hello()).await);
        assert_eq!(body.pointer(pointer), Some(&json!(EXPECTED)), "{target}: {body}");
    }
}

#[tokio::test]
async fn every_dialect_streams_its_words_and_its_terminal() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    for (target, terminal) in [
        ("/v1/chat/completions", "data: [DONE]\n\n"),
        ("/v1/responses", "event: response.completed\n"),
        ("/v1/messages", "event: message_stop\n"),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", "\"finishReason\":\"STOP\""),
        ("/v1beta/models/m:streamGenerateContent", "\"finishReason\":\"STOP\""),
    ] {
        let reply = exchange(&simulator, "POST", target, &streamed(hello())).await;
        assert!(reply.contains("Greetings ") && reply.contains(terminal), "{target}: {reply}");
        assert!(reply.ends_with("\r\n0\r\n\r\n"), "{target}: a clean end");
    }
}

#[tokio::test]
async fn a_cut_sends_the_events_before_it_and_no_end() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    for (target, events) in
        [("/v1/chat/completions", 3), ("/v1/messages", 5), ("/v1/responses", 6), ("/v1/chat/completions", 0)]
    {
        simulator.script(vec![Rule::once(Then::fault(Fault::CutAfterEvents(events)))]);
        let reply = exchange(&simulator, "POST", target, &streamed(hello())).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{target}: {reply}");
        assert_eq!(reply.matches("data: ").count(), events, "{target}: {reply}");
        assert!(!reply.ends_with("0\r\n\r\n"), "{target}: {reply}");
    }
}

#[tokio::test]
async fn hanging_up_sends_nothing() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    simulator.script(vec![Rule::once(Then::fault(Fault::HangUp))]);
    assert_eq!(exchange(&simulator, "POST", "/v1/messages", &hello()).await, "");
    assert_eq!(simulator.seen().len(), 1);
}

#[tokio::test]
async fn a_stalled_reply_ends_when_its_client_leaves() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    simulator.script(vec![Rule::once(Then::fault(Fault::StallAfterEvents(2)))]);
    let question = streamed(hello());
    tokio::select! {
        reply = exchange(&simulator, "POST", "/v1/chat/completions", &question) => panic!("ended: {reply}"),
        () = simulator.has_seen(1) => {}
    }
    simulator.is_quiet().await;
}

#[tokio::test]
async fn errors_are_in_the_providers_own_shape() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    simulator
        .script(vec![Rule::always(sim::Match::default(), Then::status(429).with_header("retry-after", "7"))]);
    for (target, pointer, expected) in [
        ("/v1/chat/completions", "/error/code", "rate_limit_exceeded"),
        ("/v1/messages", "/error/type", "rate_limit_error"),
        ("/v1beta/models/m:generateContent", "/error/status", "RESOURCE_EXHAUSTED"),
    ] {
        let reply = exchange(&simulator, "POST", target, &hello()).await;
        assert!(reply.starts_with("HTTP/1.1 429") && reply.contains("\r\nretry-after: 7\r\n"), "{reply}");
        assert_eq!(body_of(&reply).pointer(pointer), Some(&json!(expected)), "{target}");
    }
}

#[tokio::test]
async fn the_record_holds_the_exact_request_and_can_be_reset() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    exchange(&simulator, "POST", "/v1/messages?beta=true", &hello()).await;
    let requests = body_of(&exchange(&simulator, "GET", "/__sim/requests", &json!({})).await);
    let seen = &requests[0];
    assert_eq!(seen["path"], "/v1/messages");
    assert_eq!(seen["query"], "beta=true");
    assert_eq!((seen["model"].as_str(), seen["key"].as_str()), (Some("m"), Some("sk-test")));
    assert_eq!(seen["body"], hello().to_string());
    exchange(&simulator, "POST", "/__sim/reset", &json!({})).await;
    assert_eq!(simulator.seen(), []);
}

#[tokio::test]
async fn a_script_can_be_posted() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    let script = json!([{"match": {"model": "m"}, "times": 1, "then": {"status": 503}}]);
    exchange(&simulator, "POST", "/__sim/script", &script).await;
    assert!(exchange(&simulator, "POST", "/v1/messages", &hello()).await.starts_with("HTTP/1.1 503"));
    assert!(exchange(&simulator, "POST", "/v1/messages", &hello()).await.starts_with("HTTP/1.1 200"));
    let refused = exchange(&simulator, "POST", "/__sim/script", &json!([{"than": {}}])).await;
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
}

#[tokio::test]
async fn a_tool_is_called_with_the_arguments_of_the_prompt() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    let prompt = "tool:weather {\"city\":\"Oslo\"}";
    let body = json!({"model": "m", "input": prompt, "messages": [{"role": "user", "content": prompt}],
        "contents": [{"parts": [{"text": prompt}]}], "tools": [{"name": "weather"}]});
    for (target, pointer) in [
        ("/v1/chat/completions", "/choices/0/message/tool_calls/0/function/name"),
        ("/v1/responses", "/output/0/name"),
        ("/v1/messages", "/content/0/name"),
        ("/v1beta/models/m:generateContent", "/candidates/0/content/parts/0/functionCall/name"),
    ] {
        let reply = body_of(&exchange(&simulator, "POST", target, &body).await);
        assert_eq!(reply.pointer(pointer), Some(&json!("weather")), "{target}: {reply}");
    }
}

#[tokio::test]
async fn a_flaky_provider_fails_every_second_request() {
    let simulator = Simulator::start(Plan::flaky("test")).await.unwrap();
    for expected in ["200", "503", "200", "503"] {
        let reply = exchange(&simulator, "POST", "/v1/messages", &hello()).await;
        assert_eq!(&reply[9..12], expected);
    }
}

#[tokio::test]
async fn stopping_closes_the_listener() {
    let simulator = Simulator::start(Plan::steady("test")).await.unwrap();
    let addr = simulator.addr;
    simulator.stop().await;
    assert!(TcpStream::connect(addr).await.is_err());
}
