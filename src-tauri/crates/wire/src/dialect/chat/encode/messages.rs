//! Writes Chat's messages.

use crate::ask::{CacheMark, Media, Source};
use crate::json::{Elements, Members, Tape, Text, Value};
use crate::quirks::Thoughts;

/// The most places up to which `OpenAI` caches a prompt.
const MARKS_MAX: usize = 4;

/// What a document is called where the client gives it no name.
const FILE_NAME: &str = "document.pdf";

/// All messages of a request.
pub(super) struct Conversation<'e> {
    /// The messages, in their order.
    pub(super) messages: Vec<Message<'e>>,
    /// How what is only text is written.
    pub(super) form: Form,
}

/// How content is written that is nothing but text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As one string, because small models and many vendors know no other.
    String,
    /// As a list, where marks may stand: they move from turn to turn, and what stood under one must not be told otherwise
    /// when it is gone.
    List,
}

/// One message.
pub(super) enum Message<'e> {
    /// Whoever runs the program speaks.
    Instructions {
        /// `developer` or `system`.
        role: &'static str,
        /// What is said.
        pieces: Vec<Piece<'e>>,
    },
    /// The user speaks.
    Question(Vec<Piece<'e>>),
    /// The model spoke.
    Answer(Answer<'e>),
    /// A tool was called.
    Outcome {
        /// Which call it was.
        id: String,
        /// The text that came of it.
        piece: Piece<'e>,
    },
}

/// A part of a message.
pub(super) struct Piece<'e> {
    /// What is said.
    pub(super) saying: Saying<'e>,
    /// Whether the prompt up to here is worth keeping in a cache.
    pub(super) cache: Option<CacheMark>,
}

/// What a part of a message is.
pub(super) enum Saying<'e> {
    /// Text.
    Text(Text<'e>),
    /// A picture.
    Image {
        /// Where it comes from: inline data or an address.
        source: Source<'e>,
        /// How closely the model should look.
        detail: Option<Text<'e>>,
    },
    /// A document.
    File {
        /// What it is called.
        name: Option<Text<'e>>,
        /// The media type.
        mime: Text<'e>,
        /// The bytes.
        base64: Text<'e>,
    },
    /// Sound.
    Audio {
        /// `wav` or `mp3`.
        format: &'static str,
        /// The bytes.
        base64: Text<'e>,
    },
}

/// What the model said before.
#[derive(Default)]
pub(super) struct Answer<'e> {
    /// What it thought.
    pub(super) thinking: Text<'e>,
    /// Where it gets its thoughts back, though there be none; `None` where it does not.
    pub(super) echo: Option<Thoughts>,
    /// What it said.
    pub(super) text: Text<'e>,
    /// Its words that it will not answer.
    pub(super) refusal: Text<'e>,
    /// What it called.
    pub(super) calls: Vec<Called<'e>>,
    /// The `reasoning_details` that it gave, each with its text.
    pub(super) details: Vec<(Text<'e>, Text<'e>)>,
}

/// A call of a tool.
pub(super) struct Called<'e> {
    /// Which call this is.
    pub(super) id: String,
    /// The tool's name.
    pub(super) name: String,
    /// What the tool got: the text of an object, or free text.
    pub(super) arguments: Text<'e>,
    /// Whether it is free text.
    pub(super) free: bool,
    /// The signature that Google's own Chat endpoint gave.
    pub(super) signature: Option<Text<'e>>,
}

