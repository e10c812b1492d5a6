//! From the first start to the first request.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::words::{CHINESE, ENGLISH, Words};
use crate::{ask, provider, scripted};

const SECRET: &str = "sk-provider-of-the-first-run";

#[tokio::test]
async fn a_newcomer_gets_from_a_key_to_the_first_request() {
    leads_to_the_first_request(&ENGLISH).await;
}

#[tokio::test]
async fn a_newcomer_gets_from_a_key_to_the_first_request_in_chinese() {
    leads_to_the_first_request(&CHINESE).await;
}

async fn leads_to_the_first_request(words: &Words) {
    let provider = provider("a").await;
    let desktop = Desktop::start(&format!("[ui]\nlanguage = \"{}\"\n", words.language));
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;

    window.press(words.another_provider).await;
    window.press_in("main ul", words.any_address).await;
    window.sees(words.paste).await;
    window.fill(words.base_url, &format!("{}/v1", provider.url())).await;
    window.fill(words.key, SECRET).await;
    window.fill(words.model, "m").await;
    window.press(words.test).await;
    for step in words.steps {
        window.sees(step).await;
    }
    window.sees(words.works).await;
    assert_eq!(provider.seen().last().unwrap().key.as_deref(), Some(SECRET));
    window.press(words.go_on).await;
    window.sees(words.connect).await;
    window.sees(words.waiting).await;
    assert!(desktop.config().contains("vault = true"), "{}", desktop.config());
    assert!(!desktop.config().contains(SECRET));

    let reply = ask(desktop.addr, "m").await;

    assert_eq!(reply.status, 200, "{reply:?}");
    let name = window.perform("list_channels", json!({})).await.unwrap()[0]["name"].clone();
    window.sees(&words.seen.join(name.as_str().unwrap())).await;
    window.press(words.finish).await;
    window.sees(words.requests_today).await;
    let shown = window.look(
        "return document.documentElement.lang + ' ' + document.querySelector('[aria-current=page]').title",
        &[],
    );
    assert_eq!(shown.await, format!("{} {}", words.language, words.overview));
    assert_eq!(window.perform("desktop", json!({})).await.unwrap()["first_run"], false);
}

#[tokio::test]
async fn a_refused_key_is_told_in_the_providers_words_before_anything_is_saved() {
    let provider = scripted("a", json!([{"then": {"status": 401}}])).await;
    let desktop = Desktop::start("");
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;

    window.press("Other…").await;
    window.press_in("main ul", "Other…").await;
    window.fill("Base URL", &provider.url()).await;
    window.fill("Key", "sk-wrong").await;
    window.fill("Model to test with", "m").await;
    window.press("Test").await;

    window.sees("Test again").await;
    let words = window.look("return document.querySelector('pre').textContent", &[]).await;
    let report = window.text().await;
    assert!(!words.as_str().unwrap().is_empty(), "{report}");
    assert!(report.contains("not reached"), "{report}");
    assert!(report.contains("Save without a test"), "{report}");
    assert!(!desktop.config().contains("[[channel]]"));
}

#[tokio::test]
async fn the_first_steps_can_be_skipped() {
    let desktop = Desktop::start("");
    let window = desktop.window(&[]).await;

    window.press("Skip set-up").await;

    window.sees("No channel yet").await;
    assert_eq!(window.perform("desktop", json!({})).await.unwrap()["first_run"], false);
    window.goes_to("#traffic").await;
    window.sees("No request yet").await;
}
