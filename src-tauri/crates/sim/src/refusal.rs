//! Errors in each provider's own words.

use serde_json::{Value, json};

use crate::endpoint::Dialect;
use crate::frame::{Frame, Part};

/// The body of an error with this status.
pub(crate) fn body(dialect: Dialect, status: u16, message: &str) -> Value {
    match dialect {
        Dialect::Chat | Dialect::Responses => {
            let (kind, code) = openai_words(status);
            json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
        }
        Dialect::Messages => json!({
            "type": "error",
            "error": {"type": anthropic_type(status), "message": message},
            "request_id": "req_sim",
        }),
        Dialect::Gemini => {
            json!({"error": {"code": status, "message": message, "status": google_status(status)}})
        }
    }
}

/// The event that reports an overload inside a stream.
pub(crate) fn event(dialect: Dialect) -> Frame {
    let message = "simulated overload";
    match dialect {
        Dialect::Chat | Dialect::Gemini => Frame::new(Part::Ending, &body(dialect, 503, message)),
        Dialect::Messages => Frame::named(Part::Ending, "error", &body(dialect, 529, message)),
        Dialect::Responses => {
            let error = json!({"code": "server_error", "message": message});
            let response = json!({"id": "resp_sim", "object": "response", "status": "failed", "error": error,
                "output": []});
            let failed = json!({"type": "response.failed", "sequence_number": 0, "response": response});
            Frame::named(Part::Ending, "response.failed", &failed)
        }
    }
}

/// Says what a status means, for errors whose script gives no words.
pub(crate) fn message(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("simulated failure: {}", reason.unwrap_or("no such status"))
}

fn openai_words(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}
