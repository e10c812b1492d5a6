//! The programs that have a key of their own.

use super::Checks;
use crate::snapshot::Client;

/// The client that the key of the 0600 file belongs to, or that of the environment. No entry may take its name.
pub const DEFAULT_CLIENT: &str = "default";

pub(super) fn resolve_all(checks: &mut Checks<'_>) -> Vec<Client> {
    let entries = &checks.document.client;
    let names =
        entries.iter().enumerate().map(|(at, entry)| (format!("client[{at}].name"), entry.name.as_str()));
    checks.check_unique(names, "the client");
    let mut clients = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let path = format!("client[{at}]");
        if entry.name == DEFAULT_CLIENT {
            let message =
                format!("{DEFAULT_CLIENT:?} is the name of the key that was made at the first start");
            checks.error(&format!("{path}.name"), message).hint = Some("choose another name".to_owned());
        }
        let key_hash = entry.key_hash.as_deref().and_then(|text| {
            let hash = sha256(text);
            if hash.is_none() {
                // A key in place of its hash would be a secret, so the value is not repeated.
                let message = "expected the SHA-256 of the client's key as 64 hexadecimal digits";
                checks.error(&format!("{path}.key_hash"), message);
            }
            hash
        });
        clients.push(Client {
            name: entry.name.as_str().into(),
            key_hash,
            enabled: entry.enabled.unwrap_or(true),
        });
    }
    clients
}

/// Reads 64 hexadecimal digits.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(hash)
}
