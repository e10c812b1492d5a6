//! What providers note of their thoughts comes back to them, and to nobody else, through clients of every protocol: over turns
//! with tools, switches of channels, restarts, and clients that keep nothing. The upstreams are strict: a note that is not
//! their own, that was changed, that stands in the wrong place or is missing ends a conversation with 400.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sim::{Find, Plan, Rule, Seen, Simulator, Then, ToolCall};
use sluice_tests::bed::{Bed, KEY};
use sluice_tests::conversation::Conversation;
use sluice_tests::http::Reply;
use wire::Protocol;

/// A provider behind a channel of its own.
#[derive(Debug)]
struct Provider {
    /// The channel, and its key.
    name: &'static str,
    /// Who serves the model.
    house: &'static str,
    channel_type: &'static str,
    base_url: &'static str,
    protocol: Protocol,
    model: &'static str,
    keeps: Keeps,
}

/// What a provider wants back of its thoughts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// A note for each thought.
    Notes,
    /// A signature with the first call, or with the text where there is none.
    Signature,
    /// The thoughts themselves, with calls.
    Words,
}

/// One of each kind: Anthropic's models with and without a budget for thoughts, two accounts of one vendor, and two vendors of
/// Chat, which differ most in this.
const PROVIDERS: [Provider; 7] = [
    Provider {
        name: "claude",
        house: "anthropic",
        channel_type: "claude",
        base_url: "http://api.anthropic.com",
        protocol: Protocol::Messages,
        model: "claude-sonnet-5",
        keeps: Keeps::Notes,
    },
    Provider {
        name: "budget",
        house: "anthropic",
        channel_type: "claude",
        base_url: "http://api.anthropic.com",
        protocol: Protocol::Messages,
        model: "claude-sonnet-4-5",
        keeps: Keeps::Notes,
    },
    Provider {
        name: "openai",
        house: "openai",
        channel_type: "openai",
        base_url: "http://api.openai.com/v1",
        protocol: Protocol::Responses,
        model: "gpt-5.4",
        keeps: Keeps::Notes,
    },
    Provider {
        name: "work",
        house: "openai",
        channel_type: "openai",
        base_url: "http://api.openai.com/v1",
        protocol: Protocol::Responses,
        model: "gpt-5.4-mini",
        keeps: Keeps::Notes,
    },
    Provider {
        name: "google",
        house: "google",
        channel_type: "gemini",
        base_url: "http://generativelanguage.googleapis.com",
        protocol: Protocol::Gemini,
        model: "gemini-3-pro",
        keeps: Keeps::Signature,
    },
    Provider {
        name: "deepseek",
        house: "deepseek",
        channel_type: "openai",
        base_url: "http://api.deepseek.com/v1",
        protocol: Protocol::Chat,
        model: "deepseek-v4-pro",
        keeps: Keeps::Words,
    },
    Provider {
        name: "router",
        house: "router",
        channel_type: "openai",
        base_url: "http://openrouter.ai/api/v1",
        protocol: Protocol::Chat,
        model: "anthropic/claude-sonnet-5",
        keeps: Keeps::Notes,
    },
];

/// How many requests a conversation has: a question, outcomes, outcomes, a question, outcomes.
const STEPS: usize = 5;

/// A gateway before all providers.
struct Stage {
    bed: Bed,
    houses: BTreeMap<&'static str, Simulator>,
    config: String,
}

impl Stage {
    async fn open() -> Stage {
        let mut houses = BTreeMap::new();
        for Provider { house, .. } in &PROVIDERS {
            houses.entry(*house).or_insert(Simulator::start(Plan::steady(house).strict()).await.unwrap());
        }
        let mut config = "version = 1\n".to_owned();
        for Provider { name, house, channel_type, base_url, protocol, model, keeps: _ } in &PROVIDERS {
            // No name is looked up: the simulator is the proxy on the way to each provider.
            let port = houses[house].addr.port();
            write!(
                config,
                "[[channel]]\nname = \"{name}\"\nid = \"{name}\"\ntype = \"{channel_type}\"\nprotocols = [\"{protocol}\"]\n\
                 base_url = \"{base_url}\"\nproxy = {{ type = \"http\", host = \"127.0.0.1\", port = {port} }}\nkey = {{ env = \"KEY_{name}\" }}\nmodels = [\"{model}\"]\n"
            )
            .unwrap();
        }
        Stage { bed: Bed::start(&config).await, houses, config }
    }

