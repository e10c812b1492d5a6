//! What each vendor gets: a file of rows for each, and no row that would come out the same without the vendor's entry.
//!
//! `asked` rows are requests of clients of other protocols, `passed` rows those of Chat clients, as bytes; `heard` and
//! `counted` rows are answers. In `expect` and `absent` stand JSON pointers into what is sent; ids are those of the
//! project's protocol reference.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::{Channel, PRESETS};
use serde::Deserialize;
use serde_json::Value;
use wire::ask::Wanted;
use wire::calls::Names;
use wire::dialect::{Addressee, Target};
use wire::frames::Framing;
use wire::head::{Head, PathModel};
use wire::note::Notes;
use wire::observe::{self, Observer};
use wire::quirks::Quirks;
use wire::splice::{self, Change};
use wire::state::{Forgetful, NOBODY};
use wire::translate::{self, Untranslatable};
use wire::{Operation, Protocol, Usage};

/// The rows of one vendor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    base_url: String,
    /// The model of rows that name none.
    model: String,
    #[serde(default)]
    asked: Vec<Asked>,
    #[serde(default)]
    passed: Vec<Passed>,
    /// Streams, and what a Messages client reads of them.
    #[serde(default)]
    heard: Vec<Heard>,
    /// Answers and what they cost. They are read alike from everybody, so no entry is needed for them.
    #[serde(default)]
    counted: Vec<Counted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    id: String,
    client: Protocol,
    model: Option<String>,
    request: Value,
    #[serde(default)]
    expect: BTreeMap<String, Value>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    /// The field that a refusal names.
    refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passed {
    id: String,
    model: Option<String>,
    /// The members behind the model's, as the client writes them.
    request: String,
    /// The same as the vendor gets them.
    sent: String,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heard {
    id: String,
    model: Option<String>,
    /// The data of the stream's events.
    events: Vec<Value>,
    /// The content that a Messages client gets.
    content: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    id: String,
    /// A whole answer.
    answer: Option<Value>,
    /// The data of a stream's events.
    #[serde(default)]
    events: Vec<Value>,
    usage: Usage,
}

/// What comes of a translation: the body and its notes, or the field that is refused.
type Outcome = Result<(Value, Vec<String>), String>;

impl Asked {
    fn send(&self, model: &str, quirks: Quirks) -> Outcome {
        let body = self.request.to_string();
        let stream = self.request["stream"] == true;
        let path = (self.client == Protocol::Gemini).then_some(PathModel { model: "m", stream });
        let head = Head::read(self.client, Operation::Generate, body.as_bytes(), path).unwrap();
        let target = Target {
            protocol: Protocol::Chat,
            model,
            first_party: false,
            output_max: None,
            quirks,
            issuer: &NOBODY,
        };
        match translate::request(&head, body.as_bytes(), &target, &Forgetful) {
            Ok(sent) => Ok((serde_json::from_slice(&sent.body).unwrap(), words(&sent.notes))),
            Err(Untranslatable::Unsaid(unsaid)) => Err(unsaid.field),
            Err(Untranslatable::Malformed(fault)) => panic!("{}: {fault}", self.id),
        }
    }

    fn check(&self, outcome: &Outcome) {
        let id = &self.id;
        let (sent, notes) = match outcome {
            Ok(sent) => sent,
            Err(field) => return assert_eq!(Some(field), self.refused.as_ref(), "{id}"),
        };
        assert_eq!(self.refused, None, "{id}: {sent}");
        for (pointer, expected) in &self.expect {
            assert_eq!(sent.pointer(pointer), Some(expected), "{id}: {pointer} in {sent}");
        }
        for pointer in &self.absent {
            assert_eq!(sent.pointer(pointer), None, "{id}: {pointer} in {sent}");
        }
        for note in &self.notes {
            assert!(notes.contains(note), "{id}: {note} in {notes:?}");
        }
    }
}

impl Passed {
    fn send(&self, model: &str, quirks: Quirks) -> (String, Vec<String>) {
        let body = format!("{{\"model\":\"{model}\",{}}}", self.request);
        let head = Head::read(Protocol::Chat, Operation::Generate, body.as_bytes(), None).unwrap();
        let change = Change { model: Some(model), params: &[], force: false, ask_usage: false, quirks };
        let mut notes = Notes::default();
        let sent = splice::apply(&head, &body.into(), &change, &mut notes);
        (String::from_utf8(sent.to_vec()).unwrap(), words(&notes))
    }
}

impl Heard {
    fn content(&self, quirks: Quirks) -> Value {
        let events: Vec<String> = self.events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let to = Addressee {
            protocol: Protocol::Messages,
            wanted: Wanted::default(),
            framing: Framing::Sse,
            id: "a1".to_owned(),
            created_s: 1_763_600_000,
            input_estimate: 0,
            issuer: NOBODY.clone(),
            think_tags: quirks.think_tags,
        };
        let stream = events.concat();
        let names = Names::default();
        let whole = translate::whole_of_stream(Protocol::Chat, stream.as_bytes(), &names, &to).unwrap();
        let mut reply: Value = serde_json::from_slice(&whole.body).unwrap();
        for block in reply["content"].as_array_mut().unwrap() {
            block.as_object_mut().unwrap().remove("signature");
        }
        reply["content"].take()
    }
}

impl Counted {
    fn usage(&self) -> Option<Usage> {
        if let Some(answer) = &self.answer {
            let answer = answer.to_string();
            return observe::whole(Protocol::Chat, Operation::Generate, answer.as_bytes()).unwrap().usage;
        }
        let mut observer = Observer::new(Protocol::Chat);
        for event in &self.events {
            observer.event(None, event.to_string().as_bytes());
        }
        observer.usage()
    }
}

fn words(notes: &Notes) -> Vec<String> {
    notes.list().iter().map(ToString::to_string).collect()
}

fn vendors() -> Vec<(String, Vendor)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vendors");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let read = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let vendor = serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        (name, vendor)
    };
    files.map(read).collect()
}

