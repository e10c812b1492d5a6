//! What the window may do, beside a list that a person has read: whoever widens it changes the list.

use std::path::Path;

use serde_json::Value;
use sluice_tests::desktop::Desktop;

/// The list.
const READ: &str = include_str!("surface.golden");

#[tokio::test]
async fn the_windows_powers_are_those_that_were_read() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("src-tauri");
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(program.join(name)).unwrap()).unwrap()
    };
    let mut told = vec![format!("the application: {:#}", read("tauri.conf.json")["app"])];
    let capabilities = std::fs::read_dir(program.join("capabilities")).unwrap();
    for file in capabilities.map(|entry| entry.unwrap().file_name()) {
        told.push(format!("{}: {:#}", file.display(), read(&format!("capabilities/{}", file.display()))));
    }
    told.push(format!("the policy in force: {}", policy_in_force().await));

    assert_eq!(told.join("\n") + "\n", READ);
}

/// The policy as the page meets it, told by its own refusal; what differs in each start is left out.
async fn policy_in_force() -> String {
    let desktop = Desktop::start("");
    let window = desktop.window(&[]).await;
    let script = "addEventListener('securitypolicyviolation', event => done(event.originalPolicy)); \
        new Image().src = 'http://127.0.0.1:1/'";
    let policy = window.find_out(script).await;
    let directives = policy.as_str().unwrap().split(';').map(|directive| {
        let words = directive.split_whitespace().map(|word| match word {
            word if word.starts_with("'nonce-") => "'nonce'",
            word if word.starts_with("'sha256-") => "'hash'",
            word => word,
        });
        let mut words: Vec<_> = words.collect();
        words.dedup();
        words.join(" ")
    });
    let mut directives: Vec<_> = directives.collect();
    directives.sort();
    directives.join("; ")
}
