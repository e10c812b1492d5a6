//! What goes wrong around the application, told in the window and got over without a restart.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use sim::Simulator;
use sluice_tests::desktop::Desktop;
use sluice_tests::programs::place;
use sluice_tests::window::Window;

use crate::{ask, channel, provider};

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_is_got_over() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&channel("Alpha", &alpha.url(), ""));
    let window = desktop.window_of(&that_bears_a_full_disk(&desktop), &[]).await;
    window.goes_to("#models").await;
    window.sees("Add alias").await;
    let before = desktop.config();
    set_disk(&desktop, Disk::Full);

    window.press("Add alias").await;
    window.fill("Name", "fast").await;
    window.fill("Goes to", "auto").await;
    window.press("Save").await;

    let told = "return document.querySelector('dialog[open] [role=alert]') !== null";
    window.waits("the reason why it is not saved", told, &[]).await;
    assert_eq!(desktop.config(), before, "the old file is whole");
    assert_eq!(ask(desktop.addr, "m").await.status, 200, "traffic goes on");

    set_disk(&desktop, Disk::Roomy);
    window.press("Save").await;
    window.knows("models", json!({}), |view| view["aliases"][0]["name"] == "fast").await;
    assert!(desktop.config().contains("fast"));
}

#[tokio::test]
async fn a_key_that_cannot_be_saved_leaves_the_former_one_in_the_keychain() {
    let alpha = provider("a").await;
    let desktop = Desktop::start(&in_the_keychain("Alpha", &alpha.url()));
    let _keyring = desktop.session.keyring().await;
    let window = desktop.window_of(&that_bears_a_full_disk(&desktop), &[]).await;
    save_key(&window, "Alpha", "sk-former").await;
    assert_eq!(key_asked_with(&desktop, &alpha).await, "sk-former");
    let good = desktop.config();
    let keeps_the_former = async |why: &str| {
        window.press("Save").await;
        window.sees(why).await;
        let kept = desktop.session.kept("channel/of-alpha/key/default");
        assert!(kept.contains("sk-former"), "{why}: the keychain has {kept:?}");
        assert_eq!(key_asked_with(&desktop, &alpha).await, "sk-former", "{why}");
    };
    window.goes_to("#channels/Alpha").await;
    window.press("Replace").await;
    window.fill("Key", "sk-new").await;
    window.fill("Weight", "3").await;

    set_disk(&desktop, Disk::Full);
    keeps_the_former("config.toml cannot be changed: File too large").await;
    set_disk(&desktop, Disk::Roomy);
    desktop.write_config(&format!("{good}priority = \"first\"\n"));
    let line = good.lines().count() + 1;
    keeps_the_former(&format!("toml:{line}:12: channel[0].priority: expected")).await;
    desktop.write_config(&good);

    window.press("Save").await;
    window.sees_no_more("Not saved").await;
    assert!(desktop.session.kept("channel/of-alpha/key/default").contains("sk-new"));
    assert_eq!(key_asked_with(&desktop, &alpha).await, "sk-new");
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
    let desktop = Desktop::start(&in_the_keychain("Alpha", &alpha.url()));
    let keyring = desktop.session.keyring().await;
    let window = desktop.window(&[]).await;
    save_key(&window, "Alpha", "sk-kept-in-the-keychain").await;
    window.end(&desktop).await;
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
    assert_eq!(key_asked_with(&desktop, &alpha).await, "sk-kept-in-the-keychain");
}

/// A channel whose key is in the keychain.
fn in_the_keychain(name: &str, url: &str) -> String {
    let id = format!("id = \"of-{}\"", name.to_lowercase());
    channel(name, url, &id).replace("{ env = \"SLUICE_KEY\" }", "{ vault = true }")
}

/// Saves a key of a channel as its form does.
async fn save_key(window: &Window, channel: &str, secret: &str) {
    let detail = window.perform("channel", json!({"name": channel})).await.unwrap();
    let mut form = detail["form"].clone();
    form["keys"][0]["secret"] = json!(secret);
    window.perform("save_channel", json!({"original": channel, "form": form})).await.unwrap();
}

/// Asks the gateway, and tells which key the provider got.
async fn key_asked_with(desktop: &Desktop, provider: &Simulator) -> String {
    let reply = ask(desktop.addr, "m").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    provider.seen().last().unwrap().key.clone().unwrap()
}

/// How much room the application finds on the disk.
#[derive(Clone, Copy)]
enum Disk {
    /// No file of its takes another byte: every write fails.
    Full,
    Roomy,
}

/// A program that starts the application so that a full disk is an error for it, and not the end by a signal.
fn that_bears_a_full_disk(desktop: &Desktop) -> PathBuf {
    let application = sluice_tests::desktop::application().display();
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nexec '{application}' \"$@\"\n");
    let file = place(desktop.session.home.path(), "bearing-a-full-disk", &script);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&file, executable).unwrap();
    file
}

/// Gives the running application a full disk, or a roomy one. By the bound on the size of its files: a small disk of its own
/// would need rights that tests in a container do not have.
fn set_disk(desktop: &Desktop, disk: Disk) {
    let process = desktop.process().expect("the application runs").to_string();
    let bound = match disk {
        Disk::Full => "--fsize=0:",
        Disk::Roomy => "--fsize=unlimited:",
    };
    let set = Command::new("prlimit").args(["--pid", &process, bound]).status().unwrap();
    assert!(set.success(), "the bound cannot be set");
}
