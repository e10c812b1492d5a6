//! What an upstream's refusal means: a pure table from status, code and words to a class.

mod signs;
mod words;

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use wire::observe::StreamFailure;
use wire::{Operation, Protocol};

use crate::failure::{Class, Failure, Phase};
use crate::now::Now;
use crate::retry_after::{asked_wait, in_words};
use signs::sign_of;
use words::Words;

/// Names what an upstream's status and (bounded) body mean for `operation`; `None` for a success. `headers` looks a
/// response header up by its lower-case name.
pub fn judge<'h>(
    protocol: Protocol,
    operation: Operation,
    status: u16,
    headers: &dyn Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: Now,
) -> Option<Failure> {
    if (200..300).contains(&status) {
        return None;
    }
    let words = Words::read(body);
    let class = class_of(protocol, operation, status, &words);
    let asked = asked_wait(headers, &words.body, now);
    Some(Failure {
        class,
        status: Some(status),
        retry_after: if class == Class::Quota { quota_reset(&words, now).or(asked) } else { asked },
        code: words.code().map(str::to_owned),
        message: if words.message.is_empty() { format!("HTTP {status}") } else { words.message },
        phase: Phase::P2,
        unreachable: false,
        blame: None,
        counting_only: is_of_counting_only(operation, class),
    })
}

/// Names what an error inside a stream means, by the same table. The phase is P3; whoever has sent content to the
/// client changes it to P4.
pub fn judge_stream_failure(protocol: Protocol, failure: &StreamFailure, now: Now) -> Failure {
    // Nothing else is streamed.
    judge_reply_failure(protocol, Operation::Generate, failure, now)
}

/// Names what an error means that came as the reply to `operation` under a success status, by the same table. The
/// phase is P3.
pub fn judge_reply_failure(
    protocol: Protocol,
    operation: Operation,
    failure: &StreamFailure,
    now: Now,
) -> Failure {
    let mut words = Words::read(failure.raw.as_bytes());
    words.add_code(failure.code.as_deref());
    if !failure.message.is_empty() {
        words.set_message(&failure.message);
    }
    // OpenRouter and Google put the status into the error's `code`.
    let coded =
        words.codes.iter().find_map(|code| code.parse().ok()).filter(|code| (300..600).contains(code));
    let status =
        failure.status.or(coded).or_else(|| words.codes.iter().find_map(|code| status_of_code(code)));
    let class = match status {
        Some(status) => class_of(protocol, operation, status, &words),
        None => sign_of(400, &words).unwrap_or(Class::ServerError),
    };
    let asked = asked_wait(&|_| None, &words.body, now).or_else(|| in_words(&words.message));
    Failure {
        class,
        status,
        retry_after: if class == Class::Quota { quota_reset(&words, now).or(asked) } else { asked },
        code: words.code().map(str::to_owned),
        message: words.message,
        phase: Phase::P3,
        unreachable: false,
        blame: None,
        counting_only: is_of_counting_only(operation, class),
    }
}

fn is_of_counting_only(operation: Operation, class: Class) -> bool {
    match operation {
        Operation::CountTokens => class == Class::RateLimit,
        // What has a model of its own does nothing else.
        Operation::Generate
        | Operation::Complete
        | Operation::Embed
        | Operation::BatchEmbed
        | Operation::Native(_) => false,
    }
}

fn class_of(protocol: Protocol, operation: Operation, status: u16, words: &Words) -> Class {
    match status {
        300..400 => Class::Malformed,
        _ => sign_of(status, words)
            .filter(|&class| class != Class::CallerFault || !may_be_kept_elsewhere(operation, status))
            .or_else(|| lacks(operation, status, words))
            .unwrap_or_else(|| class_of_status(protocol, status, words.is_html)),
    }
}

/// Whether another account may keep what this one does not: an id alone does not tell whose it is.
fn may_be_kept_elsewhere(operation: Operation, status: u16) -> bool {
    match operation {
        Operation::Native(_) => status == 404,
        Operation::Generate
        | Operation::Complete
        | Operation::CountTokens
        | Operation::Embed
        | Operation::BatchEmbed => false,
    }
}