    /// Starts the gateway again: nothing that was in its memory is left.
    async fn restart(&mut self) {
        self.bed = Bed::start(&self.config).await;
    }

    fn house(&self, provider: &Provider) -> &Simulator {
        &self.houses[provider.house]
    }

    /// Asks the provider in the next step of a conversation.
    async fn ask(&self, talk: &mut Conversation, provider: &Provider, step: usize, stream: bool) -> Reply {
        self.house(provider).script(vec![Rule { times: None, ..Rule::once(says(step)) }]);
        self.ask_as_scripted(talk, provider, step, stream).await
    }

    async fn ask_as_scripted(
        &self,
        talk: &mut Conversation,
        provider: &Provider,
        step: usize,
        stream: bool,
    ) -> Reply {
        match step {
            0 => talk.say("How many are there?"),
            3 => talk.say("And now?"),
            _ => talk.tell_outcomes(),
        }
        self.bed.send(&talk.request(provider.model, stream).bearer(KEY)).await
    }

    /// What the provider saw last.
    fn last(&self, provider: &Provider) -> Seen {
        self.house(provider).seen().pop().unwrap()
    }
}

/// What the model answers in a step: always after two thoughts, of which one is for its own eyes.
fn says(step: usize) -> Then {
    let call = |n: u8| ToolCall { name: "look".to_owned(), arguments: serde_json::json!({ "n": n }) };
    let then = match step {
        0 => Then::calls(vec![call(1), call(2)]),
        1 => Then { say: Some("Let me look again.".to_owned()), ..Then::calls(vec![call(3)]) },
        3 => Then::calls(vec![call(4)]),
        step => Then::say(&format!("There are {step}.")),
    };
    then.thinking(&[&thought(step), ""])
}

fn thought(step: usize) -> String {
    format!("I think \"{step}\".\n")
}

/// Answers of a provider so far: the number and the step of each.
type Answers = Vec<(u64, usize)>;

/// What a provider should find of its answers; `texts` tells whether of those without a call, too.
fn expected(provider: &Provider, answers: &[(u64, usize)], texts: bool) -> Vec<Find> {
    let of_answer = |&(answer, step): &(u64, usize)| {
        let calls = [2, 1, 0, 1, 0][step];
        let notes = match provider.keeps {
            Keeps::Words if calls > 0 => vec![Find::Thought(thought(step))],
            Keeps::Notes if calls > 0 || texts => {
                vec![Find::Note { answer, place: 1 }, Find::Note { answer, place: 2 }]
            }
            Keeps::Signature if calls > 0 => vec![Find::Note { answer, place: 1 }],
            Keeps::Signature if texts => vec![Find::Note { answer, place: 2 }],
            Keeps::Words | Keeps::Notes | Keeps::Signature => Vec::new(),
        };
        notes.into_iter().chain(std::iter::repeat_n(Find::Call { answer }, calls)).collect::<Vec<Find>>()
    };
    answers.iter().flat_map(of_answer).collect()
}

/// What a provider found of its own; what stands in the place of others' notes is checked and left out.
fn own(seen: &Seen) -> Vec<Find> {
    let finds = &seen.finds;
    let belongs = |(at, find): (usize, &Find)| match (find, finds.get(at + 1)) {
        (Find::UnknownNote, _) => panic!("a note of another: {}", seen.text()),
        (Find::LostNote, next) => {
            assert_eq!(next, Some(&Find::OtherCall), "an own call has lost its note: {}", seen.text());
            None
        }
        (Find::OtherCall, _) => None,
        (Find::Thought(_), next) => matches!(next, Some(Find::Call { .. })).then(|| find.clone()),
        (Find::Note { .. } | Find::Call { .. }, _) => Some(find.clone()),
    };
    finds.iter().enumerate().filter_map(belongs).collect()
}

