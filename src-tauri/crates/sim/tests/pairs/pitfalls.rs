//! What is known to go wrong between two protocols, a row for each: what is sent, and what must come of it.
//!
//! The ids are those of the project's protocol reference. `client` and `channel` are the protocols of a row; values are
//! looked up with JSON pointers, and a pointer that must find nothing stands under `absent`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use wire::ask::Wanted;
use wire::calls::Names;
use wire::dialect::{Addressee, Target};
use wire::head::{Head, PathModel};
use wire::observe::{self, WholeFault};
use wire::translate::{self, Translated, Untranslatable};
use wire::{Operation, Protocol};

use crate::assembled;
use crate::relay::{End, relay};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    /// What the row shows, where the id does not say it.
    #[serde(default)]
    about: String,
    client: String,
    channel: String,
    /// The client's request. `model` may be left out.
    request: Option<Value>,
    /// The channel's name of the model.
    model: Option<String>,
    /// Whether the channel is the protocol's own provider.
    #[serde(default)]
    first_party: bool,
    output_max: Option<u64>,
    /// The channel's whole answer.
    answer: Option<Value>,
    /// The data of the channel's events.
    events: Option<Vec<Value>>,
    /// The channel's stream as bytes, where its framing is what matters.
    raw: Option<String>,
    /// What stands where in what comes of it.
    #[serde(default)]
    expect: BTreeMap<String, Value>,
    #[serde(default)]
    absent: Vec<String>,
    /// What it must say somewhere.
    #[serde(default)]
    says: Vec<String>,
    /// What it must say nowhere.
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    /// The field that a refusal names.
    refused: Option<String>,
    /// What a failure says.
    failed: Option<String>,
    /// Whether the stream is cut.
    #[serde(default)]
    cut: bool,
}

impl Row {
    fn name(&self) -> String {
        let Self { id, client, channel, about, .. } = self;
        format!("{id} [{client}→{channel}] {about}")
    }

    fn client(&self) -> Protocol {
        protocol(&self.client)
    }

    fn channel(&self) -> Protocol {
        protocol(&self.channel)
    }

    fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(match self.channel() {
            Protocol::Chat | Protocol::Responses => "some-model",
            Protocol::Messages => "claude-sonnet-5",
            Protocol::Gemini => "gemini-2.5-flash",
        })
    }

    /// Translates the row's request.
    fn asked(&self) -> Result<Translated, Untranslatable> {
        let mut body = self.request.clone().unwrap();
        if body["model"].is_null() && self.client() != Protocol::Gemini {
            body["model"] = "m".into();
        }
        let body = body.to_string();
        let path = (self.client() == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
        let head = Head::read(self.client(), Operation::Generate, body.as_bytes(), path).unwrap();
        let target = Target {
            protocol: self.channel(),
            model: self.model(),
            first_party: self.first_party,
            output_max: self.output_max,
            issuer: &wire::state::NOBODY,
            quirks: wire::quirks::Quirks::DEFAULT,
        };
        translate::request(&head, body.as_bytes(), &target, &wire::state::Forgetful)
    }

    /// Who gets the row's answer, and what the tools are called in it.
    fn addressee(&self) -> (Addressee, Names) {
        let client = crate::addressee(self.client());
        let Some(_) = &self.request else { return (client, Names::default()) };
        let asked = self.asked().unwrap_or_else(|fault| panic!("{}: {fault}", self.name()));
        (Addressee { wanted: Wanted { stream: true, ..asked.wanted }, ..client }, asked.names)
    }

    /// Checks what came of the row.
    fn check(&self, found: &Value, faults: &mut Vec<String>) {
        self.check_within(found, &found.to_string(), faults);
    }

    /// Checks what came of the row; words are looked for in `text`.
    fn check_within(&self, found: &Value, text: &str, faults: &mut Vec<String>) {
        let mut fault = |what: String| faults.push(format!("{}: {what}\n    in {text}", self.name()));
        for (pointer, expected) in &self.expect {
            if found.pointer(pointer) != Some(expected) {
                fault(format!(
                    "{pointer} is {:?}, not {expected}",
                    found.pointer(pointer).map(Value::to_string)
                ));
            }
        }
        for pointer in &self.absent {
            if found.pointer(pointer).is_some_and(|value| !value.is_null()) {
                fault(format!("{pointer} is there"));
            }
        }
        for words in self.says.iter().filter(|words| !text.contains(words.as_str())) {
            fault(format!("{words:?} is not said"));
        }
        for words in self.lacks.iter().filter(|words| text.contains(words.as_str())) {
            fault(format!("{words:?} is said"));
        }
    }
}

fn protocol(word: &str) -> Protocol {
    Protocol::ALL.into_iter().find(|protocol| protocol.word() == word).unwrap_or_else(|| panic!("{word}"))
}

fn rows(text: &str) -> Vec<Row> {
    serde_json::from_str(text).unwrap()
}

/// Returns the requests of all rows, with their protocols.
pub(crate) fn requests() -> Vec<(Protocol, Value)> {
    let rows = rows(include_str!("pitfalls/requests.json"));
    rows.into_iter().map(|row| (row.client(), row.request.unwrap())).collect()
}

/// Returns the answers of all rows, with their protocols; what is streamed is an array of its events.
pub(crate) fn answers() -> Vec<(Protocol, Value)> {
    let texts = [include_str!("pitfalls/replies.json"), include_str!("pitfalls/streams.json")];
    let answer = |row: Row| Some((row.channel(), row.answer.or(row.events.map(Value::from))?));
    texts.into_iter().flat_map(rows).filter_map(answer).collect()
}

