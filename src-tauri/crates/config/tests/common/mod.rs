//! What the tests of this crate share.

use config::{Finding, Format, Parsed, Snapshot, Surroundings};

/// Reads an example file as its name says.
pub(crate) fn parse(name: &str, text: &str) -> Result<Parsed, Vec<Finding>> {
    config::parse(name, Format::of(name, text.as_bytes()), text.as_bytes())
}

/// Reads and resolves with variables whose value is `env:` and their name; `UNSET…` and `PORT` are not set.
pub(crate) fn load(name: &str, text: &str) -> Result<Snapshot, Vec<Finding>> {
    let parsed = parse(name, text)?;
    let lookup = |variable: &str| {
        (!variable.starts_with("UNSET") && variable != "PORT").then(|| format!("env:{variable}"))
    };
    config::resolve(&parsed.document, &Surroundings::new(&lookup))
}
