//! Everything by the keys alone.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::{ask, channel, provider};

#[tokio::test]
async fn every_view_is_reached_and_used_by_the_keys_alone() {
    let alpha = provider("a").await;
    let url = alpha.url();
    let desktop = Desktop::start(&format!("{}{}", channel("Alpha", &url, ""), channel("Beta", &url, "")));
    let window = desktop.window(&[]).await;
    window.sees("Requests today").await;
    ask(desktop.addr, "auto").await;

    for (digit, title) in [
        ("2", "Channels"),
        ("3", "Models"),
        ("4", "Network proxies"),
        ("5", "Traffic"),
        ("6", "Settings"),
        ("1", "Overview"),
    ] {
        window.keys(&format!("Control+{digit}")).await;
        let script = "return document.title === `${given[0]} – Sluice`";
        window.waits(title, script, &[title]).await;
    }

    // Every section is also a stop of Tab, and Enter follows it.
    window.walks_to("Tab", "Channels").await;
    window.keys("Enter").await;
    window.waits("the channels", "return document.title.startsWith('Channels')", &[]).await;

    // One stop of Tab for the list: the arrows walk the rows, Space switches.
    window.walks_to("Tab", "Move ").await;
    let first = window.focused().await;
    window.keys("Down").await;
    let second = window.focused().await;
    assert!(first.starts_with("Move Alpha") && second.starts_with("Move Beta"), "{first}, {second}");
    window.walks_to("Tab", "Use Beta").await;
    window.keys("Space").await;
    window.knows("list_channels", json!({}), |lines| lines[1]["enabled"] == false).await;
    window.keys("Space").await;
    window.knows("list_channels", json!({}), |lines| lines[1]["enabled"] == true).await;

    // A channel is opened, tested and saved.
    window.goes_to("#overview").await;
    window.keys("Control+2").await;
    window.walks_to("Tab", "Alpha").await;
    window.keys("Enter").await;
    window.sees("Identity").await;
    window.keys("Control+t").await;
    window.sees("Passed in").await;
    window.walks_to("Tab", "Weight").await;
    window.keys("Control+a").await;
    window.types("5").await;
    window.keys("Control+s").await;
    window.knows("channel", json!({"name": "Alpha"}), |detail| detail["form"]["weight"] == 5).await;
    // Before the window knows it too, it would ask whether to leave.
    window.sees_no_more("Not saved").await;

    // A name is tried, an alias written.
    window.keys("Control+3").await;
    window.sees("Aliases").await;
    window.keys("Control+n").await;
    window.sees("What clients ask for.").await;
    window.types("mine").await;
    window.keys("Tab").await;
    window.types("auto").await;
    window.walks_to("Tab", "Save").await;
    window.keys("Enter").await;
    window.knows("models", json!({}), |view| view["aliases"][0]["name"] == "mine").await;
    window.keys("Control+f").await;
    window.keys("Control+a").await;
    window.types("mine").await;
    window.field_is("Try a name", "mine").await;

    // A proxy is written and given up.
    window.keys("Control+4").await;
    window.sees("How channels reach the internet.").await;
    window.keys("Control+n").await;
    window.sees("New network proxy").await;
    window.walks_to("Tab", "Discard").await;
    window.keys("Enter").await;
    window.sees_no_more("New network proxy").await;

    // A request is opened and closed.
    window.keys("Control+5").await;
    window.sees("Rescued").await;
    window.walks_to("Tab", "Requests").await;
    window.keys("Enter").await;
    window.sees("Decision").await;
    window.keys("Escape").await;
    window.sees_no_more("Decision").await;

    // A setting is switched.
    window.keys("Control+6").await;
    window.sees("Language").await;
    window.walks_to("Tab", "System").await;
    window.keys("Right").await;
    window
        .knows("settings", json!({}), |settings| {
            settings["lines"]
                .as_array()
                .unwrap()
                .iter()
                .any(|line| line["key"] == "ui.theme" && line["value"] == "light")
        })
        .await;

    // Everything else is an action by its name.
    window.keys("Control+k").await;
    window.sees("Pause Sluice").await;
    window.types("pause").await;
    window.keys("Enter").await;
    window.knows("overview", json!({}), |overview| overview["paused"] == true).await;
    assert_eq!(ask(desktop.addr, "auto").await.status, 503);
    window.waits("the actions to close", "return document.querySelector('dialog[open]') === null", &[]).await;
    window.keys("Control+1").await;
    window.walks_to("Tab", "Resume").await;
    window.keys("Enter").await;
    window.knows("overview", json!({}), |overview| overview["paused"] == false).await;
}

#[tokio::test]
async fn the_focus_stays_in_a_dialog_and_returns_from_it() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;
    window.sees("Connect a client…").await;
    window.walks_to("Tab", "Connect a client…").await;
    window.keys("Enter").await;
    window.sees("Paste these lines into its settings.").await;

    for _ in 0..25 {
        window.keys("Tab").await;
        // At the end of its round the focus may rest at the document itself, never on what lies behind.
        let inside = "const one = document.activeElement; return one === document.body || one.closest('dialog[open]') !== null";
        assert_eq!(
            window.look(inside, &[]).await,
            json!(true),
            "{} lies behind the dialog",
            window.focused().await
        );
    }
    window.keys("Escape").await;

    window.waits("the sheet to close", "return document.querySelector('dialog[open]') === null", &[]).await;
    assert_eq!(window.focused().await, "Connect a client…");
}
