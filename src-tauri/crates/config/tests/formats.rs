//! Every format loads as its users write it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::num::NonZeroU32;
use std::time::Duration;

use common::{load, parse};
use config::{
    Channel, Counting, Format, Hop, Limit, ProviderKind, ProxyScheme, Severity, Snapshot, Strategy,
    Surroundings,
};
use secrecy::ExposeSecret;
use wire::Protocol;

fn key_of(channel: &Channel) -> Option<&str> {
    channel.keys[0].secret.as_ref().map(ExposeSecret::expose_secret)
}

fn named<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Channel {
    snapshot.channel_named(name).unwrap_or_else(|| panic!("no channel {name}"))
}

#[test]
fn a_yaml_list_of_channels_loads_as_it_stands() {
    let snapshot = load("channels.yaml", include_str!("examples/s0-channels.yaml")).unwrap();
    let main = named(&snapshot, "openai-main");
    assert_eq!(key_of(main), Some("env:OPENAI_API_KEY"));
    assert_eq!((main.weight, main.priority, main.max_retries), (3, 1, 3));
    assert_eq!(main.timeout, Some(Duration::from_secs(30)));
    assert_eq!(main.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["chat", "default"]);
    assert!(main.speaks(Protocol::Responses).is_some(), "api.openai.com speaks Responses too");
    let claude = named(&snapshot, "claude-main");
    assert_eq!(claude.provider, ProviderKind::Claude);
    assert_eq!(claude.spoken[0].base.as_url().as_str(), "https://api.anthropic.com/v1");
    let gemini = named(&snapshot, "gemini-main");
    assert!(gemini.needs_key().unwrap().contains("GEMINI_API_KEY"), "{:?}", gemini.needs_key());
    let creative = named(&snapshot, "creative");
    assert_eq!((creative.enabled, creative.weight, creative.priority, creative.max_retries), (true, 1, 1, 2));
    let params: Vec<(&str, &str)> =
        creative.params.iter().map(|param| (param.name.as_str(), param.value.get())).collect();
    assert_eq!(params, [("temperature", "1.2"), ("max_tokens", "4000"), ("top_p", "0.95")]);
    let proxied = named(&snapshot, "proxied");
    assert_eq!(key_of(proxied), Some("sk-plain-in-yaml"));
    let Hop::Proxy(proxy) = &proxied.hop else { panic!("{:?}", proxied.hop) };
    assert_eq!((proxy.scheme, proxy.host.as_str(), proxy.port), (ProxyScheme::Socks5, "127.0.0.1", 7890));
}

#[test]
fn a_python_settings_module_loads_as_it_stands() {
    let snapshot = load("settings.py", include_str!("examples/s2-settings.py")).unwrap();
    let primary = named(&snapshot, "primary");
    assert_eq!(key_of(primary), Some("env:OPENAI_API_KEY"));
    assert_eq!(primary.timeout, Some(Duration::from_secs(30)), "its timeouts are seconds");
    assert_eq!(primary.model.as_deref(), Some("gpt-4"));
    assert_eq!(primary.models.as_ref().map(Vec::len), Some(2));
    let backup = named(&snapshot, "backup");
    assert_eq!((backup.enabled, backup.timeout), (false, Some(Duration::from_millis(2500))));
    assert_eq!(snapshot.routing.aliases.get("cheap").map(|target| &**target), Some("gpt-3.5-turbo"));
}

#[test]
fn a_yaml_list_of_providers_loads_as_it_stands() {
    let text = include_str!("examples/s3-router.yaml");
    let snapshot = load("router.yaml", text).unwrap();
    assert_eq!(snapshot.routing.strategy, Strategy::Weighted);
    assert!(snapshot.routing.fallback);
    assert_eq!(named(&snapshot, "deepseek").weight, 70);
    assert_eq!(key_of(named(&snapshot, "openrouter")), Some("env:OPENROUTER_API_KEY"), "by security.apiKeys");
    let parsed = parse("router.yaml", text).unwrap();
    let thresholds = parsed.document.routing.unwrap().thresholds.unwrap();
    assert_eq!((thresholds.error_rate, thresholds.response_time_ms), (Some(0.05), Some(5000)));
    let said: Vec<String> = parsed.findings.iter().map(ToString::to_string).collect();
    assert!(said.contains(&"router.yaml:14:1: alerts: is read but not in force yet".to_owned()), "{said:#?}");
    let mapping = "providers:\n  one:\n    apiKey: a\n  two:\n    apiKey: b\n";
    assert_eq!(load("router.yaml", mapping).unwrap().channels.len(), 2, "a table of providers is a list too");
}

