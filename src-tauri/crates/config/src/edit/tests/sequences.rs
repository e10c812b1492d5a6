//! Any sequence of edits leaves a file that says what was asked, with every line of the rest as it was.

use proptest::prelude::*;
use serde_json::json;

use super::super::{
    Removed, move_channel, put_alias, put_channel, remove_alias, remove_channel, restore, set_enabled,
    set_value,
};
use super::{bare_entry, channel, document, env};
use crate::document::{Document, Theme};

/// A person's file, with lines that no edit below touches.
const TEXT: &str = concat!(
    "# my gateway\n",
    "version = 1 # layout\n",
    "\n",
    "[server] # where\n",
    "drain_s = 5 # patience\n",
    "\n",
    "# the a\n",
    "[[channel]]\n",
    "name = \"a\" # first\n",
    "headers = { \"x-team\" =   \"blue\" } # team\n",
    "\n",
    "  [[channel]] # b\n",
    "  name = \"b\"\n",
    "  price = { input = 1 } # dollars\n",
    "[channel.quirks] # odd\n",
    "think_tags = true\n",
    "# spare = 1\n",
    "\n",
    "[log] # talk\n",
    "files = 2 # days\n",
    "\n",
    "# the c\n",
    "[[channel]]\n",
    "name = \"c\"\n",
    "[routing]\n",
    "fallback = false # never\n",
    "# the end\n",
);

/// Lines that stay whatever happens, for the channels that have them are never removed for good.
const STAYING: &[&str] = &[
    "# my gateway",
    "version = 1 # layout",
    "[server] # where",
    "drain_s = 5 # patience",
    "[log] # talk",
    "files = 2 # days",
    "[routing]",
    "fallback = false # never",
    "# the end",
    "headers = { \"x-team\" =   \"blue\" } # team",
    "  price = { input = 1 } # dollars",
    "[channel.quirks] # odd",
    "think_tags = true",
    "# spare = 1",
    "# the a",
    "# the c",
];