fn channel(vendor: &Vendor) -> std::sync::Arc<Channel> {
    let text = format!("[[channel]]\nname = \"a\"\nkey = \"k\"\nbase_url = \"{}\"\n", vendor.base_url);
    std::sync::Arc::clone(&common::load("config.toml", &text).unwrap().channels[0])
}

#[test]
fn every_vendor_gets_what_it_wants() {
    for (_, vendor) in vendors() {
        let channel = channel(&vendor);
        for row in &vendor.asked {
            let model = row.model.as_ref().unwrap_or(&vendor.model);
            row.check(&row.send(model, channel.quirks.of(model)));
        }
        for row in &vendor.passed {
            let model = row.model.as_ref().unwrap_or(&vendor.model);
            let (sent, notes) = row.send(model, channel.quirks.of(model));
            assert_eq!(sent, format!("{{\"model\":\"{model}\",{}}}", row.sent), "{}", row.id);
            assert_eq!(notes, row.notes, "{}", row.id);
        }
        for row in &vendor.heard {
            let model = row.model.as_ref().unwrap_or(&vendor.model);
            assert_eq!(row.content(channel.quirks.of(model)), row.content, "{}", row.id);
        }
    }
}

#[test]
fn every_vendors_usage_is_understood() {
    for (name, vendor) in vendors() {
        for row in &vendor.counted {
            assert_eq!(row.usage(), Some(row.usage), "{name}: {}", row.id);
        }
    }
}

#[test]
fn no_row_comes_out_the_same_without_its_entry() {
    for (name, vendor) in vendors() {
        let channel = channel(&vendor);
        for row in &vendor.asked {
            let model = row.model.as_ref().unwrap_or(&vendor.model);
            let known = row.send(model, channel.quirks.of(model));
            assert_ne!(known, row.send(model, Quirks::DEFAULT), "{name}: {}", row.id);
        }
        for row in &vendor.passed {
            let model = row.model.as_ref().unwrap_or(&vendor.model);
            let known = row.send(model, channel.quirks.of(model));
            assert_ne!(known, row.send(model, Quirks::DEFAULT), "{name}: {}", row.id);
        }
        for row in &vendor.heard {
            assert_ne!(row.content(Quirks::DEFAULT), row.content, "{name}: {}", row.id);
        }
    }
}

/// What one row comes to, however it is one.
type Sending<'r> = Box<dyn Fn(Quirks) -> Value + 'r>;

/// The rows that an entry matters to, with what the vendor wants of each.
fn results<'r>(vendor: &'r Vendor, channel: &Channel) -> Vec<(Quirks, Sending<'r>)> {
    let known = |model: &Option<String>| channel.quirks.of(model.as_ref().unwrap_or(&vendor.model));
    let asked = vendor.asked.iter().map(|row| {
        let model = row.model.as_ref().unwrap_or(&vendor.model);
        let result: Sending<'r> = Box::new(move |quirks| serde_json::json!(row.send(model, quirks).ok()));
        (known(&row.model), result)
    });
    let passed = vendor.passed.iter().map(|row| {
        let model = row.model.as_ref().unwrap_or(&vendor.model);
        let result: Sending<'r> = Box::new(move |quirks| serde_json::json!(row.send(model, quirks)));
        (known(&row.model), result)
    });
    let heard = vendor.heard.iter().map(|row| {
        let result: Sending<'r> = Box::new(move |quirks| row.content(quirks));
        (known(&row.model), result)
    });
    asked.chain(passed).chain(heard).collect()
}

/// Takes one departure back.
type Reset = fn(&mut Quirks);

macro_rules! resets {
    ($($field:ident),+ $(,)?) => {
        [$((stringify!($field), (|quirks| quirks.$field = Quirks::DEFAULT.$field) as Reset)),+]
    };
}

#[test]
fn every_departure_has_a_row_that_fails_without_it() {
    let resets = resets![
        output_limit,
        output_max,
        refused,
        temperature_min,
        temperature_max,
        stops_max,
        include_usage,
        developer_role,
        late_system,
        tool_choice,
        thinking,
        thinking_off,
        thinks_whole,
        efforts,
        thoughts,
        echo,
        call_ids,
        json_schema,
        json_object,
        json_word,
        images,
        files,
        think_tags,
        reasoning_as_text,
    ];
    let mut idle = Vec::new();
    for (name, vendor) in vendors() {
        let results = results(&vendor, &channel(&vendor));
        for (field, reset) in resets {
            let without = |known: &Quirks| {
                let mut without = *known;
                reset(&mut without);
                without
            };
            let departs = results.iter().any(|(known, _)| without(known) != *known);
            let matters = results.iter().any(|(known, result)| result(*known) != result(without(known)));
            if departs && !matters {
                idle.push(format!("{name}: {field}"));
            }
        }
    }
    assert_eq!(idle, Vec::<String>::new());
}

#[test]
fn every_vendor_with_an_entry_has_rows() {
    let rows: Vec<String> = vendors().into_iter().map(|(_, vendor)| vendor.base_url).collect();
    for preset in PRESETS.iter().filter(|preset| !preset.quirks.is_empty()) {
        let has_rows = |alike: &config::Preset| {
            std::ptr::eq(alike.quirks, preset.quirks)
                && alike.bases.iter().any(|(_, base)| rows.iter().any(|row| row == base))
        };
        assert!(PRESETS.iter().any(has_rows), "{} has no rows", preset.id);
    }
}
