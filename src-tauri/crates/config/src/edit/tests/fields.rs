//! A channel is brought to what a form says; the rest of it stays.

use super::super::{EditError, Subject, put_channel};
use super::{channel, env, key};
use crate::document::{ChannelEntry, ParamsMode, ProtocolEntry, ProxyInline, ProxyRef, SecretRef};
use crate::proxy::ProxyScheme;
use wire::Protocol;

const TEXT: &str = concat!(
    "version = 1\n",
    "\n",
    "# the cheap one\n",
    "[[channel]]\n",
    "name = \"a\"   # odd   spacing\n",
    "key = \"${A_KEY}\" # by the environment\n",
    "weight = 3\n",
    "# for the free plan\n",
    "rpm = 10 # a minute\n",
    "tags = [ \"x\",   \"y\" ]\n",
    "headers = { \"x-team\" = \"blue\" }\n",
    "models = [\n",
    "  \"m1\", # first\n",
    "  # the big one\n",
    "  \"m2\",\n",
    "]\n",
    "\n",
    "# what clients call it\n",
    "[channel.model_map]\n",
    "x = \"m1\" # mapped\n",
    "y = \"m2\"\n",
    "\n",
    "[[channel]]\n",
    "name = \"b\"\n",
);

/// The text after a form with this change was saved.
fn saved(text: &str, name: &str, change: impl FnOnce(&mut ChannelEntry)) -> String {
    let mut entry = channel(text, name);
    change(&mut entry);
    let saved = put_channel(text, Some(name), &entry).unwrap();
    let again = channel(&saved, &entry.name);
    let normal = |entry: &ChannelEntry| super::super::written::channel(entry).to_string();
    let wanted = ChannelEntry { id: again.id.clone(), ..entry };
    assert_eq!(normal(&again), normal(&wanted), "what is read is what was asked:\n{saved}");
    saved
}

/// One change of a form, and which lines of the text it changes into which.
type Row<'r> = (&'r str, &'r dyn Fn(&mut ChannelEntry), &'r [(&'r str, &'r str)]);

#[test]
fn a_change_of_a_field_changes_its_line_only() {
    let rows: &[Row<'_>] = &[
        ("nothing", &|_| {}, &[]),
        ("a number", &|entry| entry.weight = Some(5), &[("weight = 3", "weight = 5")]),
        ("a number with a comment", &|entry| entry.rpm = Some(20), &[("rpm = 10 #", "rpm = 20 #")]),
        ("a cleared number", &|entry| entry.rpm = None, &[("rpm = 10 # a minute\n", "")]),
        (
            "a new field",
            &|entry| entry.enabled = Some(false),
            &[("  \"m2\",\n]\n", "  \"m2\",\n]\nenabled = false\n")],
        ),
        (
            "another variable",
            &|entry| entry.key = Some(key(None, env("B_KEY"))),
            &[("key = \"${A_KEY}\" #", "key = { env = \"B_KEY\" } #")],
        ),
        (
            "one more tag",
            &|entry| entry.tags.push("z".to_owned()),
            &[("[ \"x\",   \"y\" ]", "[\"x\", \"y\", \"z\"]")],
        ),
        ("no tags", &|entry| entry.tags.clear(), &[("tags = [ \"x\",   \"y\" ]\n", "")]),
        (
            "one more model",
            &|entry| entry.models.as_mut().unwrap().push("m3".to_owned()),
            &[("  \"m2\",\n]", "  \"m2\",\n  \"m3\",\n]")],
        ),
        (
            "one model less",
            &|entry| entry.models.as_mut().unwrap().truncate(1),
            &[("  \"m1\", # first\n  # the big one\n  \"m2\",\n", "  \"m1\",\n")],
        ),
        (
            "another target",
            &|entry| drop(entry.model_map.insert("x".to_owned(), "m2".to_owned())),
            &[("x = \"m1\" #", "x = \"m2\" #")],
        ),
        (
            "one more mapping",
            &|entry| drop(entry.model_map.insert("z".to_owned(), "m2".to_owned())),
            &[("y = \"m2\"\n", "y = \"m2\"\nz = \"m2\"\n")],
        ),
        (
            "one mapping less",
            &|entry| drop(entry.model_map.shift_remove("x")),
            &[("x = \"m1\" # mapped\n", "")],
        ),
        (
            "no mapping",
            &|entry| entry.model_map.clear(),
            &[("\n# what clients call it\n[channel.model_map]\nx = \"m1\" # mapped\ny = \"m2\"\n", "")],
        ),
    ];
    for (what, change, lines) in rows {
        let mut expected = TEXT.to_owned();
        for (old, new) in *lines {
            assert!(expected.contains(old), "{what}: {old:?}");
            expected = expected.replacen(old, new, 1);
        }
        assert_eq!(saved(TEXT, "a", change), expected, "{what}");
    }
}

