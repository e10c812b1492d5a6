//! The items of the conversation, put together to turns.

use super::super::compaction;
use super::{content, needed, text, tools, wrong};
use crate::Protocol;
use crate::ask::{
    Arguments, Ask, Call, CallOutcome, Choice, Content, Foreign, Part, Role, State, StateKind, Thinking, Turn,
};
use crate::json::{Text, Value};
use crate::note::{Unsaid, Why};

/// Reads `input`: a string, or an array of items.
pub(super) fn read<'a>(ask: &mut Ask<'a>, input: Value<'a>) -> Result<(), Unsaid> {
    if input.is_string() {
        let parts = content::read(ask, input)?;
        say(ask, Role::User, parts);
        return Ok(());
    }
    if !input.is_array() {
        return Err(wrong(ask, input, "must be a string or an array"));
    }
    for item in input.elements() {
        self::item(ask, item)?;
    }
    Ok(())
}

fn item<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    let Some(kind) = item.get("type") else { return message(ask, item) };
    let kind = text(ask, kind)?;
    match &*kind.plain() {
        "message" => message(ask, item)?,
        "function_call" => called(ask, item, "arguments")?,
        "custom_tool_call" => called(ask, item, "input")?,
        "function_call_output" | "custom_tool_call_output" => outcome(ask, item)?,
        "reasoning" => reasoning(ask, item)?,
        "additional_tools" => added(ask, item)?,
        "tool_search_call" => search(ask, item),
        "tool_search_output" => found(ask, item)?,
        "compaction_trigger" => compact(ask, item),
        "compaction" | "compaction_summary" | "context_compaction" => compacted(ask, item)?,
        "item_reference" => return Err(reference(ask, item)),
        word if word.ends_with("_output") => hosted(ask, Role::User, &kind, item),
        word if word.ends_with("_call") || word.starts_with("mcp_") => {
            hosted(ask, Role::Assistant, &kind, item);
        }
        _ => ask.notes.drop("input[].type", Why::NoWord),
    }
    Ok(())
}

/// Reads a message; it is one without a type too, and then an item without a role is a reference.
fn message<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    if item.get("role").is_none() && item.get("id").is_some() {
        return Err(reference(ask, item));
    }
    let role = match &*needed(ask, item, "role")?.plain() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" | "developer" => Role::System,
        _ => return Err(wrong(ask, item, "must have the role user, assistant, system or developer")),
    };
    let parts = match item.get("content") {
        Some(content) => content::read(ask, content)?,
        None => Vec::new(),
    };
    say(ask, role, parts);
    Ok(())
}

/// Adds what somebody says. All that the model says before somebody else speaks is one turn; what stands in front of the
/// conversation is its instructions.
fn say<'a>(ask: &mut Ask<'a>, role: Role, mut parts: Vec<Part<'a>>) {
    if parts.is_empty() {
        return;
    }
    if role == Role::System && ask.turns.is_empty() {
        ask.system.append(&mut parts);
        return;
    }
    match ask.turns.last_mut() {
        Some(last) if role == Role::Assistant && last.role == role => last.parts.append(&mut parts),
        Some(_) | None => ask.turns.push(Turn { role, parts }),
    }
}

/// Adds what came of a call; all outcomes in a row are one turn.
fn answer<'a>(ask: &mut Ask<'a>, outcome: CallOutcome<'a>, at: usize) {
    let part = Part::new(Content::Outcome(outcome), at);
    let is_outcome = |part: &Part<'_>| matches!(part.content, Content::Outcome(_));
    match ask.turns.last_mut() {
        Some(last) if last.role == Role::User && last.parts.last().is_some_and(is_outcome) => {
            last.parts.push(part);
        }
        Some(_) | None => ask.turns.push(Turn { role: Role::User, parts: vec![part] }),
    }
}

/// Reads a call whose arguments stand in this member.
fn called<'a>(ask: &mut Ask<'a>, item: Value<'a>, member: &str) -> Result<(), Unsaid> {
    let arguments = item.get(member);
    let arguments = match arguments.and_then(Value::text) {
        Some(text) if member == "input" => Arguments::Free(text),
        Some(text) => Arguments::Written(text),
        None => arguments.map_or(Arguments::Written(Text::default()), Arguments::Json),
    };
    let call = Call {
        id: call_id(item),
        name: needed(ask, item, "name")?,
        namespace: namespace(item),
        arguments,
        state: None,
    };
    say(ask, Role::Assistant, vec![Part::new(Content::Call(call), item.offset())]);
    Ok(())
}

