//! What goes wrong with an operation, in words for a person and a code for a program.

use config::Finding;
use config::edit::EditError;
use serde::Serialize;
use store::{ClientKeyFault, EditFault, VaultFault};

/// An operation did not take place. The code picks a window's words; the message is for details, logs and terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error, ts_rs::TS)]
#[error("{message}")]
pub struct Fault {
    /// What kind of fault it is.
    pub code: FaultCode,
    /// What happened, to whom, and what to do.
    pub message: String,
    /// The path of the field that is wrong, such as `base_url` or `keys[0].secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hint: Option<String>,
}

/// What kind of fault it is, for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// A field is not valid.
    Invalid,
    /// Something else has this name.
    NameTaken,
    /// There is no operation, channel or request of this name.
    NotFound,
    /// Others refer to it: a proxy that channels use, an alias that others point to.
    InUse,
    /// The configuration is not ours to write: given by `--config`.
    ReadOnly,
    /// An environment variable or a flag decides, so that the file cannot.
    SetByEnvironment,
    /// What the request refers to changed meanwhile.
    Stale,
    /// The vault is locked.
    VaultLocked,
    /// The vault refused.
    VaultDenied,
    /// There is no vault.
    VaultMissing,
    /// The vault does not answer.
    VaultHangs,
    /// The passphrase does not open the vault's file.
    VaultWrongPassphrase,
    /// A secret is longer than a vault takes.
    TooLong,
    /// The base URL went to another host: the key must be given again.
    OriginChanged,
    /// Another program listens there.
    PortTaken,
    /// The upstream cannot be reached.
    Unreachable,
    /// No admin token, or a wrong one.
    Unauthorized,
    /// The operation failed for a reason of its own, such as a full disk.
    Failed,
}

