//! The canary: secrets given in the window are found in no file, log, answer, argument or environment.

use std::path::Path;

use serde_json::json;
use sluice_tests::canary;
use sluice_tests::desktop::Desktop;

use crate::{ask, provider, scripted};

/// Unlike anything else, and with bytes that JSON, URLs and base64 write differently.
const KEY: &str = "sk-CANARY/window+7f3a9b2c";
const REFUSED_KEY: &str = "sk-CANARY/refused+4e8d1f6a";
const PASSWORD: &str = "CANARY/proxy+password+1d9e5a3c";

/// Keeps every answer of the program from here on.
const LISTEN: &str = "
    window.heard = [];
    const real = window.fetch;
    window.fetch = async (...asked) => {
        const response = await real(...asked);
        window.heard.push(`${asked[0]} ${await response.clone().text()}`);
        return response;
    };
    const internals = window.__TAURI_INTERNALS__;
    const handler = internals.transformCallback((event) => window.heard.push(`event ${JSON.stringify(event)}`));
    internals.invoke('plugin:event|listen', {event: 'happened', target: {kind: 'Any'}, handler}).then(() => done(true), done)";

#[tokio::test]
async fn secrets_given_in_the_window_are_found_nowhere() {
    let alpha = provider("a").await;
    let echo = json!({"error": {"message": format!("Incorrect API key provided: {REFUSED_KEY}"),
        "type": "invalid_request_error", "code": "invalid_api_key"}});
    let beta = scripted("b", json!([{"then": {"status": 401, "body": echo}}])).await;
    let desktop = Desktop::start("[log]\nlevel = \"debug\"\n");
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;
    assert_eq!(window.find_out(LISTEN).await, json!(true));
    window.press("Skip set-up").await;

    for (name, url, secret, passes) in
        [("Alpha", alpha.url(), KEY, true), ("Beta", beta.url(), REFUSED_KEY, false)]
    {
        window.goes_to("#channels?add=other").await;
        window.fill("Name", name).await;
        window.fill("Base URL", &url).await;
        window.fill("Key", secret).await;
        window.fill("For auto", "m").await;
        window.press("Test").await;
        window.sees(if passes { "Passed in" } else { "Failed at" }).await;
        window.press("Save").await;
        window.knows("list_channels", json!({}), |lines| lines.to_string().contains(name)).await;
        window.sees_no_more("Not saved yet").await;
    }
    window.goes_to("#proxies?add=").await;
    window.fill("Name", "Office").await;
    window.fill("Host", "127.0.0.1").await;
    window.fill("User", "office").await;
    window.press("Set").await;
    window.fill("Password", PASSWORD).await;
    window.press("Save").await;
    window.knows("list_proxies", json!({}), |lines| lines[0]["name"] == "Office").await;
    window.sees_no_more("Not saved yet").await;
    for model in ["auto", "Alpha,m", "Beta,m"] {
        ask(desktop.addr, model).await;
    }
    assert_eq!(alpha.seen().last().unwrap().key.as_deref(), Some(KEY), "the key was used");
    let client = window.perform("add_client_key", json!({"name": "Editor"})).await.unwrap();
    assert_eq!(client["copyable"], true, "{client}");
    for (operation, request) in [
        ("overview", json!({})),
        ("channel", json!({"name": "Alpha"})),
        ("channel", json!({"name": "Beta"})),
        ("traces", json!({})),
        ("client_keys", json!({})),
        ("snippets", json!({})),
        ("settings", json!({})),
        ("effective", json!({})),
        ("diagnostics", json!({})),
        ("copy_client_key", json!({"name": "Editor"})),
    ] {
        window.perform(operation, request).await.unwrap_or_else(|fault| panic!("{operation}: {fault}"));
    }
    for place in
        ["#overview", "#channels", "#channels/Alpha", "#proxies/Office", "#traffic", "#settings/data"]
    {
        window.goes_to(place).await;
    }
    window.sees("config.toml").await;

    let heard = window.look("return window.heard.join('\\n')", &[]).await;
    let mut artefacts = vec![
        ("the answers to the window".to_owned(), heard.as_str().unwrap().to_owned()),
        (
            "the page".to_owned(),
            window.find_out("done(document.documentElement.outerHTML)").await.to_string(),
        ),
    ];
    let processes = processes_of(&desktop);
    assert!(processes.len() >= 2, "the application and its page were found");
    artefacts.extend(processes);
    canary::read_all(desktop.session.home.path(), &mut artefacts);
    assert!(artefacts[0].1.contains("diagnostics"), "the answers were heard");
    assert!(
        artefacts
            .iter()
            .any(|(name, text)| std::path::Path::new(name).extension().is_some_and(|end| end == "log")
                && !text.is_empty()),
        "the log was read"
    );
    canary::search(&artefacts, &[KEY, REFUSED_KEY, PASSWORD]);
}

/// The arguments and the environment of every process of this session.
fn processes_of(desktop: &Desktop) -> Vec<(String, String)> {
    let home = desktop.session.home.path().display().to_string();
    let read = |process: &Path, name: &str| {
        let bytes = std::fs::read(process.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let told = all.map(|process| {
        (process.display().to_string(), read(&process, "environ") + &read(&process, "cmdline"))
    });
    told.filter(|(_, text)| text.contains(&home)).collect()
}
