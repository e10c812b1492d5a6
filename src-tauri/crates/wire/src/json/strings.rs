//! Strings: walking over them, reading them, writing them.

use std::borrow::Cow;

use super::Malformed;

/// Walks over the string whose opening quote stands at `start`; returns the place behind its closing quote.
///
/// Keys end within a word or two, ids and times within four. Longer text escapes a line end or a quote every twenty to
/// eighty bytes: to stop at each would cost a mispredicted branch, so whole blocks are read as bit masks instead.
#[inline]
pub(super) fn skip_string(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let at = skip_words(bytes, start + 1, 4);
    if bytes.get(at) == Some(&b'"') { Ok(at + 1) } else { skip_blocks(bytes, at) }
}

/// Walks on, inside a string, to the first byte that it may not hold as it is, over `most` words at most.
#[inline]
fn skip_words(bytes: &[u8], mut at: usize, most: usize) -> usize {
    for _ in 0..most {
        let Some(word) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) else { break };
        let marks = marks_of_specials(u64::from_le_bytes(word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}

/// Walks on, inside a string, by blocks; the first byte is not escaped.
#[inline(never)]
fn skip_blocks(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let mut first_is_escaped = false;
    while let Some(block) = bytes.get(at..at + BLOCK).and_then(|block| block.try_into().ok()) {
        if first_is_escaped || holds_special(block) {
            if !first_is_escaped && !holds_backslash(block) {
                return skip_bytes(bytes, skip_words(bytes, at, BLOCK / 8));
            }
            let masks = Masks::of(block, first_is_escaped);
            masks.check(bytes, at)?;
            if masks.ends != 0 {
                return Ok(at + masks.ends.trailing_zeros() as usize + 1);
            }
            first_is_escaped = masks.escapes_next;
        }
        at += BLOCK;
    }
    // The backslash at the end of the last block belongs to the first byte behind it.
    skip_bytes(bytes, at - usize::from(first_is_escaped))
}

/// Walks over the last bytes of a text, which are too few for a block.
fn skip_bytes(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += escape_length(bytes, at)?,
            Some(0..0x20) => return Err(control(at)),
            Some(_) => at += 1,
            None => return Err(Malformed { offset: at, what: "the text ends inside a string" }),
        }
    }
}

/// Checks the escape whose backslash stands at `at` and returns its length.
fn escape_length(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    match bytes.get(at + 1) {
        Some(&letter) if is_short_escape(letter) => Ok(2),
        Some(b'u') if bytes.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => {
            Ok(6)
        }
        Some(_) | None => Err(Malformed { offset: at, what: "a string holds an unknown escape" }),
    }
}

/// Tells whether a letter makes an escape with the backslash alone.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, `mask` becomes vector instructions")]
const fn is_short_escape(letter: u8) -> bool {
    (letter == b'n')
        | (letter == b'"')
        | (letter == b'\\')
        | (letter == b't')
        | (letter == b'r')
        | (letter == b'/')
        | (letter == b'b')
        | (letter == b'f')
}

fn control(at: usize) -> Malformed {
    Malformed { offset: at, what: "a control character stands in a string" }
}

/// How many bytes are read as one block: one bit each in a mask.
const BLOCK: usize = 64;

/// What stands where in one block, a bit for each byte.
struct Masks {
    /// Quotes that are not escaped. The lowest ends the string; what is above it is another matter.
    ends: u64,
    /// Bytes behind a backslash that make no escape of two letters with it.
    oddly_escaped: u64,
    /// Control characters.
    controls: u64,
    /// Whether the block's last byte escapes the next block's first.
    escapes_next: bool,
}

impl Masks {
    fn of(block: &[u8; BLOCK], first_is_escaped: bool) -> Self {
        let backslashes = mask(block, |byte| byte == b'\\');
        let (escaped, escapes_next) = escaped_bytes(backslashes, first_is_escaped);
        let has_controls = block.iter().fold(0, |found, &byte| found | u8::from(byte < 0x20)) != 0;
        Self {
            ends: mask(block, |byte| byte == b'"') & !escaped,
            oddly_escaped: escaped & !mask(block, is_short_escape),
            controls: if has_controls { mask(block, |byte| byte < 0x20) } else { 0 },
            escapes_next,
        }
    }

    /// Refuses control characters and unknown escapes in front of the string's end. The block stands at `at`.
    fn check(&self, bytes: &[u8], at: usize) -> Result<(), Malformed> {
        let inside = self.ends.wrapping_sub(1) & !self.ends;
        let controls = self.controls & inside;
        if controls != 0 {
            return Err(control(at + controls.trailing_zeros() as usize));
        }
        let mut escaped = self.oddly_escaped & inside;
        while escaped != 0 {
            escape_length(bytes, at + escaped.trailing_zeros() as usize - 1)?;
            escaped &= escaped - 1;
        }
        Ok(())
    }
}

