//! Turns the conversation into Chat's messages.

use sha2::{Digest, Sha256};

use super::messages::{Answer, Called, Conversation, Message, Piece, Saying};
use super::{Encoding, hex};
use crate::Protocol;
use crate::ask::{
    Arguments, CacheMark, Call, CallOutcome, Content, Foreign, Format, Media, MediaKind, Part, Role, Setting,
    Source, State, Thinking, Turn,
};
use crate::calls::{IdRule, arrange, legal_id};
use crate::dialect::chat::models;
use crate::dialect::chat::models::Traits;
use crate::json::{Text, validate};
use crate::note::{Unsaid, Why};

/// What stands in front of the outcome of a call that failed; Chat has no word for that.
const FAILED: &str = "[tool error] ";

/// What asks for JSON where no other word does: `OpenAI` refuses `json_object` unless JSON is spoken of.
const ASK_FOR_JSON: &str = "Respond with a single JSON object.";

impl<'e> Encoding<'e> {
    /// Returns the conversation in Chat's words.
    pub(super) fn messages(&mut self) -> Result<Conversation<'e>, Unsaid> {
        let thinks = self.traits.is_some_and(Traits::thinks);
        let instructing = if thinks { "developer" } else { "system" };
        let marks = self.traits.is_some_and(|traits| traits.cache_marks);
        let mut lowering =
            Lowering { encoding: self, messages: Vec::new(), from_outcomes: Vec::new(), instructing };
        lowering.instructions(lowering.encoding.ask.system.clone())?;
        let turns = arrange(lowering.encoding.ask, &mut lowering.encoding.notes);
        for turn in turns {
            lowering.turn(turn)?;
        }
        lowering.show_media();
        let messages = lowering.messages;
        let mut conversation = Conversation { messages };
        if matches!(self.ask.format, Format::Json) && self.traits.is_some() && !conversation.speaks_of("json")
        {
            self.emulate(Setting::Format, Why::Form);
            conversation.ask_first(instructing, Text::of(ASK_FOR_JSON));
        }
        conversation.keep_marks(marks);
        Ok(conversation)
    }
}

/// A conversation on its way into Chat's messages.
struct Lowering<'l, 'e> {
    encoding: &'l mut Encoding<'e>,
    messages: Vec<Message<'e>>,
    /// Media of the last outcomes: a message of a tool holds text only, so they follow behind the last one.
    from_outcomes: Vec<Piece<'e>>,
    /// The role of whoever runs the program.
    instructing: &'static str,
}