/// Plays a conversation; `who` says which provider is asked in a step. Each must find its own notes each time, all of them,
/// and answer at once.
async fn play(
    stage: &mut Stage,
    mut talk: Conversation,
    who: impl Fn(usize) -> &'static Provider,
    stream: bool,
    restarts: bool,
) {
    let client = talk.protocol;
    let mut answers: BTreeMap<&str, Answers> = BTreeMap::new();
    for step in 0..STEPS {
        let provider = who(step);
        let what = format!("{client} to {}, step {step}, stream: {stream}", provider.name);
        if restarts {
            stage.restart().await;
        }
        let before = stage.house(provider).seen().len();
        let reply = stage.ask(&mut talk, provider, step, stream).await;
        let seen = stage.last(provider);
        assert_eq!(reply.status, 200, "{what}: {}\n{}", reply.text(), seen.text());
        let asked = stage.house(provider).seen().split_off(before);
        assert_eq!(asked.len(), 1, "{what}: refused: {}", asked[0].text());
        // Anthropic's models know each other's notes, and so do the accounts of one vendor not.
        let mint = if provider.house == "openai" { provider.name } else { provider.house };
        let answers = answers.entry(mint).or_default();
        let texts = match (client == provider.protocol, provider.keeps) {
            (true, _) => true,
            // The signature of a text has no place in other protocols, and is remembered.
            (false, Keeps::Signature) => !restarts,
            (false, Keeps::Notes | Keeps::Words) => talk.keeps_notes,
        };
        assert_eq!(own(&seen), expected(provider, answers, texts), "{what}: {}", seen.text());
        answers.push((seen.number, step));
        let read = talk.hear(&reply, stream);
        let is_read = read.contains(thought(step).trim());
        assert_eq!(is_read, talk.shows_thoughts || client == Protocol::Chat, "{what}: {read}");
        assert!(client == provider.protocol || !read.contains("+///"), "{what}: {read}");
    }
}

/// Calls for every client, with whole answers and streams.
macro_rules! each_client {
    (|$stage:ident, $client:ident, $stream:ident| $body:block) => {
        let mut stage = Stage::open().await;
        for $client in Protocol::ALL {
            for $stream in [false, true] {
                let $stage = &mut stage;
                $body
            }
        }
    };
}

#[tokio::test]
async fn p129_p132_p134_p135_p136_p137_a_provider_finds_its_own_notes_in_every_turn() {
    each_client!(|stage, client, stream| {
        for provider in &PROVIDERS {
            play(stage, Conversation::new(client), |_| provider, stream, false).await;
        }
    });
}

#[tokio::test]
async fn p138_notes_come_back_of_thoughts_that_the_client_did_not_want_to_read() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.protocol != client) {
            let talk = Conversation::new(client).without_thoughts();
            play(stage, talk, |_| provider, stream, false).await;
        }
    });
}

#[tokio::test]
async fn notes_outlive_the_gateway() {
    each_client!(|stage, client, stream| {
        for provider in &PROVIDERS {
            play(stage, Conversation::new(client), |_| provider, stream, true).await;
        }
    });
}

#[tokio::test]
async fn p131_p157_p163_whoever_takes_over_in_the_middle_finds_its_own_notes_and_no_others() {
    each_client!(|stage, client, stream| {
        for a in &PROVIDERS {
            for b in PROVIDERS.iter().filter(|b| b.name != a.name && !are_native(client, a, b)) {
                play(
                    stage,
                    Conversation::new(client),
                    |step| if step % 2 == 0 { a } else { b },
                    stream,
                    false,
                )
                .await;
            }
        }
    });
}

/// Tells whether two providers speak the client's protocol and do not know each other's notes: then nobody but they can tell
/// whose a note is.
fn are_native(client: Protocol, a: &Provider, b: &Provider) -> bool {
    a.protocol == client && b.protocol == client && a.house != "anthropic"
}

