//! Writing the conversation.

use super::media::{is_inline, write_inline};
use super::{Writing, words};
use crate::Protocol;
use crate::ask::{Call, CallOutcome, Content, Foreign, Part, Role, Setting, State, Thinking, Turn};
use crate::calls::{IdRule, arrange, legal_id};
use crate::dialect::gemini::words::{NO_SIGNATURE, signature};
use crate::json::{Members, Text, object};
use crate::note::{Unsaid, Why};

/// The conversation, written.
#[derive(Debug, Default)]
pub(super) struct Contents(Vec<Written>);

/// One content.
#[derive(Debug)]
struct Written {
    speaker: Speaker,
    /// Its parts, with commas between them.
    parts: Vec<u8>,
}

/// Who speaks. Gemini 3 refuses a content in which something stands beside results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Model,
    User,
    Results,
}

impl Contents {
    /// Adds a part. What one says in a row is one content.
    pub(super) fn part(&mut self, speaker: Speaker, fill: impl FnOnce(&mut Members<'_>)) {
        if self.0.last().is_none_or(|last| last.speaker != speaker) {
            self.0.push(Written { speaker, parts: Vec::new() });
        }
        let Some(last) = self.0.last_mut() else { return };
        if !last.parts.is_empty() {
            last.parts.push(b',');
        }
        object(&mut last.parts, fill);
    }

    pub(super) fn text(&mut self, speaker: Speaker, text: &Text<'_>) {
        if !text.is_empty() {
            self.part(speaker, |part| part.text("text", text));
        }
    }

    /// Returns about how many bytes they take.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|content| content.parts.len() + 32).sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (nth, content) in self.0.iter().enumerate() {
            let role: &[u8] = match content.speaker {
                Speaker::Model => br#"{"role":"model","parts":["#,
                Speaker::User | Speaker::Results => br#"{"role":"user","parts":["#,
            };
            if nth > 0 {
                out.push(b',');
            }
            out.extend_from_slice(role);
            out.extend_from_slice(&content.parts);
            out.extend_from_slice(b"]}");
        }
        out.push(b']');
    }
}

/// Where a turn stands in the conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Whether the model has not answered it yet: nothing of it may be left out.
    pub(super) is_latest: bool,
}

