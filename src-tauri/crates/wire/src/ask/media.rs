//! Images, documents, sound and film.

use crate::json::Text;

/// An image, a document, sound or film.
#[derive(Debug, Clone)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where it comes from.
    pub source: Source<'a>,
    /// A file name or title.
    pub name: Option<Text<'a>>,
    /// How closely the model should look, in `OpenAI`'s words: `low`, `high`, `auto` or `original`.
    pub detail: Option<Text<'a>>,
}

/// The kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A PDF or a text file.
    Document,
    /// Sound.
    Audio,
    /// Film.
    Video,
}

/// Where media come from. Nothing is ever fetched on a client's behalf.
#[derive(Debug, Clone)]
pub enum Source<'a> {
    /// The bytes themselves, in base64 of the standard alphabet with padding; `mime` says what they are.
    Inline {
        /// The media type, such as `image/png`.
        mime: Text<'a>,
        /// The bytes.
        base64: Text<'a>,
    },
    /// An address that the provider may fetch.
    Url {
        /// The media type, where it is said.
        mime: Option<Text<'a>>,
        /// The address.
        url: Text<'a>,
    },
    /// A file that was uploaded to one provider's account before.
    File(Text<'a>),
    /// A plain text document.
    Text(Text<'a>),
}

impl<'a> Media<'a> {
    /// Reads `data:[mime][;parameter=value]*[;base64],payload`; `None` where this is no such address.
    ///
    /// Without `;base64` the payload is percent-encoded. The media type is corrected by the first bytes of the data where
    /// those are of a known kind, and becomes `text/plain` where there is none.
    pub fn of_data_url(_url: &Text<'a>) -> Option<Self> {
        None
    }

    /// Makes media of base64 in any alphabet, with or without padding and line ends.
    pub fn inline(kind: MediaKind, mime: Text<'a>, base64: &Text<'a>) -> Self {
        Self { kind, source: Source::Inline { mime, base64: base64.clone() }, name: None, detail: None }
    }

    /// Returns the address that holds inline data, as Chat and Responses want it.
    pub fn data_url(mime: &Text<'_>, base64: &Text<'_>) -> Text<'static> {
        let mut url = Text::owned("data:");
        url.push(mime);
        url.push_plain(";base64,");
        url.push(base64);
        url
    }
}
