//! What a request brings back of the model's turns: thoughts, notes and calls, in no dialect's words.

use serde::Serialize;
use serde_json::Value;

use crate::endpoint::{Dialect, Endpoint, Verb};
use crate::notes::Mint;

/// Stands for a signature that was lost; Gemini 3 accepts it (ai.google.dev, thought signatures).
pub(crate) const SENTINEL: &str = "skip_thought_signature_validator";

/// What a provider finds in the history of a conversation, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Find {
    /// A note that the provider minted itself, as it was.
    Note {
        /// The number of the answer that it came in.
        answer: u64,
        /// Its place among the answer's notes, from 1.
        place: usize,
    },
    /// A note that it did not mint, or that was changed.
    UnknownNote,
    /// The word that stands for a lost signature.
    LostNote,
    /// A thought in words, without a note.
    Thought(String),
    /// A call that it made after a thought.
    Call {
        /// The number of the answer that it came in.
        answer: u64,
    },
    /// A call of another, or one before which nothing was thought.
    OtherCall,
}

/// The model's side of a conversation.
pub(crate) struct History<'v> {
    pub dialect: Dialect,
    pub model: String,
    pub turns: Vec<Turn<'v>>,
}

/// What the model said between two things that it was told.
#[derive(Default)]
pub(crate) struct Turn<'v> {
    pub parts: Vec<Part<'v>>,
    /// Whether nobody has asked anything since.
    pub is_current: bool,
}

