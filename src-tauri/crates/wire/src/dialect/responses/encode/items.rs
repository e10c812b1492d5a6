//! The conversation as items.

use super::Writer;
use super::media::{self, Said};
use crate::Protocol;
use crate::ask::{
    Arguments, CacheMark, Call, CallOutcome, Content, Foreign, Part, Role, Setting, StateKind, Thinking, Turn,
};
use crate::calls::{IdRule, arrange, legal_id};
use crate::json::{Elements, Members, Text, array};
use crate::note::{Unsaid, Why};

/// What stands in front of the outcome of a tool that failed.
const FAILED: &str = "[tool error] ";

/// Writes `input`.
pub(super) fn write(writer: &mut Writer<'_, '_>) -> Result<Vec<u8>, Unsaid> {
    let turns = arrange(writer.ask, &mut writer.notes);
    let last_answer = turns.iter().rposition(|turn| turn.role == Role::Assistant);
    let question = last_answer.map_or(0, |at| at + 1);
    let mut out = Vec::new();
    let mut written = Ok(());
    array(&mut out, |items| {
        written = system(writer, items).and_then(|()| {
            turns.iter().enumerate().try_for_each(|(at, turn)| {
                let mut teller = Teller { writer, items, is_question: at >= question };
                teller.turn(turn)
            })
        });
    });
    written.map(|()| out)
}

/// Writes the instructions in front of the conversation, as one message.
fn system(writer: &mut Writer<'_, '_>, items: &mut Elements<'_>) -> Result<(), Unsaid> {
    let system = &writer.ask.system;
    let mut teller = Teller { writer, items, is_question: false };
    teller.message(Role::System, system)
}

/// Writes turns.
struct Teller<'t, 'w, 'r, 'a, 'o> {
    writer: &'t mut Writer<'r, 'a>,
    items: &'w mut Elements<'o>,
    /// Whether the model should answer this: then nothing may be left out.
    is_question: bool,
}

