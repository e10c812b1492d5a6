//! The vault itself: kept, locked, absent, hanging, changed behind our back.

use std::io::Write as _;
use std::process::Stdio;

use sluice_tests::programs::program;
use sluice_tests::session::{self, Session};

use crate::owner::Owner;

const ORIGIN: &str = "https://api.example.com";

#[tokio::test]
async fn a_secret_is_an_entry_of_its_own_that_outlives_the_process_and_the_keyrings_restart() {
    let session = Session::start();
    let keyring = session.keyring().await;
    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    assert_eq!(owner.tell(&format!("set c2 {ORIGIN} sk-2")), "done");
    assert_eq!(owner.tell("state"), "Keychain Ready 0");
    let entry: serde_json::Value = serde_json::from_str(&session.kept("channel/c1/key/default")).unwrap();
    assert_eq!((&entry["origin"], &entry["secret"]), (&ORIGIN.into(), &"sk-1".into()));
    drop(owner);

    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "sk-1");
    assert_eq!(owner.tell("get c1 https://evil.example"), "fault OriginChanged");
    assert_eq!(owner.tell("ask c1 https://evil.example"), "OriginChanged");

    keyring.end().await;
    let _keyring = session.keyring().await;
    assert_eq!(owner.tell(&format!("get c2 {ORIGIN}")), "sk-2", "the connection is made again");

    assert_eq!(owner.tell("delete c1"), "done");
    assert_eq!(owner.tell("delete c1"), "done");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "none");
    assert_eq!(session.kept("channel/c1/key/default"), "");
}

#[tokio::test]
async fn an_entry_that_somebody_deleted_or_replaced_is_missing_and_no_fault() {
    let session = Session::start();
    let _keyring = session.keyring().await;
    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    let tool = program(&["secret-tool"], "libsecret-tools");
    let account = ["service", "Sluice", "username", "channel/c1/key/default"];
    session::output(session.command(&tool).arg("clear").args(account));

    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "none");
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Missing");

    let mut store = session.command(&tool);
    store.args(["store", "--label=by hand"]).args(account);
    let mut child = store.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"sk-by-hand").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "none", "it says for no host that it was saved for");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-2")), "done");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "sk-2");
}

#[tokio::test]
async fn a_keyring_that_is_unlocked_late_gives_its_secrets_without_a_restart() {
    let session = Session::start();
    let keyring = session.keyring().await;
    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    drop(owner);
    keyring.end().await;
    let keyring = session.locked_keyring().await;

    let mut owner = Owner::start(&session);
    owner.tells("state", "Keychain Locked 0").await;
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Locked");
    assert_eq!(owner.tell("state"), "Keychain Locked 1");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "fault Locked");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-2")), "fault Locked");

    keyring.unlock().await;

    owner.tells("state", "Keychain Ready 0").await;
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "sk-1");

    keyring.lock().await;
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "sk-1", "what was read stays in memory");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-2")), "fault Locked");
    assert_eq!(owner.tell("state"), "Keychain Locked 0");
}

// The person answers while the test waits for the vault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dismissed_prompt_is_a_refusal_that_nothing_asks_about_again() {
    let session = Session::start();
    session.keyring().await.end().await;
    let keyring = session.locked_keyring().await;
    let person = session.refusing_person().await;
    let mut owner = Owner::start(&session);
    owner.tells("state", "Keychain Locked 0").await;
    assert_eq!(person.times_asked(), 0, "nobody is asked before somebody wants it");

    assert_eq!(owner.tell("unlock"), "fault Denied");

    let asked = person.times_asked();
    assert!(asked > 0);
    assert_eq!(owner.tell("state"), "Keychain Denied 0");
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Locked");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "fault Denied");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "fault Denied");
    assert_eq!(person.times_asked(), asked, "no use of the vault asks again");

    keyring.unlock().await;
    owner.tells("state", "Keychain Ready 0").await;
    assert_eq!(person.times_asked(), asked);
}

#[tokio::test]
async fn without_a_keychain_that_is_said_and_a_late_one_is_found() {
    let session = Session::start();
    let mut owner = Owner::start(&session);
    owner.tells("state", "Keychain Missing 0").await;
    assert!(owner.tell("message").contains("no Secret Service answers on the session bus"));
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "fault Missing");
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Unavailable");

    let _keyring = session.keyring().await;

    owner.tells("state", "Keychain Ready 0").await;
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Missing");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "sk-1");
}

#[tokio::test]
async fn without_a_bus_there_is_no_keychain_and_a_file_can_be_chosen() {
    let session = Session::start();
    let mut owner = Owner::start_with(&session, &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]);
    owner.tells("state", "Keychain Missing 0").await;
    assert_eq!(owner.tell("choose passphrase"), "done");
    assert_eq!(owner.tell("state"), "File Ready 0");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    assert_eq!(owner.tell("choose keychain"), "fault Missing", "no secret leaves for nowhere");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "sk-1");
}

#[tokio::test]
async fn secrets_move_along_when_another_place_is_chosen() {
    let session = Session::start();
    let _keyring = session.keyring().await;
    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    assert_eq!(owner.tell("choose passphrase"), "done");
    assert_eq!(owner.tell("state"), "File Ready 0");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "sk-1");
    assert_eq!(owner.tell(&format!("set c2 {ORIGIN} sk-2")), "done");
    assert_eq!(session.kept("channel/c2/key/default"), "");

    assert_eq!(owner.tell("choose keychain"), "done");

    assert_eq!(owner.tell("state"), "Keychain Ready 0");
    assert_eq!(owner.tell(&format!("get c2 {ORIGIN}")), "sk-2");
    assert!(session.kept("channel/c2/key/default").contains("sk-2"));
    assert!(!session.home.path().join("sluice/vault.age").exists());
}

/// Owns the name of the Secret Service, takes every call and answers none.
async fn hang(session: &Session) -> zbus::Connection {
    let bus = session.bus().await;
    bus.request_name("org.freedesktop.secrets").await.unwrap();
    bus
}

#[tokio::test]
async fn a_keychain_that_hangs_holds_nobody_up_and_is_used_when_it_is_back() {
    let session = Session::start();
    let mute = hang(&session).await;
    // Starting and asking take no longer than with a working one: the test would say nothing before the soft limit.
    let mut owner = Owner::start(&session);
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Pending");
    owner.tells("state", "Keychain Hanging 1").await;
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "Unavailable");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "fault Hanging");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "fault Hanging");

    mute.close().await.unwrap();
    let _keyring = session.keyring().await;

    owner.tells("state", "Keychain Ready 0").await;
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} sk-1")), "done");
    assert_eq!(owner.tell(&format!("ask c1 {ORIGIN}")), "sk-1");
}

#[tokio::test]
async fn a_secret_that_is_too_long_is_refused_and_the_longest_is_kept() {
    let session = Session::start();
    let _keyring = session.keyring().await;
    let mut owner = Owner::start(&session);
    let longest = "k".repeat(store::SECRET_BYTES_MAX);
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} {longest}k")), "fault TooLong");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), "none");
    assert_eq!(owner.tell(&format!("set c1 {ORIGIN} {longest}")), "done");
    assert_eq!(owner.tell(&format!("get c1 {ORIGIN}")), longest);
}
