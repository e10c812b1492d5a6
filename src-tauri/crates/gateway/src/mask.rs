//! Takes a channel's own secrets out of what its upstream says: upstreams like to repeat the key that they refuse.

use bytes::Bytes;
use config::{Channel, Hop};
use memchr::memmem;
use secrecy::ExposeSecret;
use wire::observe::StreamFailure;

/// What stands where a secret stood.
const MASK: &[u8] = b"[masked]";
/// A shorter secret would blot out ordinary words.
const SECRET_BYTES_MIN: usize = 6;

/// The secrets of one channel, as they stand, as JSON and as URLs spell them.
pub(crate) struct Mask {
    spellings: Vec<Vec<u8>>,
}

impl Mask {
    pub(crate) fn of(channel: &Channel) -> Mask {
        let keys = channel.keys.iter().filter_map(|key| key.secret.as_ref());
        let password = match &channel.hop {
            Hop::Direct | Hop::System => None,
            Hop::Proxy(proxy) => proxy.password.as_ref(),
        };
        let secrets = keys.chain(password).map(ExposeSecret::expose_secret);
        Mask::new(secrets)
    }

    fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Mask {
        let mut spellings: Vec<Vec<u8>> =
            secrets.filter(|secret| secret.len() >= SECRET_BYTES_MIN).flat_map(spellings).collect();
        // Longest first: a secret that begins with another must not leave its tail.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        Mask { spellings }
    }

    /// The bytes without secrets; the same bytes where there are none.
    pub(crate) fn bytes(&self, said: &Bytes) -> Bytes {
        let mut masked: Option<Vec<u8>> = None;
        for spelling in &self.spellings {
            let text = masked.as_deref().unwrap_or(said);
            if memmem::find(text, spelling).is_some() {
                masked = Some(replaced(text, spelling));
            }
        }
        masked.map_or_else(|| said.clone(), Bytes::from)
    }

    /// What an upstream said about its failure, without secrets.
    pub(crate) fn failure(&self, said: &StreamFailure) -> StreamFailure {
        StreamFailure { message: self.text(&said.message), raw: self.text(&said.raw), ..said.clone() }
    }

    /// The text without secrets.
    pub(crate) fn text(&self, said: &str) -> String {
        let masked = self.bytes(&Bytes::copy_from_slice(said.as_bytes()));
        String::from_utf8_lossy(&masked).into_owned()
    }
}

fn replaced(text: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memmem::find_iter(text, secret) {
        kept.extend_from_slice(&text[from..at]);
        kept.extend_from_slice(MASK);
        from = at + secret.len();
    }
    kept.extend_from_slice(&text[from..]);
    kept
}

fn spellings(secret: &str) -> [Vec<u8>; 3] {
    let quoted = serde_json::to_string(secret).expect("a string is always JSON");
    let in_json = quoted.as_bytes()[1..quoted.len() - 1].to_vec();
    let in_url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    [secret.as_bytes().to_vec(), in_json, in_url.into_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channels_secrets_are_masked_in_every_spelling_and_nothing_else_changes() {
        let mask = Mask::new(["canary-key", "canary-key-longer", r#"p"w/d\1x"#, "abc"].into_iter());
        for (said, expected) in [
            (r#"{"error":"wrong key canary-key"}"#, r#"{"error":"wrong key [masked]"}"#),
            ("canary-key-longer", "[masked]"),
            (r#"p"w/d\1x"#, "[masked]"),
            ("password=p%22w%2Fd%5C1x", "password=[masked]"),
            ("abc is a word", "abc is a word"),
        ] {
            assert_eq!(mask.text(said), expected);
        }
        let untouched = Bytes::from_static(b"nothing to hide");
        assert_eq!(mask.bytes(&untouched).as_ptr(), untouched.as_ptr());
    }
}