#[test]
fn a_json_list_of_apis_loads_as_it_stands() {
    let snapshot = load("apis.json", include_str!("examples/s4-apis.json")).unwrap();
    assert_eq!((snapshot.server.port, snapshot.routing.strategy), (3000, Strategy::Random));
    assert_eq!(snapshot.server.api_key.as_ref().map(ExposeSecret::expose_secret), Some("sk-client-key"));
    let first = named(&snapshot, "First");
    assert_eq!(
        (&*first.id, first.rpm, first.rpd),
        ("first", Limit::Max(NonZeroU32::new(60).unwrap()), Limit::Unlimited)
    );
    assert_eq!(first.model_map[0].1.as_ref(), "openai/gpt-4");
    let second = named(&snapshot, "Second");
    assert_eq!(
        (second.rpm, second.models.is_none(), second.local, second.secure),
        (Limit::Disabled, true, true, false)
    );
    let stated = load("apis.json", r#"{"apis": [], "routing": {"strategy": "weighted"}}"#).unwrap();
    assert_eq!(stated.routing.strategy, Strategy::Weighted, "a stated strategy is kept");
}

#[test]
fn the_native_file_may_say_everything() {
    let text = include_str!("examples/full.toml");
    let snapshot = load("config.toml", text).unwrap();
    assert_eq!(snapshot.server.listen, ["127.0.0.1:7600".parse().unwrap(), "[::1]:7601".parse().unwrap()]);
    assert_eq!(snapshot.server.allowed_hosts, ["gateway.local"]);
    let deepseek = named(&snapshot, "deepseek");
    let keys: Vec<(&str, bool)> =
        deepseek.keys.iter().map(|key| (&*key.name, key.secret.is_some())).collect();
    assert_eq!(keys, [("work", true), ("home", false), ("key 3", true)]);
    assert!(deepseek.params_force);
    assert!(matches!(&deepseek.hop, Hop::Proxy(proxy) if &*proxy.name == "office"));
    let office = named(&snapshot, "office");
    assert!(matches!(office.hop, Hop::Direct), "loopback targets are always direct");
    assert_eq!(office.needs_key(), None, "a program on this machine asks for no key");
    let parsed = parse("config.toml", text).unwrap();
    let waiting: Vec<&str> = parsed.findings.iter().map(|finding| finding.path.as_str()).collect();
    for path in [
        "channel[0].tpm",
        "channel[0].price",
        "routing.scenarios",
        "client[0].models",
        "channel[0].keys[1].rpm",
    ] {
        assert!(waiting.contains(&path), "{path} should be said to wait: {waiting:?}");
    }
    assert!(parsed.findings.iter().all(|finding| finding.severity == Severity::Warning));
}

#[test]
fn every_key_may_be_written_in_camel_case_in_yaml_and_json() {
    let snake =
        "channel:\n  - name: a\n    base_url: https://h.example.com\n    max_retries: 4\n    timeout_ms: 7\n";
    let camel =
        "channels:\n  - name: a\n    baseUrl: https://h.example.com\n    maxRetries: 4\n    timeoutMs: 7\n";
    for text in [snake, camel] {
        let snapshot = load("a.yaml", text).unwrap();
        let channel = named(&snapshot, "a");
        assert_eq!((channel.max_retries, channel.timeout), (4, Some(Duration::from_millis(7))));
    }
    let native = parse("config.toml", "[[channel]]\nname = \"a\"\nmaxRetries = 4\n").unwrap_err();
    assert_eq!(
        native[0].hint.as_deref(),
        Some("did you mean \"max_retries\"?"),
        "the native file has one spelling"
    );
}

#[test]
fn empty_files_are_empty_documents() {
    for name in ["config.toml", "a.yaml", "a.json", "settings.py"] {
        for text in ["", "\n", "\u{feff}", "\r\n  \r\n"] {
            let snapshot = load(name, text).unwrap_or_else(|errors| panic!("{name} {text:?}: {errors:?}"));
            assert_eq!((snapshot.channels.len(), snapshot.server.port), (0, 7584));
        }
    }
    assert_eq!(load("a.yaml", "# only a comment\n").unwrap().channels.len(), 0);
}

#[test]
fn a_byte_order_mark_and_windows_lines_change_nothing() {
    for (name, text) in [
        ("config.toml", include_str!("examples/full.toml")),
        ("a.yaml", include_str!("examples/s0-channels.yaml")),
        ("a.json", include_str!("examples/s4-apis.json")),
        ("settings.py", include_str!("examples/s2-settings.py")),
    ] {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let names =
            |snapshot: Snapshot| snapshot.channels.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(load(name, &windows).unwrap()), names(load(name, text).unwrap()), "{name}");
    }
}

