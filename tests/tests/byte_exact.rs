//! Same protocol in and out means the same bytes, both ways, however the network cuts them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::Value;
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::{End, Request};
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use wire::Protocol;

/// The files of a folder with this extension, in the order of their names.
fn fixtures(folder: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    let named = |file: PathBuf| {
        (file.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&file).unwrap())
    };
    files.into_iter().map(named).collect()
}

/// A request of a real client: where it goes, with which headers, and its exact body.
struct Skeleton {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Skeleton {
    fn read(name: String, file: &[u8]) -> Self {
        let file: Value = serde_json::from_slice(file).unwrap();
        let header = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
        Self {
            name,
            method: file["method"].as_str().unwrap().to_owned(),
            target: file["path"].as_str().unwrap().to_owned(),
            headers: file["headers"].as_object().unwrap().iter().map(header).collect(),
            body: file["body"].to_string(),
        }
    }

    fn speech(&self) -> &'static Speech {
        let protocol = match () {
            () if self.target.contains("/messages") => Protocol::Messages,
            () if self.target.contains("/responses") => Protocol::Responses,
            () if self.target.contains("/chat/completions") => Protocol::Chat,
            () => Protocol::Gemini,
        };
        speech::ALL.iter().find(|speech| speech.protocol == protocol).unwrap()
    }

    /// The body that the upstream must see: the client's, but for usage where a Chat stream did not ask for it.
    fn expected(&self) -> String {
        let streams = self.body.contains("\"stream\":true") && self.speech().protocol == Protocol::Chat;
        if streams && !self.body.contains("include_usage") {
            return format!("{{\"stream_options\":{{\"include_usage\":true}},{}", &self.body[1..]);
        }
        self.body.clone()
    }

    /// The request as the client sent it, but for the key and what belongs to the connection.
    fn request(&self) -> Request {
        let own = [
            "host",
            "content-length",
            "content-type",
            "authorization",
            "x-api-key",
            "x-goog-api-key",
            "connection",
        ];
        let passed =
            self.headers.iter().filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()));
        passed.fold(Request::post(&self.target, self.body.as_str()).bearer(KEY), |request, (name, value)| {
            request.header(name, value)
        })
    }
}

/// A configuration with one channel that accepts any model under its own name.
fn any_model(speech: &Speech, upstream: &Upstream) -> String {
    // A count is asked of the upstream too, though it is not the provider itself.
    let more = "models = [\"*\"]\nquirks = { count_tokens = \"upstream\" }";
    let channel = Channel { name: "a", addr: upstream.addr, priority: 1, more };
    bed::channels(speech, &[channel]).replace("model = \"m\"\n", "")
}

/// P001, P002, P164.
#[tokio::test]
async fn every_clients_request_reaches_the_upstream_byte_for_byte() {
    let skeletons = fixtures("clients", "json").into_iter();
    let skeletons: Vec<Skeleton> = skeletons.map(|(name, file)| Skeleton::read(name, &file)).collect();
    assert!(skeletons.len() > 50, "the fixtures are where they should be");
    for skeleton in skeletons.iter().filter(|skeleton| skeleton.method == "POST") {
        let name = &skeleton.name;
        let speech = skeleton.speech();
        let upstream = Upstream::answering(rescue::good(speech, false)).await;
        let bed = Bed::start(&any_model(speech, &upstream)).await;
        let mut exchange = sluice_tests::http::Exchange::start(bed.addr, &skeleton.request()).await;
        upstream.has_received(1).await;
        exchange.head().await;
        let received = &upstream.received()[0];
        assert_eq!(String::from_utf8_lossy(&received.body), skeleton.expected(), "{name}");
        let query = skeleton.target.split_once('?').map(|(_, query)| query);
        assert_eq!(received.target().split_once('?').map(|(_, query)| query), query, "{name}: the query");
        for (header, value) in &skeleton.headers {
            let header = header.to_ascii_lowercase();
            if header.starts_with("anthropic-") || header.starts_with("x-claude") || header == "user-agent" {
                assert_eq!(received.header(&header).as_deref(), Some(value.as_str()), "{name}: {header}");
            }
        }
        assert!(!received.head.contains(KEY), "{name}: the client's key stays here: {}", received.head);
    }
}

