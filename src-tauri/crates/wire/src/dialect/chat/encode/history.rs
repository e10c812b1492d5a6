//! Turns the conversation into Chat's messages.

use sha2::{Digest, Sha256};

use super::messages::{Answer, Called, Conversation, Form, Message, Piece, Saying};
use super::{Encoding, hex};
use crate::Protocol;
use crate::ask::{
    Arguments, CacheMark, Call, CallOutcome, Content, Foreign, Format, Media, MediaKind, Part, Role, Setting,
    Source, State, StateKind, Thinking, Turn,
};
use crate::calls::{IdRule, arrange, legal_id, original_id};
use crate::dialect::chat::models::Traits;
use crate::json::{Text, validate};
use crate::note::{Unsaid, Why};
use crate::quirks::{CallIds, Echo};
use crate::schema::{self, Rules};

/// What stands in front of the outcome of a call that failed; Chat has no word for that.
const FAILED: &str = "[tool error] ";

/// What asks for JSON where no other word does: `OpenAI` and others refuse `json_object` unless JSON is spoken of.
const ASK_FOR_JSON: &str = "Respond with a single JSON object.";

/// What asks for an answer that keeps to a schema where the vendor cannot be told to hold it to one.
const ASK_FOR_SCHEMA: &str = "Respond with a single JSON object that keeps to this JSON schema:\n";

