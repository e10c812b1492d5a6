//! `sluice channels`: list them, add one, take one into or out of use, remove one.

use std::io::{IsTerminal, Read, Write};

use admin::{ChannelName, ChannelSwitch, Nothing};
use anyhow::bail;
use config::Pattern;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Add, Channels, Everywhere};
use crate::door::Door;
use crate::first_request::ADD_A_CHANNEL;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of a channel.
#[derive(Deserialize)]
struct ChannelLine {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    protocols: Vec<String>,
    base_url: String,
    model: Option<String>,
    models: Option<Vec<String>>,
    priority: u32,
    weight: u32,
    enabled: bool,
    needs_key: Option<String>,
}

/// Extra attempts on a channel, as the file's default has them.
const RETRIES: u32 = 2;

/// Performs the change, or lists the channels.
pub(crate) async fn run(everywhere: &Everywhere, change: Option<Channels>) -> anyhow::Result<Outcome> {
    let door = match &change {
        // A new channel is for the user's own configuration, never for the demo's, which forgets it.
        Some(Channels::Add(_)) => {
            journal::start_brief(Paint::for_stderr().colours());
            Door::to_file_or_gateway(everywhere).await?
        }
        None
        | Some(
            Channels::List
            | Channels::Enable { .. }
            | Channels::Disable { .. }
            | Channels::Remove { .. }
            | Channels::SetKey { .. },
        ) => crate::door(everywhere).await?,
    };
    match change {
        None | Some(Channels::List) => list(everywhere, &door).await,
        Some(Channels::Add(add)) => added(everywhere, &door, *add).await,
        Some(Channels::Enable { name }) => switched(everywhere, &door, name, true).await,
        Some(Channels::Disable { name }) => switched(everywhere, &door, name, false).await,
        Some(Channels::Remove { name }) => removed(everywhere, &door, name).await,
        Some(Channels::SetKey { name, key }) => set_key(everywhere, &door, name, key).await,
    }
}

async fn list(everywhere: &Everywhere, door: &Door) -> anyhow::Result<Outcome> {
    let reply = door.call("list_channels", Nothing {}).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let channels: Vec<ChannelLine> = serde_json::from_value(reply)?;
    if channels.is_empty() {
        return Ok(Outcome::done(format!("no channel yet; add one: {ADD_A_CHANNEL}\n")));
    }
    let paint = Paint::for_stdout();
    let head =
        ["NAME", "TYPE", "PROTOCOLS", "BASE URL", "MODEL", "PRIORITY", "WEIGHT", "STATE"].map(str::to_owned);
    let rows: Vec<Vec<String>> =
        std::iter::once(head.to_vec()).chain(channels.iter().map(|channel| row(channel, paint))).collect();
    Ok(Outcome::done(table::columns(&rows)))
}

fn row(channel: &ChannelLine, paint: Paint) -> Vec<String> {
    vec![
        channel.name.clone(),
        channel.kind.clone(),
        channel.protocols.join(","),
        channel.base_url.split_once("://").map_or(&*channel.base_url, |(_, rest)| rest).to_owned(),
        channel.model.clone().unwrap_or_else(|| "-".to_owned()),
        channel.priority.to_string(),
        channel.weight.to_string(),
        state(channel, paint),
    ]
}

fn state(channel: &ChannelLine, paint: Paint) -> String {
    match (channel.enabled, &channel.needs_key) {
        (false, _) => paint.faint("disabled"),
        (true, Some(why)) => paint.warn(format!("needs a key: {why}")),
        (true, None) => paint.good("ready"),
    }
}

async fn added(everywhere: &Everywhere, door: &Door, add: Add) -> anyhow::Result<Outcome> {
    let reply = door.call("save_channel", json!({ "original": null, "form": form(add) })).await?;
    let line = reply["line"].clone();
    if everywhere.json {
        return Outcome::json(&line);
    }
    let line: ChannelLine = serde_json::from_value(line)?;
    Ok(Outcome::done(added_text(&line, Paint::for_stdout())))
}

