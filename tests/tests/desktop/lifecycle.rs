//! From start to end: one application per home, a port that is taken, streams that end before we do.

use std::sync::Arc;

use sluice_tests::desktop::Desktop;
use sluice_tests::http::Exchange;
use sluice_tests::speech;
use sluice_tests::upstream::{LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use tokio::sync::Notify;

use crate::{ask, channel, provider, question};

#[tokio::test]
async fn without_a_tray_a_hidden_start_opens_the_window_and_closing_it_quits() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;

    desktop.close_window().await;

    assert_eq!(application.ends().await.code(), Some(0));
}

#[tokio::test]
async fn with_a_tray_the_window_comes_and_goes_and_the_gateway_stays() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&[]);
    application.listens(desktop.addr).await;
    desktop.window_is(true).await;

    for _ in 0..2 {
        desktop.close_window().await;
        assert_eq!(ask(desktop.addr).await.status, 200);
        panel.item().await.click("Open Sluice").await;
        desktop.window_is(true).await;
    }
    assert!(application.runs(), "{}", application.said());
}

#[tokio::test]
async fn a_second_start_shows_the_window_of_the_first_and_ends() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut first = desktop.start_application(&["--hidden"]);
    first.listens(desktop.addr).await;
    panel.item().await;
    assert!(desktop.windows().is_empty());

    let second = desktop.start_application(&["--hidden"]);

    assert_eq!(second.ends().await.code(), Some(0));
    desktop.window_is(true).await;
    assert!(first.runs(), "{}", first.said());
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_and_tried_again() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let occupant = std::net::TcpListener::bind(desktop.addr).unwrap();
    let mut application = desktop.start_application(&["--hidden"]);
    let item = panel.item().await;

    let told = item.line(&format!("Not listening: {} is taken by", desktop.addr)).await;
    assert!(told.label.contains(&std::process::id().to_string()), "{told:?} names the owner");
    drop(occupant);
    item.click("Try the port again").await;

    item.line("Listening, 1 of 1 healthy").await;
    application.listens(desktop.addr).await;
    assert_eq!(ask(desktop.addr).await.status, 200);
}

#[tokio::test]
async fn sigterm_lets_an_open_stream_end_and_a_second_one_does_not_wait() {
    let go_on = Arc::new(Notify::new());
    let speech = &speech::ALL[0];
    let events = speech.events();
    let (first, rest) = events.split_at(2);
    let upstream = Upstream::always(vec![
        Step::Read,
        Step::Send([STREAM_HEAD, &chunk(first.concat().as_bytes())].concat()),
        Step::Await(Arc::clone(&go_on)),
        Step::Send([chunk(rest.concat().as_bytes()), LAST_CHUNK.to_vec()].concat()),
    ])
    .await;
    let desktop = Desktop::start(&channel("Alpha", &upstream.url()));
    for waits in [true, false] {
        let mut application = desktop.start_application(&["--hidden"]);
        application.listens(desktop.addr).await;
        let asked = speech.request(true).bearer(sluice_tests::desktop::CLIENT_KEY);
        let mut stream = Exchange::start(desktop.addr, &asked).await;
        assert_eq!(stream.head().await, 200);

        application.signal("TERM");
        application.has_said("running requests may end").await;
        if waits {
            go_on.notify_one();
            let reply = stream.finish().await;
            assert!(reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
        } else {
            application.signal("TERM");
        }
        assert_eq!(application.ends().await.code(), Some(0));
    }
}

#[tokio::test]
async fn a_pause_is_not_kept_over_a_restart() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;
    panel.item().await.click("Pause").await;
    panel.item().await.line("Paused").await;
    application.signal("TERM");
    application.ends().await;
    panel.is_empty().await;

    let mut again = desktop.start_application(&["--hidden"]);
    again.listens(desktop.addr).await;

    assert_eq!(sluice_tests::http::send(desktop.addr, &question()).await.status, 200);
}
