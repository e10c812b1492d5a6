//! The recorded requests of real clients: each is read, passed on byte for byte, and changed in nothing but what an attempt
//! changes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};
use wire::head::{Head, PathModel};
use wire::note::Notes;
use wire::quirks::Quirks;
use wire::splice::{self, Change, Param};
use wire::{Operation, Protocol};

/// One recorded request.
struct Request {
    file: String,
    protocol: Protocol,
    operation: Operation,
    path_model: Option<(String, bool)>,
    body: Bytes,
}

impl Request {
    fn head(&self) -> Head {
        let path = self.path_model.as_ref().map(|(model, stream)| PathModel { model, stream: *stream });
        Head::read(self.protocol, self.operation, &self.body, path).unwrap()
    }

    fn apply(&self, change: &Change<'_>) -> Bytes {
        splice::apply(&self.head(), &self.body, change, &mut Notes::default())
    }
}

const NOTHING: Change<'_> =
    Change { model: None, params: &[], force: false, ask_usage: false, quirks: Quirks::DEFAULT };

fn requests() -> Vec<Request> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/clients");
    let mut requests: Vec<_> =
        std::fs::read_dir(folder).unwrap().filter_map(|entry| request(&entry.unwrap().path())).collect();
    requests.sort_by(|one, other| one.file.cmp(&other.file));
    assert!(requests.len() > 50, "the fixtures are there");
    requests
}

/// Reads a recording; `None` for one without a body, which is a WebSocket's first request.
fn request(file: &Path) -> Option<Request> {
    let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    if recorded["body"].is_null() {
        return None;
    }
    let path = recorded["path"].as_str().unwrap().split('?').next().unwrap();
    let (protocol, operation) = asked(path);
    let path_model = path
        .rsplit_once(':')
        .map(|(model, verb)| (model.rsplit('/').next().unwrap().to_owned(), verb == "streamGenerateContent"));
    Some(Request {
        file: file.file_name().unwrap().to_string_lossy().into_owned(),
        protocol,
        operation,
        path_model,
        body: recorded["body"].to_string().into(),
    })
}

fn asked(path: &str) -> (Protocol, Operation) {
    let ends = |end: &str| path.ends_with(end);
    if ends("/chat/completions") {
        (Protocol::Chat, Operation::Generate)
    } else if ends("/responses") {
        (Protocol::Responses, Operation::Generate)
    } else if ends("/messages") {
        (Protocol::Messages, Operation::Generate)
    } else if ends("/count_tokens") {
        (Protocol::Messages, Operation::CountTokens)
    } else if ends(":countTokens") {
        (Protocol::Gemini, Operation::CountTokens)
    } else {
        assert!(ends("enerateContent"), "{path}");
        (Protocol::Gemini, Operation::Generate)
    }
}

#[test]
fn every_request_passes_unchanged_and_uncopied() {
    for request in requests() {
        let model = request.head().model.unwrap();
        for change in [NOTHING, Change { model: Some(&model), ..NOTHING }] {
            assert_eq!(request.apply(&change).as_ptr(), request.body.as_ptr(), "{}", request.file);
        }
    }
}

#[test]
fn every_head_agrees_with_a_parsed_body() {
    for request in requests() {
        let (head, body) = (request.head(), serde_json::from_slice::<Value>(&request.body).unwrap());
        match &request.path_model {
            Some((model, stream)) => {
                assert_eq!((head.model.as_deref(), head.stream), (Some(model.as_str()), *stream));
            }
            None => {
                assert_eq!(head.model.as_deref(), body["model"].as_str(), "{}", request.file);
                assert_eq!(head.stream, body["stream"] == json!(true), "{}", request.file);
            }
        }
        let session = body["metadata"]["user_id"].as_str().or(body["prompt_cache_key"].as_str());
        assert_eq!(head.session.as_deref(), session, "{}", request.file);
        assert_eq!(
            head.asks_usage,
            body["stream_options"]["include_usage"] == json!(true),
            "{}",
            request.file
        );
        assert!(!head.stateful, "{}: these clients keep no state upstream", request.file);
    }
}

#[test]
fn an_alias_changes_the_model_s_value_and_nothing_else() {
    for request in requests() {
        let changed = request.apply(&Change { model: Some("another/model"), ..NOTHING });
        if request.protocol == Protocol::Gemini {
            assert_eq!(changed, request.body, "{}: the path names the model", request.file);
            continue;
        }
        let old = format!("\"model\":{}", json!(request.head().model.unwrap()));
        let before = std::str::from_utf8(&request.body).unwrap();
        assert_eq!(changed, before.replacen(&old, "\"model\":\"another/model\"", 1), "{}", request.file);
    }
}

#[test]
fn forced_parameters_and_usage_give_what_a_parser_would() {
    for request in requests().into_iter().filter(|request| request.operation == Operation::Generate) {
        let params = [Param::new("temperature", &0.25).unwrap()];
        let changed = request.apply(&Change { params: &params, force: true, ask_usage: true, ..NOTHING });
        let changed: Value = serde_json::from_slice(&changed).unwrap();
        let mut expected: Value = serde_json::from_slice(&request.body).unwrap();
        match request.protocol {
            Protocol::Gemini => expected["generationConfig"]["temperature"] = json!(0.25),
            Protocol::Chat | Protocol::Responses | Protocol::Messages => {
                expected["temperature"] = json!(0.25);
            }
        }
        if request.protocol == Protocol::Chat && expected["stream"] == json!(true) {
            expected["stream_options"]["include_usage"] = json!(true);
        }
        assert_eq!(changed, expected, "{}", request.file);
    }
}
