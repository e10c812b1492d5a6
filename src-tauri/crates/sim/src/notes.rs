//! A provider's opaque notes to itself: what it signs or encrypts of its thoughts, and knows again.
//!
//! A note says which answer it came in and proves that it was not changed, so that a provider need not remember it, not even
//! over its own end. Ids of calls say the same of themselves: whoever reads a request can tell which notes are missing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::endpoint::Dialect;

/// Makes every note's base64 begin with characters that only one of the alphabets has.
const MAGIC: [u8; 3] = [0xfb, 0xff, 0xff];

/// Who mints notes and accepts no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mint(u64);

/// What a note says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    /// The number of the answer that it came in.
    pub answer: u64,
    /// Its place among the answer's notes, from 1.
    pub place: usize,
    /// How many notes the answer holds.
    pub of: usize,
}

/// What the id of a call says of the answer that it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of the answer.
    pub answer: u64,
    /// How many notes came with its calls.
    pub notes: usize,
    /// The place of the call among the answer's, from 0.
    pub call: usize,
}

impl Mint {
    /// Finds who mints for a model: Anthropic's and Google's notes hold wherever their models are served, `OpenAI`'s for one
    /// account, every other vendor's for itself.
    pub(crate) fn of(dialect: Dialect, model: &str, name: &str, key: Option<&str>) -> Self {
        let whose = match dialect {
            Dialect::Messages if model.contains("claude") => "anthropic".to_owned(),
            Dialect::Gemini if model.contains("gemini") => "google".to_owned(),
            Dialect::Responses => format!("{name} for {}", key.unwrap_or_default()),
            Dialect::Chat | Dialect::Messages | Dialect::Gemini => name.to_owned(),
        };
        Self(digest(&[&format!("{dialect:?}"), &whose]))
    }

    /// Mints a note; it holds for this text alone.
    pub(crate) fn note(self, note: Note, text: &str) -> String {
        let Note { answer, place, of } = note;
        let said = format!("{:016x} {answer} {place} {of}", self.0);
        let bytes = [&MAGIC[..], format!("{said} {:016x}", digest(&[&said, text])).as_bytes()].concat();
        STANDARD.encode(bytes)
    }

    /// Reads a note; none, if it is another's, was changed, or stands with another text.
    pub(crate) fn read(self, written: &str, text: &str) -> Option<Note> {
        let bytes = STANDARD.decode(written).ok()?;
        let said = std::str::from_utf8(bytes.strip_prefix(&MAGIC)?).ok()?;
        let mut words = said.split(' ').skip(1);
        let note = Note {
            answer: words.next()?.parse().ok()?,
            place: words.next()?.parse().ok()?,
            of: words.next()?.parse().ok()?,
        };
        (self.note(note, text) == written).then_some(note)
    }

    /// Writes what the ids of an answer's calls say, but for their place.
    pub(crate) fn mark(self, answer: u64, notes: usize) -> String {
        format!("sim{answer}t{notes}h{:04x}", self.0 & 0xffff)
    }

    /// Reads the id of a call; none, if another gave it, or no thought came before it.
    pub(crate) fn read_mark(self, id: &str) -> Option<Mark> {
        let (_, said) = id.split_once("sim")?;
        let (answer, rest) = said.split_once('t')?;
        let (notes, rest) = rest.split_once('h')?;
        let (house, call) = rest.split_once('_').unwrap_or((rest, "0"));
        let mark =
            Mark { answer: answer.parse().ok()?, notes: notes.parse().ok()?, call: call.parse().ok()? };
        (u64::from_str_radix(house, 16).ok()? == self.0 & 0xffff).then_some(mark)
    }
}

/// Tells two texts apart; no secret, as whoever writes a note is a test.
fn digest(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint(dialect: Dialect, model: &str, name: &str, key: &str) -> Mint {
        Mint::of(dialect, model, name, Some(key))
    }

    #[test]
    fn a_note_is_known_again_by_its_mint_and_with_its_text_alone() {
        let a = mint(Dialect::Responses, "gpt", "a", "k");
        let note = Note { answer: 3, place: 1, of: 2 };
        let written = a.note(note, "text");
        assert!(written.starts_with("+///"), "{written}");
        assert_eq!(a.read(&written, "text"), Some(note));
        let shorter = &written[..written.len() - 4];
        let other_alphabet = written.replace('+', "-").replace('/', "_");
        for (mint, written, text) in [
            (mint(Dialect::Responses, "gpt", "a", "other"), &*written, "text"),
            (mint(Dialect::Messages, "gpt", "a", "k"), &*written, "text"),
            (a, &*written, "changed"),
            (a, shorter, "text"),
            (a, &*other_alphabet, "text"),
            (a, "", "text"),
        ] {
            assert_eq!(mint.read(written, text), None, "{written} {text}");
        }
        let everywhere = |name| mint(Dialect::Messages, "claude-x", name, name);
        assert_eq!(everywhere("a"), everywhere("b"));
    }

    #[test]
    fn the_id_of_a_call_tells_its_answer_to_whoever_gave_it() {
        let (a, b) = (mint(Dialect::Chat, "m", "a", ""), mint(Dialect::Chat, "m", "b", ""));
        let mark = a.mark(12, 2);
        assert_eq!(a.read_mark(&format!("call_{mark}")), Some(Mark { answer: 12, notes: 2, call: 0 }));
        assert_eq!(a.read_mark(&format!("call_{mark}_3")).map(|mark| mark.call), Some(3));
        assert_eq!(b.read_mark(&format!("call_{mark}")), None);
        assert_eq!(a.read_mark("call_sim12"), None);
    }
}
