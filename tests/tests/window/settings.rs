//! Settings: how the window looks, where the gateway listens, who may ask.

use std::net::SocketAddr;

use serde_json::json;
use sluice_tests::desktop::Desktop;
use sluice_tests::programs::free_port;

use crate::{ask, channel, provider};

#[tokio::test]
async fn language_and_theme_change_at_once_and_stay() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;
    window.keys("Control+6").await;
    window.sees("Language").await;
    let light = window.look("return getComputedStyle(document.querySelector('main')).color", &[]).await;

    window.press("Dark").await;
    window.waits("the dark theme", "return document.documentElement.dataset.theme === 'dark'", &[]).await;
    let dark = window.look("return getComputedStyle(document.querySelector('main')).color", &[]).await;
    assert_ne!(light, dark, "the colours follow");

    window.choose("Language", "简体中文").await;
    window.sees("语言").await;
    window
        .waits("the page to name its language", "return document.documentElement.lang === 'zh-CN'", &[])
        .await;
    window.choose("语言", "English").await;
    window.sees("Language").await;

    let kept = |key: &'static str, value: &'static str| {
        move |settings: &serde_json::Value| {
            settings["lines"]
                .as_array()
                .unwrap()
                .iter()
                .any(|line| line["key"] == key && line["value"] == value)
        }
    };
    window.knows("settings", json!({}), kept("ui.theme", "dark")).await;
    window.knows("settings", json!({}), kept("ui.language", "en")).await;
    assert!(desktop.config().contains("theme = \"dark\""), "{}", desktop.config());
}

#[tokio::test]
async fn another_port_is_listened_on_without_a_restart() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;
    assert_eq!(ask(desktop.addr, "m").await.status, 200);
    let moved = SocketAddr::from(([127, 0, 0, 1], free_port()));

    window.goes_to("#settings/server").await;
    window.fill("Port", &moved.port().to_string()).await;
    window.keys("Tab").await;

    let endpoint = format!("http://{moved}");
    window.knows("overview", json!({}), |overview| overview["endpoint"] == endpoint.as_str()).await;
    window.sees(&moved.to_string()).await;
    assert_eq!(ask(moved, "m").await.status, 200);
    assert!(std::net::TcpStream::connect(desktop.addr).is_err(), "the old port is given back");
}

#[tokio::test]
async fn a_client_gets_a_key_of_its_own_and_loses_it() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;
    window.goes_to("#settings/server").await;

    window.press("1 key").await;
    window.fill("Add a client", "Editor").await;
    window.keys("Enter").await;

    let keys = window.knows("client_keys", json!({}), |keys| keys.as_array().unwrap().len() == 2).await;
    let hint = keys.as_array().unwrap().iter().find(|key| key["name"] == "Editor").unwrap()["hint"]
        .as_str()
        .unwrap();
    window.sees(hint).await;
    assert!(!desktop.config().contains("sk-sluice-"), "{}", desktop.config());
    assert!(desktop.config().contains("key_hash"), "{}", desktop.config());
}
