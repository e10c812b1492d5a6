//! What was removed comes back to its place.

use super::super::{EditError, Subject, add_channel, remove_channel, restore, set_enabled};
use super::{bare_entry, env};

const TEXT: &str = concat!(
    "version = 1\n",
    "\n",
    "# the a\n",
    "[[channel]]\n",
    "name = \"a\"\n",
    "\n",
    "# the b\n",
    "\n",
    "# the b, really\n",
    "[[channel]]\n",
    "name = \"b\"\n",
    "key = \"sk-secret\"\n",
    "[channel.model_map]\n",
    "x = \"y\" # mapped\n",
    "# spare\n",
    "\n",
    "[[channel]]\n",
    "name = \"c\"\n",
    "[log]\n",
    "files = 1\n",
);

#[test]
fn a_file_that_nobody_changed_becomes_what_it_was() {
    for text in [TEXT.to_owned(), format!("\u{feff}{}", TEXT.replace('\n', "\r\n"))] {
        for name in ["a", "b", "c"] {
            let removal = remove_channel(&text, name).unwrap();
            assert_ne!(removal.text, text);
            assert_eq!(restore(&removal.text, &removal.removed).unwrap(), text, "{name}");
        }
    }
    let array = "channel = [\n  { name = \"a\" }, # one\n  { name = \"b\" },\n]\n";
    let removal = remove_channel(array, "a").unwrap();
    assert_eq!(restore(&removal.text, &removal.removed).unwrap(), array);
}

#[test]
fn in_a_changed_file_it_comes_ahead_of_its_former_neighbour() {
    let removal = remove_channel(TEXT, "b").unwrap();
    let changed = set_enabled(&removal.text, "a", false).unwrap();
    let changed = add_channel(&changed, &bare_entry("d", env("D"))).unwrap();
    let restored = restore(&changed, &removal.removed).unwrap();
    let block = concat!(
        "# the b, really\n",
        "[[channel]]\n",
        "name = \"b\"\n",
        "key = \"sk-secret\"\n",
        "[channel.model_map]\n",
        "x = \"y\" # mapped\n",
        "# spare\n",
        "\n",
        "[[channel]]\n",
        "name = \"c\"\n",
    );
    assert!(restored.contains(block), "{restored}");
    let neighbour_gone = remove_channel(&changed, "c").unwrap().text;
    let restored = restore(&neighbour_gone, &removal.removed).unwrap();
    assert!(restored.contains("name = \"d\"\nkey = { env = \"D\" }\n\n# the b, really\n"), "{restored}");
}

#[test]
fn a_channel_that_aliases_stand_for_stays() {
    let text = format!("{TEXT}[routing.aliases]\npinned = \"b, m\"\nloose = \"b\"\nother = \"a,m\"\n");
    let in_use =
        EditError::InUse { what: Subject::Channel, name: "b".to_owned(), by: vec!["pinned".to_owned()] };
    let refused = remove_channel(&text, "b").unwrap_err();
    assert_eq!(refused, in_use);
    assert_eq!(refused.to_string(), "the channel \"b\" is used by the aliases pinned");
}

#[test]
fn a_name_that_was_given_away_is_not_taken_back() {
    let removal = remove_channel(TEXT, "b").unwrap();
    let changed = add_channel(&removal.text, &bare_entry("b", env("B"))).unwrap();
    let taken = EditError::NameTaken { what: Subject::Channel, name: "b".to_owned() };
    assert_eq!(restore(&changed, &removal.removed), Err(taken));
}

#[test]
fn what_was_removed_does_not_show_its_secrets() {
    let removed = remove_channel(TEXT, "b").unwrap().removed;
    assert!(!format!("{removed:?}").contains("sk-secret"), "{removed:?}");
    assert_eq!((removed.what(), removed.name()), (Subject::Channel, "b"));
}
