//! Channels come, go and are switched.

use proptest::prelude::*;

use super::super::list::{List, read};
use super::super::{EditError, Subject, add_channel, remove_channel, set_enabled};
use super::{bare_entry as entry, without};
use crate::document::SecretRef;

const TEXT: &str = concat!(
    "# all mine\n",
    "version = 1\n",
    "\n",
    "# the cheap one\n",
    "[[channel]] # first\n",
    "name = \"a\"   # odd   spacing\n",
    "enabled = true # on\n",
    "\n",
    "# the good one\n",
    "[[channel]]\n",
    "name = 'b'\n",
    "[channel.model_map]\n",
    "x = \"y\" # mapped\n",
    "\n",
    "[routing] # last\n",
    "fallback = true\n",
);

#[test]
fn a_switch_changes_one_word() {
    let off = set_enabled(TEXT, "a", false).unwrap();
    assert_eq!(off, TEXT.replace("enabled = true # on", "enabled = false # on"));
    let off = set_enabled(TEXT, "b", false).unwrap();
    assert_eq!(off, TEXT.replace("name = 'b'\n", "name = 'b'\nenabled = false\n"));
    assert_eq!(set_enabled(TEXT, "a", true).unwrap(), TEXT);
}

#[test]
fn a_removed_channel_takes_its_own_lines_only() {
    let removed = without(TEXT, "b");
    let own = "\n# the good one\n[[channel]]\nname = 'b'\n[channel.model_map]\nx = \"y\" # mapped\n";
    assert_eq!(removed, TEXT.replace(own, ""));
    let none = without(&removed, "a");
    assert_eq!(none, "# all mine\nversion = 1\n\n[routing] # last\nfallback = true\n");
}

#[test]
fn a_new_channel_comes_last_and_leaves_the_rest() {
    let added = add_channel(TEXT, &entry("c", SecretRef::Env("C_KEY".to_owned()))).unwrap();
    let block = "\n[[channel]]\nname = \"c\"\nkey = { env = \"C_KEY\" }\n";
    assert_eq!(added, TEXT.replace("\n[routing]", &format!("{block}\n[routing]")));
    let first = add_channel("", &entry("c", SecretRef::Vault)).unwrap();
    assert_eq!(first, "version = 1\n\n[[channel]]\nname = \"c\"\nkey = { vault = true }\n");
    let inline = add_channel("channel = [{ name = \"a\" }]\n", &entry("c", SecretRef::Vault)).unwrap();
    assert_eq!(inline, "channel = [{ name = \"a\" }, { name = \"c\", key = { vault = true } }]\n");
}

#[test]
fn a_removed_channel_leaves_the_comments_of_others() {
    for (before, after) in [
        (
            "# my file\n\n# cheap\n[[channel]]\nname = \"b\"\n\n[log]\nfiles = 1\n",
            "# my file\n\n[log]\nfiles = 1\n",
        ),
        ("# my file\n\n[[channel]]\nname = \"b\"\n", "# my file\n"),
        ("[[channel]]\nname = \"b\"\n\n# free\n\n[log]\n", "# free\n\n[log]\n"),
        (
            "[[channel]]\nname = \"a\"\n# weight = 5\n\n# good\n[[channel]]\nname = \"b\"\n# weight = 6\n\n# c\n[[channel]]\nname = \"c\"\n",
            "[[channel]]\nname = \"a\"\n# weight = 5\n\n# c\n[[channel]]\nname = \"c\"\n",
        ),
        (
            "[[channel]]\nname = \"a\"\n# weight = 5\n\n[[channel]]\nname = \"b\"\n\n# the end\n",
            "[[channel]]\nname = \"a\"\n# weight = 5\n\n# the end\n",
        ),
        (
            "[[channel]]\nname = \"a\"\n[[channel]]\nname = \"b\"\n# c\n[[channel]]\nname = \"c\"\n",
            "[[channel]]\nname = \"a\"\n# c\n[[channel]]\nname = \"c\"\n",
        ),
        (
            "[[channel]]\nname = \"b\"\n\n[log]\nfiles = 1\n\n[channel.model_map]\nx = \"\"\"\n[[channel]]\n# no comment\"\"\"\n\n[ui]\n",
            "[log]\nfiles = 1\n\n[ui]\n",
        ),
    ] {
        assert_eq!(without(before, "b"), after, "{before}");
    }
}

