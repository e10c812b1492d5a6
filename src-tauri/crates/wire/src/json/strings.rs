//! Strings: walking over them, reading them, writing them.

use std::borrow::Cow;

use super::Malformed;

/// Walks over the string whose opening quote stands at `start`; returns the place behind its closing quote.
pub(super) fn skip_string(bytes: &[u8], start: usize) -> Result<usize, Malformed> {
    let mut at = start + 1;
    loop {
        at = next_special(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = skip_escape(bytes, at)?,
            Some(_) => return Err(Malformed { offset: at, what: "a control character stands in a string" }),
            None => return Err(Malformed { offset: at, what: "the text ends inside a string" }),
        }
    }
}

fn skip_escape(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') if bytes.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => {
            Ok(at + 6)
        }
        Some(_) | None => Err(Malformed { offset: at, what: "a string holds an unknown escape" }),
    }
}

/// How many bytes are tested as one block: wide enough for the compiler to use vector instructions.
const BLOCK: usize = 64;

/// Finds the next byte from `at` that a string may not hold as it is: a quote, a backslash, a control character.
///
/// Prose escapes a line end every fifty bytes or so, pictures never: the words go first because they cost little, the
/// blocks take over where a run is long.
fn next_special(bytes: &[u8], at: usize) -> usize {
    let near = bytes.len().min(at + BLOCK);
    let found = next_special_by_word(&bytes[..near], at);
    if found < near {
        return found;
    }
    let mut clean = near;
    while bytes.get(clean..clean + BLOCK).is_some_and(|block| !holds_special(block)) {
        clean += BLOCK;
    }
    next_special_by_word(bytes, clean)
}

fn holds_special(block: &[u8]) -> bool {
    block.iter().fold(0, |found, &byte| found | u8::from(is_special(byte))) != 0
}

const fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

fn next_special_by_word(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        let marks = marks_of_specials(u64::from_le_bytes(word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| !is_special(byte)) {
        at += 1;
    }
    at
}

/// Sets the top bit of the first special byte of a word. A borrow may set bits above it wrongly, never below.
const fn marks_of_specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & TOPS
}

/// Reads the inside of a string. Lone surrogates and bytes that are not UTF-8 become U+FFFD.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inside) else { return String::from_utf8_lossy(inside) };
    let mut text = String::with_capacity(inside.len());
    text.push_str(&String::from_utf8_lossy(&inside[..first]));
    let mut rest = &inside[first..];
    while !rest.is_empty() {
        rest = push_escape(rest, &mut text);
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        text.push_str(&String::from_utf8_lossy(&rest[..plain]));
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// Reads the escape at the start of `rest` and returns what follows it.
fn push_escape<'a>(rest: &'a [u8], text: &mut String) -> &'a [u8] {
    let (char, length) = match rest.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => unicode_escape(rest),
        Some(&other) => (char::from(other), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    };
    text.push(char);
    rest.get(length..).unwrap_or_default()
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

/// Writes a string as JSON, quotes included.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string always serialises")
}
