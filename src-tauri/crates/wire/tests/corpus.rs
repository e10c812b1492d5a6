//! What the fuzzer is seeded with and what it once found, replayed.
//!
//! `SLUICE_WRITE_SEEDS=folder` writes the seeds for `make fuzz`, a folder for each target. What it finds is kept by copying
//! it to `fuzz/corpus/TARGET/`; requests that bring opaque notes back stand there from the start.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::{Path, PathBuf};

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzzer's own crate makes it public")]
mod drive;

use drive::Protocol;

/// A target's name and its seeds.
type Seeded = (String, Vec<Vec<u8>>);

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// The protocol that a fixture's name tells.
fn protocol_of(file: &str) -> Protocol {
    let tells = |words: &[&str]| words.iter().any(|word| file.contains(word));
    if tells(&["anthropic", "claude-code"]) {
        Protocol::Messages
    } else if tells(&["responses", "codex"]) {
        Protocol::Responses
    } else if tells(&["gemini"]) {
        Protocol::Gemini
    } else {
        Protocol::Chat
    }
}

/// The body of a client's recorded request; other files are bodies themselves.
fn body(file: &[u8]) -> Vec<u8> {
    let mut recorded: serde_json::Value = serde_json::from_slice(file).unwrap();
    match recorded["body"].take() {
        serde_json::Value::Null => file.to_vec(),
        body => body.to_string().into_bytes(),
    }
}

/// The seeds of every target.
fn seeds() -> Vec<Seeded> {
    let recorded: Vec<(String, Vec<u8>)> =
        ["clients", "streams"].into_iter().flat_map(|folder| files(&fixtures().join(folder))).collect();
    let mut seeds = vec![("sse".to_owned(), Vec::new())];
    for protocol in Protocol::ALL {
        let of = |extension: &str| -> Vec<Vec<u8>> {
            let ours = |file: &&(String, Vec<u8>)| {
                file.0.ends_with(extension)
                    && !file.0.contains("websocket")
                    && protocol_of(&file.0) == protocol
            };
            recorded.iter().filter(ours).map(|file| file.1.clone()).collect()
        };
        let streams = of(".sse");
        seeds[0].1.extend(streams.clone());
        seeds.push((format!("stream_{protocol}"), streams));
        let requests = of(".json").iter().map(|file| body(file)).collect();
        seeds.push((format!("request_{protocol}"), requests));
    }
    seeds
}

fn drive(target: &str, input: &[u8]) {
    match target.split_once('_') {
        Some((kind, word)) => {
            let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.word() == word).unwrap();
            if kind == "request" {
                drive::request(protocol, input);
            } else {
                drive::stream(protocol, input);
            }
        }
        None => drive::sse(input),
    }
}

/// Writes the seeds for the fuzzer, if it asks for them.
fn write(target: &str, seeds: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os("SLUICE_WRITE_SEEDS") else { return };
    let folder = Path::new(&folder).join(target);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), seed).unwrap();
    }
}

#[test]
fn seeds_and_kept_findings_pass() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, seeds) in seeds() {
        assert!(!seeds.is_empty(), "{target} has no seeds");
        write(&target, &seeds);
        for seed in seeds {
            drive(&target, &seed);
        }
        for (name, input) in files(&kept.join(&target)) {
            println!("{target} {name}");
            drive(&target, &input);
        }
    }
}
