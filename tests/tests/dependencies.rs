//! The crates depend on each other as the architecture draws them, and only where it says so on the web and HTTP.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Our crates from the inside out; each may know only what stands before it.
/// `wire ◄ config ◄ pool ◄ store ◄ [ gateway | journal | sim ] ◄ admin ◄ cli`
const LAYERS: [&[&str]; 7] = [
    &["sluice-wire"],
    &["sluice-config"],
    &["sluice-pool"],
    &["sluice-store"],
    &["sluice-gateway", "sluice-journal", "sluice-sim"],
    &["sluice-admin"],
    &["sluice"],
];

/// The pure crates decide and never act.
const PURE: [&str; 3] = ["sluice-wire", "sluice-config", "sluice-pool"];

/// Libraries that only some crates may know.
const RESERVED: [(&str, &[&str]); 9] = [
    ("axum", &["sluice-gateway", "sluice-sim", "sluice-admin", "sluice"]),
    ("reqwest", &["sluice-gateway", "sluice"]),
    ("hyper", &["sluice-gateway", "sluice-sim"]),
    ("h2", &["sluice-gateway"]),
    ("notify", &["sluice-store"]),
    ("tokio", &["sluice-store", "sluice-gateway", "sluice-sim", "sluice-admin", "sluice"]),
    ("getrandom", &["sluice-store"]),
    ("clap", &["sluice"]),
    ("mimalloc", &["sluice"]),
];

/// Each of our shipped packages with its normal dependencies.
fn shipped() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["manifest_path"].as_str().unwrap().contains("/src-tauri/crates/"));
    packages
        .map(|package| (package["name"].as_str().unwrap().to_owned(), normal_dependencies(package)))
        .collect()
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    let normal = all.filter(|dependency| dependency["kind"].is_null());
    normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[test]
fn every_crate_has_its_place_in_the_drawing() {
    for name in shipped().keys() {
        assert!(layer(name).is_some(), "{name} is not in the architecture");
    }
}

#[test]
fn dependencies_point_inwards_only() {
    for (name, dependencies) in shipped() {
        for dependency in &dependencies {
            let Some(inner) = layer(dependency) else { continue };
            assert!(inner < layer(&name).unwrap(), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn reserved_libraries_are_known_only_where_the_architecture_says() {
    for (name, dependencies) in shipped() {
        for (library, allowed) in RESERVED {
            assert!(
                !dependencies.contains(library) || allowed.contains(&name.as_str()),
                "{name} must not know {library}"
            );
        }
    }
}

#[test]
fn pure_crates_know_no_library_that_acts() {
    let acting =
        ["tokio", "hyper", "reqwest", "axum", "notify", "directories", "getrandom", "tempfile", "uuid"];
    for (name, dependencies) in shipped().iter().filter(|(name, _)| PURE.contains(&name.as_str())) {
        for library in acting {
            assert!(!dependencies.contains(library), "{name} is pure and must not know {library}");
        }
    }
}
