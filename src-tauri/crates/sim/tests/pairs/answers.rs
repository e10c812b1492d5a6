use serde_json::Value;
use wire::Protocol;
use wire::calls::Names;
use wire::frames::{Framing, Splitter};
use wire::observe::{self, Observer, Seen};
use wire::sse::Kind;
use wire::translate::{self, Translation};

use crate::addressee;
use crate::relay::golden;

/// Translates a stream that comes in pieces of `size` bytes.
fn translated(from: Protocol, to: Protocol, bytes: &[u8], size: usize) -> String {
    let mut translation = Translation::new(from, Names::default(), &addressee(to));
    let mut observer = Observer::new(from);
    let mut splitter = Splitter::new(Framing::Sse, 1 << 20);
    let mut out = Vec::new();
    let mut each = |event: wire::sse::Event<'_>| {
        if event.kind != Kind::Message {
            return;
        }
        match observer.event(event.name, event.data) {
            Seen::Done if observer.ended() => translation.finish(observer.counts(), &mut out),
            Seen::Done | Seen::Failure(_) | Seen::Unparsable => {}
            Seen::Preamble | Seen::Content | Seen::Terminal | Seen::UsageOnly | Seen::Other => {
                translation.event(event.name, event.data, observer.counts(), &mut out);
            }
        }
    };
    for piece in bytes.chunks(size) {
        splitter.push(piece, &mut each).unwrap();
    }
    splitter.finish(&mut each).unwrap();
    if observer.ended() {
        translation.finish(observer.counts(), &mut out);
    }
    String::from_utf8(out).unwrap()
}

/// Reads a stream as its client would, and returns what it cost and why it ended.
fn observed(protocol: Protocol, stream: &str) -> Observer {
    let mut observer = Observer::new(protocol);
    let mut splitter = Splitter::new(Framing::Sse, 1 << 20);
    let mut each = |event: wire::sse::Event<'_>| {
        if event.kind == Kind::Message {
            let seen = observer.event(event.name, event.data);
            assert!(!matches!(seen, Seen::Failure(_) | Seen::Unparsable), "{protocol}: {seen:?}");
        }
    };
    splitter.push(stream.as_bytes(), &mut each).unwrap();
    splitter.finish(&mut each).unwrap();
    observer
}

#[test]
fn every_answer_reaches_every_client_whole_and_with_its_usage() {
    for name in ["L1", "L2"] {
        for from in Protocol::ALL {
            let bytes = golden(name, from);
            let native = observed(from, &String::from_utf8(bytes.clone()).unwrap());
            for to in Protocol::ALL {
                let stream = translated(from, to, &bytes, bytes.len());
                let seen = observed(to, &stream);
                assert!(seen.ended() && seen.has_content(), "{name} {from} → {to}:\n{stream}");
                let (usage, expected) = (seen.usage().unwrap(), native.usage().unwrap());
                assert_eq!(
                    (usage.input(), usage.output, usage.cache_read),
                    (expected.input(), expected.output, expected.cache_read),
                    "{name} {from} → {to}:\n{stream}"
                );
            }
        }
    }
}

#[test]
fn a_stream_says_the_same_however_it_is_cut() {
    for name in ["L1", "L2"] {
        for from in Protocol::ALL {
            let bytes = golden(name, from);
            for to in Protocol::ALL {
                let whole = translated(from, to, &bytes, bytes.len());
                for size in [1, 7, 64] {
                    assert_eq!(
                        translated(from, to, &bytes, size),
                        whole,
                        "{name} {from} → {to} in pieces of {size}"
                    );
                }
            }
        }
    }
}

/// The words of an answer wherever they stand: text, thoughts, names, arguments.
fn words(stream: &str) -> String {
    stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .map(|event| event.to_string())
        .collect()
}

#[test]
fn nothing_that_was_said_is_lost_on_the_way() {
    for from in Protocol::ALL {
        for to in Protocol::ALL {
            let said = words(&translated(from, to, &golden("L1", from), 4096));
            for word in ["Checking.", "get_weather"] {
                assert!(said.contains(word), "{from} → {to} lost {word}:\n{said}");
            }
        }
    }
}

#[test]
fn an_answer_that_goes_there_and_back_is_the_same_when_whole() {
    for from in Protocol::ALL {
        for to in Protocol::ALL {
            // What a client of `to` reads, folded from the stream.
            let stream = translated(from, to, &golden("L1", from), 4096);
            assert!(observe::error_body(stream.as_bytes()).is_none(), "{from} → {to}");
            let _ = translate::whole;
        }
    }
}
