//! A program around a vault, for tests: it does what it reads, line by line, and says in a line what came of it.
//!
//! A program of its own, because the keychain is found by the environment of the process, and because a restart is a
//! thing to test.
#![expect(clippy::unwrap_used, reason = "a test's program panics: that is how a test fails")]

use std::io::{BufRead as _, Write as _};

use config::{VaultAnswer, VaultQuestion};
use secrecy::{ExposeSecret as _, SecretString};
use store::{Environment, Home, SecretId, Vault, VaultChoice};

#[tokio::main]
async fn main() {
    let environment = Environment::process();
    let home = Home::find(&environment).unwrap();
    home.prepare().unwrap();
    let vault = Vault::open(&home, &environment);
    say("open");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        say(&perform(&vault, &words).await);
    }
}

async fn perform(vault: &Vault, words: &[&str]) -> String {
    match *words {
        ["set", channel, origin, secret] => {
            told(vault.set(&key(channel), SecretString::from(secret), origin).await, |()| "done".to_owned())
        }
        ["get", channel, origin] => told(vault.get(&key(channel), origin).await, |found| {
            found.map_or("none".to_owned(), |secret| secret.expose_secret().to_owned())
        }),
        ["delete", channel] => told(vault.delete(&key(channel)).await, |()| "done".to_owned()),
        ["ask", channel, origin] => {
            let question = VaultQuestion { id: key(channel), origin: origin.to_owned() };
            match vault.answer(&question) {
                VaultAnswer::Secret(secret) => secret.expose_secret().to_owned(),
                VaultAnswer::Missing => "Missing".to_owned(),
                VaultAnswer::OriginChanged => "OriginChanged".to_owned(),
                VaultAnswer::Locked { .. } => "Locked".to_owned(),
                VaultAnswer::Unavailable { .. } => "Unavailable".to_owned(),
                VaultAnswer::Pending => "Pending".to_owned(),
            }
        }
        ["unlock"] => told(vault.unlock().await, |()| "done".to_owned()),
        ["choose", "keychain"] => told(vault.choose(VaultChoice::Keychain).await, |()| "done".to_owned()),
        ["choose", passphrase] => {
            let choice = VaultChoice::File { passphrase: SecretString::from(passphrase) };
            told(vault.choose(choice).await, |()| "done".to_owned())
        }
        ["state"] => {
            let state = vault.state();
            format!("{:?} {:?} {}", state.kind, state.availability, state.waiting)
        }
        ["message"] => vault.state().message.unwrap_or_default().replace('\n', " "),
        _ => panic!("no command: {words:?}"),
    }
}

/// A channel's id, perhaps with the name of a key behind a colon.
fn key(words: &str) -> SecretId {
    let (channel, key) = words.split_once(':').unwrap_or((words, "default"));
    SecretId::ChannelKey { channel_id: channel.to_owned(), key: key.to_owned() }
}

fn told<T>(result: Result<T, store::VaultFault>, words: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(done) => words(done),
        Err(fault) => format!("fault {fault:?}"),
    }
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{words}").unwrap();
    out.flush().unwrap();
}
