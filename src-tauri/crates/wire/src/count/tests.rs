#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::{Operation, Protocol, Usage, head::PathModel, json::Text, translate};
use scan::Scan;

/// What the scan makes of a text, in tokens.
fn scanned(text: &str) -> f64 {
    let mut scan = Scan::default();
    scan.plain(text);
    f64::from(u32::try_from(scan.thousandths()).unwrap()) / 1000.0
}

macro_rules! sample {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../../tests/fixtures/counting/", $name, ".txt")))
    };
}

/// Texts, the tokens that o200k makes of them, and how far off the scan may be, in per cent.
const SAMPLES: [((&str, &str), f64, f64); 8] = [
    (sample!("markdown"), 1762.0, 9.0),
    (sample!("rust"), 1379.0, 10.0),
    (sample!("typescript"), 1538.0, 10.0),
    (sample!("python"), 1025.0, 8.0),
    (sample!("json"), 1363.0, 10.0),
    (sample!("chinese"), 1460.0, 15.0),
    (sample!("base64"), 4071.0, 12.0),
    (sample!("numbers"), 1920.0, 12.0),
];

#[test]
fn whole_files_come_out_as_near_as_the_fit_promises() {
    let off = |((name, text), tokens, bound): ((&'static str, &str), f64, f64)| {
        let off = (scanned(text) / tokens - 1.0) * 100.0;
        (off.abs() > bound).then(|| format!("{name}: {off:+.1} %, may be {bound} %"))
    };
    let off: Vec<String> = SAMPLES.into_iter().filter_map(off).collect();
    assert!(off.is_empty(), "{off:#?}");
}

#[test]
fn a_sentence_comes_out_within_a_token_and_a_half() {
    for (text, tokens) in [
        ("You are a scientist", 4.0),
        ("Hello, Claude", 3.0),
        ("Are there an infinite number of prime numbers such that n mod 4 == 3?", 18.0),
        ("Yes, there are infinitely many prime numbers p such that p mod 4 = 3...", 19.0),
        ("Can you write a formal proof?", 7.0),
        ("What's the weather like in San Francisco?", 8.0),
        ("Get the current weather in a given location", 8.0),
    ] {
        // These are single sentences; the table was fitted to pages.
        let bound = f64::max(1.5, tokens * 0.3);
        assert!((scanned(text) - tokens).abs() <= bound, "{text}: {} for {tokens}", scanned(text));
    }
}

#[test]
fn an_escape_counts_as_what_it_stands_for() {
    for (written, plain) in [
        (r#"say \"no\" \\ \/ now"#, "say \"no\" \\ / now"),
        (r"one\ntwo\n\n\tthree\r\n", "one\ntwo\n\n\tthree\r\n"),
        (r"caf\u00e9s \u0041BC \u4f60\u597d \ud83d\ude00", "caf\u{e9}s ABC \u{4f60}\u{597d} \u{1f600}"),
        (r"\u0041nd \b\f", "And \u{8}\u{c}"),
    ] {
        let mut scan = Scan::default();
        scan.written(&Text::written(written));
        let mut expected = Scan::default();
        expected.plain(plain);
        assert_eq!(scan.thousandths(), expected.thousandths(), "{written}");
    }
}

#[test]
fn every_kind_of_piece_weighs_what_the_fit_found() {
    for (text, thousandths) in [
        ("", 0),
        (" ", 0),
        ("  ", 713),
        ("a", 1195),
        ("hello", 858),
        ("Greeting", 975),
        ("scientifically", 1871),
        ("abcdefghijklmno", 4904),
        (&"x".repeat(400), 100_000),
        ("A", 1195),
        ("AB", 2073),
        ("ABc", 1195),
        ("getUserName", 1195 * 3),
        ("7", 1581),
        ("1234", 2 * 1581),
        ("\n\n", 1074),
        ("();", 564 + 2 * 148),
        ("a b", 2 * 1195),
        ("\u{4f60}\u{597d}", 2 * 578),
        ("\u{ac00}\u{3042}", 2 * 700),
        ("\u{43f}\u{3b1}", 2 * 270),
        ("\u{5d0}\u{e01}", 2 * 350),
        ("\u{1f600}", 2000),
        ("\u{3002}", 1500),
    ] {
        let mut scan = Scan::default();
        scan.plain(text);
        assert_eq!(scan.thousandths(), thousandths, "{text:?}");
    }
}

/// Counts a request of a protocol.
fn of(protocol: Protocol, body: &str, model: &str) -> Tally {
    let path = (protocol == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
    let head = Head::read(protocol, Operation::CountTokens, body.as_bytes(), path).unwrap();
    tally(&head, body.as_bytes(), model).unwrap()
}

/// What a client is told that asks for the first time.
fn told(protocol: Protocol, body: &str, model: &str) -> u64 {
    of(protocol, body, model).estimate(&Calibration::default(), |_| None)
}

#[test]
fn the_documented_examples_come_out_within_fifteen_per_cent() {
    let proof = r#"{"thinking":{"type":"enabled","budget_tokens":16000},"messages":[
        {"role":"user","content":"Are there an infinite number of prime numbers such that n mod 4 == 3?"},
        {"role":"assistant","content":[
            {"type":"thinking","thinking":"This is a nice number theory question. Let's think about it step by step...","signature":"EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouGrWdhYNsH3ukzUECbB6iWrSQtsQuRHJID6lWV"},
            {"type":"text","text":"Yes, there are infinitely many prime numbers p such that p mod 4 = 3..."}]},
        {"role":"user","content":"Can you write a formal proof?"}]}"#;
    let weather = r#"{"tools":[{"name":"get_weather","description":"Get the current weather in a given location","input_schema":{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"}},"required":["location"]}}],"messages":[{"role":"user","content":"What's the weather like in San Francisco?"}]}"#;
    for (model, body, documented) in [
        (
            "claude-sonnet-4-5",
            r#"{"system":"You are a scientist","messages":[{"role":"user","content":"Hello, Claude"}]}"#,
            14_u64,
        ),
        ("claude-sonnet-4-0", weather, 403),
        ("claude-sonnet-4-6", proof, 88),
    ] {
        let told = told(Protocol::Messages, body, model);
        let off = told.abs_diff(documented) * 100;
        assert!(off <= documented * 15, "{model}: {told} for {documented}");
    }
}

const HI: &str = r#"{"role":"user","content":"hi"}"#;

#[test]
fn calls_results_and_tools_count_though_nothing_else_is_said() {
    // P151
    let words = "lorem ipsum dolor ".repeat(40);
    let history = format!(
        r#"{{"role":"assistant","content":[{{"type":"tool_use","id":"t","name":"read_file","input":{{"path":"{words}"}}}}]}},
           {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[{{"type":"text","text":"{words}"}}]}}]}}"#
    );
    let tools = format!(
        r#","tools":[{{"name":"read_file","description":"{words}","input_schema":{{"type":"object"}}}}]"#
    );
    let bare = told(Protocol::Messages, &format!(r#"{{"messages":[{HI}]}}"#), "deepseek-chat");
    let with_history =
        told(Protocol::Messages, &format!(r#"{{"messages":[{HI},{history}]}}"#), "deepseek-chat");
    let with_tools = told(Protocol::Messages, &format!(r#"{{"messages":[{HI}]{tools}}}"#), "deepseek-chat");
    let with_both =
        told(Protocol::Messages, &format!(r#"{{"messages":[{history}]{tools}}}"#), "deepseek-chat");
    assert!(with_history > bare + 240, "{bare} {with_history}");
    assert!(with_tools > bare + 120, "{bare} {with_tools}");
    assert!(with_both > with_history + 100, "{with_history} {with_both}");
}

#[test]
fn a_request_weighs_alike_in_every_protocol() {
    let words = "lorem ipsum dolor sit amet ".repeat(100);
    let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}}}"#;
    let counts = [
        (
            Protocol::Messages,
            format!(
                r#"{{"system":"{words}","messages":[{{"role":"user","content":[{{"type":"text","text":"{words}"}},{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{png}"}}}}]}}],"tools":[{{"name":"weather","description":"{words}","input_schema":{schema}}}]}}"#
            ),
        ),
        (
            Protocol::Chat,
            format!(
                r#"{{"messages":[{{"role":"system","content":"{words}"}},{{"role":"user","content":[{{"type":"text","text":"{words}"}},{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{png}"}}}}]}}],"tools":[{{"type":"function","function":{{"name":"weather","description":"{words}","parameters":{schema}}}}}]}}"#
            ),
        ),
        (
            Protocol::Responses,
            format!(
                r#"{{"instructions":"{words}","input":[{{"role":"user","content":[{{"type":"input_text","text":"{words}"}},{{"type":"input_image","image_url":"data:image/png;base64,{png}"}}]}}],"tools":[{{"type":"function","name":"weather","description":"{words}","parameters":{schema}}}]}}"#
            ),
        ),
        (
            Protocol::Gemini,
            format!(
                r#"{{"generateContentRequest":{{"model":"models/m","systemInstruction":{{"parts":[{{"text":"{words}"}}]}},"contents":[{{"role":"user","parts":[{{"text":"{words}"}},{{"inlineData":{{"mimeType":"image/png","data":"{png}"}}}}]}}],"tools":[{{"functionDeclarations":[{{"name":"weather","description":"{words}","parametersJsonSchema":{schema}}}]}}]}}}}"#
            ),
        ),
    ]
    .map(|(protocol, body)| told(protocol, &body, "gpt-4o"));
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    assert!(counts[0] > 1500 && counts[0] < 2500, "{counts:?}");
}

#[test]
fn claude_is_told_of_its_tools_and_of_those_that_are_its_own() {
    let with =
        |rest: &str| told(Protocol::Messages, &format!(r#"{{"messages":[{HI}]{rest}}}"#), "claude-opus-5");
    let bare = with("");
    let own = r#","tools":[{"type":"bash_20250124","name":"bash"}]"#;
    let forced = r#","tool_choice":{"type":"any"}"#;
    assert_eq!(with(own), told_plus(bare, 286 + 325));
    assert_eq!(with(&format!("{own}{forced}")), told_plus(bare, 406 + 325));
    assert!(with(r#","tools":[{"type":"computer_toolset_20260801","name":"c"}]"#) > bare + 4500);
}

/// What is told for so many tokens more than this was told for.
fn told_plus(told: u64, more: u64) -> u64 {
    let before = (1..=told).rev().find(|tokens| Calibration::default().correct(*tokens) == told).unwrap();
    Calibration::default().correct(before + more)
}

#[test]
fn thinking_counts_while_its_turn_lasts() {
    let thought = "lorem ipsum dolor ".repeat(40);
    let turn = |last: &str| {
        let body = format!(
            r#"{{"messages":[{HI},{{"role":"assistant","content":[{{"type":"thinking","thinking":"{thought}","signature":"s"}},{{"type":"tool_use","id":"t","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":"ok"}}{last}]}}]}}"#
        );
        told(Protocol::Messages, &body, "claude-sonnet-4-5")
    };
    assert!(turn("") > turn(r#",{"type":"text","text":"and now?"}"#) + 100);
}

#[test]
fn what_only_the_clients_protocol_can_say_is_counted_roughly() {
    let words = "lorem ipsum dolor ".repeat(40);
    for (protocol, body) in [
        (
            Protocol::Messages,
            format!(
                r#"{{"mcp_servers":[{{"url":"x"}}],"messages":[{{"role":"user","content":"{words}"}}]}}"#
            ),
        ),
        (
            Protocol::Gemini,
            format!(
                r#"{{"cachedContent":"cachedContents/1","contents":[{{"parts":[{{"text":"{words}"}}]}}]}}"#
            ),
        ),
    ] {
        let told = told(protocol, &body, "gpt-4o");
        assert!((100..200).contains(&told), "{protocol}: {told}");
    }
    let data = "A".repeat(100_000);
    let body = format!(r#"{{"container":{{"id":"c"}},"messages":[{{"role":"user","content":"{data}"}}]}}"#);
    assert!(told(Protocol::Messages, &body, "claude-3-5-haiku") < 2000, "data are no text");
}

#[test]
fn a_request_that_is_none_is_refused_by_its_field() {
    for (protocol, body, field) in [
        (Protocol::Messages, r#"{"model":"m"}"#, "messages"),
        (Protocol::Messages, r#"{"messages":[{"role":"king","content":"a"}]}"#, "messages[0]"),
        (Protocol::Responses, r#"{"model":"m"}"#, "input"),
        (Protocol::Gemini, r#"{"contents":7}"#, "contents"),
    ] {
        let path = Some(PathModel { model: "m", stream: false });
        let head = Head::read(protocol, Operation::CountTokens, body.as_bytes(), path).unwrap();
        match tally(&head, body.as_bytes(), "m") {
            Err(translate::Untranslatable::Unsaid(unsaid)) => assert_eq!(unsaid.field, field),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn an_upstreams_count_of_an_earlier_turn_takes_the_place_of_the_estimate() {
    let words = "lorem ipsum dolor ".repeat(500);
    let first = format!(
        r#"{{"role":"user","content":[{{"type":"text","text":"{words}","cache_control":{{"type":"ephemeral"}}}}]}}"#
    );
    let same = format!(r#"{{"role":"user","content":"{words}"}}"#);
    let answer =
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]}"#;
    let result = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"four short words here"}]}"#;
    let question = r#"{"role":"user","content":"four short words here"}"#;
    let sent =
        of(Protocol::Messages, &format!(r#"{{"system":"s","messages":[{first}]}}"#), "m").digest().unwrap();
    let usage =
        Usage { input_uncached: 5000, cache_read: 2000, output: 300, reasoning: 200, ..Usage::default() };
    let known = |digest| (digest == sent).then_some(usage);
    for (system, later, expected) in [
        ("s", String::new(), 7000..=7000),
        ("s", format!(",{answer}"), 7300..=7300),
        ("s", format!(",{answer},{result}"), 7305..=7315),
        // The thinking of an answer is gone once a person speaks again.
        ("s", format!(",{answer},{question}"), 7105..=7115),
        ("s", format!(",{question}"), 7005..=7015),
        ("other", String::new(), 1000..=3000),
    ] {
        let body = format!(r#"{{"system":"{system}","messages":[{same}{later}]}}"#);
        let told = of(Protocol::Messages, &body, "m").estimate(&Calibration::default(), known);
        assert!(expected.contains(&told), "{later}: {told} is not in {expected:?}");
    }
}

#[test]
fn a_guess_at_a_long_request_is_near_the_count() {
    for ((name, text), _, _) in SAMPLES {
        let text = serde_json::to_string(&text.repeat(4)).unwrap();
        let body = format!(r#"{{"messages":[{{"role":"user","content":{text}}}]}}"#);
        let head = Head::read(Protocol::Messages, Operation::Generate, body.as_bytes(), None).unwrap();
        let tape = Tape::read(body.as_bytes()).unwrap();
        let ask = dialect::of(Protocol::Messages).decode_request(&tape, &head).unwrap();
        let (guess, count) = (guess(&ask, "m"), Tally::of(&ask, "m").tokens());
        assert!(guess.abs_diff(count) * 100 <= count * 12, "{name}: {guess} for {count}");
    }
}

#[test]
fn an_upstream_is_asked_with_what_its_counting_takes() {
    let messages = r#"{"model":"m","max_tokens":5,"stream":true,"messages":[1],"system":"s","temperature":1.0,"tools":[{}]}"#;
    let responses =
        r#"{"model":"m","input":[1],"store":false,"stream":true,"max_output_tokens":7,"text":{}}"#;
    let gemini = r#"{"contents":[1],"systemInstruction":{"parts":[]},"generationConfig":{"topK":1}}"#;
    for (protocol, generate, expected) in [
        (Protocol::Messages, messages, Some(r#"{"model":"m","messages":[1],"system":"s","tools":[{}]}"#)),
        (Protocol::Responses, responses, Some(r#"{"model":"m","input":[1],"text":{}}"#)),
        (
            Protocol::Gemini,
            gemini,
            Some(
                r#"{"generateContentRequest":{"model":"models/m","contents":[1],"systemInstruction":{"parts":[]},"generationConfig":{"topK":1}}}"#,
            ),
        ),
        (Protocol::Chat, "{}", None),
    ] {
        let body = request(protocol, "m", generate.as_bytes()).unwrap();
        assert_eq!(body.map(|body| String::from_utf8(body).unwrap()).as_deref(), expected, "{protocol}");
    }
}

#[test]
fn a_count_is_read_and_written_in_each_protocols_words() {
    for (protocol, expected) in [
        (Protocol::Messages, r#"{"input_tokens":7}"#),
        (Protocol::Responses, r#"{"object":"response.input_tokens","input_tokens":7}"#),
        (Protocol::Gemini, r#"{"totalTokens":7}"#),
    ] {
        let body = answer(protocol, 7);
        assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
        assert_eq!(counted(&body), Some(7));
    }
    for body in ["", "[]", "{}", r#"{"input_tokens":"7"}"#] {
        assert_eq!(counted(body.as_bytes()), None, "{body}");
    }
}

/// Text of all kinds.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "word",
        "Word",
        "WORD",
        " ",
        "   ",
        "\n",
        "123456",
        "{\"",
        "\u{4f60}",
        "\u{e9}t\u{e9}",
        "\u{1f600}",
        "\\n",
        "\t",
        "\u{43f}",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #[test]
    fn what_is_appended_never_makes_a_request_smaller(text in text(), more in text()) {
        let body = |text: &str| format!(r#"{{"messages":[{{"role":"user","content":{}}}]}}"#, serde_json::to_string(text).unwrap());
        let [before, after] = [text.clone(), format!("{text}\n{more}")].map(|text| told(Protocol::Messages, &body(&text), "claude-opus-5"));
        prop_assert!(0 < before && before <= after, "{before} {after}");
    }

    #[test]
    fn written_and_plain_text_weigh_the_same(text in text()) {
        let mut written = Scan::default();
        written.written(&Text::owned(&text));
        let mut plain = Scan::default();
        plain.plain(&text);
        prop_assert_eq!(written.thousandths(), plain.thousandths());
    }

    #[test]
    fn any_json_is_counted_or_refused_without_a_panic(
        protocol in prop::sample::select(Protocol::ALL.to_vec()),
        text in any::<String>(),
        key in prop::sample::select(vec!["messages", "input", "contents", "system", "tools", "container"]),
    ) {
        let text = serde_json::to_string(&text).unwrap();
        for body in [format!("{{\"{key}\":{text}}}"), format!("{{\"{key}\":[{{\"role\":\"user\",\"parts\":[{{\"text\":{text}}}],\"content\":{text}}}]}}")] {
            let path = (protocol == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
            let head = Head::read(protocol, Operation::CountTokens, body.as_bytes(), path).unwrap();
            if let Ok(tally) = tally(&head, body.as_bytes(), "m") {
                prop_assert!(tally.estimate(&Calibration::default(), |_| None) > 0);
            }
        }
    }
}