#[test]
fn what_no_form_shows_stays_where_a_form_leaves_it_out() {
    let text = concat!(
        "[[channel]]\n",
        "name = \"a\"\n",
        "headers = { \"x-team\" = \"blue\" }\n",
        "price = { input = 1.0 }\n",
        "tpm = 5\n",
        "check_model = \"m\"\n",
        "regions = [\"https://eu.example.com\"]\n",
        "quirks = { include_usage = false }\n",
        "keys = [{ env = \"A\", rpm = 3 }, { name = \"two\", env = \"B\", rpd = 4 }]\n",
        "protocols = [{ protocol = \"chat\", base_url = \"https://h.example.com/x\", exact = true }]\n",
    );
    let protocols = ProtocolEntry {
        protocol: Protocol::Chat,
        base_url: Some("https://h.example.com/x".to_owned()),
        exact: None,
    };
    let form = ChannelEntry {
        name: "a".to_owned(),
        keys: Some(vec![key(None, env("A")), key(Some("two"), env("B"))]),
        protocols: Some(vec![protocols]),
        ..ChannelEntry::default()
    };
    assert_eq!(put_channel(text, Some("a"), &form).unwrap(), text);
}

#[test]
fn keys_keep_their_lines_when_others_come_and_go() {
    let text = concat!(
        "[[channel]]\n",
        "name = \"a\"\n",
        "keys = [\n",
        "  { name = \"work\", env = \"W\" },\n",
        "  # at home\n",
        "  { name = \"home\", vault = true,   quota_group = \"h\" },\n",
        "]\n",
    );
    let with_third = saved(text, "a", |entry| {
        entry.keys.as_mut().unwrap().push(key(Some("spare"), SecretRef::Vault));
    });
    let third = "\n  { name = \"spare\", vault = true },\n]\n";
    assert_eq!(with_third, text.replace("\n]\n", third));
    let without_first = saved(text, "a", |entry| drop(entry.keys.as_mut().unwrap().remove(0)));
    assert_eq!(without_first, text.replace("  { name = \"work\", env = \"W\" },\n", ""));
    let off = saved(text, "a", |entry| entry.keys.as_mut().unwrap()[1].enabled = Some(false));
    let changed = "{ name = \"home\", vault = true, quota_group = \"h\", enabled = false }";
    assert_eq!(off, text.replace("{ name = \"home\", vault = true,   quota_group = \"h\" }", changed));
    let lone = saved(text, "a", |entry| {
        entry.keys = None;
        entry.key = Some(key(None, SecretRef::Vault));
    });
    assert_eq!(lone, "[[channel]]\nname = \"a\"\nkey = { vault = true }\n");
}

#[test]
fn keys_with_headers_of_their_own_are_edited_too() {
    let text = concat!(
        "[[channel]]\n",
        "name = \"a\"\n",
        "# work's\n",
        "[[channel.keys]]\n",
        "name = \"work\" # w\n",
        "env = \"W\"\n",
        "\n",
        "[[channel.keys]]\n",
        "name = \"home\"\n",
        "vault = true\n",
    );
    let changed = saved(text, "a", |entry| {
        let keys = entry.keys.as_mut().unwrap();
        keys[0].secret = env("X");
        keys.push(key(Some("spare"), SecretRef::Vault));
    });
    let third = "\n[[channel.keys]]\nname = \"spare\"\nvault = true\n";
    assert_eq!(changed, format!("{}{third}", text.replace("\"W\"", "\"X\"")));
    saved(text, "a", |entry| drop(entry.keys.as_mut().unwrap().remove(0)));
    saved(text, "a", |entry| entry.keys = None);
}

