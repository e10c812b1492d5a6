//! What real Gemini clients send, and the golden streams: read, and written again with the same meaning.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use wire::ask::Wanted;
use wire::calls::Names;
use wire::dialect::{self, Addressee, Target};
use wire::frames::Framing;
use wire::head::{Head, PathModel};
use wire::json::Tape;
use wire::observe::Observer;
use wire::sse::{EVENT_BYTES_MAX, Scanner};
use wire::translate::{self, Translation};
use wire::{Operation, Protocol};

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures").join(folder)
}

/// Returns the model and the body of every recorded request to generate.
fn requests() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fixtures("clients")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let path = recorded["path"].as_str().unwrap().split('?').next().unwrap();
        if let Some((model, _)) = path.rsplit_once(':').filter(|_| path.contains("/models/")) {
            let model = model.rsplit('/').next().unwrap().to_owned();
            found.push((name, model, recorded["body"].to_string()));
        }
    }
    assert!(found.len() >= 12, "the fixtures are there");
    found
}

/// Reads a request and writes it again; the second are the notes.
fn written(body: &str, model: &str) -> (Value, Vec<String>) {
    let path = PathModel { model, stream: true };
    let head = Head::read(Protocol::Gemini, Operation::Generate, body.as_bytes(), Some(path)).unwrap();
    let target = Target {
        protocol: Protocol::Gemini,
        model,
        first_party: true,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    };
    let translated = translate::request(&head, body.as_bytes(), &target, &wire::state::Forgetful).unwrap();
    let notes = translated.notes.list().iter().map(ToString::to_string).collect();
    (serde_json::from_slice(&translated.body).unwrap(), notes)
}

/// Returns all texts, calls and results of a conversation, without what may be said in another way.
fn meaning(request: &Value) -> Vec<String> {
    let parts = request["contents"].as_array().unwrap().iter().flat_map(|content| {
        let role = content["role"].as_str().unwrap();
        content["parts"].as_array().unwrap().iter().map(move |part| (role, part))
    });
    let mut said: Vec<String> = parts
        .filter_map(|(role, part)| {
            if let Some(call) = part.get("functionCall") {
                return Some(format!(
                    "{role} calls {} {} {}",
                    call["name"], call["args"], part["thoughtSignature"]
                ));
            }
            if let Some(result) = part.get("functionResponse") {
                let response = &result["response"];
                let given = response.get("output").unwrap_or(response);
                return Some(format!(
                    "result {}",
                    given.as_str().map_or_else(|| given.to_string(), str::to_owned)
                ));
            }
            if part["text"] == "" {
                return None;
            }
            Some(format!("{role} {} {} {}", part["text"], part["thought"], part["inlineData"]["data"]))
        })
        .collect();
    // What stands between a call and its result comes behind the result.
    said.sort();
    said
}

#[test]
fn every_client_s_request_keeps_its_meaning() {
    for (file, model, body) in requests() {
        let (again, notes) = written(&body, &model);
        let sent: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(meaning(&again), meaning(&sent), "{file}");
        let instructions = sent.get("systemInstruction").or_else(|| sent.get("system_instruction"));
        assert_eq!(
            again["systemInstruction"]["parts"],
            instructions.map_or(Value::Null, |said| said["parts"].clone()),
            "{file}"
        );
        let declared = |request: &Value| {
            let tools = request["tools"].get(0).unwrap_or(&request["tools"]);
            tools["functionDeclarations"].as_array().map_or(0, Vec::len)
        };
        assert_eq!(declared(&again), declared(&sent), "{file}");
        for setting in ["temperature", "topP", "topK", "responseMimeType"] {
            assert_eq!(
                again["generationConfig"][setting], sent["generationConfig"][setting],
                "{file}: {setting}"
            );
        }
        let unexpected: Vec<_> = notes.iter().filter(|note| !note.starts_with("emulate:tools")).collect();
        assert!(unexpected.is_empty(), "{file}: {unexpected:?}");
    }
}

#[test]
fn what_was_written_once_is_written_again_as_it_is() {
    for (file, model, body) in requests() {
        let (once, _) = written(&body, &model);
        let (twice, _) = written(&once.to_string(), &model);
        assert_eq!(twice, once, "{file}");
    }
}

#[test]
fn a_request_of_the_golden_set_is_written_as_it_stands() {
    let body = std::fs::read_to_string(fixtures("streams/Q1.gemini.json")).unwrap();
    let (again, notes) = written(&body, "gemini-2.5-pro");
    assert_eq!(again, serde_json::from_str::<Value>(&body).unwrap());
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn golden_streams_are_written_as_they_stand() {
    for file in ["L1.gemini.sse", "L2.gemini.sse"] {
        let golden = std::fs::read(fixtures("streams").join(file)).unwrap();
        let to = Addressee {
            protocol: Protocol::Gemini,
            wanted: Wanted::default(),
            framing: Framing::Sse,
            id: "r1".to_owned(),
            created_s: 0,
            input_estimate: 0,
            issuer: wire::state::NOBODY.clone(),
            think_tags: false,
        };
        let mut observer = Observer::new(Protocol::Gemini);
        let mut translation = Translation::new(Protocol::Gemini, Names::default(), &to);
        let mut out = Vec::new();
        let mut scanner = Scanner::new(EVENT_BYTES_MAX);
        scanner
            .push(&golden, &mut |event| {
                observer.event(event.name, event.data);
                translation.event(event.name, event.data, observer.counts(), &mut out);
            })
            .unwrap();
        assert!(observer.ended());
        translation.finish(observer.counts(), &mut out);
        assert_eq!(folded(&out), folded(&golden), "{file}");
    }
}

/// Joins a stream's neighbouring texts of one kind, and returns its parts, its reason and its usage.
fn folded(stream: &[u8]) -> (Vec<Value>, Value, Value) {
    let mut scanner = Scanner::new(EVENT_BYTES_MAX);
    let (mut parts, mut reason, mut usage) = (Vec::<Value>::new(), Value::Null, Value::Null);
    scanner
        .push(stream, &mut |event| {
            let chunk: Value = serde_json::from_slice(event.data).unwrap();
            let candidate = &chunk["candidates"][0];
            for part in candidate["content"]["parts"].as_array().unwrap() {
                match parts.last_mut() {
                    Some(last)
                        if part.get("text").is_some()
                            && last["thought"] == part["thought"]
                            && last.get("text").is_some() =>
                    {
                        let joined =
                            format!("{}{}", last["text"].as_str().unwrap(), part["text"].as_str().unwrap());
                        last["text"] = joined.into();
                    }
                    _ if part["text"] == "" => {}
                    _ => parts.push(part.clone()),
                }
            }
            if !candidate["finishReason"].is_null() {
                reason = candidate["finishReason"].clone();
                usage = chunk["usageMetadata"].clone();
            }
        })
        .unwrap();
    (parts, reason, usage)
}

#[test]
fn a_count_s_request_is_read_like_any_other() {
    let (file, model, body) =
        requests().into_iter().find(|(file, ..)| file.contains("count-tokens")).unwrap();
    let tape = Tape::read(body.as_bytes()).unwrap();
    let path = PathModel { model: &model, stream: false };
    let head = Head::read(Protocol::Gemini, Operation::CountTokens, body.as_bytes(), Some(path)).unwrap();
    let ask = dialect::of(Protocol::Gemini).decode_request(&tape, &head).unwrap();
    assert_eq!(ask.turns.len(), 1, "{file}");
}
