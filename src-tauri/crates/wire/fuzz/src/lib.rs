//! What a fuzzer drives: bytes of its making through the scanner, every request decoder and every stream decoder.
//!
//! The same functions run over the seeds and the kept corpora in the normal tests (`tests/corpus.rs`).

use serde_json::Value;
use wire::Operation;
pub use wire::Protocol;
use wire::ask::Wanted;
use wire::calls::Names;
use wire::dialect::{Addressee, Target};
use wire::frames::{Framing, Splitter};
use wire::head::{Head, PathModel};
use wire::observe::{self, Observer, Seen};
use wire::sse::{Event, Kind};
use wire::state::{self, Issuer, Strip};
use wire::translate::{self, Translation};

/// The longest event that is followed, in bytes.
const EVENT_BYTES_MAX: usize = 1 << 16;

/// What a reader finds in a stream: each message's name and data, and whether the stream could be followed to its end.
type Found = (Vec<(Option<Vec<u8>>, Vec<u8>)>, bool);

/// Reads bytes as a stream, whole and cut, and checks that the cuts change nothing.
///
/// # Panics
///
/// Where they do.
pub fn sse(data: &[u8]) {
    let (cut, stream) =
        data.split_first().map_or((1, data), |(first, rest)| (usize::from(*first).max(1), rest));
    for framing in [Framing::Sse, Framing::JsonArray] {
        let whole = found(framing, stream, stream.len().max(1));
        assert_eq!(found(framing, stream, cut), whole, "cut into pieces of {cut}");
    }
    let _ = wire::frames::sniff(stream);
}

fn found(framing: Framing, stream: &[u8], cut: usize) -> Found {
    let mut messages = Vec::new();
    let mut splitter = Splitter::new(framing, EVENT_BYTES_MAX);
    let mut each = |event: Event<'_>| {
        if event.kind == Kind::Message {
            messages.push((event.name.map(<[u8]>::to_vec), event.data.to_vec()));
        }
    };
    let followed = stream.chunks(cut).all(|piece| splitter.push(piece, &mut each).is_ok())
        && splitter.finish(&mut each).is_ok();
    (messages, followed)
}

/// A model of each protocol's own provider, and one of somebody else's.
const TARGETS: [(Protocol, &str, bool); 8] = [
    (Protocol::Chat, "gpt-5.4", true),
    (Protocol::Chat, "deepseek-chat", false),
    (Protocol::Responses, "gpt-5.4", true),
    (Protocol::Responses, "grok-4", false),
    (Protocol::Messages, "claude-sonnet-5", true),
    (Protocol::Messages, "claude-haiku-4-5", false),
    (Protocol::Gemini, "gemini-3-pro", true),
    (Protocol::Gemini, "gemini-2.5-flash", false),
];

/// The host that mints the opaque notes, and reads those of the seeds.
const ISSUER: &str = "upstream.example";

/// Reads bytes as a request, writes it for every target, and takes notes out of it for a channel of its own protocol.
///
/// # Panics
///
/// Where what is written is no JSON.
pub fn request(protocol: Protocol, data: &[u8]) {
    let issuer = Issuer::vendor(ISSUER);
    for what in [Strip::Carriers, Strip::Everything] {
        let Some(stripped) = state::strip(protocol, data, &issuer, what) else { continue };
        assert!(readable(serde_json::from_slice(&stripped)), "{}", String::from_utf8_lossy(&stripped));
    }
    let path = (protocol == Protocol::Gemini).then_some(PathModel { model: "m", stream: true });
    let Ok(head) = Head::read(protocol, Operation::Generate, data, path) else { return };
    for (protocol, model, first_party) in TARGETS {
        let target = Target {
            protocol,
            model,
            first_party,
            output_max: Some(8192),
            issuer: &issuer,
            quirks: wire::quirks::Quirks::DEFAULT,
        };
        if let Ok(translated) = translate::request(&head, data, &target, &state::Forgetful) {
            let sent: Result<Value, _> = serde_json::from_slice(&translated.body);
            assert!(readable(sent), "{protocol}: {}", String::from_utf8_lossy(&translated.body));
        }
    }
}

/// Reads bytes as an answer, streamed and whole, and writes it for every client.
///
/// # Panics
///
/// Where what is written is no stream of JSON.
pub fn stream(protocol: Protocol, data: &[u8]) {
    for client in Protocol::ALL {
        let client = addressee(client);
        streamed(protocol, data, &client);
        if let Ok(seen) = observe::whole(protocol, Operation::Generate, data) {
            let told = translate::whole(protocol, data, &seen.counts, &Names::default(), &client);
            if let Ok(told) = told {
                let told_json: Result<Value, _> = serde_json::from_slice(&told.body);
                assert!(readable(told_json), "{}", String::from_utf8_lossy(&told.body));
            }
        }
    }
}

fn streamed(protocol: Protocol, data: &[u8], client: &Addressee) {
    let mut translation = Translation::new(protocol, Names::default(), client);
    let mut observer = Observer::new(protocol);
    let mut splitter = Splitter::new(Framing::Sse, EVENT_BYTES_MAX);
    let mut out = Vec::new();
    let mut each = |event: Event<'_>| {
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
    if splitter.push(data, &mut each).is_err() || splitter.finish(&mut each).is_err() {
        return;
    }
    translation.finish(observer.counts(), &mut out);
    let mut written = Splitter::new(Framing::Sse, usize::MAX);
    let mut check = |event: Event<'_>| {
        let fine = event.data == b"[DONE]" || readable(serde_json::from_slice(event.data));
        assert!(fine, "{}", String::from_utf8_lossy(event.data));
    };
    let followed = written.push(&out, &mut check).and_then(|()| written.finish(&mut check));
    assert!(followed.is_ok(), "what is written has no limit");
}

fn addressee(protocol: Protocol) -> Addressee {
    Addressee {
        protocol,
        wanted: Wanted { stream: true, usage_chunk: true, encrypted: true, ..Wanted::default() },
        framing: Framing::Sse,
        id: "0a1b2c".to_owned(),
        created_s: 1_763_600_000,
        input_estimate: 7,
        issuer: Issuer::vendor(ISSUER),
        think_tags: false,
    }
}

/// Tells whether JSON could be read. What `serde_json` refuses though it is JSON (numbers beyond a float, nesting beyond
/// its limit) a client may send, and gets back as it was.
fn readable(read: Result<Value, serde_json::Error>) -> bool {
    match read {
        Ok(_) => true,
        Err(fault) => {
            let words = fault.to_string();
            words.contains("number out of range")
                || words.contains("recursion limit")
                || words.contains("surrogate")
                || words.contains("hex escape")
        }
    }
}
