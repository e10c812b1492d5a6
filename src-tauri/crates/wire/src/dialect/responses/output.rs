//! The items of an answer.

use crate::ask::Arguments;
use crate::json::{Members, Text, object};
use crate::reply::{CallHead, Citation};

/// One item of an answer.
#[derive(Debug)]
pub(super) struct Item {
    /// Its id, whose prefix tells what it is.
    pub(super) id: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text and refusals.
    Message(Vec<Piece>),
    /// What the model thought.
    Reasoning {
        /// The visible text.
        text: Text<'static>,
        /// The provider's note to itself.
        sealed: Option<Text<'static>>,
    },
    /// A call of a tool.
    Call {
        /// Who is called.
        head: CallHead<'static>,
        /// What the tool gets.
        arguments: Text<'static>,
    },
    /// A search for tools, which the client runs.
    Search {
        /// Which call it is.
        id: Text<'static>,
        /// What to search for.
        arguments: Text<'static>,
    },
    /// An image that the model made.
    Image(Text<'static>),
    /// The conversation in short, sealed.
    Compaction(String),
}

/// A part of a message.
#[derive(Debug)]
pub(super) struct Piece {
    /// Whether it says that nothing will be answered.
    pub(super) refusal: bool,
    /// What it says.
    pub(super) text: Text<'static>,
    /// The sources of its text.
    pub(super) citations: Vec<Citation<'static>>,
}

impl Kind {
    /// Returns what the ids of such items begin with; `OpenAI` refuses others when they come back.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message(_) => "msg",
            Self::Reasoning { .. } => "rs",
            Self::Call { head, .. } if head.free => "ctc",
            Self::Call { .. } => "fc",
            Self::Search { .. } => "tsc",
            Self::Image(_) => "ig",
            Self::Compaction(_) => "cmp",
        }
    }
}

impl Item {
    /// Writes the item. What has not been said yet is empty.
    pub(super) fn write(&self, status: &str, out: &mut Vec<u8>) {
        object(out, |members| match &self.kind {
            Kind::Message(pieces) => {
                self.write_head(members, "message");
                members.str("role", "assistant");
                members.str("status", status);
                members.array("content", |content| {
                    for piece in pieces {
                        content.value(|out| piece.write(out));
                    }
                });
            }
            Kind::Reasoning { text, sealed } => {
                self.write_head(members, "reasoning");
                members.array("summary", |summary| {
                    if !text.is_empty() {
                        summary.value(|out| write_summary(text, out));
                    }
                });
                members.text_if("encrypted_content", sealed.as_ref());
            }
            Kind::Call { head, arguments } => self.write_call(members, head, arguments, status),
            Kind::Search { id, arguments } => {
                self.write_head(members, "tool_search_call");
                members.text("call_id", id);
                members.str("execution", "client");
                members.raw("arguments", &Arguments::Written(arguments.borrowed()).object());
                members.str("status", status);
            }
            Kind::Image(base64) => {
                self.write_head(members, "image_generation_call");
                members.str("status", status);
                match status {
                    "in_progress" => members.null("result"),
                    _ => members.text("result", base64),
                }
            }
            Kind::Compaction(note) => {
                self.write_head(members, "compaction");
                members.str("encrypted_content", note);
            }
        });
    }

    fn write_head(&self, members: &mut Members<'_>, kind: &str) {
        members.str("type", kind);
        members.str("id", &self.id);
    }

    fn write_call(&self, members: &mut Members<'_>, head: &CallHead<'_>, arguments: &Text<'_>, status: &str) {
        self.write_head(members, if head.free { "custom_tool_call" } else { "function_call" });
        members.text("call_id", &head.id);
        members.text("name", &head.name);
        members.text_if("namespace", head.namespace.as_ref());
        members.text(if head.free { "input" } else { "arguments" }, arguments);
        members.str("status", status);
    }
}

impl Piece {
    /// Writes the part of the message.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        object(out, |members| {
            if self.refusal {
                members.str("type", "refusal");
                members.text("refusal", &self.text);
                return;
            }
            members.str("type", "output_text");
            members.text("text", &self.text);
            members.array("annotations", |annotations| {
                for citation in &self.citations {
                    annotations.value(|out| write_citation(citation, out));
                }
            });
            members.array("logprobs", |_none| {});
        });
    }
}

/// Writes a part of a reasoning's summary.
pub(super) fn write_summary(text: &Text<'_>, out: &mut Vec<u8>) {
    object(out, |members| {
        members.str("type", "summary_text");
        members.text("text", text);
    });
}

/// Writes a source of a text. A source of no place in particular belongs to its beginning.
pub(super) fn write_citation(citation: &Citation<'_>, out: &mut Vec<u8>) {
    let (start, end) = citation.span.unwrap_or_default();
    object(out, |members| {
        members.str("type", "url_citation");
        members.text("url", &citation.url);
        members.text("title", citation.title.as_ref().unwrap_or(&citation.url));
        members.count("start_index", start);
        members.count("end_index", end);
    });
}
