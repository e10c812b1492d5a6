//! What a request loses on its way through another protocol and back: a list that people have looked at.
//!
//! Every fixture goes to each protocol's own provider, and what was written is read as a request of that protocol and
//! written in the first one again. That is compared with the fixture as it is written without the detour.
//! `SLUICE_WRITE_LOSSES=1` writes the list anew; its difference is what is to be reviewed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use wire::Operation;
use wire::Protocol;
use wire::dialect::Target;
use wire::head::{Head, PathModel};
use wire::translate::{self, Untranslatable};

use crate::requests::{Sent, models, sent};

/// What became of a path: `-` it is gone, `+` it is new, `~` it says something else, `!` the way ends.
type Losses = BTreeSet<String>;

fn written(from: Protocol, to: Protocol, body: &[u8], stream: bool) -> Result<Vec<u8>, Untranslatable> {
    let path = (from == Protocol::Gemini).then_some(PathModel { model: "m", stream });
    let head = Head::read(from, Operation::Generate, body, path).unwrap();
    let (model, first_party) = models(to)[0];
    let target = Target {
        protocol: to,
        model,
        first_party,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    };
    translate::request(&head, body, &target, &wire::state::Forgetful).map(|translated| translated.body)
}

fn there_and_back(sent: &Sent, by: Protocol) -> Result<Losses, Untranslatable> {
    let (body, stream) = (sent.body.as_bytes(), sent.streams());
    let straight = written(sent.protocol, sent.protocol, body, stream)?;
    let there = written(sent.protocol, by, body, stream)?;
    let back = written(by, sent.protocol, &there, stream)?;
    let mut losses = Losses::new();
    compare(
        &serde_json::from_slice(&straight).unwrap(),
        &serde_json::from_slice(&back).unwrap(),
        "",
        &mut losses,
    );
    // Where a tool's schema differs matters little, how it differs does.
    Ok(losses.into_iter().map(|loss| without_names(&loss)).collect())
}

fn compare(before: &Value, after: &Value, at: &str, losses: &mut Losses) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                match (before.get(key), after.get(key)) {
                    (Some(before), Some(after)) => compare(before, after, &at, losses),
                    (Some(_), None) => drop(losses.insert(format!("- {at}"))),
                    (None, _) => drop(losses.insert(format!("+ {at}"))),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => compare_lists(before, after, at, losses),
        (before, after) if before == after => {}
        _ => drop(losses.insert(format!("~ {at}"))),
    }
}

/// Compares what differs between the equal beginnings and the equal ends of two lists.
fn compare_lists(before: &[Value], after: &[Value], at: &str, losses: &mut Losses) {
    let same = before.iter().zip(after).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[same..], &after[same..]);
    let same =
        before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[..before.len() - same], &after[..after.len() - same]);
    if before.len() != after.len() {
        let (gone, new) = (before.len(), after.len());
        losses.insert(format!("~ {at}[] {gone} became {new}"));
        return;
    }
    for (before, after) in before.iter().zip(after) {
        compare(before, after, &format!("{at}[]"), losses);
    }
}

/// Shortens a path inside a schema to the schema and the keyword.
fn without_names(loss: &str) -> String {
    for root in ["input_schema.", "parameters.", "parametersJsonSchema.", "schema."] {
        if let Some(at) = loss.find(root) {
            let last = loss.rsplit('.').next().unwrap_or_default();
            return format!("{}…{last}", &loss[..at + root.len()]);
        }
    }
    loss.to_owned()
}

/// Lists the losses of all fixtures: those of every fixture of a way together, then each fixture's own.
fn list() -> String {
    let mut list = String::new();
    for from in Protocol::ALL {
        let fixtures: Vec<Sent> = sent().into_iter().filter(|sent| sent.protocol == from).collect();
        for by in Protocol::ALL.into_iter().filter(|by| *by != from) {
            writeln!(list, "{from} → {by} → {from}").unwrap();
            let mut by_loss: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for sent in &fixtures {
                match there_and_back(sent, by) {
                    Ok(losses) => {
                        for loss in losses {
                            by_loss.entry(loss).or_default().push(&sent.file);
                        }
                    }
                    Err(fault) => by_loss.entry(format!("! {fault}")).or_default().push(&sent.file),
                }
            }
            for (loss, files) in by_loss {
                let files = match files.len() {
                    many if many == fixtures.len() => "all".to_owned(),
                    few if few <= 3 => files.join(", "),
                    many => format!("{many}, as {}", files[0]),
                };
                writeln!(list, "    {loss:<60} {files}").unwrap();
            }
        }
    }
    list
}

#[test]
fn what_is_lost_there_and_back_is_what_was_reviewed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs/losses.txt");
    let found = list();
    if std::env::var_os("SLUICE_WRITE_LOSSES").is_some() {
        File::create(&file).unwrap().write_all(found.as_bytes()).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap();
    for (number, (found, reviewed)) in found.lines().zip(reviewed.lines()).enumerate() {
        assert_eq!(found, reviewed, "line {}; SLUICE_WRITE_LOSSES=1 writes the list anew", number + 1);
    }
    assert_eq!(found.lines().count(), reviewed.lines().count());
}

#[test]
fn what_is_written_without_a_detour_is_written_the_same_again() {
    for sent in sent() {
        let once = written(sent.protocol, sent.protocol, sent.body.as_bytes(), sent.streams()).unwrap();
        let twice = written(sent.protocol, sent.protocol, &once, sent.streams()).unwrap();
        let mut losses = Losses::new();
        compare(
            &serde_json::from_slice(&once).unwrap(),
            &serde_json::from_slice(&twice).unwrap(),
            "",
            &mut losses,
        );
        assert!(losses.is_empty(), "{}: {losses:?}", sent.file);
    }
}
