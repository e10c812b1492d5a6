//! Whatever stands in requests and answers, nothing panics, and what is read can be written.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::json::Text;
use crate::observe::Counts;
use crate::quirks::{
    CallIds, Echo, Parameter, Parameters, Quirks, ThinkingSwitch, Thoughts, ToolChoice, Word,
};

/// Words that mean something to Chat.
const WORDS: [&str; 56] = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "role",
    "content",
    "type",
    "text",
    "user",
    "assistant",
    "system",
    "tool",
    "tool_calls",
    "tool_call_id",
    "id",
    "index",
    "function",
    "name",
    "arguments",
    "custom",
    "input",
    "image_url",
    "url",
    "file",
    "file_data",
    "input_audio",
    "data",
    "format",
    "data:image/png;base64,AAAA",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "thinking",
    "stop",
    "stream",
    "response_format",
    "json_schema",
    "json_object",
    "schema",
    "reasoning_effort",
    "high",
    "auto",
    "allowed_tools",
    "choices",
    "delta",
    "message",
    "finish_reason",
    "tool_calls",
    "annotations",
    "url_citation",
    "images",
    "{}",
    "prompt_cache_breakpoint",
    "logprobs",
];

fn any_json() -> impl Strategy<Value = Json> {
    let word = || select(WORDS.as_slice()).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        word().prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = select(WORDS.as_slice()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::vec((key, inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A vendor that wants everything otherwise.
fn odd() -> Quirks {
    Quirks {
        output_max: Some(9),
        refused: Parameters::of(Parameter::ALL),
        stops_max: 1,
        late_system: false,
        tool_choice: ToolChoice::Auto,
        thinking: ThinkingSwitch::Enable,
        thoughts: Thoughts::ThinkTags,
        echo: Echo::Required,
        call_ids: CallIds::Nine,
        json_schema: false,
        images: false,
        files: false,
        ..Quirks::DEFAULT
    }
}

fn pass(body: &Json) {
    let Ok(head) = Head::read(Protocol::Chat, Operation::Generate, body.to_string().as_bytes(), None) else {
        return;
    };
    let text = body.to_string();
    let tape = Tape::read(text.as_bytes()).unwrap();
    let Ok(ask) = Chat.decode_request(&tape, &head) else { return };
    for target in [OPENAI, VENDOR, Target { model: "gpt-5.6", ..OPENAI }, Target { quirks: odd(), ..VENDOR }]
    {
        if let Ok(encoded) = Chat.encode_request(&ask, &target) {
            let sent: Json = serde_json::from_slice(&encoded.body).expect("a request is JSON");
            assert!(sent["messages"].is_array());
        }
    }
}

/// Passes an answer on and checks that its blocks are opened, used and closed in order.
fn follow(events: &[Json], whole: bool) {
    let mut restore = Restore::new(crate::calls::Names::default(), "a".to_owned());
    let mut encoder = Chat.stream_encoder(&addressee(Wanted::default()));
    let (mut out, mut open, mut next, mut ends) = (Vec::new(), Vec::new(), 0, 0);
    let mut each = |delta: Delta<'_>| {
        match &delta {
            Delta::Start { .. } => assert_eq!((next, ends), (0, 0)),
            Delta::Open(block, _) => {
                assert_eq!(*block, next, "blocks are numbered as they open");
                next += 1;
                open.push(*block);
            }
            Delta::Text(block, text) | Delta::Arguments(block, text) => {
                assert!(open.contains(block), "block {block} is not open");
                assert_ne!(text, &Text::default(), "nothing empty is said");
            }
            Delta::State(block, _) | Delta::Cite(block, _) => assert!(open.contains(block)),
            Delta::Close(block) => {
                assert!(open.contains(block));
                open.retain(|other| other != block);
            }
            Delta::Finish(_) => {
                assert!(open.is_empty());
                ends += 1;
            }
            Delta::Failed(_) => ends += 1,
        }
        restore.pass(delta, &mut |delta| encoder.push(delta, &Counts::default(), &mut out));
    };
    if whole {
        let text = events[0].to_string();
        Chat.decode_reply(Tape::read(text.as_bytes()).unwrap().root(), &mut each);
    } else {
        let mut decoder = Chat.stream_decoder();
        for event in events {
            let text = event.to_string();
            decoder.event(None, Tape::read(text.as_bytes()).unwrap().root(), &mut each);
        }
        decoder.finish(&mut each);
    }
    assert_eq!(ends, 1, "an answer ends once");
}

proptest! {
    #[test]
    fn any_request_is_judged(body in any_json(), messages in any_json(), tools in any_json()) {
        pass(&body);
        pass(&json!({"messages": messages, "tools": tools}));
        pass(&json!({"messages": [messages], "tools": [tools]}));
        pass(&json!({"messages": [{"role": "user", "content": messages}, {"role": "assistant", "tool_calls": tools}]}));
        pass(&json!({"messages": [], "response_format": messages, "tool_choice": tools, "reasoning": body}));
    }

    #[test]
    fn any_answer_is_followed(chunks in proptest::collection::vec(any_json(), 1..6)) {
        follow(&chunks, false);
        follow(&chunks, true);
        let choices: Vec<Json> = chunks.iter().map(|delta| json!({"choices": [{"delta": delta}]})).collect();
        follow(&choices, false);
        let calls: Vec<Json> =
            chunks.iter().map(|call| json!({"choices": [{"delta": {"tool_calls": [call]}}]})).collect();
        follow(&calls, false);
        follow(&[json!({"choices": [{"message": {"tool_calls": chunks}}]})], true);
    }

    #[test]
    fn pieces_of_calls_are_always_told_whole(
        pieces in proptest::collection::vec(
            (0_i64..3, select(["", "a", "b"].as_slice()), select(["", "f", "g"].as_slice()), select(["", "{}", "{", "}", " "].as_slice())), 1..8)
    ) {
        let events: Vec<Json> = pieces.iter().map(|(index, id, name, arguments)| {
            let index = if *index == 2 { Json::Null } else { json!(index) };
            json!({"choices": [{"delta": {"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}}]})
        }).collect();
        follow(&events, false);
    }
}