#[derive(Debug, Clone)]
enum Step {
    Switch(usize, bool),
    Weigh(usize, Option<u32>),
    Map(usize, &'static str),
    Rename(usize, &'static str),
    Move(usize, u32, Option<usize>),
    Add(&'static str),
    RemoveAndRestore(usize, bool),
    Port(Option<u16>),
    Alias(&'static str, &'static str),
    Unalias(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(vec!["d", "e f", "g.h", "中"]);
    prop_oneof![
        (0..6usize, any::<bool>()).prop_map(|(at, on)| Step::Switch(at, on)),
        (0..6usize, prop::option::of(0..9u32)).prop_map(|(at, weight)| Step::Weigh(at, weight)),
        (0..6usize, name()).prop_map(|(at, model)| Step::Map(at, model)),
        (0..6usize, name()).prop_map(|(at, name)| Step::Rename(at, name)),
        (0..6usize, 1..3u32, prop::option::of(0..6usize)).prop_map(|(at, tier, to)| Step::Move(at, tier, to)),
        name().prop_map(Step::Add),
        (0..6usize, any::<bool>()).prop_map(|(at, busy)| Step::RemoveAndRestore(at, busy)),
        prop::option::of(1..9u16).prop_map(Step::Port),
        (name(), name()).prop_map(|(alias, target)| Step::Alias(alias, target)),
        name().prop_map(Step::Unalias),
    ]
}

fn names(document: &Document) -> Vec<String> {
    document.channel.iter().map(|channel| channel.name.clone()).collect()
}

/// Makes one step; a step that is refused leaves the text as it is.
fn make(text: &str, step: &Step) -> String {
    let names = names(&document(text));
    let name = |at: &usize| names[at % names.len()].as_str();
    let after = match step {
        Step::Switch(at, on) => set_enabled(text, name(at), *on),
        Step::Weigh(at, weight) => {
            let mut entry = channel(text, name(at));
            entry.weight = *weight;
            put_channel(text, Some(name(at)), &entry)
        }
        Step::Map(at, model) => {
            let mut entry = channel(text, name(at));
            entry.model_map.insert((*model).to_owned(), "m".to_owned());
            put_channel(text, Some(name(at)), &entry)
        }
        Step::Rename(at, new) => {
            let mut entry = channel(text, name(at));
            entry.name = (*new).to_owned();
            put_channel(text, Some(name(at)), &entry)
        }
        Step::Move(at, tier, before) => move_channel(text, name(at), *tier, before.as_ref().map(&name)),
        Step::Add(new) => put_channel(text, None, &bare_entry(new, env("K"))),
        Step::RemoveAndRestore(at, busy) => {
            remove_channel(text, name(at)).map(|removal| back(&removal.text, &removal.removed, *busy))
        }
        Step::Port(port) => set_value(text, "server.port", port.map(|port| json!(port)).as_ref()),
        Step::Alias(alias, target) => put_alias(text, None, alias, target),
        Step::Unalias(alias) => remove_alias(text, alias).map(|removal| removal.text),
    };
    after.unwrap_or_else(|_| text.to_owned())
}

/// The text with what was removed, perhaps after somebody else changed it.
fn back(text: &str, removed: &Removed, busy: bool) -> String {
    let text =
        if busy { set_value(text, "ui.theme", Some(&json!("dark"))).unwrap() } else { text.to_owned() };
    restore(&text, removed).unwrap()
}

/// What the document says after a step that was made, beside everything that it said before.
fn asked(mut document: Document, step: &Step, after: &Document) -> Document {
    let count = document.channel.len();
    match step {
        Step::Switch(at, on) => document.channel[at % count].enabled = Some(*on),
        Step::Weigh(at, weight) => document.channel[at % count].weight = *weight,
        Step::Map(at, model) => {
            document.channel[at % count].model_map.insert((*model).to_owned(), "m".to_owned());
        }
        Step::Rename(at, new) => {
            let channel = &mut document.channel[at % count];
            if channel.name != *new {
                channel.id = Some(channel.effective_id());
                let old = std::mem::replace(&mut channel.name, (*new).to_owned());
                let aliases = document.routing.iter_mut().flat_map(|routing| routing.aliases.values_mut());
                aliases.filter(|target| **target == old).for_each(|target| *target = (*new).to_owned());
            }
        }
        Step::Move(at, tier, _) => {
            let channel = &mut document.channel[at % count];
            if channel.priority.unwrap_or(1) != *tier {
                channel.priority = Some(*tier);
            }
        }
        Step::Add(new) => document.channel.push(bare_entry(new, env("K"))),
        Step::RemoveAndRestore(_, busy) => {
            if *busy {
                document.ui.get_or_insert_default().theme = Some(Theme::Dark);
            }
        }
        Step::Port(port) => document.server.as_mut().unwrap().port = *port,
        Step::Alias(alias, target) => {
            let routing = document.routing.as_mut().unwrap();
            routing.aliases.insert((*alias).to_owned(), (*target).to_owned());
        }
        Step::Unalias(alias) => {
            document.routing.as_mut().unwrap().aliases.shift_remove(*alias);
        }
    }
    // The order is the business of the tests of moves.
    let place = |name: &str| after.channel.iter().position(|channel| channel.name == name);
    document.channel.sort_by_key(|channel| place(&channel.name));
    document
}

/// Everything that a document says but for the places where it says so.
fn said(document: &Document) -> String {
    let Document { version, server, routing, channel, proxy, client, budget, ui, ledger, log, places: _ } =
        document;
    let lists = format!("{channel:?} {proxy:?} {client:?} {budget:?}");
    format!("{version:?} {server:?} {routing:?} {lists} {ui:?} {ledger:?} {log:?}")
}

/// How many lines are gone.
fn lost(before: &str, after: &str) -> usize {
    let mut left: Vec<&str> = after.lines().collect();
    let mut lost = 0;
    for line in before.lines().filter(|line| !line.trim().is_empty()) {
        match left.iter().position(|other| *other == line) {
            Some(at) => drop(left.swap_remove(at)),
            None => lost += 1,
        }
    }
    lost
}

/// How many lines of a step's own may change: those of the field that it is about.
fn own_lines(step: &Step, text: &str) -> usize {
    match step {
        Step::Switch(..) | Step::Weigh(..) | Step::Map(..) | Step::Move(..) | Step::Port(_) => 1,
        // Every alias may stand for the channel.
        Step::Rename(..) => 1 + document(text).routing.map_or(0, |routing| routing.aliases.len()),
        Step::Add(_) | Step::RemoveAndRestore(..) | Step::Alias(..) => 0,
        // The header of the last one goes too.
        Step::Unalias(_) => 2,
    }
}

proptest! {
    #[test]
    fn sequences_of_edits_lose_nothing(steps in prop::collection::vec(step(), 1..12)) {
        let mut text = TEXT.to_owned();
        for step in &steps {
            let after = make(&text, step);
            let now = document(&after);
            for line in STAYING {
                let count = after.lines().filter(|other| other == line).count();
                prop_assert_eq!(count, 1, "{:?} {:?}\n{}\n---\n{}", step, line, &text, &after);
            }
            if after != text {
                let asked = said(&asked(document(&text), step, &now));
                prop_assert_eq!(asked, said(&now), "{:?}\n{}\n---\n{}", step, &text, &after);
                let lost = lost(&text, &after);
                prop_assert!(lost <= own_lines(step, &text), "{:?} loses {}\n{}\n---\n{}", step, lost, text, after);
            }
            let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
            prop_assert_eq!(make(&windows(&text), step), windows(&after), "{:?}", step);
            text = after;
        }
    }
}
