//! What is said: each exchange's request and reply, preserialised and known to both ends.

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;
use wire::Protocol;

use crate::translated::{self, Expected};

/// The key that clients present to the gateway and, as a channel's own key, the gateway to the upstream.
pub(crate) const KEY: &str = "sk-bench-0123456789abcdef0123456789abcdef";

/// A 1 KB body, request and reply alike: the size of a short question and its answer.
const SMALL_BYTES: usize = 1024;
/// What a small request asks, over and over.
const QUESTION: &str = "Why is the sky blue at noon and red at dusk? ";
/// Content chunks of one streamed answer; role, finish, usage and `[DONE]` come on top.
const STREAM_CHUNKS: usize = 50;
/// The size that a coding agent's requests reach in a long session.
const AGENT_BYTES: usize = 400 * 1024;

/// One thing that is asked and answered over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exchange {
    /// 1 KB Chat request, 1 KB JSON reply.
    Whole,
    /// 1 KB Chat request, a stream of 50 content chunks, paced so that each travels alone.
    Stream,
    /// 400 KB Messages request as coding agents send them, a short streamed reply in one piece.
    Agent,
    /// 1 KB Messages request to a Chat upstream, 1 KB JSON reply.
    TranslatedWhole,
    /// 1 KB Messages request to a Chat upstream, a stream of 50 content chunks, paced.
    TranslatedStream,
    /// The request of [`Exchange::Agent`] to a Chat upstream, a short streamed reply in one piece.
    TranslatedAgent,
}

impl Exchange {
    /// Every exchange, in the order of the table.
    pub(crate) const ALL: [Self; 6] = [
        Self::Whole,
        Self::Stream,
        Self::Agent,
        Self::TranslatedWhole,
        Self::TranslatedStream,
        Self::TranslatedAgent,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Stream => "stream",
            Self::Agent => "agent",
            Self::TranslatedWhole => "translated-whole",
            Self::TranslatedStream => "translated-stream",
            Self::TranslatedAgent => "translated-agent",
        }
    }

    /// The protocol that the client speaks.
    pub(crate) fn asked_in(self) -> Protocol {
        match self {
            Self::Whole | Self::Stream => Protocol::Chat,
            Self::Agent | Self::TranslatedWhole | Self::TranslatedStream | Self::TranslatedAgent => {
                Protocol::Messages
            }
        }
    }

    /// The protocol that the upstream speaks.
    pub(crate) fn answered_in(self) -> Protocol {
        match self {
            Self::Whole
            | Self::Stream
            | Self::TranslatedWhole
            | Self::TranslatedStream
            | Self::TranslatedAgent => Protocol::Chat,
            Self::Agent => Protocol::Messages,
        }
    }

    /// Whether only a gateway that translates can serve it.
    pub(crate) fn is_translated(self) -> bool {
        self.asked_in() != self.answered_in()
    }

    /// Whether the reply is streamed.
    pub(crate) fn is_streamed(self) -> bool {
        match self {
            Self::Whole | Self::TranslatedWhole => false,
            Self::Stream | Self::Agent | Self::TranslatedStream | Self::TranslatedAgent => true,
        }
    }

    /// The path that the client posts it to.
    pub(crate) fn path(self) -> &'static str {
        path(self.asked_in())
    }

    /// The path that the upstream gets it on.
    pub(crate) fn upstream_path(self) -> &'static str {
        path(self.answered_in())
    }

    /// The model the upstream knows, which a request by exact name carries.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Whole
            | Self::Stream
            | Self::TranslatedWhole
            | Self::TranslatedStream
            | Self::TranslatedAgent => "bench-chat",
            Self::Agent => "bench-messages",
        }
    }

    /// The name that Sluice's configuration turns into [`Exchange::model`].
    pub(crate) fn alias(self) -> &'static str {
        match self {
            Self::Whole
            | Self::Stream
            | Self::TranslatedWhole
            | Self::TranslatedStream
            | Self::TranslatedAgent => "fast",
            Self::Agent => "coding-agent",
        }
    }

    /// The body that the client sends, asking for `model`.
    pub(crate) fn request(self, model: &str) -> Vec<u8> {
        let body = match self {
            Self::Whole => small_request(false),
            Self::Stream => small_request(true),
            Self::TranslatedWhole => small_messages_request(false),
            Self::TranslatedStream => small_messages_request(true),
            Self::Agent | Self::TranslatedAgent => agent_request(),
        };
        // Only the name differs between the two ways of asking, so that the rest weighs the same.
        body.replacen("MODEL", model, 1).into_bytes()
    }

    /// The only body that the upstream accepts: the client's own, or the same in the upstream's protocol.
    pub(crate) fn upstream_request(self) -> Result<Vec<u8>> {
        if self.is_translated() { translated::request(self) } else { Ok(self.request(self.model())) }
    }

    /// The request's protocol-specific header lines.
    pub(crate) fn request_headers(self) -> String {
        match self.asked_in() {
            Protocol::Chat | Protocol::Responses | Protocol::Gemini => {
                format!("authorization: Bearer {KEY}\r\n")
            }
            Protocol::Messages => format!(
                "x-api-key: {KEY}\r\nanthropic-version: 2023-06-01\r\n\
                 anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14\r\n"
            ),
        }
    }

    /// The reply's pieces: the upstream writes each on its own.
    pub(crate) fn reply(self) -> Vec<Vec<u8>> {
        match self {
            Self::Whole | Self::TranslatedWhole => vec![small_reply()],
            Self::Stream | Self::TranslatedStream => chat_stream(&[" scattered"; STREAM_CHUNKS]),
            Self::Agent => vec![messages_stream()],
            Self::TranslatedAgent => vec![chat_stream(&["Done."]).concat()],
        }
    }

    /// The body that the client must get: the reply's pieces in one, or the same in the client's protocol.
    pub(crate) fn expected(self) -> Result<Expected> {
        if self.is_translated() {
            translated::reply(self)
        } else {
            Ok(Expected::exactly(self.reply().concat()))
        }
    }

    /// The reply's media type.
    pub(crate) fn reply_type(self) -> &'static str {
        if self.is_streamed() { "text/event-stream" } else { "application/json" }
    }

    /// What one reply counts as when CPU time is divided: its events where each travels alone, else one.
    pub(crate) fn units(self) -> usize {
        match self {
            Self::Whole | Self::Agent | Self::TranslatedWhole | Self::TranslatedAgent => 1,
            Self::Stream | Self::TranslatedStream => self.reply().len(),
        }
    }
}

