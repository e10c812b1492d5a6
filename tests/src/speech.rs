//! How each protocol is asked and answers: one table, so that a fault is tested in all of them.

use wire::Protocol;

/// A protocol, with all that a test says and expects in it.
#[derive(Debug, Clone, Copy)]
pub struct Speech {
    /// The protocol.
    pub protocol: Protocol,
    /// The channel type that speaks it.
    pub channel_type: &'static str,
    /// Where a whole answer is asked for.
    pub target: &'static str,
    /// Where a stream is asked for.
    pub stream_target: &'static str,
    /// A whole answer of a healthy upstream.
    pub answer: &'static str,
    /// A stream of a healthy upstream.
    pub stream: &'static str,
    /// How many events of `stream` come before its first content.
    pub preamble: usize,
    /// What only a complete stream contains.
    pub terminal: &'static str,
    /// What tells a client of this protocol that a stream has failed.
    pub honest_end: &'static str,
    /// The answer's own word for an overload, as a stream's event.
    pub error_event: &'static str,
    /// A whole body that reports an overload.
    pub error_body: &'static str,
}

const GEMINI: Speech = Speech {
    protocol: Protocol::Gemini,
    channel_type: "gemini",
    target: "/v1beta/models/m:generateContent",
    stream_target: "/v1beta/models/m:streamGenerateContent?alt=sse",
    answer: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello from b."}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":4,"totalTokenCount":11},"modelVersion":"m"}"#,
    stream: include_str!("../fixtures/streams/L2.gemini.sse"),
    preamble: 0,
    terminal: "\"finishReason\"",
    honest_end: "{\"error\":",
    error_event: "data: {\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n",
    error_body: r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
};

/// All four.
pub const ALL: [Speech; 4] = [
    Speech {
        protocol: Protocol::Chat,
        channel_type: "openai",
        target: "/v1/chat/completions",
        stream_target: "/v1/chat/completions",
        answer: r#"{"id":"chatcmpl-1","object":"chat.completion","created":1763600000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello from b."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11}}"#,
        stream: include_str!("../fixtures/streams/L2.chat.sse"),
        preamble: 1,
        terminal: "[DONE]",
        honest_end: "data: {\"error\":",
        error_event: "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n",
        error_body: r#"{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}"#,
    },
    Speech {
        protocol: Protocol::Responses,
        channel_type: "openai",
        target: "/v1/responses",
        stream_target: "/v1/responses",
        answer: r#"{"id":"resp_1","object":"response","created_at":1763600000,"status":"completed","error":null,"model":"m","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello from b.","annotations":[]}]}],"usage":{"input_tokens":7,"output_tokens":4,"total_tokens":11}}"#,
        stream: include_str!("../fixtures/streams/L2.responses.sse"),
        preamble: 4,
        terminal: "event: response.incomplete",
        honest_end: "event: response.failed",
        error_event: "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"overloaded\"}}}\n\n",
        error_body: r#"{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}"#,
    },
    Speech {
        protocol: Protocol::Messages,
        channel_type: "claude",
        target: "/v1/messages",
        stream_target: "/v1/messages",
        answer: r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello from b."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":4}}"#,
        stream: include_str!("../fixtures/streams/L2.anthropic.sse"),
        preamble: 2,
        terminal: "event: message_stop",
        honest_end: "event: error\n",
        error_event: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"overloaded\"}}\n\n",
        error_body: r#"{"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}"#,
    },
    GEMINI,
];

impl Speech {
    /// A request's body for the model `m`.
    pub fn ask(&self, stream: bool) -> String {
        self.ask_model("m", stream)
    }

    /// A request's body; Gemini names the model in the path instead.
    pub fn ask_model(&self, model: &str, stream: bool) -> String {
        match self.protocol {
            Protocol::Chat => format!(
                r#"{{"model":"{model}","messages":[{{"role":"user","content":"hello"}}],"stream":{stream}{}}}"#,
                // Asked for by the client, so that the gateway neither adds the option nor takes the usage chunk away.
                if stream { r#","stream_options":{"include_usage":true}"# } else { "" }
            ),
            Protocol::Responses => format!(r#"{{"model":"{model}","input":"hello","stream":{stream}}}"#),
            Protocol::Messages => format!(
                r#"{{"model":"{model}","max_tokens":100,"messages":[{{"role":"user","content":"hello"}}],"stream":{stream}}}"#
            ),
            Protocol::Gemini => r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#.to_owned(),
        }
    }

    /// The request for a whole answer or a stream, without a key.
    pub fn request(&self, stream: bool) -> crate::http::Request {
        let target = if stream { self.stream_target } else { self.target };
        crate::http::Request::post(target, self.ask(stream))
    }

    /// The healthy stream, event by event, each with its blank line.
    pub fn events(&self) -> Vec<&'static str> {
        self.stream.split_inclusive("\n\n").collect()
    }

    /// The first `count` events of the healthy stream.
    pub fn first_events(&self, count: usize) -> String {
        self.events()[..count].concat()
    }

    /// The healthy stream without the events that say it is complete.
    pub fn without_terminal(&self) -> String {
        let open = |event: &&str| !self.ends(event);
        self.events().into_iter().filter(open).collect()
    }

    /// Tells whether an event says that the answer is complete, or follows one that does.
    fn ends(&self, event: &str) -> bool {
        match self.protocol {
            Protocol::Chat => !event.contains("\"finish_reason\":null"),
            Protocol::Responses => event.contains(self.terminal),
            Protocol::Messages => event.contains("message_delta") || event.contains("message_stop"),
            Protocol::Gemini => event.contains(self.terminal),
        }
    }

    /// The protocol's name in the configuration.
    pub fn name(&self) -> String {
        self.protocol.to_string()
    }
}
