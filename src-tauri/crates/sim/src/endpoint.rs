//! Which operation a path names, under any version prefix (`/v1`, `/v1beta`, `/anthropic/v1`, none).

/// An operation of one of the three providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Responses,
    Messages,
    CountTokens,
    InputTokens,
    Embeddings,
    Gemini { model: String, verb: Verb },
    Models,
    Model(String),
    Unknown,
}

/// What stands behind the colon of a Gemini path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Generate,
    Stream,
    Count,
    Embed,
    BatchEmbed,
}

/// Whose wire format a request and its errors use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    Responses,
    Messages,
    Gemini,
}

impl Endpoint {
    /// Reads the path; the query is not part of it.
    pub(crate) fn of(method: &http::Method, path: &str) -> Self {
        let path = path.trim_end_matches('/');
        if method == http::Method::GET {
            return Self::of_get(path);
        }
        if let Some((_, named)) = path.rsplit_once("models/") {
            return Self::of_gemini(named);
        }
        let ends = |tail: &str| path.ends_with(tail);
        match () {
            () if ends("/chat/completions") => Self::Chat,
            () if ends("/responses") => Self::Responses,
            () if ends("/messages/count_tokens") => Self::CountTokens,
            () if ends("/responses/input_tokens") => Self::InputTokens,
            () if ends("/messages") => Self::Messages,
            () if ends("/embeddings") => Self::Embeddings,
            () => Self::Unknown,
        }
    }

    fn of_get(path: &str) -> Self {
        if path.ends_with("/models") {
            return Self::Models;
        }
        match path.rsplit_once("/models/") {
            Some((_, name)) => Self::Model(name.to_owned()),
            None => Self::Unknown,
        }
    }

    fn of_gemini(named: &str) -> Self {
        let Some((model, verb)) = named.rsplit_once(':') else { return Self::Unknown };
        let verb = match verb {
            "generateContent" => Verb::Generate,
            "streamGenerateContent" => Verb::Stream,
            "countTokens" => Verb::Count,
            "embedContent" => Verb::Embed,
            "batchEmbedContents" => Verb::BatchEmbed,
            _ => return Self::Unknown,
        };
        Self::Gemini { model: model.to_owned(), verb }
    }

    /// Names the dialect whose error shape fits this operation.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Responses | Self::InputTokens => Dialect::Responses,
            Self::Messages | Self::CountTokens => Dialect::Messages,
            Self::Gemini { .. } => Dialect::Gemini,
            Self::Chat | Self::Embeddings | Self::Models | Self::Model(_) | Self::Unknown => Dialect::Chat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/v1/chat/completions", Endpoint::Chat)]
    #[case("/chat/completions", Endpoint::Chat)]
    #[case("/openai/v1/responses", Endpoint::Responses)]
    #[case("/anthropic/v1/messages", Endpoint::Messages)]
    #[case("/v1/messages/count_tokens", Endpoint::CountTokens)]
    #[case("/v1/responses/input_tokens", Endpoint::InputTokens)]
    #[case("/v1/embeddings", Endpoint::Embeddings)]
    #[case("/v1beta/models/g:generateContent", Endpoint::Gemini { model: "g".into(), verb: Verb::Generate })]
    #[case("/v1/models/a/b:countTokens", Endpoint::Gemini { model: "a/b".into(), verb: Verb::Count })]
    #[case("/v1/models/g:undress", Endpoint::Unknown)]
    #[case("/v1/files", Endpoint::Unknown)]
    fn a_post_path_names_its_operation_under_any_prefix(#[case] path: &str, #[case] expected: Endpoint) {
        assert_eq!(Endpoint::of(&http::Method::POST, path), expected);
    }

    #[test]
    fn a_get_path_names_a_list_or_one_model() {
        assert_eq!(Endpoint::of(&http::Method::GET, "/v1beta/models"), Endpoint::Models);
        assert_eq!(Endpoint::of(&http::Method::GET, "/v1/models/m"), Endpoint::Model("m".into()));
    }
}
