//! The response object, which stands in the events around an answer and is the whole answer itself.

use crate::errors::SoFar;
use crate::json::{Elements, Members, object};
use crate::observe::Counts;

/// A member of the response object that repeats the request.
pub(super) struct Repeated {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is where the request does not say it, as JSON.
    pub(super) unsaid: &'static str,
}

const fn repeated(name: &'static str, unsaid: &'static str) -> Repeated {
    Repeated { name, unsaid }
}

/// Every member that repeats the request. The public Open Responses schema wants all of them, and numbers rather than
/// nulls; the defaults are `OpenAI`'s.
pub(super) const UNSAID: [Repeated; 21] = [
    repeated("instructions", "null"),
    repeated("parallel_tool_calls", "true"),
    repeated("tool_choice", "\"auto\""),
    repeated("tools", "[]"),
    repeated("temperature", "1.0"),
    repeated("top_p", "1.0"),
    repeated("top_logprobs", "0"),
    repeated("presence_penalty", "0.0"),
    repeated("frequency_penalty", "0.0"),
    repeated("max_output_tokens", "null"),
    repeated("max_tool_calls", "null"),
    repeated("previous_response_id", "null"),
    repeated("reasoning", "null"),
    repeated("service_tier", "\"default\""),
    repeated("store", "false"),
    repeated("background", "false"),
    repeated("text", r#"{"format":{"type":"text"}}"#),
    repeated("truncation", "\"disabled\""),
    repeated("safety_identifier", "null"),
    repeated("prompt_cache_key", "null"),
    repeated("metadata", "{}"),
];

/// What a response object says of its answer, beside the output.
#[derive(Debug)]
pub(super) struct Response<'a> {
    /// Its id, `resp_…`.
    pub(super) id: &'a str,
    /// When it was begun, in Unix seconds.
    pub(super) created_s: u64,
    /// The upstream's own name of the model.
    pub(super) model: &'a str,
    /// How it stands.
    pub(super) status: Status<'a>,
    /// What it repeats of its request, as JSON without braces; nothing where the request is not known.
    pub(super) echo: &'a str,
    /// The tokens, as far as they are known.
    pub(super) counts: Counts,
}

/// How an answer stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Status<'a> {
    /// It goes on.
    InProgress,
    /// It ended as it should.
    Completed,
    /// It was cut, for this reason.
    Incomplete(&'static str),
    /// It failed.
    Failed {
        /// The error's code.
        code: &'a str,
        /// What happened.
        message: &'a str,
    },
}

impl Status<'_> {
    fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed { .. } => "failed",
        }
    }
}

impl Response<'_> {
    /// Writes the object; `fill` writes its items.
    pub(super) fn write(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Elements<'_>)) {
        object(out, |members| {
            members.str("id", self.id);
            members.str("object", "response");
            members.count("created_at", self.created_s);
            members.null("completed_at");
            members.str("status", self.status.word());
            self.write_ends(members);
            members.str("model", self.model);
            members.array("output", fill);
            members.value("usage", |out| usage(&self.counts, out));
            self.write_echo(members);
        });
    }

    fn write_ends(&self, members: &mut Members<'_>) {
        match self.status {
            Status::Failed { code, message } => members.object("error", |error| {
                error.str("code", code);
                error.str("message", message);
            }),
            Status::InProgress | Status::Completed | Status::Incomplete(_) => members.null("error"),
        }
        match self.status {
            Status::Incomplete(reason) => {
                members.object("incomplete_details", |details| details.str("reason", reason));
            }
            Status::InProgress | Status::Completed | Status::Failed { .. } => {
                members.null("incomplete_details");
            }
        }
    }

    fn write_echo(&self, members: &mut Members<'_>) {
        if self.echo.is_empty() {
            for repeated in &UNSAID {
                members.raw(repeated.name, repeated.unsaid);
            }
        } else {
            members.more(self.echo);
        }
    }
}

/// Writes the usage. The details are not optional, so what is unknown beside something known is zero.
fn usage(counts: &Counts, out: &mut Vec<u8>) {
    if counts.is_unknown() {
        out.extend_from_slice(b"null");
        return;
    }
    let input = counts.input_total().unwrap_or(0);
    let output = counts.output().unwrap_or(0);
    object(out, |usage| {
        usage.count("input_tokens", input);
        usage.object("input_tokens_details", |details| {
            details.count("cached_tokens", counts.cache_read().unwrap_or(0));
            details.count("cache_write_tokens", counts.cache_write().unwrap_or(0));
        });
        usage.count("output_tokens", output);
        usage.object("output_tokens_details", |details| {
            details.count("reasoning_tokens", counts.reasoning().unwrap_or(0));
        });
        usage.count("total_tokens", input.saturating_add(output));
    });
}

/// Writes the terminal event of an answer that failed. Codex ignores `error` events, and looks at the code.
pub(crate) fn failed(so_far: &SoFar<'_>, code: &str, message: &str) -> Vec<u8> {
    let response = Response {
        id: so_far.response_id.unwrap_or("resp_unknown"),
        created_s: so_far.created_s,
        model: so_far.model.unwrap_or_default(),
        status: Status::Failed { code, message },
        echo: "",
        counts: Counts::default(),
    };
    let mut out = Vec::new();
    event(&mut out, "response.failed", so_far.next_sequence, |members| {
        members.value("response", |out| response.write(out, |_none| {}));
    });
    out
}

/// Writes an event of the stream.
pub(super) fn event(
    out: &mut Vec<u8>,
    kind: &str,
    sequence_number: u64,
    fill: impl FnOnce(&mut Members<'_>),
) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    object(out, |members| {
        members.str("type", kind);
        members.count("sequence_number", sequence_number);
        fill(members);
    });
    out.extend_from_slice(b"\n\n");
}
