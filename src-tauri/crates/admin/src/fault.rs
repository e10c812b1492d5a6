//! What goes wrong with an operation, in words for a person and a kind for a program.

use config::edit::EditError;
use serde::Serialize;
use store::EditFault;

/// An operation did not take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct OperationFault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What happened, to whom, and what to do.
    pub message: String,
}

/// What kind of fault it is, for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// There is no operation, channel or request of this name.
    NotFound,
    /// The request itself cannot be understood or carried out.
    Invalid,
    /// The configuration is not ours to write.
    NotOurs,
    /// No admin token, or a wrong one.
    Unauthorized,
    /// The operation failed for a reason of its own, such as a full disk.
    Failed,
}

impl OperationFault {
    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> OperationFault {
        OperationFault { kind: FaultKind::NotFound, message: message.into() }
    }

    /// The request cannot be carried out as it stands.
    pub fn invalid(message: impl Into<String>) -> OperationFault {
        OperationFault { kind: FaultKind::Invalid, message: message.into() }
    }

    /// The operation failed for a reason of its own.
    pub fn failed(message: impl Into<String>) -> OperationFault {
        OperationFault { kind: FaultKind::Failed, message: message.into() }
    }
}

impl From<EditFault<EditError>> for OperationFault {
    fn from(fault: EditFault<EditError>) -> OperationFault {
        let kind = match fault {
            EditFault::NotOurs { .. } => FaultKind::NotOurs,
            EditFault::Change(EditError::UnknownChannel { .. }) => FaultKind::NotFound,
            EditFault::Change(_) | EditFault::Invalid { .. } => FaultKind::Invalid,
            EditFault::Gone { .. } | EditFault::File { .. } => FaultKind::Failed,
        };
        OperationFault { kind, message: named_by_field(fault).to_string() }
    }
}

/// Names a field of the new channel as the person gave it: the place that it would have in the file means nothing yet.
fn named_by_field(fault: EditFault<EditError>) -> EditFault<EditError> {
    let EditFault::Invalid { mut findings } = fault else { return fault };
    for finding in findings.iter_mut().filter(|finding| finding.file.is_empty()) {
        if let Some((list, field)) = finding.path.split_once("].")
            && list.starts_with("channel[")
        {
            finding.path = field.to_owned();
        }
    }
    EditFault::Invalid { findings }
}

#[cfg(test)]
mod tests {
    use config::{Finding, Severity};

    use super::*;

    #[test]
    fn a_field_of_a_new_channel_is_named_and_one_in_the_file_has_its_place() {
        let fault = |file: &str| {
            let finding = Finding {
                path: "channel[1].base_url".to_owned(),
                ..Finding::of_file(Severity::Error, file, "names no host")
            };
            OperationFault::from(EditFault::Invalid { findings: vec![finding] }).message
        };
        assert_eq!(fault(""), "base_url: names no host");
        assert_eq!(fault("config.toml"), "config.toml: channel[1].base_url: names no host");
    }
}
