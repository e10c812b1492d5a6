//! `sluice serve` and the commands that find it, as a person runs them.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bed::{Bed, SLUICE, Serving};

const HELLO: &str = r#"{"model": "demo", "messages": [{"role": "user", "content": "hello"}]}"#;
const ANYWHERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {answer}")).split_once(':').unwrap().1.trim()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_demo_fails_over_explains_itself_and_writes_nothing() {
    let bed = Bed::new();
    let serving = bed.serve(&["--demo", "--listen", "127.0.0.1:0"]);
    assert!(serving.banner.contains("sk-sluice-demo"), "{}", serving.banner);
    let key = [("authorization", "Bearer sk-sluice-demo")];

    let answers: Vec<String> =
        (0..2).map(|_| serving.ask("POST", "/v1/chat/completions", &key, HELLO)).collect();

    let served_by: Vec<&str> = answers.iter().map(|answer| header(answer, "x-sluice-channel")).collect();
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
    assert!(served_by.contains(&"flaky") && served_by.contains(&"steady"), "{served_by:?}");
    let failed_over = &answers[served_by.iter().position(|channel| *channel == "steady").unwrap()];
    assert_eq!(header(failed_over, "x-sluice-attempts"), "2");

    let id = header(failed_over, "x-sluice-request-id");
    let why = bed.says(&["--url", &serving.url(), "why", id]);
    assert!(why.contains("503") && why.contains("steady"), "{why}");
    let status = bed.says(&["--url", &serving.url(), "status"]);
    assert!(status.contains("flaky") && status.contains("in memory"), "{status}");

    assert_eq!(serving.stop().0, Some(0));
    assert!(!bed.home().exists(), "the demo made the home");
}

#[test]
fn the_demo_takes_its_keys_from_the_environment_where_that_has_some() {
    let bed = Bed::new();
    let mut command = bed.command(&[&["serve", "--demo"], &ANYWHERE[..]].concat());
    command.env("SLUICE_KEY", "sk-mine").env("SLUICE_ADMIN_TOKEN", "token-of-mine");
    let serving = Serving::start(command);
    for (method, path, key, status) in [
        ("GET", "/v1/models", "sk-mine", "200"),
        ("GET", "/v1/models", "sk-sluice-demo", "401"),
        ("POST", "/api/overview", "token-of-mine", "200"),
        ("POST", "/api/overview", "sluice-admin-demo", "401"),
    ] {
        let answer = serving.ask(method, path, &[("authorization", &format!("Bearer {key}"))], "{}");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} with {key}: {answer}");
    }
}

#[test]
fn files_are_private_whatever_the_umask() {
    let bed = Bed::new();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" serve --listen 127.0.0.1:0", SLUICE]);
    bed.surround(&mut command);
    let serving = Serving::start(command);
    let mut add = Command::new("sh");
    add.args([
        "-c",
        "umask 000; exec \"$0\" channels add a --base-url https://example.com/v1 --key-env X",
        SLUICE,
    ]);
    bed.surround(&mut add);
    assert!(add.output().unwrap().status.success());

    let home = bed.home();
    for folder in [".", "state", "run", "logs"] {
        assert_eq!(mode(&home.join(folder)), 0o700, "{folder}");
    }
    for file in [
        "config.toml",
        "client-key",
        "admin-token",
        "state/config.toml.last-good",
        "state/config.lock",
        "run/gateway.json",
    ] {
        assert_eq!(mode(&home.join(file)), 0o600, "{file}");
    }
    drop(serving);
}

