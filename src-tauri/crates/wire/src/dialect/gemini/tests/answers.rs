//! Answers, read and written.

use super::{addressee, shown};
use crate::calls::Names;
use crate::dialect;
use crate::frames::{Framing, Place};
use crate::json::Tape;
use crate::observe::{Counts, Observer};
use crate::reply::{Delta, Fold};
use crate::sse::{EVENT_BYTES_MAX, Scanner};
use crate::{Protocol, translate};

/// Reads the chunks of a stream.
fn heard(chunks: &[&str]) -> Vec<String> {
    let mut decoder = dialect::of(Protocol::Gemini).stream_decoder();
    let mut deltas = Vec::new();
    for chunk in chunks {
        let tape = Tape::read(chunk.as_bytes()).unwrap();
        decoder.event(None, tape.root(), &mut |delta| deltas.push(shown(&delta)));
    }
    decoder.finish(&mut |delta| deltas.push(shown(&delta)));
    deltas
}

/// A chunk with these parts.
fn chunk(parts: &str) -> String {
    format!(r#"{{"candidates":[{{"content":{{"role":"model","parts":[{parts}]}},"index":0}}]}}"#)
}

/// A chunk with these parts and a reason for the end.
fn last(parts: &str, reason: &str) -> String {
    format!(
        r#"{{"candidates":[{{"content":{{"role":"model","parts":[{parts}]}},"finishReason":"{reason}","index":0}}]}}"#
    )
}

/// Says what blocks an answer has, in short.
fn blocks(chunks: &[String]) -> Vec<String> {
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    let mut fold = Fold::default();
    let mut decoder = dialect::of(Protocol::Gemini).stream_decoder();
    for chunk in &chunks {
        decoder.event(None, Tape::read(chunk.as_bytes()).unwrap().root(), &mut |delta| fold.push(delta));
    }
    decoder.finish(&mut |delta| fold.push(delta));
    let reply = fold.finish();
    let said = reply.said.iter().map(|said| {
        let states: Vec<_> = said.states.iter().map(|state| state.note.plain()).collect();
        format!("{:?} {} {states:?}", said.opening, said.text.plain())
    });
    let end = match (&reply.stop, &reply.failure) {
        (Some(stop), None) => format!("{stop:?}"),
        (None, Some(failure)) => format!("failed {:?}", failure.code),
        other => panic!("{other:?}"),
    };
    said.chain([end]).collect()
}

#[test]
fn chunks_become_blocks() {
    let call = |name: &str| format!(r#"{{"functionCall":{{"name":"{name}","args":{{ "a": 1.0 }}}}}}"#);
    let head = |name: &str| {
        format!(
            r#"Call(CallHead {{ id: "", name: "{name}", namespace: None, free: false, state: None }}) {{"a":1.0}} []"#
        )
    };
    let text = r#"{"text":"a"}"#;
    for (what, chunks, expected) in [
        (
            "P085: a reason in every chunk",
            vec![last(text, "STOP"), last(r#"{"text":"b"}"#, "STOP")],
            vec!["Text ab []".to_owned(), "EndTurn".to_owned()],
        ),
        (
            "P086: a call, then the end without parts",
            vec![chunk(&call("f")), r#"{"candidates":[{"finishReason":"STOP","index":0}]}"#.to_owned()],
            vec![head("f"), "Calls".to_owned()],
        ),
        (
            "P087: calls in chunks of their own",
            vec![chunk(&call("f")), last(&call("g"), "STOP")],
            vec![head("f"), head("g"), "Calls".to_owned()],
        ),
        (
            "P058: a signature alone belongs to what came before it",
            vec![chunk(text), last(r#"{"text":"","thoughtSignature":"eA=="}"#, "STOP")],
            vec![r#"Text a ["eA=="]"#.to_owned(), "EndTurn".to_owned()],
        ),
        (
            "a signature that nothing comes before",
            vec![last(r#"{"text":"","thoughtSignature":"eA=="},{"text":"a"}"#, "STOP")],
            vec![r#"Thinking  ["eA=="]"#.to_owned(), "Text a []".to_owned(), "EndTurn".to_owned()],
        ),
        (
            "thoughts and texts in turns",
            vec![chunk(r#"{"text":"t","thought":true}"#), chunk(text), chunk(r#"{"text":"u","thought":true}"#), last("", "MAX_TOKENS")],
            vec!["Thinking t []".to_owned(), "Text a []".to_owned(), "Thinking u []".to_owned(), "OutputMax".to_owned()],
        ),
        (
            "P101: a malformed call",
            vec![r#"{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"f(","index":0}]}"#.to_owned()],
            vec![r#"failed Some("upstream_malformed_tool_call")"#.to_owned()],
        ),
        ("a refusal", vec![last(text, "SAFETY")], vec!["Text a []".to_owned(), r#"Refused(Some("SAFETY"))"#.to_owned()]),
        (
            "a refusal that is explained",
            vec![r#"{"candidates":[{"finishReason":"SAFETY","finishMessage":"I must not.","index":0}]}"#.to_owned()],
            vec!["Refusal I must not. []".to_owned(), r#"Refused(Some("SAFETY"))"#.to_owned()],
        ),
        (
            "a refused question",
            vec![r#"{"promptFeedback":{"blockReason":"JAILBREAK"}}"#.to_owned()],
            vec![r#"Refused(Some("JAILBREAK"))"#.to_owned()],
        ),
        ("an unknown reason", vec![last(text, "OTHER")], vec!["Text a []".to_owned(), "EndTurn".to_owned()]),
        (
            "another candidate",
            vec![r#"{"candidates":[{"content":{"parts":[{"text":"x"}]},"index":1}]}"#.to_owned(), last(text, "STOP")],
            vec!["Text a []".to_owned(), "EndTurn".to_owned()],
        ),
        (
            "an image, and what Google's own tools did",
            vec![last(r#"{"inlineData":{"mimeType":"image/heic","data":"-__-"}},{"executableCode":{"code":"1"}}"#, "STOP")],
            vec![r#"Image { mime: "image/heic", base64: "+//+" }  []"#.to_owned(), "EndTurn".to_owned()],
        ),
    ] {
        assert_eq!(blocks(&chunks), expected, "{what}");
        let nothing = ["{}", r#"{"candidates":[]}"#, r#"{"usageMetadata":{"promptTokenCount":1}}"#];
        let with_nothing: Vec<String> =
            nothing.into_iter().map(str::to_owned).chain(chunks).chain(["{}".to_owned()]).collect();
        assert_eq!(blocks(&with_nothing), expected, "{what}, with chunks that say nothing");
    }
}

#[test]
fn an_answer_is_told_in_the_order_in_which_it_comes() {
    let deltas = heard(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"modelVersion":"m"}"#,
        &last(r#"{"functionCall":{"id":"1","name":"f"}},{"functionCall":{"name":""}}"#, "STOP"),
    ]);
    assert_eq!(
        deltas,
        [
            r#"Start { model: Some("m") }"#,
            "Open(0, Text)",
            r#"Text(0, "a")"#,
            "Close(0)",
            r#"Open(1, Call(CallHead { id: "1", name: "f", namespace: None, free: false, state: None }))"#,
            r#"Arguments(1, "{}")"#,
            "Close(1)",
            "Finish(Calls)",
        ]
    );
}

#[test]
fn sources_are_told_once() {
    let grounded = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"web":{"uri":"https://b"}},{"maps":{}}]}}]}"#;
    let cites: Vec<_> =
        heard(&[grounded, grounded]).into_iter().filter(|delta| delta.starts_with("Cite")).collect();
    assert_eq!(
        cites,
        [
            r#"Cite(0, Citation { url: "https://a", title: Some("A"), span: None })"#,
            r#"Cite(0, Citation { url: "https://b", title: None, span: None })"#,
        ]
    );
}

const ANSWER: [&str; 3] = [
    r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Two \"","thought":true}]},"index":0}],"modelVersion":"m","responseId":"r1"}"#,
    r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"é","thought":true},{"text":"a"},{"functionCall":{"id":"1","name":"f","args":{"b":1.0,"a":[]}},"thoughtSignature":"+/8="},{"functionCall":{"id":"2","name":"g","args":{}}}]},"index":0}],"modelVersion":"m","responseId":"r1"}"#,
    r#"{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1100,"cachedContentTokenCount":900,"candidatesTokenCount":40,"thoughtsTokenCount":20,"totalTokenCount":1160},"modelVersion":"m","responseId":"r1"}"#,
];

/// Translates a stream from Gemini to Gemini.
fn streamed(chunks: &[&str], framing: Framing, thinking_hidden: bool) -> (Vec<u8>, Counts) {
    let mut observer = Observer::new(Protocol::Gemini);
    let to = addressee(framing, thinking_hidden);
    let mut translation = translate::Translation::new(Protocol::Gemini, Names::default(), &to);
    let mut out = Vec::new();
    for chunk in chunks {
        observer.event(None, chunk.as_bytes());
        translation.event(None, chunk.as_bytes(), observer.counts(), &mut out);
    }
    translation.finish(observer.counts(), &mut out);
    assert!(translation.ended() && translation.take_failure().is_none());
    (out, *observer.counts())
}

#[test]
fn every_chunk_has_a_candidate_with_a_part_and_the_last_the_usage() {
    let (stream, _) = streamed(&ANSWER, Framing::Sse, false);
    let text = String::from_utf8(stream).unwrap();
    let chunks: Vec<&str> = text.split_terminator("\r\n\r\n").collect();
    let chunk = |part: &str| {
        format!(
            r#"data: {{"candidates":[{{"content":{{"role":"model","parts":[{part}]}},"index":0}}],"modelVersion":"m","responseId":"r1"}}"#
        )
    };
    assert_eq!(
        chunks,
        [
            chunk(r#"{"text":"Two \"","thought":true}"#),
            chunk(r#"{"text":"é","thought":true}"#),
            chunk(r#"{"text":"a"}"#),
            chunk(
                r#"{"functionCall":{"id":"1","name":"f","args":{"b":1.0,"a":[]}},"thoughtSignature":"+/8="}"#
            ),
            chunk(r#"{"functionCall":{"id":"2","name":"g","args":{}}}"#),
            format!("data: {}", ANSWER[2]),
        ],
        "P083, P084, P088"
    );
    assert!(text.ends_with("\r\n\r\n") && text.matches('\n').count() == 2 * chunks.len());
}

#[test]
fn without_sse_a_stream_is_one_array() {
    let (stream, _) = streamed(&ANSWER, Framing::JsonArray, false);
    let (events, _) = streamed(&ANSWER, Framing::Sse, false);
    let mut elements = Vec::new();
    let mut scanner = Scanner::new(EVENT_BYTES_MAX);
    scanner
        .push(&events, &mut |event| elements.push(String::from_utf8(event.data.to_vec()).unwrap()))
        .unwrap();
    assert_eq!(String::from_utf8(stream).unwrap(), format!("[{}]", elements.join(",\n")));
}

#[test]
fn an_error_fits_behind_what_was_said() {
    for (framing, expected) in [
        (Framing::Sse, [Place::Start, Place::Between, Place::Between]),
        (Framing::JsonArray, [Place::Start, Place::Between, Place::Closed]),
    ] {
        let mut encoder = dialect::of(Protocol::Gemini).stream_encoder(&addressee(framing, false));
        let mut out = Vec::new();
        let mut places = vec![encoder.so_far().place];
        for deltas in [
            vec![Delta::Open(0, crate::reply::Opening::Text), Delta::Text(0, crate::json::Text::of("a"))],
            vec![Delta::Close(0), Delta::Finish(crate::reply::Stop::EndTurn)],
        ] {
            for delta in deltas {
                encoder.push(delta, &Counts::default(), &mut out);
            }
            places.push(encoder.so_far().place);
        }
        assert_eq!(places, expected);
    }
}

#[test]
fn a_whole_answer_says_what_a_stream_says() {
    for hidden in [false, true] {
        let (stream, counts) = streamed(&ANSWER, Framing::JsonArray, hidden);
        let whole: serde_json::Value = serde_json::from_slice(&stream).unwrap();
        let chunks: Vec<String> = whole.as_array().unwrap().iter().map(ToString::to_string).collect();
        let mut fold = Fold::default();
        let mut decoder = dialect::of(Protocol::Gemini).stream_decoder();
        for chunk in &chunks {
            decoder.event(None, Tape::read(chunk.as_bytes()).unwrap().root(), &mut |delta| fold.push(delta));
        }
        decoder.finish(&mut |delta| fold.push(delta));
        let reply = fold.finish();
        let answer =
            dialect::of(Protocol::Gemini).encode_reply(&reply, &counts, &addressee(Framing::Sse, hidden));
        let mut again = Fold::default();
        let tape = Tape::read(&answer).unwrap();
        dialect::of(Protocol::Gemini).decode_reply(tape.root(), &mut |delta| again.push(delta));
        assert_eq!(again.finish(), reply);
        assert_eq!(
            String::from_utf8_lossy(&answer).contains("Two"),
            !hidden,
            "thoughts are shown if asked for"
        );
        assert!(String::from_utf8_lossy(&answer).contains(r#""totalTokenCount":1160"#));
    }
}

/// Writes an answer that calls `f` with these arguments.
fn called(arguments: &str, stop: crate::reply::Stop<'static>) -> String {
    let mut encoder = dialect::of(Protocol::Gemini).stream_encoder(&addressee(Framing::Sse, false));
    let mut out = Vec::new();
    let call = crate::reply::CallHead {
        id: crate::json::Text::of("a b"),
        name: crate::json::Text::of("f"),
        namespace: None,
        free: false,
        state: None,
    };
    for delta in [
        Delta::Start { model: None },
        Delta::Open(0, crate::reply::Opening::Call(call)),
        Delta::Arguments(0, crate::json::Text::owned(&arguments[..arguments.len() / 2])),
        Delta::Arguments(0, crate::json::Text::owned(&arguments[arguments.len() / 2..])),
        Delta::Close(0),
        Delta::Finish(stop),
    ] {
        encoder.push(delta, &Counts::default(), &mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_call_is_written_when_its_arguments_are_complete() {
    use crate::reply::Stop;
    for (arguments, stop, call, reason) in [
        (r#"{"a":1}"#, Stop::Calls, Some(r#"{"a":1}"#), "STOP"),
        ("", Stop::Calls, Some("{}"), "STOP"),
        ("[1]", Stop::Calls, Some(r#"{"value":[1]}"#), "STOP"),
        (r#"{"a":"#, Stop::Calls, None, "MALFORMED_FUNCTION_CALL"),
        (r#"{"a":"#, Stop::OutputMax, None, "MAX_TOKENS"),
    ] {
        let text = called(arguments, stop);
        let written =
            call.map(|call| format!(r#"{{"functionCall":{{"id":"a b","name":"f","args":{call}}}}}"#));
        assert!(written.is_none_or(|written| text.contains(&written)), "{text}");
        assert_eq!(text.contains("functionCall\""), call.is_some(), "{text}");
        assert!(text.contains(&format!(r#""finishReason":"{reason}""#)), "{text}");
        assert!(!text.contains("usageMetadata"), "what is not known is not told");
    }
}

#[test]
fn every_signature_is_base64() {
    use crate::ask::{State, StateKind};
    use crate::json::Text;
    for (note, expected) in [
        ("+/8=", "+/8="),
        ("-_8=", "-_8="),
        ("-_8", "-_8="),
        ("slc1.o", "c2xjMS5v"),
        ("not base64!", "bm90IGJhc2U2NCE="),
    ] {
        let mut encoder = dialect::of(Protocol::Gemini).stream_encoder(&addressee(Framing::Sse, false));
        let mut out = Vec::new();
        let state = State::new(Protocol::Gemini, StateKind::Thought, Text::of(note));
        encoder.push(Delta::Open(0, crate::reply::Opening::Thinking), &Counts::default(), &mut out);
        encoder.push(Delta::State(0, state), &Counts::default(), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(&format!(r#"{{"text":"","thoughtSignature":"{expected}"}}"#)), "P163: {text}");
    }
    let foreign = State::new(Protocol::Messages, StateKind::Signature, Text::of("x"));
    let mut encoder = dialect::of(Protocol::Gemini).stream_encoder(&addressee(Framing::Sse, false));
    let mut out = Vec::new();
    encoder.push(Delta::Open(0, crate::reply::Opening::Thinking), &Counts::default(), &mut out);
    encoder.push(Delta::State(0, foreign), &Counts::default(), &mut out);
    assert_eq!(out, b"", "another provider's signature stays away");
}

#[test]
fn an_end_is_told_in_gemini_s_words() {
    use crate::json::Text;
    use crate::reply::Stop;
    for (stop, reason) in [
        (Stop::EndTurn, "STOP"),
        (Stop::StopSequence(Some(Text::of("x"))), "STOP"),
        (Stop::Calls, "STOP"),
        (Stop::Paused, "STOP"),
        (Stop::OutputMax, "MAX_TOKENS"),
        (Stop::ContextFull, "MAX_TOKENS"),
        (Stop::Refused(None), "SAFETY"),
        (Stop::Refused(Some(Text::of("RECITATION"))), "RECITATION"),
        (Stop::Refused(Some(Text::of("cyber"))), "SAFETY"),
    ] {
        let mut encoder = dialect::of(Protocol::Gemini).stream_encoder(&addressee(Framing::Sse, false));
        let mut out = Vec::new();
        encoder.push(Delta::Finish(stop), &Counts::default(), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                "data: {{\"candidates\":[{{\"content\":{{\"role\":\"model\",\"parts\":[{{\"text\":\"\"}}]}},\"finishReason\":\"{reason}\",\"index\":0}}],\"responseId\":\"r1\"}}\r\n\r\n"
            )
        );
    }
}
