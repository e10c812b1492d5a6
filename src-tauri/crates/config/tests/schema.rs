//! The schema and the reader say the same of a file.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use config::{Finding, Snapshot};
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

/// Reads and resolves a file, as a check of it does.
fn load(text: &str) -> Result<Snapshot, Vec<Finding>> {
    common::load("config.toml", text)
}

fn json_of(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

/// The field that a validation error is about, as the reader would write it.
fn path_of(error: &ValidationError<'_>) -> Vec<String> {
    let mut path = String::new();
    for part in error.instance_path.as_str().split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.parse::<usize>().is_ok() {
            path = format!("{path}[{part}]");
        } else {
            path = join(&path, &part);
        }
    }
    match &error.kind {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| join(&path, name)).collect()
        }
        ValidationErrorKind::Required { property } => vec![join(&path, property.as_str().unwrap())],
        _ => vec![path],
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[test]
fn the_schema_is_a_valid_one_with_descriptions() {
    let schema = config::schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap();
    for (name, property) in schema["$defs"]["ChannelEntry"]["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{name} has no description");
    }
}

#[test]
fn every_example_validates() {
    let validator = jsonschema::validator_for(&config::schema()).unwrap();
    let migrated = config::migrate(include_str!("examples/version-0.toml")).unwrap().unwrap();
    for text in [include_str!("examples/full.toml"), include_str!("examples/small.toml"), &migrated] {
        let json = json_of(text);
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{error} at {}", error.instance_path)).collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
        load(text).unwrap();
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn invalid_files_fail_at_the_same_field_in_both() {
    let validator = jsonschema::validator_for(&config::schema()).unwrap();
    let channel = |fields: &str| format!("[[channel]]\nname = \"a\"\n{fields}\n");
    let rows: Vec<(String, &str)> = vec![
        ("version = \"1\"".to_owned(), "version"),
        ("versoin = 1".to_owned(), "versoin"),
        ("server = 1".to_owned(), "server"),
        ("[server]\nport = 0".to_owned(), "server.port"),
        ("[server]\nport = 70000".to_owned(), "server.port"),
        ("[server]\nport = \"80\"".to_owned(), "server.port"),
        ("[server]\nlisten = \"127.0.0.1\"".to_owned(), "server.listen"),
        ("[server]\nallowed_hosts = [1]".to_owned(), "server.allowed_hosts[0]"),
        ("[server]\nclient_keys = \"none\"".to_owned(), "server.client_keys"),
        ("[server]\ndrain_s = -1".to_owned(), "server.drain_s"),
        ("[routing]\nstrategy = \"wieghted\"".to_owned(), "routing.strategy"),
        ("[routing]\nfallback = \"yes\"".to_owned(), "routing.fallback"),
        ("[routing]\nunknown_models = \"reject\"".to_owned(), "routing.unknown_models"),
        ("[routing.aliases]\na = 1".to_owned(), "routing.aliases.a"),
        ("[routing.thresholds]\nerror_rate = 1.5".to_owned(), "routing.thresholds.error_rate"),
        ("[routing.scenarios]\nthink = 3".to_owned(), "routing.scenarios.think"),
        ("[[channel]]\nmodel = \"m\"".to_owned(), "channel[0].name"),
        ("[[channel]]\nname = \"\"".to_owned(), "channel[0].name"),
        ("[[channel]]\nname = \"a,b\"".to_owned(), "channel[0].name"),
        ("[[channel]]\nname = \" a\"".to_owned(), "channel[0].name"),
        ("[[channel]]\nname = \"auto\"".to_owned(), "channel[0].name"),
        (channel("tags = [\"cheap\", \"a b \"]"), "channel[0].tags[1]"),
        (channel("tags = [\"auto\"]"), "channel[0].tags[0]"),
        (channel("tags = [\"a,b\"]"), "channel[0].tags[0]"),
        (channel("name2 = 1"), "channel[0].name2"),
        (channel("type = \"openi\""), "channel[0].type"),
        (channel("protocols = [\"chatt\"]"), "channel[0].protocols[0]"),
        (
            channel("protocols = [{ base_url = \"https://h.example.com\" }]"),
            "channel[0].protocols[0].protocol",
        ),
        (channel("base_url = 1"), "channel[0].base_url"),
        (channel("key = 12"), "channel[0].key"),
        (channel("key = { enw = \"K\" }"), "channel[0].key.enw"),
        (channel("key = { env = 1 }"), "channel[0].key.env"),
        (channel("key = { env = \"sk-live\" }"), "channel[0].key.env"),
        (channel("key = { env = \"1A\" }"), "channel[0].key.env"),
        (channel("keys = [{ env = \"\" }]"), "channel[0].keys[0].env"),
        ("[server]\napi_key = { env = \"a b\" }".to_owned(), "server.api_key.env"),
        (channel("keys = [{ rpm = -2 }]"), "channel[0].keys[0].rpm"),
        (channel("models = \"m\""), "channel[0].models"),
        (channel("model_map = { a = true }"), "channel[0].model_map.a"),
        (channel("model_params_mode = \"override\""), "channel[0].model_params_mode"),
        (channel("enabled = 1"), "channel[0].enabled"),
        (channel("weight = -1"), "channel[0].weight"),
        (channel("weight = 1.5"), "channel[0].weight"),
        (channel("tags = \"a\""), "channel[0].tags"),
        (channel("timeout_ms = 0"), "channel[0].timeout_ms"),
        (channel("rpm = -2"), "channel[0].rpm"),
        (channel("proxy = { host = \"h\", port = 70000 }"), "channel[0].proxy.port"),
        (channel("proxy = { host = \"h\" }"), "channel[0].proxy.port"),
        (channel("proxy = { host = \"h\", port = 1, type = \"socks4\" }"), "channel[0].proxy.type"),
        (channel("quirks = { include_usage = 1 }"), "channel[0].quirks.include_usage"),
        (channel("quirks = { echo = \"never\" }"), "channel[0].quirks.echo"),
        (channel("quirks = { refused = \"top_k\" }"), "channel[0].quirks.refused"),
        (channel("quirks = { refused = [\"top_q\"] }"), "channel[0].quirks.refused[0]"),
        (channel("quirks = { efforts = [1] }"), "channel[0].quirks.efforts[0]"),
        (channel("quirks = { temperature_max = 2.5 }"), "channel[0].quirks.temperature_max"),
        (channel("quirks = { output_max = 0 }"), "channel[0].quirks.output_max"),
        (channel("quirks = { stops_max = 0.5 }"), "channel[0].quirks.stops_max"),
        (channel("quirks = { developer_rol = true }"), "channel[0].quirks.developer_rol"),
        (channel("quirks = { count_tokens = \"never\" }"), "channel[0].quirks.count_tokens"),
        (channel("quirks = { count_tokens = 1 }"), "channel[0].quirks.count_tokens"),
        (channel("price = { input = -1 }"), "channel[0].price.input"),
        ("[[proxy]]\nhost = \"h\"\nport = 1".to_owned(), "proxy[0].name"),
        ("[[budget]]\nwho = \"all\"\nper = \"day\"".to_owned(), "budget[0].limit"),
        ("[log]\nlevel = \"loud\"".to_owned(), "log.level"),
        ("[server]\nlisten = [\"\"]".to_owned(), "server.listen[0]"),
        ("[server]\nallowed_hosts = [\" \"]".to_owned(), "server.allowed_hosts[0]"),
        ("[server]\nallowed_origins = [\"\"]".to_owned(), "server.allowed_origins[0]"),
        ("[routing.aliases]\na = \"\"".to_owned(), "routing.aliases.a"),
        ("[routing.fallback_models]\na = [\"\"]".to_owned(), "routing.fallback_models.a[0]"),
        ("[routing.scenarios]\nthink = \"\"".to_owned(), "routing.scenarios.think"),
        ("[routing.scenarios]\nthink = [\"a\", \"\"]".to_owned(), "routing.scenarios.think[1]"),
        (
            "[routing.scenarios]\nlong_context_tokens = 5000000000".to_owned(),
            "routing.scenarios.long_context_tokens",
        ),
        ("[[routing.canary]]\nmatch = \"\"\nshare = 0.1\nto = \"a\"".to_owned(), "routing.canary[0].match"),
        ("[[channel]]\nname = \"  \"".to_owned(), "channel[0].name"),
        (channel("base_url = \"\""), "channel[0].base_url"),
        (
            channel("protocols = [{ protocol = \"chat\", base_url = \"\" }]"),
            "channel[0].protocols[0].base_url",
        ),
        (channel("protocols = []"), "channel[0].protocols"),
        (channel("keys = []"), "channel[0].keys"),
        (channel("key = { env = \"K\" }\nkeys = [{ env = \"L\" }]"), "channel[0].keys"),
        (channel("key = { env = \"K\", vault = true }"), "channel[0].key.vault"),
        (channel("keys = [{ env = \"K\", vault = true }]"), "channel[0].keys[0].vault"),
        (
            channel("oauth_client_secret = { env = \"K\", vault = true }"),
            "channel[0].oauth_client_secret.vault",
        ),
        (channel("models = [\"\"]"), "channel[0].models[0]"),
        (channel("tags = [\"a\", \" \"]"), "channel[0].tags[1]"),
        (channel("regions = [\"\"]"), "channel[0].regions[0]"),
        (channel("rpd_zone = \"a b\""), "channel[0].rpd_zone"),
        (channel("check_model = \"\""), "channel[0].check_model"),
        (channel("check_every_s = 5000000000"), "channel[0].check_every_s"),
        (channel("model_params = { temperature = 3 }"), "channel[0].model_params.temperature"),
        (channel("model_params = { temperature = \"1\" }"), "channel[0].model_params.temperature"),
        (channel("model_params = { top_p = 1.1 }"), "channel[0].model_params.top_p"),
        (channel("model_params = { top_k = 0 }"), "channel[0].model_params.top_k"),
        (channel("model_params = { max_tokens = 0 }"), "channel[0].model_params.max_tokens"),
        (channel("model_params = { max_tokens = 1.5 }"), "channel[0].model_params.max_tokens"),
        ("[[budget]]\nwho = \"\"\nper = \"day\"\nlimit = 1".to_owned(), "budget[0].who"),
        ("[[client]]\nname = \"a\"\nmodels = [\"\"]".to_owned(), "client[0].models[0]"),
        ("[ledger]\ndays = 5000000000".to_owned(), "ledger.days"),
        ("[ui]\nlanguage = \"\"".to_owned(), "ui.language"),
        ("[ui]\ntheme = \"pink\"".to_owned(), "ui.theme"),
    ];
    assert!(rows.len() >= 30);
    for (text, expected) in rows {
        let by_reader: Vec<String> = load(&text)
            .err()
            .unwrap_or_else(|| panic!("the reader accepts {text}"))
            .into_iter()
            .filter(Finding::is_error)
            .map(|finding| finding.path)
            .collect();
        let json = json_of(&text);
        let mut by_schema: Vec<String> =
            validator.iter_errors(&json).flat_map(|error| path_of(&error)).collect();
        // A field may fail at several keywords.
        by_schema.dedup();
        assert_eq!(by_reader, [expected], "the reader on {text}");
        assert_eq!(by_schema, [expected], "the schema on {text}");
    }
}

/// JSON Schema counts 1.0 as an integer (draft 2020-12, core §4.2.3), and so does the reader.
#[test]
fn whole_numbers_with_a_point_are_integers_in_both() {
    let validator = jsonschema::validator_for(&config::schema()).unwrap();
    let fields = "weight = 2.0\nrpm = 5.0\ntimeout_ms = 1e3\nmodel_params = { max_tokens = 9.0 }";
    let text = format!("[[channel]]\nname = \"a\"\n{fields}\n");
    assert!(validator.is_valid(&json_of(&text)));
    let snapshot = load(&text).unwrap();
    let channel = &snapshot.channels[0];
    assert_eq!(channel.weight, 2);
    assert_eq!(channel.params[0].value.get(), "9", "upstreams may refuse 9.0 where they count");
}
