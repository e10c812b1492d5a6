//! Every view in both themes and languages: usable otherwise than by sight and pointer, readable large and narrow.
//! The pictures that this takes are in `target/screenshots`.

use serde_json::json;
use sim::Simulator;
use sluice_tests::desktop::Desktop;
use sluice_tests::programs::place;
use sluice_tests::window::Window;

use crate::{ask, channel, provider, scripted};

const THEMES: [&str; 2] = ["light", "dark"];
const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// A view: its name for pictures, and where it is.
struct View {
    name: &'static str,
    place: String,
}

fn view(name: &'static str, place: &str) -> View {
    View { name, place: place.to_owned() }
}

/// Channels in every state, with the providers behind them.
struct Content {
    configuration: String,
    _providers: [Simulator; 4],
}

impl Content {
    async fn start() -> Content {
        let [alpha, beta] = [provider("a").await, provider("b").await];
        let failing =
            scripted("c", json!([{"then": {"status": 429, "headers": {"retry-after": "600"}}}])).await;
        let refusing = scripted("d", json!([{"then": {"status": 401}}])).await;
        let text = [
            channel("Alpha", &alpha.url(), "priority = 2\nrpm = 60\ntags = [\"office\"]\nmodels = [\"m\", \"large-*\"]\n[channel.model_map]\nm = \"model-with-a-long-name-2026-11-20\""),
            channel("Beta with a rather long name that people give", &beta.url(), "priority = 2\nweight = 3\nproxy = \"Office\""),
            channel("Gamma", &failing.url(), "priority = 1"),
            channel("Delta", &refusing.url(), "priority = 1"),
            channel("Epsilon", &alpha.url(), "priority = 3\nenabled = false"),
            "\n[[channel]]\nname = \"Zeta\"\nbase_url = \"https://api.example.com/v1\"\nkey = { env = \"NOWHERE_SET\" }\nmodel = \"m\"\npriority = 3\n".to_owned(),
            "\n[[proxy]]\nname = \"Office\"\ntype = \"socks5\"\nhost = \"proxy.example.com\"\nport = 1080\n".to_owned(),
            "\n[routing.aliases]\nfast = \"Alpha,m\"\n\"claude-*\" = \"auto\"\nlost = \"Epsilon,m\"\n".to_owned(),
        ];
        Content { configuration: text.concat(), _providers: [alpha, beta, failing, refusing] }
    }

    /// Lets requests and tests happen, and tells the views that show them.
    async fn views(&self, desktop: &Desktop, window: &Window) -> Vec<View> {
        window.sees("Requests today").await;
        for model in ["auto", "m", "fast", "claude-sonnet-5", "Delta,m"] {
            ask(desktop.addr, model).await;
        }
        window.perform("test_channel", json!({"name": "Alpha"})).await.unwrap();
        window.perform("test_channel", json!({"name": "Delta"})).await.unwrap();
        let traces = window.perform("traces", json!({})).await.unwrap();
        let request = traces[1]["id"].as_str().unwrap();
        vec![
            view("overview", "#overview"),
            view("overview-connect", "#overview?connect="),
            view("channels", "#channels"),
            view("channels-test", "#channels?test=Delta"),
            view("channels-import", "#channels?import="),
            view("channels-vendors", "#channels?add="),
            view("channel-new", "#channels?add=other"),
            view("channel", "#channels/Alpha"),
            view("channel-network", "#channels/Delta?at=network"),
            view("models", "#models?try=auto"),
            view("models-refused", "#models?try=lost"),
            view("proxies", "#proxies/Office"),
            view("proxies-direct", "#proxies/~direct"),
            view("proxies-new", "#proxies?add="),
            view("traffic", "#traffic"),
            View { name: "traffic-detail", place: format!("#traffic/{request}") },
            view("settings", "#settings/general"),
            view("settings-server", "#settings/server"),
            view("settings-data", "#settings/data"),
            view("settings-about", "#settings/about"),
        ]
    }
}

