//! What `sluice serve` prints first: where it is, and one request to paste.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use admin::{DEMO_ADMIN_TOKEN, DEMO_MODEL, Serving, Sluice, VERSION};
use config::{ClientKeys, Finding};
use secrecy::ExposeSecret;
use store::{ADMIN_TOKEN_VARIABLE, Kept};
use wire::Protocol;

use crate::door::reachable;
use crate::first_request::{ADD_A_CHANNEL, FirstRequest, curl};
use crate::paint::Paint;

/// The facts that the banner shows.
pub(crate) struct Banner {
    url: String,
    others: Vec<String>,
    key: KeyHint,
    any_key: bool,
    open_to_network: Vec<SocketAddr>,
    config: Option<PathBuf>,
    /// Whether the file is invalid, so that its last good copy stands in for it.
    stood_in_for: bool,
    channels: usize,
    first: FirstRequest,
    /// How to get past `/api`; only the demo's, which is kept nowhere else.
    admin_token: Option<String>,
}

/// How a shell gets at the client key, and how a person recognises it.
enum KeyHint {
    /// In this variable, which the user's shell may have too.
    Variable { name: &'static str, end: String },
    /// In this file.
    File { path: PathBuf, end: String },
    /// Only here: the demo's, which is no secret.
    Shown { key: String },
}

impl Banner {
    pub(crate) fn of(sluice: &Sluice, serving: &Serving, demo: bool) -> Banner {
        let addresses = serving.addresses();
        let mut urls = addresses.iter().map(|address| reachable(*address));
        let snapshot = sluice.snapshot();
        Banner {
            url: urls.next().unwrap_or_default(),
            others: urls.collect(),
            key: key_hint(sluice),
            any_key: snapshot.server.client_keys == ClientKeys::Any,
            open_to_network: addresses
                .iter()
                .filter(|address| !address.ip().is_loopback())
                .copied()
                .collect(),
            config: sluice.config_path(),
            stood_in_for: sluice.problems().iter().any(Finding::is_error),
            channels: snapshot.channels.len(),
            first: FirstRequest::of(sluice, demo),
            admin_token: demo.then(|| demo_token_words(serving)),
        }
    }

    /// The whole banner.
    pub(crate) fn painted(&self, paint: Paint) -> String {
        let mut text =
            format!("\n  {} {VERSION}  one local address for every AI model\n\n", paint.bold("Sluice"));
        for (label, value) in self.rows() {
            // Padded before it is painted: colour takes no room on the screen.
            writeln!(text, "  {} {value}", paint.faint(format!("{label:<14}"))).expect(STRING);
        }
        for warning in self.warnings() {
            writeln!(text, "\n  {} {warning}", paint.warn("warning:")).expect(STRING);
        }
        let first = match &self.first {
            FirstRequest::Served { protocol, model } => {
                let command = curl(&self.url, *protocol, model, &self.key.in_shell());
                format!("{}\n\n{command}", paint.faint("A first request:"))
            }
            FirstRequest::Missing(what) => format!("{} {what}", paint.warn("No first request yet:")),
        };
        writeln!(text, "\n  {first}").expect(STRING);
        text
    }

    fn rows(&self) -> Vec<(String, String)> {
        let url = &self.url;
        let mut rows =
            vec![("address".to_owned(), [vec![url.clone()], self.others.clone()].concat().join("  "))];
        rows.extend(
            Protocol::ALL.map(|protocol| {
                (protocol_label(protocol).to_owned(), format!("{url}{}", base_path(protocol)))
            }),
        );
        rows.push(("client key".to_owned(), self.key.words()));
        rows.push(("status".to_owned(), format!("{url}/status")));
        rows.push(("health".to_owned(), format!("{url}/health")));
        rows.push(("configuration".to_owned(), self.configuration()));
        if let Some(words) = &self.admin_token {
            rows.push(("admin token".to_owned(), words.clone()));
            let story =
                format!("model {DEMO_MODEL:?}: channel flaky fails every second time, steady takes over");
            rows.push(("demo".to_owned(), story));
        }
        rows
    }

