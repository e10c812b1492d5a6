//! What a client asks, in no protocol's words.
//!
//! An [`Ask`] is made only where a request must be translated. It borrows from the client's bytes: text stays escaped as it
//! was written, numbers, schemas and arguments stay JSON. What a client left out stays left out; only an encoder fills in
//! what its protocol demands.

mod arguments;
mod as_text;
mod media;
mod setting;
mod settings;
mod tool;

pub(crate) use arguments::compact;
pub(crate) use media::LENIENT;
pub use media::{Media, MediaKind, Source};
pub use setting::Setting;
pub use settings::{Effort, Format, Reasoning, Sampling, Schema, SchemaWords, Switch, Wanted};
pub(crate) use tool::FREE_AS_FUNCTION;
pub use tool::{Choice, Tool, ToolKind};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::Protocol;
use crate::json::{Tape, Text, Value};
use crate::note::{Notes, Why};

/// What a client asks, in no protocol's words.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The protocol that the client speaks; notes and refusals use its words.
    pub protocol: Protocol,
    /// The client's body, which tells where something stands in it.
    pub body: &'a Tape<'a>,
    /// The instructions in front of the conversation, in their order. Later ones are turns of [`Role::System`].
    pub system: Vec<Part<'a>>,
    /// The conversation. Neighbours may have the same role; encoders merge them where their protocol wants that.
    pub turns: Vec<Turn<'a>>,
    /// The tools, in their order, out of their namespaces.
    pub tools: Vec<Tool<'a>>,
    /// Whether and which tool must be called.
    pub choice: Option<Choice<'a>>,
    /// Whether several tools may be called at once.
    pub parallel_calls: Option<bool>,
    /// The most tokens the answer may have, reasoning included.
    pub output_max: Option<u64>,
    /// How tokens are chosen.
    pub sampling: Sampling<'a>,
    /// Whether and how much the model thinks.
    pub reasoning: Reasoning<'a>,
    /// The form of the answer.
    pub format: Format<'a>,
    /// How wordy the answer is: `low`, `medium` or `high`.
    pub verbosity: Option<Text<'a>>,
    /// An id of the client's user.
    pub user: Option<Text<'a>>,
    /// What a prompt cache may go by, as the client says it.
    pub cache_key: Option<Text<'a>>,
    /// The speed and price class, in the client's protocol's word.
    pub tier: Option<Text<'a>>,
    /// How the client wants its answer.
    pub wanted: Wanted,
    /// What the client's decoder could not keep.
    pub notes: Notes,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever runs the program: instructions in the midst of a conversation.
    System,
    /// The person, and the tools whose results come back.
    User,
    /// The model.
    Assistant,
}

/// What one speaks before another does.
#[derive(Debug, Clone)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, in its order.
    pub parts: Vec<Part<'a>>,
}

/// A part of a turn.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// Whether the prompt up to here is worth keeping in a cache.
    pub cache: Option<CacheMark>,
    /// Where it stands in the client's body, in bytes; a refusal names the place.
    pub at: usize,
}

/// How long a marked prompt is kept at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// The provider's usual time, some minutes.
    Usual,
    /// An hour or more.
    Long,
}