fn path(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat => "/v1/chat/completions",
        Protocol::Responses => "/v1/responses",
        Protocol::Messages => "/v1/messages",
        Protocol::Gemini => "/v1beta/models/bench-gemini:generateContent",
    }
}

fn small_request(stream: bool) -> String {
    let build = |padding: &str| {
        let mut body = json!({
            "model": "MODEL",
            "messages": [
                { "role": "system", "content": "You are a helpful assistant.\nAnswer in one short paragraph." },
                { "role": "user", "content": padding },
            ],
            "temperature": 0.7,
            "max_tokens": 512,
            "stream": stream,
        });
        if stream {
            body["stream_options"] = json!({ "include_usage": true });
        }
        body.to_string()
    };
    filled(SMALL_BYTES, QUESTION, build)
}

fn small_messages_request(stream: bool) -> String {
    let build = |padding: &str| {
        json!({
            "model": "MODEL",
            "max_tokens": 512,
            "system": "You are a helpful assistant.\nAnswer in one short paragraph.",
            "messages": [{ "role": "user", "content": padding }],
            "temperature": 0.7,
            "stream": stream,
        })
        .to_string()
    };
    filled(SMALL_BYTES, QUESTION, build)
}

fn small_reply() -> Vec<u8> {
    let build = |padding: &str| {
        json!({
            "id": "chatcmpl-bench0123456789",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "bench-chat",
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": padding, "refusal": null },
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": usage(),
            "system_fingerprint": "fp_bench",
        })
        .to_string()
    };
    filled(SMALL_BYTES, "Short waves are scattered more than long ones. ", build).into_bytes()
}

/// Builds with as much of the repeated `sentence` as makes the text `bytes` long.
fn filled(bytes: usize, sentence: &str, build: impl Fn(&str) -> String) -> String {
    let missing = bytes - build("").len();
    build(&sentence.repeat(missing / sentence.len() + 1)[..missing])
}

fn usage() -> serde_json::Value {
    json!({
        "prompt_tokens": 180,
        "completion_tokens": 50,
        "total_tokens": 230,
        "prompt_tokens_details": { "cached_tokens": 128, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0 },
    })
}

fn chat_stream(texts: &[&str]) -> Vec<Vec<u8>> {
    let chunk = |choices: serde_json::Value, usage: Option<serde_json::Value>| {
        let body = json!({
            "id": "chatcmpl-bench0123456789",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "bench-chat",
            "system_fingerprint": "fp_bench",
            "choices": choices,
            "usage": usage,
        });
        format!("data: {body}\n\n").into_bytes()
    };
    let choice = |delta: serde_json::Value, finish_reason: Option<&str>| json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }]);
    let role = chunk(choice(json!({ "role": "assistant", "content": "" }), None), None);
    let finish = chunk(choice(json!({}), Some("stop")), None);
    let count = chunk(json!([]), Some(usage()));
    let mut pieces = vec![role];
    pieces.extend(texts.iter().map(|text| chunk(choice(json!({ "content": text }), None), None)));
    pieces.extend([finish, count, b"data: [DONE]\n\n".to_vec()]);
    pieces
}

