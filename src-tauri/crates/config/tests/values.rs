//! Every value is told with who decided it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use config::{Document, Format, SettingOrigin, SettingValue, Surroundings, effective, settings};
use serde_json::json;

const FULL: &str = include_str!("examples/full.toml");

fn document(text: &str) -> Document {
    config::parse("config.toml", Format::Toml, text.as_bytes()).unwrap().document
}

fn setting<'s>(settings: &'s [SettingValue], key: &str) -> &'s SettingValue {
    settings.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("no {key}"))
}

#[test]
fn an_empty_file_leaves_every_default() {
    let document = document("");
    let nothing = |_: &str| None;
    let settings = settings(&document, &Surroundings::new(&nothing));
    for setting in &settings {
        assert_eq!(
            (setting.origin, &setting.value),
            (SettingOrigin::Default, &setting.default),
            "{}",
            setting.key
        );
        assert_eq!((setting.set_by, setting.place.as_deref()), (None, None), "{}", setting.key);
        assert!(config::edit::is_setting(setting.key), "{} can be edited", setting.key);
    }
    for (key, default) in [
        ("server.port", json!(7584)),
        ("server.listen", json!(["127.0.0.1", "::1"])),
        ("server.client_keys", json!("required")),
        ("server.allowed_hosts", json!([])),
        ("server.drain_s", json!(10)),
        ("routing.strategy", json!("weighted")),
        ("routing.fallback", json!(true)),
        ("routing.unknown_models", json!("default")),
        ("ui.language", json!("system")),
        ("ui.close_to_tray", json!(true)),
        ("ui.notifications.key_refused", json!(true)),
        ("log.level", json!("info")),
        ("log.files", json!(7)),
    ] {
        assert_eq!(setting(&settings, key).default, default, "{key}");
    }
}

#[test]
fn what_the_file_states_has_its_place() {
    let document = document(FULL);
    let nothing = |_: &str| None;
    let settings = settings(&document, &Surroundings::new(&nothing));
    for (key, value, place) in [
        ("server.port", json!(7600), "config.toml:5"),
        ("server.listen", json!(["127.0.0.1", "[::1]:7601"]), "config.toml:6"),
        ("routing.unknown_models", json!("refuse"), "config.toml:16"),
        ("ui.theme", json!("dark"), "config.toml:115"),
    ] {
        let setting = setting(&settings, key);
        assert_eq!((&setting.value, setting.origin), (&value, SettingOrigin::File), "{key}");
        assert_eq!(setting.place.as_deref(), Some(place), "{key}");
    }
}

#[test]
fn a_variable_and_a_flag_win_over_the_file_and_say_so() {
    let document = document("[server]\nport = 1\n");
    let port = |name: &str| (name == "PORT").then(|| "2".to_owned());
    let mut surroundings = Surroundings::new(&port);
    let by_variable = settings(&document, &surroundings);
    let told = setting(&by_variable, "server.port");
    assert_eq!(
        (&told.value, told.origin, told.set_by),
        (&json!(2), SettingOrigin::Environment, Some("PORT"))
    );
    assert_eq!(told.place.as_deref(), Some("config.toml:2"), "what the file says is still found");
    surroundings.listen_override = vec!["127.0.0.1:3".parse().unwrap()];
    let by_flag = settings(&document, &surroundings);
    let told = setting(&by_flag, "server.port");
    assert_eq!((&told.value, told.origin, told.set_by), (&json!(3), SettingOrigin::Flag, Some("--listen")));
    let told = setting(&by_flag, "server.listen");
    assert_eq!((&told.value, told.origin), (&json!(["127.0.0.1:3"]), SettingOrigin::Flag));
}

#[test]
fn effective_values_name_their_origin_and_show_no_secret() {
    let text = format!(
        "{FULL}\n[[channel]]\nname = \"plain\"\nkey = \"sk-secret-1\"\nproxy = {{ host = \"h\", port = 1, password = \
         \"sk-secret-2\" }}\nbase_url = \"https://h.example.com\"\n"
    );
    let document = document(&text);
    let lookup = |name: &str| (name == "DEEPSEEK_API_KEY").then(|| "sk-secret-3".to_owned());
    let surroundings = Surroundings::new(&lookup);
    let snapshot = config::resolve(&document, &surroundings).unwrap();
    let lines = effective(&document, &snapshot, &surroundings);
    let find = |path: &str| {
        let line = lines.iter().find(|line| line.path == path);
        let line = line.unwrap_or_else(|| panic!("no {path} in {lines:#?}"));
        (line.value.as_str(), line.origin, line.place.as_deref(), line.secret)
    };
    let file = SettingOrigin::File;
    let default = SettingOrigin::Default;
    assert_eq!(find("server.port"), ("7600", file, Some("config.toml:5"), false));
    assert_eq!(find("channel[deepseek].weight"), ("3", file, Some("config.toml:56"), false));
    assert_eq!(find("channel[office].weight"), ("1", default, None, false));
    assert_eq!(find("channel[office].max_retries"), ("2", default, None, false));
    assert_eq!(
        find("channel[deepseek].keys[work]"),
        ("${DEEPSEEK_API_KEY}", SettingOrigin::Environment, Some("config.toml:46"), true)
    );
    assert_eq!(find("channel[deepseek].keys[home]").0, "in the vault");
    let (value, origin, _, secret) = find("channel[plain].keys[default]");
    assert_eq!((value, origin, secret), ("••••••••", file, true));
    assert_eq!(find("proxy[office].password").0, "${PROXY_PASSWORD}");
    assert_eq!(find("routing.aliases[fast]").0, "deepseek,deepseek-v4-flash");
    let shown = serde_json::to_string(&lines).unwrap();
    assert!(!shown.contains("sk-secret"), "{shown}");
}
