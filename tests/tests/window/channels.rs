//! Channels from the first to the last thing that is done with them.

use serde_json::{Value, json};
use sluice_tests::desktop::Desktop;
use sluice_tests::window::Window;

use crate::{ask, channel, provider, scripted};

const SECRET: &str = "sk-of-a-channel-added-in-the-window";

/// The names of all channels, in their order.
fn names(lines: &Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect()
}

/// Waits until the channels have these names in this order.
async fn order(window: &Window, wanted: &[&str]) {
    window.knows("list_channels", json!({}), |lines| names(lines) == wanted).await;
    let script = "return [...document.querySelectorAll('[data-channel]')].map(row => row.dataset.channel).join() === given[0]";
    window.waits(&format!("rows {wanted:?}"), script, &[&wanted.join(",")]).await;
}

#[tokio::test]
async fn a_channel_is_added_tested_edited_and_asked() {
    let (alpha, gamma) = (provider("a").await, provider("g").await);
    let comment = "# the office's own\n";
    let desktop = Desktop::start(&format!("{comment}{}", channel("Alpha", &alpha.url(), "")));
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;

    window.keys("Control+2").await;
    window.press("Add channel").await;
    window.press_in("main ul", "Other…").await;
    window.fill("Name", "Gamma").await;
    window.fill("Base URL", &format!("{}/v1", gamma.url())).await;
    window.fill("Key", SECRET).await;
    window.fill("For auto", "m").await;
    window.sees("Not saved yet").await;
    window.press("Test").await;
    window.sees("Passed in").await;
    assert_eq!(
        names(&window.perform("list_channels", json!({})).await.unwrap()),
        ["Alpha"],
        "a test saves nothing"
    );

    window.press("Save").await;

    window.knows("list_channels", json!({}), |lines| names(lines) == ["Alpha", "Gamma"]).await;
    window.sees_no_more("Not saved yet").await;
    let file = desktop.config();
    assert!(file.contains(comment) && file.contains("vault = true") && !file.contains(SECRET), "{file}");
    let shown = window.look("return document.documentElement.outerHTML", &[]).await;
    assert!(!shown.as_str().unwrap().contains(SECRET), "the page still holds the key");

    window.fill("Weight", "3").await;
    window.sees("Not saved: identity").await;
    window.press("Save").await;
    window.knows("channel", json!({"name": "Gamma"}), |detail| detail["form"]["weight"] == 3).await;

    let reply = ask(desktop.addr, "Gamma,m").await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("Gamma")), "{reply:?}");
    assert_eq!(gamma.seen().last().unwrap().key.as_deref(), Some(SECRET));
}

#[tokio::test]
async fn channels_are_moved_copied_switched_and_brought_back() {
    let alpha = provider("a").await;
    let url = alpha.url();
    let text = format!(
        "# first\n{}# second\n{}# third\n{}",
        channel("Alpha", &url, "priority = 1"),
        channel("Beta", &url, "priority = 1"),
        channel("Gamma", &url, "priority = 2"),
    );
    let desktop = Desktop::start(&text);
    let window = desktop.window(&["--hidden"]).await;
    window.goes_to("#channels").await;
    order(&window, &["Alpha", "Beta", "Gamma"]).await;

    window.focuses("[data-channel=Beta] [data-control=grip]").await;
    window.keys("Alt+Up").await;
    order(&window, &["Beta", "Alpha", "Gamma"]).await;
    assert!(window.focused().await.starts_with("Move Beta"), "the focus stays on what was moved");

    window.keys("Enter").await;
    window.press("Duplicate").await;
    let lines = window.knows("list_channels", json!({}), |lines| names(lines).len() == 4).await;
    let copy =
        names(&lines).into_iter().find(|name| !["Alpha", "Beta", "Gamma"].contains(name)).unwrap().to_owned();
    assert!(copy.starts_with("Beta"), "{copy}");
    // The window leads to the copy.
    window.sees("Identity").await;

    window.goes_to("#channels").await;
    window.press("Use Gamma").await;
    let off = |lines: &Value| {
        lines.as_array().unwrap().iter().any(|line| line["name"] == "Gamma" && line["enabled"] == false)
    };
    window.knows("list_channels", json!({}), off).await;
    window.press("Use Gamma").await;
    window.knows("list_channels", json!({}), |lines| !off(lines)).await;

    window.focuses("[data-channel=Gamma] [data-control=name]").await;
    window.keys("Delete").await;
    window.sees("Gamma was deleted.").await;
    window.knows("list_channels", json!({}), |lines| !names(lines).contains(&"Gamma")).await;
    assert!(!desktop.config().contains("Gamma"), "{}", desktop.config());
    window.press("Undo").await;
    window.knows("list_channels", json!({}), |lines| names(lines).contains(&"Gamma")).await;
    for comment in ["# first", "# second", "# third"] {
        assert!(desktop.config().contains(comment), "{comment} is gone from {}", desktop.config());
    }
}

#[tokio::test]
async fn a_test_that_fails_says_where_in_the_providers_words_and_what_to_do() {
    let refusal = "no such model here: m";
    let body =
        json!({"error": {"message": refusal, "type": "invalid_request_error", "code": "model_not_found"}});
    let alpha = scripted("a", json!([{"then": {"status": 404, "body": body}}])).await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;

    window.goes_to("#channels?test=Alpha").await;
    window.press("Test").await;

    window.sees("Failed at Model").await;
    window.sees(refusal).await;
    window.sees("not reached").await;
    let report = window.knows("list_channels", json!({}), |lines| !lines[0]["last_test"].is_null()).await;
    assert_eq!(report[0]["last_test"]["ok"], false);
    window.keys("Escape").await;
    window.waits("the sheet to close", "return document.querySelector('dialog[open]') === null", &[]).await;
    window.goes_to("#channels").await;
}

#[tokio::test]
async fn what_is_not_saved_is_not_left_by_accident() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;
    window.goes_to("#channels/Alpha").await;
    window.fill("Weight", "7").await;
    window.sees("Not saved: identity").await;

    window.keys("Control+1").await;
    window.sees("Leave without saving?").await;
    window.press("Stay").await;
    window.field_is("Weight", "7").await;
    window.keys("Control+1").await;
    window.press("Leave").await;

    window.sees("Requests today").await;
    assert!(!desktop.config().contains("weight"), "{}", desktop.config());
}
