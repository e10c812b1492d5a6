//! The tools that a model may call.

use super::{CacheMark, Schema};
use crate::json::{Text, Value};

/// A tool that the model may call.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Its name, without its namespace.
    pub name: Text<'a>,
    /// The namespace that it is in, where it is in one.
    pub namespace: Option<Text<'a>>,
    /// What it is for.
    pub description: Option<Text<'a>>,
    /// What it is.
    pub kind: ToolKind<'a>,
    /// Whether its arguments must follow the schema exactly.
    pub strict: Option<bool>,
    /// Whether the prompt up to here is worth keeping in a cache.
    pub cache: Option<CacheMark>,
    /// Whether the model must find it by a search before it may call it.
    pub deferred: bool,
    /// Where it stands in the client's body, in bytes.
    pub at: usize,
}

/// The schema of the function as which a tool of free text travels where there is no such tool.
pub(crate) const FREE_AS_FUNCTION: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"]}"#;

impl<'a> Tool<'a> {
    /// Says what the tool is for where it travels as a function `{"input": …}`: a grammar can only be told in words there.
    pub fn words_as_function(&self) -> Option<Text<'a>> {
        let ToolKind::Free { syntax, definition: Some(definition) } = &self.kind else {
            return self.description.clone();
        };
        let mut words = self.description.clone().unwrap_or_default();
        words.push_plain(if words.is_empty() { "" } else { "\n\n" });
        words.push_plain("`input` must follow this grammar");
        if let Some(syntax) = syntax {
            words.push_plain(" (");
            words.push(syntax);
            words.push_plain(")");
        }
        words.push_plain(":\n");
        words.push(definition);
        Some(words)
    }
}

/// What a tool is.
#[derive(Debug, Clone)]
pub enum ToolKind<'a> {
    /// The client runs it; its arguments are an object. Without a schema it takes none.
    Function(Option<Schema<'a>>),
    /// The client runs it; it takes free text, which a grammar may bind.
    Free {
        /// The language of the grammar, `lark` or `regex`, where there is one.
        syntax: Option<Text<'a>>,
        /// The grammar's text.
        definition: Option<Text<'a>>,
    },
    /// The provider runs it, such as a web search; only the client's protocol knows its settings.
    Hosted(Value<'a>),
}

/// Whether and which tool must be called.
#[derive(Debug, Clone)]
pub enum Choice<'a> {
    /// The model decides.
    Auto,
    /// Some tool must be called.
    Required,
    /// None may be called, though they are offered.
    None,
    /// This one must be called.
    Named(Text<'a>),
    /// Only these may be called.
    Among {
        /// The names.
        names: Vec<Text<'a>>,
        /// Whether one of them must be.
        required: bool,
    },
}
