#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::sse::{EVENT_BYTES_MAX, Scanner};

/// The name of a [`Seen`], without what a failure says.
fn word(seen: &Seen) -> &'static str {
    match seen {
        Seen::Preamble => "preamble",
        Seen::Content => "content",
        Seen::Terminal => "terminal",
        Seen::Done => "done",
        Seen::Failure(_) => "failure",
        Seen::UsageOnly => "usage",
        Seen::Unparsable => "unparsable",
        Seen::Other => "other",
    }
}

fn observed(protocol: Protocol, stream: &[u8]) -> (Vec<&'static str>, Observer) {
    let (mut words, mut observer) = (Vec::new(), Observer::new(protocol));
    let mut scanner = Scanner::new(EVENT_BYTES_MAX);
    scanner.push(stream, &mut |event| words.push(word(&observer.event(event.name, event.data)))).unwrap();
    (words, observer)
}

/// What the recorded long answer cost: 1,100 in, of which 900 were cached and, where the protocol says so, 100 written.
const LONG: Usage =
    Usage { input_uncached: 100, cache_read: 900, cache_write: 100, output: 60, reasoning: 20 };

#[test]
fn the_recorded_answers_are_read_in_every_protocol() {
    for (protocol, stream, content_at, reason, usage) in [
        (
            Protocol::Messages,
            &include_bytes!("../../../../../tests/fixtures/streams/L1.anthropic.sse")[..],
            3,
            "tool_use",
            LONG,
        ),
        (
            Protocol::Chat,
            include_bytes!("../../../../../tests/fixtures/streams/L1.chat.sse"),
            1,
            "tool_calls",
            LONG,
        ),
        (
            Protocol::Responses,
            include_bytes!("../../../../../tests/fixtures/streams/L1.responses.sse"),
            4,
            "completed",
            LONG,
        ),
        (
            Protocol::Gemini,
            include_bytes!("../../../../../tests/fixtures/streams/L1.gemini.sse"),
            0,
            "STOP",
            Usage { input_uncached: 200, cache_write: 0, ..LONG },
        ),
    ] {
        let (words, observer) = observed(protocol, stream);
        assert_eq!(
            words.iter().position(|word| *word == "content"),
            Some(content_at),
            "{protocol}: {words:?}"
        );
        assert!(words[..content_at].iter().all(|word| *word == "preamble"), "{protocol}: {words:?}");
        assert!(words.contains(&"terminal"), "{protocol}: {words:?}");
        assert!(observer.ended() && observer.model().is_some());
        assert_eq!(observer.finish_reason(), Some(reason));
        assert_eq!(observer.usage(), Some(usage), "{protocol}");
    }
}

#[test]
fn a_cut_stream_has_not_ended() {
    for (protocol, stream) in [
        (Protocol::Messages, include_str!("../../../../../tests/fixtures/streams/L2.anthropic.sse")),
        (Protocol::Chat, include_str!("../../../../../tests/fixtures/streams/L2.chat.sse")),
        (Protocol::Responses, include_str!("../../../../../tests/fixtures/streams/L2.responses.sse")),
        (Protocol::Gemini, include_str!("../../../../../tests/fixtures/streams/L2.gemini.sse")),
    ] {
        let stream = stream.replace("\r\n", "\n");
        let events: Vec<_> = stream.split_inclusive("\n\n").collect();
        let terminal = events
            .iter()
            .position(|event| {
                ["message_stop", "\"finish_reason\":\"", "response.incomplete\n", "finishReason"]
                    .iter()
                    .any(|terminal| event.contains(terminal))
            })
            .unwrap();
        let (_, observer) = observed(protocol, events[..terminal].concat().as_bytes());
        assert!(!observer.ended() && observer.has_content(), "{protocol}");
        let (_, observer) = observed(protocol, stream.as_bytes());
        assert!(observer.ended(), "{protocol}");
    }
}

