//! Files of other tools are taken apart into entries.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use config::document::{ChannelEntry, KeyEntry, SecretRef};
use config::import::{Imported, Refused, read};
use config::{ProviderKind, Severity};
use secrecy::ExposeSecret;
use serde_json::json;

fn import(name: &str, text: &str) -> Imported {
    read(name, text.as_bytes()).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"))
}

fn names(imported: &Imported) -> Vec<&str> {
    imported.channels.iter().map(|channel| channel.name.as_str()).collect()
}

fn refused(imported: &Imported) -> Vec<&str> {
    imported.refused.iter().map(|refused| refused.name.as_str()).collect()
}

/// The key of a channel as it is written: the secret itself or `${NAME}`.
fn key(channel: &ChannelEntry) -> Option<String> {
    channel.key.as_ref().map(|KeyEntry { secret, .. }| told(secret))
}

fn told(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Literal(secret) => secret.expose_secret().to_owned(),
        SecretRef::Env(name) => format!("${{{name}}}"),
        SecretRef::Vault => "vault".to_owned(),
    }
}

#[test]
fn pools_are_channels_by_their_type() {
    let imported = import("provider_pools.json", include_str!("examples/s1-provider-pools.json"));
    assert_eq!(imported.format, "provider_pools.json");
    assert_eq!(names(&imported), ["openai-custom", "openai-custom 2", "claude-custom"]);
    let [first, second, claude] = imported.channels.as_slice() else { panic!("{imported:?}") };
    assert_eq!(first.id.as_deref(), Some("2f579c65-d3c5-41b1-9985-9f6e3d7bf39c"));
    assert_eq!((first.kind, key(first)), (Some(ProviderKind::OpenAi), Some("sk-plain-in-pools".to_owned())));
    assert_eq!(second.base_url.as_deref(), Some("https://relay.example.com/v1"));
    assert_eq!((second.check_model.as_deref(), second.enabled), (Some("gpt-4o-mini"), Some(false)));
    assert_eq!(
        (claude.kind, key(claude)),
        (Some(ProviderKind::Claude), Some("sk-ant-plain-in-pools".to_owned()))
    );
    assert_eq!(refused(&imported), ["gemini-cli-oauth", "claude-kiro-oauth", "openai-qwen-oauth"]);
    assert!(imported.refused[0].why.contains("not supported yet"), "{:?}", imported.refused[0]);
    let measured = imported.findings.iter().filter(|finding| finding.message.contains("measurement"));
    assert!(
        !format!("{imported:?}").contains("in-pools"),
        "secrets show nowhere but where they are asked for"
    );
    assert!(measured.count() > 5, "measurements stay out, and that is said: {:#?}", imported.findings);
}

#[test]
fn pools_also_load_as_they_stand() {
    let text = include_str!("examples/s1-provider-pools.json")
        .replace("      \"notSupportedModels\": [\"gpt-4\"],\n", "");
    let parsed = config::parse("provider_pools.json", config::Format::Json, text.as_bytes()).unwrap();
    assert_eq!(parsed.document.channel.len(), 6);
    let login = &parsed.document.channel[3];
    assert_eq!(login.kind, Some(ProviderKind::GeminiCliOauth));
    assert_eq!(
        login.credentials_file.as_deref(),
        Some("./credentials1.json"),
        "relative paths stay as they are"
    );
    assert_eq!(login.project_id.as_deref(), Some("my-project"));
}

#[test]
fn settings_with_a_pools_file_bring_channels_port_and_client_key() {
    let imported = import("config.json", include_str!("examples/s1-config.json"));
    assert_eq!(imported.format, "config.json");
    assert_eq!(names(&imported), ["claude-custom", "openai-custom"], "the chosen one comes first");
    assert_eq!(key(&imported.channels[1]).as_deref(), Some("sk-plain-in-config"));
    assert_eq!(imported.settings, [("server.port", json!(3000))]);
    let keys: Vec<(&str, String)> =
        imported.client_keys.iter().map(|key| (key.client.as_str(), told(&key.secret))).collect();
    assert_eq!(keys, [("config", "123456".to_owned())]);
    let pools = imported.findings.iter().find(|finding| finding.path == "PROVIDER_POOLS_FILE_PATH").unwrap();
    assert!(pools.message.contains("import that one too"), "{pools}");
}

#[test]
fn a_list_of_channels_keeps_everything_that_it_says() {
    let imported = import("channels.yaml", include_str!("examples/s0-channels.yaml"));
    assert_eq!(imported.format, "channels YAML");
    assert_eq!(imported.channels.len(), 6);
    assert_eq!(key(&imported.channels[0]).as_deref(), Some("${OPENAI_API_KEY}"));
    assert_eq!(imported.channels[4].model_params["max_tokens"], json!(4000));
    assert!(imported.refused.is_empty(), "{:?}", imported.refused);
    assert_eq!(imported.settings, [], "a list of channels decides nothing else");
}

