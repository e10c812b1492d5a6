//! `sluice keys`: the keys with which programs call the gateway.

use std::io::{IsTerminal, stdout};

use admin::Nothing;
use anyhow::bail;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Everywhere, Keys};
use crate::door::Door;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of a key.
#[derive(Deserialize)]
struct KeyLine {
    name: String,
    hint: String,
    enabled: bool,
    requests: u64,
    kept_in: Option<String>,
}

/// Performs the change, or lists the keys.
pub(crate) async fn run(everywhere: &Everywhere, change: Option<Keys>) -> anyhow::Result<Outcome> {
    if let Some(Keys::Show { name, raw }) = change {
        journal::start_brief(Paint::for_stderr().colours());
        return show(everywhere, &name, raw).await;
    }
    let door = crate::door(everywhere).await?;
    match change {
        Some(Keys::Add { name }) => {
            let reply = door.call("add_client_key", json!({ "name": name })).await?;
            let words = format!("{name} has a key now; print it: sluice keys show {name:?}\n");
            told(everywhere, &reply, words)
        }
        Some(Keys::Revoke { name }) => {
            let reply = door.call("remove_client_key", json!({ "name": name })).await?;
            door.settle().await;
            told(everywhere, &reply, format!("the key of {name} is refused from now on\n"))
        }
        Some(Keys::List | Keys::Show { .. }) | None => list(everywhere, &door).await,
    }
}

fn told(everywhere: &Everywhere, reply: &Value, words: String) -> anyhow::Result<Outcome> {
    if everywhere.json { Outcome::json(reply) } else { Ok(Outcome::done(words)) }
}

async fn list(everywhere: &Everywhere, door: &Door) -> anyhow::Result<Outcome> {
    let reply = door.call("client_keys", Nothing {}).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let keys: Vec<KeyLine> = serde_json::from_value(reply)?;
    let paint = Paint::for_stdout();
    let head = ["NAME", "KEY", "REQUESTS", "KEPT IN", "STATE"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> =
        std::iter::once(head).chain(keys.iter().map(|key| row(key, paint))).collect();
    Ok(Outcome::done(table::columns(&rows)))
}

fn row(key: &KeyLine, paint: Paint) -> Vec<String> {
    vec![
        key.name.clone(),
        key.hint.clone(),
        key.requests.to_string(),
        key.kept_in.clone().unwrap_or_else(|| "the vault".to_owned()),
        if key.enabled { paint.good("accepted") } else { paint.faint("refused") },
    ]
}

/// Prints a key. No running gateway tells it, so that it is read here, from where it is kept.
async fn show(everywhere: &Everywhere, name: &str, raw: bool) -> anyhow::Result<Outcome> {
    if !raw && !stdout().is_terminal() {
        bail!("standard output is no terminal: --raw prints the key there all the same");
    }
    let sluice = Door::here(everywhere).await?;
    let key = sluice.client_key_text(name).await?;
    Ok(Outcome::done(format!("{}\n", key.expose_secret())))
}