#[test]
fn each_event_is_known_for_what_it_is() {
    let chat = |delta: &str| format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#);
    let gemini = |part: &str| format!(r#"{{"candidates":[{{"content":{{"parts":[{part}]}}}}]}}"#);
    for (protocol, data, expected) in [
        (Protocol::Chat, chat(r#"{"role":"assistant","content":""}"#), "preamble"),
        (Protocol::Chat, chat(r#"{"content":null,"tool_calls":[]}"#), "preamble"),
        (Protocol::Chat, chat(r#"{"content":"\"usage\":{\"error\":1}"}"#), "content"),
        (Protocol::Chat, chat(r#"{"content":[{"type":"thinking"}]}"#), "content"),
        (Protocol::Chat, chat(r#"{"tool_calls":[{"index":0}]}"#), "content"),
        (Protocol::Chat, chat(r#"{"reasoning_content":"hm"}"#), "content"),
        (Protocol::Chat, chat(r#"{"reasoning_details":[{}]}"#), "content"),
        (Protocol::Chat, chat(r#"{"refusal":"no"}"#), "content"),
        (Protocol::Chat, r#"{"choices":[{"delta":{},"finish_reason":""}]}"#.to_owned(), "preamble"),
        (Protocol::Chat, r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.to_owned(), "terminal"),
        (Protocol::Chat, r#"{"choices":[],"prompt_filter_results":[{}]}"#.to_owned(), "preamble"),
        (Protocol::Chat, r#"{"choices":[],"usage":null}"#.to_owned(), "preamble"),
        (Protocol::Chat, r#"{"choices":[],"usage":{"prompt_tokens":1}}"#.to_owned(), "usage"),
        (
            Protocol::Chat,
            r#"{"choices":[{"delta":{},"finish_reason":"network_error"}]}"#.to_owned(),
            "failure",
        ),
        (Protocol::Chat, r#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#.to_owned(), "content"),
        (Protocol::Chat, r#"{"choices":[{"del"#.to_owned(), "unparsable"),
        (Protocol::Chat, "[DONE]".to_owned(), "done"),
        (Protocol::Messages, r#"{"type":"ping"}"#.to_owned(), "preamble"),
        (
            Protocol::Messages,
            r#"{"type":"content_block_start","content_block":{"type":"text","text":""}}"#.to_owned(),
            "preamble",
        ),
        (
            Protocol::Messages,
            r#"{"type":"content_block_start","content_block":{"type":"tool_use","input":{}}}"#.to_owned(),
            "content",
        ),
        (
            Protocol::Messages,
            r#"{"type":"content_block_start","content_block":{"type":"redacted_thinking"}}"#.to_owned(),
            "content",
        ),
        (Protocol::Messages, r#"{"type":"content_block_delta","delta":{"text":""}}"#.to_owned(), "preamble"),
        (
            Protocol::Messages,
            r#"{"type":"content_block_delta","delta":{"thinking":"a"}}"#.to_owned(),
            "content",
        ),
        (
            Protocol::Messages,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#.to_owned(),
            "preamble",
        ),
        (Protocol::Messages, r#"{"type":"message_stop"}"#.to_owned(), "terminal"),
        (Protocol::Responses, r#"{"type":"codex.rate_limits"}"#.to_owned(), "preamble"),
        (
            Protocol::Responses,
            r#"{"type":"response.output_item.added","item":{"type":"message"}}"#.to_owned(),
            "preamble",
        ),
        (
            Protocol::Responses,
            r#"{"type":"response.output_item.added","item":{"type":"function_call"}}"#.to_owned(),
            "content",
        ),
        (Protocol::Responses, r#"{"type":"response.output_text.delta","delta":""}"#.to_owned(), "preamble"),
        (Protocol::Responses, r#"{"type":"response.refusal.delta","delta":"a"}"#.to_owned(), "content"),
        (Protocol::Responses, r#"{"type":"response.output_item.done","item":{}}"#.to_owned(), "content"),
        (
            Protocol::Responses,
            r#"{"type":"response.completed","response":{"output":[{"type":"message"}]}}"#.to_owned(),
            "content",
        ),
        (
            Protocol::Responses,
            r#"{"type":"response.completed","response":{"output":[]}}"#.to_owned(),
            "terminal",
        ),
        (Protocol::Gemini, gemini(r#"{"text":""}"#), "preamble"),
        (Protocol::Gemini, gemini(r#"{"text":"","thoughtSignature":"YQ=="}"#), "preamble"),
        (Protocol::Gemini, gemini(r#"{"text":"a","thought":true}"#), "content"),
        (Protocol::Gemini, gemini(r#"{"functionCall":{"name":"f"}}"#), "content"),
        (Protocol::Gemini, gemini(r#"{"executableCode":{}}"#), "content"),
        (Protocol::Gemini, r#"{"candidates":[{"finishReason":"STOP"}]}"#.to_owned(), "terminal"),
        (
            Protocol::Gemini,
            r#"{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#.to_owned(),
            "preamble",
        ),
        (Protocol::Gemini, r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#.to_owned(), "terminal"),
        (Protocol::Gemini, r#"{"usageMetadata":{"promptTokenCount":1}}"#.to_owned(), "usage"),
    ] {
        assert_eq!(
            word(&Observer::new(protocol).event(None, data.as_bytes())),
            expected,
            "{protocol} {data}"
        );
    }
}

#[test]
fn a_chunk_may_be_content_and_end_at_once() {
    for (protocol, data) in [
        (Protocol::Chat, r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#),
        (Protocol::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#),
    ] {
        let mut observer = Observer::new(protocol);
        assert_eq!(observer.event(None, data.as_bytes()), Seen::Content);
        assert!(observer.ended());
    }
}

#[test]
fn an_answer_ends_when_every_choice_seen_has_ended() {
    let chat = |index: &str, rest: &str| format!(r#"{{"choices":[{{{index}"delta":{{}}{rest}}}]}}"#);
    let says = |index: u32| chat(&format!("\"index\":{index},"), "");
    let stops = |index: u32| chat(&format!("\"index\":{index},"), r#","finish_reason":"stop""#);
    let gemini = |members: &str| format!(r#"{{"candidates":[{{{members}}}]}}"#);
    let done = || "[DONE]".to_owned();
    for (protocol, events, ends) in [
        (Protocol::Chat, vec![says(0), says(1), stops(0), stops(1)], vec![false, false, false, true]),
        (Protocol::Chat, vec![stops(0), says(1), stops(1)], vec![true, false, true]),
        (Protocol::Chat, vec![stops(0), says(0)], vec![true, true]),
        (Protocol::Chat, vec![stops(1)], vec![true]),
        (Protocol::Chat, vec![chat("", ""), stops(0)], vec![false, true]),
        (
            Protocol::Chat,
            vec![says(0), chat(r#""index":null,"#, r#","finish_reason":"stop""#)],
            vec![false, true],
        ),
        (Protocol::Chat, vec![says(127), stops(126), stops(127)], vec![false, false, true]),
        (Protocol::Chat, vec![says(4_000_000_000), stops(0), stops(500)], vec![false, false, true]),
        (
            Protocol::Chat,
            vec![
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{}}]}"#
                    .to_owned(),
                stops(1),
            ],
            vec![false, true],
        ),
        (Protocol::Chat, vec![says(0), done()], vec![false, false]),
        (
            Protocol::Chat,
            vec![says(0), says(1), stops(0), done(), says(2)],
            vec![false, false, false, true, true],
        ),
        (
            Protocol::Gemini,
            vec![
                gemini(r#""index":0"#),
                gemini(r#""index":1"#),
                gemini(r#""finishReason":"STOP""#),
                gemini(r#""index":1,"finishReason":"STOP""#),
            ],
            vec![false, false, false, true],
        ),
        (
            Protocol::Gemini,
            vec![gemini(r#""index":1"#), r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#.to_owned()],
            vec![false, true],
        ),
    ] {
        let mut observer = Observer::new(protocol);
        let mut so_far = Vec::new();
        for event in &events {
            let seen = observer.event(None, event.as_bytes());
            assert!(seen != Seen::Terminal || observer.ended(), "{event} is {seen:?}");
            so_far.push(observer.ended());
        }
        assert_eq!(so_far, ends, "{protocol}: {events:?}");
    }
}

#[test]
fn after_content_a_ping_is_not_content() {
    let mut observer = Observer::new(Protocol::Messages);
    observer.event(Some(b"content_block_delta"), br#"{"type":"content_block_delta","delta":{"text":"a"}}"#);
    assert_eq!(observer.event(Some(b"ping"), br#"{"type":"ping"}"#), Seen::Other);
    assert_eq!(observer.event(Some(b"content_block_delta"), b"{}"), Seen::Content);
}

#[test]
fn failures_are_told_in_every_shape() {
    for (protocol, name, data, status, code, message) in [
        (
            Protocol::Chat,
            None,
            r#"{"error":{"message":"busy","type":"rate_limit_error","code":429}}"#,
            Some(429),
            Some("rate_limit_error"),
            "busy",
        ),
        (Protocol::Chat, None, r#"{"error":"out of memory"}"#, None, None, "out of memory"),
        (Protocol::Chat, Some("error"), r#"{"message":"bad"}"#, None, None, "bad"),
        (
            Protocol::Chat,
            None,
            r#"{"object":"error","message":"bad","code":400}"#,
            Some(400),
            Some("400"),
            "bad",
        ),
        (Protocol::Chat, None, r#"{"code":"Throttling","message":"slow"}"#, None, Some("Throttling"), "slow"),
        (Protocol::Chat, None, r#"{"error":{"code":"1302","message":"slow"}}"#, None, Some("1302"), "slow"),
        (
            Protocol::Chat,
            None,
            r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"no balance"}}"#,
            None,
            Some("1008"),
            "no balance",
        ),
        (
            Protocol::Messages,
            Some("error"),
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            Some(529),
            Some("overloaded_error"),
            "Overloaded",
        ),
        (
            Protocol::Responses,
            Some("response.failed"),
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"oh"}}}"#,
            Some(500),
            Some("server_error"),
            "oh",
        ),
        (
            Protocol::Responses,
            Some("error"),
            r#"{"type":"error","code":"rate_limit_exceeded","message":"slow","sequence_number":1}"#,
            Some(429),
            Some("rate_limit_exceeded"),
            "slow",
        ),
        (
            Protocol::Gemini,
            None,
            r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#,
            Some(503),
            Some("UNAVAILABLE"),
            "busy",
        ),
    ] {
        let seen = Observer::new(protocol).event(name.map(str::as_bytes), data.as_bytes());
        let Seen::Failure(failure) = seen else { panic!("{data} is {seen:?}") };
        assert_eq!(
            (failure.status, failure.code.as_deref(), failure.message.as_str()),
            (status, code, message),
            "{data}"
        );
        assert!(data.contains(&failure.raw) && failure.raw.contains(message), "{}", failure.raw);
    }
}

#[test]
fn usage_is_one_record_whatever_the_vendor_calls_it() {
    let record = |input_uncached, cache_read, cache_write, output, reasoning| {
        Some(Usage { input_uncached, cache_read, cache_write, output, reasoning })
    };
    for (protocol, events, expected) in [
        (
            Protocol::Chat,
            vec![
                r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":4}}"#,
            ],
            record(6, 4, 0, 5, 0),
        ),
        (
            Protocol::Chat,
            vec![
                r#"{"choices":[{"delta":{},"usage":{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":4}}]}"#,
            ],
            record(6, 4, 0, 5, 0),
        ),
        (
            Protocol::Chat,
            vec![
                r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}}}"#,
            ],
            record(10, 0, 0, 8, 3),
        ),
        (
            Protocol::Chat,
            vec![
                r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":3}}}"#,
                r#"{"choices":[],"usage":null}"#,
            ],
            record(10, 0, 0, 5, 3),
        ),
        (
            Protocol::Messages,
            vec![
                r#"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":4,"output_tokens":1}}}"#,
                r#"{"type":"message_delta","usage":{"input_tokens":0,"output_tokens":7}}"#,
            ],
            record(10, 4, 0, 7, 0),
        ),
        (
            Protocol::Gemini,
            vec![
                r#"{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1}}"#,
                r#"{"usageMetadata":{"promptTokenCount":10,"toolUsePromptTokenCount":2,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":3}}"#,
            ],
            record(8, 4, 0, 8, 3),
        ),
        (Protocol::Chat, vec![r#"{"choices":[],"usage":{}}"#], None),
        (Protocol::Chat, vec![r#"{"choices":[],"usage":{"prompt_tokens":"?"}}"#], None),
    ] {
        let mut observer = Observer::new(protocol);
        for event in &events {
            observer.event(None, event.as_bytes());
        }
        assert_eq!(observer.usage(), expected, "{events:?}");
    }
}

#[test]
fn hostile_counts_stay_at_the_largest_number() {
    for count in ["18446744073709551615", "18446744073709551616", "1e400", "-1e400", "-1", "0.5"] {
        let nested = format!(
            r#"{{"cached_tokens":{count},"cache_write_tokens":{count},"reasoning_tokens":{count},"thinking_tokens":{count}}}"#
        );
        let usage = [
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "prompt_cache_hit_tokens",
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "cachedContentTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
        ]
        .map(|name| format!(r#""{name}":{count},"#))
        .concat();
        let usage = format!(
            r#"{{{usage}"prompt_tokens_details":{nested},"completion_tokens_details":{nested},"input_tokens_details":{nested},"output_tokens_details":{nested}}}"#
        );
        let expected = if count.starts_with("18") || count == "1e400" { u64::MAX } else { 0 };
        for (protocol, event) in [
            (Protocol::Chat, format!(r#"{{"choices":[{{"index":{count}}}],"usage":{usage}}}"#)),
            (
                Protocol::Responses,
                format!(r#"{{"type":"response.completed","response":{{"usage":{usage}}}}}"#),
            ),
            (Protocol::Messages, format!(r#"{{"type":"message_start","message":{{"usage":{usage}}}}}"#)),
            (Protocol::Gemini, format!(r#"{{"candidates":[{{"index":{count}}}],"usageMetadata":{usage}}}"#)),
        ] {
            let mut observer = Observer::new(protocol);
            observer.event(None, event.as_bytes());
            observer.event(None, event.as_bytes());
            let usage = observer.usage().unwrap();
            assert_eq!((usage.input(), usage.output), (expected, expected), "{protocol} {count}");
        }
        let error = format!(r#"{{"error":{{"code":{count},"status":{count},"message":"no"}}}}"#);
        assert_eq!(error_body(error.as_bytes()).unwrap().status, None, "{count}");
    }
    let most = Usage { input_uncached: u64::MAX, cache_read: u64::MAX, cache_write: u64::MAX, ..LONG };
    assert_eq!(most.input(), u64::MAX);
}

#[test]
fn a_whole_answer_is_accepted_if_it_says_anything() {
    use Operation::{BatchEmbed, CountTokens, Embed, Generate};
    for (protocol, operation, body, reason) in [
        (
            Protocol::Chat,
            Generate,
            r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#,
            Some("stop"),
        ),
        (
            Protocol::Chat,
            Generate,
            r#"{"choices":[{"message":{"content":""},"finish_reason":"length"}]}"#,
            Some("length"),
        ),
        (
            Protocol::Chat,
            Generate,
            r#"{"choices":[{"message":{"content":"a"},"finish_reason":null}],"error":null}"#,
            None,
        ),
        (
            Protocol::Chat,
            Generate,
            r#"{"choices":[{"index":0,"message":{},"finish_reason":"stop"},{"index":1,"message":{}}]}"#,
            Some("stop"),
        ),
        (Protocol::Messages, Generate, r#"{"content":[],"stop_reason":"end_turn"}"#, Some("end_turn")),
        (
            Protocol::Responses,
            Generate,
            r#"{"error":null,"status":"completed","output":[]}"#,
            Some("completed"),
        ),
        (Protocol::Responses, Generate, r#"{"status":"queued"}"#, Some("queued")),
        (
            Protocol::Responses,
            Generate,
            r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{}]}"#,
            Some("max_output_tokens"),
        ),
        (Protocol::Gemini, Generate, r#"{"candidates":[{"finishReason":"SAFETY"}]}"#, Some("SAFETY")),
        (Protocol::Gemini, Generate, r#"{"promptFeedback":{"blockReason":"OTHER"}}"#, Some("OTHER")),
        (Protocol::Messages, CountTokens, r#"{"input_tokens":0}"#, None),
        (Protocol::Gemini, CountTokens, r#"{"totalTokens":3}"#, None),
        (Protocol::Chat, Embed, r#"{"data":[{"embedding":[0.1]}]}"#, None),
        (Protocol::Gemini, Embed, r#"{"embedding":{"values":[0.1]}}"#, None),
        (Protocol::Gemini, BatchEmbed, r#"{"embeddings":[{"values":[0.1]}]}"#, None),
    ] {
        let seen = whole(protocol, operation, body.as_bytes());
        assert_eq!(seen.map(|seen| seen.finish_reason), Ok(reason.map(str::to_owned)), "{protocol} {body}");
    }
}

#[test]
fn a_success_that_is_no_answer_is_told() {
    for (protocol, operation, body, expected) in [
        (Protocol::Chat, Operation::Generate, "{}", "empty"),
        (Protocol::Chat, Operation::Generate, r#"{"choices":[]}"#, "empty"),
        (Protocol::Chat, Operation::Generate, r#"{"choices":null}"#, "empty"),
        (Protocol::Chat, Operation::Generate, r#"{"choices":[{"message":{"content":null}}]}"#, "empty"),
        (Protocol::Messages, Operation::Generate, r#"{"content":null,"stop_reason":"end_turn"}"#, "empty"),
        (Protocol::Messages, Operation::Generate, r#"{"content":[]}"#, "empty"),
        (Protocol::Responses, Operation::Generate, r#"{"id":"resp_1"}"#, "empty"),
        (Protocol::Gemini, Operation::Generate, r#"{"candidates":[]}"#, "empty"),
        (Protocol::Messages, Operation::CountTokens, "{}", "empty"),
        (Protocol::Chat, Operation::Embed, r#"{"data":[]}"#, "empty"),
        (Protocol::Chat, Operation::Generate, "[]", "empty"),
        (Protocol::Chat, Operation::Generate, r#"{"error":{"message":"bad"}}"#, "bad"),
        (Protocol::Chat, Operation::Generate, r#"[{"error":{"message":"bad"}}]"#, "bad"),
        (Protocol::Chat, Operation::Generate, r#"{"detail":"bad"}"#, "bad"),
        (Protocol::Messages, Operation::Generate, r#"{"type":"error","error":{"message":"bad"}}"#, "bad"),
        (Protocol::Responses, Operation::Generate, r#"{"status":"failed","error":{"message":"bad"}}"#, "bad"),
        (Protocol::Gemini, Operation::Generate, r#"{"error":{"code":400,"message":"bad"}}"#, "bad"),
        (Protocol::Chat, Operation::Generate, "", "not json"),
        (Protocol::Chat, Operation::Generate, "<html>", "not json"),
        (Protocol::Chat, Operation::Generate, r#"{"choices":[{"message":{"#, "not json"),
    ] {
        let fault = match whole(protocol, operation, body.as_bytes()) {
            Ok(seen) => panic!("{body} is {seen:?}"),
            Err(WholeFault::Empty) => "empty".to_owned(),
            Err(WholeFault::NotJson(_)) => "not json".to_owned(),
            Err(WholeFault::ErrorBody(failure)) => failure.message,
        };
        assert_eq!(fault, expected, "{protocol} {body}");
    }
}

#[test]
fn a_whole_answer_tells_its_usage_and_model() {
    let body = br#"{"model":"m","choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    let seen = whole(Protocol::Chat, Operation::Generate, body).unwrap();
    assert_eq!(seen.model.as_deref(), Some("m"));
    assert_eq!(seen.usage.map(|usage| (usage.input(), usage.output)), Some((3, 2)));
}
