//! What the editor that wrote a file put around its lines.

use super::EditError;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The byte order mark and the line ends of a file, kept for its next reader.
pub(super) struct Layout {
    byte_order_mark: bool,
    windows_lines: bool,
}

impl Layout {
    pub(super) fn of(text: &str) -> Self {
        let first_end = text.find('\n').unwrap_or_default();
        Self {
            byte_order_mark: text.starts_with(BYTE_ORDER_MARK),
            windows_lines: text[..first_end].ends_with('\r'),
        }
    }

    /// The text without its layout.
    pub(super) fn bare(&self, text: &str) -> String {
        let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        if self.windows_lines { bare.replace("\r\n", "\n") } else { bare.to_owned() }
    }

    /// A bare text in this layout.
    pub(super) fn dressed(&self, bare: &str) -> String {
        let mut dressed = if self.windows_lines { bare.replace('\n', "\r\n") } else { bare.to_owned() };
        if self.byte_order_mark {
            dressed.insert(0, BYTE_ORDER_MARK);
        }
        dressed
    }
}

/// Edits the bare lines of a text and gives the result the layout of the text.
pub(super) fn edited(
    text: &str,
    change: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<String, EditError> {
    let layout = Layout::of(text);
    change(&layout.bare(text)).map(|bare| layout.dressed(&bare))
}
