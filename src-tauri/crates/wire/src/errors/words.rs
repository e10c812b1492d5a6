//! What each kind of error is called in each protocol.

use super::Kind;

/// Returns Anthropic's error type.
pub(super) const fn anthropic(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidRequest | Kind::ContextLength => "invalid_request_error",
        Kind::Authentication => "authentication_error",
        Kind::Permission => "permission_error",
        Kind::NotFound => "not_found_error",
        Kind::TooLarge => "request_too_large",
        Kind::RateLimit => "rate_limit_error",
        Kind::Overloaded => "overloaded_error",
        Kind::Timeout => "timeout_error",
        // Claude Code estimates tokens by itself when counting is answered 501 with this type.
        Kind::NotSupported => "not_supported",
        Kind::Unavailable | Kind::Upstream | Kind::Internal => "api_error",
    }
}

/// Returns `OpenAI`'s error type and code. A given code replaces the kind's own.
pub(super) fn openai(kind: Kind, code: Option<&str>) -> (&str, Option<&str>) {
    // OpenAI repeats this one code as the type.
    if code == Some("insufficient_quota") {
        return ("insufficient_quota", code);
    }
    let (kind, own_code) = match kind {
        Kind::InvalidRequest | Kind::TooLarge => ("invalid_request_error", None),
        Kind::Authentication => ("invalid_request_error", Some("invalid_api_key")),
        Kind::Permission => ("permission_error", None),
        Kind::NotFound => ("invalid_request_error", Some("model_not_found")),
        Kind::RateLimit => ("requests", Some("rate_limit_exceeded")),
        Kind::Overloaded => ("server_error", Some("overloaded")),
        Kind::Unavailable | Kind::Timeout | Kind::Internal => ("server_error", None),
        Kind::Upstream => ("server_error", Some("upstream_error")),
        Kind::NotSupported => ("invalid_request_error", Some("not_supported")),
        Kind::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
    };
    (kind, code.or(own_code))
}

/// Returns the code of a failed response, of those that `OpenAI` lists and Codex knows.
pub(super) fn response_code(kind: Kind, code: Option<&str>) -> &str {
    code.unwrap_or(match kind {
        Kind::RateLimit => "rate_limit_exceeded",
        Kind::ContextLength => "context_length_exceeded",
        Kind::InvalidRequest | Kind::TooLarge => "invalid_prompt",
        Kind::Authentication
        | Kind::Permission
        | Kind::NotFound
        | Kind::Overloaded
        | Kind::Unavailable
        | Kind::Timeout
        | Kind::Upstream
        | Kind::NotSupported
        | Kind::Internal => "server_error",
    })
}

/// Returns Google's status word.
pub(super) const fn gemini(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidRequest | Kind::TooLarge | Kind::ContextLength => "INVALID_ARGUMENT",
        Kind::Authentication => "UNAUTHENTICATED",
        Kind::Permission => "PERMISSION_DENIED",
        Kind::NotFound => "NOT_FOUND",
        Kind::RateLimit => "RESOURCE_EXHAUSTED",
        Kind::Overloaded | Kind::Unavailable => "UNAVAILABLE",
        Kind::Timeout => "DEADLINE_EXCEEDED",
        Kind::NotSupported => "UNIMPLEMENTED",
        Kind::Upstream | Kind::Internal => "INTERNAL",
    }
}