#[test]
fn a_new_channel_moves_no_comment() {
    let block = "[[channel]]\nname = \"c\"\nkey = { vault = true }\n";
    for (before, after) in [
        ("# my file\n", format!("# my file\n\nversion = 1\n\n{block}")),
        ("\n", format!("version = 1\n\n{block}")),
        (
            "[[channel]]\nname = \"a\"\n# weight = 5\n",
            format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}"),
        ),
        (
            "[[channel]]\nname = \"a\"\n# weight = 5",
            format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}"),
        ),
        (
            "[[channel]]\nname = \"a\"\n# weight = 5\n\n# logs\n[log]\n",
            format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}\n# logs\n[log]\n"),
        ),
        (
            "[[channel]]\nname = \"a\"\n# logs\n[log]\n",
            format!("[[channel]]\nname = \"a\"\n\n{block}\n# logs\n[log]\n"),
        ),
        ("version = 1\n# later\n", format!("version = 1\n# later\n\n{block}")),
    ] {
        assert_eq!(add_channel(before, &entry("c", SecretRef::Vault)).unwrap(), after, "{before}");
    }
}

#[test]
fn byte_order_mark_and_windows_lines_are_kept() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let text = windows(TEXT);
    let new = entry("c", SecretRef::Vault);
    assert_eq!(add_channel(&text, &new).unwrap(), windows(&add_channel(TEXT, &new).unwrap()));
    assert_eq!(without(&text, "b"), windows(&without(TEXT, "b")));
    assert_eq!(set_enabled(&text, "b", false).unwrap(), windows(&set_enabled(TEXT, "b", false).unwrap()));
}

#[test]
fn edits_that_make_no_sense_are_refused() {
    let unknown = EditError::Unknown {
        what: Subject::Channel,
        name: "z".to_owned(),
        known: vec!["a".to_owned(), "b".to_owned()],
    };
    assert_eq!(set_enabled(TEXT, "z", true), Err(unknown.clone()));
    assert_eq!(remove_channel(TEXT, "z").unwrap_err(), unknown);
    assert_eq!(
        add_channel(TEXT, &entry("a", SecretRef::Vault)),
        Err(EditError::NameTaken { what: Subject::Channel, name: "a".to_owned() })
    );
    let plain = entry("c", SecretRef::Literal("sk-secret".into()));
    assert_eq!(add_channel(TEXT, &plain), Err(EditError::PlainSecret));
    assert!(matches!(set_enabled("= [", "a", true), Err(EditError::NoToml(_))));
}
/// Files with channels `a` and `b` in the given order, and other tables, comments and blank lines between them.
fn files() -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["", "\n", "# c\n", "# c\n\n", "\n# c\n", "\n# c\n\n# d\n", "  # c\n"]);
    let tables = Just(vec![
        "[[channel]]\nname = \"a\"\n",
        "  [[channel]] # b\n  name = \"b\"\n[channel.model_map]\n\"x\" = \"\"\"\n# y\n\n\"\"\"\n",
        "[log]\nfiles = 1\n",
        "[routing.aliases]\nx = \"y\"\n",
    ]);
    (prop::bool::ANY, tables.prop_shuffle(), prop::collection::vec(piece, 5)).prop_map(
        |(versioned, tables, gaps)| {
            let mut text = if versioned { "version = 1\n".to_owned() } else { String::new() };
            for (gap, table) in gaps.iter().zip(&tables) {
                text = format!("{text}{gap}{table}");
            }
            format!("{text}{}", gaps[4])
        },
    )
}

/// Tells whether all lines of `part` that are not blank stand in `whole`, in the same order.
fn is_within(part: &str, whole: &str) -> bool {
    let mut lines = whole.lines();
    part.lines().filter(|line| !line.trim().is_empty()).all(|line| lines.any(|other| other == line))
}

proptest! {
    #[test]
    fn edits_keep_every_line_of_the_rest(text in files()) {
        let before = List::Channels.names(&read(&text).unwrap());
        let added = add_channel(&text, &entry("c", SecretRef::Vault)).unwrap();
        prop_assert!(is_within(&text, &added), "{}\n---\n{}", text, added);
        prop_assert_eq!(List::Channels.names(&read(&added).unwrap()), [before.clone(), vec!["c".to_owned()]].concat());
        let removed = without(&added, "c");
        prop_assert!(is_within(&text, &removed), "{}\n---\n{}", text, removed);
        prop_assert_eq!(List::Channels.names(&read(&removed).unwrap()), before);
        let without_b = without(&text, "b");
        prop_assert!(is_within(&without_b, &text), "{}\n---\n{}", text, without_b);
        prop_assert_eq!(List::Channels.names(&read(&without_b).unwrap()), ["a"]);
        for kept in ["[log]\nfiles = 1\n", "[routing.aliases]\nx = \"y\"\n", "name = \"a\"\n"] {
            prop_assert!(without_b.contains(kept), "{}\n---\n{}", text, without_b);
        }
    }
}