    fn configuration(&self) -> String {
        let channels = match self.channels {
            0 => format!("no channel yet: {ADD_A_CHANNEL}"),
            1 => "1 channel".to_owned(),
            more => format!("{more} channels"),
        };
        match &self.config {
            Some(path) if self.stood_in_for => {
                format!("{} INVALID: the last good copy is in force ({channels})", path.display())
            }
            Some(path) => format!("{} ({channels})", path.display()),
            None => format!("in memory ({channels})"),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.any_key {
            let words = "server.client_keys = \"any\": whoever reaches the address may use the channels";
            warnings.push(words.to_owned());
        }
        warnings
            .extend(self.open_to_network.iter().map(|address| format!("{address} is open to the network")));
        warnings
    }
}

const STRING: &str = "writing to a String cannot fail";

impl KeyHint {
    fn words(&self) -> String {
        match self {
            KeyHint::Variable { name, end } => format!("{end}, from the variable {name}"),
            KeyHint::File { path, end } => format!("{end}, kept in {}", path.display()),
            KeyHint::Shown { key } => key.clone(),
        }
    }

    fn in_shell(&self) -> String {
        match self {
            KeyHint::Variable { name, .. } => format!("${name}"),
            KeyHint::File { path, .. } => format!("$(cat {})", quoted(path)),
            KeyHint::Shown { key } => key.clone(),
        }
    }
}

/// The demo's admin token; one that the user gave is not shown.
fn demo_token_words(serving: &Serving) -> String {
    let token = serving.admin_token().secret().expose_secret();
    if token == DEMO_ADMIN_TOKEN {
        token.to_owned()
    } else {
        format!("from the variable {ADMIN_TOKEN_VARIABLE}")
    }
}

fn key_hint(sluice: &Sluice) -> KeyHint {
    let keys = sluice.client_keys().expect("a gateway that listens has opened its client keys");
    let key = keys.own().expose_secret();
    match keys.kept() {
        Kept::Variable(name) => KeyHint::Variable { name, end: end_of(key) },
        Kept::File(path) => KeyHint::File { path: path.clone(), end: end_of(key) },
        Kept::Memory => KeyHint::Shown { key: key.to_owned() },
    }
}

/// The end of a key that is long enough to spare it.
fn end_of(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    let shown = if chars.len() >= 16 { 4 } else { 0 };
    let end: String = chars[chars.len() - shown..].iter().collect();
    format!("…{end}")
}

/// Quotes a path for a POSIX shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn protocol_label(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat => "OpenAI Chat",
        Protocol::Responses => "Responses",
        Protocol::Messages => "Anthropic",
        Protocol::Gemini => "Gemini",
    }
}

/// What the vendors' own clients expect behind the address: the first two take a base URL with `/v1`, the others add theirs.
fn base_path(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat | Protocol::Responses => "/v1",
        Protocol::Messages | Protocol::Gemini => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(key: KeyHint) -> Banner {
        Banner {
            url: "http://127.0.0.1:7584".to_owned(),
            others: vec!["http://[::1]:7584".to_owned()],
            key,
            any_key: false,
            open_to_network: Vec::new(),
            config: None,
            stood_in_for: false,
            channels: 2,
            first: FirstRequest::Served { protocol: Protocol::Chat, model: "auto" },
            admin_token: None,
        }
    }

    #[test]
    fn the_first_request_reads_the_key_from_its_file_and_survives_a_quote_in_the_path() {
        let path = PathBuf::from("/home/o'neil/client-key");
        let text = banner(KeyHint::File { path, end: "…9f2c".to_owned() }).painted(Paint::Plain);
        assert!(
            text.contains(r#"-H "Authorization: Bearer $(cat '/home/o'\''neil/client-key')" \"#),
            "{text}"
        );
        assert!(text.contains("…9f2c"), "{text}");
    }

    #[test]
    fn an_invalid_file_and_its_stand_in_are_told() {
        let invalid = Banner {
            config: Some(PathBuf::from("/x/config.toml")),
            stood_in_for: true,
            ..banner(KeyHint::Shown { key: String::new() })
        };
        let text = invalid.painted(Paint::Plain);
        assert!(
            text.contains("/x/config.toml INVALID: the last good copy is in force (2 channels)"),
            "{text}"
        );
    }

    #[test]
    fn every_protocol_has_its_address_and_plain_text_has_no_colour() {
        let text = banner(KeyHint::Shown { key: "sk-sluice-demo".to_owned() }).painted(Paint::Plain);
        for line in [
            "OpenAI Chat    http://127.0.0.1:7584/v1",
            "Responses      http://127.0.0.1:7584/v1",
            "Anthropic      http://127.0.0.1:7584\n",
            "Gemini         http://127.0.0.1:7584\n",
            "status         http://127.0.0.1:7584/status",
            "health         http://127.0.0.1:7584/health",
        ] {
            assert!(text.contains(line), "{line:?} is not in {text}");
        }
        assert!(!text.contains('\x1b'));
        assert!(banner(KeyHint::Shown { key: String::new() }).painted(Paint::Coloured).contains('\x1b'));
    }
}
