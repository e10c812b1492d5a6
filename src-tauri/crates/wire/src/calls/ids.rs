//! Ids of calls, made legal without a memory: the same id always becomes the same, and can be turned back.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What a provider accepts as the id of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRule {
    /// The most bytes.
    pub longest: usize,
    /// Whether only letters, digits, `_` and `-` may stand in it.
    pub plain: bool,
}

impl IdRule {
    /// Messages: `^[a-zA-Z0-9_-]+$`.
    pub const MESSAGES: Self = Self { longest: 128, plain: true };
    /// Chat: `OpenAI` refuses more than 40 bytes.
    pub const CHAT: Self = Self { longest: 40, plain: false };
    /// Responses: 1 to 64 bytes.
    pub const RESPONSES: Self = Self { longest: 64, plain: false };
    /// Gemini names no rule.
    pub const GEMINI: Self = Self { longest: 128, plain: false };
}

/// Marks an id that carries another one, which can be read back.
const CARRIES: &str = "slx_";
/// Marks an id that stands for a longer one, which cannot.
const STANDS_FOR: &str = "slh_";

/// Returns an id that the rule allows: the id itself, one that carries it, or one that stands for it.
///
/// An id that has been made legal for somebody else is turned back first, so that a provider meets its own ids again.
pub fn legal_id(id: &str, rule: IdRule) -> Cow<'_, str> {
    let id = original_id(id);
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !id.is_empty() && id.len() <= rule.longest && (is_plain || !rule.plain) {
        return id;
    }
    let carried = format!("{CARRIES}{}", URL_SAFE_NO_PAD.encode(id.as_bytes()));
    if carried.len() <= rule.longest {
        return Cow::Owned(carried);
    }
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(id.as_bytes()));
    Cow::Owned(format!("{STANDS_FOR}{}", &digest[..22]))
}

/// Turns back an id that carries another one; every other id is returned as it is.
pub fn original_id(id: &str) -> Cow<'_, str> {
    let carried = id.strip_prefix(CARRIES).and_then(|carried| URL_SAFE_NO_PAD.decode(carried).ok());
    match carried.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(original) => Cow::Owned(original),
        None => Cow::Borrowed(id),
    }
}

/// Makes an id for a call that has none, out of where it stands and what it says.
pub(super) fn made_up(turn: usize, part: usize, name: &str) -> String {
    let digest = Sha256::digest(format!("{turn}/{part}/{name}").as_bytes());
    format!("call_{}", &URL_SAFE_NO_PAD.encode(digest)[..22])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_meets_its_own_id_again() {
        for id in ["functions.bash:0", "call 1", "ü", ""] {
            let sent = legal_id(id, IdRule::MESSAGES);
            assert!(
                sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'),
                "{sent}"
            );
            assert_eq!(original_id(&sent), id);
        }
    }

    #[test]
    fn a_legal_id_stays_as_it_is() {
        assert_eq!(legal_id("toolu_01-A", IdRule::MESSAGES), "toolu_01-A");
        assert_eq!(legal_id("functions.bash:0", IdRule::CHAT), "functions.bash:0");
    }

    #[test]
    fn an_id_that_is_too_long_is_always_replaced_by_the_same() {
        let long = "x".repeat(300);
        let sent = legal_id(&long, IdRule::CHAT);
        assert_eq!(sent, legal_id(&long, IdRule::CHAT));
        assert_ne!(sent, legal_id(&(long.clone() + "y"), IdRule::CHAT));
        assert!(sent.len() <= 40 && sent.starts_with(STANDS_FOR));
    }
}
