//! What a report of a fault needs, without any secret.

use std::env::consts;
use std::fmt::Write;
use std::sync::Arc;

use gateway::{TestReport, Trace};
use pool::Health;
use serde::Serialize;

use crate::{ChannelLine, Fault, Nothing, Overview, Sluice, overview};

/// How many of the last failed requests are told.
const FAILURES_MAX: usize = 20;
const STRING: &str = "writing to a String cannot fail";

/// What a report of a fault needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Diagnostics {
    /// Markdown to paste into a report; holds no secret.
    pub text: String,
}

/// Gathers what a report of a fault needs: versions, configuration, problems, the last tests and failures. Prompts,
/// answers and secrets are no part of it.
pub async fn diagnostics(sluice: &Arc<Sluice>, _: Nothing) -> Result<Diagnostics, Fault> {
    let overview = overview(sluice, Nothing {}).await?;
    let mut text = String::from("# Sluice diagnostics\n");
    head(&mut text, &overview);
    problems(&mut text, &overview);
    channels(&mut text, &overview.channels);
    effective(&mut text, sluice);
    failures(&mut text, &sluice.gateway.traces(usize::MAX));
    Ok(Diagnostics { text })
}

fn head(text: &mut String, overview: &Overview) {
    let vault = &overview.vault;
    let facts = [
        ("version", overview.version.clone()),
        ("system", format!("{} {}", consts::OS, consts::ARCH)),
        ("state", word(&overview.state)),
        ("addresses", overview.addresses.join(", ")),
        ("started", overview.started.to_string()),
        ("now", overview.timestamp.to_string()),
        ("vault", format!("{}, {}", word(&vault.kind), word(&vault.availability))),
        ("demo", overview.demo.to_string()),
        ("configuration", if overview.editable { "its own file" } else { "a given file" }.to_owned()),
    ];
    section(text, "Gateway");
    for (name, value) in facts {
        writeln!(text, "- {name}: {value}").expect(STRING);
    }
}

fn problems(text: &mut String, overview: &Overview) {
    section(text, "Problems");
    if overview.problems.is_empty() {
        text.push_str("None.\n");
    }
    for problem in &overview.problems {
        writeln!(text, "- {} ({}): {}", problem.severity, problem.code, problem.line()).expect(STRING);
    }
}

fn channels(text: &mut String, channels: &[ChannelLine]) {
    section(text, "Channels");
    for channel in channels {
        let kind = channel.kind.word();
        writeln!(text, "- {} ({kind} at {}): {}", channel.name, channel.host, standing(channel))
            .expect(STRING);
        if let Some(report) = &channel.last_test {
            writeln!(text, "  - last test: {}", test_words(report)).expect(STRING);
        }
    }
}

fn standing(channel: &ChannelLine) -> String {
    let mut words = word(&channel.state);
    if let Some(reason) = &channel.reason {
        write!(words, ", {reason}").expect(STRING);
    }
    if channel.state != Health::NeedsKey {
        write!(words, "; {} uses, {} errors", channel.uses, channel.errors).expect(STRING);
    }
    words
}

fn test_words(report: &TestReport) -> String {
    let steps: Vec<String> = report
        .steps
        .iter()
        .map(|step| {
            format!("{} {} ({:.0} ms)", step.name.words(), if step.ok { "ok" } else { "failed" }, step.ms)
        })
        .collect();
    let error = report.error.as_ref().map_or_else(String::new, |error| format!("; {error}"));
    format!("{}{error}", steps.join(", "))
}

fn effective(text: &mut String, sluice: &Sluice) {
    section(text, "Configuration in force");
    text.push_str("| path | value | from |\n|---|---|---|\n");
    for line in sluice.effective() {
        let place = line.place.unwrap_or_else(|| word(&line.origin));
        writeln!(text, "| {} | {} | {place} |", line.path, line.value.replace('|', "\\|")).expect(STRING);
    }
}

fn failures(text: &mut String, traces: &[Arc<Trace>]) {
    section(text, "Last failures");
    let failed = traces.iter().filter(|trace| trace.attempts.iter().any(|attempt| attempt.class.is_some()));
    for trace in failed.take(FAILURES_MAX) {
        writeln!(text, "- {} {} {}: status {}", trace.started, trace.id, trace.protocol, trace.status)
            .expect(STRING);
        for attempt in trace.attempts.iter().filter(|attempt| attempt.class.is_some()) {
            let class = attempt.class.as_ref().map(word).unwrap_or_default();
            let said = attempt.error.as_deref().unwrap_or_default();
            writeln!(text, "  - {}: {class}: {said}", attempt.channel).expect(STRING);
        }
    }
}

fn section(text: &mut String, name: &str) {
    writeln!(text, "\n## {name}\n").expect(STRING);
}

/// The word that a value has on the wire.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
