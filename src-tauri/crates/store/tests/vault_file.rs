//! The vault's encrypted file, and the configuration that refers to it.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and plays the person who edits the file"
)]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use config::{SecretState, Snapshot};
use secrecy::{ExposeSecret, SecretString};
use store::{
    Availability, ConfigFile, Environment, Home, Origin, Overrides, SecretId, VAULT_PASSPHRASE_VARIABLE,
    Vault, VaultChoice, VaultFault, VaultKind,
};
use tokio::sync::watch;

const PASSPHRASE: &str = "correct horse";
const ORIGIN: &str = "https://api.example.com";

/// Far longer than scrypt takes; reached only where what is waited for never happens.
const SOON: Duration = Duration::from_secs(120);

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    home.prepare().unwrap();
    (folder, home)
}

fn with_passphrase(home: &Home, passphrase: &str) -> Vault {
    Vault::open(home, &Environment::fixed([(VAULT_PASSPHRASE_VARIABLE, passphrase)]))
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn key(channel: &str) -> SecretId {
    SecretId::ChannelKey { channel_id: channel.to_owned(), key: "default".to_owned() }
}

async fn stands(vault: &Vault, availability: Availability) {
    let mut states = vault.states();
    let waited = tokio::time::timeout(SOON, states.wait_for(|state| state.availability == availability));
    waited.await.unwrap_or_else(|_| panic!("{:?}", vault.state())).unwrap();
}

/// Waits for a snapshot that is as wanted.
async fn until(snapshots: &mut watch::Receiver<Arc<Snapshot>>, wanted: impl FnMut(&Arc<Snapshot>) -> bool) {
    tokio::time::timeout(SOON, snapshots.wait_for(wanted)).await.unwrap().unwrap();
}

fn open(home: &Home, vault: Vault) -> ConfigFile {
    let origin = Origin::Native(home.clone());
    ConfigFile::open(origin, Environment::fixed([]), Overrides::default(), vault).unwrap()
}

#[tokio::test]
async fn a_secret_survives_a_restart_for_its_origin_only_and_nowhere_in_plain_text() {
    let (_folder, home) = home();
    let vault = with_passphrase(&home, PASSPHRASE);
    vault.set(&key("c1"), secret("sk-canary-5e1f"), ORIGIN).await.unwrap();
    assert_eq!(vault.state().kind, VaultKind::File);
    drop(vault);

    let vault = with_passphrase(&home, PASSPHRASE);
    let read = vault.get(&key("c1"), ORIGIN).await.unwrap().unwrap();
    assert_eq!(read.expose_secret(), "sk-canary-5e1f");
    let elsewhere = vault.get(&key("c1"), "https://evil.example").await;
    assert_eq!(elsewhere.unwrap_err(), VaultFault::OriginChanged);
    assert!(vault.get(&key("c2"), ORIGIN).await.unwrap().is_none());

    let bytes = fs::read(home.vault()).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    assert!(!bytes.windows(6).any(|part| part == b"canary"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(home.vault()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    vault.delete(&key("c1")).await.unwrap();
    vault.delete(&key("c1")).await.unwrap();
    assert!(vault.get(&key("c1"), ORIGIN).await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_is_closed_until_its_own_passphrase_comes() {
    let (_folder, home) = home();
    let vault = with_passphrase(&home, PASSPHRASE);
    vault.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    drop(vault);

    let vault = Vault::open(&home, &Environment::fixed([]));
    stands(&vault, Availability::Closed).await;
    assert_eq!(vault.get(&key("c1"), ORIGIN).await.unwrap_err(), VaultFault::Closed);
    assert_eq!(vault.open_file(secret("wrong")).await.unwrap_err(), VaultFault::WrongPassphrase);
    assert_eq!(vault.open_file(secret("")).await.unwrap_err(), VaultFault::NoPassphrase);
    assert_eq!(vault.unlock().await.unwrap_err(), VaultFault::Closed);
    vault.open_file(secret(PASSPHRASE)).await.unwrap();
    assert_eq!(vault.state().availability, Availability::Ready);
    assert!(vault.get(&key("c1"), ORIGIN).await.unwrap().is_some());
}

#[tokio::test]
async fn two_processes_lose_no_secret_of_each_other() {
    let (_folder, home) = home();
    let one = with_passphrase(&home, PASSPHRASE);
    let other = with_passphrase(&home, PASSPHRASE);
    one.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    other.set(&key("c2"), secret("sk-2"), ORIGIN).await.unwrap();
    for vault in [&one, &other] {
        for (channel, expected) in [("c1", "sk-1"), ("c2", "sk-2")] {
            let read = vault.get(&key(channel), ORIGIN).await.unwrap().unwrap();
            assert_eq!(read.expose_secret(), expected);
        }
    }
}

#[tokio::test]
async fn what_no_keychain_holds_is_refused_before_anything_is_kept() {
    let (_folder, home) = home();
    let vault = with_passphrase(&home, PASSPHRASE);
    let longest = "k".repeat(store::SECRET_BYTES_MAX);
    vault.set(&key("c1"), secret(&longest), ORIGIN).await.unwrap();
    let too_long = vault.set(&key("c1"), secret(&format!("{longest}k")), ORIGIN).await;
    assert_eq!(too_long.unwrap_err(), VaultFault::TooLong);
    assert_eq!(vault.get(&key("c1"), ORIGIN).await.unwrap().unwrap().expose_secret(), longest);
}

#[tokio::test]
async fn without_a_vault_a_secret_is_refused_with_the_two_ways_out() {
    let refused = Vault::none().set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap_err();
    assert_eq!(refused, VaultFault::Missing);
    let words = refused.to_string();
    assert!(words.contains("encrypted file") && words.contains("${NAME}"), "{words}");
}

const REFERRING: &str = "version = 1\n[[channel]]\nname = \"a\"\nid = \"c1\"\nbase_url = \"https://api.example.com/v1\"\nkey = { vault = true }\n";

#[tokio::test]
async fn a_channel_gets_its_key_as_soon_as_the_vault_opens() {
    let (_folder, home) = home();
    let vault = with_passphrase(&home, PASSPHRASE);
    vault.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    drop(vault);
    fs::write(home.config(), REFERRING).unwrap();

    let config = open(&home, Vault::open(&home, &Environment::fixed([])));
    let mut snapshots = config.snapshot();
    until(&mut snapshots, |snapshot| snapshot.channels[0].keys[0].state == SecretState::Locked).await;
    assert!(snapshots.borrow().channels[0].needs_key().is_some());
    config.vault().open_file(secret(PASSPHRASE)).await.unwrap();

    until(&mut snapshots, |snapshot| snapshot.channels[0].needs_key().is_none()).await;
    let snapshot = snapshots.borrow();
    assert_eq!(snapshot.channels[0].keys[0].secret.as_ref().unwrap().expose_secret(), "sk-1");
    assert!(!snapshot.findings.iter().any(|finding| finding.message.contains("needs a key")));
}

#[tokio::test]
async fn a_secret_that_arrives_while_the_file_is_invalid_is_told_to_those_who_follow_its_problems() {
    let (_folder, home) = home();
    let saving = with_passphrase(&home, PASSPHRASE);
    saving.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    drop(saving);
    fs::write(home.config(), REFERRING).unwrap();
    let config = open(&home, Vault::open(&home, &Environment::fixed([])));
    config.watch().unwrap();
    let (mut problems, snapshots) = (config.problems(), config.snapshot());
    fs::write(home.config(), "version = 99\n").unwrap();
    let broken = problems.wait_for(|findings| findings.iter().any(config::Finding::is_error));
    tokio::time::timeout(SOON, broken).await.unwrap().unwrap();

    config.vault().open_file(secret(PASSPHRASE)).await.unwrap();

    let arrived = problems.wait_for(|_| snapshots.borrow().channels[0].needs_key().is_none());
    let findings = tokio::time::timeout(SOON, arrived).await.unwrap().unwrap();
    assert!(findings.iter().any(config::Finding::is_error), "the file is as invalid as before");
}

#[tokio::test]
async fn a_key_goes_to_no_other_host_than_it_was_saved_for() {
    let (_folder, home) = home();
    let vault = with_passphrase(&home, PASSPHRASE);
    vault.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    fs::write(home.config(), REFERRING.replace("api.example.com", "evil.example")).unwrap();

    let config = open(&home, vault);
    let mut snapshots = config.snapshot();
    until(&mut snapshots, |snapshot| snapshot.channels[0].keys[0].state == SecretState::OriginChanged).await;
    assert!(snapshots.borrow().channels[0].keys[0].secret.is_none());
}

#[tokio::test]
async fn plain_secrets_move_into_the_vault_and_comments_stay() {
    let (_folder, home) = home();
    fs::write(
        home.config(),
        "# mine\nversion = 1\n[[channel]] # first\nname = \"a\"\nid = \"c1\"\nbase_url = \"https://api.example.com/v1\"\nkey = \"sk-canary-1\" # of work\nproxy = \"office\"\n[[proxy]]\nname = \"office\"\ntype = \"socks5\"\nhost = \"proxy.example\"\nport = 1080\nusername = \"u\"\npassword = \"canary-2\"\n",
    )
    .unwrap();
    let config = open(&home, with_passphrase(&home, PASSPHRASE));
    let snapshots = config.snapshot();
    assert!(snapshots.borrow().channels[0].needs_key().is_none(), "used as it stands until it is moved");

    config.watch().unwrap();
    let mut problems = config.problems();
    let moved = problems.wait_for(|_| !fs::read_to_string(home.config()).unwrap().contains("canary"));
    tokio::time::timeout(SOON, moved).await.unwrap().unwrap();

    let text = fs::read_to_string(home.config()).unwrap();
    assert!(text.starts_with("# mine\nversion = 1\n[[channel]] # first\n"), "{text}");
    assert!(text.contains("key = { vault = true } # of work"), "{text}");
    assert!(text.contains("password = { vault = true }"), "{text}");
    let kept = fs::read_to_string(home.config_last_good()).unwrap();
    assert!(!kept.contains("canary"), "{kept}");
    let vault = config.vault();
    let read = vault.get(&key("c1"), ORIGIN).await.unwrap().unwrap();
    assert_eq!(read.expose_secret(), "sk-canary-1");
    let password = SecretId::ProxyPassword { proxy: "office".to_owned() };
    let read = vault.get(&password, "socks5://proxy.example:1080").await.unwrap().unwrap();
    assert_eq!(read.expose_secret(), "canary-2");
    assert!(snapshots.borrow().channels[0].needs_key().is_none());
}

#[tokio::test]
async fn the_chosen_file_takes_over_what_is_known_and_stays_chosen() {
    let (_folder, home) = home();
    let vault = Vault::open(&home, &Environment::fixed([]));
    assert!(!home.vault().exists());
    vault.choose(VaultChoice::File { passphrase: secret(PASSPHRASE) }).await.unwrap();
    assert_eq!((vault.state().kind, vault.state().availability), (VaultKind::File, Availability::Ready));
    vault.set(&key("c1"), secret("sk-1"), ORIGIN).await.unwrap();
    drop(vault);

    let again = Vault::open(&home, &Environment::fixed([]));
    stands(&again, Availability::Closed).await;
    assert_eq!(again.state().name, home.vault().display().to_string());
}
