//! Answers of Chat Completions.

use super::counts::chat as counts;
use super::{Noted, Seen, StreamFailure, WholeSeen, failure};
use crate::json::{Malformed, Object, Raw, is_key, pick};

/// The members of a delta or message that are part of the answer, those of vendors included.
const CONTENT: [&str; 10] = [
    "content",
    "tool_calls",
    "function_call",
    "refusal",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "audio",
    "images",
];

/// The finish reasons by which vendors say that they gave up.
const GAVE_UP: [&str; 3] = ["error", "network_error", "insufficient_system_resource"];

pub(super) fn event(noted: &mut Noted, name: Option<&[u8]>, data: &[u8]) -> Result<Seen, Malformed> {
    let [choices, usage, error, model, kind, object, base] =
        pick(data, ["choices", "usage", "error", "model", "type", "object", "base_resp"])?;
    let is_error = |word: Option<Raw<'_>>| word.is_some_and(|word| word.text() == b"\"error\"");
    let states_error =
        error.is_some_and(Raw::is_filled) || is_error(kind) || is_error(object) || base.is_some();
    let is_no_answer = name == Some(b"error") || choices.is_none_or(Raw::is_null);
    if (states_error || is_no_answer)
        && let Some(failure) = failure::reported(data, is_no_answer)?
    {
        return Ok(Seen::Failure(failure));
    }
    if noted.model.is_none() {
        noted.model = model.and_then(Raw::filled_str).map(Into::into);
    }
    noted.counts.note(usage, counts);
    let choices = choices.map(Raw::elements).unwrap_or_default();
    if choices.is_empty() && usage.is_some_and(Raw::is_filled) {
        return Ok(Seen::UsageOnly);
    }
    Ok(read_choices(noted, choices))
}

fn read_choices(noted: &mut Noted, choices: Vec<Raw<'_>>) -> Seen {
    let (mut holds_content, mut ends) = (false, false);
    for choice in choices {
        let [index, delta, message, text, reason, usage] =
            choice.pick(["index", "delta", "message", "text", "finish_reason", "usage"]);
        noted.counts.note(usage, counts);
        let reason = reason.and_then(Raw::filled_str);
        if let Some(reason) = reason.as_deref().filter(|reason| GAVE_UP.contains(reason)) {
            return Seen::Failure(gave_up(reason, choice));
        }
        noted.choice(index, reason.as_deref());
        ends |= reason.is_some();
        holds_content |=
            [delta, message].into_iter().flatten().any(has_content) || text.is_some_and(Raw::is_filled);
    }
    noted.seen(holds_content, ends)
}

fn gave_up(reason: &str, choice: Raw<'_>) -> StreamFailure {
    StreamFailure {
        status: Some(503),
        code: Some(reason.to_owned()),
        message: format!("the upstream gave up with finish_reason {reason:?}"),
        raw: String::from_utf8_lossy(choice.text()).into_owned(),
    }
}

fn has_content(message: Raw<'_>) -> bool {
    message.any_member(|key, value| value.is_filled() && CONTENT.iter().any(|name| is_key(key, name)))
}

pub(super) fn whole(answer: &Object<'_>) -> Option<WholeSeen> {
    let mut noted = Noted::default();
    noted.counts.note(answer.get("usage"), counts);
    let answered = match read_choices(&mut noted, answer.get("choices")?.elements()) {
        Seen::Content => true,
        Seen::Failure(_) => false,
        Seen::Terminal | Seen::Preamble | Seen::Done | Seen::UsageOnly | Seen::Unparsable | Seen::Other => {
            noted.finish_reason.is_some()
        }
    };
    answered.then(|| WholeSeen {
        usage: noted.counts.usage(),
        model: answer.filled_str("model").map(Into::into),
        finish_reason: noted.finish_reason,
    })
}
