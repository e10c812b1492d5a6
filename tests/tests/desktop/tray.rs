//! What the tray says and does.

use sim::{Match, Rule, Then};
use sluice_tests::desktop::Desktop;
use sluice_tests::notifications::Notifications;
use sluice_tests::tray::Line;
use sluice_tests::until_async;

use crate::{ask, channel, provider, two};

fn labels(menu: &[Line]) -> Vec<&str> {
    menu.iter().map(|line| &*line.label).collect()
}

#[tokio::test]
async fn the_menu_tells_state_address_and_channels() {
    let (a, b) = (provider("a").await, provider("b").await);
    let desktop = Desktop::start(&two(&a, &b));
    let mut panel = desktop.panel().await;
    let _application = desktop.start_application(&["--hidden"]);
    let item = panel.item().await;

    let menu = item.menu_where("both channels", |menu| menu.len() == 7).await;

    let expected = [
        "Listening, 2 of 2 healthy".to_owned(),
        format!("{}, click copies", desktop.addr),
        "Alpha, 50%".to_owned(),
        "Beta, 50%".to_owned(),
        "Pause".to_owned(),
        "Open Sluice".to_owned(),
        "Quit".to_owned(),
    ];
    assert_eq!(labels(&menu), expected);
    assert!(!menu[0].enabled && menu[1].enabled, "{menu:?}");
    assert_eq!([menu[2].on, menu[3].on, menu[4].on], [Some(true), Some(true), None]);
    assert!(desktop.windows().is_empty(), "it was started hidden");
}

#[tokio::test]
async fn the_menu_speaks_the_language_of_the_settings_and_changes_with_it() {
    let a = provider("a").await;
    let desktop = Desktop::start(&format!("[ui]\nlanguage = \"zh-CN\"\n{}", channel("Alpha", &a.url())));
    let mut panel = desktop.panel().await;
    let _application = desktop.start_application(&["--hidden"]);
    let item = panel.item().await;
    item.line("正在监听，1 个中 1 个正常").await;

    let config = desktop.config();
    desktop.write_config(&config.replace("zh-CN", "en"));

    item.line("Listening, 1 of 1 healthy").await;
}

#[tokio::test]
async fn a_click_switches_a_channel_and_keeps_the_file_as_it_was() {
    let (a, b) = (provider("a").await, provider("b").await);
    let desktop = Desktop::start(&two(&a, &b));
    let mut panel = desktop.panel().await;
    let _application = desktop.start_application(&["--hidden"]);
    let item = panel.item().await;
    let before = desktop.config();

    item.click("Beta, 50%").await;

    assert_eq!(item.line("Beta, off").await.on, Some(false));
    item.line("Alpha, 100%").await;
    let after = desktop.config();
    assert!(after.contains("# stays where it is"), "{after}");
    assert_eq!(after.replace("enabled = false\n", ""), before);

    item.click("Beta, off").await;
    assert_eq!(item.line("Beta, 50%").await.on, Some(true));
}

#[tokio::test]
async fn pause_refuses_new_requests_until_it_ends() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;
    let item = panel.item().await;
    assert_eq!(ask(desktop.addr).await.status, 200);
    let listening = item.picture().await;

    item.click("Pause").await;
    item.line("Paused").await;
    let refused = ask(desktop.addr).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    let paused =
        until_async("another icon", async || Some(item.picture().await).filter(|icon| *icon != listening))
            .await;
    assert_ne!(paused, listening);

    item.click("Resume").await;
    item.line("Listening, 1 of 1 healthy").await;
    assert_eq!(ask(desktop.addr).await.status, 200);
    until_async("the first icon", async || (item.picture().await == listening).then_some(())).await;
}

#[tokio::test]
async fn the_icon_changes_when_a_channel_is_benched_and_the_menu_says_what_happened() {
    let (a, b) = (provider("a").await, provider("b").await);
    let desktop = Desktop::start(&two(&a, &b));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;
    let item = panel.item().await;
    item.line("Listening, 2 of 2 healthy").await;
    let healthy = item.picture().await;

    // A refused key benches at once, whatever came before.
    a.script(vec![Rule::always(Match::default(), Then::status(401))]);
    until_async("Alpha to be tried", async || {
        assert_eq!(ask(desktop.addr).await.status, 200);
        (!a.seen().is_empty()).then_some(())
    })
    .await;

    assert_eq!(item.line("Alpha, key refused").await.on, Some(true));
    item.line("Listening, 1 of 2 healthy").await;
    item.line("Today: ").await;
    until_async("another icon", async || (item.picture().await != healthy).then_some(())).await;
    let menu = item.menu().await;
    assert!(
        labels(&menu).iter().any(|label| label.ends_with("Alpha key refused, Beta answered")),
        "{menu:?}"
    );
}

#[tokio::test]
async fn quit_ends_the_application_with_code_0_and_frees_the_port() {
    let a = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &a.url()));
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;

    panel.item().await.click("Quit").await;

    assert_eq!(application.ends().await.code(), Some(0));
    std::net::TcpListener::bind(desktop.addr).unwrap();
}

#[tokio::test]
async fn a_refused_key_is_notified_once_and_a_silenced_kind_is_not() {
    let (a, b) = (provider("a").await, provider("b").await);
    let desktop = Desktop::start(&format!("[ui.notifications]\nno_channel = false\n{}", two(&a, &b)));
    let mut notifications = Notifications::start(desktop.session.bus_address()).await;
    let mut panel = desktop.panel().await;
    let mut application = desktop.start_application(&["--hidden"]);
    application.listens(desktop.addr).await;
    let item = panel.item().await;

    for provider in [&a, &b] {
        provider.script(vec![Rule::always(Match::default(), Then::status(401))]);
    }
    until_async("both keys to be refused", async || (ask(desktop.addr).await.status == 503).then_some(()))
        .await;
    item.line("Listening, no channel can answer").await;

    let shown = notifications.shown(1).await;
    let title = &shown[0].title;
    assert!(title == "Alpha refused its key" || title == "Beta refused its key", "{shown:?}");
    assert_eq!(shown[0].text, "It gets no requests until it has another key.");
    assert_eq!(shown.len(), 1, "the second is of the same kind, the third is silenced: {shown:?}");
}
