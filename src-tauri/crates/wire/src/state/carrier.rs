//! Carriers: `slc1.<issuer>.<kind>.<payload>`, several of them joined by `~`.
//!
//! The payload is base64url of a digest, a byte that tells whether the thought's text is inside, and the note. The digest
//! also covers a text that stands beside the carrier: a signature is worthless for a thought that was edited.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ask::StateKind;

/// What every carrier begins with.
pub(super) const PREFIX: &str = "slc1.";
/// What stands between carriers.
const BETWEEN: char = '~';
/// How many bytes of the digest are kept: enough to find an accident.
const DIGEST: usize = 6;

/// Who mints opaque notes and reads them again: a provider, and with some the account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer(Cow<'static, str>);

/// Nobody: to whom every carrier is another's. So a request is written again that was refused for a note in it.
pub static NOBODY: Issuer = Issuer(Cow::Borrowed(""));

impl Issuer {
    /// Anthropic's models: the signatures hold on every platform that serves them.
    pub const fn anthropic() -> Self {
        Self(Cow::Borrowed("a"))
    }

    /// Google's Gemini, whichever protocol it is asked in.
    pub const fn gemini() -> Self {
        Self(Cow::Borrowed("g"))
    }

    /// Whoever reads only what it encrypted for one account: `whose` names host and account.
    pub fn account(whose: &str) -> Self {
        Self(Cow::Owned(format!("o-{}", tag(whose))))
    }

    /// Any other vendor, known by its host.
    pub fn vendor(host: &str) -> Self {
        Self(Cow::Owned(format!("v-{}", tag(host))))
    }

    fn is_word(word: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !word.is_empty() && word.len() <= 32 && word.bytes().all(is_plain)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn tag(whose: &str) -> String {
    let digest = Sha256::digest(whose.as_bytes());
    digest[..6].iter().fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"))
}

/// A note on its way through a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carrier {
    pub(super) issuer: Issuer,
    pub(super) kind: StateKind,
    /// The note as its provider gave it.
    pub(super) note: String,
    /// The thought that it belongs to, where that is carried, too.
    pub(super) text: Option<String>,
}

impl Carrier {
    /// Writes a carrier; `beside` is the text that the client gets in the same place.
    pub(super) fn write(&self, beside: &str) -> String {
        let mut bytes = vec![0; DIGEST];
        match &self.text {
            None => bytes.push(0),
            Some(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        bytes.extend_from_slice(self.note.as_bytes());
        let beside = if self.text.is_some() { "" } else { beside };
        let digest = digest(&self.issuer, self.kind, &bytes[DIGEST..], beside);
        bytes[..DIGEST].copy_from_slice(&digest);
        format!("{PREFIX}{}.{}.{}", self.issuer, word(self.kind), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads one carrier; none, if it is not as it was written, or `beside` is not the text that it was written for.
    fn read(written: &str, beside: &str) -> Option<Self> {
        let mut parts = written.strip_prefix(PREFIX)?.split('.');
        let (issuer, kind, payload) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !Issuer::is_word(issuer) {
            return None;
        }
        let issuer = Issuer(Cow::Owned(issuer.to_owned()));
        let kind = kind_of(kind)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let (sum, content) = bytes.split_at_checked(DIGEST)?;
        let (has_text, rest) = content.split_first()?;
        let (text, note) = match has_text {
            0 => (None, rest),
            1 => {
                let (length, rest) = rest.split_at_checked(4)?;
                let length = u32::from_be_bytes(length.try_into().ok()?);
                let (text, note) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(String::from_utf8(text.to_vec()).ok()?), note)
            }
            _ => return None,
        };
        let beside = if text.is_some() { "" } else { beside };
        if digest(&issuer, kind, content, beside) != sum {
            return None;
        }
        let note = String::from_utf8(note.to_vec()).ok()?;
        // Nobody wraps a carrier into another but who means mischief.
        (!note.starts_with(PREFIX)).then_some(Self { issuer, kind, note, text })
    }
}

/// Joins written carriers.
pub(super) fn join(carriers: &[String]) -> String {
    carriers.join(&BETWEEN.to_string())
}

/// Tells whether a note is one of ours.
pub(super) fn is_carrier(note: &str) -> bool {
    note.starts_with(PREFIX)
}

/// Reads all carriers of a place; those that cannot be read are left out.
pub(super) fn read(written: &str, beside: &str) -> Vec<Carrier> {
    written.split(BETWEEN).filter_map(|one| Carrier::read(one, beside)).collect()
}

fn digest(issuer: &Issuer, kind: StateKind, content: &[u8], beside: &str) -> [u8; DIGEST] {
    let mut digest = Sha256::new();
    for part in [issuer.0.as_bytes(), word(kind).as_bytes(), content, beside.as_bytes()] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    let mut short = [0; DIGEST];
    short.copy_from_slice(&digest.finalize()[..DIGEST]);
    short
}

const KINDS: [(StateKind, &str); 6] = [
    (StateKind::Signature, "sig"),
    (StateKind::Redacted, "red"),
    (StateKind::Encrypted, "enc"),
    (StateKind::Thought, "ths"),
    (StateKind::Detail, "det"),
    (StateKind::Plain, "txt"),
];

fn word(kind: StateKind) -> &'static str {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    known.map_or("sealed", |(_, word)| word)
}

fn kind_of(word: &str) -> Option<StateKind> {
    KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    fn carrier(note: &str, text: Option<&str>) -> Carrier {
        Carrier {
            issuer: Issuer::account("api.openai.com/work"),
            kind: StateKind::Encrypted,
            note: note.to_owned(),
            text: text.map(str::to_owned),
        }
    }

    proptest! {
        #[test]
        fn a_note_comes_back_as_it_was(note in any::<String>(), text in any::<Option<String>>(), beside in any::<String>()) {
            prop_assume!(!is_carrier(&note));
            let sent = Carrier { text, ..carrier(&note, None) };
            let written = join(&[sent.write(&beside), sent.write(&beside)]);
            prop_assert_eq!(read(&written, &beside), vec![sent.clone(), sent]);
        }

        #[test]
        fn whatever_stands_there_is_read_without_harm(written in any::<String>(), tail in any::<String>()) {
            read(&written, "");
            read(&format!("{PREFIX}{tail}"), "");
            read(&format!("{PREFIX}a.sig.{}", URL_SAFE_NO_PAD.encode(tail)), "");
        }
    }

    #[test]
    fn a_carrier_that_was_changed_is_none() {
        let written = carrier("note", Some("thought")).write("");
        assert_eq!(read(&written, "whatever").len(), 1, "a text inside needs none beside");
        let swapped = written.replacen(".enc.", ".sig.", 1);
        let other = written.replacen("slc1.o-", "slc1.v-", 1);
        let cut = &written[..written.len() - 3];
        let longer = format!("{written}.x");
        let nested = carrier(&written, None).write("");
        for broken in [&*swapped, &*other, cut, &*longer, &*nested, "slc1.", "slc1.a.sig.", "slc1...", "x"] {
            assert_eq!(read(broken, ""), [], "{broken}");
        }
    }

    #[test]
    fn a_thought_that_was_edited_has_lost_its_note() {
        let written = carrier("note", None).write("I think");
        assert_eq!(read(&written, "I think")[0].note, "note");
        assert_eq!(read(&written, "I thought"), []);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for (kind, written) in KINDS {
            assert_eq!(kind_of(written).unwrap(), kind);
        }
    }
}