impl Conversation<'_> {
    /// Tells whether the messages in front of the model's first answer speak of a word, in any case. They never change,
    /// whatever is said later.
    pub(super) fn begins_with(&self, word: &str) -> bool {
        let first = self.messages.iter().take_while(|message| !matches!(message, Message::Answer(_)));
        first.into_iter().any(|message| match message {
            Message::Instructions { pieces, .. } | Message::Question(pieces) => {
                pieces.iter().any(|piece| piece.speaks_of(word))
            }
            Message::Answer(_) => false,
            Message::Outcome { piece, .. } => piece.speaks_of(word),
        })
    }

    /// Keeps the last marks, as many as there may be, and none where the model knows none.
    pub(super) fn keep_marks(&mut self) {
        let mut left = match self.form {
            Form::String => 0,
            Form::List => MARKS_MAX,
        };
        for message in self.messages.iter_mut().rev() {
            let pieces = match message {
                Message::Instructions { pieces, .. } | Message::Question(pieces) => pieces.as_mut_slice(),
                Message::Outcome { piece, .. } => std::slice::from_mut(piece),
                Message::Answer(_) => &mut [],
            };
            for piece in pieces.iter_mut().rev().filter(|piece| piece.cache.is_some()) {
                // OpenAI takes no marks on pictures.
                if left == 0 || !matches!(piece.saying, Saying::Text(_)) {
                    piece.cache = None;
                } else {
                    left -= 1;
                }
            }
        }
    }

    /// Writes the messages.
    pub(super) fn write(&self, body: &mut Members<'_>) {
        body.array("messages", |list| {
            for message in &self.messages {
                list.object(|out| message.write(self.form, out));
            }
        });
    }
}

impl<'e> Conversation<'e> {
    /// Adds to the instructions in front of everything.
    pub(super) fn ask_first(&mut self, role: &'static str, words: Text<'e>) {
        match self.messages.first_mut() {
            Some(Message::Instructions { pieces, .. }) => pieces.push(Piece::text(words)),
            Some(_) | None => {
                self.messages.insert(0, Message::Instructions { role, pieces: vec![Piece::text(words)] });
            }
        }
    }
}

impl Message<'_> {
    fn write(&self, form: Form, out: &mut Members<'_>) {
        match self {
            Self::Instructions { role, pieces } => {
                out.str("role", role);
                write_content(out, form, pieces);
            }
            Self::Question(pieces) => {
                out.str("role", "user");
                write_content(out, form, pieces);
            }
            Self::Answer(answer) => answer.write(out),
            Self::Outcome { id, piece } => {
                out.str("role", "tool");
                out.str("tool_call_id", id);
                write_content(out, form, std::slice::from_ref(piece));
            }
        }
    }
}

impl Answer<'_> {
    /// Tells whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.refusal.is_empty() && self.calls.is_empty()
    }

    fn write(&self, out: &mut Members<'_>) {
        out.str("role", "assistant");
        let text = self.content();
        if text.is_empty() {
            out.null("content");
        } else {
            out.text("content", &text);
        }
        match self.echo {
            Some(Thoughts::ReasoningContent) => out.text("reasoning_content", &self.thinking),
            Some(Thoughts::Reasoning) => out.text("reasoning", &self.thinking),
            Some(Thoughts::ThinkTags) | None => {}
        }
        if !self.details.is_empty() {
            out.array("reasoning_details", |list| {
                for (detail, text) in &self.details {
                    list.object(|out| write_detail(out, detail, text));
                }
            });
        }
        if !self.refusal.is_empty() {
            out.text("refusal", &self.refusal);
        }
        if !self.calls.is_empty() {
            out.array("tool_calls", |list| {
                for call in &self.calls {
                    list.object(|out| call.write(out));
                }
            });
        }
    }
}

impl<'e> Answer<'e> {
    /// Returns its words, with its thoughts in front of them where they belong there.
    fn content(&self) -> Text<'e> {
        if self.echo != Some(Thoughts::ThinkTags) || self.thinking.is_empty() {
            return self.text.clone();
        }
        let mut content = Text::owned("<think>\n");
        content.push(&self.thinking);
        content.push_plain("\n</think>\n\n");
        content.push(&self.text);
        content
    }
}

impl Called<'_> {
    fn write(&self, out: &mut Members<'_>) {
        let (kind, what) = if self.free { ("custom", "input") } else { ("function", "arguments") };
        out.str("id", &self.id);
        out.str("type", kind);
        out.object(kind, |call| {
            call.str("name", &self.name);
            call.text(what, &self.arguments);
        });
        if let Some(signature) = &self.signature {
            out.object("extra_content", |extra| {
                extra.object("google", |google| google.text("thought_signature", signature));
            });
        }
    }
}

