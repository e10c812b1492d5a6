//! What the gateway shows besides answers: model lists, health, status, and refusals that clients understand.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use rstest::rstest;
use serde_json::{Value, json};
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::Request;
use sluice_tests::rescue;
use sluice_tests::speech;
use sluice_tests::upstream;

async fn bed() -> Bed {
    let speech = &speech::ALL[0];
    let upstream = upstream::refusing().await;
    let listed =
        Channel { name: "a", addr: upstream, priority: 1, more: "models = [\"m\", \"claude-test\"]" };
    let config = bed::channels(speech, &[listed]) + "[routing.aliases]\nfast = \"m\"\n";
    Bed::start(&config).await
}

async fn get(bed: &Bed, path: &str, headers: &[(&str, &str)]) -> Value {
    let request =
        headers.iter().fold(Request::get(path), |request, (name, value)| request.header(name, value));
    let reply = bed.send(&request).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// P008, P181.
#[rstest]
#[case::openai("/v1/models", &[("authorization", "Bearer sk-sluice-test")], "/data/0/object", "model")]
#[case::bare("/models", &[("authorization", "Bearer sk-sluice-test")], "/object", "list")]
#[case::anthropic("/v1/models?limit=1000", &[("x-api-key", KEY), ("anthropic-version", "2023-06-01")], "/data/0/type", "model")]
#[case::anthropic_by_its_key("/v1/models", &[("x-api-key", KEY)], "/data/0/type", "model")]
#[case::gemini("/v1beta/models", &[("x-goog-api-key", KEY)], "/models/0/supportedGenerationMethods/0", "generateContent")]
#[case::gemini_by_its_key("/v1/models", &[("x-goog-api-key", KEY)], "/models/0/supportedGenerationMethods/0", "generateContent")]
#[tokio::test]
async fn one_list_of_models_in_three_shapes(
    #[case] path: &str,
    #[case] headers: &[(&str, &str)],
    #[case] pointer: &str,
    #[case] expected: &str,
) {
    let bed = bed().await;
    let list = get(&bed, path, headers).await;
    assert_eq!(list.pointer(pointer), Some(&json!(expected)), "{list}");
    for name in ["claude-test", "fast", "auto"] {
        assert!(list.to_string().contains(&format!("{name}\"")), "{name} in {list}");
    }
}

#[tokio::test]
async fn one_model_can_be_looked_up_and_an_unknown_one_is_404() {
    let bed = bed().await;
    assert_eq!(get(&bed, "/v1/models/m", &[("authorization", "Bearer sk-sluice-test")]).await["id"], "m");
    assert_eq!(get(&bed, "/v1beta/models/m", &[("x-goog-api-key", KEY)]).await["name"], "models/m");
    let missing = bed.send(&Request::get("/v1/models/nobody").bearer(KEY)).await;
    assert_eq!(missing.status, 404);
    assert!(missing.json()["error"]["message"].is_string());
}

#[tokio::test]
async fn health_needs_no_key_and_names_no_channel() {
    let bed = bed().await;
    let reply = bed.send(&Request::get("/health")).await;
    assert_eq!(reply.status, 200);
    let health = reply.json();
    let members: Vec<&String> = health.as_object().unwrap().keys().collect();
    assert_eq!(members, ["status", "timestamp", "providers", "system"]);
    assert_eq!(health["providers"], json!({"enabled": 1, "available": 1}));
    assert!(!reply.text().contains("\"a\""));
}

#[tokio::test]
async fn health_is_503_when_no_channel_can_serve() {
    let speech = &speech::ALL[0];
    let off = Channel { name: "a", addr: upstream::refusing().await, priority: 1, more: "enabled = false" };
    let bed = Bed::start(&bed::channels(speech, &[off])).await;
    let reply = bed.send(&Request::get("/health")).await;
    assert_eq!((reply.status, reply.json()["status"].clone()), (503, json!("down")));
}

#[tokio::test]
async fn status_needs_a_key_and_counts_what_happened() {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    let limited = Channel { name: "a", addr: upstream.addr, priority: 1, more: "rpm = 60\nrpd = 1000" };
    let bed = Bed::start(&bed::channels(speech, &[limited])).await;
    for path in ["/status", "/v1/status"] {
        assert_eq!(bed.send(&Request::get(path)).await.status, 401, "{path}");
    }
    for _ in 0..3 {
        assert_eq!(bed.ask(speech, false).await.status, 200);
    }
    let status = get(&bed, "/status", &[("x-api-key", KEY)]).await;
    assert_eq!(status["channels"][0]["name"], "a");
    let apis = get(&bed, "/v1/status", &[("x-api-key", KEY)]).await;
    let api = &apis["apis"][0];
    assert_eq!((api["id"].as_str(), api["enabled"].as_bool()), (Some("a"), Some(true)));
    assert_eq!(api["limits"], json!({"rpm": 60, "rpd": 1000}));
    assert_eq!(api["usage"], json!({"rpm": 3, "rpd": 3}));
    assert!(!status.to_string().contains("sk-a"));
}

#[tokio::test]
async fn the_root_introduces_itself_without_a_key() {
    let bed = bed().await;
    assert_eq!(get(&bed, "/", &[]).await["service"], "sluice");
}

/// P012, P177.
#[rstest]
#[case::codex_websocket("GET", "/v1/responses", 426)]
#[case::claude_code_probe("HEAD", "/api/hello", 404)]
#[case::unknown("GET", "/v1/nowhere", 404)]
#[case::unknown_post("POST", "/v1/images/stolen", 404)]
#[case::unknown_verb("POST", "/v1beta/models/m:undress", 404)]
#[case::wrong_method("DELETE", "/v1/chat/completions", 405)]
#[case::get_of_a_post("GET", "/v1/chat/completions", 405)]
#[tokio::test]
async fn what_is_not_served_says_so(#[case] method: &str, #[case] path: &str, #[case] expected: u16) {
    let bed = bed().await;
    let request =
        Request::plain(method, path).bearer(KEY).header("content-length", "0").header("connection", "close");
    let mut exchange = sluice_tests::http::Exchange::start(bed.addr, &request).await;
    assert_eq!(exchange.head().await, expected);
    if method != "HEAD" {
        let reply = exchange.finish().await;
        assert!(reply.json()["error"]["message"].is_string(), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_400_in_the_callers_shape() {
    let bed = bed().await;
    for speech in &speech::ALL {
        for body in ["", "[]", "{", "nonsense", "{\"model\":\"m\"} {}", "null"] {
            let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
            assert_eq!(reply.status, 400, "{}: {body:?}", speech.protocol);
            let error = reply.json();
            assert!(error["error"]["message"].is_string(), "{error}");
            assert_eq!(error["type"] == "error", speech.protocol == wire::Protocol::Messages, "{error}");
        }
    }
}

#[tokio::test]
async fn an_unknown_model_is_served_by_default_and_says_so_or_is_refused_with_close_names() {
    for speech in &speech::ALL {
        let upstream = rescue::healthy(speech, false).await;
        let channel = Channel { name: "a", addr: upstream.addr, priority: 1, more: "models = [\"m\"]" };
        let config = bed::channels(speech, &[channel]);
        let target = speech.target.replace("/m:", "/mm:");
        let request = Request::post(&target, speech.ask_model("mm", false)).bearer(KEY);
        let by_default = Bed::start(&config).await.send(&request).await;
        assert_eq!(by_default.status, 200, "{}: {}", speech.protocol, by_default.text());
        assert!(by_default.header("x-sluice-note").is_some(), "{:?}", by_default.headers);
        assert_eq!(by_default.header("x-sluice-model"), Some("m"));
        let refusing = Bed::start(&(config + "[routing]\nunknown_models = \"refuse\"\n")).await;
        let refused = refusing.send(&request).await;
        assert_eq!(refused.status, 404, "{}", speech.protocol);
        assert!(refused.text().contains("\\\"mm\\\""), "{}", refused.text());
    }
}

#[tokio::test]
async fn every_answer_says_who_gave_it() {
    for speech in &speech::ALL {
        let upstream = rescue::healthy(speech, false).await;
        let bed = Bed::pair(speech, upstream.addr, upstream.addr).await;
        let reply = bed.ask(speech, false).await;
        for (name, value) in [("x-sluice-channel", "a"), ("x-sluice-model", "m"), ("x-sluice-attempts", "1")]
        {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        assert_eq!(reply.header("x-sluice-request-id").map(str::len), Some(32));
    }
}
