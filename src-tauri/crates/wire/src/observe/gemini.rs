//! Answers of Gemini.

use super::counts::gemini as counts;
use super::{Noted, Seen, WholeSeen, failure};
use crate::json::{Malformed, Object, Raw, is_key, pick};

/// The members of a part that are no content of their own.
const MARKS: [&str; 4] = ["thought", "thoughtSignature", "partMetadata", "videoMetadata"];

pub(super) fn event(noted: &mut Noted, data: &[u8]) -> Result<Seen, Malformed> {
    let [candidates, usage, model, error, feedback] =
        pick(data, ["candidates", "usageMetadata", "modelVersion", "error", "promptFeedback"])?;
    if error.is_some_and(Raw::is_filled)
        && let Some(failure) = failure::reported(data, false)?
    {
        return Ok(Seen::Failure(failure));
    }
    if noted.model.is_none() {
        noted.model = model.and_then(Raw::filled_str).map(Into::into);
    }
    noted.counts.note(usage, counts);
    let candidates = candidates.map(Raw::elements).unwrap_or_default();
    if candidates.is_empty() {
        return Ok(match block_reason(feedback) {
            Some(reason) => {
                noted.end(&reason);
                Seen::Terminal
            }
            None if usage.is_some() => Seen::UsageOnly,
            None => noted.quiet(),
        });
    }
    Ok(read_candidates(noted, &candidates))
}

fn read_candidates(noted: &mut Noted, candidates: &[Raw<'_>]) -> Seen {
    let (mut has_content, mut ends) = (false, false);
    for candidate in candidates {
        let [index, content, reason] = candidate.pick(["index", "content", "finishReason"]);
        let reason = reason.and_then(Raw::filled_str).filter(|reason| reason != "FINISH_REASON_UNSPECIFIED");
        noted.choice(index, reason.as_deref());
        ends |= reason.is_some();
        has_content |= content.is_some_and(is_content);
    }
    noted.seen(has_content, ends)
}

fn is_content(content: Raw<'_>) -> bool {
    let parts = content.pick(["parts"])[0].map(Raw::elements).unwrap_or_default();
    parts.into_iter().any(|part| {
        part.any_member(|key, value| {
            // A call without arguments may be empty, and is a call all the same.
            let is_there = value.is_filled() || value.is_object();
            is_there && !MARKS.iter().any(|mark| is_key(key, mark))
        })
    })
}

fn block_reason(feedback: Option<Raw<'_>>) -> Option<String> {
    feedback?.pick(["blockReason"])[0]?.filled_str().map(Into::into)
}

pub(super) fn whole(answer: &Object<'_>) -> Option<WholeSeen> {
    let mut noted = Noted::default();
    noted.counts.note(answer.get("usageMetadata"), counts);
    let candidates = answer.get("candidates").map(Raw::elements).unwrap_or_default();
    let seen = read_candidates(&mut noted, &candidates);
    if let Some(reason) = block_reason(answer.get("promptFeedback")) {
        noted.end(&reason);
    }
    (seen == Seen::Content || noted.finish_reason.is_some()).then(|| WholeSeen {
        counts: noted.counts,
        usage: noted.counts.usage(),
        model: answer.filled_str("modelVersion").map(Into::into),
        finish_reason: noted.finish_reason,
    })
}
