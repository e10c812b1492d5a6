//! `sluice test NAME`: a channel step by step.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::Everywhere;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of a test's report.
#[derive(Deserialize)]
struct Report {
    #[serde(alias = "proxy")]
    channel: String,
    ok: bool,
    protocol: Option<String>,
    model: Option<String>,
    steps: Vec<Step>,
    error: Option<String>,
    fix: Option<String>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    ok: bool,
    ms: f64,
    detail: String,
}

/// Tests the channel; the exit code says whether it serves.
pub(crate) async fn run(everywhere: &Everywhere, name: String) -> anyhow::Result<Outcome> {
    let door = crate::door(everywhere).await?;
    let reply = door.call("test_channel", json!({ "name": name })).await?;
    told(everywhere, &reply)
}

/// Shows what the test of a channel, or of a proxy, reports; the exit code says whether every step succeeded.
pub(crate) fn told(everywhere: &Everywhere, reply: &Value) -> anyhow::Result<Outcome> {
    let report = Report::deserialize(reply)?;
    let code = if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let shown = if everywhere.json {
        Outcome::json(reply)?
    } else {
        Outcome::done(text(&report, Paint::for_stdout()))
    };
    Ok(Outcome { code, ..shown })
}

fn text(report: &Report, paint: Paint) -> String {
    let asked = match (&report.protocol, &report.model) {
        (Some(protocol), Some(model)) => format!(" ({protocol}, {model})"),
        (Some(word), None) | (None, Some(word)) => format!(" ({word})"),
        (None, None) => String::new(),
    };
    let rows: Vec<Vec<String>> = report.steps.iter().map(|step| row(step, paint)).collect();
    let mut parts = vec![format!("{}{asked}\n", paint.bold(&report.channel)), table::columns(&rows)];
    parts.extend(report.error.as_ref().map(|error| format!("{} {error}\n", paint.bad("what went wrong:"))));
    parts.extend(report.fix.as_ref().map(|fix| format!("{} {fix}\n", paint.warn("likely fix:"))));
    parts.concat()
}

/// A local step takes less than a millisecond, which is not nothing.
fn milliseconds(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

fn row(step: &Step, paint: Paint) -> Vec<String> {
    let verdict = if step.ok { paint.good(&step.detail) } else { paint.bad(&step.detail) };
    let sign = if step.ok { "✓" } else { "✗" };
    vec![format!("  {sign} {}", step.name.replace('_', " ")), milliseconds(step.ms), verdict]
}