/// A part of a turn, and where it stands.
pub(crate) struct Part<'v> {
    pub at: String,
    pub kind: Kind<'v>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'v> {
    /// A note with the text that it belongs to.
    Signed { note: &'v str, text: &'v str },
    /// A note of a thought that nobody may read.
    Sealed(&'v str),
    /// Gemini: the note of a call, which follows.
    SignedCall(&'v str),
    /// Gemini: the note of a text.
    SignedText(&'v str),
    /// Responses: a thought that the provider has kept under this id.
    Kept(&'v str),
    /// A thought in words.
    Thought(&'v str),
    /// A call; Responses knows it by another id, too.
    Call { id: &'v str, item: &'v str },
    /// Words; Responses knows them by an id.
    Said { item: &'v str },
}

impl<'v> History<'v> {
    /// Reads a request for an answer; none, if it is for something else.
    pub(crate) fn of(endpoint: &Endpoint, body: &'v Value) -> Option<Self> {
        let model = || text(&body["model"]).to_owned();
        let (dialect, model, turns) = match endpoint {
            Endpoint::Chat => (Dialect::Chat, model(), chat(body)),
            Endpoint::Responses => (Dialect::Responses, model(), responses(body)),
            Endpoint::Messages => (Dialect::Messages, model(), messages(body)),
            Endpoint::Gemini { model, verb: Verb::Generate | Verb::Stream } => {
                (Dialect::Gemini, model.clone(), gemini(body))
            }
            Endpoint::Gemini { verb: Verb::Count | Verb::Embed | Verb::BatchEmbed, .. }
            | Endpoint::CountTokens
            | Endpoint::InputTokens
            | Endpoint::Embeddings
            | Endpoint::Models
            | Endpoint::Model(_)
            | Endpoint::Unknown => return None,
        };
        Some(Self { dialect, model, turns })
    }

    /// Says what a provider finds that mints notes here.
    pub(crate) fn finds(&self, mint: Mint) -> Vec<Find> {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.filter_map(|part| find(part.kind, mint)).collect()
    }
}

fn find(kind: Kind<'_>, mint: Mint) -> Option<Find> {
    let note = |written, text| match mint.read(written, text) {
        Some(note) => Find::Note { answer: note.answer, place: note.place },
        None => Find::UnknownNote,
    };
    match kind {
        Kind::Signed { note: written, text } => Some(note(written, text)),
        Kind::Sealed(written) => Some(note(written, "")),
        Kind::SignedCall(SENTINEL) | Kind::SignedText(SENTINEL) => Some(Find::LostNote),
        Kind::SignedCall(written) | Kind::SignedText(written) => Some(note(&standard(written), "")),
        Kind::Kept(id) => {
            mint.read_mark(id).map(|mark| Find::Note { answer: mark.answer, place: mark.call + 1 })
        }
        Kind::Thought(text) => Some(Find::Thought(text.to_owned())),
        Kind::Call { id, item: _ } => Some(match mint.read_mark(id) {
            Some(mark) => Find::Call { answer: mark.answer },
            None => Find::OtherCall,
        }),
        Kind::Said { .. } => None,
    }
}

/// Writes base64 in its first alphabet: Google takes both, and its Python SDK writes the second.
pub(crate) fn standard(base64: &str) -> String {
    base64.replace('-', "+").replace('_', "/")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Marks the turns behind the last question.
fn with_current(turns: Vec<(Turn<'_>, usize)>, last_question: usize) -> Vec<Turn<'_>> {
    turns.into_iter().map(|(turn, index)| Turn { is_current: index > last_question, ..turn }).collect()
}

fn messages<'v>(body: &'v Value) -> Vec<Turn<'v>> {
    let all = list(&body["messages"]);
    let asks = |message: &Value| {
        message["role"] == "user"
            && (message["content"].is_string()
                || list(&message["content"]).iter().any(|block| block["type"] != "tool_result"))
    };
    let answers = all.iter().enumerate().filter(|(_, message)| message["role"] == "assistant");
    let turn = |(index, message): (usize, &'v Value)| {
        let block = |(place, block): (usize, &'v Value)| Part {
            at: format!("messages.{index}.content.{place}"),
            kind: match text(&block["type"]) {
                "thinking" => {
                    Kind::Signed { note: text(&block["signature"]), text: text(&block["thinking"]) }
                }
                "redacted_thinking" => Kind::Sealed(text(&block["data"])),
                "tool_use" => Kind::Call { id: text(&block["id"]), item: "" },
                _ => Kind::Said { item: "" },
            },
        };
        (
            Turn {
                parts: list(&message["content"]).iter().enumerate().map(block).collect(),
                is_current: false,
            },
            index,
        )
    };
    with_current(answers.map(turn).collect(), all.iter().rposition(asks).unwrap_or(0))
}

fn responses(body: &Value) -> Vec<Turn<'_>> {
    let all = list(&body["input"]);
    let mut turns: Vec<(Turn<'_>, usize)> = Vec::new();
    let mut goes_on = false;
    for (index, item) in all.iter().enumerate() {
        let id = text(&item["id"]);
        let kind = match (text(&item["type"]), text(&item["role"])) {
            ("reasoning", _) if item["encrypted_content"].is_string() => {
                Kind::Sealed(text(&item["encrypted_content"]))
            }
            ("reasoning", _) => Kind::Kept(id),
            ("function_call" | "custom_tool_call", _) => Kind::Call { id: text(&item["call_id"]), item: id },
            (_, "assistant") => Kind::Said { item: id },
            (_, _) => {
                goes_on = false;
                continue;
            }
        };
        if !goes_on {
            turns.push((Turn::default(), index));
        }
        goes_on = true;
        if let Some((turn, _)) = turns.last_mut() {
            turn.parts.push(Part { at: format!("input[{index}]"), kind });
        }
    }
    with_current(turns, all.iter().rposition(|item| item["role"] == "user").unwrap_or(0))
}

fn chat<'v>(body: &'v Value) -> Vec<Turn<'v>> {
    let all = list(&body["messages"]);
    let answers = all.iter().enumerate().filter(|(_, message)| message["role"] == "assistant");
    let turn = |(index, message): (usize, &'v Value)| {
        let at = format!("messages[{index}]");
        let part = |kind| Part { at: at.clone(), kind };
        let details = list(&message["reasoning_details"]).iter().map(|detail| match text(&detail["type"]) {
            "reasoning.text" => {
                Kind::Signed { note: text(&detail["signature"]), text: text(&detail["text"]) }
            }
            _ => Kind::Sealed(text(&detail["data"])),
        });
        let thought = message["reasoning_content"].as_str().map(Kind::Thought);
        let said =
            message["content"].as_str().filter(|said| !said.is_empty()).map(|_| Kind::Said { item: "" });
        let calls =
            list(&message["tool_calls"]).iter().map(|call| Kind::Call { id: text(&call["id"]), item: "" });
        let kinds = details.chain(thought).chain(said).chain(calls);
        (Turn { parts: kinds.map(part).collect(), is_current: false }, index)
    };
    with_current(
        answers.map(turn).collect(),
        all.iter().rposition(|message| message["role"] == "user").unwrap_or(0),
    )
}

fn gemini<'v>(body: &'v Value) -> Vec<Turn<'v>> {
    let all = list(&body["contents"]);
    let asks = |content: &Value| {
        content["role"] != "model"
            && list(&content["parts"]).iter().any(|part| part["functionResponse"].is_null())
    };
    let answers = all.iter().enumerate().filter(|(_, content)| content["role"] == "model");
    let turn = |(index, content): (usize, &'v Value)| {
        let mut parts = Vec::new();
        for (place, part) in list(&content["parts"]).iter().enumerate() {
            let mut push = |kind| parts.push(Part { at: format!("contents[{index}].parts[{place}]"), kind });
            let signature = part["thoughtSignature"].as_str();
            let is_call = !part["functionCall"].is_null();
            if let Some(note) = signature {
                push(if is_call { Kind::SignedCall(note) } else { Kind::SignedText(note) });
            }
            let id = text(&part["functionCall"]["id"]);
            push(if is_call { Kind::Call { id, item: "" } } else { Kind::Said { item: "" } });
        }
        (Turn { parts, is_current: false }, index)
    };
    with_current(answers.map(turn).collect(), all.iter().rposition(asks).unwrap_or(0))
}
