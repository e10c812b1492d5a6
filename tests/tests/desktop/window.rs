//! What the window may do, and what a page that went wrong could not.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::{channel, provider};

#[tokio::test]
async fn the_window_reaches_its_operations_and_nothing_else() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let window = desktop.window(&[]).await;

    let channels = window.perform("list_channels", json!({})).await.unwrap();
    assert_eq!(channels[0]["name"], "Alpha");
    let fault = window.perform("list_channels", json!({"nothing": 1})).await.unwrap_err();
    assert_eq!(fault["code"], "invalid", "{fault}");
    for (command, request) in [
        ("plugin:window|close", json!({})),
        ("plugin:app|version", json!({})),
        ("plugin:path|resolve_directory", json!({"directory": 1})),
        ("plugin:clipboard-manager|read_text", json!({})),
        ("plugin:dialog|open", json!({"options": {}})),
        ("plugin:opener|open_url", json!({"url": "https://evil.example"})),
        ("plugin:event|emit", json!({"event": "happened", "payload": null})),
    ] {
        let refused = window.invoke(command, request).await.unwrap_err();
        assert!(refused.as_str().unwrap().contains("not allowed"), "{command}: {refused}");
    }
    for (operation, request, field) in [
        ("open_page", json!({"url": "https://evil.example"}), "url"),
        ("preview_import", json!({"path": "/etc/passwd"}), "path"),
    ] {
        let fault = window.perform(operation, request).await.unwrap_err();
        assert_eq!(
            (&fault["code"], &fault["field"]),
            (&json!("invalid"), &json!(field)),
            "{operation}: {fault}"
        );
    }
}

#[tokio::test]
async fn nothing_from_outside_is_shown_or_loaded() {
    let desktop = Desktop::start("");
    let window = desktop.window(&[]).await;
    for (attempt, outcome) in [
        ("fetch('http://127.0.0.1:1/').then(() => done('loaded'), () => done('refused'))", "refused"),
        (
            "const image = new Image(); image.onload = () => done('loaded'); image.onerror = () => done('refused'); \
          image.src = 'http://127.0.0.1:1/x.png'",
            "refused",
        ),
        (
            "const script = document.createElement('script'); script.textContent = 'window.ran = true'; \
          document.body.append(script); done(window.ran ? 'ran' : 'refused')",
            "refused",
        ),
        (
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = true\">'); \
          const image = document.body.lastElementChild; \
          image.addEventListener('error', () => done(window.ran ? 'ran' : 'refused'))",
            "refused",
        ),
        ("done(window.open('https://evil.example/') === null ? 'refused' : 'opened')", "refused"),
        ("done(window.__TAURI__ === undefined ? 'refused' : 'given')", "refused"),
    ] {
        assert_eq!(window.find_out(attempt).await, outcome, "{attempt}");
    }
    let before = window.page.current_url().await.unwrap();
    window.page.execute("location = 'https://evil.example/'", Vec::new()).await.unwrap();
    // A question that is answered after the navigation was refused.
    window.perform("desktop", json!({})).await.unwrap();
    assert_eq!(window.page.current_url().await.unwrap(), before);
}

#[tokio::test]
async fn the_start_at_login_is_an_entry_of_the_desktop() {
    let desktop = Desktop::start("");
    let window = desktop.window(&[]).await;
    let entry = desktop.session.home.path().join("config/autostart/sluice.desktop");
    assert_eq!(window.perform("autostart", json!({})).await.unwrap(), json!({"enabled": false}));

    let enabled = window.perform("set_autostart", json!({"enabled": true})).await.unwrap();
    assert_eq!(enabled, json!({"enabled": true}));
    let written = std::fs::read_to_string(&entry).unwrap();
    assert!(written.contains("sluice-desktop\" --hidden\n"), "{written}");

    window.perform("set_autostart", json!({"enabled": false})).await.unwrap();
    assert!(!entry.exists());
}

#[tokio::test]
async fn the_first_steps_are_offered_once() {
    let desktop = Desktop::start("");
    let window = desktop.window(&[]).await;
    let due = async || window.perform("desktop", json!({})).await.unwrap()["first_run"].clone();
    assert_eq!(due().await, true);

    window.perform("finish_first_run", json!({})).await.unwrap();

    assert_eq!(due().await, false);
}
