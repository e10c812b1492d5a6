//! Channels change places, within a tier and from tier to tier.

use super::super::{EditError, move_channel};
use super::document;

const TEXT: &str = concat!(
    "# head\n",
    "\n",
    "# the a\n",
    "[[channel]]\n",
    "name = \"a\"\n",
    "\n",
    "[[channel]]\n",
    "name = \"b\"\n",
    "# spare = 1\n",
    "\n",
    "[[channel]]\n",
    "name = \"c\"\n",
    "priority = 2 # second\n",
    "[channel.model_map]\n",
    "x = \"y\"\n",
    "\n",
    "[log]\n",
    "files = 1\n",
    "\n",
    "# the d\n",
    "[[channel]]\n",
    "name = \"d\"\n",
    "priority = 2\n",
);

fn order(text: &str) -> Vec<(String, u32)> {
    let channels = document(text).channel;
    channels.into_iter().map(|channel| (channel.name, channel.priority.unwrap_or(1))).collect()
}

#[test]
fn a_channel_comes_where_it_was_dropped() {
    for (name, priority, before, expected) in [
        ("b", 1, Some("a"), "b1 a1 c2 d2"),
        ("a", 1, None, "b1 a1 c2 d2"),
        ("a", 1, Some("b"), "a1 b1 c2 d2"),
        ("b", 1, None, "a1 b1 c2 d2"),
        ("d", 2, Some("c"), "a1 b1 d2 c2"),
        ("c", 2, None, "a1 b1 d2 c2"),
        ("c", 1, Some("a"), "c1 a1 b1 d2"),
        ("c", 1, None, "a1 b1 c1 d2"),
        ("a", 2, Some("d"), "b1 c2 a2 d2"),
        ("a", 2, None, "b1 c2 d2 a2"),
        ("d", 3, None, "a1 b1 c2 d3"),
        ("a", 3, None, "a3 b1 c2 d2"),
    ] {
        let moved = move_channel(TEXT, name, priority, before).unwrap();
        let told: Vec<String> =
            order(&moved).into_iter().map(|(name, tier)| format!("{name}{tier}")).collect();
        assert_eq!(told.join(" "), expected, "{name} to {priority} before {before:?}\n{moved}");
        let mut lines: Vec<&str> = moved.lines().filter(|line| !line.contains("priority")).collect();
        let mut before: Vec<&str> = TEXT.lines().filter(|line| !line.contains("priority")).collect();
        lines.retain(|line| !line.is_empty());
        before.retain(|line| !line.is_empty());
        lines.sort_unstable();
        before.sort_unstable();
        assert_eq!(lines, before, "no line is lost");
    }
}

#[test]
fn comments_move_with_their_channel() {
    let moved = move_channel(TEXT, "a", 1, None).unwrap();
    let start = concat!(
        "# head\n",
        "\n",
        "[[channel]]\n",
        "name = \"b\"\n",
        "# spare = 1\n",
        "\n",
        "# the a\n",
        "[[channel]]\n",
        "name = \"a\"\n",
        "\n",
        "[[channel]]\n",
        "name = \"c\"\n",
    );
    assert!(moved.starts_with(start), "{moved}");
    let moved = move_channel(TEXT, "b", 1, Some("a")).unwrap();
    assert!(moved.starts_with("# head\n\n[[channel]]\nname = \"b\"\n# spare = 1\n\n# the a\n"), "{moved}");
}

#[test]
fn a_channel_that_stands_there_already_stays() {
    for (name, priority, before) in
        [("a", 1, Some("b")), ("b", 1, None), ("c", 2, Some("d")), ("d", 2, None), ("a", 1, Some("a"))]
    {
        assert_eq!(move_channel(TEXT, name, priority, before).unwrap(), TEXT, "{name} before {before:?}");
    }
}

#[test]
fn items_of_an_array_move_too() {
    let text = "channel = [{ name = \"a\" }, { name = \"b\" }, { name = \"c\" }]\n";
    let moved = move_channel(text, "c", 1, Some("a")).unwrap();
    assert_eq!(moved, "channel = [{ name = \"c\" }, { name = \"a\" }, { name = \"b\" }]\n");
    let moved = move_channel(text, "a", 1, None).unwrap();
    assert_eq!(moved, "channel = [{ name = \"b\" }, { name = \"c\" }, { name = \"a\" }]\n");
    let moved = move_channel(text, "a", 2, None).unwrap();
    assert_eq!(order(&moved)[0], ("a".to_owned(), 2), "{moved}");
}

#[test]
fn nobody_moves_a_channel_that_is_not_there() {
    for (name, before) in [("z", None), ("a", Some("z"))] {
        assert!(matches!(move_channel(TEXT, name, 1, before), Err(EditError::Unknown { .. })), "{name}");
    }
}
