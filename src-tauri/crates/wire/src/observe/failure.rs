//! What an upstream says went wrong, in any of the shapes that vendors use.

use crate::json::{Malformed, Object, Raw, validate};

/// What an upstream said went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFailure {
    /// The HTTP status that the error stands for, where it tells.
    pub status: Option<u16>,
    /// The error's code, type or status word, whichever is there first.
    pub code: Option<String>,
    /// The upstream's own words.
    pub message: String,
    /// The JSON text that said so, at most 64 KiB of it: it may hold details that the message leaves out.
    pub raw: String,
}

/// How much of an error is kept.
const RAW_BYTES_MAX: usize = 64 << 10;

/// Finds what an error body says. `None` where the body is not JSON or says nothing.
pub fn error_body(body: &[u8]) -> Option<StreamFailure> {
    // Google's OpenAI-compatible endpoint wraps its errors in an array.
    let body = if body.trim_ascii_start().starts_with(b"[") { first_element(body)? } else { body };
    let body = Object::read(body).ok()?;
    stated(&body).or_else(|| implied(&body))
}

fn first_element(array: &[u8]) -> Option<&[u8]> {
    validate(array).ok()?;
    let elements = Raw::at(array.trim_ascii(), 0..array.trim_ascii().len()).elements();
    elements.first().map(|element| element.text())
}

/// Finds the error in a stream's event; `is_no_answer` allows for shapes that do not call themselves an error.
pub(super) fn reported(data: &[u8], is_no_answer: bool) -> Result<Option<StreamFailure>, Malformed> {
    let event = Object::read(data)?;
    Ok(stated(&event).or_else(|| if is_no_answer { implied(&event) } else { None }))
}

/// Finds the error in a body that calls itself one: `{error}`, `{type:"error"}`, `{object:"error"}`, `MiniMax`'s `base_resp`.
pub(super) fn stated(body: &Object<'_>) -> Option<StreamFailure> {
    if let Some(error) = body.get("error").filter(|error| error.is_filled()) {
        return Some(of_error(error, body));
    }
    let calls_itself_error =
        ["type", "object"].into_iter().any(|name| body.filled_str(name).is_some_and(|word| word == "error"));
    if calls_itself_error {
        return Some(of_object(body, body));
    }
    let [code, message] = body.get("base_resp")?.pick(["status_code", "status_msg"]);
    let code = code?.count().filter(|code| *code != 0)?;
    let message = message.and_then(Raw::str).unwrap_or_default().into_owned();
    Some(StreamFailure { status: http_status(code), code: Some(code.to_string()), message, raw: raw(body) })
}

/// Finds the error in a body that is no answer: a message in one of the usual places.
pub(super) fn implied(body: &Object<'_>) -> Option<StreamFailure> {
    let says_something =
        ["message", "detail", "msg"].into_iter().any(|name| body.get(name).is_some_and(Raw::is_filled));
    says_something.then(|| of_object(body, body))
}

fn of_error(error: Raw<'_>, body: &Object<'_>) -> StreamFailure {
    if let Some(message) = error.str() {
        let mut failure = of_object(body, body);
        failure.message = message.into_owned();
        return failure;
    }
    match Object::read(error.text()) {
        Ok(object) => of_object(&object, body),
        Err(_) => StreamFailure { message: text(error), raw: raw(body), ..StreamFailure::default() },
    }
}

fn of_object(error: &Object<'_>, body: &Object<'_>) -> StreamFailure {
    let message =
        ["message", "msg", "detail", "error"].into_iter().find_map(|name| error.get(name)).map(text);
    // A `type` of "error" is the envelope's, and says nothing.
    let words: Vec<String> = ["code", "type", "status"]
        .into_iter()
        .filter_map(|name| error.filled_str(name))
        .filter(|word| word != "error")
        .map(Into::into)
        .collect();
    let number = ["code", "status", "status_code", "http_code"]
        .into_iter()
        .filter_map(|name| error.get(name))
        .find_map(|value| value.count().or_else(|| value.str()?.parse().ok()));
    let status = number
        .and_then(http_status)
        .or_else(|| words.iter().find_map(|word| status_of(word)))
        .or_else(|| http_status(body.get("status")?.count()?));
    StreamFailure {
        status,
        code: words.into_iter().next().or_else(|| number.map(|number| number.to_string())),
        message: message.unwrap_or_else(|| raw(error)),
        raw: raw(body),
    }
}

fn text(value: Raw<'_>) -> String {
    value.str().map_or_else(|| shortened(value.text()), |text| shortened(text.as_bytes()))
}

fn raw(object: &Object<'_>) -> String {
    shortened(object.text())
}

fn shortened(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(RAW_BYTES_MAX)]).into_owned()
}

fn http_status(number: u64) -> Option<u16> {
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

/// Returns the HTTP status that an error's code, type or status word stands for, where vendors agree.
fn status_of(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_request_error"
        | "invalid_prompt"
        | "context_length_exceeded"
        | "INVALID_ARGUMENT"
        | "FAILED_PRECONDITION" => 400,
        "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => 401,
        "billing_error" => 402,
        "permission_error" | "PERMISSION_DENIED" => 403,
        "not_found_error" | "model_not_found" | "NOT_FOUND" => 404,
        "request_too_large" => 413,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "insufficient_quota"
        | "slow_down"
        | "RESOURCE_EXHAUSTED" => 429,
        "api_error" | "server_error" | "internal_error" | "internal_server_error" | "INTERNAL" => 500,
        "overloaded" | "UNAVAILABLE" => 503,
        "timeout_error" | "DEADLINE_EXCEEDED" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}
