//! Edits of `config.toml` that leave everything else as it stands: comments, order and spacing.
//!
//! Every edit is a function from the text to the new text. None of them judges the result: whoever writes the file
//! reads it first, as it would any other.

mod alias;
mod blocks;
mod channel;
mod client;
mod fields;
mod layout;
mod list;
mod merge;
mod proxy;
mod references;
mod removal;
mod secrets;
mod setting;
#[cfg(test)]
mod tests;
mod written;

use std::fmt;

pub use alias::{put_alias, remove_alias};
pub use channel::{add_channel, move_channel, put_channel, remove_channel, set_enabled};
pub use client::{put_client, remove_client};
pub use proxy::{put_proxy, remove_proxy};
pub use removal::{Removal, Removed, restore};
pub use secrets::{PlainSecret, plain_secrets, to_vault};
pub use setting::{is_setting, set_value};

use crate::findings::Finding;

/// What an edit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A channel.
    Channel,
    /// A named proxy.
    Proxy,
    /// A client of ours.
    Client,
    /// A name that stands for another.
    Alias,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Channel => "channel",
            Subject::Proxy => "proxy",
            Subject::Client => "client",
            Subject::Alias => "alias",
        })
    }
}

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is no TOML.
    #[error("the file is no TOML: {0}")]
    NoToml(String),
    /// The file cannot be read as a configuration, so that nothing in it can be compared.
    #[error("{}", told(.0))]
    Unreadable(Vec<Finding>),
    /// A list is written in a way that nothing can be added to it.
    #[error("`{0}` is no list of tables")]
    NoList(Subject),
    /// A section is written in a way that nothing can be added to it.
    #[error("`{0}` is no table")]
    NoTable(String),
    /// There is no such thing.
    #[error("there is no {what} {name:?}; there is {}", listed(known))]
    Unknown {
        /// What was looked for.
        what: Subject,
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// There is such a thing already.
    #[error("there is {} {what} {name:?} already", article(*what))]
    NameTaken {
        /// What has the name.
        what: Subject,
        /// The name.
        name: String,
    },
    /// Others refer to it.
    #[error("the {what} {name:?} is used by {} {}", users(*what), by.join(", "))]
    InUse {
        /// What is used.
        what: Subject,
        /// Its name.
        name: String,
        /// The names of those who use it.
        by: Vec<String>,
    },
    /// The entry holds a secret that must not be written into the file.
    #[error("a key is written as a reference, not in plain text")]
    PlainSecret,
    /// There is no such setting, or it is not one that is edited by its path.
    #[error("there is no setting {0:?}")]
    UnknownSetting(String),
    /// TOML cannot say the value.
    #[error("{path} cannot hold this value")]
    BadValue {
        /// The setting's path.
        path: String,
    },
}

fn told(findings: &[Finding]) -> String {
    let told: Vec<String> =
        findings.iter().filter(|finding| finding.is_error()).map(Finding::to_string).collect();
    told.join("; ")
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

/// Who may use such a thing.
fn users(what: Subject) -> &'static str {
    match what {
        Subject::Proxy => "the channels",
        Subject::Channel | Subject::Client | Subject::Alias => "the aliases",
    }
}

fn article(what: Subject) -> &'static str {
    match what {
        Subject::Channel | Subject::Proxy | Subject::Client => "a",
        Subject::Alias => "an",
    }
}
