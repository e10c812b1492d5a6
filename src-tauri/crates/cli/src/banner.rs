//! What `sluice serve` prints first: where it is, and one request to paste.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use admin::{DEMO_MODEL, Serving, Sluice, VERSION};
use config::ClientKeys;
use secrecy::ExposeSecret;
use store::Kept;
use wire::Protocol;

use crate::paint::Paint;

/// The facts that the banner shows.
pub(crate) struct Banner {
    url: String,
    others: Vec<String>,
    key: KeyHint,
    any_key: bool,
    open_to_network: bool,
    config: Option<PathBuf>,
    channels: usize,
    model: &'static str,
    demo: bool,
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
        let mut urls = addresses.iter().map(|address| format!("http://{address}"));
        let snapshot = sluice.snapshot();
        Banner {
            url: urls.next().unwrap_or_default(),
            others: urls.collect(),
            key: key_hint(sluice),
            any_key: snapshot.server.client_keys == ClientKeys::Any,
            open_to_network: addresses.iter().any(|address| !address.ip().is_loopback()),
            config: sluice.config_path(),
            channels: snapshot.channels.len(),
            model: if demo { DEMO_MODEL } else { "auto" },
            demo,
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
        writeln!(text, "\n  {}\n\n{}", paint.faint("A first request:"), self.first_request()).expect(STRING);
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
        if self.demo {
            let story =
                format!("model {:?}: channel flaky fails every second time, steady takes over", self.model);
            rows.push(("demo".to_owned(), story));
        }
        rows
    }

    fn configuration(&self) -> String {
        let channels = match self.channels {
            0 => "no channel yet: sluice channels add NAME --type openai --key-env OPENAI_API_KEY".to_owned(),
            1 => "1 channel".to_owned(),
            more => format!("{more} channels"),
        };
        match &self.config {
            Some(path) => format!("{} ({channels})", path.display()),
            None => format!("in memory ({channels})"),
        }
    }

    fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.any_key {
            warnings.push("server.client_keys = \"any\": whoever reaches the address may use the channels");
        }
        if self.open_to_network {
            warnings.push("an address other than loopback is open to the network");
        }
        warnings
    }

    /// One command to paste; the key is read from where it is kept, so that it does not land in the shell's history.
    fn first_request(&self) -> String {
        let Banner { url, model, .. } = self;
        let key = self.key.in_shell();
        format!(
            "curl {url}/v1/chat/completions \\\n  \
             -H \"Authorization: Bearer {key}\" \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n"
        )
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
            open_to_network: false,
            config: None,
            channels: 2,
            model: "auto",
            demo: false,
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