/// What a part of a turn is.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// Text; never empty.
    Text(Text<'a>),
    /// The model's words that it will not answer.
    Refusal(Text<'a>),
    /// An image, a document, sound or film.
    Media(Media<'a>),
    /// What the model thought.
    Thinking(Thinking<'a>),
    /// The model calls a tool.
    Call(Call<'a>),
    /// What came of a call.
    Outcome(CallOutcome<'a>),
    /// Something that only the client's protocol knows, such as the result of a provider's own search.
    Foreign(Foreign<'a>),
}

/// What a model thought.
#[derive(Debug, Clone)]
pub struct Thinking<'a> {
    /// The visible text; empty where it was withheld.
    pub text: Text<'a>,
    /// What the provider wants back to go on from it.
    pub state: Option<State<'a>>,
}

/// A provider's opaque note to itself. Nobody but the provider that minted it may ever get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<'a> {
    /// The protocol in whose place it stood.
    pub slot: Protocol,
    /// What kind of note it is.
    pub kind: StateKind,
    /// The note, as it was written.
    pub note: Text<'a>,
}

/// The kinds of opaque reasoning state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// The signature of visible thinking (Messages `signature`).
    Signature,
    /// Thinking that was withheld (Messages `redacted_thinking`).
    Redacted,
    /// Encrypted reasoning (Responses `encrypted_content`).
    Encrypted,
    /// The signature of a part (Gemini `thoughtSignature`).
    Thought,
    /// One of `reasoning_details` of `OpenRouter`'s Chat: a JSON object, without its text.
    Detail,
    /// Nothing: the provider wants its visible thoughts back as they were (`reasoning_content` of Chat).
    Plain,
    /// A carrier of another provider's notes, for a client.
    Sealed,
}

/// A model's call of a tool.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Which call this is; its outcome names it. Empty where the client gave none.
    pub id: Text<'a>,
    /// The tool's name, without its namespace.
    pub name: Text<'a>,
    /// The namespace that the tool is in, where it is in one.
    pub namespace: Option<Text<'a>>,
    /// What the tool gets.
    pub arguments: Arguments<'a>,
    /// What the provider wants back beside the call.
    pub state: Option<State<'a>>,
}

/// What a tool gets.
#[derive(Debug, Clone)]
pub enum Arguments<'a> {
    /// A JSON value, which should be an object.
    Json(Value<'a>),
    /// Text that should be a JSON object (Chat and Responses write arguments so).
    Written(Text<'a>),
    /// Free text for a tool without a schema.
    Free(Text<'a>),
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct CallOutcome<'a> {
    /// Which call it was. Empty where the client gave none: then calls and outcomes match in their order.
    pub id: Text<'a>,
    /// The tool's name, where the protocol says it.
    pub name: Option<Text<'a>>,
    /// The namespace that the tool is in, where it is in one.
    pub namespace: Option<Text<'a>>,
    /// What the tool gave: text and media.
    pub parts: Vec<Part<'a>>,
    /// Whether the tool failed, where the protocol says it.
    pub failed: Option<bool>,
    /// Whether the tool is one without a schema.
    pub free: bool,
}

/// Something that only one protocol knows.
#[derive(Debug, Clone)]
pub struct Foreign<'a> {
    /// Its type in the client's protocol, such as `web_search_tool_result`.
    pub kind: Text<'a>,
    /// All of it.
    pub value: Value<'a>,
    /// Words that say the same, where there are any.
    pub words: Option<Text<'a>>,
}

impl<'a> Ask<'a> {
    /// Makes an ask that says nothing yet.
    pub fn new(protocol: Protocol, body: &'a Tape<'a>) -> Self {
        Self {
            protocol,
            body,
            system: Vec::new(),
            turns: Vec::new(),
            tools: Vec::new(),
            choice: None,
            parallel_calls: None,
            output_max: None,
            sampling: Sampling::default(),
            reasoning: Reasoning::default(),
            format: Format::Text,
            verbosity: None,
            user: None,
            cache_key: None,
            tier: None,
            wanted: Wanted::default(),
            notes: Notes::default(),
        }
    }

    /// Returns what a prompt cache may go by: the client's key, or a digest of its user's id where the protocol has no other
    /// place for a conversation. Claude Code names its session there.
    pub(crate) fn affinity(&self) -> Option<Text<'_>> {
        let user = self.user.as_ref().filter(|_| self.protocol == Protocol::Messages);
        match (&self.cache_key, user) {
            (Some(key), _) => Some(key.borrowed()),
            (None, Some(user)) => {
                let digest = Sha256::digest(user.plain().as_bytes());
                Some(Text::from(URL_SAFE_NO_PAD.encode(digest)))
            }
            (None, None) => None,
        }
    }

    /// Returns the client's own word for a setting.
    pub const fn word(&self, setting: Setting) -> &'static str {
        setting.word(self.protocol)
    }

    /// Notes that a setting is left out.
    pub fn drop(&self, notes: &mut Notes, setting: Setting, why: Why) {
        notes.drop(self.word(setting), why);
    }
}

impl<'a> Part<'a> {
    /// Makes a part without a mark.
    pub fn new(content: Content<'a>, at: usize) -> Self {
        Self { content, cache: None, at }
    }

    /// Makes a part of text.
    pub fn text(text: Text<'a>, at: usize) -> Self {
        Self::new(Content::Text(text), at)
    }

    /// Returns its text, if it is one.
    pub fn as_text(&self) -> Option<&Text<'a>> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Refusal(_)
            | Content::Media(_)
            | Content::Thinking(_)
            | Content::Call(_)
            | Content::Outcome(_)
            | Content::Foreign(_) => None,
        }
    }
}