impl<'a> Writing<'_, 'a> {
    pub(super) fn contents(&mut self) -> Result<Contents, Unsaid> {
        let turns = arrange(self.ask, &mut self.notes);
        let answered = turns.iter().rposition(|turn| turn.role == Role::Assistant);
        let mut contents = Contents::default();
        for (nth, turn) in turns.iter().enumerate() {
            let standing = Standing { is_latest: answered.is_none_or(|last| nth > last) };
            if turn.parts.iter().any(|part| part.cache.is_some()) {
                self.drop(Setting::CacheMark, Why::NoWord);
            }
            match turn.role {
                Role::System => self.late_system(turn, &mut contents),
                Role::User => self.question(turn, standing, &mut contents)?,
                Role::Assistant => self.answer(turn, standing, &mut contents)?,
            }
        }
        Ok(contents)
    }

    /// Instructions in the midst of a conversation are said by the user: Gemini has one place for them, in front.
    fn late_system(&mut self, turn: &Turn<'a>, contents: &mut Contents) {
        self.emulate(Setting::LateSystem, Why::Place);
        for text in turn.parts.iter().filter_map(words) {
            let mut reminder = Text::owned("<system-reminder>\n");
            reminder.push(&text);
            reminder.push_plain("\n</system-reminder>");
            contents.text(Speaker::User, &reminder);
        }
    }

    fn question(
        &mut self,
        turn: &Turn<'a>,
        standing: Standing,
        contents: &mut Contents,
    ) -> Result<(), Unsaid> {
        let mut behind = Vec::new();
        for part in &turn.parts {
            match &part.content {
                Content::Outcome(outcome) => self.outcome(outcome, standing, contents, &mut behind)?,
                Content::Text(text) | Content::Refusal(text) => contents.text(Speaker::User, text),
                Content::Media(media) => self.media((media, part.at), Speaker::User, standing, contents)?,
                Content::Foreign(foreign) => {
                    self.foreign(foreign, part.at, Speaker::User, standing, contents)?;
                }
                // The model thinks and calls, never the user; nothing is lost that could be said.
                Content::Thinking(_) | Content::Call(_) => {}
            }
        }
        if !behind.is_empty() {
            self.emulate(Setting::Outcomes, Why::Place);
        }
        for (tool, part) in behind {
            if let Content::Media(media) = &part.content {
                contents.text(Speaker::User, &caption(&tool));
                self.media((media, part.at), Speaker::User, standing, contents)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, turn: &Turn<'a>, standing: Standing, contents: &mut Contents) -> Result<(), Unsaid> {
        let mut is_first_call = true;
        for part in &turn.parts {
            match &part.content {
                Content::Text(text) | Content::Refusal(text) => contents.text(Speaker::Model, text),
                Content::Thinking(thinking) => self.thinking(thinking, contents),
                Content::Media(media) => self.media((media, part.at), Speaker::Model, standing, contents)?,
                Content::Foreign(foreign) => {
                    self.foreign(foreign, part.at, Speaker::Model, standing, contents)?;
                }
                Content::Call(call) => {
                    self.call(call, is_first_call && self.model.is_third, contents);
                    is_first_call = false;
                }
                Content::Outcome(_) => {}
            }
        }
        Ok(())
    }

    /// Thoughts go back to the one who thought them, with its signature; others would take them for their own.
    fn thinking(&mut self, thinking: &Thinking<'a>, contents: &mut Contents) {
        let note = self.own_signature(thinking.state.as_ref());
        if note.is_none() && self.ask.protocol != Protocol::Gemini {
            return;
        }
        contents.part(Speaker::Model, |part| {
            part.text("text", &thinking.text);
            if !thinking.text.is_empty() {
                part.bool("thought", true);
            }
            part.text_if("thoughtSignature", note.as_ref());
        });
    }

    /// Gemini 3 wants the first call of a step signed as long as the user has said nothing since. Older ones are signed, too:
    /// what was said once must be said again in the same words, or the cache of the prompt is lost.
    fn call(&mut self, call: &Call<'a>, must_be_signed: bool, contents: &mut Contents) {
        let note = self.own_signature(call.state.as_ref());
        let sentinel = (must_be_signed && note.is_none()).then(|| Text::of(NO_SIGNATURE));
        let id = legal_id(&call.id.plain(), IdRule::GEMINI).into_owned();
        let name = self.sent_name(call.namespace.as_ref(), &call.name);
        contents.part(Speaker::Model, |part| {
            part.object("functionCall", |function| {
                function.str("id", &id);
                function.str("name", &name);
                function.raw("args", &call.arguments.object());
            });
            part.text_if("thoughtSignature", note.or(sentinel).as_ref());
        });
    }

    /// Returns a signature that Gemini gave. Those of others are left out: Gemini would refuse them.
    fn own_signature<'s>(&mut self, state: Option<&'s State<'_>>) -> Option<Text<'s>> {
        let note = signature(state?);
        if note.is_none() {
            self.drop(Setting::State, Why::Foreign);
        }
        note
    }

    /// Writes what came of a call. Media go with it where the model takes them there, else `behind` it.
    fn outcome<'p>(
        &mut self,
        outcome: &'p CallOutcome<'a>,
        standing: Standing,
        contents: &mut Contents,
        behind: &mut Vec<(Text<'p>, &'p Part<'a>)>,
    ) -> Result<(), Unsaid> {
        let tool = outcome.name.as_ref().map(Text::borrowed).unwrap_or_default();
        let name = self.sent_name(outcome.namespace.as_ref(), &tool);
        let texts: Vec<Text<'_>> = outcome.parts.iter().filter_map(words).collect();
        let text = Text::joined(&texts, "\n");
        let mut inside = Vec::new();
        for part in outcome.parts.iter().filter(|part| words(part).is_none()) {
            match &part.content {
                Content::Media(media) if self.model.is_third && is_inline(media) => inside.push(media),
                Content::Media(_) => behind.push((tool.clone(), part)),
                Content::Foreign(foreign) => {
                    self.unsupported(&foreign.kind.plain(), part.at, standing)?;
                }
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Thinking(_)
                | Content::Call(_)
                | Content::Outcome(_) => {}
            }
        }
        let id = legal_id(&outcome.id.plain(), IdRule::GEMINI).into_owned();
        contents.part(Speaker::Results, |part| {
            part.object("functionResponse", |response| {
                response.str("id", &id);
                response.str("name", &name);
                response.object("response", |given| {
                    given.text(if outcome.failed == Some(true) { "error" } else { "output" }, &text);
                });
                if !inside.is_empty() {
                    response.array("parts", |parts| {
                        for media in &inside {
                            parts.object(|part| write_inline(media, part));
                        }
                    });
                }
            });
        });
        Ok(())
    }

    fn foreign(
        &mut self,
        foreign: &Foreign<'a>,
        at: usize,
        speaker: Speaker,
        standing: Standing,
        contents: &mut Contents,
    ) -> Result<(), Unsaid> {
        if self.ask.protocol == Protocol::Gemini {
            contents.part(speaker, |part| {
                for (name, value) in foreign.value.members() {
                    part.raw(&name.plain(), value.raw());
                }
            });
            return Ok(());
        }
        let words = match &foreign.words {
            Some(words) => words.clone(),
            None => self.unsupported(&foreign.kind.plain(), at, standing)?,
        };
        contents.text(speaker, &words);
        Ok(())
    }

    /// Returns what stands for content that cannot be said, unless the model must still answer it.
    pub(super) fn unsupported(
        &mut self,
        kind: &str,
        at: usize,
        standing: Standing,
    ) -> Result<Text<'a>, Unsaid> {
        let path = self.ask.body.path_of(at);
        if standing.is_latest {
            return Err(Unsaid::no_word(path, Protocol::Gemini));
        }
        self.notes.drop(everywhere(&path), Why::NoWord);
        Ok(Text::owned(&format!("[unsupported content: {kind}]")))
    }

    pub(super) fn sent_name(&self, namespace: Option<&Text<'_>>, name: &Text<'_>) -> String {
        let namespace = namespace.map(Text::plain);
        self.names.sent(namespace.as_deref(), &name.plain()).to_owned()
    }
}

/// Says where media come from that stand behind the result they belong to.
fn caption(tool: &Text<'_>) -> Text<'static> {
    let mut caption = Text::owned("[from the result of ");
    caption.push(tool);
    caption.push_plain("]");
    caption
}

/// Makes a path one that stands for all elements of its lists, as in `messages[].content[]`.
pub(super) fn everywhere(path: &str) -> String {
    let mut all = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('[') {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        all.push_str(before);
        all.push('[');
        rest = &behind[digits..];
    }
    all.push_str(rest);
    all
}
