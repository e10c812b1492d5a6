//! Asking an upstream that counts tokens for nothing, and saying what it said.

use crate::Protocol;
use crate::json::{Malformed, Raw, Tape, object, pick};

/// What `POST /v1/messages/count_tokens` takes of a request (docs: Anthropic, token counting).
const MESSAGES: &[&str] =
    &["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"];
/// What `POST /v1/responses/input_tokens` takes of a request (docs: `OpenAI`, counting tokens).
const RESPONSES: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "truncation",
];

/// Makes a request to count tokens out of one to generate, which an encoder has written; none in a protocol that counts
/// none.
pub fn request(protocol: Protocol, model: &str, generate: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut body = Vec::with_capacity(generate.len() + 64);
    match protocol {
        Protocol::Chat => return Ok(None),
        Protocol::Messages => keep(generate, MESSAGES, &mut body)?,
        Protocol::Responses => keep(generate, RESPONSES, &mut body)?,
        Protocol::Gemini => wrap(generate, model, &mut body)?,
    }
    Ok(Some(body))
}

/// Writes the members of these names.
fn keep(generate: &[u8], names: &[&str], body: &mut Vec<u8>) -> Result<(), Malformed> {
    let tape = Tape::read(generate)?;
    object(body, |members| {
        for (name, value) in tape.root().members() {
            if let Some(name) = names.iter().find(|known| name.is(known)) {
                members.raw(name, value.raw());
            }
        }
    });
    Ok(())
}

/// Puts all of a request into one that asks for its tokens: only so do instructions and tools count. It must name the
/// model by itself.
fn wrap(generate: &[u8], model: &str, body: &mut Vec<u8>) -> Result<(), Malformed> {
    let tape = Tape::read(generate)?;
    let model = if model.contains('/') { model.to_owned() } else { format!("models/{model}") };
    object(body, |members| {
        members.object("generateContentRequest", |request| {
            request.str("model", &model);
            for (name, value) in tape.root().members().filter(|(name, _)| !name.is("model")) {
                request.raw(&name.plain(), value.raw());
            }
        });
    });
    Ok(())
}

/// Reads a count: `input_tokens` of Messages and Responses, `totalTokens` of Gemini.
pub fn counted(body: &[u8]) -> Option<u64> {
    let [ours, gemini] = pick(body, ["input_tokens", "totalTokens"]).ok()?;
    ours.or(gemini).and_then(Raw::count)
}

/// Writes a count for a client.
pub fn answer(protocol: Protocol, tokens: u64) -> Vec<u8> {
    match protocol {
        Protocol::Messages => format!(r#"{{"input_tokens":{tokens}}}"#),
        // Chat has no such operation; its provider's other protocol has.
        Protocol::Chat | Protocol::Responses => {
            format!(r#"{{"object":"response.input_tokens","input_tokens":{tokens}}}"#)
        }
        Protocol::Gemini => format!(r#"{{"totalTokens":{tokens}}}"#),
    }
    .into_bytes()
}