impl Fault {
    /// A fault of this kind.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), field: None, hint: None }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Fault {
        Fault::new(FaultCode::NotFound, message)
    }

    /// The request cannot be carried out as it stands.
    pub fn invalid(message: impl Into<String>) -> Fault {
        Fault::new(FaultCode::Invalid, message)
    }

    /// The operation failed for a reason of its own.
    pub fn failed(message: impl Into<String>) -> Fault {
        Fault::new(FaultCode::Failed, message)
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Fault {
        self.field = Some(field.into());
        self
    }

    /// Names the field that is wrong, unless it is named already.
    #[must_use]
    pub(crate) fn or_at(mut self, field: &str) -> Fault {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }

    /// Says that the field belongs to this part of a form.
    #[must_use]
    pub(crate) fn within(mut self, part: &str) -> Fault {
        self.field = Some(match self.field {
            Some(field) => format!("{part}.{field}"),
            None => part.to_owned(),
        });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hinting(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }
}

impl From<EditError> for Fault {
    fn from(error: EditError) -> Fault {
        let message = error.to_string();
        match error {
            EditError::Unknown { .. } | EditError::UnknownSetting(_) => Fault::not_found(message),
            EditError::NameTaken { .. } => Fault::new(FaultCode::NameTaken, message).at("name"),
            EditError::InUse { .. } => Fault::new(FaultCode::InUse, message),
            EditError::BadValue { path } => Fault::invalid(message).at(path),
            EditError::Unreadable(findings) => of_findings(findings),
            EditError::NoToml(_) | EditError::NoList(_) | EditError::NoTable(_) | EditError::PlainSecret => {
                Fault::invalid(message)
            }
        }
    }
}

impl<E: Into<Fault> + std::fmt::Display> From<EditFault<E>> for Fault {
    fn from(fault: EditFault<E>) -> Fault {
        let message = fault.to_string();
        match fault {
            EditFault::NotOurs { .. } => Fault::new(FaultCode::ReadOnly, message),
            EditFault::Change(fault) => fault.into(),
            EditFault::Invalid { findings } => of_findings(findings),
            EditFault::Gone { .. } | EditFault::File { .. } => Fault::failed(message),
        }
    }
}

impl From<VaultFault> for Fault {
    fn from(fault: VaultFault) -> Fault {
        let code = match fault {
            VaultFault::Locked | VaultFault::Closed => FaultCode::VaultLocked,
            VaultFault::Denied => FaultCode::VaultDenied,
            VaultFault::Missing => FaultCode::VaultMissing,
            VaultFault::Hanging => FaultCode::VaultHangs,
            VaultFault::WrongPassphrase => FaultCode::VaultWrongPassphrase,
            VaultFault::NoPassphrase => FaultCode::Invalid,
            VaultFault::TooLong => FaultCode::TooLong,
            VaultFault::OriginChanged => FaultCode::OriginChanged,
            VaultFault::Failed(_) => FaultCode::Failed,
        };
        Fault::new(code, fault.to_string())
    }
}

impl From<ClientKeyFault> for Fault {
    fn from(fault: ClientKeyFault) -> Fault {
        let message = fault.to_string();
        match fault {
            ClientKeyFault::BadName => Fault::invalid(message).at("name"),
            ClientKeyFault::Unknown(_) => Fault::not_found(message).at("name"),
            ClientKeyFault::Default(_) => Fault::new(FaultCode::ReadOnly, message).at("name"),
            ClientKeyFault::Vault(fault) => fault.into(),
            ClientKeyFault::Edit(fault) => fault.into(),
        }
    }
}

/// Reads a request, naming the field that cannot be understood.
pub(crate) fn understood<'de, T: serde::Deserialize<'de>>(
    request: impl serde::Deserializer<'de, Error: std::fmt::Display>,
) -> Result<T, Fault> {
    serde_path_to_error::deserialize(request).map_err(|error| {
        let path = error.path().to_string();
        let fault = Fault::invalid(format!("the request cannot be understood: {}", error.inner()));
        if path == "." { fault } else { fault.at(path) }
    })
}

/// The errors among findings. What an edit would bring has no place in the file yet: there the field of the first is named
/// as the person's form names it. What is wrong in the file itself is no field of a form: the message has its place.
pub(crate) fn of_findings(findings: Vec<Finding>) -> Fault {
    let errors: Vec<Finding> = findings.into_iter().filter(Finding::is_error).map(named_by_field).collect();
    let message = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let first = errors.into_iter().next();
    let of_form = first.as_ref().filter(|finding| finding.file.is_empty() && !finding.path.is_empty());
    let field = of_form.map(|finding| finding.path.clone());
    Fault { code: FaultCode::Invalid, message, field, hint: first.and_then(|finding| finding.hint) }
}

/// Names a field as its form does: the place that its channel, proxy or client would have in the file means nothing yet.
fn named_by_field(mut finding: Finding) -> Finding {
    if !finding.file.is_empty() {
        return finding;
    }
    if let Some((list, field)) = finding.path.split_once("].")
        && ["channel[", "proxy[", "client["].iter().any(|name| list.starts_with(name))
    {
        finding.path = if field == "key" { "keys[0]".to_owned() } else { field.to_owned() };
    }
    finding
}

#[cfg(test)]
mod tests {
    use config::Severity;

    use super::*;

    #[test]
    fn a_field_of_a_new_channel_is_named_as_its_form_does_and_one_in_the_file_has_its_place() {
        let fault = |file: &str, path: &str| {
            let finding =
                Finding { path: path.to_owned(), ..Finding::of_file(Severity::Error, file, "names no host") };
            of_findings(vec![finding])
        };
        let new = fault("", "channel[1].base_url");
        assert_eq!(
            (new.message.as_str(), new.field.as_deref()),
            ("base_url: names no host", Some("base_url"))
        );
        assert_eq!(fault("", "channel[0].key").field.as_deref(), Some("keys[0]"));
        let in_the_file = fault("config.toml", "channel[1].base_url");
        assert_eq!(
            (in_the_file.message.as_str(), in_the_file.field),
            ("config.toml: channel[1].base_url: names no host", None)
        );
    }
}