#[test]
fn a_python_module_brings_aliases() {
    let imported = import("settings.py", include_str!("examples/s2-settings.py"));
    assert_eq!(imported.format, "settings.py");
    assert_eq!(names(&imported), ["primary", "backup"]);
    assert_eq!(imported.channels[0].timeout_ms, Some(30_000), "seconds there are milliseconds here");
    let aliases: Vec<(&str, &str)> =
        imported.aliases.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
    assert_eq!(aliases, [("gpt4", "gpt-4"), ("cheap", "gpt-3.5-turbo")]);
}

#[test]
fn a_router_brings_its_strategy() {
    let imported = import("router.yaml", include_str!("examples/s3-router.yaml"));
    assert_eq!(imported.format, "providers YAML");
    assert_eq!(
        imported.settings,
        [("routing.strategy", json!("weighted")), ("routing.fallback", json!(true))]
    );
    assert_eq!(key(&imported.channels[1]).as_deref(), Some("${OPENROUTER_API_KEY}"));
}

#[test]
fn a_list_of_apis_brings_port_strategy_and_client_key() {
    let imported = import("apis.json", include_str!("examples/s4-apis.json"));
    assert_eq!(imported.format, "apis.json");
    assert_eq!(names(&imported), ["First", "Second"]);
    assert_eq!((imported.channels[0].rpm, imported.channels[1].rpm), (Some(60), Some(0)));
    assert_eq!(imported.settings, [("server.port", json!(3000)), ("routing.strategy", json!("random"))]);
    assert_eq!(imported.client_keys[0].client, "apis");
}

#[test]
fn the_providers_of_claude_code_router_are_channels_too() {
    let text = r#"{
      "PORT": 3456,
      "Providers": [{
        "name": "deepseek",
        "api_base_url": "https://api.deepseek.com/chat/completions",
        "api_key": "sk-x",
        "models": ["deepseek-chat"],
        "transformer": { "use": ["deepseek"] }
      }],
      "Router": { "default": "deepseek,deepseek-chat" }
    }"#;
    let imported = import("config.json", text);
    assert_eq!((imported.format, names(&imported)), ("claude-code-router config.json", vec!["deepseek"]));
    let passed_over: Vec<&str> = imported.findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(passed_over, ["Providers[0].transformer", "PORT", "Router"]);
}

#[test]
fn a_file_of_another_sluice_brings_all_but_what_only_it_knows() {
    let imported = import("config.toml", include_str!("examples/full.toml"));
    assert_eq!(imported.format, "config.toml");
    assert_eq!(names(&imported), ["deepseek", "office"]);
    assert_eq!(imported.proxies.len(), 1);
    assert_eq!(refused(&imported), ["login", "editor"]);
    let settings: Vec<&str> = imported.settings.iter().map(|(path, _)| *path).collect();
    assert!(settings.contains(&"ui.theme") && settings.contains(&"server.listen"), "{settings:?}");
}

#[test]
fn a_pasted_text_is_told_by_what_it_looks_like() {
    for (text, format) in [
        ("channels:\n  - name: a\n    apiKey: sk-x\n", "channels YAML"),
        ("{\"apis\": [{\"id\": \"a\", \"apiKey\": \"sk-x\"}]}", "apis.json"),
        ("\u{feff}UPSTREAM_PROVIDERS = [{'name': 'a'}]\n", "settings.py"),
        ("[[channel]]\nname = \"a\"\n", "config.toml"),
    ] {
        let imported = import("pasted", text);
        assert_eq!((imported.format, names(&imported)), (format, vec!["a"]), "{text}");
    }
}

#[test]
fn fields_that_nobody_knows_are_passed_over_and_named() {
    let imported = import("channels.yaml", "channels:\n  - name: a\n    colour: red\nnotes: mine\n");
    assert_eq!(names(&imported), ["a"]);
    let unknown: Vec<&str> = imported
        .findings
        .iter()
        .filter(|finding| finding.message == "is no known field")
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(unknown, ["channels[0].colour", "notes"]);
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error));
}

#[test]
fn one_bad_channel_does_not_keep_the_others_out() {
    let imported = import(
        "a.yaml",
        "channels:\n  - name: a\n    baseUrl: ftp://h\n  - name: b\n    proxy: none\n  - name: c\n",
    );
    assert_eq!(names(&imported), ["c"]);
    let told: Vec<String> =
        imported.refused.iter().map(|Refused { name, why, .. }| format!("{name}: {why}")).collect();
    assert!(told[0].starts_with("a: base_url: ") && told[1].starts_with("b: proxy: "), "{told:?}");
}

#[test]
fn what_cannot_be_read_is_said_with_its_place_and_without_secrets() {
    let findings =
        read("a.yaml", b"channels:\n  - name: a\n    weight: many\n    apiKey: [sk-secret]\n").unwrap_err();
    let lines: Vec<Option<u32>> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [Some(4), Some(3)], "{findings:#?}");
    assert!(findings.iter().all(|finding| !finding.to_string().contains("sk-secret")), "{findings:#?}");
}
