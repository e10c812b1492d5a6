//! What goes wrong around the application, told in the window and got over without a restart.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sluice_tests::desktop::Desktop;
use sluice_tests::programs::place;

use crate::{ask, channel, provider};

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_is_got_over() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let home = desktop.session.home.path().join("sluice");
    let window = desktop.window_of(&on_a_small_disk(&desktop), &[]).await;
    window.goes_to("#models").await;
    window.sees("Add alias").await;
    let seen = seen_by_the_application(&home);
    let before = std::fs::read_to_string(seen.join("config.toml")).unwrap();
    fill(&seen.join("filler"));

    window.press("Add alias").await;
    window.fill("Name", "fast").await;
    window.fill("Goes to", "auto").await;
    window.press("Save").await;

    let told = "return document.querySelector('dialog[open] [role=alert]') !== null";
    window.waits("the reason why it is not saved", told, &[]).await;
    assert_eq!(std::fs::read_to_string(seen.join("config.toml")).unwrap(), before, "the old file is whole");
    assert_eq!(ask(desktop.addr, "m").await.status, 200, "traffic goes on");

    std::fs::remove_file(seen.join("filler")).unwrap();
    window.press("Save").await;
    window.knows("models", json!({}), |view| view["aliases"][0]["name"] == "fast").await;
    assert!(std::fs::read_to_string(seen.join("config.toml")).unwrap().contains("fast"));
}

#[tokio::test]
async fn a_broken_file_is_told_with_its_line_and_the_last_good_one_goes_on() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window(&[]).await;
    window.sees("Requests today").await;
    let good = desktop.config();
    let line = good.lines().count() + 1;

    desktop.write_config(&format!("{good}priority = \"first\"\n"));

    window.sees(&format!("The configuration file has a fault on line {line}")).await;
    window.sees("The last good configuration stays in force.").await;
    assert_eq!(ask(desktop.addr, "m").await.status, 200);
    desktop.write_config(&good);
    window.sees_no_more("The configuration file has a fault").await;
}

#[tokio::test]
async fn a_keychain_that_unlocks_late_is_waited_for_and_used() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(
        &channel("Alpha", &alpha.url(), "").replace("{ env = \"SLUICE_KEY\" }", "{ vault = true }"),
    );
    let keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;
    let detail = window.perform("channel", json!({"name": "Alpha"})).await.unwrap();
    let mut form = detail["form"].clone();
    form["keys"][0]["secret"] = json!("sk-kept-in-the-keychain");
    window.perform("save_channel", json!({"original": "Alpha", "form": form})).await.unwrap();
    window.end().await;
    // A start beside one that still ends would only show that one's window.
    let home = desktop.session.home.path().join("sluice");
    sluice_tests::until("the application to end", || application_of(&home).is_none().then_some(())).await;
    keyring.end().await;

    let keyring = desktop.session.locked_keyring().await;
    let window = desktop.window(&[]).await;
    window.sees("The keychain is locked").await;
    window.goes_to("#channels").await;
    window.sees("Keychain locked").await;
    assert_eq!(ask(desktop.addr, "m").await.status, 503);
    keyring.unlock().await;

    let ready = |lines: &Value| lines[0]["keys"][0]["state"] == "ready";
    window.knows("list_channels", json!({}), ready).await;
    window.sees_no_more("Keychain locked").await;
    assert_eq!(ask(desktop.addr, "m").await.status, 200);
    assert_eq!(alpha.seen().last().unwrap().key.as_deref(), Some("sk-kept-in-the-keychain"));
}

/// A program that starts the application with a home on a disk of its own, which is small.
fn on_a_small_disk(desktop: &Desktop) -> PathBuf {
    let folder = desktop.session.home.path();
    let script = format!(
        "#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c '\n\
         cp -a \"$SLUICE_HOME\" \"$SLUICE_HOME.kept\" && mount -t tmpfs -o size=256k,mode=700 none \"$SLUICE_HOME\" &&\n\
         cp -a \"$SLUICE_HOME.kept/.\" \"$SLUICE_HOME/\" && exec \"$0\" \"$@\"' '{}' \"$@\"\n",
        sluice_tests::desktop::application().display()
    );
    let file = place(folder, "on-a-small-disk", &script);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&file, executable).unwrap();
    file
}

/// The application's home as the application sees it.
fn seen_by_the_application(home: &Path) -> PathBuf {
    let process = application_of(home).expect("the application runs");
    process.join("root").join(home.strip_prefix("/").unwrap())
}

/// The folder in `/proc` of the application that runs in this home.
fn application_of(home: &Path) -> Option<PathBuf> {
    let wanted = format!("SLUICE_HOME={}", home.display());
    let all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let is_it = |process: &PathBuf| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        let program = std::fs::read_link(process.join("exe")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&wanted) && program.ends_with("sluice-desktop")
    };
    all.into_iter().find(is_it)
}

/// Writes until nothing more fits.
fn fill(file: &Path) {
    let mut filler = std::fs::File::create(file).unwrap();
    for size in [4096, 1] {
        while filler.write_all(&vec![b'x'; size]).is_ok() {}
    }
}