/// P004, P005.
#[tokio::test]
async fn an_upstream_gets_one_key_and_the_version_that_the_client_names_or_the_first() {
    let speech = speech_named("anthropic");
    let upstream = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
    for version in [None, Some("2026-10-21")] {
        let plain = Request::post(speech.target, speech.ask(false)).bearer(KEY).header("x-api-key", KEY);
        let request =
            version.into_iter().fold(plain, |request, version| request.header("anthropic-version", version));
        assert_eq!(bed.send(&request).await.status, 200);
        let received = upstream.received().pop().unwrap();
        let expected = version.unwrap_or("2023-06-01");
        assert_eq!(received.header("anthropic-version").as_deref(), Some(expected));
        let keys = ["authorization", "x-api-key", "x-goog-api-key"].map(|name| received.header(name));
        assert_eq!(keys.iter().flatten().count(), 1, "{keys:?}");
        assert!(!received.head.contains(KEY), "{}", received.head);
    }
}

/// P002, P164.
#[tokio::test]
async fn only_the_models_value_changes_when_a_channel_maps_it() {
    let cases = [
        (
            r#"{ "model" : "m" ,"x":1e2, "y":0.10,"z":"\u00e9", "n":123456789012345678901234567890 }"#,
            "\"m\"",
            "\"mapped\"",
        ),
        (
            r#"{"messages":[{"role":"user","content":"the \"model\":\"m\""}],"model":"m"}"#,
            "\"model\":\"m\"}",
            "\"model\":\"mapped\"}",
        ),
        (r#"{"model":"\u006d","messages":[]}"#, r#""\u006d""#, "\"mapped\""),
    ];
    for (body, from, to) in cases {
        let speech = &speech::ALL[0];
        let upstream = rescue::healthy(speech, false).await;
        let more = "model_map = { m = \"mapped\" }";
        let config = bed::channels(speech, &[Channel { name: "a", addr: upstream.addr, priority: 1, more }]);
        let bed = Bed::start(&config).await;
        let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let at = body.rfind(from).unwrap();
        let expected = format!("{}{to}{}", &body[..at], &body[at + from.len()..]);
        assert_eq!(String::from_utf8_lossy(&upstream.received()[0].body), expected);
    }
}

#[tokio::test]
async fn what_a_vendor_refuses_is_changed_where_it_stands_and_told() {
    let speech = speech_named("chat");
    let upstream = rescue::healthy(speech, false).await;
    let more = "quirks = { developer_role = false, refused = [\"seed\"], output_limit = \"max_tokens\" }";
    let config = bed::channels(speech, &[Channel { name: "a", addr: upstream.addr, priority: 1, more }]);
    let bed = Bed::start(&config).await;
    let body = concat!(
        r#"{"model":"m", "seed":1,"max_completion_tokens" : 1e2,"#,
        r#""messages":[{"role":"developer","name":"n","content":"\u00e9"}],"x":0.10}"#,
    );
    let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let expected = concat!(
        r#"{"model":"m", "max_tokens" : 1e2,"#,
        r#""messages":[{"role":"system","name":"n","content":"\u00e9"}],"x":0.10}"#,
    );
    assert_eq!(String::from_utf8_lossy(&upstream.received()[0].body), expected, "P158");
    let told = "drop:seed,emulate:max_completion_tokens,emulate:messages[].role";
    let dropped = reply.header("x-sluice-dropped").unwrap_or_default().replace(' ', "");
    assert_eq!(dropped, told);
    assert_eq!(bed.trace(&reply).await.attempts[0].notes.len(), 3);
}

type Change = fn(&str) -> String;

/// The odd but valid forms of an event stream, applied to a golden one.
const FORMS: [(&str, Change); 7] = [
    ("as it is", str::to_owned),
    ("CRLF", |stream| stream.replace('\n', "\r\n")),
    ("CR", |stream| stream.replace('\n', "\r")),
    ("BOM", |stream| format!("\u{feff}{stream}")),
    ("no space after the colon", |stream| stream.replace("data: ", "data:").replace("event: ", "event:")),
    ("retry and id fields", |stream| stream.replace("data: ", "id: 7\nretry: 10\ndata: ")),
    ("no blank line at the end", |stream| stream.trim_end().to_owned() + "\n"),
];

/// How the same bytes may arrive.
#[derive(Debug, Clone, Copy)]
enum Cutting {
    OneChunk,
    ChunkPerByte,
    SegmentPerByte,
    ChunksOf(usize),
}

impl Cutting {
    const ALL: [Cutting; 5] = [
        Cutting::OneChunk,
        Cutting::ChunkPerByte,
        Cutting::SegmentPerByte,
        Cutting::ChunksOf(7),
        Cutting::ChunksOf(1000),
    ];

    fn script(self, body: &[u8]) -> Vec<Step> {
        let parts = |size: usize| {
            [STREAM_HEAD, &body.chunks(size).flat_map(chunk).collect::<Vec<_>>(), LAST_CHUNK].concat()
        };
        match self {
            Self::OneChunk => vec![Step::Read, Step::Send(upstream::stream(body))],
            Self::ChunkPerByte => vec![Step::Read, Step::Send(parts(1))],
            Self::SegmentPerByte => vec![Step::Read, Step::Dribble(upstream::stream(body))],
            Self::ChunksOf(size) => vec![Step::Read, Step::Send(parts(size))],
        }
    }
}

/// P155: P160: what no client knows passes like the rest.
#[tokio::test]
async fn every_golden_stream_in_every_form_reaches_the_client_byte_for_byte() {
    for (file, stream) in fixtures("streams", "sse") {
        let protocol = file.split('.').nth(1).unwrap();
        let speech = speech_named(protocol);
        let stream = String::from_utf8(stream).unwrap();
        for (form, change) in FORMS {
            let changed = change(&stream);
            join_all(Cutting::ALL.map(|cutting| {
                let (changed, file) = (&changed, &file);
                async move {
                    let upstream = Upstream::always(cutting.script(changed.as_bytes())).await;
                    let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
                    let reply = bed.ask(speech, true).await;
                    assert_eq!(reply.status, 200, "{file}, {form}, {cutting:?}: {}", reply.text());
                    assert_eq!(&reply.text(), changed, "{file}, {form}, {cutting:?}");
                    assert_eq!(reply.end, End::Clean, "{file}, {form}, {cutting:?}");
                }
            }))
            .await;
        }
    }
}

/// P180.
#[tokio::test]
async fn comments_pass_except_to_gemini_whose_readers_fail_on_them() {
    for speech in &speech::ALL {
        let with_comments: String =
            speech.events().into_iter().flat_map(|event| [": OPENROUTER PROCESSING\n\n", event]).collect();
        let upstream = Upstream::answering(upstream::stream(with_comments.as_bytes())).await;
        let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
        let reply = bed.ask(speech, true).await;
        let expected = match speech.protocol {
            Protocol::Gemini => speech.stream.to_owned(),
            Protocol::Chat | Protocol::Responses | Protocol::Messages => with_comments,
        };
        assert_eq!(reply.text(), expected, "{}", speech.protocol);
    }
}

/// P010.
#[tokio::test]
async fn a_gemini_stream_without_alt_sse_is_one_array_cut_anywhere() {
    let speech = speech_named("gemini");
    let elements: Vec<&str> =
        speech.events().iter().map(|event| event.trim_start_matches("data: ").trim_end()).collect();
    let array = format!("[{}]", elements.join(",\r\n"));
    for cutting in Cutting::ALL {
        let upstream = Upstream::always(cutting.script(array.as_bytes())).await;
        let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
        let target = "/v1beta/models/m:streamGenerateContent";
        let reply = bed.send(&Request::post(target, speech.ask(true)).bearer(KEY)).await;
        assert_eq!((reply.status, reply.text()), (200, array.clone()), "{cutting:?}");
        assert_eq!(reply.end, End::Clean, "{cutting:?}");
    }
}

/// P159: P159
#[tokio::test]
async fn usage_that_only_the_gateway_asked_for_is_taken_out_of_a_chat_stream() {
    let speech = speech_named("chat");
    let upstream = rescue::healthy(speech, true).await;
    let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hello"}],"stream":true}"#;
    let reply = bed.send(&Request::post(speech.target, body).bearer(KEY)).await;
    let without_usage: String =
        speech.events().into_iter().filter(|event| !event.contains("\"choices\":[]")).collect();
    assert_eq!(reply.text(), without_usage);
    let asked = String::from_utf8(upstream.received()[0].body.clone()).unwrap();
    assert!(asked.contains(r#""stream_options":{"include_usage":true}"#), "{asked}");
    assert_eq!(bed.trace(&reply).await.usage.unwrap().output, 4);
}

fn speech_named(name: &str) -> &'static Speech {
    let name = if name == "anthropic" { "messages" } else { name };
    speech::ALL.iter().find(|speech| speech.name() == name).unwrap()
}

#[tokio::test]
async fn a_whole_reply_too_large_to_hold_passes_to_the_byte_and_its_usage_is_still_read() {
    let speech = speech::ALL.iter().find(|speech| speech.protocol == Protocol::Chat).unwrap();
    let text = "x".repeat(3 << 20);
    let body = format!(
        r#"{{"choices":[{{"index":0,"message":{{"content":"{text}"}},"finish_reason":"stop"}}],
            "usage":{{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}}}"#
    );
    let a = Upstream::answering(upstream::json(body.as_bytes())).await;
    let bed = Bed::pair(speech, a.addr, rescue::healthy(speech, false).await.addr).await;
    let reply = bed.ask(speech, false).await;
    assert!(reply.text() == body, "the bytes differ");
    let usage = bed.trace(&reply).await.usage.unwrap();
    assert_eq!((usage.input(), usage.output), (7, 5));
}
