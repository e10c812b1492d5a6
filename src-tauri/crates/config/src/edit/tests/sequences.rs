//! Any sequence of edits leaves a file that says what was asked, with every line of the rest as it was.

use proptest::prelude::*;
use serde_json::json;

use super::super::{
    Removed, move_channel, put_alias, put_channel, remove_alias, remove_channel, restore, set_enabled,
    set_value,
};
use super::{bare_entry, channel, document, env};
use crate::document::Document;

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
            let removal = remove_channel(text, name(at)).unwrap();
            Ok(back(&removal.text, &removal.removed, *busy))
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

proptest! {
    #[test]
    fn sequences_of_edits_lose_nothing(steps in prop::collection::vec(step(), 1..12)) {
        let mut text = TEXT.to_owned();
        for step in &steps {
            let before = document(&text);
            let after = make(&text, step);
            let now = document(&after);
            prop_assert!(names(&now).len() >= names(&before).len(), "{:?}\n{}\n---\n{}", step, text, after);
            for line in STAYING {
                let count = after.lines().filter(|other| other == line).count();
                prop_assert_eq!(count, 1, "{:?} {:?}\n{}\n---\n{}", step, line, &text, &after);
            }
            for channel in &before.channel {
                let id = channel.effective_id();
                prop_assert!(
                    now.channel.iter().any(|other| other.effective_id() == id),
                    "{:?} loses {}\n{}\n---\n{}", step, id, text, after
                );
            }
            text = after;
        }
    }
}