impl<'e> Encoding<'e> {
    /// Returns the conversation in Chat's words.
    pub(super) fn messages(&mut self) -> Result<Conversation<'e>, Unsaid> {
        let thinks = self.traits.is_some_and(Traits::thinks);
        let instructing = if thinks && self.quirks.developer_role { "developer" } else { "system" };
        let takes_marks = self.traits.is_some_and(|traits| traits.cache_marks);
        let form = if takes_marks { Form::List } else { Form::String };
        let mut lowering = Lowering {
            encoding: self,
            messages: Vec::new(),
            from_outcomes: Vec::new(),
            instructing,
            asks_now: false,
        };
        lowering.instructions(lowering.encoding.ask.system.clone())?;
        let turns = arrange(lowering.encoding.ask, &mut lowering.encoding.notes);
        let mut left = turns.len();
        for turn in turns {
            left -= 1;
            lowering.asks_now = left == 0;
            lowering.turn(turn)?;
        }
        lowering.show_media();
        let messages = lowering.messages;
        let mut conversation = Conversation { messages, form };
        self.ask_for_format(&mut conversation, instructing);
        conversation.keep_marks();
        Ok(conversation)
    }

    /// Asks for the answer's form in words where the settings cannot, or not alone.
    fn ask_for_format(&mut self, conversation: &mut Conversation<'e>, instructing: &'static str) {
        let wants_word = self.traits.is_some() || self.quirks.json_word;
        match &self.ask.format {
            Format::Json if wants_word && !conversation.begins_with("json") => {
                self.emulate(Setting::Format, Why::Form);
                conversation.ask_first(instructing, Text::of(ASK_FOR_JSON));
            }
            Format::Schema { schema, .. } if !self.quirks.json_schema => {
                self.emulate(Setting::Format, Why::NoWord);
                let mut written = Vec::new();
                schema::write(Some(*schema), Rules::Open, &mut written);
                let words = format!("{ASK_FOR_SCHEMA}{}", String::from_utf8_lossy(&written));
                conversation.ask_first(instructing, Text::from(words));
            }
            Format::Text | Format::Json | Format::Schema { .. } => {}
        }
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
    /// Whether what is lowered is what the answer is asked for, and not the history before it.
    asks_now: bool,
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
        let mut pieces = self.pieces(parts)?;
        if pieces.is_empty() {
            return Ok(());
        }
        match self.messages.last_mut() {
            Some(Message::Instructions { pieces: first, .. }) if !self.encoding.quirks.late_system => {
                first.append(&mut pieces);
            }
            Some(_) if !self.encoding.quirks.late_system => {
                self.encoding.emulate(Setting::LateSystem, Why::Place);
                self.messages.push(Message::Question(pieces.into_iter().map(reminder).collect()));
            }
            Some(_) | None => self.messages.push(Message::Instructions { role: self.instructing, pieces }),
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
        // What a tool shows was not asked for; a model that cannot see it is told so.
        let asks_now = std::mem::replace(&mut self.asks_now, false);
        let pieces = self.pieces(outcome.parts)?;
        self.asks_now = asks_now;
        for piece in pieces {
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
        let quirks = &self.encoding.quirks;
        let echoes = match quirks.echo {
            Echo::Required => true,
            Echo::Optional => !answer.thinking.is_empty(),
            Echo::Forbidden => false,
        };
        answer.echo = (echoes && !answer.calls.is_empty()).then_some(quirks.thoughts);
        if !answer.is_empty() {
            self.messages.push(Message::Answer(answer));
        }
    }

    fn thinking(&mut self, answer: &mut Answer<'e>, thinking: Thinking<'e>) {
        match thinking.state {
            Some(state) if state.slot == Protocol::Chat && state.kind == StateKind::Detail => {
                answer.details.push((state.note, thinking.text));
            }
            state => {
                add(&mut answer.thinking, thinking.text);
                if state.is_some_and(|state| state.slot != Protocol::Chat) {
                    self.encoding.drop(Setting::State, Why::Foreign);
                }
            }
        }
    }

    /// Returns the signature of a call that the channel itself gave; nobody else's may go there.
    fn signature(&mut self, state: Option<State<'e>>) -> Option<Text<'e>> {
        let state = state?;
        if state.slot == Protocol::Chat && state.kind == StateKind::Thought {
            return Some(state.note);
        }
        self.encoding.drop(Setting::State, Why::Foreign);
        None
    }

    fn call(&mut self, call: Call<'e>) -> Called<'e> {
        let signature = self.signature(call.state);
        let namespace = call.namespace.as_ref().map(Text::plain);
        let name = self.encoding.names.sent(namespace.as_deref(), &call.name.plain()).to_owned();
        let free = matches!(call.arguments, Arguments::Free(_)) && self.encoding.takes_free_tools();
        Called { id: self.id(&call.id), name, arguments: arguments(call.arguments, free), free, signature }
    }

    /// Returns an id that the channel takes; the same for a call and its outcome.
    fn id(&self, id: &Text<'_>) -> String {
        let id = id.plain();
        match self.encoding.quirks.call_ids {
            CallIds::Any => legal_id(&id, IdRule::CHAT).into_owned(),
            CallIds::Verbatim if !id.is_empty() => original_id(&id).into_owned(),
            CallIds::Verbatim => legal_id(&id, IdRule::CHAT).into_owned(),
            CallIds::Nine => nine(original_id(&id).as_ref()),
        }
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

    fn media(&mut self, media: Media<'e>, at: usize) -> Result<Saying<'e>, Unsaid> {
        let words = media.words();
        let Media { kind, source, name, detail } = media;
        let Encoding { quirks, .. } = &self.encoding;
        if (kind == MediaKind::Image && !quirks.images)
            || (kind == MediaKind::Document && !quirks.files && words.is_none())
        {
            return self.unseen(kind, at);
        }
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

    /// Says what stood in the history that the model cannot see. What the answer is asked for must be seen.
    fn unseen(&mut self, kind: MediaKind, at: usize) -> Result<Saying<'e>, Unsaid> {
        if self.asks_now {
            return Err(self.no_word(at));
        }
        self.encoding.notes.drop(self.encoding.ask.body.path_of(at), Why::Model);
        Ok(Saying::Text(Text::from(format!("[{} that this model cannot see]", noun(kind)))))
    }

    fn no_word(&self, at: usize) -> Unsaid {
        Unsaid::no_word(self.encoding.ask.body.path_of(at), Protocol::Chat)
    }
}

/// Makes the user say what whoever runs the program says in the midst of a conversation.
fn reminder(piece: Piece<'_>) -> Piece<'_> {
    match piece.saying {
        Saying::Text(text) => {
            let mut words = Text::owned("<system-reminder>\n");
            words.push(&text);
            words.push_plain("\n</system-reminder>");
            Piece { saying: Saying::Text(words), cache: piece.cache }
        }
        Saying::Image { .. } | Saying::File { .. } | Saying::Audio { .. } => piece,
    }
}

/// Returns nine letters and digits that stand for an id: the id itself where it is such.
fn nine(id: &str) -> String {
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let mut digits = hex(&Sha256::digest(id.as_bytes()));
    digits.truncate(9);
    digits
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
