//! What a person should know.

use std::sync::Arc;

use config::{Channel, Finding, FindingCode, Severity};
use serde::Serialize;

/// Something a person should know about the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Problem {
    /// Picks the words: `config_invalid`, `single_channel`, `relay`, `plain_http`, `needs_key`, … ; `other` shows the
    /// message.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, and what to do, on one line.
    pub message: String,
    /// The file that it is about.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column in characters, counted from 1.
    pub column: Option<u32>,
    /// The field in the file's own spelling.
    pub path: Option<String>,
    /// The channel that it is about.
    pub channel: Option<String>,
}

impl Problem {
    /// What a finding says, with the name of the channel that it is about.
    pub(crate) fn of(finding: &Finding, channels: &[Arc<Channel>]) -> Problem {
        let message = match &finding.hint {
            Some(hint) => format!("{} ({hint})", finding.message),
            None => finding.message.clone(),
        };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let channel = channel_index(&finding.path).and_then(|at| channels.get(at));
        Problem {
            code: code(finding, channel.map(Arc::as_ref)).to_owned(),
            severity: finding.severity,
            message,
            file: text(&finding.file),
            line: finding.line,
            column: finding.column,
            path: text(&finding.path),
            channel: channel.filter(|_| !finding.is_error()).map(|channel| channel.name.to_string()),
        }
    }

    /// What the state of the gateway or of a channel says.
    pub(crate) fn of_state(code: &str, severity: Severity, message: &str, channel: Option<&str>) -> Problem {
        Problem {
            code: code.to_owned(),
            severity,
            message: message.to_owned(),
            file: None,
            line: None,
            column: None,
            path: None,
            channel: channel.map(str::to_owned),
        }
    }

    /// The problem as one line of a terminal: where, what, and what to do.
    pub fn line(&self) -> String {
        let place =
            [self.file.clone(), self.line.map(|line| line.to_string()), self.column.map(|at| at.to_string())];
        let place: Vec<String> = place.into_iter().flatten().collect();
        let parts = [Some(place.join(":")).filter(|place| !place.is_empty()), self.path.clone()];
        let parts = parts.into_iter().flatten().chain([self.message.clone()]);
        parts.collect::<Vec<_>>().join(": ")
    }
}

fn code(finding: &Finding, channel: Option<&Channel>) -> &'static str {
    if finding.is_error() {
        return "config_invalid";
    }
    match finding.code {
        FindingCode::Other => "other",
        FindingCode::SingleChannel => "single_channel",
        FindingCode::Relay => "relay",
        FindingCode::PlainHttp if channel.is_some_and(|channel| channel.relay_host().is_some()) => {
            "relay_over_http"
        }
        FindingCode::PlainHttp => "plain_http",
        FindingCode::NeedsKey => "needs_key",
        FindingCode::PlainSecret => "plain_secret",
        FindingCode::AnyKey => "any_key",
        FindingCode::OpenToNetwork => "open_to_network",
    }
}

/// The index of the channel that a path is about: `channel[2].proxy`, in other formats `channels[2]` and the like.
fn channel_index(path: &str) -> Option<usize> {
    let (list, rest) = path.split_once('[')?;
    if !["channel", "channels", "apis", "providers"].contains(&list) {
        return None;
    }
    rest.split_once(']')?.0.parse().ok()
}
