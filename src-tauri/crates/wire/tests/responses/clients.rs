//! The recorded requests of real clients.

#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::told::told;
use super::{sent, target, with_ask};

/// Codex, Cline, opencode and Qwen Code, as they were recorded.
fn requests() -> Vec<(String, Value)> {
    let mut requests: Vec<_> = std::fs::read_dir(fixtures("clients"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|file| {
            let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let is_ours =
                recorded["path"].as_str().unwrap().ends_with("/responses") && !recorded["body"].is_null();
            is_ours
                .then(|| (file.file_name().unwrap().to_string_lossy().into_owned(), recorded["body"].clone()))
        })
        .collect();
    requests.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(requests.len() >= 12, "the fixtures are there");
    requests
}

pub(super) fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures").join(folder)
}

#[test]
fn every_client_s_request_means_the_same_when_it_is_written_again() {
    for (file, body) in requests() {
        let (before, written) = with_ask(&body.to_string(), |ask| {
            let ask = ask.unwrap();
            (told(&ask), sent(&ask, &target("gpt-6")))
        });
        // Without tools there is nothing to choose, and saying so would be refused.
        let has_tools = before.iter().any(|line| line.starts_with("tool "));
        let before: Vec<String> = before
            .into_iter()
            .filter(|line| has_tools || !(line.starts_with("choice") || line.starts_with("parallel")))
            .collect();
        let after = with_ask(&written.to_string(), |ask| told(&ask.unwrap()));
        assert_eq!(after.len(), before.len(), "{file}");
        for (after, before) in after.iter().zip(&before) {
            assert_eq!(after, before, "{file}");
        }
        assert_eq!(written["store"], false, "{file}: nothing is kept upstream");
    }
}

#[test]
fn nothing_but_hints_is_left_out_of_a_client_s_request() {
    let hints = ["drop:include", "drop:truncation", "drop:reasoning.context", "emulate:input[].type"];
    for (file, body) in requests() {
        with_ask(&body.to_string(), |ask| {
            let notes: Vec<String> = ask.unwrap().notes.list().iter().map(ToString::to_string).collect();
            assert!(notes.iter().all(|note| hints.contains(&note.as_str())), "{file}: {notes:?}");
        });
    }
}

#[test]
fn codex_offers_tools_of_every_kind() {
    let tools = |file: &str| {
        let body = requests().into_iter().find(|(name, _)| name == file).unwrap().1;
        with_ask(&body.to_string(), |ask| {
            let ask = ask.unwrap();
            let words: Vec<String> = told(&ask)
                .into_iter()
                .filter(|line| line.starts_with("tool "))
                .map(|line| line.split(':').next().unwrap().trim_start_matches("tool ").to_owned())
                .collect();
            (words, ask.wanted.tool_search, ask.wanted.compaction)
        })
    };
    let (functions, ..) = tools("codex.functions.first-turn.json");
    assert!(functions.contains(&"multi_agent_v1__spawn_agent".to_owned()), "{functions:?}");
    let (freeform, searches, _) = tools("codex.freeform.first-turn.json");
    assert!(freeform.contains(&"apply_patch".to_owned()) && searches, "{freeform:?}");
    assert!(freeform.contains(&"tool_search".to_owned()), "{freeform:?}");
    // P175: all tools stand among the items.
    let (lite, ..) = tools("codex.lite.first-turn.json");
    assert_eq!(lite, ["functions__exec", "functions__wait", "functions__request_user_input"]);
    let (_, _, compacts) = tools("codex.compaction-remote.json");
    assert!(compacts);
}

#[test]
fn a_whole_turn_of_codex_is_one_turn() {
    let body = requests().into_iter().find(|(name, _)| name == "codex.lite.tool-output.json").unwrap().1;
    let lines = with_ask(&body.to_string(), |ask| told(&ask.unwrap()));
    let assistant: Vec<&String> = lines.iter().filter(|line| line.starts_with("assistant:")).collect();
    let [turn] = assistant.as_slice() else { panic!("{assistant:?}") };
    assert!(turn.starts_with("assistant: thinks The file has to be made first. [RVhB"), "{turn}");
    assert!(turn.contains("| functions__exec(call_0000000000000000000001) free const r"), "{turn}");
    assert!(lines.iter().any(|line| line.starts_with("user: [call_0000000000000000000001 free] lorem")));
}

#[test]
fn the_golden_request_is_written_as_it_was_read() {
    let golden = std::fs::read_to_string(fixtures("streams").join("Q1.responses.json")).unwrap();
    let written = with_ask(&golden, |ask| sent(&ask.unwrap(), &target("M")));
    assert_eq!(written, serde_json::from_str::<Value>(&golden).unwrap());
}
