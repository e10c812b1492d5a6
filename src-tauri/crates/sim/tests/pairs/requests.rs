use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use wire::dialect::Target;
use wire::head::{Head, PathModel};
use wire::translate::{self, Translated, Untranslatable};
use wire::{Operation, Protocol};

use crate::{path, protocol_of};

/// A request as a real client sent it.
pub(crate) struct Sent {
    pub(crate) file: String,
    pub(crate) protocol: Protocol,
    path: String,
    pub(crate) body: String,
}

impl Sent {
    /// Whether its answer is to be streamed.
    pub(crate) fn streams(&self) -> bool {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["stream"] == true || self.path.contains("stream")
    }
}

/// Reads the skeletons of real clients' requests for answers.
pub(crate) fn sent() -> Vec<Sent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures");
    let mut all = Vec::new();
    for entry in folder.join("clients").read_dir().unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let is_json = Path::new(&file).extension().is_some_and(|kind| kind == "json");
        if !is_json || file.contains("count-tokens") || file.contains("websocket") {
            continue;
        }
        let text = std::fs::read_to_string(folder.join("clients").join(&file)).unwrap();
        let fixture: Value = serde_json::from_str(&text).unwrap();
        all.push(Sent {
            protocol: protocol_of(&file),
            path: fixture["path"].as_str().unwrap().to_owned(),
            body: fixture["body"].to_string(),
            file,
        });
    }
    for name in ["chat", "responses", "anthropic", "gemini"] {
        let file = format!("Q1.{name}.json");
        let body = std::fs::read_to_string(folder.join("streams").join(&file)).unwrap();
        let path = "/v1beta/models/gemini-3-pro:generateContent".to_owned();
        all.push(Sent { protocol: protocol_of(&file), path, body, file });
    }
    all.sort_by(|one, other| one.file.cmp(&other.file));
    assert!(all.len() > 40, "the fixtures lie where they are looked for");
    all
}

/// A model of each protocol's own provider, and one of somebody else's.
pub(crate) fn models(protocol: Protocol) -> [(&'static str, bool); 2] {
    match protocol {
        Protocol::Chat => [("gpt-5.4", true), ("deepseek-chat", false)],
        Protocol::Responses => [("gpt-5.4", true), ("grok-4", false)],
        Protocol::Messages => [("claude-sonnet-5", true), ("kimi-k2", false)],
        Protocol::Gemini => [("gemini-3-pro", true), ("gemini-2.5-flash", false)],
    }
}

fn translated(
    sent: &Sent,
    target: Protocol,
    model: &str,
    first_party: bool,
) -> Result<Translated, Untranslatable> {
    let stream = sent.path.contains("stream");
    let from_path = (sent.protocol == Protocol::Gemini).then_some(PathModel { model: "m", stream });
    let head = Head::read(sent.protocol, Operation::Generate, sent.body.as_bytes(), from_path).unwrap();
    let target = Target {
        protocol: target,
        model,
        first_party,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    };
    translate::request(&head, sent.body.as_bytes(), &target, &wire::state::Forgetful)
}

/// What cannot be said to some targets, and the field that the refusal names.
const UNSAID: &[(&str, &[Protocol], &str)] = &[];

#[test]
fn what_real_clients_ask_is_accepted_by_every_provider() {
    let mut faults = Vec::new();
    let mut table: BTreeMap<String, String> = BTreeMap::new();
    for sent in sent() {
        for target in Protocol::ALL {
            if target == sent.protocol {
                continue;
            }
            for (model, first_party) in models(target) {
                let found = match translated(&sent, target, model, first_party) {
                    Ok(translated) => {
                        let body: Value = serde_json::from_slice(&translated.body).unwrap();
                        sim::broken(&path(target, model), &body).map(|broken| format!("refused: {broken}"))
                    }
                    Err(Untranslatable::Unsaid(unsaid)) => {
                        let known = UNSAID.iter().any(|(file, targets, field)| {
                            sent.file == *file && targets.contains(&target) && unsaid.field.contains(field)
                        });
                        (!known).then(|| format!("unsaid: {unsaid}"))
                    }
                    Err(Untranslatable::Malformed(fault)) => Some(format!("malformed: {fault}")),
                };
                let mark = if found.is_some() { "x" } else { "." };
                table.entry(sent.file.clone()).or_default().push_str(mark);
                faults.extend(found.map(|found| format!("{} → {target} {model}: {found}", sent.file)));
            }
        }
    }
    for (file, marks) in &table {
        println!("{file:<50} {marks}");
    }
    assert!(faults.is_empty(), "{} of them:\n{}", faults.len(), faults.join("\n"));
}