fn done(faults: &[String]) {
    assert!(faults.is_empty(), "{} of them:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn requests_are_written_as_the_rows_say() {
    let mut faults = Vec::new();
    for row in rows(include_str!("pitfalls/requests.json")) {
        match (row.asked(), &row.refused) {
            (Ok(asked), None) => {
                let body: Value = serde_json::from_slice(&asked.body).unwrap();
                row.check(&body, &mut faults);
                let notes: Vec<String> = asked.notes.list().iter().map(ToString::to_string).collect();
                for note in row.notes.iter().filter(|note| !notes.contains(note)) {
                    faults.push(format!("{}: no note {note}, but {notes:?}", row.name()));
                }
                let path = crate::path(row.channel(), row.model());
                faults.extend(sim::broken(&path, &body).map(|broken| format!("{}: {broken}", row.name())));
            }
            (Err(Untranslatable::Unsaid(unsaid)), Some(field)) => {
                if !unsaid.field.contains(field.as_str()) {
                    faults.push(format!("{}: {} is refused: {unsaid}", row.name(), unsaid.field));
                }
                let said = serde_json::json!({"message": unsaid.message, "code": unsaid.code});
                row.check(&said, &mut faults);
            }
            (Ok(asked), Some(_)) => {
                faults.push(format!("{}: not refused: {}", row.name(), String::from_utf8_lossy(&asked.body)));
            }
            (Err(fault), _) => faults.push(format!("{}: {fault}", row.name())),
        }
    }
    done(&faults);
}

#[test]
fn whole_answers_are_told_as_the_rows_say() {
    let mut faults = Vec::new();
    for row in rows(include_str!("pitfalls/replies.json")) {
        let body = row.answer.as_ref().unwrap().to_string();
        let (to, names) = row.addressee();
        let told = observe::whole(row.channel(), Operation::Generate, body.as_bytes())
            .map_err(|fault| match fault {
                WholeFault::ErrorBody(failure) => failure.message,
                WholeFault::NotJson(_) | WholeFault::Empty => fault.to_string(),
            })
            .and_then(|seen| {
                translate::whole(row.channel(), body.as_bytes(), &seen.counts, &names, &to)
                    .map_err(|failure| failure.message)
            });
        match (told, &row.failed) {
            (Ok(told), None) => row.check(&serde_json::from_slice(&told.body).unwrap(), &mut faults),
            (Err(message), Some(words)) if message.contains(words.as_str()) => {}
            (told, _) => faults.push(format!("{}: {told:?}", row.name())),
        }
    }
    done(&faults);
}

/// The bytes of a stream with these events.
pub(crate) fn stream(protocol: Protocol, events: &[Value]) -> String {
    let mut stream = String::new();
    for event in events {
        if let (Protocol::Messages | Protocol::Responses, Some(kind)) = (protocol, event["type"].as_str()) {
            stream.extend(["event: ", kind, "\n"]);
        }
        match event {
            Value::String(text) => stream.extend(["data: ", text, "\n\n"]),
            event => stream.extend(["data: ", &event.to_string(), "\n\n"]),
        }
    }
    stream
}

#[test]
fn streams_are_told_as_the_rows_say() {
    let mut faults = Vec::new();
    for row in rows(include_str!("pitfalls/streams.json")) {
        let (to, names) = row.addressee();
        let bytes = match (&row.raw, &row.events) {
            (Some(raw), _) => raw.clone(),
            (None, events) => stream(row.channel(), events.as_deref().unwrap()),
        };
        let relayed = relay(row.channel(), &names, &to, [bytes.as_bytes()]);
        let failed = row.failed.as_ref();
        match &relayed.end {
            End::Whole if failed.is_none() && !row.cut => {
                row.check(&assembled::assembled(row.client(), &relayed.text), &mut faults);
            }
            End::Failed(failure) if failed.is_some_and(|words| failure.message.contains(words)) => {
                row.check_within(&last_words(&row, &relayed.text), &relayed.text, &mut faults);
            }
            End::Cut if row.cut => {
                row.check_within(&last_words(&row, &relayed.text), &relayed.text, &mut faults);
            }
            other => faults.push(format!("{}: ends {other:?}: {}", row.name(), relayed.text)),
        }
    }
    done(&faults);
}

/// The events of a broken answer, of which the last is the error and none pretends an end.
fn last_words(row: &Row, text: &str) -> Value {
    let events = assembled::events(row.client(), text);
    let ends = ["message_stop", "message_delta", "response.completed", "response.incomplete"];
    for (_, event) in &events {
        assert!(!ends.iter().any(|end| event["type"] == *end), "{}: {text}", row.name());
        assert!(event["choices"][0]["finish_reason"].is_null(), "{}: {text}", row.name());
        assert!(event["candidates"][0]["finishReason"].is_null(), "{}: {text}", row.name());
    }
    assert!(!text.contains("[DONE]"), "{}: {text}", row.name());
    events.last().map_or(Value::Null, |(_, event)| event.clone())
}

/// P024: JSON rows cannot hold it.
#[test]
fn a_byte_that_is_no_utf8_costs_a_character_and_no_more() {
    let stream = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\xffb\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    for client in Protocol::ALL {
        let to = crate::addressee(client);
        let relayed = relay(Protocol::Chat, &Names::default(), &to, [stream.as_slice()]);
        let told = assembled::assembled(client, &relayed.text).to_string();
        assert!(told.contains("a\u{fffd}b"), "{client}: {told}");
    }
}