#[test]
fn commands_find_the_running_gateway_and_change_it() {
    let bed = Bed::new();
    let serving = bed.serve(&ANYWHERE);
    assert!(serving.banner.contains("client-key"), "{}", serving.banner);

    bed.says(&[
        "channels",
        "add",
        "mine",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--key-env",
        "NO_SUCH_VARIABLE",
    ]);

    let status: Value = serde_json::from_str(&bed.says(&["status", "--json"])).unwrap();
    assert_eq!(status["addresses"][0], serving.address.to_string());
    assert_eq!(status["channels"][0]["name"], "mine", "the running gateway knows it at once");
    assert!(bed.says(&["channels"]).contains("NO_SUCH_VARIABLE"));
    assert!(
        bed.refuses(&["channels", "disable", "other"], 1).contains("mine"),
        "the fault names what there is"
    );

    let (code, _) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(bed.says(&["channels"]).contains("mine"), "without a gateway the file answers");
    assert!(bed.refuses(&["why", "last", "--url", "http://127.0.0.1:9"], 1).contains("does not answer"));
}

#[test]
fn the_admin_routes_want_the_admin_token_and_say_where_it_is() {
    let bed = Bed::new();
    let serving = bed.serve(&ANYWHERE);
    let body = r#"{"name": "none"}"#;
    let key = std::fs::read_to_string(bed.home().join("client-key")).unwrap();
    let token = std::fs::read_to_string(bed.home().join("admin-token")).unwrap();

    for headers in [vec![], vec![("authorization", format!("Bearer {}", key.trim()))]] {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = serving.ask("POST", "/api/channels/test", &headers, body);
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
        assert!(refused.contains("admin-token") && refused.contains("sluice test"), "{refused}");
    }

    let bearer = format!("Bearer {}", token.trim());
    let admitted = serving.ask("POST", "/api/channels/test", &[("authorization", &bearer)], body);
    assert!(admitted.starts_with("HTTP/1.1 404") && admitted.contains("no channel"), "{admitted}");
    assert!(serving.ask("HEAD", "/api/hello", &[], "").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_port_in_use_is_refused_with_its_owner() {
    let bed = Bed::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();

    let said = bed.refuses(&["serve", "--listen", &address], 1);

    assert!(said.contains(&address), "{said}");
    if cfg!(target_os = "linux") {
        assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    }
}

#[test]
fn a_second_gateway_of_the_same_home_is_refused_and_names_the_first() {
    let bed = Bed::new();
    let first = bed.serve(&ANYWHERE);
    let said = bed.refuses(&["serve", "--listen", "127.0.0.1:0"], 1);
    assert!(said.contains(&first.url()) && said.contains(&format!("process {}", first.pid())), "{said}");
}

#[test]
fn the_log_shows_no_secret_and_the_files_neither() {
    const CANARY: &str = "canary-7f3a-secret-value";
    let bed = Bed::new();
    let config = bed.home().with_file_name("channels.yaml");
    let yaml = format!(
        "channels:\n  - name: dead\n    baseUrl: http://127.0.0.1:9/v1\n    apiKey: {CANARY}\n    model: demo\n"
    );
    store::write_atomic(&config, yaml.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    let options = ["--config", config.to_str().unwrap(), "--log", "trace", "--listen", "127.0.0.1:0"];
    let serving = bed.serve(&options);
    let key = std::fs::read_to_string(bed.home().join("client-key")).unwrap();
    let bearer = format!("Bearer {}", key.trim());

    let answer = serving.ask("POST", "/v1/chat/completions", &[("authorization", &bearer)], HELLO);
    let (_, log) = serving.stop();

    assert!(answer.starts_with("HTTP/1.1 5"), "{answer}");
    assert!(log.contains("gateway listens"), "there is a log to look at");
    let files: String = std::fs::read_dir(bed.home().join("logs"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(files.contains("gateway listens"), "there is a log file to look at");
    for secret in [CANARY, key.trim()] {
        for (place, text) in [("answer", &answer), ("console", &log), ("files", &files)] {
            assert!(!text.contains(secret), "a secret is in the {place}");
        }
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), yaml, "a given file is never rewritten");
}

#[test]
fn a_gateway_without_a_place_for_logs_serves() {
    let bed = Bed::new();
    std::fs::create_dir(bed.home()).unwrap();
    store::write_atomic(&bed.home().join("logs"), b"in the way", store::Mode::PRIVATE_FILE).unwrap();

    let serving = bed.serve(&ANYWHERE);

    assert!(serving.ask("GET", "/", &[], "").starts_with("HTTP/1.1 200"));
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("no log files"), "{log}");
}

#[test]
fn a_second_signal_ends_what_the_first_one_lets_run() {
    let bed = Bed::new();
    let mut serving = bed.serve(&["--demo", "--listen", "127.0.0.1:0"]);
    let body =
        r#"{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "words:5000"}]}"#;
    let mut stream =
        serving.send("POST", "/v1/chat/completions", &[("authorization", "Bearer sk-sluice-demo")], body);
    let mut begun = [0; 512];
    assert!(stream.read(&mut begun).unwrap() > 0);

    serving.signal();
    serving.logs("stopping");
    serving.signal();

    let mut rest = String::new();
    // The connection is cut in the middle, which some systems report as an error.
    let _ = stream.read_to_string(&mut rest);
    assert!(!rest.contains("error"), "the end of the drain time was waited for: {rest}");
    assert_eq!(serving.wait(), Some(0));
}

#[test]
fn a_command_line_that_is_not_understood_exits_with_2() {
    let bed = Bed::new();
    for arguments in [
        &["serve", "--listen", "nowhere"][..],
        &["frobnicate"],
        &["route"],
        &["serve", "--demo", "--config", "x"],
    ] {
        bed.refuses(arguments, 2);
    }
}

#[test]
fn a_word_that_is_no_log_level_is_refused() {
    let bed = Bed::new();
    let said = bed.refuses(&["serve", "--demo", "--listen", "127.0.0.1:0", "--log", "verbose"], 1);
    assert!(said.contains("\"verbose\" cannot be understood"), "{said}");
}

#[test]
fn an_invalid_given_file_is_refused_with_its_place() {
    let bed = Bed::new();
    let config = bed.home().with_file_name("mine.toml");
    store::write_atomic(&config, b"version = 1\n[server]\nport = \"many\"\n", store::Mode::PRIVATE_FILE)
        .unwrap();
    let said = bed.refuses(&["serve", "--config", config.to_str().unwrap()], 1);
    assert!(said.contains("mine.toml:3:") && said.contains("server.port"), "{said}");
}

#[test]
fn a_start_from_the_last_good_copy_is_told_in_the_banner_and_in_the_log() {
    let bed = Bed::new();
    bed.says(&["channels", "add", "mine", "--base-url", "http://127.0.0.1:9/v1", "--key-env", "UNSET"]);
    store::write_atomic(&bed.config(), b"version = [", store::Mode::PRIVATE_FILE).unwrap();

    let serving = bed.serve(&ANYWHERE);

    assert!(
        serving.banner.contains("INVALID: the last good copy is in force (1 channel)"),
        "{}",
        serving.banner
    );
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("config.toml:1:") && log.contains("its last good copy is in force"), "{log}");
}

#[test]
fn a_migration_is_in_the_log_and_so_is_what_needs_a_restart() {
    let bed = Bed::new();
    std::fs::create_dir(bed.home()).unwrap();
    let old = "[[channels]]\nname = \"a\"\nbase_url = \"https://example.com/v1\"\napi_key = \"${UNSET}\"\n";
    store::write_atomic(&bed.config(), old.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    let mut serving = bed.serve(&ANYWHERE);
    serving.logs("migrated");

    let quieter = format!("{}\n[log]\nlevel = \"warn\"\n", bed.config_text());
    store::write_atomic(&bed.config(), quieter.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();

    serving.logs("log.level and log.files take effect at the next start");
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn the_banner_of_a_wildcard_names_an_address_to_connect_to() {
    let bed = Bed::new();
    let serving = bed.serve(&["--listen", "0.0.0.0:0"]);
    assert!(serving.address.ip().is_loopback(), "{}", serving.banner);
    assert!(serving.banner.contains(&format!("0.0.0.0:{} is open to the network", serving.address.port())));
}
