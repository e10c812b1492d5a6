//! `sluice status`: the running gateway and its channels.

use admin::Nothing;
use serde::Deserialize;

use crate::args::Everywhere;
use crate::door::Door;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of an overview.
#[derive(Deserialize)]
struct Overview {
    version: String,
    addresses: Vec<String>,
    config_file: Option<String>,
    client_key_hint: Option<String>,
    state: String,
    problems: Vec<Problem>,
    counters: Counters,
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Counters {
    in_flight: u32,
}

#[derive(Deserialize)]
struct Problem {
    severity: String,
    message: String,
    file: Option<String>,
    line: Option<u32>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Channel {
    name: String,
    state: String,
    reason: Option<String>,
    until: Option<String>,
    in_flight: u32,
    usage: Counted,
    limits: Allowed,
    uses: u64,
    errors: u64,
}

#[derive(Deserialize)]
struct Counted {
    rpm: u64,
    rpd: u64,
}

#[derive(Deserialize)]
struct Allowed {
    rpm: i64,
    rpd: i64,
}

/// Asks the running gateway, the demo's too.
pub(crate) async fn run(everywhere: &Everywhere) -> anyhow::Result<Outcome> {
    journal::start_brief(Paint::for_stderr().colours());
    let door = Door::to_gateway(everywhere).await?;
    let reply = door.call("overview", Nothing {}).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let overview: Overview = serde_json::from_value(reply)?;
    Ok(Outcome::done(text(&overview, Paint::for_stdout())))
}

fn text(overview: &Overview, paint: Paint) -> String {
    let addresses: Vec<String> =
        overview.addresses.iter().map(|address| format!("http://{address}")).collect();
    let facts = [
        ("address", Some(addresses.join("  "))),
        ("configuration", Some(overview.config_file.clone().unwrap_or_else(|| "in memory".to_owned()))),
        ("client key", overview.client_key_hint.clone()),
    ];
    let facts: Vec<Vec<String>> =
        facts.into_iter().filter_map(|(label, value)| Some(vec![label.to_owned(), value?])).collect();
    let headline = format!(
        "{} {} is {}, {} in flight\n",
        paint.bold("Sluice"),
        overview.version,
        painted_word(&overview.state, paint),
        overview.counters.in_flight
    );
    let mut parts = vec![headline, table::columns(&facts), channels(&overview.channels, paint)];
    parts.extend(
        overview
            .problems
            .iter()
            .map(|problem| format!("{}: {}\n", painted_severity(problem, paint), problem_words(problem))),
    );
    parts.concat()
}

fn channels(channels: &[Channel], paint: Paint) -> String {
    if channels.is_empty() {
        return "no channel yet; add one: sluice channels add NAME --type openai --key-env OPENAI_API_KEY\n"
            .to_owned();
    }
    let head = ["CHANNEL", "IN FLIGHT", "USES", "ERRORS", "RPM", "RPD", "STATE"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> =
        std::iter::once(head).chain(channels.iter().map(|channel| row(channel, paint))).collect();
    table::columns(&rows)
}

fn row(channel: &Channel, paint: Paint) -> Vec<String> {
    vec![
        channel.name.clone(),
        channel.in_flight.to_string(),
        channel.uses.to_string(),
        channel.errors.to_string(),
        of_limit(channel.usage.rpm, channel.limits.rpm),
        of_limit(channel.usage.rpd, channel.limits.rpd),
        state(channel, paint),
    ]
}

/// `15 of 60`, or only the number where there is no limit.
fn of_limit(used: u64, limit: i64) -> String {
    if limit < 0 { used.to_string() } else { format!("{used} of {limit}") }
}

fn state(channel: &Channel, paint: Paint) -> String {
    let state = channel.state.replace('_', " ");
    let mut words = match &channel.reason {
        // "needs key: needs a key: …" says it twice.
        Some(reason) if channel.state == "needs_key" => reason.clone(),
        Some(reason) => format!("{state}: {reason}"),
        None => state,
    };
    if let Some(until) = &channel.until {
        words = format!("{words}, until {until}");
    }
    painted_word(&words, paint)
}

fn painted_word(words: &str, paint: Paint) -> String {
    if ["healthy", "ok"].contains(&words) { paint.good(words) } else { paint.warn(words) }
}

/// Where, what, and what to do, on one line.
fn problem_words(problem: &Problem) -> String {
    let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
    let file = problem.file.as_ref().map(|file| format!("{file}{line}"));
    let parts = [file, problem.path.clone(), Some(problem.message.clone())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn painted_severity(problem: &Problem, paint: Paint) -> String {
    match problem.severity.as_str() {
        "error" => paint.bad("error"),
        word => paint.warn(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_shows_beside_what_was_used_and_no_limit_does_not() {
        assert_eq!(of_limit(15, 60), "15 of 60");
        assert_eq!(of_limit(15, -1), "15");
        assert_eq!(of_limit(0, 0), "0 of 0");
    }
}
