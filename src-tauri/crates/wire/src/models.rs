//! Lists of models in the three shapes that clients read.

/// One model that clients may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModel {
    /// The name to ask for.
    pub id: String,
    /// Who serves it.
    pub owned_by: String,
}

/// The shapes of a model list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListShape {
    /// `{object:"list",data:[…]}`; never paged.
    OpenAi,
    /// `{data:[…],has_more,first_id,last_id}`; paged by `limit`, `after_id`, `before_id`.
    Anthropic,
    /// `{models:[…],nextPageToken}`; paged by `pageSize`, `pageToken`.
    Gemini,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The number of models wanted; the shape's own default where absent.
    pub limit: Option<usize>,
    /// The id, or for Gemini the token, behind which the page begins.
    pub after: Option<String>,
    /// The id before which the page ends.
    pub before: Option<String>,
}

impl Page {
    /// Reads a page from the decoded pairs of a query.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        _shape: ListShape,
        _pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::default()
    }
}

/// Returns a list of models. `created_s` (Unix seconds) stands in for the dates we do not know, and should never change.
pub fn list(_shape: ListShape, _models: &[ListedModel], _page: &Page, _created_s: u64) -> Vec<u8> {
    b"{}".to_vec()
}

/// Returns one model, in the shape of its list.
pub fn one(_shape: ListShape, _model: &ListedModel, _created_s: u64) -> Vec<u8> {
    b"{}".to_vec()
}
