//! Lists of models in the three shapes that clients read.

mod date;

use serde_json::{Value, json};

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
    /// `{data:[…],has_more,first_id,last_id}`; paged by `limit` (20, at most 1,000), `after_id`, `before_id`.
    Anthropic,
    /// `{models:[…],nextPageToken}`; paged by `pageSize` (50, at most 1,000), `pageToken`.
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

/// The longest page that Anthropic and Google serve.
const PAGE_MAX: usize = 1000;

impl Page {
    /// Reads a page from the decoded pairs of a query; what cannot be read counts as absent.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        shape: ListShape,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut page = Self::default();
        for (key, value) in pairs {
            let value = value.as_ref();
            match (shape, key.as_ref()) {
                (ListShape::Anthropic, "limit") | (ListShape::Gemini, "pageSize" | "page_size") => {
                    page.limit = value.parse().ok();
                }
                (ListShape::Anthropic, "after_id") | (ListShape::Gemini, "pageToken" | "page_token") => {
                    page.after = Some(value.to_owned()).filter(|value| !value.is_empty());
                }
                (ListShape::Anthropic, "before_id") => {
                    page.before = Some(value.to_owned()).filter(|value| !value.is_empty());
                }
                (ListShape::OpenAi | ListShape::Anthropic | ListShape::Gemini, _) => {}
            }
        }
        page
    }

    fn length(&self, default: usize) -> usize {
        self.limit.filter(|limit| *limit > 0).unwrap_or(default).min(PAGE_MAX)
    }
}

/// Returns a list of models. `created_s` (Unix seconds) stands in for the dates we do not know, and should never change.
pub fn list(shape: ListShape, models: &[ListedModel], page: &Page, created_s: u64) -> Vec<u8> {
    let list = match shape {
        ListShape::OpenAi => {
            let data: Vec<_> = models.iter().map(|model| openai(model, created_s)).collect();
            json!({"object": "list", "data": data})
        }
        ListShape::Anthropic => anthropic_list(models, page, created_s),
        ListShape::Gemini => gemini_list(models, page),
    };
    list.to_string().into_bytes()
}

/// Returns one model, in the shape of its list.
pub fn one(shape: ListShape, model: &ListedModel, created_s: u64) -> Vec<u8> {
    let model = match shape {
        ListShape::OpenAi => openai(model, created_s),
        ListShape::Anthropic => anthropic(model, created_s),
        ListShape::Gemini => gemini(model),
    };
    model.to_string().into_bytes()
}

fn openai(model: &ListedModel, created_s: u64) -> Value {
    json!({"id": model.id, "object": "model", "created": created_s, "owned_by": model.owned_by})
}

fn anthropic(model: &ListedModel, created_s: u64) -> Value {
    json!({
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": date::rfc3339(created_s),
        "lifecycle": "active",
    })
}

fn anthropic_list(models: &[ListedModel], page: &Page, created_s: u64) -> Value {
    let position = |id: &Option<String>| models.iter().position(|model| Some(&model.id) == id.as_ref());
    let length = page.length(20);
    let (start, end, has_more) = match (position(&page.after), position(&page.before)) {
        (None, Some(before)) => (before.saturating_sub(length), before, before > length),
        (after, _) => {
            let start = after.map_or(0, |after| after + 1);
            let end = models.len().min(start + length);
            (start, end, end < models.len())
        }
    };
    let shown = &models[start..end];
    json!({
        "data": shown.iter().map(|model| anthropic(model, created_s)).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": shown.first().map(|model| &model.id),
        "last_id": shown.last().map(|model| &model.id),
    })
}

fn gemini(model: &ListedModel) -> Value {
    json!({
        "name": format!("models/{}", model.id),
        "baseModelId": model.id,
        "version": "1",
        "displayName": model.id,
        "description": format!("served by {}", model.owned_by),
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    })
}

