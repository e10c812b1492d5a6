//! Imports, keys and pause, as a person at a terminal uses them.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::bed::Bed;

const SECRET: &str = "sk-canary-0123456789abcdef9f2";

/// Runs the program with a vault that a passphrase opens, and with this on its standard input.
fn run(bed: &Bed, arguments: &[&str], input: &str) -> Output {
    let mut command = bed.command(arguments);
    command.env("SLUICE_VAULT_PASSPHRASE", "correct horse battery staple");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn says(bed: &Bed, arguments: &[&str], input: &str) -> String {
    let output = run(bed, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_import_is_shown_first_and_taken_over_only_when_confirmed() {
    let bed = Bed::new();
    let file = bed.folder().join("channels.yaml");
    let text = "channels:\n  - name: own\n    type: claude\n    model: claude-x\n";
    store::write_atomic(&file, text.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    let file = file.to_str().unwrap();

    let shown = bed.says(&["import", file, "--dry-run"]);
    assert!(shown.contains("channels YAML") && shown.contains("own"), "{shown}");
    assert!(!bed.config().exists());
    assert!(bed.refuses(&["import", file], 1).contains("--yes"));
    assert!(!bed.config().exists());

    assert!(bed.says(&["import", file, "--yes"]).contains("added own"));
    assert!(bed.config_text().contains("name = \"own\""));
    assert!(bed.says(&["import", file, "--yes"]).contains("already there"));
}

#[test]
fn an_imported_key_goes_into_the_vault_and_without_one_it_is_said_how_to_get_one() {
    let bed = Bed::new();
    let file = bed.folder().join("channels.yaml");
    let text = format!("channels:\n  - name: own\n    type: claude\n    model: m\n    apiKey: {SECRET}\n");
    store::write_atomic(&file, text.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    let arguments = ["import", file.to_str().unwrap(), "--yes"];

    let refused = bed.refuses(&arguments, 1);
    assert!(refused.contains("SLUICE_VAULT_PASSPHRASE") && !refused.contains(SECRET), "{refused}");
    assert!(!bed.config().exists());

    let shown = bed.says(&["import", arguments[1], "--dry-run"]);
    assert!(shown.contains("  1 key  "), "{shown}");
    let said = says(&bed, &arguments, "");
    assert!(said.contains("added own; 1 secret went into the vault"), "{said}");
}

#[test]
fn a_channels_key_is_read_from_standard_input_and_kept_in_the_vault() {
    let bed = Bed::new();
    says(&bed, &["channels", "add", "a", "--type", "openai", "--model", "m"], "");
    let said = says(&bed, &["channels", "set-key", "a"], &format!("{SECRET}\n"));
    assert!(said.contains("is in the vault") && !said.contains(SECRET), "{said}");
    assert!(bed.config_text().contains("key = { vault = true }"), "{}", bed.config_text());
    assert!(says(&bed, &["channels"], "").contains("ready"));
    let refused = run(&bed, &["channels", "set-key", "a"], "\n");
    assert!(!refused.status.success());
}

#[test]
fn a_programs_key_is_made_listed_shown_and_revoked() {
    let bed = Bed::new();
    says(&bed, &["keys", "add", "Codex"], "");
    let listed = says(&bed, &["keys"], "");
    assert!(listed.contains("Codex") && listed.contains("sk-sluice-…"), "{listed}");
    let refused = run(&bed, &["keys", "show", "Codex"], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--raw"));
    let key = says(&bed, &["keys", "show", "Codex", "--raw"], "");
    assert!(key.starts_with("sk-sluice-") && !listed.contains(key.trim()), "{key}");
    says(&bed, &["keys", "revoke", "Codex"], "");
    assert!(!says(&bed, &["keys"], "").contains("Codex"));
}

#[test]
fn a_paused_gateway_turns_requests_away_until_it_is_resumed() {
    let bed = Bed::new();
    let serving = bed.serve(&["--listen", "127.0.0.1:0"]);
    let key = std::fs::read_to_string(bed.home().join("client-key")).unwrap();
    let bearer = format!("Bearer {}", key.trim());
    let ask = || {
        serving.ask(
            "POST",
            "/v1/chat/completions",
            &[("authorization", &bearer)],
            "{\"model\":\"m\",\"messages\":[]}",
        )
    };
    bed.says(&["pause"]);
    assert!(ask().contains("retry-after: 5"));
    assert!(bed.says(&["status"]).contains("paused"));
    bed.says(&["resume"]);
    assert!(!ask().contains("retry-after: 5"));
}
