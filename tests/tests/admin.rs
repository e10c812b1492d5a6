//! Every operation a person may perform, over the real HTTP door of a real `sluice serve`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use sim::{Plan, Simulator};
use sluice_tests::admin::{Administered, form, vault_key};

const SECRET: &str = "sk-canary-0123456789abcdef9f2";

async fn provider() -> Simulator {
    Simulator::start(Plan { models: vec!["m".to_owned(), "n".to_owned()], ..Plan::steady("steady") })
        .await
        .unwrap()
}

fn names(lines: &Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_channels_whole_life_leaves_the_file_with_its_comments() {
    let upstream = provider().await;
    let own = format!(
        "# the one I wrote myself\n[[channel]] # mine\nname = \"mine\" # odd   spacing\ntype = \"openai\"\nbase_url = \"{}\"\n\
         key = {{ env = \"KEY\" }}\nmodel = \"m\"\nheaders = {{ x-mine = \"1\" }}\n",
        upstream.url()
    );
    let sluice = Administered::start(&own, &[("KEY", "sim")]).await;
    let before = sluice.config();
    let environment =
        json!([{ "name": "default", "source": "environment", "variable": "KEY", "enabled": true }]);

    let mut new = form("added", &upstream.url());
    new["keys"] = environment.clone();
    let added = sluice.done("save_channel", json!({ "original": null, "form": new })).await;
    assert_eq!(added["line"]["state"], "healthy", "{added}");
    let report = sluice.done("test_channel", json!({ "name": "added" })).await;
    assert_eq!((&report["ok"], report["steps"].as_array().unwrap().len()), (&json!(true), 5), "{report}");
    let listed = sluice.done("list_channels", json!({})).await;
    assert_eq!(listed[1]["last_test"]["ok"], true, "{listed}");

    let mut renamed = added["form"].clone();
    renamed["name"] = json!("renamed");
    let renamed = sluice.done("save_channel", json!({ "original": "added", "form": renamed })).await;
    assert_eq!(renamed["line"]["id"], added["line"]["id"]);
    assert_eq!(renamed["line"]["last_test"]["ok"], true, "what belongs to the id survives a renaming");

    let moved =
        sluice.done("move_channel", json!({ "name": "renamed", "priority": 1, "before": "mine" })).await;
    assert_eq!(names(&moved), ["renamed", "mine"]);
    let copy = sluice.done("duplicate_channel", json!({ "name": "mine" })).await;
    assert_eq!(copy["name"], "mine 2");
    assert_ne!(copy["id"], listed[0]["id"]);
    assert!(sluice.config().matches("x-mine").count() == 2, "{}", sluice.config());

    let with_both = sluice.config();
    let gone = sluice.done("remove_channel", json!({ "name": "renamed" })).await;
    sluice.done("undo", json!({ "undo": gone["undo"] })).await;
    assert_eq!(sluice.config(), with_both);
    let again = sluice.call("undo", json!({ "undo": gone["undo"] })).await;
    assert_eq!(again.fault().0, "stale");

    sluice.done("remove_channel", json!({ "name": "renamed" })).await;
    sluice.done("remove_channel", json!({ "name": "mine 2" })).await;
    assert_eq!(sluice.config(), before);
}

#[tokio::test]
async fn a_secret_goes_to_the_vault_and_nowhere_else_and_follows_its_channel() {
    let (upstream, elsewhere) = (provider().await, provider().await);
    let sluice = Administered::start("", &[]).await.with_vault().await;
    let mut new = form("a", &upstream.url());
    new["keys"] = json!([vault_key(SECRET)]);
    let added = sluice.done("save_channel", json!({ "original": null, "form": new })).await;
    assert!(sluice.config().contains("key = { vault = true }"), "{}", sluice.config());
    assert_eq!(added["line"]["keys"][0]["hint"], "sk-…9f2", "{added}");
    assert_eq!(sluice.done("test_channel", json!({ "name": "a" })).await["ok"], true);

    let mut renamed = added["form"].clone();
    renamed["name"] = json!("b");
    renamed["keys"][0]["name"] = json!("work");
    let renamed = sluice.done("save_channel", json!({ "original": "a", "form": renamed })).await;
    assert_eq!(renamed["line"]["keys"][0]["state"], "ready", "{renamed}");

    // Another host never sees a key that was not given for it.
    let mut taken_elsewhere = renamed["form"].clone();
    taken_elsewhere["base_url"] = json!(elsewhere.url());
    for (operation, request) in [
        ("save_channel", json!({ "original": "b", "form": taken_elsewhere })),
        ("test_channel", json!({ "form": taken_elsewhere })),
        ("fetch_models", json!({ "form": taken_elsewhere })),
    ] {
        let refused = sluice.call(operation, request).await;
        assert_eq!(refused.fault(), ("origin_changed", "keys[0].secret"), "{operation}: {refused:?}");
    }
    assert!(elsewhere.seen().is_empty());
    taken_elsewhere["keys"][0]["secret"] = json!(SECRET);
    let models = sluice.done("fetch_models", json!({ "form": taken_elsewhere })).await;
    assert_eq!(models["models"], json!(["m", "n"]));
    sluice.done("save_channel", json!({ "original": "b", "form": taken_elsewhere })).await;
    assert_eq!(sluice.done("test_channel", json!({ "name": "b" })).await["ok"], true);

    // A copy has the secret too, and one that was removed has it again.
    let copy = sluice.done("duplicate_channel", json!({ "name": "b" })).await;
    assert_eq!(copy["keys"][0]["state"], "ready", "{copy}");
    let gone = sluice.done("remove_channel", json!({ "name": "b" })).await;
    sluice.done("undo", json!({ "undo": gone["undo"] })).await;
    assert_eq!(sluice.done("test_channel", json!({ "name": "b" })).await["ok"], true);

    let told = sluice.done("diagnostics", json!({})).await["text"].as_str().unwrap().to_owned();
    assert!(told.contains("## Channels") && told.contains("last test"), "{told}");
    for operation in
        ["overview", "list_channels", "effective", "settings", "traces", "client_keys", "diagnostics"]
    {
        let reply = sluice.done(operation, json!({})).await.to_string();
        assert!(!reply.contains(SECRET), "{operation} tells the secret");
    }
    for (path, text) in sluice.texts() {
        assert!(!text.contains(SECRET), "{} holds the secret", path.display());
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_saved_names_its_field_and_changes_nothing() {
    let upstream = provider().await;
    let channel = format!(
        "[[channel]]\nname = \"a\"\nbase_url = \"{}\"\nkey = {{ env = \"KEY\" }}\nmodel = \"m\"\n",
        upstream.url()
    );
    let proxy = "proxy = \"office\"\n[[proxy]]\nname = \"office\"\nhost = \"127.0.0.1\"\nport = 1\n";
    let sluice = Administered::start(&format!("{channel}{proxy}"), &[("KEY", "sim")]).await;
    let before = sluice.config();
    let with = |path: &str, value: Value| {
        let mut form = form("new", &upstream.url());
        *form.pointer_mut(path).unwrap() = value;
        ("save_channel", json!({ "original": null, "form": form }))
    };
    let key = |key: Value| with("/keys", json!([key]));
    let environment = |variable: &str| json!({ "name": "k", "source": "environment", "variable": variable, "enabled": true });
    for ((operation, request), code, field) in [
        (with("/name", json!("a")), "name_taken", "name"),
        (with("/name", json!("")), "invalid", "name"),
        (with("/name", json!("a,b")), "invalid", "name"),
        (with("/base_url", json!("nowhere")), "invalid", "base_url"),
        (with("/weight", json!(2_000_000)), "invalid", "weight"),
        (with("/model_map", json!([{ "asked": "x", "sent": "" }])), "invalid", "model_map[0]"),
        (with("/params", json!([{ "name": "top_p", "value": "nonsense" }])), "invalid", "params[0].value"),
        (with("/proxy", json!({ "way": "named", "name": "none" })), "invalid", "proxy"),
        (with("/weight", json!("many")), "invalid", "form.weight"),
        (key(environment("NO-NAME")), "invalid", "keys[0].variable"),
        (key(vault_key("")), "invalid", "keys[0].secret"),
        (
            key(json!({ "name": "k", "source": "file", "secret": "sk-1", "enabled": true })),
            "invalid",
            "keys[0].source",
        ),
        (
            ("save_channel", json!({ "original": "none", "form": form("x", "https://example.com") })),
            "not_found",
            "name",
        ),
        (("set_channel_enabled", json!({ "name": "none", "enabled": true })), "not_found", "name"),
        (("test_channel", json!({})), "invalid", "name"),
        (("remove_proxy", json!({ "name": "office" })), "in_use", ""),
        (("remove_proxy", json!({ "name": "none" })), "not_found", "name"),
        (("save_alias", json!({ "original": null, "name": "", "target": "m" })), "invalid", "name"),
        (("set_setting", json!({ "key": "server.nonsense", "value": 1 })), "not_found", "server.nonsense"),
        (("set_setting", json!({ "key": "server.port", "value": "x" })), "invalid", "server.port"),
        (("set_setting", json!({ "key": "routing.strategy", "value": "x" })), "invalid", "routing.strategy"),
        (("remove_client_key", json!({ "name": "default" })), "read_only", "name"),
        (("undo", json!({ "undo": "none" })), "stale", ""),
        (("apply_import", json!({ "token": "none", "items": [] })), "stale", ""),
        (("preview_import", json!({})), "invalid", "path"),
    ] {
        let refused = sluice.call(operation, request.clone()).await;
        assert_eq!(refused.fault(), (code, field), "{operation} {request}: {refused:?}");
    }
    assert_eq!(sluice.config(), before);
}

#[tokio::test]
async fn without_a_vault_a_secret_is_refused_and_the_channel_not_added() {
    let sluice = Administered::start("", &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]).await;
    let mut new = form("a", "https://api.example.com");
    new["keys"] = json!([vault_key(SECRET)]);
    let refused = sluice.call("save_channel", json!({ "original": null, "form": new })).await;
    assert_eq!(refused.fault(), ("vault_missing", "keys[0].secret"), "{refused:?}");
    assert!(!sluice.config().contains("[[channel]]"));
}

#[tokio::test]
async fn edits_at_the_same_time_all_take_place() {
    let sluice = Administered::start("", &[]).await;
    let aliases: Vec<String> = (0..16).map(|number| format!("alias-{number}")).collect();
    let saved = aliases
        .iter()
        .map(|name| sluice.call("save_alias", json!({ "original": null, "name": name, "target": "auto" })));
    for answer in futures_util::future::join_all(saved).await {
        answer.reply();
    }
    let view = sluice.done("models", json!({})).await;
    let mut known = names(&view["aliases"]);
    known.sort_unstable();
    let mut expected: Vec<&str> = aliases.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(known, expected);
}

#[tokio::test]
async fn proxies_aliases_and_clients_are_kept_and_brought_back() {
    let upstream = provider().await;
    let channel = format!(
        "[[channel]]\nname = \"a\"\nbase_url = \"{}\"\nkey = {{ env = \"KEY\" }}\nmodel = \"m\"\n",
        upstream.url()
    );
    let sluice = Administered::start(&channel, &[("KEY", "sim")]).await.with_vault().await;
    let proxy = json!({
        "name": "office", "type": "http", "host": "127.0.0.1", "port": 9, "username": "me",
        "password_source": "vault", "password": SECRET, "no_proxy": [],
    });
    let saved = sluice.done("save_proxy", json!({ "original": null, "form": proxy })).await;
    assert_eq!((&saved["password_state"], &saved["used_by"]), (&json!("ready"), &json!([])), "{saved}");
    let mut moved = proxy.clone();
    moved["host"] = json!("proxy.example.com");
    moved.as_object_mut().unwrap().remove("password");
    let refused = sluice.call("save_proxy", json!({ "original": "office", "form": moved })).await;
    assert_eq!(refused.fault(), ("origin_changed", "password"), "{refused:?}");
    let report = sluice.done("test_proxy", json!({ "name": "office" })).await;
    assert_eq!((&report["ok"], &report["steps"][0]["name"]), (&json!(false), &json!("resolve")), "{report}");

    let alias = sluice.done("save_alias", json!({ "original": null, "name": "fast", "target": "m" })).await;
    assert_eq!(alias["first"], json!({ "channel": "a", "model": "m" }), "{alias}");
    let key = sluice.done("add_client_key", json!({ "name": "Claude Code" })).await;
    assert!(key["hint"].as_str().unwrap().starts_with("sk-sluice-…"), "{key}");
    assert_eq!(key["copyable"], true);

    let before = sluice.config();
    for (operation, name) in
        [("remove_proxy", "office"), ("remove_alias", "fast"), ("remove_client_key", "Claude Code")]
    {
        let gone = sluice.done(operation, json!({ "name": name })).await;
        assert_ne!(sluice.config(), before, "{operation}");
        sluice.done("undo", json!({ "undo": gone["undo"] })).await;
        assert_eq!(sluice.config(), before, "{operation}");
    }
    let keys = sluice.done("client_keys", json!({})).await;
    assert_eq!(names(&keys), ["default", "Claude Code"]);
    assert_eq!(keys[1]["copyable"], true, "{keys}");
    for (path, text) in sluice.texts() {
        assert!(!text.contains(SECRET), "{} holds the secret", path.display());
    }
}

#[tokio::test]
async fn an_import_overwrites_nothing_and_keeps_no_secret_in_the_file() {
    let sluice = Administered::start("", &[]).await.with_vault().await;
    let file = format!(
        "channels:\n  - name: relay\n    type: openai\n    baseUrl: https://relay.example.com\n    apiKey: {SECRET}\n    model: m\n\
         \x20 - name: own\n    type: claude\n    model: claude-x\n"
    );
    let question = json!({ "name": "gateway.yaml", "text": file });
    let preview = sluice.done("preview_import", question.clone()).await;
    assert_eq!(names(&preview["items"]), ["relay", "own"]);
    assert!(!preview.to_string().contains(SECRET));
    let report = sluice.done("apply_import", json!({ "token": preview["token"], "items": [0, 1] })).await;
    assert_eq!((&report["added"], &report["secrets"]), (&json!(["relay", "own"]), &json!(1)), "{report}");
    assert!(!sluice.config().contains(SECRET));
    let lines = sluice.done("list_channels", json!({})).await;
    assert_eq!(lines[0]["keys"][0]["state"], "ready", "{lines}");

    let again = sluice.done("preview_import", question).await;
    let outcomes: Vec<&Value> =
        again["items"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["same", "same"]);
    let other = json!({ "name": "x.yaml", "text": file.replace("relay.example.com", "other.example.com") });
    let other = sluice.done("preview_import", other).await;
    assert_eq!(
        (&other["items"][0]["outcome"], &other["items"][0]["new_name"]),
        (&json!("rename"), &json!("relay 2"))
    );
}

#[tokio::test]
async fn a_request_that_nobody_could_take_says_in_words_and_codes_what_held_each_candidate() {
    let upstream = provider().await;
    let channel = format!(
        "[[channel]]\nname = \"a\"\ntype = \"openai\"\nbase_url = \"{}\"\nkey = {{ env = \"KEY\" }}\nmodel = \"m\"\nrpm = 1\n",
        upstream.url()
    );
    let sluice = Administered::start(&channel, &[("KEY", "sim")]).await;
    assert_eq!(sluice.ask("m").await.status, 200);
    assert_eq!(sluice.ask("m").await.status, 429);
    let traces = sluice.done("traces", json!({})).await;
    let candidate = &traces[0]["candidates"][0];
    assert!(candidate["excluded"].as_str().unwrap().starts_with("has used its rpm of 1"), "{candidate}");
    assert_eq!(candidate["exclusion"]["held"], json!({ "code": "full", "limit": "rpm", "most": 1 }));
    assert!(candidate["exclusion"]["wait_ms"].is_u64(), "{candidate}");
    assert_eq!(traces[1]["candidates"][0].get("exclusion"), None, "{traces}");
}
