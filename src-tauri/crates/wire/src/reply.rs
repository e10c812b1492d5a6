//! What a model answers, in no protocol's words: as it comes, and folded into one.

mod think_tags;

pub use think_tags::ThinkTags;

use crate::ask::{State, StateKind};
use crate::json::Text;
use crate::{Protocol, observe::StreamFailure};

/// The next thing that an answer says.
///
/// An answer is `Start`, then blocks, then one `Finish` or `Failed`. A block is opened before it says anything and closed
/// before the end; blocks may run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta<'a> {
    /// The answer begins.
    Start {
        /// The upstream's own name of the model.
        model: Option<Text<'a>>,
    },
    /// A block begins.
    Open(Block, Opening<'a>),
    /// A block of text, thinking or refusal goes on.
    Text(Block, Text<'a>),
    /// The arguments of a call go on: a piece of the JSON text of an object, or of free text.
    Arguments(Block, Text<'a>),
    /// The provider's opaque note to itself about a block.
    State(Block, State<'a>),
    /// A source of a block's text.
    Cite(Block, Citation<'a>),
    /// A block ends.
    Close(Block),
    /// The answer ends as it should.
    Finish(Stop<'a>),
    /// The answer ends in a failure that its protocol does not call one.
    Failed(StreamFailure),
}

/// Which block something belongs to: counted from 0 in the order in which they are opened, never used again.
pub type Block = u32;

/// What kind of block begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening<'a> {
    /// Text.
    Text,
    /// Thinking that the client may read.
    Thinking,
    /// The words that nothing will be answered.
    Refusal,
    /// A call of a tool.
    Call(CallHead<'a>),
    /// An image that the model made; it opens and closes at once.
    Image {
        /// The media type.
        mime: Text<'a>,
        /// The bytes in base64.
        base64: Text<'a>,
    },
}

/// Who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallHead<'a> {
    /// Which call this is; empty where the upstream gave no id.
    pub id: Text<'a>,
    /// The tool's name.
    pub name: Text<'a>,
    /// The namespace that the tool is in, where it is in one.
    pub namespace: Option<Text<'a>>,
    /// Whether the tool takes free text rather than an object.
    pub free: bool,
    /// What the provider wants back beside the call, as far as it is known when the call begins.
    pub state: Option<State<'a>>,
}

/// A source of some text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation<'a> {
    /// The address.
    pub url: Text<'a>,
    /// What it is called.
    pub title: Option<Text<'a>>,
    /// The place in the block's text that it belongs to, in characters.
    pub span: Option<(u64, u64)>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<'a> {
    /// The model had said all.
    EndTurn,
    /// It wrote what should stop it; the text is known where the protocol says it.
    StopSequence(Option<Text<'a>>),
    /// It may not say more.
    OutputMax,
    /// The model's context is full.
    ContextFull,
    /// It calls tools and waits for their outcome.
    Calls,
    /// It will not answer, or may not; the provider's own word where there is one.
    Refused(Option<Text<'a>>),
    /// The provider paused a long turn of its own tools.
    Paused,
}

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The upstream's own name of the model.
    pub model: Option<Text<'static>>,
    /// What it says, in its order.
    pub said: Vec<Said>,
    /// Why it ended; none where it failed or was cut.
    pub stop: Option<Stop<'static>>,
    /// What made it fail.
    pub failure: Option<StreamFailure>,
}

/// A block of a whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub opening: Opening<'static>,
    /// Its text, or the arguments of a call.
    pub text: Text<'static>,
    /// The provider's notes to itself, in their order.
    pub states: Vec<State<'static>>,
    /// The sources of the text.
    pub citations: Vec<Citation<'static>>,
}

/// Folds what an answer says into a whole one.
#[derive(Debug, Default)]
pub struct Fold {
    reply: Reply,
}

impl Fold {
    /// Takes the next thing.
    pub fn push(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Start { model } => self.reply.model = model.map(Text::into_owned),
            Delta::Open(_, opening) => self.reply.said.push(Said {
                opening: opening.into_owned(),
                text: Text::default(),
                states: Vec::new(),
                citations: Vec::new(),
            }),
            Delta::Text(block, text) | Delta::Arguments(block, text) => {
                if let Some(said) = self.block(block) {
                    said.text.push(&text);
                }
            }
            Delta::State(block, state) => {
                if let Some(said) = self.block(block) {
                    said.states.push(state.into_owned());
                }
            }
            Delta::Cite(block, citation) => {
                if let Some(said) = self.block(block) {
                    said.citations.push(citation.into_owned());
                }
            }
            Delta::Close(_) => {}
            Delta::Finish(stop) => self.reply.stop = Some(stop.into_owned()),
            Delta::Failed(failure) => self.reply.failure = Some(failure),
        }
    }

    /// Returns the whole answer.
    pub fn finish(self) -> Reply {
        self.reply
    }

    fn block(&mut self, block: Block) -> Option<&mut Said> {
        self.reply.said.get_mut(usize::try_from(block).ok()?)
    }
}

impl Opening<'_> {
    /// Keeps what it says.
    pub fn into_owned(self) -> Opening<'static> {
        match self {
            Self::Text => Opening::Text,
            Self::Thinking => Opening::Thinking,
            Self::Refusal => Opening::Refusal,
            Self::Call(call) => Opening::Call(call.into_owned()),
            Self::Image { mime, base64 } => {
                Opening::Image { mime: mime.into_owned(), base64: base64.into_owned() }
            }
        }
    }
}

impl CallHead<'_> {
    /// Keeps what it says.
    pub fn into_owned(self) -> CallHead<'static> {
        CallHead {
            id: self.id.into_owned(),
            name: self.name.into_owned(),
            namespace: self.namespace.map(Text::into_owned),
            free: self.free,
            state: self.state.map(State::into_owned),
        }
    }
}

impl Citation<'_> {
    /// Keeps what it says.
    pub fn into_owned(self) -> Citation<'static> {
        Citation { url: self.url.into_owned(), title: self.title.map(Text::into_owned), span: self.span }
    }
}

impl Stop<'_> {
    /// Keeps what it says.
    pub fn into_owned(self) -> Stop<'static> {
        match self {
            Self::EndTurn => Stop::EndTurn,
            Self::StopSequence(text) => Stop::StopSequence(text.map(Text::into_owned)),
            Self::OutputMax => Stop::OutputMax,
            Self::ContextFull => Stop::ContextFull,
            Self::Calls => Stop::Calls,
            Self::Refused(word) => Stop::Refused(word.map(Text::into_owned)),
            Self::Paused => Stop::Paused,
        }
    }
}

impl<'a> State<'a> {
    /// Makes a note that stood in this protocol's place.
    pub const fn new(slot: Protocol, kind: StateKind, note: Text<'a>) -> Self {
        Self { slot, kind, note }
    }

    /// Keeps what it says.
    pub fn into_owned(self) -> State<'static> {
        State { slot: self.slot, kind: self.kind, note: self.note.into_owned() }
    }
}