/// Returns a page of Gemini models; its token is the number of models before the next page.
fn gemini_list(models: &[ListedModel], page: &Page) -> Value {
    let start = page.after.as_ref().and_then(|token| token.parse().ok()).unwrap_or(0).min(models.len());
    let end = models.len().min(start + page.length(50));
    let mut list = json!({"models": models[start..end].iter().map(gemini).collect::<Vec<_>>()});
    if end < models.len() {
        list["nextPageToken"] = end.to_string().into();
    }
    list
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const CREATED_S: u64 = 1_767_225_600;

    fn models(count: usize) -> Vec<ListedModel> {
        (0..count)
            .map(|number| ListedModel { id: format!("m{number}"), owned_by: "work".to_owned() })
            .collect()
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    fn ids(list: &Value) -> Vec<String> {
        let (models, key) =
            if list["data"].is_array() { (&list["data"], "id") } else { (&list["models"], "name") };
        let ids = models.as_array().unwrap().iter();
        ids.map(|model| model[key].as_str().unwrap().trim_start_matches("models/").to_owned()).collect()
    }

    #[test]
    fn one_model_has_its_shape_s_members() {
        let model = ListedModel { id: "vendor/m".to_owned(), owned_by: "work".to_owned() };
        for (shape, expected) in [
            (
                ListShape::OpenAi,
                r#"{"id":"vendor/m","object":"model","created":1767225600,"owned_by":"work"}"#,
            ),
            (
                ListShape::Anthropic,
                r#"{"type":"model","id":"vendor/m","display_name":"vendor/m","created_at":"2026-01-01T00:00:00Z","lifecycle":"active"}"#,
            ),
        ] {
            assert_eq!(String::from_utf8(one(shape, &model, CREATED_S)).unwrap(), expected);
        }
        let gemini = parsed(&one(ListShape::Gemini, &model, CREATED_S));
        assert_eq!(
            (gemini["name"].as_str(), gemini["baseModelId"].as_str()),
            (Some("models/vendor/m"), Some("vendor/m"))
        );
    }

    #[test]
    fn an_openai_list_is_whole() {
        let list = parsed(&list(ListShape::OpenAi, &models(2000), &Page::default(), CREATED_S));
        assert_eq!((list["object"].as_str(), ids(&list).len()), (Some("list"), 2000));
    }

    #[test]
    fn an_anthropic_list_is_paged_both_ways() {
        for (pairs, expected, has_more) in [
            (vec![("limit", "2")], vec!["m0", "m1"], true),
            (vec![("limit", "2"), ("after_id", "m2")], vec!["m3", "m4"], false),
            (vec![("limit", "2"), ("before_id", "m4")], vec!["m2", "m3"], true),
            (vec![("limit", "9"), ("before_id", "m1")], vec!["m0"], false),
            (vec![("after_id", "m4")], vec![], false),
            (vec![("after_id", "unknown"), ("limit", "x")], vec!["m0", "m1", "m2", "m3", "m4"], false),
        ] {
            let page = Page::from_pairs(ListShape::Anthropic, pairs.iter().copied());
            let list = parsed(&list(ListShape::Anthropic, &models(5), &page, CREATED_S));
            assert_eq!(
                (ids(&list), list["has_more"].as_bool()),
                (expected.iter().map(ToString::to_string).collect(), Some(has_more)),
                "{pairs:?}"
            );
            assert_eq!(list["first_id"].as_str(), expected.first().copied());
            assert_eq!(list["last_id"].as_str(), expected.last().copied());
        }
    }

    #[test]
    fn walking_a_gemini_list_by_its_tokens_shows_every_model_once() {
        let (models, mut walked, mut token) = (models(7), Vec::new(), String::new());
        loop {
            let page =
                Page::from_pairs(ListShape::Gemini, [("pageSize", "3"), ("pageToken", token.as_str())]);
            let list = parsed(&list(ListShape::Gemini, &models, &page, CREATED_S));
            walked.extend(ids(&list));
            let Some(next) = list["nextPageToken"].as_str() else { break };
            token = next.to_owned();
        }
        assert_eq!(walked, models.iter().map(|model| model.id.clone()).collect::<Vec<_>>());
    }
}