/// What is missing where an upstream turns down an operation beside generation. Many offer no such operation, or not
/// for this model, which says nothing about chatting with the model: that is missing only where the words say so.
fn lacks(operation: Operation, status: u16, words: &Words) -> Option<Class> {
    match (operation, status) {
        (Operation::Generate, _) => None,
        (
            Operation::Complete
            | Operation::CountTokens
            | Operation::Embed
            | Operation::BatchEmbed
            | Operation::Native(_),
            403 | 404 | 405 | 410 | 501,
        ) => Some(model_missing(status, words).unwrap_or(Class::NotOffered)),
        (
            Operation::Complete
            | Operation::CountTokens
            | Operation::Embed
            | Operation::BatchEmbed
            | Operation::Native(_),
            _,
        ) => None,
    }
}

/// Whether the words name the model, and not what it is used for, as what is missing.
fn model_missing(status: u16, words: &Words) -> Option<Class> {
    let says_any = |texts: &[&str]| texts.iter().any(|text| words.says(text));
    // Gemini: "models/x is not found …, or is not supported for embedContent". A path names a page, not a model.
    let of_its_use = words.is_html || says_any(&["supported for", "/v1"]);
    if of_its_use || !words.says("model") {
        return None;
    }
    match status {
        403 if says_any(&["access to model", "access to the model", "access to this model"]) => {
            Some(Class::ModelAccess)
        }
        // Anthropic says no more than "model: x".
        404 | 410
            if says_any(&["not found", "not exist", "deprecated", "retired"]) || words.begins("model:") =>
        {
            Some(Class::ModelGone)
        }
        _ => None,
    }
}

/// What a status means where the body says nothing that is known.
fn class_of_status(protocol: Protocol, status: u16, is_html: bool) -> Class {
    match status {
        // A page instead of an error: a captive portal, or a web server that was spoken to wrongly.
        400 if is_html => Class::Malformed,
        // A firewall's page: it blocks where the request comes from.
        403 if is_html => Class::RegionBlocked,
        401 => Class::Credential,
        402 => Class::Quota,
        403 => Class::ModelAccess,
        // Without a word about a model the base URL may be wrong; another channel may serve all the same.
        404 | 405 | 410 => Class::ModelGone,
        429 => Class::RateLimit,
        503 | 529 => Class::Overloaded,
        408 | 425 | 500..600 => Class::ServerError,
        // Google's CANCELLED: it gave up, nobody else did.
        499 if protocol == Protocol::Gemini => Class::ServerError,
        400..500 => Class::CallerFault,
        _ => Class::Malformed,
    }
}

/// The status that an error inside a stream stands for, by its type.
fn status_of_code(code: &str) -> Option<u16> {
    let status = match code {
        "invalid_request_error" | "invalid_argument" | "failed_precondition" | "invalid_prompt" => 400,
        "authentication_error" | "unauthenticated" | "invalid_api_key" => 401,
        "billing_error" => 402,
        "permission_error" | "permission_denied" => 403,
        "not_found_error" | "not_found" | "model_not_found" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "resource_exhausted" | "insufficient_quota" => 429,
        "overloaded_error" => 529,
        "unavailable" => 503,
        "timeout_error" | "deadline_exceeded" => 504,
        "api_error" | "server_error" | "internal" => 500,
        _ => return None,
    };
    Some(status)
}

/// When a used-up quota returns, where its kind tells.
fn quota_reset(words: &Words, now: Now) -> Option<Duration> {
    let reset = if words.has_code("enforced_spend_limit_reached") {
        // Anthropic's spend limits begin anew with the month, UTC.
        utc_midnight(today(now).last_of_month().tomorrow().ok()?)?
    } else if words.names_daily_quota() {
        // Google's days end at midnight in California: 07:00 or 08:00 UTC. The later one is never too early.
        let hour = Duration::from_secs(8 * 3_600);
        let this_morning = utc_midnight(today(now))?.checked_add(hour).ok()?;
        if this_morning > now.wall { this_morning } else { this_morning.checked_add(24.hours()).ok()? }
    } else {
        return None;
    };
    Duration::try_from(reset.duration_since(now.wall)).ok()
}

fn today(now: Now) -> Date {
    now.wall.to_zoned(TimeZone::UTC).date()
}

fn utc_midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests;
