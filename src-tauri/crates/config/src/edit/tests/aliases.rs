//! Names that stand for others come, go and change.

use super::super::{EditError, Subject, put_alias, remove_alias, restore};
use super::document;

const TEXT: &str = concat!(
    "[routing] # ways\n",
    "fallback = true\n",
    "\n",
    "# short names\n",
    "[routing.aliases]\n",
    "fast = \"m1\" # quick\n",
    "\"claude-*\"   = \"fast\"\n",
    "\n",
    "[log]\n",
    "files = 1\n",
);

fn target(text: &str, name: &str) -> Option<String> {
    document(text).routing?.aliases.get(name).cloned()
}

#[test]
fn an_alias_comes_behind_the_others() {
    let added = put_alias(TEXT, None, "gpt-*", "auto").unwrap();
    let after = "\"claude-*\"   = \"fast\"\n";
    assert_eq!(added, TEXT.replace(after, &format!("{after}\"gpt-*\" = \"auto\"\n")));
}

#[test]
fn the_first_alias_finds_a_place_whatever_the_file_says() {
    let section = "[routing.aliases]\nx = \"m\"\n";
    for (text, expected) in [
        ("", format!("version = 1\n\n{section}")),
        ("version = 1\n", format!("version = 1\n\n{section}")),
        (
            "[routing]\nfallback = true\n\n[log]\nfiles = 1\n",
            format!("[routing]\nfallback = true\n\n{section}\n[log]\nfiles = 1\n"),
        ),
        ("[[channel]]\nname = \"a\"\n", format!("[[channel]]\nname = \"a\"\n\n{section}")),
        (
            "routing = { fallback = true }\n",
            "routing = { fallback = true, aliases = { x = \"m\" } }\n".to_owned(),
        ),
        (
            "routing = { aliases = { y = \"m\" } }\n",
            "routing = { aliases = { y = \"m\", x = \"m\" } }\n".to_owned(),
        ),
        ("routing.fallback = true\n", format!("routing.fallback = true\n\n{section}")),
        ("[routing]\naliases.y = \"m\"\n", "[routing]\naliases.y = \"m\"\naliases.x = \"m\"\n".to_owned()),
    ] {
        let added = put_alias(text, None, "x", "m").unwrap();
        assert_eq!(added, expected);
        assert_eq!(target(&added, "x").as_deref(), Some("m"));
    }
}

#[test]
fn an_alias_is_renamed_and_retargeted_where_it_stands() {
    let renamed = put_alias(TEXT, Some("fast"), "quick one", "m1").unwrap();
    let expected =
        TEXT.replace("fast = \"m1\"", "\"quick one\" = \"m1\"").replace("= \"fast\"", "= \"quick one\"");
    assert_eq!(renamed, expected, "who stands for it follows");
    let retargeted = put_alias(TEXT, Some("FAST"), "fast", "m2").unwrap();
    assert_eq!(retargeted, TEXT.replace("\"m1\"", "\"m2\""), "names are found whatever their case");
    assert_eq!(put_alias(TEXT, Some("fast"), "fast", "m1").unwrap(), TEXT);
    let dotted = "[routing]\naliases.y = \"m\" # dotted\n";
    let renamed = put_alias(dotted, Some("y"), "z", "n").unwrap();
    assert_eq!(renamed, "[routing]\naliases.z = \"n\" # dotted\n");
}

#[test]
fn an_alias_that_others_stand_for_stays() {
    let in_use =
        EditError::InUse { what: Subject::Alias, name: "fast".to_owned(), by: vec!["claude-*".to_owned()] };
    assert_eq!(remove_alias(TEXT, "fast").unwrap_err(), in_use);
    let taken = EditError::NameTaken { what: Subject::Alias, name: "fast".to_owned() };
    assert_eq!(put_alias(TEXT, None, "Fast", "m"), Err(taken.clone()));
    assert_eq!(put_alias(TEXT, Some("claude-*"), "fast", "m"), Err(taken));
    assert!(matches!(remove_alias(TEXT, "none"), Err(EditError::Unknown { .. })));
}

#[test]
fn the_last_alias_takes_its_empty_section_along_and_comes_back() {
    for (text, left) in [
        (TEXT, TEXT.replace("\"claude-*\"   = \"fast\"\n", "")),
        ("[routing.aliases]\n\"claude-*\" = \"m\"\n", String::new()),
        ("[log]\nfiles = 1\n\n[routing.aliases]\n\"claude-*\" = \"m\"\n", "[log]\nfiles = 1\n".to_owned()),
        ("# mine\n[routing.aliases]\n\"claude-*\" = \"m\"\n", "# mine\n[routing.aliases]\n".to_owned()),
        ("routing = { aliases = { \"claude-*\" = \"m\" } }\n", "routing = { aliases = {} }\n".to_owned()),
    ] {
        let removal = remove_alias(text, "claude-*").unwrap();
        assert_eq!(removal.text, left);
        assert_eq!(restore(&removal.text, &removal.removed).unwrap(), text);
        let meanwhile = format!("{}\n[ui]\ntheme = \"dark\"\n", removal.text);
        let restored = restore(&meanwhile, &removal.removed).unwrap();
        assert_eq!(target(&restored, "claude-*"), target(text, "claude-*"), "{restored}");
    }
}
