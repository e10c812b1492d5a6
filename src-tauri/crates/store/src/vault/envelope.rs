//! A secret as it is kept: with the origins that it was saved for.

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// What Windows' Credential Manager holds in one entry (`CRED_MAX_CREDENTIAL_BLOB_SIZE` of wincred.h), in bytes.
const ENVELOPE_BYTES_MAX: usize = 2_560;

/// A secret and what it may be used for.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The origins that may see it, as in `config::VaultQuestion`.
    pub(super) origin: String,
    pub(super) secret: SecretString,
    /// When it was saved.
    pub(super) saved: Timestamp,
}

/// The JSON of an entry. The text is short, because the smallest keychain holds little.
#[derive(Serialize, Deserialize)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    origin: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    secret: std::borrow::Cow<'a, str>,
    saved: Timestamp,
}

impl Envelope {
    pub(super) fn written(&self) -> Written<'_> {
        Written {
            origin: self.origin.as_str().into(),
            secret: self.secret.expose_secret().into(),
            saved: self.saved,
        }
    }

    /// The bytes of an entry; `None` where they are more than every keychain holds.
    pub(super) fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = serde_json::to_vec(&self.written()).expect("texts and a time can be written as JSON");
        (bytes.len() <= ENVELOPE_BYTES_MAX).then(|| Zeroizing::new(bytes))
    }

    /// Reads an entry; `None` where somebody else wrote it.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Envelope> {
        serde_json::from_slice::<Written<'_>>(bytes).ok().map(Envelope::from)
    }

    pub(super) fn is_same_as(&self, other: &Envelope) -> bool {
        self.origin == other.origin && self.secret.expose_secret() == other.secret.expose_secret()
    }
}

impl From<Written<'_>> for Envelope {
    fn from(written: Written<'_>) -> Envelope {
        Envelope {
            origin: written.origin.into_owned(),
            secret: SecretString::from(written.secret.into_owned()),
            saved: written.saved,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::vault::SECRET_BYTES_MAX;

    fn envelope(origin: &str, secret: &str) -> Envelope {
        Envelope { origin: origin.into(), secret: secret.into(), saved: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for (origin, secret) in [("https://a.example", "sk-1"), ("", "\"\\\u{1F511}\n"), ("a b", "")] {
            let before = envelope(origin, secret);
            let after = Envelope::from_bytes(&before.to_bytes().unwrap()).unwrap();
            assert!(after.is_same_as(&before), "{before:?} became {after:?}");
        }
    }

    #[test]
    fn what_other_programs_saved_is_no_entry_of_ours() {
        for bytes in [&b"sk-plain"[..], b"", b"{}", b"{\"secret\":1}", b"\xff"] {
            assert!(Envelope::from_bytes(bytes).is_none());
        }
    }

    #[test]
    fn the_longest_secret_fits_with_an_ordinary_origin_and_not_with_endless_ones() {
        let longest = "k".repeat(SECRET_BYTES_MAX);
        assert!(envelope("https://generativelanguage.googleapis.com", &longest).to_bytes().is_some());
        assert!(envelope(&"https://a.example ".repeat(20), &longest).to_bytes().is_none());
    }
}
