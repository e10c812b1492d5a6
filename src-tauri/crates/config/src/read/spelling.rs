//! How each format spells the keys.

use crate::parse::Format;

/// How a file spells its keys and counts its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Canonical names only: the native file.
    Native,
    /// The native file's version 0: `channels`, `api_key`, and `timeout` in seconds.
    NativeVersion0,
    /// Canonical names, camelCase and the names of other tools; `timeout` in milliseconds.
    Foreign,
    /// The same with `timeout` in seconds.
    ForeignSeconds,
}

impl Spelling {
    /// The spelling of a format.
    pub(crate) fn of(format: Format) -> Self {
        match format {
            Format::Toml => Spelling::Native,
            Format::Yaml | Format::Json => Spelling::Foreign,
            Format::Python => Spelling::ForeignSeconds,
        }
    }

    /// Tells whether the file is a native one, of whatever version.
    pub(crate) fn is_native(self) -> bool {
        match self {
            Spelling::Native | Spelling::NativeVersion0 => true,
            Spelling::Foreign | Spelling::ForeignSeconds => false,
        }
    }

    /// Tells whether `timeout` counts seconds.
    pub(crate) fn counts_seconds(self) -> bool {
        match self {
            Spelling::NativeVersion0 | Spelling::ForeignSeconds => true,
            Spelling::Native | Spelling::Foreign => false,
        }
    }

    /// Tells whether `written` is a spelling of the key `name`, which other tools call by one of `also`.
    pub(crate) fn means(self, written: &str, name: &str, also: &[&str]) -> bool {
        match self {
            Spelling::Native => written == name,
            Spelling::NativeVersion0 => written == name || written == in_version_0(name),
            Spelling::Foreign | Spelling::ForeignSeconds => {
                written == name || written == camel(name) || also.contains(&written)
            }
        }
    }

    /// The spelling that a hint should show.
    pub(crate) fn show(self, name: &str) -> String {
        match self {
            Spelling::Native | Spelling::ForeignSeconds => name.to_owned(),
            Spelling::NativeVersion0 => in_version_0(name).to_owned(),
            Spelling::Foreign => camel(name),
        }
    }
}

/// What version 0 called a key.
fn in_version_0(name: &str) -> &str {
    match name {
        "channel" => "channels",
        "key" => "api_key",
        "timeout_ms" => "timeout",
        same => same,
    }
}

/// `careful_start_ms` as `carefulStartMs`.
pub(crate) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut joined, word| {
        let mut letters = word.chars();
        joined.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
        joined
    })
}

/// `maxTokens` as `max_tokens`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::{camel, snake};

    #[test]
    fn keys_turn_into_camel_case_and_back() {
        for (one, other) in [("careful_start_ms", "carefulStartMs"), ("model", "model"), ("top_p", "topP")] {
            assert_eq!(camel(one), other);
            assert_eq!(snake(other), one);
        }
    }
}
