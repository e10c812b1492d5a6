//! References to the vault: which question each asks, and what each answer makes of a channel.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;

use config::{
    Finding, Format, SecretSource, SecretState, Snapshot, Surroundings, VaultAnswer, VaultQuestion,
};
use secrecy::{ExposeSecret, SecretString};

fn resolve(text: &str, vault: &dyn Fn(&VaultQuestion) -> VaultAnswer) -> Result<Snapshot, Vec<Finding>> {
    let parsed = config::parse("config.toml", Format::Toml, text.as_bytes()).unwrap();
    let lookup = |_: &str| None;
    config::resolve(&parsed.document, &Surroundings { vault, ..Surroundings::new(&lookup) })
}

#[test]
fn each_reference_asks_for_a_secret_of_its_own_and_says_who_would_see_it() {
    let asked = RefCell::new(Vec::new());
    let vault = |question: &VaultQuestion| {
        asked.borrow_mut().push(format!("{} for {:?}", question.id, question.origin));
        VaultAnswer::Missing
    };
    let text = r#"
version = 1
[server]
api_key = { vault = true }
[[channel]]
name = "lone"
id = "c1"
base_url = "https://API.example.com:443/v1"
key = { vault = true }
proxy = { type = "https", host = "Hop.example", port = 8443, username = "u", password = { vault = true } }
[[channel]]
name = "several"
id = "c/2"
protocols = ["chat", { protocol = "messages", base_url = "http://10.0.0.7:8080/anthropic" }]
base_url = "https://api.example.com/v1"
keys = [{ vault = true }, { name = "home", vault = true }, { vault = true }]
[[proxy]]
name = "office"
type = "socks5"
host = "proxy.example"
port = 1080
password = { vault = true }
"#;
    resolve(text, &vault).unwrap();
    let both = r#""http://10.0.0.7:8080 https://api.example.com""#;
    let mut asked = asked.into_inner();
    asked.sort();
    assert_eq!(
        asked,
        [
            format!("channel/c%2F2/key/default for {both}"),
            format!("channel/c%2F2/key/home for {both}"),
            format!("channel/c%2F2/key/key 3 for {both}"),
            r#"channel/c1/key/default for "https://api.example.com""#.to_owned(),
            r#"channel/c1/proxy for "https://hop.example:8443""#.to_owned(),
            r#"proxy/office for "socks5://proxy.example:1080""#.to_owned(),
            r#"server/api_key for """#.to_owned(),
        ]
    );
}

const REFERRING: &str = "version = 1\n[[channel]]\nname = \"a\"\nkey = { vault = true }\n";

#[test]
fn every_answer_has_a_word_and_only_the_secret_serves() {
    let why = || "the keychain is locked".to_owned();
    for (answer, state, told) in [
        (VaultAnswer::Secret(SecretString::from("sk-1")), SecretState::Ready, None),
        (VaultAnswer::Missing, SecretState::Missing, Some("the vault holds none")),
        (VaultAnswer::OriginChanged, SecretState::OriginChanged, Some("was saved for another host")),
        (VaultAnswer::Locked { why: why() }, SecretState::Locked, Some("the keychain is locked")),
        (VaultAnswer::Unavailable { why: why() }, SecretState::Unavailable, Some("the keychain is locked")),
        (VaultAnswer::Pending, SecretState::Unavailable, None),
    ] {
        let snapshot = resolve(REFERRING, &|_| answer.clone()).unwrap();
        let key = &snapshot.channels[0].keys[0];
        assert_eq!((key.state, &key.source), (state, &SecretSource::Vault));
        assert_eq!(key.secret.is_some(), state == SecretState::Ready);
        assert_eq!(snapshot.channels[0].needs_key().is_none(), state == SecretState::Ready);
        let findings: Vec<&str> = snapshot.findings.iter().map(|finding| finding.message.as_str()).collect();
        let warned = findings.iter().find(|message| message.contains("needs a key"));
        assert_eq!(warned.is_some(), told.is_some(), "{findings:?}");
        assert!(warned.unwrap_or(&"").contains(told.unwrap_or("")), "{findings:?}");
    }
}

#[test]
fn one_key_that_is_at_hand_serves_while_another_is_locked() {
    let text =
        "version = 1\n[[channel]]\nname = \"a\"\nkeys = [{ vault = true }, { name = \"b\", vault = true }]\n";
    let vault = |question: &VaultQuestion| {
        if question.id.to_string().ends_with("/b") {
            VaultAnswer::Secret(SecretString::from("sk-b"))
        } else {
            VaultAnswer::Locked { why: "the keychain is locked".to_owned() }
        }
    };
    let snapshot = resolve(text, &vault).unwrap();
    assert!(snapshot.channels[0].needs_key().is_none());
    assert_eq!(snapshot.channels[0].keys[1].secret.as_ref().unwrap().expose_secret(), "sk-b");
}

#[test]
fn a_client_is_known_by_the_hash_of_its_key_and_by_a_name_that_is_free() {
    let hash = "82BCD9E5c50e15a1c68a5904021df3975591c1a00913030af09de8e2bc4ad700";
    let client = |name: &str, hash: &str| {
        let text =
            format!("version = 1\n[[client]]\nname = \"{name}\"\nkey_hash = \"{hash}\"\nenabled = false\n");
        resolve(&text, &|_| VaultAnswer::Missing)
    };
    let known = client("laptop", hash).unwrap();
    assert_eq!(known.clients[0].key_hash.unwrap()[..3], [0x82, 0xbc, 0xd9]);
    assert!(!known.clients[0].enabled);
    for bad in ["", "ab", &hash[1..], "sk-sluice-5f3b9a7e", &"g".repeat(64)] {
        let findings = client("laptop", bad).unwrap_err();
        assert!(
            findings[0].path == "client[0].key_hash" && !findings[0].message.contains("sk-"),
            "{findings:?}"
        );
    }
    let findings = client("default", hash).unwrap_err();
    assert_eq!(findings[0].path, "client[0].name");
    let twice =
        format!("version = 1\n[[client]]\nname = \"a\"\nkey_hash = \"{hash}\"\n[[client]]\nname = \"a\"\n");
    assert!(resolve(&twice, &|_| VaultAnswer::Missing).is_err());
}
