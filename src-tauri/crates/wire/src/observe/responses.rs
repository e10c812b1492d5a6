//! Answers of `OpenAI` Responses.

use super::counts::responses as counts;
use super::{Noted, Seen, StreamFailure, WholeSeen, failure};
use crate::json::{Malformed, Object, Raw, pick};

pub(super) fn event(noted: &mut Noted, name: Option<&[u8]>, data: &[u8]) -> Result<Seen, Malformed> {
    let kind = match name {
        Some(name) => String::from_utf8_lossy(name),
        None => pick(data, ["type"])?[0].and_then(Raw::str).unwrap_or_default(),
    };
    Ok(match kind.as_ref() {
        "response.created" | "response.in_progress" | "response.queued" => opening(noted, data)?,
        "response.completed" | "response.incomplete" => ending(noted, data)?,
        "response.failed" | "response.cancelled" => Seen::Failure(failed(data)?),
        "response.output_item.added" => item_added(noted, data)?,
        "response.content_part.added" | "response.reasoning_summary_part.added" => noted.quiet(),
        _ if is_part_of_answer(&kind) && noted.content => Seen::Content,
        _ if last_word(&kind) == "delta" => delta(noted, data)?,
        // Some upstreams report finished items and parts only.
        _ if is_part_of_answer(&kind) => Seen::Content,
        _ => match failure::reported(data, kind == "error")? {
            Some(failure) => Seen::Failure(failure),
            None => noted.quiet(),
        },
    })
}

fn is_part_of_answer(kind: &str) -> bool {
    matches!(last_word(kind), "delta" | "done" | "partial_image")
}

fn last_word(kind: &str) -> &str {
    kind.rsplit('.').next().unwrap_or_default()
}

fn opening(noted: &mut Noted, data: &[u8]) -> Result<Seen, Malformed> {
    if noted.model.is_none()
        && let Some(response) = pick(data, ["response"])?[0]
    {
        let [id, model] = response.pick(["id", "model"]);
        noted.response_id = id.and_then(Raw::filled_str).map(Into::into);
        noted.model = model.and_then(Raw::filled_str).map(Into::into);
    }
    Ok(noted.quiet())
}

/// Reads the terminal, which holds the whole answer once more. It is content itself if nothing came before.
fn ending(noted: &mut Noted, data: &[u8]) -> Result<Seen, Malformed> {
    opening(noted, data)?;
    let response = pick(data, ["response"])?[0];
    let [status, incomplete, usage, output] = response
        .map_or([None; 4], |response| response.pick(["status", "incomplete_details", "usage", "output"]));
    noted.counts.note(usage, counts);
    noted.end(&reason(status, incomplete).unwrap_or_else(|| "completed".to_owned()));
    let is_content = !noted.content && output.is_some_and(Raw::is_filled);
    Ok(if is_content { Seen::Content } else { Seen::Terminal })
}

fn reason(status: Option<Raw<'_>>, incomplete: Option<Raw<'_>>) -> Option<String> {
    let incomplete = incomplete.and_then(|details| details.pick(["reason"])[0]);
    incomplete.and_then(Raw::filled_str).or_else(|| status?.filled_str()).map(Into::into)
}

fn failed(data: &[u8]) -> Result<StreamFailure, Malformed> {
    let event = Object::read(data)?;
    let response = event.get("response").and_then(|response| Object::read(response.text()).ok());
    let stated = response.as_ref().and_then(failure::stated).or_else(|| failure::stated(&event));
    Ok(stated.unwrap_or_else(|| StreamFailure {
        message: "the upstream ended the response without a reason".to_owned(),
        raw: String::from_utf8_lossy(data).into_owned(),
        ..StreamFailure::default()
    }))
}

/// Messages and reasoning open empty; every other item is a call, and content as soon as it opens.
fn item_added(noted: &Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let kind = pick(data, ["item"])?[0].and_then(|item| item.pick(["type"])[0]?.str());
    let opens_empty = matches!(kind.as_deref(), None | Some("message" | "reasoning"));
    Ok(if opens_empty { noted.quiet() } else { Seen::Content })
}

fn delta(noted: &Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let [delta] = pick(data, ["delta"])?;
    Ok(if delta.is_some_and(Raw::is_filled) { Seen::Content } else { noted.quiet() })
}

pub(super) fn whole(answer: &Object<'_>) -> Option<WholeSeen> {
    let status = answer.filled_str("status");
    let output = answer.get("output").filter(|output| output.is_array());
    let answered = match status.as_deref() {
        // A background response answers later.
        Some("queued" | "in_progress") => true,
        Some("completed" | "incomplete") => output.is_some(),
        Some(_) => false,
        None => output.is_some_and(Raw::is_filled),
    };
    if !answered {
        return None;
    }
    let mut noted = Noted::default();
    noted.counts.note(answer.get("usage"), counts);
    Some(WholeSeen {
        counts: noted.counts,
        usage: noted.counts.usage(),
        model: answer.filled_str("model").map(Into::into),
        finish_reason: reason(answer.get("status"), answer.get("incomplete_details")),
    })
}
