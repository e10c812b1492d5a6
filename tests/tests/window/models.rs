//! Names of one's own, and what a name means.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::{ask, channel, provider};

#[tokio::test]
async fn an_alias_is_added_tried_asked_and_brought_back() {
    let (alpha, beta) = (provider("a").await, provider("b").await);
    let desktop = Desktop::start(&format!(
        "{}{}",
        channel("Alpha", &alpha.url(), "priority = 1"),
        channel("Beta", &beta.url(), "priority = 2")
    ));
    let window = desktop.window(&[]).await;

    window.keys("Control+3").await;
    window.choose("asked in", "Chat").await;
    window.press("Add alias").await;
    window.fill("Name", "fast").await;
    window.fill("Goes to", "Beta,m").await;
    window.sees("First answer: Beta").await;
    window.press("Save").await;
    window.field_is("Try a name", "fast").await;
    window.knows("models", json!({}), |view| view["aliases"][0]["name"] == "fast").await;
    let reply = ask(desktop.addr, "fast").await;
    assert_eq!((reply.status, reply.header("x-sluice-channel")), (200, Some("Beta")), "{reply:?}");

    window.fill("Try a name", "auto").await;
    let first = "return plain(document.querySelector('section[aria-label=\"Try a name\"]').innerText).includes(given[0])";
    window.waits("auto to be answered by Alpha first", first, &["Alpha"]).await;

    window.focuses("table[role=grid]").await;
    window.keys("Delete").await;
    window.sees("fast was deleted.").await;
    assert_eq!(
        ask(desktop.addr, "fast").await.header("x-sluice-channel"),
        Some("Alpha"),
        "no alias any more"
    );
    window.press("Undo").await;
    window.knows("models", json!({}), |view| view["aliases"][0]["name"] == "fast").await;
}
