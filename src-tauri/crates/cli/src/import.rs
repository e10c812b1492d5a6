//! `sluice import FILE`: take over what another program's configuration says.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::json;

use crate::args::{Everywhere, Import};
use crate::door::Door;
use crate::paint::Paint;
use crate::{Outcome, table};

/// What is shown of a preview.
#[derive(Deserialize)]
struct Preview {
    format: String,
    items: Vec<Item>,
    problems: Vec<Problem>,
    token: String,
}

#[derive(Deserialize)]
struct Item {
    at: usize,
    what: String,
    name: String,
    new_name: Option<String>,
    detail: String,
    keys: usize,
    outcome: String,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    severity: String,
    message: String,
    line: Option<u32>,
}

#[derive(Deserialize)]
struct Report {
    added: Vec<String>,
    secrets: usize,
    notes: Vec<String>,
}

/// Shows what the file offers, asks, and takes it over.
pub(crate) async fn run(everywhere: &Everywhere, options: &Import) -> anyhow::Result<Outcome> {
    let door = crate::door(everywhere).await?;
    let reply = door.call("preview_import", question(&options.file)?).await?;
    if options.dry_run && everywhere.json {
        return Outcome::json(&reply);
    }
    let preview: Preview = serde_json::from_value(reply)?;
    let shown = text(&preview, Paint::for_stdout());
    let wanted: Vec<usize> = preview
        .items
        .iter()
        .filter(|item| ["add", "rename"].contains(&&*item.outcome))
        .map(|item| item.at)
        .collect();
    if options.dry_run || wanted.is_empty() {
        return Ok(Outcome::done(shown));
    }
    if !options.yes && !is_confirmed(&shown)? {
        return Ok(Outcome::done("nothing was changed\n"));
    }
    apply(everywhere, &door, &preview.token, &wanted).await
}

/// The file's text goes along, because a gateway elsewhere cannot read this machine's files.
fn question(file: &Path) -> anyhow::Result<serde_json::Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    Ok(json!({ "name": name, "text": text }))
}

async fn apply(
    everywhere: &Everywhere,
    door: &Door,
    token: &str,
    items: &[usize],
) -> anyhow::Result<Outcome> {
    let reply = door.call("apply_import", json!({ "token": token, "items": items })).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let report: Report = serde_json::from_value(reply)?;
    let mut lines = vec![format!(
        "added {}; {} went into the vault\n",
        report.added.join(", "),
        counted(report.secrets, "secret")
    )];
    lines.extend(report.notes.iter().map(|note| format!("note: {note}\n")));
    Ok(Outcome::done(lines.concat()))
}

/// Asks on a terminal; without one nobody can answer.
fn is_confirmed(shown: &str) -> anyhow::Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody can be asked here: --yes takes everything over, --dry-run only shows it");
    }
    write!(std::io::stderr(), "{shown}take this over? [y/N] ")?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn text(preview: &Preview, paint: Paint) -> String {
    let rows: Vec<Vec<String>> = preview.items.iter().map(|item| row(item, paint)).collect();
    let mut parts = vec![format!("{}\n", paint.bold(&preview.format)), table::columns(&rows)];
    parts.extend(preview.problems.iter().map(|problem| {
        let line = problem.line.map_or_else(String::new, |line| format!("line {line}: "));
        format!("{}: {line}{}\n", paint.warn(&problem.severity), problem.message)
    }));
    parts.concat()
}

fn row(item: &Item, paint: Paint) -> Vec<String> {
    let name =
        item.new_name.as_ref().map_or_else(|| item.name.clone(), |new| format!("{} as {new}", item.name));
    let keys = if item.keys == 0 { String::new() } else { counted(item.keys, "key") };
    let outcome = match item.outcome.as_str() {
        "add" | "rename" => paint.good("added"),
        "same" => paint.faint("already there"),
        _ => paint.warn("left out"),
    };
    let note = item.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
    vec![item.what.replace('_', " "), name, item.detail.clone(), keys, format!("{outcome}{note}")]
}

/// A number of things in words.
fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