fn agent_request() -> String {
    let build = |tool_result: &str| {
        let turns = agent_turns(tool_result);
        // The member order is Claude Code's: model first, stream last.
        json!({
            "model": "MODEL",
            "messages": turns,
            "system": [
                { "type": "text", "text": "You are an agent.\n".repeat(200), "cache_control": { "type": "ephemeral" } },
            ],
            "tools": (0..20).map(agent_tool).collect::<Vec<_>>(),
            "metadata": { "user_id": "{\"device_id\":\"0001\",\"account_uuid\":\"\",\"session_id\":\"0001\"}" },
            "max_tokens": 32_000,
            "thinking": { "type": "adaptive" },
            "stream": true,
        })
        .to_string()
    };
    // Pads with plain ASCII, whose length in JSON is its own.
    let lines = SOURCE_LINES.repeat(AGENT_BYTES / AGENT_TURNS / (SOURCE_LINES.len() + 20));
    let missing = AGENT_BYTES - build(&lines).len();
    let padded = build(&lines).replacen("PADDING", &" ".repeat(missing + "PADDING".len()), 1);
    debug_assert_eq!(padded.len(), AGENT_BYTES);
    padded
}

/// Turns of the long session: each is one tool call and its result.
const AGENT_TURNS: usize = 24;

/// Source code as tools return it: an escape in every line, since scanning stops at each.
const SOURCE_LINES: &str = "    let name = \"value\";\n\tif name.is_empty() { return Err(Fault::Missing); }\n    // The next line holds no quote at all.\n";

fn agent_turns(tool_result: &str) -> Vec<serde_json::Value> {
    let mut turns =
        vec![json!({ "role": "user", "content": [{ "type": "text", "text": "Fix the build. PADDING" }] })];
    for turn in 0..AGENT_TURNS {
        let id = format!("toolu_{turn:024}");
        turns.push(json!({ "role": "assistant", "content": [
            { "type": "thinking", "thinking": "The file has to be read first.", "signature": "RVhBTVBMRQ==" },
            { "type": "tool_use", "id": id, "name": "Read", "input": { "file_path": "/home/user/src/main.rs" } },
        ]}));
        turns.push(json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": id, "content": tool_result },
        ]}));
    }
    turns
}

fn agent_tool(index: usize) -> serde_json::Value {
    json!({
        "name": format!("tool_{index}"),
        "description": "Reads a file of the project.\n\nUse it before any edit; paths are absolute. ".repeat(8),
        "input_schema": {
            "type": "object",
            "properties": {
                "file_path": { "type": "string", "description": "The absolute path of the file." },
                "limit": { "type": "integer", "description": "How many lines to read." },
            },
            "required": ["file_path"],
        },
    })
}

fn messages_stream() -> Vec<u8> {
    let events = [
        json!({ "type": "message_start", "message": {
            "id": "msg_bench", "type": "message", "role": "assistant", "model": "bench-messages", "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": 12, "cache_creation_input_tokens": 400, "cache_read_input_tokens": 98_000, "output_tokens": 1 },
        }}),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Done." } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null }, "usage": { "output_tokens": 4 } }),
        json!({ "type": "message_stop" }),
    ];
    let named = |event: &serde_json::Value| {
        let name = event["type"].as_str().expect("every event above has a type");
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.iter().map(named).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_sizes_that_the_table_names() {
        let length = |exchange: Exchange| {
            exchange.request(exchange.model()).len() - exchange.model().len() + "MODEL".len()
        };
        assert_eq!(length(Exchange::Whole), SMALL_BYTES);
        assert_eq!(length(Exchange::Stream), SMALL_BYTES);
        assert_eq!(length(Exchange::Agent), AGENT_BYTES);
        assert_eq!(length(Exchange::TranslatedWhole), SMALL_BYTES);
        assert_eq!(length(Exchange::TranslatedStream), SMALL_BYTES);
        assert_eq!(length(Exchange::TranslatedAgent), AGENT_BYTES);
        assert_eq!(Exchange::Whole.reply().concat().len(), SMALL_BYTES);
    }

    #[test]
    fn name_and_alias_differ_in_nothing_but_the_model() {
        for exchange in Exchange::ALL {
            let by_name = String::from_utf8_lossy(&exchange.request(exchange.model())).into_owned();
            let by_alias = String::from_utf8_lossy(&exchange.request(exchange.alias())).into_owned();
            assert_ne!(by_name, by_alias);
            assert_eq!(by_name, by_alias.replacen(exchange.alias(), exchange.model(), 1));
        }
    }

    #[test]
    fn requests_and_whole_replies_are_json() {
        for exchange in Exchange::ALL {
            let body = exchange.request(exchange.alias());
            let parsed: serde_json::Value = serde_json::from_slice(&body).expect("the request is JSON");
            assert_eq!(parsed["model"], exchange.alias());
        }
        serde_json::from_slice::<serde_json::Value>(&Exchange::Whole.reply().concat())
            .expect("the reply is JSON");
    }

    #[test]
    fn each_piece_of_the_stream_is_one_event() {
        for exchange in [Exchange::Stream, Exchange::TranslatedStream] {
            for piece in exchange.reply() {
                assert!(piece.starts_with(b"data: ") && piece.ends_with(b"\n\n"));
                assert_eq!(memchr::memmem::find_iter(&piece, b"\n\n").count(), 1);
            }
            assert_eq!(exchange.units(), STREAM_CHUNKS + 4);
        }
    }
}
