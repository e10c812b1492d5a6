//! Model names with wildcards.

use std::fmt;
use std::sync::Arc;

/// A model name in which `*` stands for any characters. Letters match in either case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    written: Arc<str>,
    /// The literal parts between the stars, in lower case; a single part is a literal name.
    parts: Box<[Box<str>]>,
}

impl Pattern {
    /// Reads a pattern; every text is one.
    pub fn new(text: &str) -> Self {
        let parts = text.to_lowercase().split('*').map(Box::from).collect();
        Self { written: text.into(), parts }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The pattern as it was written, shared.
    pub fn written(&self) -> &Arc<str> {
        &self.written
    }

    /// Tells whether it holds no star.
    pub fn is_literal(&self) -> bool {
        self.parts.len() == 1
    }

    /// How many bytes of a matching name it states, which decides between two patterns that match.
    pub fn literal_len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Tells whether `name` matches, in whatever case.
    pub fn matches(&self, name: &str) -> bool {
        self.matches_lower(&name.to_lowercase())
    }

    /// Tells whether a name that is already in lower case matches.
    pub(crate) fn matches_lower(&self, lower: &str) -> bool {
        let (first, rest) = self.parts.split_first().expect("splitting a text yields a part");
        let Some((last, middle)) = rest.split_last() else { return **first == *lower };
        let Some(after) = lower.strip_prefix(&**first) else { return false };
        let Some(mut between) = after.strip_suffix(&**last) else { return false };
        for part in middle {
            let Some(at) = between.find(&**part) else { return false };
            between = &between[at + part.len()..];
        }
        true
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_stands_for_any_characters_in_either_case() {
        for (pattern, name, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "GPT-4O", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("claude-*", "claude-", true),
            ("Claude-*", "claude-sonnet-5", true),
            ("claude-*", "my-claude-1", false),
            ("*", "", true),
            ("*-mini", "gpt-4o-mini", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*/glm-*", "zai-org/glm-5.1", true),
            ("", "", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} against {name}");
        }
    }
}
