//! What is wrong, or merely unwise, in a configuration file: where, what, and what would be right.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file works; this would make it better.
    Advice,
    /// The file works, but something in it is probably not what was meant, or has no effect yet.
    Warning,
    /// The file cannot be put in force.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Advice => "advice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// What a finding is about, for a program that has words of its own for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// Only its words tell.
    #[default]
    Other,
    /// A model that one channel alone serves.
    SingleChannel,
    /// A host that is neither a known vendor's nor the user's own.
    Relay,
    /// Keys and prompts go unencrypted.
    PlainHttp,
    /// A channel without a key that could be used.
    NeedsKey,
    /// A secret stands in the file as plain text.
    PlainSecret,
    /// Every program may use the gateway.
    AnyKey,
    /// Other machines can reach the gateway.
    OpenToNetwork,
}

/// One thing that a person should know about a configuration file.
///
/// Its text never contains a secret: values of secret fields are described by their type only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The file's name as it was given; empty where the document was built in memory.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column in characters, counted from 1.
    pub column: Option<u32>,
    /// The field in the file's own spelling, such as `channels[2].proxy.port`; empty for the whole file.
    pub path: String,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to do, where that can be told.
    pub hint: Option<String>,
    /// What it is about, for a program.
    pub code: FindingCode,
}

impl Finding {
    /// Makes a finding about a whole file.
    pub fn of_file(severity: Severity, file: &str, message: impl Into<String>) -> Self {
        Self {
            severity,
            file: file.to_owned(),
            line: None,
            column: None,
            path: String::new(),
            message: message.into(),
            hint: None,
            code: FindingCode::Other,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what it is about.
    pub(crate) fn about(&mut self, code: FindingCode) -> &mut Self {
        self.code = code;
        self
    }

    /// Tells whether the finding keeps the file from being put in force.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
                if let Some(column) = self.column {
                    write!(f, ":{column}")?;
                }
            }
            f.write_str(": ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Finding {}