#[test]
fn an_older_native_file_is_read_as_the_current_one() {
    let parsed = parse("config.toml", include_str!("examples/version-0.toml")).unwrap();
    assert_eq!(parsed.document.channel[0].timeout_ms, Some(30_000));
    assert!(
        parsed.findings.iter().any(|finding| finding.message.contains("older version")),
        "{:?}",
        parsed.findings
    );
    let migrated = config::migrate(include_str!("examples/version-0.toml")).unwrap().unwrap();
    let current = parse("config.toml", &migrated).unwrap();
    assert_eq!(
        format!("{:?}", parsed.document.channel),
        format!("{:?}", current.document.channel),
        "reading it and migrating it come to the same"
    );
    let newer = parse("config.toml", "version = 2\n").unwrap_err();
    assert_eq!(
        newer[0].to_string().split(" (").next(),
        Some("config.toml:1:1: version: is 2, but this program knows versions up to 1")
    );
}

#[test]
fn the_port_follows_from_override_then_environment_then_file() {
    let parsed = parse("config.toml", "[server]\nport = 1\n").unwrap();
    let set = |name: &str| (name == "PORT").then(|| "2".to_owned());
    let unset = |_: &str| None;
    let bad = |name: &str| (name == "PORT").then(|| "many".to_owned());
    assert_eq!(config::resolve(&parsed.document, &Surroundings::new(&unset)).unwrap().server.port, 1);
    let mut surroundings = Surroundings::new(&set);
    assert_eq!(config::resolve(&parsed.document, &surroundings).unwrap().server.port, 2);
    surroundings.port_override = Some(3);
    let server = config::resolve(&parsed.document, &surroundings).unwrap().server;
    assert_eq!((server.port, server.listen[1].to_string()), (3, "[::1]:3".to_owned()));
    let error = config::resolve(&parsed.document, &Surroundings::new(&bad)).unwrap_err();
    assert_eq!(error[0].to_string(), "PORT: expected 1–65535, got \"many\"");
    assert!(!error[0].file.is_empty(), "whoever knows the file's name must not put it there");
}

#[test]
fn a_port_from_outside_replaces_that_of_every_listed_address() {
    let parsed =
        parse("config.toml", "[server]\nlisten = [\"127.0.0.1:1\", \"[::1]:2\", \"10.0.0.1\"]\n").unwrap();
    let set = |name: &str| (name == "PORT").then(|| "8".to_owned());
    let unset = |_: &str| None;
    let listen = |surroundings: &Surroundings<'_>| {
        let server = config::resolve(&parsed.document, surroundings).unwrap().server;
        server.listen.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut surroundings = Surroundings::new(&unset);
    assert_eq!(listen(&surroundings), ["127.0.0.1:1", "[::1]:2", "10.0.0.1:7584"]);
    surroundings.port_override = Some(9);
    assert_eq!(listen(&surroundings), ["127.0.0.1:9", "[::1]:9", "10.0.0.1:9"]);
    surroundings = Surroundings::new(&set);
    assert_eq!(listen(&surroundings), ["127.0.0.1:8", "[::1]:8", "10.0.0.1:8"]);
    surroundings.listen_override = vec!["127.0.0.1:3".parse().unwrap()];
    assert_eq!(listen(&surroundings), ["127.0.0.1:3"], "an address from outside has a port of its own");
}

#[test]
fn an_address_that_is_listed_twice_is_listened_at_once() {
    for (listen, expected) in [
        ("[\"localhost\", \"127.0.0.1\"]", vec!["127.0.0.1:7584", "[::1]:7584"]),
        ("[\"127.0.0.1:7584\", \"localhost\", \"::1\"]", vec!["127.0.0.1:7584", "[::1]:7584"]),
        ("[\"127.0.0.1:1\", \"127.0.0.1:2\"]", vec!["127.0.0.1:1", "127.0.0.1:2"]),
    ] {
        let server = load("config.toml", &format!("[server]\nlisten = {listen}\n")).unwrap().server;
        let told: Vec<String> = server.listen.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected, "{listen}");
    }
}

#[test]
fn ids_follow_from_names_and_stay_the_same() {
    let of = |name: &str| {
        let snapshot = load("config.toml", &format!("[[channel]]\nname = \"{name}\"\n")).unwrap();
        snapshot.channels[0].id.to_string()
    };
    assert_eq!(of("deepseek"), of("deepseek"));
    assert_ne!(of("deepseek"), of("deepseek2"));
    assert_eq!(of("a"), "ch-af63dc4c8601ec8c", "the id must not change between versions");
}

