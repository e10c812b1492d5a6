//! `sluice route MODEL`: the whole decision, without sending anything.

use std::process::ExitCode;

use admin::RouteQuestion;
use serde::Deserialize;
use wire::Protocol;

use crate::args::Everywhere;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of an explained route.
#[derive(Deserialize)]
struct Explained {
    asked: String,
    protocol: Protocol,
    rule: String,
    refusal: Option<String>,
    order: Vec<Weighed>,
    skipped: Vec<Skipped>,
}

#[derive(Deserialize)]
struct Weighed {
    channel: String,
    model: String,
    rank: u32,
    eligible: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Skipped {
    pub(crate) channel: String,
    pub(crate) reason: String,
}

/// Explains the name; the exit code says whether a request for it could be served now.
pub(crate) async fn run(
    everywhere: &Everywhere,
    model: String,
    protocol: Protocol,
) -> anyhow::Result<Outcome> {
    let door = crate::door(everywhere).await?;
    let reply = door.call("route_model", RouteQuestion { model, protocol }).await?;
    let explained: Explained = serde_json::from_value(reply.clone())?;
    let served = explained.refusal.is_none() && explained.order.iter().any(|weighed| weighed.eligible);
    let code = if served { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let shown = if everywhere.json {
        Outcome::json(&reply)?
    } else {
        Outcome::done(text(&explained, Paint::for_stdout()))
    };
    Ok(Outcome { code, ..shown })
}

fn text(explained: &Explained, paint: Paint) -> String {
    let Explained { asked, protocol, rule, refusal, order, skipped } = explained;
    let mut parts = vec![format!("{} asked in {protocol}\nrule: {rule}\n", paint.bold(asked))];
    parts.extend(refusal.as_ref().map(|refusal| format!("{} {refusal}\n", paint.bad("refused:"))));
    if order.is_empty() {
        parts.push(format!("{}\n", paint.bad("no channel would be tried")));
    } else {
        let rows: Vec<Vec<String>> =
            order.iter().enumerate().map(|(at, weighed)| row(at + 1, weighed, paint)).collect();
        parts.push(format!("would be tried in this order:\n{}", table::columns(&rows)));
    }
    parts.push(skipped_text(skipped, paint));
    parts.concat()
}

fn row(place: usize, weighed: &Weighed, paint: Paint) -> Vec<String> {
    let state = match (&weighed.reason, weighed.eligible) {
        (_, true) => paint.good("ready"),
        (Some(reason), false) => paint.warn(reason),
        (None, false) => paint.warn("not now"),
    };
    vec![
        format!("  {place}"),
        weighed.channel.clone(),
        weighed.model.clone(),
        format!("tier {}", weighed.rank + 1),
        state,
    ]
}

/// The channels that were no candidates, each with its reason.
pub(crate) fn skipped_text(skipped: &[Skipped], paint: Paint) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = skipped
        .iter()
        .map(|skipped| vec![format!("  {}", skipped.channel), paint.faint(&skipped.reason)])
        .collect();
    format!("left out:\n{}", table::columns(&rows))
}
