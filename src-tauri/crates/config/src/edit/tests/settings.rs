//! Single settings are set and go back to their defaults.

use serde_json::{Value, json};

use super::super::{EditError, is_setting, set_value};
use crate::settings;

#[test]
fn a_setting_is_written_where_it_belongs() {
    for (text, path, value, expected) in [
        ("", "server.port", json!(7600), "version = 1\n\n[server]\nport = 7600\n"),
        ("# mine\nversion = 1\n", "log.files", json!(3), "# mine\nversion = 1\n\n[log]\nfiles = 3\n"),
        ("[server]\nport = 1 # here\n", "server.port", json!(2), "[server]\nport = 2 # here\n"),
        (
            "[server]\nport = 1\n# end\n",
            "server.drain_s",
            json!(2),
            "[server]\nport = 1\ndrain_s = 2\n# end\n",
        ),
        ("server.port = 1\n", "server.drain_s", json!(2), "server.port = 1\nserver.drain_s = 2\n"),
        ("server = { port = 1 }\n", "server.port", json!(2), "server = { port = 2 }\n"),
        (
            "[server]\nallowed_hosts = [\n  \"a\", # ours\n]\n",
            "server.allowed_hosts",
            json!(["a", "b"]),
            "[server]\nallowed_hosts = [\n  \"a\",\n  \"b\", # ours\n]\n",
        ),
        ("[ui]\ntheme = \"dark\"\n", "ui.theme", json!("light"), "[ui]\ntheme = \"light\"\n"),
        (
            "[ui]\ntheme = \"dark\"\n",
            "ui.notifications.port_taken",
            json!(false),
            "[ui]\ntheme = \"dark\"\nnotifications = { port_taken = false }\n",
        ),
        ("", "ui.notifications.x", json!(false), "version = 1\n\n[ui]\nnotifications = { x = false }\n"),
        (
            "[ui.notifications]\nx = true\n",
            "ui.notifications.x",
            json!(false),
            "[ui.notifications]\nx = false\n",
        ),
        (
            "[routing.aliases]\nx = \"y\"\n",
            "routing.strategy",
            json!("random"),
            "[routing]\nstrategy = \"random\"\n\n[routing.aliases]\nx = \"y\"\n",
        ),
    ] {
        assert_eq!(set_value(text, path, Some(&value)).unwrap(), expected, "{path} in {text:?}");
    }
}

#[test]
fn a_setting_that_holds_already_changes_nothing() {
    for (text, path, value) in [
        ("[server]\nport =  1\n", "server.port", json!(1)),
        ("[server]\nallowed_hosts = [ 'a' ]\n", "server.allowed_hosts", json!(["a"])),
    ] {
        assert_eq!(set_value(text, path, Some(&value)).unwrap(), text, "{path}");
    }
}

#[test]
fn a_setting_without_a_value_goes_back_to_its_default() {
    for (text, path, expected) in [
        ("[server]\nport = 1 # here\ndrain_s = 2\n", "server.port", "[server]\ndrain_s = 2\n"),
        (
            "version = 1\n\n[server]\nport = 1\n\n[log]\nfiles = 1\n",
            "server.port",
            "version = 1\n\n[log]\nfiles = 1\n",
        ),
        ("# ours\n[server]\nport = 1\n", "server.port", "# ours\n[server]\n"),
        ("[server]\nport = 1\n# or 2\n", "server.port", "[server]\n# or 2\n"),
        ("server = { port = 1, drain_s = 2 }\n", "server.port", "server = { drain_s = 2 }\n"),
        ("server.port = 1\nserver.drain_s = 2\n", "server.port", "server.drain_s = 2\n"),
        ("[log]\nfiles = 1\n", "server.port", "[log]\nfiles = 1\n"),
        (
            "[server]\nallowed_hosts = [\n  \"a\",\n]\ndrain_s = 1\n",
            "server.allowed_hosts",
            "[server]\ndrain_s = 1\n",
        ),
        ("[ui]\nnotifications = { x = true }\n", "ui.notifications.x", "[ui]\nnotifications = {}\n"),
    ] {
        assert_eq!(set_value(text, path, None).unwrap(), expected, "{path} in {text:?}");
        assert_eq!(set_value(text, path, Some(&Value::Null)).unwrap(), expected, "null is no value");
    }
}

#[test]
fn what_is_set_and_taken_back_leaves_no_trace() {
    let text = "version = 1\n\n[[channel]]\nname = \"a\"\n";
    for path in settings::paths() {
        let set = set_value(text, path, Some(&json!("x"))).unwrap();
        assert_ne!(set, text);
        let back = set_value(&set, path, None).unwrap();
        let left = if path.starts_with("ui.notifications") { "\n[ui]\nnotifications = {}\n" } else { "" };
        assert_eq!(back, format!("{text}{left}"), "{path}");
    }
}

#[test]
fn paths_and_values_are_checked() {
    for path in
        ["", "server", "server.prot", "channel", "ui.notifications", "ui.notifications.a.b", "version"]
    {
        assert!(!is_setting(path), "{path}");
        assert_eq!(set_value("", path, None), Err(EditError::UnknownSetting(path.to_owned())));
    }
    assert_eq!(
        set_value("server = 1\n", "server.port", Some(&json!(1))),
        Err(EditError::NoTable("server".to_owned()))
    );
}
