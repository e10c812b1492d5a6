//! `sluice channels`: list them, add one, take one into or out of use, remove one.

use admin::{ChannelDraft, ChannelLine, ChannelName, ChannelSwitch, Nothing};
use config::Pattern;

use crate::args::{Add, Channels, Everywhere};
use crate::door::Door;
use crate::first_request::ADD_A_CHANNEL;
use crate::paint::Paint;
use crate::{Outcome, table};

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
            Channels::List | Channels::Enable { .. } | Channels::Disable { .. } | Channels::Remove { .. },
        ) => crate::door(everywhere).await?,
    };
    match change {
        None | Some(Channels::List) => list(everywhere, &door).await,
        Some(Channels::Add(add)) => added(everywhere, &door, *add).await,
        Some(Channels::Enable { name }) => switched(everywhere, &door, name, true).await,
        Some(Channels::Disable { name }) => switched(everywhere, &door, name, false).await,
        Some(Channels::Remove { name }) => removed(everywhere, &door, name).await,
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
    let protocols: Vec<&str> = channel.protocols.iter().map(|protocol| protocol.word()).collect();
    vec![
        channel.name.clone(),
        channel.kind.word().to_owned(),
        protocols.join(","),
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
    let reply = door.call("add_channel", draft(add)).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let line: ChannelLine = serde_json::from_value(reply)?;
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

fn draft(add: Add) -> ChannelDraft {
    let Add {
        name,
        kind,
        base_url,
        key_env,
        protocols,
        model,
        models,
        priority,
        weight,
        tags,
        proxy,
        rpm,
        rpd,
    } = add;
    ChannelDraft {
        name,
        kind,
        base_url,
        key_env,
        protocols,
        model,
        models,
        priority,
        weight,
        tags,
        proxy,
        rpm,
        rpd,
    }
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
    if everywhere.json {
        return Outcome::json(&reply);
    }
    Ok(Outcome::done(format!("channel {name} is removed\n")))
}
