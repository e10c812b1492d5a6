//! A failure as a program reads it.

use admin::OperationFault;
use serde::{Deserialize, Serialize};

/// The kind of everything that no operation named itself.
const FAILED: &str = "failed";
/// The kind of a command line that was not understood.
const USAGE: &str = "usage";

/// What a running gateway said of an operation that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Told {
    /// What kind of fault it is, such as `not_found`.
    pub(crate) kind: String,
    /// What happened, to whom, and what to do.
    pub(crate) message: String,
}

/// The failure as `{"error": {"kind", "message"}}`, in one line.
pub(crate) fn as_json(error: &anyhow::Error) -> String {
    let message = format!("{error:#}");
    if let Some(fault) = error.downcast_ref::<OperationFault>() {
        return line(fault);
    }
    match error.downcast_ref::<Told>() {
        Some(told) => line(told),
        None => line(&Told { kind: FAILED.to_owned(), message }),
    }
}

/// A command line that was not understood, likewise.
pub(crate) fn usage_as_json(message: &str) -> String {
    line(&Told { kind: USAGE.to_owned(), message: message.trim().to_owned() })
}

fn line(error: &impl Serialize) -> String {
    serde_json::json!({ "error": error }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_kind_that_the_operation_gave_it() {
        let here = anyhow::Error::new(OperationFault::not_found("no such channel"));
        let there =
            anyhow::Error::new(Told { kind: "not_found".to_owned(), message: "no such channel".to_owned() });
        let expected = "{\"error\":{\"kind\":\"not_found\",\"message\":\"no such channel\"}}\n";
        assert_eq!(as_json(&here), expected);
        assert_eq!(as_json(&there), expected);
        assert!(as_json(&anyhow::anyhow!("the disk is full")).contains("\"kind\":\"failed\""));
    }
}
