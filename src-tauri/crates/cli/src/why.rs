//! `sluice why ID`: one request's whole story.

use serde::Deserialize;

use admin::RequestName;

use crate::args::Everywhere;
use crate::door::Door;
use crate::paint::Paint;
use crate::route::{Skipped, skipped_text};
use crate::{Outcome, table};

/// What is shown of a trace.
#[derive(Deserialize)]
struct Trace {
    id: String,
    protocol: String,
    stream: bool,
    asked: Option<String>,
    rule: String,
    candidates: Vec<Candidate>,
    skipped: Vec<Skipped>,
    attempts: Vec<Attempt>,
    ending: String,
    status: u16,
    refusal: Option<String>,
    usage: Option<Usage>,
    first_content_ms: Option<f64>,
    total_ms: f64,
}

#[derive(Deserialize)]
struct Candidate {
    channel: String,
    model: String,
    rank: u32,
    stand_in: bool,
    excluded: Option<String>,
}

#[derive(Deserialize)]
struct Attempt {
    channel: String,
    key: String,
    model: String,
    started_ms: f64,
    first_content_ms: Option<f64>,
    ended_ms: Option<f64>,
    status: Option<u16>,
    class: Option<String>,
    error: Option<String>,
    verdict: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    input_uncached: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
}

/// Asks the running gateway, the demo's too.
pub(crate) async fn run(everywhere: &Everywhere, id: String) -> anyhow::Result<Outcome> {
    journal::start_brief(Paint::for_stderr().colours());
    let door = Door::to_gateway(everywhere).await?;
    let reply = door.call("why", RequestName { id }).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let trace: Trace = serde_json::from_value(reply)?;
    Ok(Outcome::done(text(&trace, Paint::for_stdout())))
}

fn text(trace: &Trace, paint: Paint) -> String {
    let candidates = trace.candidates.iter().map(|candidate| considered(candidate, paint));
    let attempts = trace.attempts.iter().enumerate().map(|(at, attempt)| tried(at + 1, attempt, paint));
    let mut parts = vec![
        format!("{} {}\n", paint.bold("request"), trace.id.replace('-', "")),
        summary(trace, paint),
        format!("rule: {}\n", trace.rule),
        section("candidates:", candidates),
        skipped_text(&trace.skipped, paint),
        section("attempts:", attempts),
    ];
    parts.extend(trace.refusal.as_ref().map(|refusal| format!("{} {refusal}\n", paint.bad("refused:"))));
    parts.extend(trace.usage.as_ref().map(tokens));
    parts.concat()
}

fn tokens(usage: &Usage) -> String {
    let Usage { input_uncached, cache_read, cache_write, output } = usage;
    format!(
        "tokens: {input_uncached} in, {cache_read} read from cache, {cache_write} written to cache, {output} out\n"
    )
}

fn summary(trace: &Trace, paint: Paint) -> String {
    let asked = trace.asked.as_deref().unwrap_or("no model");
    let kind = if trace.stream { "stream" } else { "whole" };
    let ending = trace.ending.replace('_', " ");
    let ending = if trace.status < 400 { paint.good(ending) } else { paint.bad(ending) };
    let first =
        trace.first_content_ms.map_or_else(String::new, |ms| format!(", first content after {ms:.0} ms"));
    format!(
        "{asked} asked in {}, {kind}: {ending}, HTTP {} after {:.0} ms{first}\n",
        trace.protocol, trace.status, trace.total_ms
    )
}

fn section(title: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() { format!("{title} none\n") } else { format!("{title}\n{}", table::columns(&rows)) }
}

fn considered(candidate: &Candidate, paint: Paint) -> Vec<String> {
    let mut notes = Vec::new();
    if candidate.stand_in {
        notes.push("stands in".to_owned());
    }
    notes.extend(candidate.excluded.clone());
    vec![
        format!("  {}", candidate.channel),
        candidate.model.clone(),
        format!("tier {}", candidate.rank + 1),
        paint.faint(notes.join(", ")),
    ]
}

fn tried(number: usize, attempt: &Attempt, paint: Paint) -> Vec<String> {
    let status = attempt.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let span = match attempt.ended_ms {
        Some(end) => format!("{:.0}–{end:.0} ms", attempt.started_ms),
        None => format!("{:.0} ms –", attempt.started_ms),
    };
    vec![
        format!("  {number}"),
        attempt.channel.clone(),
        format!("key {}", attempt.key),
        attempt.model.clone(),
        status,
        span,
        outcome(attempt, paint),
    ]
}

fn outcome(attempt: &Attempt, paint: Paint) -> String {
    let verdict = attempt.verdict.as_deref().map_or_else(String::new, |verdict| format!(" → {verdict}"));
    match (&attempt.class, &attempt.error) {
        (None, None) => {
            let first = attempt
                .first_content_ms
                .map_or_else(String::new, |ms| format!(", first content at {ms:.0} ms"));
            paint.good(format!("served{first}"))
        }
        (class, error) => {
            let class = class.as_deref().unwrap_or("failed").replace('_', " ");
            let words = error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
            paint.bad(format!("{class}{words}{verdict}"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_failover_reads_as_a_story() {
        let trace: Trace = serde_json::from_value(serde_json::json!({
            "id": "0193-7000", "protocol": "chat", "stream": true, "asked": "demo", "rule": "listed",
            "candidates": [
                {"channel": "flaky", "model": "demo", "rank": 0, "stand_in": false},
                {"channel": "steady", "model": "demo", "rank": 1, "stand_in": true},
            ],
            "skipped": [{"channel": "other", "reason": "is disabled"}],
            "attempts": [
                {"channel": "flaky", "key": "main", "model": "demo", "started_ms": 0.2, "ended_ms": 20.9,
                 "status": 503, "class": "server_error", "error": "overloaded", "verdict": "try another"},
                {"channel": "steady", "key": "main", "model": "demo", "started_ms": 21.0, "ended_ms": 90.0,
                 "first_content_ms": 45.0, "status": 200},
            ],
            "ending": "done", "status": 200, "total_ms": 90.1, "first_content_ms": 45.0,
            "usage": {"input_uncached": 3, "cache_read": 0, "cache_write": 0, "output": 7},
        }))
        .unwrap();

        assert_eq!(
            text(&trace, Paint::Plain),
            "request 01937000\n\
             demo asked in chat, stream: done, HTTP 200 after 90 ms, first content after 45 ms\n\
             rule: listed\n\
             candidates:\n  flaky   demo  tier 1\n  steady  demo  tier 2  stands in\n\
             left out:\n  other  is disabled\n\
             attempts:\n  \
             1  flaky   key main  demo  503  0–21 ms   server error: overloaded → try another\n  \
             2  steady  key main  demo  200  21–90 ms  served, first content at 45 ms\n\
             tokens: 3 in, 0 read from cache, 0 written to cache, 7 out\n"
        );
    }
}