/// Writes one of `reasoning_details` as it was given, with its text in its place.
fn write_detail(out: &mut Members<'_>, detail: &Text<'_>, text: &Text<'_>) {
    let json = detail.plain();
    let Ok(tape) = Tape::read(json.as_bytes()) else { return };
    for (name, value) in tape.root().members() {
        out.raw(&name.plain(), value.raw());
    }
    let kind = tape.root().get("type").and_then(Value::str);
    match kind.as_deref() {
        Some("reasoning.text") if !text.is_empty() => out.text("text", text),
        Some("reasoning.summary") => out.text("summary", text),
        Some(_) | None => {}
    }
}

impl<'e> Piece<'e> {
    /// Makes a piece of text.
    pub(super) fn text(text: Text<'e>) -> Self {
        Self { saying: Saying::Text(text), cache: None }
    }
}

impl Piece<'_> {
    fn speaks_of(&self, word: &str) -> bool {
        match &self.saying {
            Saying::Text(text) => contains(text, word),
            Saying::Image { .. } | Saying::File { .. } | Saying::Audio { .. } => false,
        }
    }

    fn write(&self, list: &mut Elements<'_>) {
        list.object(|out| {
            self.saying.write(out);
            if let Some(mark) = self.cache {
                out.object("prompt_cache_breakpoint", |out| {
                    out.str("mode", "explicit");
                    out.str(
                        "ttl",
                        match mark {
                            CacheMark::Usual => "30m",
                            CacheMark::Long => "12h",
                        },
                    );
                });
            }
        });
    }
}

impl Saying<'_> {
    /// Returns what it is called in a caption.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image { .. } => "image",
            Self::File { .. } => "document",
            Self::Audio { .. } => "audio",
        }
    }

    fn write(&self, out: &mut Members<'_>) {
        match self {
            Self::Text(text) => {
                out.str("type", "text");
                out.text("text", text);
            }
            Self::Image { source, detail } => {
                out.str("type", "image_url");
                out.object("image_url", |image| {
                    match source {
                        Source::Inline { mime, base64 } => image.text("url", &Media::data_url(mime, base64)),
                        Source::Url { url, .. } => image.text("url", url),
                        // No picture is made of these.
                        Source::File(_) | Source::Text(_) => {}
                    }
                    image.text_if("detail", detail.as_ref());
                });
            }
            Self::File { name, mime, base64 } => {
                out.str("type", "file");
                out.object("file", |file| {
                    file.text("filename", name.as_ref().unwrap_or(&Text::of(FILE_NAME)));
                    file.text("file_data", &Media::data_url(mime, base64));
                });
            }
            Self::Audio { format, base64 } => {
                out.str("type", "input_audio");
                out.object("input_audio", |audio| {
                    audio.text("data", base64);
                    audio.str("format", format);
                });
            }
        }
    }
}

/// Writes `content`.
fn write_content(out: &mut Members<'_>, form: Form, pieces: &[Piece<'_>]) {
    let texts: Option<Vec<&Text<'_>>> = pieces.iter().map(Piece::as_text).collect();
    match texts.filter(|_| form == Form::String) {
        Some(texts) => out.text("content", &Text::joined(texts, "\n\n")),
        None => out.array("content", |list| pieces.iter().for_each(|piece| piece.write(list))),
    }
}

impl<'e> Piece<'e> {
    /// Returns its text, if it is one.
    fn as_text(&self) -> Option<&Text<'e>> {
        match &self.saying {
            Saying::Text(text) => Some(text),
            Saying::Image { .. } | Saying::File { .. } | Saying::Audio { .. } => None,
        }
    }
}

/// Tells whether a text holds an ASCII word in any case.
fn contains(text: &Text<'_>, word: &str) -> bool {
    let bytes = text.as_written().as_bytes();
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