fn added_text(line: &ChannelLine, paint: Paint) -> String {
    let (name, state) = (&line.name, state(line, paint));
    let listed = line.models.iter().flatten().any(|model| Pattern::new(model).is_literal());
    let warning = if line.model.is_some() || listed {
        String::new()
    } else {
        format!(
            "{} it has no default model, so `auto` passes it over; give it one in the file, as in model = \"MODEL\"\n",
            paint.warn("warning:")
        )
    };
    format!("channel {name} is added: {state}\n{warning}try it: sluice test {name}\n")
}

/// The form of a new channel. What a person left out follows from its type and its host.
fn form(add: Add) -> Value {
    let key = add.key_env.map(|variable| {
        json!({ "name": "default", "source": "environment", "variable": variable, "enabled": true })
    });
    let proxy = match add.proxy.as_deref() {
        None | Some("direct") => json!({ "way": "direct" }),
        Some("system") => json!({ "way": "system" }),
        Some(name) => json!({ "way": "named", "name": name }),
    };
    let protocol = |protocol: &wire::Protocol| json!({ "protocol": protocol, "base_url": null });
    json!({
        "name": add.name,
        "type": add.kind,
        "base_url": add.base_url,
        "exact": false,
        "protocols": add.protocols.iter().map(protocol).collect::<Vec<_>>(),
        "keys": key.into_iter().collect::<Vec<_>>(),
        "model": add.model,
        "models": add.models,
        "model_map": [],
        "params": [],
        "params_force": false,
        "enabled": true,
        "weight": add.weight.unwrap_or(1),
        "priority": add.priority.unwrap_or(1),
        "tags": add.tags,
        "timeout_ms": null,
        "max_retries": RETRIES,
        "proxy": proxy,
        "rpm": add.rpm.unwrap_or(-1),
        "rpd": add.rpd.unwrap_or(-1),
    })
}

async fn switched(
    everywhere: &Everywhere,
    door: &Door,
    name: String,
    enabled: bool,
) -> anyhow::Result<Outcome> {
    let reply = door.call("set_channel_enabled", ChannelSwitch { name: name.clone(), enabled }).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let word = if enabled { "in use" } else { "out of use" };
    Ok(Outcome::done(format!("channel {name} is {word}\n")))
}

async fn removed(everywhere: &Everywhere, door: &Door, name: String) -> anyhow::Result<Outcome> {
    let reply = door.call("remove_channel", ChannelName { name: name.clone() }).await?;
    door.settle().await;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    Ok(Outcome::done(format!("channel {name} is removed\n")))
}

/// Puts a key into the vault. It comes from standard input: arguments are seen by every program on the machine.
async fn set_key(everywhere: &Everywhere, door: &Door, name: String, key: String) -> anyhow::Result<Outcome> {
    let secret = secret_from_stdin("the key")?;
    let detail = door.call("channel", ChannelName { name: name.clone() }).await?;
    let mut form = detail["form"].clone();
    let Some(keys) = form["keys"].as_array_mut() else {
        bail!("the gateway tells nothing of the channel's keys")
    };
    match keys.iter_mut().find(|known| known["name"] == key.as_str()) {
        Some(known) => {
            known["source"] = json!("vault");
            known["variable"] = Value::Null;
            known["secret"] = json!(secret);
        }
        None => keys.push(json!({ "name": key, "source": "vault", "secret": secret, "enabled": true })),
    }
    let reply = door.call("save_channel", json!({ "original": name, "form": form })).await?;
    if everywhere.json {
        return Outcome::json(&reply["line"]);
    }
    Ok(Outcome::done(format!(
        "channel {name}: the key {key:?} is in the vault\ntry it: sluice test {name}\n"
    )))
}

/// Reads one secret from standard input; on a terminal, after asking for it.
fn secret_from_stdin(what: &str) -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        // Whoever closed standard error is not asked.
        let _ = writeln!(std::io::stderr(), "paste {what} and end with a line of its own: ctrl-d");
    }
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let text = text.trim();
    if text.is_empty() || text.lines().count() > 1 {
        bail!("{what} is one line of text, given on standard input");
    }
    Ok(text.to_owned())
}
