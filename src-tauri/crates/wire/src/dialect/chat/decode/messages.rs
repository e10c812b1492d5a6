//! Reads the conversation.

use super::At;
use super::parts::{Strictness, cache_mark, content};
use crate::Protocol;
use crate::ask::{Arguments, Ask, Call, CallOutcome, Content, Part, Role, State, StateKind, Thinking, Turn};
use crate::json::{Text, Value};
use crate::note::{Notes, Unsaid, Why};

/// The messages of a request.
pub(super) struct Messages<'a> {
    all: Value<'a>,
    notes: Notes,
}

impl<'a> Messages<'a> {
    /// Reads all messages into the ask: what is said first by whoever runs the program becomes the system, the rest turns.
    pub(super) fn read(ask: &mut Ask<'a>, all: Value<'a>) -> Result<(), Unsaid> {
        let mut messages = Self { all, notes: Notes::default() };
        for value in all.elements() {
            let at = At { body: ask.body, value };
            at.object()?;
            let role = at.member("role")?;
            let (role, mut parts) = match &*role.text()?.plain() {
                "system" | "developer" => (Role::System, messages.content(at)?),
                "user" => (Role::User, messages.content(at)?),
                "assistant" => (Role::Assistant, messages.answer(at)?),
                "tool" | "function" => (Role::User, vec![outcome(at)?]),
                _ => {
                    return Err(role.wrong("must be developer, system, user, assistant, tool or function"));
                }
            };
            if let (Some(last), Some(mark)) = (parts.last_mut(), cache_mark(value)) {
                last.cache = Some(mark);
            }
            if role == Role::System && ask.turns.is_empty() {
                ask.system.append(&mut parts);
            } else if !parts.is_empty() {
                ask.turns.push(Turn { role, parts });
            }
        }
        ask.notes.extend(messages.notes);
        Ok(())
    }

    fn content(&mut self, at: At<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        if at.value.get("name").is_some() {
            self.notes.drop("messages[].name", Why::NoWord);
        }
        content(at, &|| self.strictness(at.value))
    }

    /// Tells whether this is the user's last message.
    fn strictness(&self, message: Value<'a>) -> Strictness {
        let said_by_user = |message: &Value<'a>| message.get("role").is_some_and(|role| role.is("user"));
        let last = self.all.elements().filter(said_by_user).last();
        if last.is_some_and(|last| last.offset() == message.offset()) {
            Strictness::Latest
        } else {
            Strictness::Earlier
        }
    }

    /// Reads a message of the model: what it thought, said and called.
    fn answer(&mut self, at: At<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let message = at.value;
        if message.get("audio").is_some() {
            self.notes.drop("messages[].audio", Why::NoWord);
        }
        let mut parts = thoughts(message);
        parts.extend(self.content(at)?);
        if let Some(refusal) = message.get("refusal") {
            let text = At { value: refusal, ..at }.text()?;
            if !text.is_empty() {
                parts.push(Part::new(Content::Refusal(text), refusal.offset()));
            }
        }
        if let Some(calls) = message.get("tool_calls") {
            for value in (At { value: calls, ..at }).array()?.elements() {
                let at = At { value, ..at };
                at.object()?;
                parts.push(Part::new(Content::Call(call(at)?), value.offset()));
            }
        } else if let Some(value) = message.get("function_call") {
            let at = At { value, ..at };
            at.object()?;
            parts.push(Part::new(Content::Call(function(Text::default(), at)?), value.offset()));
        }
        Ok(parts)
    }
}

/// Reads what came of a call. The old `function` has a name where `tool` has an id.
fn outcome(at: At<'_>) -> Result<Part<'_>, Unsaid> {
    let message = at.value;
    let outcome = CallOutcome {
        id: message.get("tool_call_id").and_then(Value::text).unwrap_or_default(),
        name: message.get("name").and_then(Value::text),
        namespace: None,
        parts: content(at, &|| Strictness::Earlier)?,
        failed: None,
        free: false,
    };
    Ok(Part::new(Content::Outcome(outcome), message.offset()))
}

fn call(at: At<'_>) -> Result<Call<'_>, Unsaid> {
    let id = at.value.get("id").and_then(Value::text).unwrap_or_default();
    let state = thought_signature(at.value).map(|note| State::new(Protocol::Chat, StateKind::Thought, note));
    let call = match at.value.get("custom") {
        Some(value) => {
            let custom = At { value, ..at };
            custom.object()?;
            let input = value.get("input").and_then(Value::text).unwrap_or_default();
            named(id, custom, Arguments::Free(input))?
        }
        None => function(id, at.member("function")?)?,
    };
    Ok(Call { state, ..call })
}

fn function<'a>(id: Text<'a>, at: At<'a>) -> Result<Call<'a>, Unsaid> {
    at.object()?;
    let arguments = match at.value.get("arguments") {
        // Some vendors write an object.
        Some(value) => value.text().map_or(Arguments::Json(value), Arguments::Written),
        None => Arguments::Written(Text::default()),
    };
    named(id, at, arguments)
}

fn named<'a>(id: Text<'a>, at: At<'a>, arguments: Arguments<'a>) -> Result<Call<'a>, Unsaid> {
    Ok(Call { id, name: at.member("name")?.text()?, namespace: None, arguments, state: None })
}

/// Reads where Google's own Chat endpoint keeps the signature of a call.
pub(in crate::dialect::chat) fn thought_signature(call: Value<'_>) -> Option<Text<'_>> {
    call.get("extra_content")?.get("google")?.get("thought_signature")?.text()
}

/// Reads what the model thought: `reasoning_details` of `OpenRouter` where there are any, which repeat the plain text that
/// others keep in `reasoning_content` or `reasoning`.
fn thoughts(message: Value<'_>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for detail in message.get("reasoning_details").into_iter().flat_map(Value::elements) {
        let text = detail.either(["text", "summary"]).and_then(Value::text).unwrap_or_default();
        let state = state_of(detail);
        if !text.is_empty() || state.is_some() {
            parts.push(Part::new(Content::Thinking(Thinking { text, state }), detail.offset()));
        }
    }
    let has_text =
        |part: &Part<'_>| matches!(&part.content, Content::Thinking(thinking) if !thinking.text.is_empty());
    if !parts.iter().any(has_text)
        && let Some(value) = message.either(["reasoning_content", "reasoning"])
        && let Some(text) = value.text().filter(|text| !text.is_empty())
    {
        parts.insert(0, Part::new(Content::Thinking(Thinking { text, state: None }), value.offset()));
    }
    parts
}

/// Reads the provider's note to itself in one of `reasoning_details`.
fn state_of(detail: Value<'_>) -> Option<State<'_>> {
    let note = |name: &str| detail.get(name).and_then(Value::text).filter(|note| !note.is_empty());
    let signature = note("signature").map(|note| State::new(Protocol::Chat, StateKind::Signature, note));
    signature.or_else(|| note("data").map(|note| State::new(Protocol::Chat, StateKind::Encrypted, note)))
}
