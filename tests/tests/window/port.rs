//! A port that another program has, and the two ways out of it.

use std::net::{SocketAddr, TcpListener};

use serde_json::json;
use sluice_tests::desktop::Desktop;
use sluice_tests::window::Window;

use crate::{ask, channel, provider};

/// Waits until the window says that the port is taken, and by whom: this test.
async fn says_who_has_it(window: &Window, addr: SocketAddr) {
    window.sees(&format!("Not listening. Port {} is taken.", addr.port())).await;
    window.sees(&format!("(pid {}) listens on {addr}", std::process::id())).await;
}

#[tokio::test]
async fn a_port_that_became_free_is_listened_on_by_a_button() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let occupant = TcpListener::bind(desktop.addr).unwrap();
    let window = desktop.window(&[]).await;
    let again = format!("Try {} again", desktop.addr.port());
    says_who_has_it(&window, desktop.addr).await;

    window.press(&again).await;
    window.sees("The port is taken.").await;
    drop(occupant);
    window.press(&again).await;

    window.sees("Listening. The channel is healthy.").await;
    window.sees_no_more("The port is taken.").await;
    assert_eq!(ask(desktop.addr, "m").await.status, 200);
}

#[tokio::test]
async fn another_port_is_offered_used_and_kept() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let occupant = TcpListener::bind(desktop.addr).unwrap();
    let window = desktop.window(&[]).await;
    says_who_has_it(&window, desktop.addr).await;
    let overview = window.perform("overview", json!({})).await.unwrap();
    let free = u16::try_from(overview["port_conflict"]["free"].as_u64().unwrap()).unwrap();

    window.press(&format!("Use {free}")).await;

    window.sees("Listening. The channel is healthy.").await;
    let moved = SocketAddr::from(([127, 0, 0, 1], free));
    assert_eq!(ask(moved, "m").await.status, 200);
    assert!(desktop.config().contains(&format!("port = {free}\n")), "{}", desktop.config());
    window.sees(&format!("http://{moved}")).await;
    assert_eq!(occupant.local_addr().unwrap(), desktop.addr, "the other program keeps its own");
}
