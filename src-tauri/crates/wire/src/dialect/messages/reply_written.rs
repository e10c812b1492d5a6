//! Writing a whole answer for a client, and what it has in common with a streamed one.

use crate::ask::Arguments;
use crate::calls::{IdRule, legal_id};
use crate::dialect::Addressee;
use crate::json::{Elements, Members, Text, object};
use crate::observe::Counts;
use crate::reply::{CallHead, Citation, Opening, Reply, Said, Stop};

/// About how many bytes of written text a token has; only for answers whose provider does not count.
const BYTES_PER_TOKEN: u64 = 4;

/// What an image that the model made is called: this protocol has no place for it in an answer.
pub(super) const IMAGE: &str = "[image]";

pub(super) fn whole(reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
    let said_bytes: u64 = reply.said.iter().map(|said| said.text.as_written().len() as u64).sum();
    let mut out =
        Vec::with_capacity(512 + reply.said.iter().map(|said| said.text.as_written().len()).sum::<usize>());
    object(&mut out, |message| {
        head(message, to, reply.model.as_ref());
        message.array("content", |content| {
            for (index, said) in (0..).zip(&reply.said) {
                block(content, said, index, to);
            }
        });
        let stop = reply.stop.as_ref().unwrap_or(&Stop::EndTurn);
        stopped(message, stop);
        message.object("usage", |usage| {
            usage.count("input_tokens", counts.input_fresh().unwrap_or(to.input_estimate));
            cached(usage, counts);
            output(usage, counts, said_bytes);
        });
    });
    out
}

/// Writes what a message begins with, whole or streamed.
pub(super) fn head(message: &mut Members<'_>, to: &Addressee, model: Option<&Text<'_>>) {
    // An id that began with `msg_` would make Claude Code go on from it at an upstream that has none such.
    message.str("id", &format!("sluice_msg_{}", to.id));
    message.str("type", "message");
    message.str("role", "assistant");
    message.text("model", &model.map(Text::borrowed).unwrap_or_default());
}

fn block(content: &mut Elements<'_>, said: &Said, index: u64, to: &Addressee) {
    match &said.opening {
        Opening::Text | Opening::Refusal => {
            if !said.text.is_empty() {
                content.object(|block| {
                    block.str("type", "text");
                    block.text("text", &said.text);
                    citations(block, &said.citations);
                });
            }
        }
        Opening::Thinking => {
            let note = said.states.first().map(|state| &state.note);
            if !to.wanted.thinking_hidden && !said.text.is_empty() {
                content.object(|block| {
                    block.str("type", "thinking");
                    block.text("thinking", &said.text);
                    block.text("signature", note.unwrap_or(&Text::default()));
                });
            } else if let Some(note) = note {
                content.object(|block| redacted(block, note));
            }
        }
        Opening::Call(call) => content.object(|block| {
            call_head(block, call, index, to);
            block.raw("input", &input(call, &said.text));
        }),
        Opening::Image { .. } => content.object(|block| {
            block.str("type", "text");
            block.str("text", IMAGE);
        }),
    }
}

/// Writes a thought that is withheld.
pub(super) fn redacted(block: &mut Members<'_>, note: &Text<'_>) {
    block.str("type", "redacted_thinking");
    block.text("data", note);
}

/// Writes who is called.
pub(super) fn call_head(block: &mut Members<'_>, call: &CallHead<'_>, index: u64, to: &Addressee) {
    block.str("type", "tool_use");
    if call.id.is_empty() {
        block.str("id", &format!("toolu_{}_{index}", to.id));
    } else {
        block.str("id", &legal_id(&call.id.plain(), IdRule::MESSAGES));
    }
    block.text("name", &call.name);
}

fn input(call: &CallHead<'_>, text: &Text<'_>) -> String {
    let text = text.borrowed();
    let arguments = if call.free { Arguments::Free(text) } else { Arguments::Written(text) };
    arguments.object().into_owned()
}

fn citations(block: &mut Members<'_>, citations: &[Citation<'_>]) {
    if !citations.is_empty() {
        block.array("citations", |list| {
            for citation in citations {
                list.object(|members| cited(members, citation));
            }
        });
    }
}

/// Writes a source, in the form of a search's.
pub(super) fn cited(members: &mut Members<'_>, citation: &Citation<'_>) {
    members.str("type", "web_search_result_location");
    members.text("url", &citation.url);
    members.text("title", &citation.title.as_ref().map(Text::borrowed).unwrap_or_default());
    members.str("cited_text", "");
    members.str("encrypted_index", "");
}

/// Writes why the answer ended.
pub(super) fn stopped(members: &mut Members<'_>, stop: &Stop<'_>) {
    members.str("stop_reason", reason(stop));
    match stop {
        Stop::StopSequence(Some(text)) => members.text("stop_sequence", text),
        Stop::EndTurn
        | Stop::StopSequence(None)
        | Stop::OutputMax
        | Stop::ContextFull
        | Stop::Calls
        | Stop::Refused(_)
        | Stop::Paused => members.null("stop_sequence"),
    }
    if let Stop::Refused(Some(word)) = stop {
        members.object("stop_details", |details| {
            details.str("type", "refusal");
            details.null("category");
            details.text("explanation", word);
        });
    }
}

const fn reason(stop: &Stop<'_>) -> &'static str {
    match stop {
        Stop::EndTurn | Stop::StopSequence(None) => "end_turn",
        Stop::StopSequence(Some(_)) => "stop_sequence",
        Stop::OutputMax => "max_tokens",
        Stop::ContextFull => "model_context_window_exceeded",
        Stop::Calls => "tool_use",
        Stop::Refused(_) => "refusal",
        Stop::Paused => "pause_turn",
    }
}

/// Writes what a cache gave and took, as far as it is known: an SDK would take a 0 for the truth.
pub(super) fn cached(usage: &mut Members<'_>, counts: &Counts) {
    usage.count_if("cache_creation_input_tokens", counts.cache_write());
    usage.count_if("cache_read_input_tokens", counts.cache_read());
}

/// Writes the tokens of the answer, which must be said: `said_bytes` of it were seen.
pub(super) fn output(usage: &mut Members<'_>, counts: &Counts, said_bytes: u64) {
    let estimate = said_bytes.div_ceil(BYTES_PER_TOKEN).max(1);
    usage.count("output_tokens", counts.output().unwrap_or(estimate));
    if let Some(reasoning) = counts.reasoning() {
        usage.object("output_tokens_details", |details| details.count("thinking_tokens", reasoning));
    }
}
