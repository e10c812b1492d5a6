//! A provider's opaque notes to itself, carried through clients of other protocols.
//!
//! Signatures, encrypted reasoning and the like mean something to the provider that minted them, and make every other one
//! refuse a request. A client of another protocol gets each of them wrapped in a *carrier*, in the place where its own
//! protocol keeps such notes, and brings it back as it does with its own:
//!
//! ```text
//!  channel's answer ─► Decode ─► Seal ─► Encode ─► client           the note becomes a carrier
//!  channel's request ◄─ Encode ◄─ open ◄─ Decode ◄─ client          the carrier becomes the note, for its issuer alone
//!  channel's request ◄──────────── strip ◄──────── client           the same protocol: other issuers' carriers are cut out
//! ```
//!
//! A carrier says who minted the note and holds all that is needed, so that nothing has to be remembered. What some clients
//! drop all the same is remembered by the id of the call that it came with, for a while: [`Memory`] and [`Recall`].

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use base64::{alphabet, engine::DecodePaddingMode};
use sha2::{Digest, Sha256};

use crate::ask::{Content, Part, Turn};

mod carrier;
mod open;
mod seal;
mod strip;

pub use carrier::{Issuer, NOBODY};
pub(crate) use open::open;
pub(crate) use seal::Seal;
pub use strip::{Strip, may_carry, refuses_note, strip};

/// What a carrier in base64 begins with.
const BASE64_PREFIX: &str = "c2xjMS";

/// Reads base64 with or without padding.
const BASE64_LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What should be remembered of an answer, in case the client drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// What it is found by: the id of a call as the client knows it, or a digest of a text.
    pub key: String,
    /// One or more carriers.
    pub carriers: String,
}

/// Remembers what clients drop.
pub trait Recall {
    /// Returns the carriers that were remembered under a key.
    fn recall(&self, key: &str) -> Option<String>;
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Recall for Forgetful {
    fn recall(&self, _key: &str) -> Option<String> {
        None
    }
}

/// Returns what the note of a text is remembered by. The same words are said often: `asked` tells what they answer.
fn text_key(asked: &str, text: &str) -> String {
    format!("text {asked} {}", tag(&[text]))
}

/// Tells what a turn of the model answers from what other turns do: by the words and the calls' ids in it.
fn asked(turn: Option<&Turn<'_>>) -> String {
    let word = |part: &Part<'_>| match &part.content {
        Content::Text(text) => Some(text.plain().into_owned()),
        Content::Outcome(outcome) => Some(outcome.id.plain().into_owned()),
        Content::Refusal(_)
        | Content::Media(_)
        | Content::Thinking(_)
        | Content::Call(_)
        | Content::Foreign(_) => None,
    };
    let words: Vec<String> = turn.iter().flat_map(|turn| &turn.parts).filter_map(word).collect();
    tag(&words.iter().map(String::as_str).collect::<Vec<&str>>())
}

fn tag(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    URL_SAFE_NO_PAD.encode(digest.finalize())
}
