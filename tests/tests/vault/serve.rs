//! `sluice serve` with its keys in the keyring.

use sim::{Match, Plan, Rule, Simulator, Then};
use sluice_tests::bed;
use sluice_tests::canary;
use sluice_tests::http::{self, Reply};
use sluice_tests::programs::Served;
use sluice_tests::session::Session;
use sluice_tests::speech;
use sluice_tests::{until, until_async};

use crate::owner::Owner;

const CLIENT_KEY: &str = "sk-sluice-of-the-session";

/// Serves a configuration in the session, with its keyring.
async fn serve(session: &Session, config: &str, more: &[(&str, &str)]) -> Served {
    let environment = session.environment();
    let mut variables: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("SLUICE_KEY", CLIENT_KEY));
    variables.extend(more);
    Served::start(&bed::listing(config), &variables).await
}

async fn ask(served: &Served) -> Reply {
    http::send(served.addr, &speech::ALL[0].request(false).bearer(CLIENT_KEY)).await
}

/// Keeps the key of a channel for the origin of a simulated provider.
fn keep(session: &Session, account: &str, upstream: &Simulator, secret: &str) {
    let mut owner = Owner::start(session);
    assert_eq!(owner.tell(&format!("set {account} {} {secret}", upstream.url())), "done");
}

fn keys_seen(upstream: &Simulator) -> Vec<String> {
    upstream.seen().iter().filter_map(|seen| seen.key.clone()).collect()
}

#[tokio::test]
async fn a_locked_key_takes_only_its_own_channel_away_and_only_until_the_keyring_opens() {
    let session = Session::start();
    let keyring = session.keyring().await;
    let [first, second] = [
        Simulator::start(Plan::steady("first")).await.unwrap(),
        Simulator::start(Plan::steady("second")).await.unwrap(),
    ];
    keep(&session, "c1", &first, "sk-of-the-keyring");
    keyring.end().await;
    let keyring = session.locked_keyring().await;
    let config = format!(
        "version = 1\n[[channel]]\nname = \"first\"\nid = \"c1\"\nbase_url = \"{}\"\nkey = {{ vault = true }}\nmodel = \"m\"\npriority = 1\n\
         [[channel]]\nname = \"second\"\nbase_url = \"{}\"\nkey = {{ env = \"SECOND\" }}\nmodel = \"m\"\npriority = 2\n",
        first.url(),
        second.url()
    );
    let served = serve(&session, &config, &[("SECOND", "sk-second")]).await;

    assert_eq!(ask(&served).await.status, 200);
    assert_eq!((keys_seen(&first).len(), keys_seen(&second).len()), (0, 1), "the other channel serves");
    until("the log to name the lock", || served.said().contains("the keychain is locked").then_some(()))
        .await;

    keyring.unlock().await;

    until_async("the first channel to serve", async || {
        assert_eq!(ask(&served).await.status, 200);
        (!keys_seen(&first).is_empty()).then_some(())
    })
    .await;
    assert_eq!(keys_seen(&first)[0], "sk-of-the-keyring");
}

#[tokio::test]
async fn the_keys_of_a_channel_are_walked_before_the_next_channel() {
    let session = Session::start();
    let _keyring = session.keyring().await;
    let upstream = Simulator::start(Plan::steady("a")).await.unwrap();
    let refused = Match { key: Some("sk-work".to_owned()), ..Match::default() };
    upstream.script(vec![Rule::always(refused, Then::status(401))]);
    keep(&session, "c1:work", &upstream, "sk-work");
    keep(&session, "c1:home", &upstream, "sk-home");
    let config = format!(
        "version = 1\n[[channel]]\nname = \"a\"\nid = \"c1\"\nbase_url = \"{}\"\nmodel = \"m\"\n\
         keys = [{{ name = \"work\", vault = true }}, {{ name = \"home\", vault = true }}]\n",
        upstream.url()
    );
    let served = serve(&session, &config, &[]).await;

    // The keys are read while the gateway listens already, so the first requests may come before them.
    until_async("the channel to have its keys", async || (ask(&served).await.status == 200).then_some(()))
        .await;
    assert_eq!(ask(&served).await.status, 200);
    assert_eq!(keys_seen(&upstream), ["sk-work", "sk-home", "sk-home"], "a refused key is not asked again");
}

/// Unlike anything else, and with bytes that JSON, URLs and base64 write differently.
const CANARIES: [&str; 3] = ["sk-CANARY/plain+7f3a9b2c", "CANARY/proxy+4e8d1f6a", "sk-CANARY/other+9c5b3e7d"];

#[tokio::test]
async fn plain_secrets_leave_the_file_for_the_keyring_and_stand_nowhere_else() {
    let session = Session::start();
    let _keyring = session.keyring().await;
    let upstream = Simulator::start(Plan::steady("a")).await.unwrap();
    let config = format!(
        "# mine\nversion = 1\n[log]\nlevel = \"debug\"\n[[channel]]\nname = \"a\"\nbase_url = \"{url}\"\nkey = \"{}\" # of work\nmodel = \"m\"\n\
         [[channel]]\nname = \"b\"\nbase_url = \"{url}\"\nkeys = [{{ key = \"{}\" }}]\nmodel = \"m\"\nproxy = \"office\"\n\
         [[proxy]]\nname = \"office\"\nhost = \"127.0.0.1\"\nport = 9\nusername = \"u\"\npassword = \"{}\"\n",
        CANARIES[0],
        CANARIES[2],
        CANARIES[1],
        url = upstream.url()
    );
    let served = serve(&session, &config, &[]).await;
    let file = served.home.path().join("config.toml");
    until("the secrets to leave the file", || {
        (!std::fs::read_to_string(&file).unwrap().contains("CANARY")).then_some(())
    })
    .await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# mine\n") && text.contains("{ vault = true } # of work"), "{text}");

    let mut artefacts = Vec::new();
    for _ in 0..2 {
        let reply = ask(&served).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        artefacts.push(("an answer".to_owned(), format!("{:?}\n{}", reply.headers, reply.text())));
    }
    for arguments in [&["status", "--json"][..], &["channels"], &["why"], &["test", "a"]] {
        artefacts.push((arguments.join(" "), served.command(arguments)));
    }
    artefacts.push(("what the server printed".to_owned(), served.said()));
    for what in ["cmdline", "environ"] {
        let bytes = std::fs::read(format!("/proc/{}/{what}", served.pid())).unwrap();
        artefacts.push((what.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    let home = served.end();
    canary::read_all(home.path(), &mut artefacts);
    // The keyring's own files are encrypted.
    canary::read_all(session.home.path(), &mut artefacts);

    // The search would prove nothing if the keys had not been in use.
    let seen = keys_seen(&upstream);
    assert!(seen.iter().any(|key| key == CANARIES[0] || key == CANARIES[2]), "{seen:?}");
    assert!(artefacts.iter().any(|(name, _)| name.ends_with("config.toml.last-good")));
    assert!(artefacts.iter().any(|(name, _)| name.ends_with("login.keyring")));
    canary::search(&artefacts, &CANARIES);
}
