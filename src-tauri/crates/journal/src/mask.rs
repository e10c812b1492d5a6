//! Keeps secrets out of the logs, as the last resort behind types that do not print them.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind, packed};
use tracing_subscriber::fmt::MakeWriter;

const MASK: &str = "[masked]";
/// A shorter secret would blot out ordinary words; it can only be kept out by the types that hold it.
const KNOWN_CHARS_MIN: usize = 6;
/// What secrets begin with, and how many characters of a secret must follow.
const PREFIXES: [(&str, usize); 3] = [("sk-", 16), ("AIza", 20), ("Bearer ", 8)];

/// How much of each known secret is looked for at first. Whatever begins like a secret is looked at closely.
const HINT_BYTES: usize = 8;

/// Masks the secrets that are known now, and whatever looks like one. Clones share the known secrets.
#[derive(Clone, Default)]
pub struct Mask {
    known: Arc<RwLock<Known>>,
}

/// What is looked for.
struct Known {
    /// Every spelling of every known secret.
    secrets: AhoCorasick,
    hints: Hints,
}

/// How known secrets begin, and what secrets begin with. Every line that is logged is searched for these, few are for
/// more.
enum Hints {
    /// By vector instructions: a line takes about as many steps as it has bytes.
    Packed(packed::Searcher),
    /// Where the processor has none of those, or too much is looked for.
    Table(AhoCorasick),
}

impl Default for Known {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Known {
    fn of(secrets: &[String]) -> Self {
        // Longest first: a secret that begins with another must not leave its tail.
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(secrets);
        Self { secrets: automaton.expect(FEW_SECRETS), hints: Hints::of(secrets) }
    }
}

const FEW_SECRETS: &str =
    "a configuration's secrets are far shorter than the 2 GiB that an automaton can hold";

impl Hints {
    fn of(secrets: &[String]) -> Self {
        let beginnings = secrets.iter().map(|secret| &secret.as_bytes()[..secret.len().min(HINT_BYTES)]);
        let prefixes = PREFIXES.iter().map(|(prefix, _)| prefix.as_bytes());
        let mut hints: Vec<&[u8]> = beginnings.chain(prefixes).collect();
        hints.sort_unstable();
        hints.dedup();
        match packed::Searcher::new(&hints) {
            Some(searcher) => Hints::Packed(searcher),
            None => Hints::Table(AhoCorasick::new(&hints).expect(FEW_SECRETS)),
        }
    }

    fn are_in(&self, text: &[u8]) -> bool {
        match self {
            Hints::Packed(searcher) => searcher.find(text).is_some(),
            Hints::Table(automaton) => automaton.is_match(text),
        }
    }
}

impl Mask {
    /// Replaces the known secrets.
    pub fn know<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let long_enough = secrets.into_iter().filter(|secret| secret.len() >= KNOWN_CHARS_MIN);
        let mut secrets: Vec<String> = long_enough.flat_map(spellings).collect();
        secrets.sort();
        secrets.dedup();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::of(&secrets);
    }

    /// Returns the text without secrets.
    pub(crate) fn apply<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if !known.hints.are_in(text) {
            return Cow::Borrowed(text);
        }
        let masks = vec![MASK; known.secrets.patterns_len()];
        let text = known.secrets.replace_all(&String::from_utf8_lossy(text), &masks);
        Cow::Owned(lookalikes_masked(&text).unwrap_or(text).into_bytes())
    }
}

