//! Answers of Anthropic Messages.

use super::counts::messages as counts;
use super::{Noted, Seen, WholeSeen, failure};
use crate::json::{Malformed, Object, Raw, pick};

pub(super) fn event(noted: &mut Noted, name: Option<&[u8]>, data: &[u8]) -> Result<Seen, Malformed> {
    let kind = match name {
        Some(name) => String::from_utf8_lossy(name),
        None => pick(data, ["type"])?[0].and_then(Raw::str).unwrap_or_default(),
    };
    Ok(match kind.as_ref() {
        "content_block_delta" if noted.content => Seen::Content,
        "content_block_delta" => delta(noted, data)?,
        "content_block_start" => block_start(noted, data)?,
        "content_block_stop" | "ping" => noted.quiet(),
        "message_start" => message_start(noted, data)?,
        "message_delta" => message_delta(noted, data)?,
        "message_stop" => {
            noted.over = true;
            Seen::Terminal
        }
        _ => match failure::reported(data, kind == "error")? {
            Some(failure) => Seen::Failure(failure),
            None => noted.quiet(),
        },
    })
}

fn delta(noted: &Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let [delta] = pick(data, ["delta"])?;
    let has_content = delta.is_some_and(|delta| {
        delta
            .pick(["text", "thinking", "partial_json", "signature", "citation", "content"])
            .into_iter()
            .flatten()
            .any(Raw::is_filled)
    });
    Ok(if has_content { Seen::Content } else { noted.quiet() })
}

/// Text and thinking open empty; every other block is content as soon as it opens.
fn block_start(noted: &Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let Some(block) = pick(data, ["content_block"])?[0] else { return Ok(noted.quiet()) };
    Ok(if is_content(block) { Seen::Content } else { noted.quiet() })
}

fn is_content(block: Raw<'_>) -> bool {
    let [kind, text, thinking, signature] = block.pick(["type", "text", "thinking", "signature"]);
    match kind.and_then(Raw::str).as_deref() {
        Some("text" | "thinking") => [text, thinking, signature].into_iter().flatten().any(Raw::is_filled),
        Some(_) => true,
        None => false,
    }
}

fn message_start(noted: &mut Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let Some(message) = pick(data, ["message"])?[0] else { return Ok(noted.quiet()) };
    let [model, usage] = message.pick(["model", "usage"]);
    noted.model = model.and_then(Raw::filled_str).map(Into::into);
    noted.counts.note(usage, counts);
    Ok(noted.quiet())
}

/// A stop reason does not end the answer yet: only `message_stop` does.
fn message_delta(noted: &mut Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let [delta, usage] = pick(data, ["delta", "usage"])?;
    noted.counts.note(usage, counts);
    if let Some(reason) = delta.and_then(|delta| delta.pick(["stop_reason"])[0]?.filled_str()) {
        noted.finish_reason = Some(reason.into());
    }
    Ok(noted.quiet())
}

pub(super) fn whole(answer: &Object<'_>) -> Option<WholeSeen> {
    let content = answer.get("content")?;
    let finish_reason = answer.filled_str("stop_reason").map(Into::into);
    if !content.is_filled() && (finish_reason.is_none() || content.is_null()) {
        return None;
    }
    let mut noted = Noted::default();
    noted.counts.note(answer.get("usage"), counts);
    let model = answer.filled_str("model").map(Into::into);
    Some(WholeSeen { counts: noted.counts, usage: noted.counts.usage(), model, finish_reason })
}
