//! Colour for people, and only on a terminal.

use std::fmt::Display;
use std::io::{IsTerminal, stderr, stdout};

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Coloured,
}

impl Paint {
    /// For standard output: a terminal whose user did not set `NO_COLOR`.
    pub(crate) fn for_stdout() -> Paint {
        Paint::on(stdout().is_terminal())
    }

    /// For standard error, by the same rule.
    pub(crate) fn for_stderr() -> Paint {
        Paint::on(stderr().is_terminal())
    }

    /// Whether it colours.
    pub(crate) fn colours(self) -> bool {
        self == Paint::Coloured
    }

    fn on(terminal: bool) -> Paint {
        // https://no-color.org: any value but the empty one turns colour off.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if terminal && !unwanted { Paint::Coloured } else { Paint::Plain }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn faint(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.wrap("31", text)
    }

    pub(crate) fn warn(self, text: impl Display) -> String {
        self.wrap("33", text)
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        match self {
            Paint::Plain => text.to_string(),
            Paint::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