/// Marks the bytes that a backslash escapes: those behind an odd run of backslashes, found by carrying over even and odd bits.
const fn escaped_bytes(backslashes: u64, first_is_escaped: bool) -> (u64, bool) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let first = first_is_escaped as u64;
    let escaping = backslashes & !first;
    let runs = ((escaping << 1) | ODD).wrapping_sub(escaping) ^ ODD;
    (runs ^ (backslashes | first), (runs & backslashes) >> (BLOCK - 1) != 0)
}

/// Sets a bit for every byte that `is`. The flags are computed by vector instructions, the bits gathered by a
/// multiplication: flag `i` of a word keeps its bit `i`, and the sum of its bytes is their union.
fn mask(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    const DIAGONAL: u64 = 0x8040_2010_0804_0201;
    let mut flags = [0; BLOCK];
    for (flag, &byte) in flags.iter_mut().zip(block) {
        *flag = if is(byte) { 0xff } else { 0 };
    }
    let (words, _) = flags.as_chunks();
    words.iter().rev().fold(0, |mask, &word| {
        let bits = (u64::from_le_bytes(word) & DIAGONAL).wrapping_mul(ONES) >> 56;
        mask << 8 | bits
    })
}

fn holds_special(block: &[u8; BLOCK]) -> bool {
    let is_special = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    block.iter().fold(0, |found, &byte| found | u8::from(is_special(byte))) != 0
}

fn holds_backslash(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |found, &byte| found | u8::from(byte == b'\\')) != 0
}

/// A word of eight bytes that are one.
const ONES: u64 = u64::MAX / 0xff;
/// A word of eight bytes of which only the top bit is set.
const TOPS: u64 = ONES << 7;

/// Sets the top bit of the first byte that a string may not hold as it is. A borrow may set bits above it wrongly, never
/// below.
const fn marks_of_specials(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & TOPS
}

/// Reads the inside of a string. Lone surrogates and bytes that are not UTF-8 become U+FFFD.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(inside) {
        Ok(inside) => unescape_text(inside),
        Err(_) => Cow::Owned(unescape_text(&String::from_utf8_lossy(inside)).into_owned()),
    }
}

/// Reads the inside of a string that is known to be UTF-8. Lone surrogates become U+FFFD.
pub(crate) fn unescape_text(inside: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inside.as_bytes()) else { return Cow::Borrowed(inside) };
    let mut text = String::with_capacity(inside.len());
    text.push_str(&inside[..first]);
    let mut rest = &inside[first..];
    while !rest.is_empty() {
        let (char, length) = read_escape(rest);
        text.push(char);
        rest = &rest[length..];
        let plain = plain_length(rest.as_bytes());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// Returns how far it is to the next backslash, or to the end. Behind an escape the next is often near, in code above all,
/// where to look at a few words costs less than to call a search.
#[inline]
fn plain_length(text: &[u8]) -> usize {
    const NEAR: usize = 4;
    let (words, _) = text.as_chunks();
    for (index, &word) in words.iter().take(NEAR).enumerate() {
        let backslash = u64::from_le_bytes(word) ^ (ONES * u64::from(b'\\'));
        let marks = backslash.wrapping_sub(ONES) & !backslash & TOPS;
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let seen = words.len().min(NEAR) * 8;
    seen + memchr::memchr(b'\\', &text[seen..]).unwrap_or(text.len() - seen)
}

/// Reads the escape whose backslash stands at the start of `rest`; returns what it stands for and its length.
pub(crate) fn read_escape(rest: &str) -> (char, usize) {
    let rest = rest.as_bytes();
    match rest.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => unicode_escape(rest),
        Some(&other) if other.is_ascii() => (char::from(other), 2),
        Some(_) | None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

fn unicode_escape(rest: &[u8]) -> (char, usize) {
    let Some(high) = hex4(rest.get(2..6)) else { return (char::REPLACEMENT_CHARACTER, 2) };
    if let Some(char) = char::from_u32(high) {
        return (char, 6);
    }
    let low = if rest.get(6..8) == Some(b"\\u") { hex4(rest.get(8..12)) } else { None };
    match (high, low) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        (_, _) => (char::REPLACEMENT_CHARACTER, 6),
    }
}

fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok()
}

/// Tells whether a text holds what a JSON string may not hold as it is.
#[inline]
pub(super) fn needs_escape(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks();
    words.iter().any(|&word| marks_of_specials(u64::from_le_bytes(word)) != 0)
        || rest.iter().any(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

/// Writes a string as JSON, quotes included.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string always serialises")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_and_single_bytes_find_the_same_end(
            runs in prop::collection::vec((0_usize..70, prop::sample::select(vec!["\\", "\\\\", "\"", "n", "u00e9", "\n", "\u{4f60}", "\\n"])), 0..12),
        ) {
            let inside: String = runs.iter().map(|(length, special)| "x".repeat(*length) + special).collect();
            let text = format!("\"{inside}");
            let text = text.as_bytes();
            prop_assert_eq!(skip_string(text, 0).ok(), skip_bytes(text, 1).ok());
        }
    }
}