#[tokio::test]
async fn a_native_provider_that_takes_over_from_another_is_asked_once_more_at_most() {
    each_client!(|stage, client, stream| {
        for a in &PROVIDERS {
            for b in PROVIDERS.iter().filter(|b| b.name != a.name && are_native(client, a, b)) {
                let mut talk = Conversation::new(client);
                for step in 0..STEPS {
                    let provider = if step % 2 == 0 { a } else { b };
                    let before = stage.house(provider).seen().len();
                    let reply = stage.ask(&mut talk, provider, step, stream).await;
                    let what = format!("{client}, {} to {}, step {step}, stream: {stream}", a.name, b.name);
                    assert_eq!(reply.status, 200, "{what}: {}", reply.text());
                    assert!(stage.house(provider).seen().len() - before <= 2, "{what}");
                    talk.hear(&reply, stream);
                }
            }
        }
    });
}

#[tokio::test]
async fn p129_p130_the_gateway_remembers_what_a_plain_client_does_not_keep() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.protocol != client) {
            let talk = Conversation::new(client).plain();
            play(stage, talk, |_| provider, stream, false).await;
        }
    });
}

#[tokio::test]
async fn p130_a_plain_client_is_served_even_where_nobody_remembers() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.protocol != client) {
            let mut talk = Conversation::new(client).plain();
            for step in 0..STEPS {
                stage.restart().await;
                let reply = stage.ask(&mut talk, provider, step, stream).await;
                let what = format!("{client} to {}, step {step}, stream: {stream}", provider.name);
                assert_eq!(reply.status, 200, "{what}: {}", reply.text());
                talk.hear(&reply, stream);
            }
        }
    });
}

/// A provider's refusal of a note, in its own words.
fn refusal(protocol: Protocol) -> Then {
    let error = match protocol {
        Protocol::Messages | Protocol::Chat => {
            serde_json::json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": "messages.1.content.0: Invalid `signature` in `thinking` block"}})
        }
        Protocol::Responses => serde_json::json!({"error": {"type": "invalid_request_error", "param": null,
            "code": "invalid_encrypted_content", "message": "The encrypted content gAAA... could not be verified."}}),
        Protocol::Gemini => serde_json::json!({"error": {"code": 400, "status": "INVALID_ARGUMENT",
            "message": "Thought signature is not valid."}}),
    };
    Then::status(400).with_body(error)
}

#[tokio::test]
async fn p077_a_provider_that_refuses_a_note_is_asked_once_more_without() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.keeps != Keeps::Words) {
            let what = format!("{client} to {}, stream: {stream}", provider.name);
            let mut talk = Conversation::new(client);
            let reply = stage.ask(&mut talk, provider, 0, stream).await;
            talk.hear(&reply, stream);
            let before = stage.house(provider).seen().len();
            stage.house(provider).script(vec![
                Rule::once(refusal(provider.protocol)),
                Rule { times: None, ..Rule::once(says(1)) },
            ]);
            let reply = stage.ask_as_scripted(&mut talk, provider, 1, stream).await;
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
            let seen = stage.house(provider).seen().split_off(before);
            assert_eq!(seen.len(), 2, "{what}");
            assert!(seen[0].finds.contains(&Find::Note { answer: seen[0].number - 1, place: 1 }), "{what}");
            let is_note = |find: &Find| matches!(find, Find::Note { .. } | Find::UnknownNote);
            assert!(!seen[1].finds.iter().any(is_note), "{what}: {}", seen[1].text());
            let trace = stage.bed.trace(&reply).await;
            assert_eq!(trace.attempts.len(), 1, "{what}");
            assert!(!trace.attempts[0].notes.is_empty(), "{what}");
            let dropped = reply.header("x-sluice-dropped").unwrap_or_default();
            assert!(dropped.contains("drop:"), "{what}: {dropped:?}");
        }
    });
}

