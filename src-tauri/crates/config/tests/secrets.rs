//! A secret from a file shows nowhere but where it is asked for.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{load, parse};

const SECRET: &str = "sk-5f3b9a7e";

fn assert_silent(what: &str, shown: &str) {
    assert!(!shown.contains("5f3b9a7e"), "{what} shows the secret: {shown}");
}

#[test]
fn documents_and_snapshots_do_not_show_secrets() {
    for (name, text) in [
        (
            "c.toml",
            format!(
                "[server]\napi_key = \"{SECRET}\"\n[[channel]]\nname = \"a\"\nkey = \"{SECRET}\"\n\
                 proxy = {{ host = \"h\", port = 1, username = \"u\", password = \"{SECRET}\" }}\n\
                 [[channel]]\nname = \"b\"\nkeys = [{{ key = \"{SECRET}\" }}]\n\
                 oauth_client_secret = \"{SECRET}\"\n"
            ),
        ),
        ("c.yaml", format!("channels:\n  - name: a\n    apiKey: {SECRET}\n")),
        (
            "c.json",
            format!(
                "{{\"server\":{{\"apiKey\":\"{SECRET}\"}},\"apis\":[{{\"id\":\"a\",\"apiKey\":\"{SECRET}\"}}]}}"
            ),
        ),
        ("settings.py", format!("UPSTREAM_PROVIDERS = [{{'name': 'a', 'api_key': '{SECRET}'}}]\n")),
    ] {
        let parsed = parse(name, &text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_silent("the document", &format!("{parsed:?} {parsed:#?}"));
        let snapshot = load(name, &text).unwrap();
        assert_silent("the snapshot", &format!("{snapshot:?} {snapshot:#?}"));
    }
}

#[test]
fn findings_do_not_repeat_the_value_of_a_secret_field() {
    for (name, text) in [
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = [\"{SECRET}\"]\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = \"x ${{{SECRET}}}\"\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = \"${{{SECRET}}}\"\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = {{ env = \"{SECRET}\" }}\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nproxy = \"http://user:{SECRET}@h:1\"\n")),
        ("c.yaml", format!("channels:\n  - name: a\n    proxy: socks5://user:{SECRET}@h.example.com\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = \"{SECRET}\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nkey = {SECRET}\n")),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nbase_url = \"https://{SECRET}@h.example.com\"\n")),
        (
            "c.toml",
            format!("[[channel]]\nname = \"a\"\nbase_url = \"https://h.example.com/?key={SECRET}\"\n"),
        ),
        ("c.toml", format!("[[channel]]\nname = \"a\"\nbase_url = \"{SECRET}\"\n")),
        ("c.yaml", format!("channels:\n  - name: a\n    apiKey: [{SECRET}]\n")),
        ("c.yaml", format!("channels:\n  - name: a\n    apiKey: \"{SECRET}\n")),
        ("c.yaml", format!("channels:\n  - name: a\n    apiKey: *{SECRET}\n   bad: [\n")),
        ("c.yaml", format!("channels:\n  - name: a\n   apiKey: {SECRET}: {SECRET}\n")),
        ("c.json", format!("{{\"apis\": [{{\"name\": \"a\", \"apiKey\": [\"{SECRET}\"]}}]}}")),
        ("c.json", format!("{{\"apis\": [{{\"name\": \"a\", \"apiKey\": \"{SECRET}}}]}}")),
        ("settings.py", format!("UPSTREAM_PROVIDERS = [{{'name': 'a', 'api_key': '{SECRET}}}]\n")),
        ("settings.py", format!("UPSTREAM_PROVIDERS = load('{SECRET}')\n")),
    ] {
        let findings = load(name, &text).err().unwrap_or_else(|| panic!("{name} was accepted: {text}"));
        for finding in findings {
            assert_silent("a finding", &format!("{finding} {finding:?}"));
        }
    }
}