#[tokio::test]
async fn views_with_content_are_without_barriers() {
    let content = Content::start().await;
    let desktop = still(&content.configuration);
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;
    let views = content.views(&desktop, &window).await;

    let found = inspect(&window, "content", &views).await;

    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn views_with_content_have_room_for_larger_text_of_the_system() {
    // The page is zoomed: of 1040 × 700 it has half, of the smallest window two thirds.
    for (scale, size, width) in [("2", (1040, 700), 520), ("1.5", (760, 520), 506)] {
        let content = Content::start().await;
        let desktop = still(&content.configuration).with_text_scaled(scale);
        let _keyring = desktop.session.keyring().await;
        let window = desktop.window(&[]).await;
        let views = content.views(&desktop, &window).await;
        let found = fits_in(&window, size, width, "content", &format!("text-{scale}"), &views).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[tokio::test]
async fn views_without_content_have_room_for_larger_text_of_the_system() {
    let desktop = still("").with_text_scaled("2");
    let window = desktop.window(&[]).await;
    let first = [view("first-run", "#overview")];
    let mut found = fits_in(&window, (1040, 700), 520, "first-run", "text-2", &first).await;
    speak(&window, "en").await;
    // By the keys: `WebDriver` does not find the place of a click in a zoomed page.
    window.walks_to("Tab", "Skip set-up").await;
    window.keys("Enter").await;
    window.sees("No channel yet").await;
    found.extend(fits_in(&window, (1040, 700), 520, "empty", "text-2", &empty_views()).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn views_without_content_are_without_barriers() {
    let desktop = still("");
    let window = desktop.window(&[]).await;
    window.sees("Skip set-up").await;
    let mut found = inspect(&window, "first-run", &[view("first-run", "#overview")]).await;
    speak(&window, "en").await;
    window.press("Other…").await;
    window.press_in("main ul", "Other…").await;
    found.extend(inspect(&window, "first-run", &[view("first-run-key", "#overview")]).await);
    speak(&window, "en").await;
    window.press("Skip set-up").await;
    window.sees("No channel yet").await;

    found.extend(inspect(&window, "empty", &empty_views()).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The views that say that there is nothing yet.
fn empty_views() -> [View; 6] {
    [
        view("overview", "#overview"),
        view("channels", "#channels"),
        view("models", "#models"),
        view("proxies", "#proxies"),
        view("traffic", "#traffic"),
        // Without a keychain, too: this session has none.
        view("settings-data", "#settings/data"),
    ]
}

#[tokio::test]
async fn views_in_trouble_are_without_barriers() {
    let alpha = provider("a").await;
    let desktop = still(&channel("Alpha", &alpha.url(), ""));
    let taken = std::net::TcpListener::bind(desktop.addr).unwrap();
    let window = desktop.window(&[]).await;
    window.sees("Not listening.").await;
    let mut found = inspect(&window, "port-taken", &[view("overview", "#overview")]).await;
    drop(taken);
    window.perform("retry_listening", json!({})).await.unwrap();
    speak(&window, "en").await;
    window.sees_no_more("Not listening.").await;

    window.perform("set_paused", json!({"paused": true})).await.unwrap();
    window.sees("Paused by you.").await;
    found.extend(inspect(&window, "paused", &[view("overview", "#overview")]).await);
    window.perform("set_paused", json!({"paused": false})).await.unwrap();

    // What cannot be read is told where it would stand.
    window.look(FAILING, &[]).await;
    let views = [
        view("models", "#models"),
        view("proxies", "#proxies"),
        view("channel", "#channels/Alpha"),
        view("channels-vendors", "#channels?add="),
    ];
    found.extend(inspect(&window, "failed", &views).await);
    window.look("window.hold = true", &[]).await;
    found.extend(inspect(&window, "loading", &views).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Lets these operations fail in the page, or wait for ever once `hold` is set.
const FAILING: &str = "
    const real = window.fetch;
    const broken = ['models', 'list_proxies', 'channel', 'presets', 'route_model'];
    window.fetch = (...asked) => {
        if (!broken.includes(String(asked[0]).split('/').at(-1))) return real(...asked);
        if (window.hold) return new Promise(() => {});
        const headers = {'content-type': 'application/json', 'tauri-response': 'error'};
        return Promise.resolve(new Response(JSON.stringify({code: 'failed', message: 'the disk is full'}), {headers}));
    }";

/// A desktop whose user wants nothing to move; so no picture is taken in the middle of a movement.
fn still(config: &str) -> Desktop {
    let desktop = Desktop::start(config);
    let folder = desktop.session.home.path().join("config/gtk-3.0");
    std::fs::create_dir_all(&folder).unwrap();
    place(&folder, "settings.ini", "[Settings]\ngtk-enable-animations=0\n");
    desktop
}

/// Looks at views in every theme and language, at every size; tells everything that is wrong.
async fn inspect(window: &Window, state: &str, views: &[View]) -> Vec<String> {
    let mut found = Vec::new();
    for language in LANGUAGES {
        window.perform("set_setting", json!({"key": "ui.language", "value": language})).await.unwrap();
        for theme in THEMES {
            window.perform("set_setting", json!({"key": "ui.theme", "value": theme})).await.unwrap();
            let script = "const {lang, dataset} = document.documentElement; return `${lang} ${dataset.theme}` === given[0]";
            window.waits("the look", script, &[&format!("{language} {theme}")]).await;
            for View { name, place } in views {
                settle(window, place).await;
                let told = |wrong: String| format!("{name}, {state}, {theme}, {language}: {wrong}");
                found.extend(window.barriers().await.into_iter().map(told));
                found.extend(window.overflow().await.into_iter().map(told));
                window.picture(&format!("{name}.{state}.{theme}.{language}")).await;
            }
        }
    }
    found.extend(fits_in(window, (760, 520), 760, state, "smallest", views).await);
    window.has_size((1040, 700), 1040).await;
    found
}

/// What does not fit into a window of this size, in any language. `width` is what the page has of it, in CSS pixels.
async fn fits_in(
    window: &Window,
    size: (u32, u32),
    width: u32,
    state: &str,
    scale: &str,
    views: &[View],
) -> Vec<String> {
    window.has_size(size, width).await;
    let mut found = Vec::new();
    for language in LANGUAGES {
        speak(window, language).await;
        for View { name, place } in views {
            settle(window, place).await;
            let told = |wrong: String| format!("{name}, {state}, {scale}, {language}: {wrong}");
            found.extend(window.overflow().await.into_iter().map(told));
            let is = window.look("return innerWidth", &[]).await;
            assert_eq!(is, json!(width), "{name}: the page has another width");
            window.picture(&format!("{name}.{state}.{scale}.{language}")).await;
        }
    }
    found
}

/// Chooses a language, and waits until it is spoken.
async fn speak(window: &Window, language: &str) {
    window.perform("set_setting", json!({"key": "ui.language", "value": language})).await.unwrap();
    window.waits(language, "return document.documentElement.lang === given[0]", &[language]).await;
}

/// Goes to a view and waits until it is drawn: nothing has changed for three frames.
async fn settle(window: &Window, place: &str) {
    window.goes_to(place).await;
    let script = "let quiet = 0; \
        const watch = new MutationObserver(() => (quiet = 0)); \
        watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true}); \
        const frame = () => { quiet += 1; if (quiet < 4) requestAnimationFrame(frame); else { watch.disconnect(); done(true); } }; \
        requestAnimationFrame(frame)";
    window.find_out(script).await;
}
