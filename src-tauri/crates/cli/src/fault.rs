//! A failure as a program reads it.

use admin::Fault;
use serde::{Deserialize, Serialize};

/// The code of everything that no operation named itself.
const FAILED: &str = "failed";
/// The code of a command line that was not understood.
const USAGE: &str = "usage";

/// What a running gateway said of an operation that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Told {
    /// What kind of fault it is, such as `not_found`.
    pub(crate) code: String,
    /// What happened, to whom, and what to do.
    pub(crate) message: String,
    /// The path of the field that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl Told {
    fn new(code: &str, message: impl Into<String>) -> Told {
        Told { code: code.to_owned(), message: message.into(), field: None, hint: None }
    }
}

/// The failure as `{"error": {"code", "message"}}`, in one line.
pub(crate) fn as_json(error: &anyhow::Error) -> String {
    let message = format!("{error:#}");
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return line(fault);
    }
    match error.downcast_ref::<Told>() {
        Some(told) => line(told),
        None => line(&Told::new(FAILED, message)),
    }
}

/// A command line that was not understood, likewise.
pub(crate) fn usage_as_json(message: &str) -> String {
    line(&Told::new(USAGE, message.trim()))
}

fn line(error: &impl Serialize) -> String {
    serde_json::json!({ "error": error }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_code_that_the_operation_gave_it() {
        let here = anyhow::Error::new(Fault::not_found("no such channel"));
        let there = anyhow::Error::new(Told::new("not_found", "no such channel"));
        let expected = "{\"error\":{\"code\":\"not_found\",\"message\":\"no such channel\"}}\n";
        assert_eq!(as_json(&here), expected);
        assert_eq!(as_json(&there), expected);
        assert!(as_json(&anyhow::anyhow!("the disk is full")).contains("\"code\":\"failed\""));
    }
}
