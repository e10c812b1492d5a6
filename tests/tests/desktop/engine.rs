//! The engine that draws the window: processes that are there while it is, and only then.

use std::process::Command;

use sluice_tests::desktop::{Application, Desktop};
use sluice_tests::until;

use crate::{ask, channel, provider};

#[tokio::test]
async fn a_closed_window_leaves_no_process_of_its_engine_and_comes_back() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&[]);
    application.listens(desktop.addr).await;

    for _ in 0..2 {
        desktop.window_is(true).await;
        assert!(!engine_processes(&application).is_empty());
        desktop.close_window().await;
        until("the engine's processes to end", || engine_processes(&application).is_empty().then_some(()))
            .await;
        assert_eq!(ask(desktop.addr).await.status, 200);
        panel.item().await.click("Open Sluice").await;
    }

    desktop.window_is(true).await;
}

/// The names of the application's children that belong to `WebKit`.
fn engine_processes(application: &Application) -> Vec<String> {
    let children = Command::new("ps").args(["--ppid", &application.id().to_string(), "-o", "comm="]).output();
    let names = String::from_utf8(children.unwrap().stdout).unwrap();
    names.lines().filter(|name| name.starts_with("WebKit")).map(str::to_owned).collect()
}
