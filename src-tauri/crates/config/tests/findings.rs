//! What is wrong in a file is said with its place, its field and what would be right.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{load, parse};
use config::{Finding, Format, Severity};
use proptest::prelude::*;

/// The errors of a file, one in a line.
fn errors(name: &str, text: &str) -> Vec<String> {
    match load(name, text) {
        Ok(_) => panic!("{name} was accepted:\n{text}"),
        Err(findings) => {
            findings.iter().filter(|finding| finding.is_error()).map(ToString::to_string).collect()
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_fault_is_named_with_file_line_column_and_field() {
    for (name, text, expected) in [
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\n[[channel]]\nname = \"b\"\n[[channel]]\nname = \"c\"\nproxy = { host = \"h\", port = 70000 }\n",
            "c.toml:7:30: channel[2].proxy.port: expected 1–65535, got 70000",
        ),
        (
            "c.yaml",
            "channels:\n  - name: a\n  - name: b\n  - name: c\n    proxy:\n      host: h\n      port: 70000\n",
            "c.yaml:7:13: channels[2].proxy.port: expected 1–65535, got 70000",
        ),
        (
            "c.json",
            "{\"apis\": [\n  {\"name\": \"a\", \"rpm\": -2}\n]}",
            "c.json:2:24: apis[0].rpm: expected -1 (unlimited), 0 (disabled) or a number up to 4294967295, got -2",
        ),
        (
            "settings.py",
            "UPSTREAM_PROVIDERS = [\n    {'name': 'a', 'timeout': 'long'},\n]\n",
            "settings.py:2:30: UPSTREAM_PROVIDERS[0].timeout: expected a number, got a string",
        ),
        (
            "c.yaml",
            "providers:\n  auto:\n    apiKey: k\n",
            "c.yaml:2:3: providers.auto: \"auto\" cannot be asked for: auto has a meaning of its own",
        ),
        (
            "c.json",
            "{\"apis\": [{\"id\": \"a,b\"}]}",
            "c.json:1:11: apis[0]: \"a,b\" cannot be asked for: a comma would part it from a model's name in requests",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nweigth = 3\n",
            "c.toml:3:1: channel[0].weigth: is no known field (did you mean \"weight\"?)",
        ),
        (
            "c.yaml",
            "channels:\n  - name: a\n    baseurl: https://h.example.com\n",
            "c.yaml:3:5: channels[0].baseurl: is no known field (did you mean \"baseUrl\"?)",
        ),
        (
            "c.toml",
            "[log]\ncolour = true\n",
            "c.toml:2:1: log.colour: is no known field (allowed here: files, level)",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\ntype = \"opnai\"\n",
            "c.toml:3:8: channel[0].type: expected one of openai, claude, gemini, gemini-cli-oauth, \
             claude-kiro-oauth, openai-qwen-oauth, got \"opnai\" (did you mean \"openai\"?)",
        ),
        ("c.toml", "[[channel]]\nkey = \"${K}\"\n", "c.toml:1:1: channel[0].name: is missing"),
        (
            "c.toml",
            "[[channel]]\nname = \"  \"\n",
            "c.toml:2:8: channel[0].name: expected a text, got an empty one",
        ),
        (
            "c.yaml",
            "channels:\n  - name: a\n    enabled: sometimes\n",
            "c.yaml:3:14: channels[0].enabled: expected true or false, got a string",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\n[[channel]]\nname = \"a\"\n",
            "c.toml:4:8: channel[1].name: the channel \"a\" stands here twice; the first is on line 2",
        ),
        (
            "c.json",
            "{\"apis\": [{\"id\": \"x\", \"name\": \"a\"},\n{\"id\": \"x\", \"name\": \"b\"}]}",
            "c.json:2:8: apis[1].id: the id \"x\" stands here twice; the first is on line 1",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nproxy = \"ofice\"\n[[proxy]]\nname = \"office\"\nhost = \"h\"\nport = 1\n",
            "c.toml:3:9: channel[0].proxy: names the proxy \"ofice\", which does not exist (did you mean \"office\"?)",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nbase_url = \"api.example.com\"\n",
            "c.toml:3:12: channel[0].base_url: is no URL: relative URL without a base; write it as https://host/path",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nbase_url = \"https://u:p@h.example.com\"\n",
            "c.toml:3:12: channel[0].base_url: holds a user name or password; put the key into the channel's key instead",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nbase_url = \"https://h.example.com?key=k\"\n",
            "c.toml:3:12: channel[0].base_url: holds a key in its query; put the key into the channel's key instead",
        ),
        (
            "c.toml",
            "[routing.aliases]\na = \"b\"\nb = \"c\"\nc = \"a\"\n",
            "c.toml:2:1: routing.aliases.a: leads in a circle: \"a\" → \"b\" → \"c\" → \"a\"",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"main\"\n[routing.aliases]\nfast = \"mian,m\"\n",
            "c.toml:4:1: routing.aliases.fast: names the channel \"mian\", which does not exist (did you mean \"main\"?)",
        ),
        (
            "c.toml",
            "[server]\nlisten = [\"127.0.0.1\", \"example.com\"]\n",
            "c.toml:2:24: server.listen[1]: expected an address such as 127.0.0.1 or [::1]:80, got \"example.com\" \
             (names of hosts belong into allowed_hosts)",
        ),
        (
            "c.yaml",
            "channels:\n  - name: a\n    baseUrl: https://h.example.com\n    base_url: https://i.example.com\n",
            "c.yaml:4:5: channels[0].base_url: says the same as \"baseUrl\" beside it (leave one of them out)",
        ),
        (
            "c.toml",
            "[[channel]]\nname = \"a\"\nkey = \"Bearer ${K}\"\n",
            "c.toml:3:7: channel[0].key: a reference to a variable stands alone, with nothing before or behind it",
        ),
        ("c.toml", "[[channel]]\nname = \"a\"\nname = \"b\"\n", "c.toml:3:1: duplicate key"),
        (
            "c.yaml",
            "channels:\n  - name: a\n    key: ${K}\n    name: b\n",
            "c.yaml:4:5: channels[0].name: stands here twice; the first is on line 2",
        ),
        (
            "c.toml",
            "# old\n[[channels]]\nname = \"a\"\napi_key = \"${K}\"\ntimeout = -3\n[[channels]]\nname = \"b\"\napi_key = 1\nwieght = 1\n",
            concat!(
                "c.toml:5:11: channels[0].timeout: expected 0.001–86400, got -3\n",
                "c.toml:8:11: channels[1].api_key: expected a reference to a key, got an integer\n",
                "c.toml:9:1: channels[1].wieght: is no known field (did you mean \"weight\"?)",
            ),
        ),
        ("c.json", "{\"apis\": [}", "c.json:1:11: expected a value"),
        ("c.yaml", "- a\n- b\n", "c.yaml:1:1: expected a table, got a list"),
        (
            "c.toml",
            "[[proxy]]\nname = \"system\"\nhost = \"http://h\"\nport = 0\n",
            concat!(
                "c.toml:2:8: proxy[0].name: direct and system have a meaning of their own\n",
                "c.toml:3:8: proxy[0].host: expected a host name or an address, without scheme, port or user\n",
                "c.toml:4:8: proxy[0].port: expected 1–65535, got 0",
            ),
        ),
    ] {
        assert_eq!(errors(name, text).join("\n"), expected, "{text}");
    }
}

#[test]
fn every_fault_of_a_file_is_named_and_not_only_the_first() {
    let text =
        "[server]\nport = 0\n[[channel]]\nname = 1\nweight = -1\nfoo = 1\n[routing]\nfallback = \"yes\"\n";
    let paths: Vec<String> =
        parse("c.toml", text).unwrap_err().into_iter().map(|finding| finding.path).collect();
    assert_eq!(
        paths,
        ["server.port", "routing.fallback", "channel[0].name", "channel[0].weight", "channel[0].foo"]
    );
    let syntax = parse("c.toml", "a = \nb = 1\nc = ]\n").unwrap_err();
    let lines: Vec<Option<u32>> = syntax.iter().map(|finding| finding.line).collect();
    assert!(lines.contains(&Some(1)) && lines.contains(&Some(3)), "{syntax:?}");
}

#[test]
fn what_works_but_is_unwise_is_a_warning() {
    for (text, severity, expected) in [
        (
            "[[channel]]\nname = \"a\"\nbase_url = \"http://h.example.com\"\nkey = \"${K}\"\n",
            Severity::Warning,
            "c.toml:3:12: channel[0].base_url: sends keys and prompts unencrypted to h.example.com (use https)",
        ),
        (
            "[[channel]]\nname = \"a\"\nbase_url = \"https://h.example.com\"\nkey = \"${K}\"\n",
            Severity::Advice,
            "c.toml:3:12: channel[0].base_url: h.example.com is no known vendor's own host; \
             whoever runs it sees your key and prompts",
        ),
        (
            "[[channel]]\nname = \"a\"\nkey = { env = \"UNSET_KEY\" }\n",
            Severity::Warning,
            "c.toml:3:7: channel[0].key: channel \"a\" needs a key: variable UNSET_KEY is not set",
        ),
        (
            "[[channel]]\nname = \"a\"\nkey = \"${K}\"\nmodel = \"m\"\n",
            Severity::Advice,
            "c.toml:1:1: channel: only one channel serves m; a second one would take over when it fails",
        ),
        (
            "[server]\nclient_keys = \"any\"\n",
            Severity::Warning,
            "c.toml:2:15: server.client_keys: lets every program that reaches the gateway spend through your channels",
        ),
        (
            "[server]\nlisten = [\"0.0.0.0\"]\n",
            Severity::Warning,
            "c.toml:2:11: server.listen[0]: lets other machines reach the gateway at 0.0.0.0",
        ),
        (
            "[routing.aliases]\na = \"m\"\n[[channel]]\nname = \"a\"\nmodels = [\"m\"]\n",
            Severity::Warning,
            "c.toml:2:1: routing.aliases.a: has no effect: the channel \"a\" comes first (rename one of them)",
        ),
        (
            "[routing.aliases]\nt = \"m\"\n[[channel]]\nname = \"a\"\ntags = [\"t\"]\nmodels = [\"m\"]\n",
            Severity::Warning,
            "c.toml:2:1: routing.aliases.t: has no effect: the tag \"t\" comes first (rename one of them)",
        ),
        (
            "[routing.aliases]\nx = \"m2\"\n[[channel]]\nname = \"a\"\nkey = \"${K}\"\nmodels = [\"m1\"]\n",
            Severity::Warning,
            "c.toml:2:1: routing.aliases.x: stands for \"m2\", which no channel lists (did you mean \"m1\"?)",
        ),
    ] {
        let snapshot = load("c.toml", text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        let told: Vec<(Severity, String)> =
            snapshot.findings.iter().map(|finding| (finding.severity, finding.to_string())).collect();
        assert!(told.contains(&(severity, expected.to_owned())), "{text}\n{told:#?}");
    }
}

#[test]
fn private_hosts_may_speak_plain_http() {
    for host in ["127.0.0.1:1", "localhost", "10.0.0.1", "ollama:11434", "nas.local"] {
        let text = format!("[[channel]]\nname = \"a\"\nbase_url = \"http://{host}\"\nkey = \"${{K}}\"\n");
        assert_eq!(load("c.toml", &text).unwrap().findings, [], "{host}");
    }
}

#[test]
fn a_file_that_is_not_utf8_is_refused_at_its_place() {
    for name in ["c.toml", "c.yaml", "c.json", "settings.py"] {
        let findings = config::parse(name, Format::of(name, b""), b"a\nb\xFF").unwrap_err();
        assert_eq!((findings[0].line, findings[0].column), (Some(2), Some(2)), "{name}");
    }
}

#[test]
fn a_yaml_bomb_is_stopped() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let refers = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb = format!("{bomb}a{level}: &a{level} [{refers}]\n");
    }
    let findings = parse("c.yaml", &bomb).unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:?}");
    let deep = "[".repeat(100_000);
    for name in ["c.yaml", "c.json", "c.toml", "settings.py"] {
        let text =
            if name == "c.toml" { format!("a = {deep}") } else { format!("UPSTREAM_PROVIDERS = {deep}") };
        assert!(parse(name, &text).is_err(), "{name}");
    }
}

#[test]
fn files_beyond_the_limit_are_refused_unread() {
    let findings = parse("c.toml", &"#".repeat(5 << 20)).unwrap_err();
    assert!(findings[0].message.contains("at most"), "{}", findings[0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", cut in 0usize..2000) {
        for (name, example) in [
            ("c.toml", include_str!("examples/full.toml")),
            ("c.yaml", include_str!("examples/s0-channels.yaml")),
            ("c.json", include_str!("examples/s4-apis.json")),
            ("settings.py", include_str!("examples/s2-settings.py")),
        ] {
            let at = example.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(example.len());
            let spliced = format!("{}{text}{}", &example[..at], &example[at..]);
            for candidate in [&text, &spliced, &example[..at].to_owned()] {
                let findings: Vec<Finding> = load(name, candidate).err().unwrap_or_default();
                prop_assert!(findings.iter().all(|finding| !finding.to_string().is_empty()));
            }
        }
    }
}