impl Teller<'_, '_, '_, '_, '_> {
    /// Writes a turn: everything in a row that is not an item of its own is one message.
    fn turn(&mut self, turn: &Turn<'_>) -> Result<(), Unsaid> {
        let mut begin = 0;
        for (at, part) in turn.parts.iter().enumerate() {
            if is_said(part) {
                continue;
            }
            self.message(turn.role, &turn.parts[begin..at])?;
            begin = at + 1;
            match &part.content {
                Content::Thinking(thinking) => self.thinking(thinking),
                Content::Call(call) => self.call(call),
                Content::Outcome(outcome) => self.outcome(outcome)?,
                Content::Foreign(foreign) => self.foreign(foreign, part)?,
                Content::Text(_) | Content::Refusal(_) | Content::Media(_) => {}
            }
        }
        self.message(turn.role, &turn.parts[begin..])
    }

    fn message(&mut self, role: Role, parts: &[Part<'_>]) -> Result<(), Unsaid> {
        if parts.is_empty() {
            return Ok(());
        }
        let content = self.content(role, parts)?;
        self.items.object(|message| {
            message.str(
                "role",
                match role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                },
            );
            message.value("content", |out| out.extend_from_slice(&content));
        });
        Ok(())
    }

    /// Writes content: plain text as a string, anything else as a list. Where marks may stand everything is a list: marks
    /// move from turn to turn, and what stood under one must not be told otherwise when it is gone.
    fn content(&mut self, role: Role, parts: &[Part<'_>]) -> Result<Vec<u8>, Unsaid> {
        let mut out = Vec::new();
        if let [part] = parts
            && let Some(text) = part.as_text().or(words(part))
            && !self.takes_marks()
        {
            crate::json::write_text(&mut out, text);
            return Ok(out);
        }
        let mut written = Ok(());
        array(&mut out, |list| written = self.list(role, parts, list));
        written.map(|()| out)
    }

    fn list(&mut self, role: Role, parts: &[Part<'_>], list: &mut Elements<'_>) -> Result<(), Unsaid> {
        let kind = if role == Role::Assistant { "output_text" } else { "input_text" };
        for part in parts {
            let mark = part.cache.filter(|_| self.takes_marks());
            match &part.content {
                Content::Text(text) => list.object(|out| {
                    out.str("type", kind);
                    out.text("text", text);
                    write_mark(mark, out);
                }),
                Content::Refusal(refusal) => list.object(|out| {
                    out.str("type", "refusal");
                    out.text("refusal", refusal);
                }),
                Content::Media(media) if role == Role::Assistant => {
                    // A model's own images cannot be handed back.
                    self.writer.notes.drop(self.writer.ask.body.path_of(part.at), Why::Place);
                    list.object(|out| {
                        out.str("type", kind);
                        out.str("text", media::placeholder(media.kind));
                    });
                }
                Content::Media(media) => {
                    let said = media::said(self.writer, media, part.at)?;
                    if matches!(said, Said::Unsaid) {
                        self.leave_out(part)?;
                    }
                    list.object(|out| media::write(media, &said, out));
                }
                Content::Foreign(_) => {
                    if let Some(words) = words(part) {
                        list.object(|out| {
                            out.str("type", kind);
                            out.text("text", words);
                        });
                    }
                }
                Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => {}
            }
        }
        Ok(())
    }

    /// Notes that a part has no word here; where the model should answer it, that is refused.
    fn leave_out(&mut self, part: &Part<'_>) -> Result<(), Unsaid> {
        let path = self.writer.ask.body.path_of(part.at);
        if self.is_question {
            return Err(Unsaid::no_word(path, Protocol::Responses));
        }
        self.writer.notes.drop(path, Why::NoWord);
        Ok(())
    }

    /// Writes what the model thought, where this provider sealed it. Everybody else's thoughts it would refuse.
    fn thinking(&mut self, thinking: &Thinking<'_>) {
        let own = thinking
            .state
            .as_ref()
            .filter(|state| state.slot == Protocol::Responses && state.kind == StateKind::Encrypted);
        let Some(state) = own else {
            let why = if thinking.state.is_some() { Why::Foreign } else { Why::NoWord };
            return self.writer.drop(Setting::State, why);
        };
        self.items.object(|item| {
            item.str("type", "reasoning");
            item.array("summary", |summary| {
                if !thinking.text.is_empty() {
                    summary.object(|part| {
                        part.str("type", "summary_text");
                        part.text("text", &thinking.text);
                    });
                }
            });
            item.text("encrypted_content", &state.note);
        });
    }

    fn call(&mut self, call: &Call<'_>) {
        if call.state.is_some() {
            self.writer.drop(Setting::State, Why::Foreign);
        }
        let namespace = call.namespace.as_ref().map(Text::plain);
        let name = call.name.plain();
        let name = self.writer.names.sent(namespace.as_deref(), &name);
        self.items.object(|item| {
            let free = matches!(call.arguments, Arguments::Free(_));
            item.str("type", if free { "custom_tool_call" } else { "function_call" });
            item.str("call_id", &legal_id(&call.id.plain(), IdRule::RESPONSES));
            item.str("name", name);
            if free {
                item.text("input", &call.arguments.free());
            } else {
                item.text("arguments", &call.arguments.string());
            }
        });
    }

    /// Writes what came of a call: text as a string, and as a list where there is more than text.
    fn outcome(&mut self, outcome: &CallOutcome<'_>) -> Result<(), Unsaid> {
        let failed = outcome.failed == Some(true);
        let is_text = outcome.parts.iter().all(|part| part.as_text().is_some());
        let mut output = Vec::new();
        if is_text {
            let mut text = Text::of(if failed { FAILED } else { "" });
            text.push(&outcome.text());
            crate::json::write_text(&mut output, &text);
        } else {
            let mut written = Ok(());
            array(&mut output, |list| {
                if failed {
                    list.object(|part| {
                        part.str("type", "input_text");
                        part.str("text", FAILED.trim_end());
                    });
                }
                written = self.list(Role::User, &outcome.parts, list);
            });
            written?;
        }
        self.items.object(|item| {
            let free = outcome.free;
            item.str("type", if free { "custom_tool_call_output" } else { "function_call_output" });
            item.str("call_id", &legal_id(&outcome.id.plain(), IdRule::RESPONSES));
            item.value("output", |out| out.extend_from_slice(&output));
        });
        Ok(())
    }

    /// Writes an item that only this protocol knows; another's is left out.
    fn foreign(&mut self, foreign: &Foreign<'_>, part: &Part<'_>) -> Result<(), Unsaid> {
        if self.writer.ask.protocol == Protocol::Responses {
            self.items.raw(foreign.value.raw());
            return Ok(());
        }
        self.leave_out(part)
    }

    /// Tells whether marks are written: only some models know them.
    fn takes_marks(&self) -> bool {
        self.writer.target.first_party && self.writer.family.takes_cache_marks()
    }
}

/// Returns the words that say the same as a part.
fn words<'p, 'x>(part: &'p Part<'x>) -> Option<&'p Text<'x>> {
    match &part.content {
        Content::Foreign(foreign) => foreign.words.as_ref(),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Media(_)
        | Content::Thinking(_)
        | Content::Call(_)
        | Content::Outcome(_) => None,
    }
}

/// Tells whether a part is said in a message, rather than being an item of its own.
fn is_said(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Text(_) | Content::Refusal(_) | Content::Media(_) => true,
        Content::Foreign(foreign) => foreign.words.is_some(),
        Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => false,
    }
}

fn write_mark(mark: Option<CacheMark>, part: &mut Members<'_>) {
    let Some(mark) = mark else { return };
    part.object("prompt_cache_breakpoint", |members| {
        members.str("mode", "explicit");
        match mark {
            CacheMark::Usual => members.str("ttl", "30m"),
            CacheMark::Long => members.str("ttl", "12h"),
        }
    });
}
