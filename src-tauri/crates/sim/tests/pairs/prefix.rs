//! A conversation of twenty turns, translated turn by turn: what a provider has read once comes again byte for byte, so
//! that its prompt cache goes on from there.
//!
//! What is compared is what a cache reads, in its order: tools, system prompt, and the list of messages up to the end of the
//! last one. The marks that tell where a cache should begin (`cache_control`, `prompt_cache_breakpoint`) are not compared:
//! they move with the conversation's end, no provider counts them as part of the prompt, and there are at most four.

mod clients;
mod providers;

use std::collections::HashMap;

use serde_json::Value;
use wire::dialect::{Addressee, Target};
use wire::head::{Head, PathModel};
use wire::json::Tape;
use wire::quirks::{Echo, Quirks};
use wire::state::{Issuer, Memory, Recall};
use wire::translate::{self, Translated, Whole};
use wire::{Operation, Protocol, observe};

use clients::Client;
use providers::answer;

/// What the client says before the model answers.
enum Said {
    /// A text of the user.
    Text(&'static str),
    /// A text of the user, with an image.
    Image(&'static str),
    /// The results of all calls of the last answer; of the first of them an image, too, where it `shows` one.
    Results { shows: bool },
    /// Instructions in the midst of the conversation.
    System(&'static str),
}

/// What the model answers.
struct Answer {
    thinks: bool,
    says: Option<&'static str>,
    calls: usize,
}

const fn answers(thinks: bool, says: Option<&'static str>, calls: usize) -> Answer {
    Answer { thinks, says, calls }
}

/// The conversation: what is said, and what the model answers.
const SCRIPT: [(&[Said], Answer); 20] = [
    (&[Said::Text("Mend the \"build\".\n")], answers(true, None, 1)),
    (&[Said::Results { shows: false }], answers(true, Some("It is the linker."), 3)),
    (&[Said::Results { shows: true }], answers(true, None, 2)),
    (&[Said::Results { shows: false }, Said::Text("Be quick.")], answers(false, Some("Nearly there."), 1)),
    (&[Said::Results { shows: false }], answers(true, Some("It builds."), 0)),
    (&[Said::Image("What is this?")], answers(false, Some("A dot."), 0)),
    (&[Said::Text("And now?"), Said::System("It is Monday.")], answers(true, Some("Let me look."), 2)),
    (&[Said::Results { shows: false }, Said::System("The disk is full.")], answers(true, None, 1)),
    (&[Said::Results { shows: true }], answers(false, Some("The disk is full, as JSON shows."), 0)),
    (&[Said::Text("Go on — 好.")], answers(true, None, 4)),
    (&[Said::Results { shows: false }], answers(false, None, 1)),
    (&[Said::Results { shows: false }], answers(true, Some("Done."), 0)),
    (&[Said::Text("Again."), Said::Text("Please.")], answers(true, Some("Once more."), 1)),
    (&[Said::Results { shows: false }, Said::Image("Like this.")], answers(true, None, 2)),
    (&[Said::Results { shows: true }], answers(true, Some("So it is."), 0)),
    (&[Said::System("Answer in French."), Said::Text("Oui?")], answers(false, Some("Oui."), 0)),
    (&[Said::Text("Try it.")], answers(true, None, 1)),
    (&[Said::Results { shows: false }], answers(true, None, 1)),
    (&[Said::Results { shows: false }], answers(true, Some("C'est fait."), 0)),
    (&[Said::Text("Merci.")], answers(true, Some("De rien."), 0)),
];

/// A channel and what it wants otherwise.
struct Channel {
    protocol: Protocol,
    model: &'static str,
    first_party: bool,
    quirks: Quirks,
}

fn channels() -> Vec<Channel> {
    let channel = |protocol, model, first_party| {
        let quirks = Quirks::DEFAULT;
        Channel { protocol, model, first_party, quirks }
    };
    let echoes = Quirks { echo: Echo::Required, late_system: false, ..Quirks::DEFAULT };
    vec![
        channel(Protocol::Chat, "gpt-4.1", true),
        channel(Protocol::Chat, "gpt-5.6", true),
        channel(Protocol::Chat, "anthropic/claude-sonnet-5", false),
        Channel { quirks: echoes, ..channel(Protocol::Chat, "deepseek-chat", false) },
        channel(Protocol::Responses, "gpt-5.4", true),
        channel(Protocol::Responses, "gpt-5.6", true),
        channel(Protocol::Messages, "claude-sonnet-5", true),
        channel(Protocol::Messages, "claude-sonnet-4-5", true),
        channel(Protocol::Messages, "kimi-k2", false),
        channel(Protocol::Gemini, "gemini-3-pro", true),
        channel(Protocol::Gemini, "gemini-2.5-flash", true),
    ]
}

/// What the clients drop, by the keys of their answers.
#[derive(Default)]
struct Remembered(HashMap<String, String>);

impl Remembered {
    fn keep(&mut self, memories: Vec<Memory>) {
        self.0.extend(memories.into_iter().map(|memory| (memory.key, memory.carriers)));
    }
}

impl Recall for Remembered {
    fn recall(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
}

/// A conversation between a client and a channel.
struct Conversation<'c> {
    client: Client,
    channel: &'c Channel,
    issuer: Issuer,
    remembered: Remembered,
}

impl<'c> Conversation<'c> {
    fn new(client: Client, channel: &'c Channel) -> Self {
        let issuer = Issuer::vendor("upstream.example");
        Self { client, channel, issuer, remembered: Remembered::default() }
    }

    /// Translates what the client asks now.
    fn asked(&self) -> Translated {
        let body = self.client.request().to_string();
        let from_path =
            (self.client.protocol == Protocol::Gemini).then_some(PathModel { model: "m", stream: false });
        let head = Head::read(self.client.protocol, Operation::Generate, body.as_bytes(), from_path).unwrap();
        let target = Target {
            protocol: self.channel.protocol,
            model: self.channel.model,
            first_party: self.channel.first_party,
            output_max: None,
            quirks: self.channel.quirks,
            issuer: &self.issuer,
        };
        translate::request(&head, body.as_bytes(), &target, &self.remembered).unwrap()
    }

    /// Tells the client what the channel's model answers, as far as the client keeps it.
    fn answered(&mut self, turn: usize, script: &Answer, asked: &Translated) {
        let upstream: Value = serde_json::from_slice(&asked.body).unwrap();
        let body = answer(self.channel.protocol, turn, script, &tool_name(&upstream)).to_string();
        let to = Addressee {
            wanted: asked.wanted.clone(),
            id: format!("0a1b{turn}"),
            issuer: self.issuer.clone(),
            ..crate::addressee(self.client.protocol)
        };
        let counts =
            observe::whole(self.channel.protocol, Operation::Generate, body.as_bytes()).unwrap().counts;
        let Whole { body, memories, .. } =
            translate::whole(self.channel.protocol, body.as_bytes(), &counts, &asked.names, &to).unwrap();
        self.remembered.keep(memories);
        self.client.hears(&serde_json::from_slice(&body).unwrap());
    }
}

/// Finds what the channel calls the tool.
fn tool_name(request: &Value) -> String {
    let first = &request["tools"][0];
    let names = ["/function/name", "/name", "/functionDeclarations/0/name"];
    let name = names.into_iter().find_map(|pointer| first.pointer(pointer)?.as_str());
    name.unwrap_or_else(|| panic!("no tool: {first}")).to_owned()
}

/// Returns what a prompt cache reads of a request, without its last bracket.
fn prefix(protocol: Protocol, body: &[u8]) -> String {
    let (front, list): (&[&str], &str) = match protocol {
        Protocol::Chat => (&["tools"], "messages"),
        Protocol::Responses => (&["tools", "instructions"], "input"),
        Protocol::Messages => (&["tools", "system"], "messages"),
        Protocol::Gemini => (&["tools", "systemInstruction"], "contents"),
    };
    let tape = Tape::read(body).unwrap();
    let raw = |name: &str| tape.root().get(name).map(wire::json::Value::raw).unwrap_or_default().to_owned();
    let front: String = front.iter().map(|name| raw(name) + "\n").collect();
    front + raw(list).strip_suffix(']').unwrap()
}

/// The marks, as they are written.
const MARKS: [&str; 4] = [
    r#","cache_control":{"type":"ephemeral"}"#,
    r#","cache_control":{"type":"ephemeral","ttl":"1h"}"#,
    r#","prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}"#,
    r#","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}"#,
];

fn unmarked(prefix: &str) -> String {
    MARKS.iter().fold(prefix.to_owned(), |text, mark| text.replace(mark, ""))
}

/// Says where the second text leaves the first.
fn parting(earlier: &str, later: &str) -> String {
    let at = earlier.bytes().zip(later.bytes()).take_while(|(one, other)| one == other).count();
    let around = |text: &str| {
        let bytes = &text.as_bytes()[at.saturating_sub(120).min(text.len())..(at + 200).min(text.len())];
        String::from_utf8_lossy(bytes).into_owned()
    };
    format!("\n    once  {}\n    then  {}", around(earlier), around(later))
}

/// Tells whether the last thing that the user said holds a mark.
fn ends_marked(prefix: &str) -> bool {
    let behind = MARKS.iter().filter_map(|mark| prefix.rfind(mark)).max().map(|at| &prefix[at..]);
    behind.is_some_and(|behind| !behind.contains(r#""role":"user""#))
}

/// Leads the conversation and returns what is wrong with it.
fn faults(client: Protocol, keeps_notes: bool, channel: &Channel) -> Vec<String> {
    let mut faults = Vec::new();
    let mut conversation = Conversation::new(Client::new(client, keeps_notes), channel);
    let mut earlier = String::new();
    for (turn, (said, script)) in (1..).zip(&SCRIPT) {
        said.iter().for_each(|said| conversation.client.says(said));
        let asked = conversation.asked();
        let what = format!(
            "{client}{} → {} {}, turn {turn}",
            if keeps_notes { "" } else { " without notes" },
            channel.protocol,
            channel.model
        );
        let written = prefix(channel.protocol, &asked.body);
        let later = unmarked(&written);
        let goes_on =
            later.strip_prefix(&earlier).is_some_and(|more| earlier.is_empty() || more.starts_with(','));
        if !goes_on {
            faults.push(format!("{what}{}", parting(&earlier, &later)));
        }
        if channel.protocol == Protocol::Messages && !ends_marked(&written) {
            faults.push(format!("{what}: no mark at the end"));
        }
        conversation.answered(turn, script, &asked);
        earlier = later;
    }
    faults
}

#[test]
fn the_same_conversation_goes_by_the_same_cache_key() {
    let openai = [(Protocol::Chat, "gpt-4.1"), (Protocol::Responses, "gpt-5.4")];
    for (protocol, model) in openai {
        let channel = Channel { protocol, model, first_party: true, quirks: Quirks::DEFAULT };
        for client in [Protocol::Chat, Protocol::Responses, Protocol::Messages] {
            if client == protocol {
                continue;
            }
            let keys = |session: &str| {
                let mut conversation = Conversation::new(Client::new(client, true), &channel);
                conversation.client.session = Some(session.to_owned());
                let [first, second] = [&SCRIPT[0], &SCRIPT[1]].map(|(said, script)| {
                    said.iter().for_each(|said| conversation.client.says(said));
                    let asked = conversation.asked();
                    conversation.answered(1, script, &asked);
                    let body: Value = serde_json::from_slice(&asked.body).unwrap();
                    body["prompt_cache_key"].clone()
                });
                assert!(first.is_string() && first == second, "{client} → {protocol}: {first} {second}");
                first
            };
            let (one, other) = (keys("user-1 session-1"), keys("user-1 session-2"));
            assert_ne!(one, other, "{client} → {protocol}: every conversation has a key of its own");
            let is_told = one == "user-1 session-1";
            assert_eq!(
                is_told,
                client != Protocol::Messages,
                "{client} → {protocol}: a user's id is not told"
            );
        }
    }
}

#[test]
fn the_same_history_becomes_the_same_prompt_turn_after_turn() {
    let mut all = Vec::new();
    for client in Protocol::ALL {
        for channel in channels().iter().filter(|channel| channel.protocol != client) {
            for keeps_notes in [true, false] {
                all.extend(faults(client, keeps_notes, channel));
            }
        }
    }
    assert!(all.is_empty(), "{} of them:\n{}", all.len(), all.join("\n"));
}
