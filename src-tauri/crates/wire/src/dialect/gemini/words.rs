//! Words that requests and answers share.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{alphabet, engine::DecodePaddingMode};

use crate::Protocol;
use crate::ask::{State, StateKind};
use crate::json::Text;

/// The reasons for an end that mean that the model would or may not answer (`FinishReason` of the API).
pub(super) const REFUSALS: [&str; 12] = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
    "NO_IMAGE",
    "MODEL_ARMOR",
];

/// The reasons for an end that mean that the model's output was unusable.
pub(super) const MALFORMED: [&str; 5] = [
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
];

/// Stands for a signature that was lost; Gemini 3 refuses a call without one.
pub(crate) const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Returns what a state says in the place of Gemini's signatures: one that Gemini gave, or the carrier of another's.
pub(super) fn signature<'s>(state: &'s State<'_>) -> Option<Text<'s>> {
    match (state.slot, state.kind) {
        // `extra_content.google` of Chat is Google's own place.
        (Protocol::Gemini | Protocol::Chat, StateKind::Thought) | (Protocol::Gemini, StateKind::Sealed) => {
            Some(state.note.borrowed())
        }
        (Protocol::Gemini | Protocol::Chat | Protocol::Responses | Protocol::Messages, _) => None,
    }
}

/// Makes a signature one that google-genai for Python accepts: it fails on a whole answer for one that is not base64.
pub(super) fn as_base64(signature: &Text<'_>) -> Text<'static> {
    let plain = signature.plain();
    let digits = plain.trim_end_matches('=');
    if [&STANDARD_LENIENT, &URL_SAFE_LENIENT].iter().any(|engine| engine.decode(digits).is_ok()) {
        let padding = digits.len().next_multiple_of(4) - digits.len();
        return Text::owned(&format!("{digits}{}", &"==="[..padding]));
    }
    Text::owned(&STANDARD.encode(&*plain))
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
