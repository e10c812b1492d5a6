//! What holds for every answer and every document, in all pairs.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use wire::calls::Names;
use wire::dialect::Target;
use wire::head::{Head, PathModel};
use wire::observe;
use wire::translate::{self, Translation, Untranslatable};
use wire::{Operation, Protocol};

use crate::generated::{Answer, answer, changes, layout, spoil};
use crate::relay::{End, golden, relay};
use crate::{addressee, assembled, pitfalls};

/// What a client of `to` gets of a stream.
fn told(from: Protocol, to: Protocol, stream: &str) -> String {
    let relayed = relay(from, &Names::default(), &addressee(to), [stream.as_bytes()]);
    assert_eq!(relayed.end, End::Whole, "{from} → {to}: {}", relayed.text);
    relayed.text
}

/// What a client of `to` gets of a whole answer.
fn whole(from: Protocol, to: Protocol, body: &Value) -> Value {
    let body = body.to_string();
    let seen = observe::whole(from, Operation::Generate, body.as_bytes())
        .unwrap_or_else(|fault| panic!("{from}: {fault}: {body}"));
    let told =
        translate::whole(from, body.as_bytes(), &seen.counts, &Names::default(), &addressee(to)).unwrap();
    serde_json::from_slice(&told.body).unwrap()
}

/// An answer in the words of `protocol`: its stream, and its whole form.
fn native(answer: &Answer, protocol: Protocol) -> (String, Value) {
    if protocol == Protocol::Messages {
        return (answer.stream.clone(), answer.whole.clone());
    }
    (told(Protocol::Messages, protocol, &answer.stream), whole(Protocol::Messages, protocol, &answer.whole))
}

/// Leaves out what tells nothing: nulls, empty texts, the kind of the object, where pieces end, how arguments are spelled.
fn meaning(protocol: Protocol, mut answer: Value) -> Value {
    if protocol == Protocol::Gemini {
        assembled::joined_parts(&mut answer);
    }
    if protocol == Protocol::Chat {
        strip(&mut answer);
        answer.as_object_mut().unwrap().remove("object");
    }
    read_arguments(&mut answer);
    answer
}

fn read_arguments(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if key == "arguments" => {
                        *member = serde_json::from_str(text).unwrap();
                    }
                    other => read_arguments(other),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(read_arguments),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null() && *member != "");
            members.values_mut().for_each(strip);
        }
        Value::Array(elements) => elements.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn same_folded(from: Protocol, stream: &str, native: &Value) {
    for to in Protocol::ALL {
        let text = told(from, to, stream);
        let folded = meaning(to, assembled::assembled(to, &text));
        assert_eq!(folded, meaning(to, whole(from, to, native)), "{from} → {to}: {text}");
    }
}

#[test]
fn a_golden_stream_folded_is_the_whole_answer() {
    for name in ["L1", "L2"] {
        for from in Protocol::ALL {
            let stream = String::from_utf8(golden(name, from)).unwrap().replace("\r\n", "\n");
            let end = if from == Protocol::Gemini { stream.replace('\n', "\r\n") } else { stream.clone() };
            same_folded(from, &stream, &assembled::assembled(from, &end));
        }
    }
}

/// Translates a document as a request of `from`, for every protocol.
fn ask(from: Protocol, request: &Value) {
    let body = request.to_string();
    let path = (from == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
    let Ok(head) = Head::read(from, Operation::Generate, body.as_bytes(), path) else { return };
    for protocol in Protocol::ALL {
        for (model, first_party) in crate::requests::models(protocol) {
            let target = Target {
                protocol,
                model,
                first_party,
                output_max: Some(8192),
                issuer: &wire::state::NOBODY,
                quirks: wire::quirks::Quirks::DEFAULT,
            };
            match translate::request(&head, body.as_bytes(), &target, &wire::state::Forgetful) {
                Ok(translated) => {
                    let sent: Result<Value, _> = serde_json::from_slice(&translated.body);
                    assert!(sent.is_ok(), "{from} → {protocol}: {body}");
                }
                Err(Untranslatable::Unsaid(unsaid)) => assert!(!unsaid.message.is_empty()),
                Err(Untranslatable::Malformed(_)) => {}
            }
        }
    }
}

/// Tells a document as a whole answer of `from`, and documents as its events, to every client.
fn tell(from: Protocol, answer: &Value, events: &[Value]) {
    let body = answer.to_string();
    for to in Protocol::ALL {
        if let Ok(seen) = observe::whole(from, Operation::Generate, body.as_bytes()) {
            let told =
                translate::whole(from, body.as_bytes(), &seen.counts, &Names::default(), &addressee(to));
            if let Ok(told) = told {
                let told: Result<Value, _> = serde_json::from_slice(&told.body);
                assert!(told.is_ok(), "{from} → {to}: {body}");
            }
        }
        let mut translation = Translation::new(from, Names::default(), &addressee(to));
        let mut observer = observe::Observer::new(from);
        let mut out = Vec::new();
        for event in events {
            let name = event["type"].as_str().map(str::as_bytes);
            let data = event.to_string();
            observer.event(name, data.as_bytes());
            translation.event(name, data.as_bytes(), observer.counts(), &mut out);
        }
        translation.finish(observer.counts(), &mut out);
        // The frames must be frames, whatever is in them.
        assembled::events(to, &String::from_utf8(out).unwrap());
        // What ends well keeps the grammar that the client's SDK relies on.
        let stream = pitfalls::stream(from, events);
        let relayed = relay(from, &Names::default(), &addressee(to), [stream.as_bytes()]);
        if relayed.end == End::Whole {
            assembled::assembled(to, &relayed.text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_a_stream_is_laid_out_changes_nothing(
        layout in layout(),
        name in select(["L1", "L2"].as_slice()),
        answer in answer(),
    ) {
        for from in Protocol::ALL {
            let recorded = String::from_utf8(golden(name, from)).unwrap();
            let (made_up, _) = native(&answer, from);
            for stream in [recorded, made_up] {
                let pieces = layout.of(&stream);
                for to in Protocol::ALL {
                    let plain = relay(from, &Names::default(), &addressee(to), [stream.as_bytes()]);
                    let laid_out = relay(from, &Names::default(), &addressee(to), pieces.iter().map(Vec::as_slice));
                    prop_assert_eq!(&laid_out, &plain, "{} → {}", from, to);
                }
            }
        }
    }

    #[test]
    fn an_answer_folded_is_the_whole_answer(answer in answer()) {
        for from in Protocol::ALL {
            let (stream, whole) = native(&answer, from);
            same_folded(from, &stream, &whole);
        }
    }

    #[test]
    fn a_spoiled_request_is_refused_or_written_well(
        row in any::<prop::sample::Index>(),
        from in select(Protocol::ALL.as_slice()),
        changes in changes(),
    ) {
        let seeds = pitfalls::requests();
        let (protocol, mut request) = row.get(&seeds).clone();
        ask(from, &request);
        spoil(&mut request, &changes);
        ask(protocol, &request);
    }

    #[test]
    fn a_spoiled_answer_is_told_well(
        row in any::<prop::sample::Index>(),
        from in select(Protocol::ALL.as_slice()),
        changes in changes(),
    ) {
        let seeds = pitfalls::answers();
        let (protocol, mut answer) = row.get(&seeds).clone();
        spoil(&mut answer, &changes);
        let events = answer.as_array().cloned().unwrap_or_default();
        tell(protocol, &answer, &events);
        tell(from, &answer, &events);
    }
}
