//! Text as it stands in JSON.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::strings::{needs_escape, read_escape};
use super::{quote, unescape_text};

/// Text as it stands between the quotes of a JSON string: still escaped.
///
/// Every protocol carries text in JSON strings, so what goes from one into another is copied as it was written, and only
/// who must look inside reads it. Concatenation of written texts is the written concatenation.
#[derive(Clone, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// Takes the inside of a well-formed JSON string.
    pub(crate) fn written(inside: &'a str) -> Self {
        Self(Cow::Borrowed(inside))
    }

    /// Takes the inside of a well-formed JSON string and keeps it.
    pub(crate) fn from_written(inside: String) -> Text<'static> {
        Text(Cow::Owned(inside))
    }

    /// Returns a part of the text by its place in what is written. It must cut no escape and no character.
    pub(crate) fn slice(&self, written: Range<usize>) -> Self {
        match &self.0 {
            Cow::Borrowed(inside) => Self(Cow::Borrowed(&inside[written])),
            Cow::Owned(inside) => Self(Cow::Owned(inside[written].to_owned())),
        }
    }

    /// Writes plain text.
    pub fn of(plain: &'a str) -> Self {
        if needs_escape(plain) { Self::owned(plain) } else { Self(Cow::Borrowed(plain)) }
    }

    /// Writes plain text and keeps it.
    pub fn owned(plain: &str) -> Text<'static> {
        let mut written = quote(plain);
        written.pop();
        written.remove(0);
        Text(Cow::Owned(written))
    }

    /// Returns the text as it is read. Lone surrogates become U+FFFD.
    pub fn plain(&self) -> Cow<'_, str> {
        unescape_text(&self.0)
    }

    /// Returns the text as it is written, without quotes.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Tells whether this is the plain text `word`.
    pub fn is(&self, word: &str) -> bool {
        // Every escape is longer than what it stands for.
        *self.0 == *word || (self.0.len() > word.len() && self.0.contains('\\') && self.plain() == word)
    }

    /// Tells whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        let mut rest = self.0.trim_start();
        while rest.starts_with('\\') {
            let (char, length) = read_escape(rest);
            if !char.is_whitespace() {
                return false;
            }
            rest = rest[length..].trim_start();
        }
        rest.is_empty()
    }

    /// Appends another text.
    pub fn push(&mut self, other: &Text<'_>) {
        if !other.is_empty() {
            self.0.to_mut().push_str(&other.0);
        }
    }

    /// Appends plain text.
    pub fn push_plain(&mut self, plain: &str) {
        self.push(&Text::of(plain));
    }

    /// Joins texts with plain text between them.
    pub fn joined<'t>(texts: impl IntoIterator<Item = &'t Text<'a>>, between: &str) -> Self
    where
        'a: 't,
    {
        let between = Text::of(between);
        let mut texts = texts.into_iter();
        let mut joined = texts.next().cloned().unwrap_or_default();
        for text in texts {
            joined.push(&between);
            joined.push(text);
        }
        joined
    }

    /// Borrows the text.
    pub fn borrowed(&self) -> Text<'_> {
        Text(Cow::Borrowed(&self.0))
    }

    /// Keeps the text.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.plain() == other.plain()
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0)
    }
}

impl From<String> for Text<'static> {
    fn from(plain: String) -> Self {
        match Text::of(&plain).0 {
            Cow::Borrowed(_) => Text(Cow::Owned(plain)),
            Cow::Owned(written) => Text(Cow::Owned(written)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_read_as_it_was_written(plain in any::<String>(), more in any::<String>()) {
            let mut text = Text::of(&plain);
            prop_assert_eq!(&*text.plain(), plain.as_str());
            prop_assert_eq!(text.is_blank(), plain.trim().is_empty());
            prop_assert!(text.is(&plain) && text == Text::from(plain.clone()));
            text.push_plain(&more);
            prop_assert_eq!(&*text.plain(), format!("{plain}{more}"));
        }
    }

    #[test]
    fn escapes_are_another_way_to_write_the_same() {
        assert_eq!(Text::written(r"\u0061\/"), Text::of("a/"));
        assert!(Text::written(r"\n\u0020").is_blank());
        assert_eq!(Text::joined([Text::of("a"), Text::of("b")].iter(), "\n").as_written(), r"a\nb");
    }
}
