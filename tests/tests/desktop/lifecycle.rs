//! From start to end: one application per home, a port that is taken, streams that end before we do.

use std::net::SocketAddr;
use std::sync::Arc;

use sluice_tests::desktop::Desktop;
use sluice_tests::http::Exchange;
use sluice_tests::programs::{self, Running, listening};
use sluice_tests::speech;
use sluice_tests::until;
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
async fn after_an_end_with_open_connections_the_same_port_is_bound_at_once() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;
    let mut client = Exchange::start(desktop.addr, &question()).await;
    assert_eq!(client.reply().await.status, 200);

    // Who closes first keeps the connection for minutes: we do, as the client does not.
    application.signal("TERM");
    assert_eq!(application.ends().await.code(), Some(0));
    drop(client);
    until("the closed connection to be remembered", || is_in_time_wait(desktop.addr).then_some(())).await;
    let mut again = desktop.start_application(&["--hidden"]);

    again.listens(desktop.addr).await;
    assert_eq!(ask(desktop.addr).await.status, 200);
}

/// Whether the system remembers a closed connection of this address: `TIME_WAIT`, number 6 in `proc_net_tcp(5)`.
fn is_in_time_wait(addr: SocketAddr) -> bool {
    let port = format!(":{:04X}", addr.port());
    let connections = std::fs::read_to_string("/proc/net/tcp").unwrap();
    connections.lines().any(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        fields[1].ends_with(&port) && fields[3] == "06"
    })
}

#[tokio::test]
async fn of_two_starts_at_the_same_moment_one_serves_and_shows_its_window() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let _panel = desktop.panel().await;

    let mut both = vec![desktop.start_application(&["--hidden"]), desktop.start_application(&["--hidden"])];

    let ended = until("one of the two to end", || {
        let at = both.iter_mut().position(|one| !one.runs())?;
        Some(both.remove(at))
    })
    .await;
    assert_eq!(ended.ends().await.code(), Some(0));
    let mut stays = both.remove(0);
    stays.listens(desktop.addr).await;
    desktop.window_is(true).await;
    assert_eq!(ask(desktop.addr).await.status, 200);
    assert!(stays.runs(), "{}", stays.said());
}

#[tokio::test]
async fn beside_a_gateway_without_a_window_the_application_says_so_and_ends() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut served = desktop.command_of(programs::sluice());
    let served = Running::start(served.arg("serve"));
    listening(desktop.addr).await;

    let application = desktop.start_application(&[]);

    until("the message", || {
        desktop.windows().iter().any(|title| title == "Sluice cannot start").then_some(())
    })
    .await;
    application.has_said("already runs at http://").await;
    assert_eq!(ask(desktop.addr).await.status, 200, "the first one goes on");
    until("the message to be confirmed", || {
        desktop.presses("Return");
        (!desktop.windows().iter().any(|title| title == "Sluice cannot start")).then_some(())
    })
    .await;
    assert_eq!(application.ends().await.code(), Some(1));
    assert_eq!(ask(desktop.addr).await.status, 200, "the first one goes on");
    drop(served);
}

#[tokio::test]
async fn beside_the_application_a_gateway_without_a_window_names_it_and_ends() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;

    let refused = desktop.command_of(programs::sluice()).arg("serve").output().unwrap();

    let words = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains(&format!("already runs at http://{}", desktop.addr)), "{words}");
    assert_eq!(ask(desktop.addr).await.status, 200);
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
