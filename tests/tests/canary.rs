//! A secret appears in no artefact: the real program runs with keys that are found nowhere else, everything fails in
//! every way, and then everything that the program has written, printed or answered is searched.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;

use sim::{Fault, Match, Plan, Rule, Simulator, Then};
use sluice_tests::canary;
use sluice_tests::http::{self, Request};
use sluice_tests::programs::Served;
use sluice_tests::speech;
use sluice_tests::upstream;

/// Unlike anything else, and with bytes that JSON, URLs and base64 write differently.
const CANARIES: [&str; 5] = [
    "sk-CANARY/one+7f3a9b2c",
    "sk-ant-CANARY/two+4e8d1f6a",
    "AIzaCANARY/three+9c5b3e7d",
    "sk-CANARY/lost+2a6f8c4b",
    "CANARY/proxy+password+1d9e5a3c",
];
const CLIENT_KEY: &str = "sk-sluice-CANARY/client+8b4d2f6e";
const ADMIN_TOKEN: &str = "CANARY/admin+token+3c7e9a5d";

fn config(a: &Simulator, b: &Simulator, nowhere: std::net::SocketAddr) -> String {
    let mut config = "version = 1\n[log]\nlevel = \"debug\"\n".to_owned();
    let channels = [
        ("one", "openai", "[\"chat\", \"responses\"]", a.url(), 1, ""),
        ("two", "claude", "[\"messages\"]", a.url(), 1, ""),
        ("three", "gemini", "[\"gemini\"]", a.url(), 1, ""),
        ("four", "openai", "[\"chat\", \"responses\"]", b.url(), 3, ""),
        ("five", "claude", "[\"messages\"]", b.url(), 3, ""),
        ("six", "gemini", "[\"gemini\"]", b.url(), 3, ""),
        ("lost", "openai", "[\"chat\", \"responses\"]", format!("http://{nowhere}"), 2, ""),
        (
            "hidden",
            "openai",
            "[\"chat\"]",
            "http://models.example.invalid".to_owned(),
            2,
            "proxy = { type = \"http\", host = \"127.0.0.1\", port = 9, username = \"user\", password = { env = \"K_PROXY\" } }",
        ),
    ];
    for (name, kind, protocols, url, priority, more) in channels {
        let key = match kind {
            _ if name == "lost" || name == "hidden" => "K_LOST",
            "claude" => "K_TWO",
            "gemini" => "K_THREE",
            _ => "K_ONE",
        };
        write!(
            config,
            "[[channel]]\nname = \"{name}\"\ntype = \"{kind}\"\nprotocols = {protocols}\nbase_url = \"{url}\"\n\
             key = {{ env = \"{key}\" }}\nmodel = \"m\"\npriority = {priority}\ntimeout_ms = 1500\n{more}\n"
        )
        .unwrap();
    }
    config
}

/// Every way to fail that a simulated provider knows, one request each, some echoing the key as providers do.
fn failures() -> Vec<Rule> {
    let echo = serde_json::json!({"error": {"message": format!("Incorrect API key provided: {}", CANARIES[0]),
        "type": "invalid_request_error", "code": "invalid_api_key"}});
    let faults = [
        Then::status(500),
        Then::status(429),
        Then::status(529),
        Then::status(503).with_body(echo.clone()),
        Then::fault(Fault::HangUp),
        Then::fault(Fault::Html),
        Then::fault(Fault::Empty),
        Then::fault(Fault::Malformed),
        Then::fault(Fault::Redirect),
        Then::fault(Fault::CutAfterEvents(3)),
        Then::fault(Fault::ErrorEvent(0)),
        Then::fault(Fault::ErrorEvent(4)),
        Then::fault(Fault::NoTerminal),
        Then::fault(Fault::Silence),
        Then::fault(Fault::PreambleThenSilence),
        Then::status(401).with_body(echo),
    ];
    faults.into_iter().map(Rule::once).collect()
}

#[tokio::test]
async fn no_secret_is_found_in_anything_that_the_program_leaves_behind() {
    let a = Simulator::start(Plan::steady("a")).await.unwrap();
    let b = Simulator::start(Plan::steady("b")).await.unwrap();
    let variables = [
        ("K_ONE", CANARIES[0]),
        ("K_TWO", CANARIES[1]),
        ("K_THREE", CANARIES[2]),
        ("K_LOST", CANARIES[3]),
        ("K_PROXY", CANARIES[4]),
        ("SLUICE_KEY", CLIENT_KEY),
        ("SLUICE_ADMIN_TOKEN", ADMIN_TOKEN),
        ("SLUICE_LOG", "trace"),
    ];
    let served = Served::start(&config(&a, &b, upstream::refusing().await), &variables).await;
    let mut artefacts = Vec::new();
    for speech in &speech::ALL {
        for stream in [false, true] {
            a.script(failures());
            for _ in 0..failures().len() {
                let reply = http::send(served.addr, &speech.request(stream).bearer(CLIENT_KEY)).await;
                artefacts.push((
                    format!("answer in {}", speech.protocol),
                    format!("{:?}\n{}", reply.headers, reply.text()),
                ));
            }
        }
    }
    // Nobody left: the refusal that names every channel.
    a.script(vec![Rule::always(Match::default(), Then::status(401))]);
    b.script(vec![Rule::always(Match::default(), Then::status(401))]);
    // A client may even present an upstream's key by mistake.
    for speech in &speech::ALL {
        for key in [CLIENT_KEY, CANARIES[0]] {
            let reply = http::send(served.addr, &speech.request(false).bearer(key)).await;
            artefacts.push((
                format!("refusal in {}", speech.protocol),
                format!("{:?}\n{}", reply.headers, reply.text()),
            ));
        }
    }
    for path in ["/status", "/v1/status", "/health", "/", "/v1/models", "/v1beta/models?key=CLIENT"] {
        let reply =
            http::send(served.addr, &Request::get(&path.replace("CLIENT", CLIENT_KEY)).bearer(CLIENT_KEY))
                .await;
        artefacts.push((path.to_owned(), format!("{:?}\n{}", reply.headers, reply.text())));
    }
    for arguments in [
        &["why"][..],
        &["why", "--json"],
        &["status"],
        &["status", "--json"],
        &["channels"],
        &["route", "m"],
        &["test", "one"],
        &["test", "lost"],
    ] {
        artefacts.push((arguments.join(" "), served.command(arguments)));
    }
    artefacts.push(("what the server printed".to_owned(), served.said()));
    let home = served.end();
    canary::read_all(home.path(), &mut artefacts);

    // The search would prove nothing if the keys had not been in use.
    let seen: String = a.seen().iter().chain(&b.seen()).filter_map(|seen| seen.key.clone()).collect();
    for canary in &CANARIES[..3] {
        assert!(seen.contains(canary), "{canary} was never sent");
    }
    assert!(artefacts.len() > 100, "{} artefacts", artefacts.len());
    assert!(
        artefacts.iter().any(|(name, text)| name.contains("log") && !text.is_empty()),
        "there is a log file"
    );
    canary::search(&artefacts, &[&CANARIES[..], &[CLIENT_KEY, ADMIN_TOKEN]].concat());
}