#[test]
fn other_ways_of_writing_a_field_are_edited_too() {
    for (text, change, expected) in [
        (
            "[[channel]]\nname = \"a\"\nmodel_params.temperature = 0.5 # warm\nmodel_params.top_p = 1.0\n",
            (&|entry: &mut ChannelEntry| {
                drop(entry.model_params.insert("temperature".to_owned(), 0.7.into()));
            }) as &dyn Fn(&mut ChannelEntry),
            "[[channel]]\nname = \"a\"\nmodel_params.temperature = 0.7 # warm\nmodel_params.top_p = 1.0\n",
        ),
        (
            "[[channel]]\nname = \"a\"\nmodel_params.temperature = 0.5 # warm\nmodel_params.top_p = 1.0\n",
            &|entry| entry.model_params.clear(),
            "[[channel]]\nname = \"a\"\n",
        ),
        (
            "[[channel]]\nname = \"a\"\n\n[channel.proxy] # own\nhost = \"h\"\nport = 1\n",
            &|entry| entry.proxy = Some(ProxyRef::Named("direct".to_owned())),
            "[[channel]]\nname = \"a\"\nproxy = \"direct\"\n",
        ),
        (
            "[[channel]]\nname = \"a\"\n[channel.proxy] # own\nhost = \"h\"\nport = 1 # one\nusername = \"u\"\n",
            &|entry| {
                let Some(ProxyRef::Inline(proxy)) = &mut entry.proxy else { panic!("{entry:?}") };
                proxy.port = 2;
                proxy.username = None;
            },
            "[[channel]]\nname = \"a\"\n[channel.proxy] # own\nhost = \"h\"\nport = 2 # one\n",
        ),
        (
            "channel = [{ name = \"a\", weight = 3, rpm = 4 }, { name = \"b\" }] # all\n",
            &|entry| (entry.weight, entry.rpm, entry.rpd) = (Some(4), None, Some(9)),
            "channel = [{ name = \"a\", weight = 4, rpd = 9 }, { name = \"b\" }] # all\n",
        ),
        (
            "[[channel]]\nname = \"a\"\nkey = { key = \"${A}\" }\n",
            &|entry| entry.key = Some(key(None, SecretRef::Vault)),
            "[[channel]]\nname = \"a\"\nkey = { vault = true }\n",
        ),
    ] {
        assert_eq!(saved(text, "a", change), expected);
    }
}

#[test]
fn a_form_may_say_everything() {
    let text = "[[channel]]\nname = \"a\"\n";
    let everything = saved(text, "a", |entry| {
        *entry = super::channel(include_str!("../../../tests/examples/full.toml"), "deepseek");
        entry.name = "a".to_owned();
        entry.model_params_mode = Some(ParamsMode::Force);
        entry.proxy = Some(ProxyRef::Inline(ProxyInline {
            scheme: Some(ProxyScheme::Socks5),
            host: "h".to_owned(),
            port: 1,
            username: Some("u".to_owned()),
            password: Some(SecretRef::Vault),
            no_proxy: vec!["x".to_owned()],
        }));
    });
    let empty = put_channel(
        &everything,
        Some("a"),
        &ChannelEntry { name: "a".to_owned(), ..ChannelEntry::default() },
    );
    let left = channel(&empty.unwrap(), "a");
    assert!(
        left.keys.is_none() && left.model_map.is_empty() && left.proxy.is_none() && left.weight.is_none()
    );
    assert!(left.price.is_some() && left.tpm.is_some() && !left.headers.is_empty());
}

#[test]
fn a_renamed_channel_keeps_its_id_and_those_who_name_it() {
    let text = concat!(
        "[[channel]]\n",
        "name = \"a\" # mine\n",
        "[routing]\n",
        "canary = [{ match = \"x\", share = 0.1, to = \"a,m\" }]\n",
        "[routing.aliases]\n",
        "one = \"a,m\" # pinned\n",
        "two = \"a\"\n",
        "three = \"ab\"\n",
        "[routing.scenarios]\n",
        "think = [\"a,m\", \"c\"]\n",
    );
    let id = channel(text, "a").effective_id();
    let renamed = saved(text, "a", |entry| entry.name = "b".to_owned());
    let expected = text
        .replace("name = \"a\" # mine\n", &format!("name = \"b\" # mine\nid = \"{id}\"\n"))
        .replace("\"a,m\"", "\"b,m\"")
        .replace("two = \"a\"", "two = \"b\"");
    assert_eq!(renamed, expected);
    assert_eq!(channel(&renamed, "b").effective_id(), id);
}

#[test]
fn names_and_secrets_are_guarded() {
    let text = concat!("[[channel]]\nname = \"a\"\nkey = \"sk-plain\"\n", "[[channel]]\nname = \"b\"\n",);
    let taken = ChannelEntry { name: "b".to_owned(), ..ChannelEntry::default() };
    let name_taken = EditError::NameTaken { what: Subject::Channel, name: "b".to_owned() };
    assert_eq!(put_channel(text, Some("a"), &taken), Err(name_taken));
    let kept = saved(text, "a", |entry| entry.weight = Some(2));
    assert!(kept.contains("key = \"sk-plain\"\nweight = 2\n"), "{kept}");
    let mut new = channel(text, "a");
    new.key = Some(key(None, SecretRef::Literal("sk-other".into())));
    assert_eq!(put_channel(text, Some("a"), &new), Err(EditError::PlainSecret));
    let gone = ChannelEntry { name: "z".to_owned(), ..ChannelEntry::default() };
    assert!(matches!(put_channel(text, Some("z"), &gone), Err(EditError::Unknown { .. })));
}
