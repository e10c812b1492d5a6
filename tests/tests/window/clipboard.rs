//! A client's key on the clipboard: copied in the window, taken off again, and nothing else with it.

use sluice_tests::desktop::{CLIENT_KEY, Desktop};
use sluice_tests::until_async;

use crate::{channel, provider};

/// What the log says when a key's time on the clipboard is over.
const TAKEN_OFF: &str = "a copied key was taken off the clipboard";
const NOT_THERE: &str = "a copied key is no more on the clipboard";

/// A desktop whose application tells in its log what becomes of a copied key.
async fn talkative() -> Desktop {
    let alpha = provider("a").await;
    Desktop::start(&format!("[log]\nlevel = \"debug\"\n{}", channel("Alpha", &alpha.url(), "")))
}

async fn holds_the_key(desktop: &Desktop) {
    until_async("the key on the clipboard", async || (desktop.clipboard() == CLIENT_KEY).then_some(())).await;
}

#[tokio::test]
async fn a_copied_key_is_hidden_from_histories_and_taken_off_after_a_while() {
    let desktop = talkative().await;
    let window = desktop.window(&[]).await;

    window.press("Copy Key").await;

    holds_the_key(&desktop).await;
    let forms = desktop.clipboard_forms();
    assert!(forms.contains("x-kde-passwordManagerHint"), "{forms}");
    desktop.logs(TAKEN_OFF).await;
    assert_eq!(desktop.clipboard(), "");
}

#[tokio::test]
async fn what_somebody_copied_after_the_key_stays() {
    let desktop = talkative().await;
    let window = desktop.window(&[]).await;
    window.press("Copy Key").await;
    holds_the_key(&desktop).await;

    let _other = desktop.copies("mine").await;

    desktop.logs(NOT_THERE).await;
    assert_eq!(desktop.clipboard(), "mine");
}

#[tokio::test]
async fn a_copied_key_does_not_outlive_the_application() {
    let desktop = talkative().await;
    let mut panel = desktop.panel().await;
    let window = desktop.window(&[]).await;
    window.press("Copy Key").await;
    holds_the_key(&desktop).await;

    panel.item().await.click("Quit").await;

    desktop.logs(TAKEN_OFF).await;
    panel.is_empty().await;
    assert_eq!(desktop.clipboard(), "");
}