#[test]
fn a_channel_without_type_is_of_the_kind_of_its_host() {
    for (base, expected) in [
        ("https://api.anthropic.com", ProviderKind::Claude),
        ("https://generativelanguage.googleapis.com", ProviderKind::Gemini),
        ("https://api.deepseek.com", ProviderKind::OpenAi),
        ("https://anything.example.com", ProviderKind::OpenAi),
    ] {
        let snapshot =
            load("config.toml", &format!("[[channel]]\nname = \"a\"\nbase_url = \"{base}\"\n")).unwrap();
        assert_eq!(snapshot.channels[0].provider, expected, "{base}");
    }
}

#[test]
fn a_python_settings_module_knows_only_upstreams_that_speak_chat() {
    for base in ["https://api.anthropic.com", "https://api.deepseek.com/anthropic"] {
        let text = format!("UPSTREAM_PROVIDERS = [{{'name': 'a', 'base_url': '{base}'}}]\n");
        assert_eq!(load("settings.py", &text).unwrap().channels[0].provider, ProviderKind::OpenAi, "{base}");
    }
}

#[test]
fn protocols_follow_from_type_and_vendor() {
    for (fields, expected) in [
        ("", "chat https://api.openai.com/v1 responses https://api.openai.com/v1"),
        ("type = \"claude\"", "messages https://api.anthropic.com/v1"),
        ("type = \"gemini\"", "gemini https://generativelanguage.googleapis.com/v1beta"),
        ("base_url = \"https://h.example.com\"", "chat https://h.example.com/v1"),
        (
            "base_url = \"https://api.deepseek.com\"",
            "chat https://api.deepseek.com/v1 messages https://api.deepseek.com/anthropic/v1",
        ),
        (
            "type = \"claude\"\nbase_url = \"https://api.deepseek.com/anthropic\"\nprotocols = [\"messages\", \"chat\"]",
            "messages https://api.deepseek.com/anthropic/v1 chat https://api.deepseek.com/v1",
        ),
        (
            "base_url = \"https://h.example.com/x\"\nprotocols = [\"responses\", \"messages\"]",
            "responses https://h.example.com/x/v1 messages https://h.example.com/x/v1",
        ),
        (
            "base_url = \"https://ark.cn-beijing.volces.com/api/coding/v3\"",
            "chat https://ark.cn-beijing.volces.com/api/coding/v3 \
             responses https://ark.cn-beijing.volces.com/api/coding/v3 \
             messages https://ark.cn-beijing.volces.com/api/coding/v1",
        ),
        ("base_url = \"https://h.example.com/odd\"\nexact = true", "chat https://h.example.com/odd"),
    ] {
        let snapshot = load("config.toml", &format!("[[channel]]\nname = \"a\"\n{fields}\n")).unwrap();
        let spoken = snapshot.channels[0].spoken.iter();
        let told: Vec<String> = spoken.map(|one| format!("{} {}", one.protocol, one.base.as_url())).collect();
        assert_eq!(told.join(" "), expected, "{fields}");
    }
}

#[test]
fn the_format_is_told_by_name_or_content() {
    for (name, bytes, expected) in [
        ("config.toml", &b"{"[..], Format::Toml),
        ("a.YML", b"", Format::Yaml),
        ("apis.json", b"", Format::Json),
        ("settings.py", b"", Format::Python),
        ("noname", b" {\"apis\": []}", Format::Json),
        ("noname", b"version = 1", Format::Toml),
    ] {
        assert_eq!(Format::of(name, bytes), expected, "{name}");
    }
}

#[test]
fn who_counts_tokens_is_a_word_or_the_yes_or_no_of_older_files() {
    for (written, expected) in [
        ("", Counting::Auto),
        ("quirks = { count_tokens = \"auto\" }", Counting::Auto),
        ("quirks = { count_tokens = \"upstream\" }", Counting::Upstream),
        ("quirks = { count_tokens = \"local\" }", Counting::Local),
        ("quirks = { count_tokens = true }", Counting::Auto),
        ("quirks = { count_tokens = false }", Counting::Local),
    ] {
        let text = format!("[[channel]]\nname = \"a\"\n{written}\n");
        assert_eq!(load("config.toml", &text).unwrap().channels[0].counting, expected, "{written}");
        let document = config::parse("config.toml", Format::Toml, text.as_bytes()).unwrap().document;
        let entry = document.channel[0].clone();
        let saved = config::edit::put_channel("", None, &entry).unwrap();
        let again = load("config.toml", &saved).unwrap();
        assert_eq!(again.channels[0].counting, expected, "written again: {saved}");
    }
}