impl<'e> Lowering<'_, 'e> {
    fn turn(&mut self, turn: Turn<'e>) -> Result<(), Unsaid> {
        match turn.role {
            Role::System => self.instructions(turn.parts),
            Role::User => self.question(turn.parts),
            Role::Assistant => {
                self.answer(turn.parts);
                Ok(())
            }
        }
    }

    fn instructions(&mut self, parts: Vec<Part<'e>>) -> Result<(), Unsaid> {
        self.show_media();
        let pieces = self.pieces(parts)?;
        if !pieces.is_empty() {
            self.messages.push(Message::Instructions { role: self.instructing, pieces });
        }
        Ok(())
    }

    /// Writes what the user says, and the outcomes of calls in front of it.
    fn question(&mut self, parts: Vec<Part<'e>>) -> Result<(), Unsaid> {
        let mut said = Vec::new();
        for part in parts {
            match part.content {
                Content::Outcome(outcome) => self.outcome(outcome, part.cache)?,
                content => said.extend(self.piece(Part { content, ..part })?),
            }
        }
        if said.is_empty() {
            return Ok(());
        }
        let mut pieces = std::mem::take(&mut self.from_outcomes);
        pieces.append(&mut said);
        self.messages.push(Message::Question(pieces));
        Ok(())
    }

    fn outcome(&mut self, outcome: CallOutcome<'e>, cache: Option<CacheMark>) -> Result<(), Unsaid> {
        let id = self.id(&outcome.id);
        let mut text = Text::of(if outcome.failed == Some(true) { FAILED } else { "" });
        let mut has_words = false;
        for piece in self.pieces(outcome.parts)? {
            match piece.saying {
                Saying::Text(words) => {
                    text.push_plain(if has_words { "\n" } else { "" });
                    add(&mut text, words);
                    has_words = true;
                }
                Saying::Image { .. } | Saying::File { .. } | Saying::Audio { .. } => {
                    let caption = format!("[{} from tool result {id}]", piece.saying.noun());
                    self.from_outcomes.push(Piece::text(Text::from(caption)));
                    self.from_outcomes.push(piece);
                }
            }
        }
        self.messages.push(Message::Outcome { id, piece: Piece { saying: Saying::Text(text), cache } });
        Ok(())
    }

    /// Shows the media of outcomes where nobody has said anything since.
    fn show_media(&mut self) {
        if !self.from_outcomes.is_empty() {
            self.messages.push(Message::Question(std::mem::take(&mut self.from_outcomes)));
        }
    }

    fn answer(&mut self, parts: Vec<Part<'e>>) {
        self.show_media();
        let mut answer = Answer::default();
        for part in parts {
            match part.content {
                Content::Text(text) => add(&mut answer.text, text),
                // Only OpenAI itself reads the model's refusals back.
                Content::Refusal(text) if self.encoding.traits.is_some() => {
                    add(&mut answer.refusal, text);
                }
                Content::Refusal(text) => add(&mut answer.text, text),
                Content::Thinking(thinking) => self.thinking(&mut answer, thinking),
                Content::Call(call) => answer.calls.push(self.call(call)),
                Content::Media(media) => {
                    self.encoding.notes.drop(self.encoding.ask.body.path_of(part.at), Why::Place);
                    let words = format!("[{}]", noun(media.kind));
                    answer.text.push_plain(&words);
                }
                Content::Foreign(foreign) => {
                    if let Some(words) = self.foreign(foreign) {
                        add(&mut answer.text, words);
                    }
                }
                // Outcomes stand in turns of the user.
                Content::Outcome(_) => {}
            }
        }
        let target = self.encoding.target;
        let echoes = self.encoding.traits.is_none() && models::wants_thoughts_back(target.model);
        answer.echoes_thinking = echoes && !answer.calls.is_empty();
        if !answer.is_empty() {
            self.messages.push(Message::Answer(answer));
        }
    }

    fn thinking(&mut self, answer: &mut Answer<'e>, thinking: Thinking<'e>) {
        add(&mut answer.thinking, thinking.text);
        if let Some(state) = thinking.state {
            self.state(&state);
        }
    }

    /// Leaves out a provider's note to itself. Here it would go back to the provider that minted it.
    fn state(&mut self, state: &State<'e>) {
        match state.slot {
            Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini => {
                self.encoding.drop(Setting::State, Why::Foreign);
            }
        }
    }

    fn call(&mut self, call: Call<'e>) -> Called<'e> {
        if let Some(state) = &call.state {
            self.state(state);
        }
        let namespace = call.namespace.as_ref().map(Text::plain);
        let name = self.encoding.names.sent(namespace.as_deref(), &call.name.plain()).to_owned();
        let free = matches!(call.arguments, Arguments::Free(_)) && self.encoding.takes_free_tools();
        Called { id: self.id(&call.id), name, arguments: arguments(call.arguments, free), free }
    }

    /// Returns an id that the channel takes; the same for a call and its outcome.
    fn id(&self, id: &Text<'_>) -> String {
        let target = self.encoding.target;
        let id = id.plain();
        let id = legal_id(&id, IdRule::CHAT);
        let is_nine = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if target.first_party || is_nine || !models::wants_nine_char_ids(target.model) {
            return id.into_owned();
        }
        let mut digits = hex(&Sha256::digest(id.as_bytes()));
        digits.truncate(9);
        digits
    }

    fn pieces(&mut self, parts: Vec<Part<'e>>) -> Result<Vec<Piece<'e>>, Unsaid> {
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            pieces.extend(self.piece(part)?);
        }
        Ok(pieces)
    }

    fn piece(&mut self, part: Part<'e>) -> Result<Option<Piece<'e>>, Unsaid> {
        let saying = match part.content {
            Content::Text(text) | Content::Refusal(text) => Some(Saying::Text(text)),
            Content::Media(media) => Some(self.media(media, part.at)?),
            Content::Foreign(foreign) => self.foreign(foreign).map(Saying::Text),
            // The model alone thinks and calls, and outcomes are no pieces.
            Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => None,
        };
        Ok(saying.map(|saying| Piece { saying, cache: part.cache }))
    }

    fn foreign(&mut self, foreign: Foreign<'e>) -> Option<Text<'e>> {
        if foreign.words.is_none() {
            self.encoding.notes.drop(foreign.kind.plain(), Why::NoWord);
        }
        foreign.words.filter(|words| !words.is_empty())
    }

    fn media(&self, media: Media<'e>, at: usize) -> Result<Saying<'e>, Unsaid> {
        let words = media.words();
        let Media { kind, source, name, detail } = media;
        match (kind, source) {
            (MediaKind::Image, source @ (Source::Inline { .. } | Source::Url { .. })) => {
                Ok(Saying::Image { source, detail })
            }
            (MediaKind::Document, Source::Inline { .. } | Source::Text(_)) if words.is_some() => {
                Ok(Saying::Text(titled(name.as_ref(), &words.unwrap_or_default())))
            }
            (MediaKind::Document, Source::Inline { mime, base64 }) => Ok(Saying::File { name, mime, base64 }),
            (MediaKind::Audio, Source::Inline { mime, base64 }) => match audio_format(&mime.plain()) {
                Some(format) => Ok(Saying::Audio { format, base64 }),
                None => Err(self.no_word(at)),
            },
            (
                MediaKind::Image | MediaKind::Document | MediaKind::Audio | MediaKind::Video,
                Source::Inline { .. } | Source::Url { .. } | Source::File(_) | Source::Text(_),
            ) => Err(self.no_word(at)),
        }
    }

    fn no_word(&self, at: usize) -> Unsaid {
        Unsaid::no_word(self.encoding.ask.body.path_of(at), Protocol::Chat)
    }
}

/// Appends a text, or takes it as it is where there is nothing yet.
fn add<'e>(text: &mut Text<'e>, more: Text<'e>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.push(&more);
    }
}

/// Returns what a call says: text that holds an object, whatever the model wrote, or free text as it is.
fn arguments(arguments: Arguments<'_>, free: bool) -> Text<'_> {
    match arguments {
        Arguments::Free(text) if free => text,
        Arguments::Written(text) if is_json_object(&text.plain()) => text,
        broken @ Arguments::Written(_) => Text::owned(&broken.object()),
        whole @ (Arguments::Json(_) | Arguments::Free(_)) => whole.string().into_owned(),
    }
}

fn is_json_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && validate(text.as_bytes()).is_ok()
}

/// Puts a document's name in front of its text.
fn titled<'e>(name: Option<&Text<'e>>, words: &Text<'e>) -> Text<'e> {
    let Some(name) = name else { return words.clone() };
    let mut titled = Text::of("[document: ");
    titled.push(name);
    titled.push_plain("]\n");
    titled.push(words);
    titled
}

/// Returns Chat's word for a kind of sound; it knows two.
fn audio_format(mime: &str) -> Option<&'static str> {
    match mime {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some("wav"),
        "audio/mp3" | "audio/mpeg" => Some("mp3"),
        _ => None,
    }
}

const fn noun(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}