#[tokio::test]
async fn a_second_refusal_of_notes_is_final() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.keeps != Keeps::Words) {
            let what = format!("{client} to {}, stream: {stream}", provider.name);
            let mut talk = Conversation::new(client);
            let reply = stage.ask(&mut talk, provider, 0, stream).await;
            talk.hear(&reply, stream);
            let before = stage.house(provider).seen().len();
            stage
                .house(provider)
                .script(vec![Rule { times: None, ..Rule::once(refusal(provider.protocol)) }]);
            let reply = stage.ask_as_scripted(&mut talk, provider, 1, stream).await;
            assert_eq!(reply.status, 400, "{what}: {}", reply.text());
            assert_eq!(stage.house(provider).seen().len() - before, 2, "{what}");
            assert_eq!(stage.bed.trace(&reply).await.attempts.len(), 1, "{what}");
        }
    });
}

#[tokio::test]
async fn a_conversation_that_began_elsewhere_goes_on_without_its_notes() {
    for stream in [false, true] {
        let stage = Stage::open().await;
        for provider in PROVIDERS.iter().filter(|provider| provider.keeps != Keeps::Words) {
            let what = format!("{}, stream: {stream}", provider.name);
            let mut talk = Conversation::new(provider.protocol);
            let reply = stage.ask(&mut talk, provider, 0, stream).await;
            talk.hear(&reply, stream);
            // Notes that no provider here knows.
            talk.edit(|history| history.replace("+///", "+//+"));
            let before = stage.house(provider).seen().len();
            let reply = stage.ask(&mut talk, provider, 1, stream).await;
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
            assert_eq!(stage.house(provider).seen().len() - before, 2, "{what}");
        }
    }
}

#[tokio::test]
async fn p133_a_carrier_that_was_tampered_with_reaches_nobody() {
    each_client!(|stage, client, stream| {
        for provider in PROVIDERS.iter().filter(|provider| provider.protocol != client) {
            for (from, to) in [
                ("slc1.", "slc1.slc1."),
                (".sig.", ".red."),
                ("c2xjMS", "c2xjMSAA"),
                ("slc1.", "slc1.a.sig."),
            ] {
                stage.restart().await;
                let mut talk = Conversation::new(client);
                let reply = stage.ask(&mut talk, provider, 0, stream).await;
                talk.hear(&reply, stream);
                talk.edit(|history| history.replace(from, to));
                let reply = stage.ask(&mut talk, provider, 1, stream).await;
                assert_eq!(reply.status, 200, "{client} to {}, {to}: {}", provider.name, reply.text());
                let finds = stage.last(provider).finds;
                assert!(
                    !finds.contains(&Find::UnknownNote),
                    "{client} to {}, {to}: {finds:?}",
                    provider.name
                );
            }
        }
    });
}

#[tokio::test]
async fn p162_a_note_comes_back_in_the_alphabet_that_it_was_given_in() {
    let stage = Stage::open().await;
    for provider in PROVIDERS.iter().filter(|provider| provider.protocol != Protocol::Gemini) {
        for stream in [false, true] {
            let mut talk = Conversation::new(Protocol::Gemini);
            let reply = stage.ask(&mut talk, provider, 0, stream).await;
            talk.hear(&reply, stream);
            // As Google's SDK for Python writes what it holds as bytes.
            talk.edit(|history| {
                let urlsafe = |part: &str| part.replace('+', "-").replace('/', "_");
                let mut parts = history.split("\"thoughtSignature\":\"");
                let first = parts.next().unwrap_or_default().to_owned();
                parts.fold(first, |done, part| {
                    let (signature, rest) = part.split_once('"').unwrap();
                    done + "\"thoughtSignature\":\"" + &urlsafe(signature) + "\"" + rest
                })
            });
            let first = stage.last(provider).number;
            let reply = stage.ask(&mut talk, provider, 1, stream).await;
            let seen = stage.last(provider);
            assert_eq!(reply.status, 200, "{}: {}", provider.name, reply.text());
            assert_eq!(own(&seen), expected(provider, &[(first, 0)], true), "{}", provider.name);
        }
    }
}