/// A secret as it is, as a URL spells it and as JSON and `Debug` spell it.
fn spellings(secret: &str) -> [String; 3] {
    let in_url = secret.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    let in_json = secret.replace('\\', r"\\").replace('"', r#"\""#);
    [secret.to_owned(), in_url.collect(), in_json]
}

/// Masks what follows the prefixes of secrets; `None` where there is nothing to mask.
fn lookalikes_masked(text: &str) -> Option<String> {
    let mut masked = String::new();
    let mut copied = 0;
    while let Some((begin, end)) = next_lookalike(text, copied) {
        masked.push_str(&text[copied..begin]);
        masked.push_str(MASK);
        copied = end;
    }
    if copied == 0 {
        return None;
    }
    masked.push_str(&text[copied..]);
    Some(masked)
}

/// Finds the next secret's bounds behind `from`: the characters behind its prefix.
fn next_lookalike(text: &str, from: usize) -> Option<(usize, usize)> {
    PREFIXES.iter().filter_map(|(prefix, least)| next_behind(text, from, prefix, *least)).min()
}

fn next_behind(text: &str, from: usize, prefix: &str, least: usize) -> Option<(usize, usize)> {
    text[from..].match_indices(prefix).find_map(|(at, _)| {
        let begin = from + at + prefix.len();
        // `task-…` is a word, not a key.
        let within_a_word =
            text[..from + at].bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let length = text[begin..].bytes().take_while(|byte| is_of_secret(*byte)).count();
        (length >= least && !within_a_word).then_some((begin, begin + length))
    })
}

fn is_of_secret(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Writes masked text to another writer.
pub(crate) struct Masked<W> {
    mask: Mask,
    inner: W,
}

impl<W> Masked<W> {
    pub(crate) fn new(mask: Mask, inner: W) -> Masked<W> {
        Masked { mask, inner }
    }
}

impl<W: Write> Write for Masked<W> {
    /// The formatter hands over one whole event at a time, so no secret is cut in two.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.inner.write_all(&self.mask.apply(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masked<M> {
    type Writer = Masked<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Masked::new(self.mask.clone(), self.inner.make_writer())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn masked(mask: &Mask, text: &str) -> String {
        String::from_utf8(mask.apply(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn known_secrets_are_masked_wherever_they_stand() {
        let mask = Mask::default();
        mask.know(["canary-one", "canary-one-longer", "short", r#"p@ss/w"rd\1"#]);
        for (text, expected) in [
            ("key=canary-one&x", "key=[masked]&x"),
            ("canary-one-longer", "[masked]"),
            ("canary-onecanary-one", "[masked][masked]"),
            ("too short to know", "too short to know"),
            ("http://me:p%40ss%2Fw%22rd%5C1@proxy", "http://me:[masked]@proxy"),
            (r#"{"password":"p@ss/w\"rd\\1"}"#, r#"{"password":"[masked]"}"#),
            ("canary-on is no secret and sk- is none", "canary-on is no secret and sk- is none"),
            ("sk-canary-one", "sk-[masked]"),
            ("Bearer canary-one", "Bearer [masked]"),
        ] {
            assert_eq!(masked(&mask, text), expected);
        }
        mask.know(["another-secret"]);
        assert_eq!(masked(&mask, "canary-one"), "canary-one", "a removed secret is forgotten");
    }

    #[test]
    fn many_secrets_are_all_known() {
        let secrets: Vec<String> = (0..500).map(|number| format!("{number:03}-canary")).collect();
        let mask = Mask::default();
        mask.know(secrets.iter().map(String::as_str));
        for secret in &secrets {
            assert_eq!(masked(&mask, &format!("key {secret} refused")), "key [masked] refused");
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_masked_without_being_known() {
        let mask = Mask::default();
        for (text, expected) in [
            ("Authorization: Bearer abcdefgh12", "Authorization: Bearer [masked]"),
            ("sk-ant-api03-0123456789abcdef, next", "sk-[masked], next"),
            ("\"AIzaSyA0123456789abcdefghijk\"", "\"AIza[masked]\""),
            ("sk-short and task-0123456789abcdef", "sk-short and task-0123456789abcdef"),
            ("Bearer x", "Bearer x"),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(masked(&mask, text), expected);
        }
    }

    #[test]
    fn a_writer_masks_what_passes_through_it() {
        let mask = Mask::default();
        mask.know(["canary-one"]);
        let mut written = Vec::new();
        Masked::new(mask, &mut written).write_all(b"error: canary-one refused\n").unwrap();
        assert_eq!(written, b"error: [masked] refused\n");
    }
}