fn outcome<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    let parts = match item.get("output") {
        Some(output) => content::read(ask, output)?,
        None => Vec::new(),
    };
    let outcome = CallOutcome {
        id: call_id(item),
        name: item.get("name").and_then(Value::text),
        namespace: namespace(item),
        parts,
        failed: None,
        free: item.get("type").is_some_and(|kind| kind.is("custom_tool_call_output")),
    };
    answer(ask, outcome, item.offset());
    Ok(())
}

fn call_id(item: Value<'_>) -> Text<'_> {
    item.get("call_id").and_then(Value::text).unwrap_or_default()
}

fn namespace(item: Value<'_>) -> Option<Text<'_>> {
    item.get("namespace").and_then(Value::text).filter(|namespace| !namespace.is_empty())
}

/// Reads what the model thought: the summary, or the thoughts themselves where there is none.
fn reasoning<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    let mut words = Vec::new();
    for member in ["summary", "content"] {
        if words.is_empty()
            && let Some(content) = item.get(member)
        {
            let parts = content::read(ask, content)?;
            words.extend(parts.iter().filter_map(Part::as_text).cloned());
        }
    }
    let note = item.get("encrypted_content").and_then(Value::text).filter(|note| !note.is_empty());
    let state = note.map(|note| State::new(Protocol::Responses, StateKind::Encrypted, note));
    if !words.is_empty() || state.is_some() {
        let thinking = Thinking { text: Text::joined(&words, "\n\n"), state };
        say(ask, Role::Assistant, vec![Part::new(Content::Thinking(thinking), item.offset())]);
    }
    Ok(())
}

/// Reads tools that stand among the items: Codex offers all of its tools so.
fn added<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    item.get("tools").map_or(Ok(()), |offered| tools::read(ask, offered))
}

/// Reads the call of the function that stands for a search for tools.
fn search<'a>(ask: &mut Ask<'a>, item: Value<'a>) {
    let arguments = item.get("arguments");
    let arguments = match arguments.and_then(Value::text) {
        Some(text) => Arguments::Written(text),
        None => arguments.map_or(Arguments::Written(Text::default()), Arguments::Json),
    };
    let name = Text::of(tools::TOOL_SEARCH);
    let call = Call { id: call_id(item), name, namespace: None, arguments, state: None };
    say(ask, Role::Assistant, vec![Part::new(Content::Call(call), item.offset())]);
}

/// Reads the tools that a search found: from here on they may be called.
fn found<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    let known = ask.tools.len();
    added(ask, item)?;
    let mut words = Text::of("[tools found:");
    for tool in &ask.tools[known..] {
        words.push_plain(" ");
        words.push(&tool.name);
    }
    words.push_plain("]");
    let outcome = CallOutcome {
        id: call_id(item),
        name: Some(Text::of(tools::TOOL_SEARCH)),
        namespace: None,
        parts: vec![Part::text(words, item.offset())],
        failed: None,
        free: false,
    };
    answer(ask, outcome, item.offset());
    Ok(())
}

/// Asks for a summary where the client wants its conversation compacted.
fn compact<'a>(ask: &mut Ask<'a>, item: Value<'a>) {
    ask.wanted.compaction = true;
    ask.notes.emulate("input[].type", Why::NoWord);
    // The tools stay offered, so that the prompt's cache stays good.
    ask.choice = Some(Choice::None);
    say(ask, Role::User, vec![Part::text(Text::of(compaction::REQUEST), item.offset())]);
}

fn compacted<'a>(ask: &mut Ask<'a>, item: Value<'a>) -> Result<(), Unsaid> {
    let note = needed(ask, item, "encrypted_content")?;
    let Some(summary) = compaction::open(&note.plain()) else {
        let path = ask.body.path_of(item.offset());
        let why = "only the provider that compacted the conversation can read it; start a new conversation";
        return Err(Unsaid::new(path, why).code("unsupported_value"));
    };
    say(ask, Role::User, vec![Part::text(Text::from(summary), item.offset())]);
    Ok(())
}

/// Reads what became of a tool that the provider runs.
fn hosted<'a>(ask: &mut Ask<'a>, role: Role, kind: &Text<'a>, item: Value<'a>) {
    let foreign = Foreign { kind: kind.clone(), value: item, words: None };
    say(ask, role, vec![Part::new(Content::Foreign(foreign), item.offset())]);
}

fn reference(ask: &Ask<'_>, item: Value<'_>) -> Unsaid {
    let why = "names an item that only the provider that made it can read; send the item itself";
    Unsaid::new(ask.body.path_of(item.offset()), why).code("unsupported_value")
}
