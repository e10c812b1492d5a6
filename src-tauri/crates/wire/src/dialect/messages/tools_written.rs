//! Writing the tools that a model may call, and which of them it must.

use super::cache::{self, Marks};
use super::models::Model;
use crate::Protocol;
use crate::ask::{Ask, Choice, Content, FREE_AS_FUNCTION, Setting, Tool, ToolKind, Turn};
use crate::calls::Names;
use crate::dialect::Target;
use crate::json::{Elements, Members, Text, Value};
use crate::note::{Notes, Unsaid, Why};
use crate::schema::{self, Rules};

/// The version of the web search that every model of Anthropic's takes without a beta.
const WEB_SEARCH: &str = "web_search_20250305";

/// What the web searches of all providers are called, dates aside.
const SEARCHES: [&str; 3] = ["web_search", "googleSearch", "google_search"];

/// What a channel is offered.
#[derive(Debug)]
pub(super) struct Offer<'t, 'a> {
    tools: Vec<&'t Tool<'a>>,
    /// The names of tools that were called before and are no longer offered: calls in the history must be of tools that
    /// are declared.
    past: Vec<String>,
    choice: Option<Forced>,
    /// Whether only one tool may be called at once.
    alone: bool,
    /// Whether the channel takes `strict`.
    strict: bool,
}

/// The forms of `tool_choice`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Forced {
    Auto,
    Any,
    None,
    Tool(String),
}

impl<'t, 'a> Offer<'t, 'a> {
    /// Decides what to offer.
    pub(super) fn of(
        ask: &'t Ask<'a>,
        turns: &[Turn<'_>],
        names: &Names,
        (model, target): (&Model, &Target<'_>),
        notes: &mut Notes,
    ) -> Result<Self, Unsaid> {
        let tools = offered(ask, target, notes)?;
        let past = if tools.is_empty() { called(turns, names) } else { Vec::new() };
        if !past.is_empty() {
            notes.emulate("tools", Why::Repaired);
        }
        let choice = forced(ask, &tools, names, notes)?;
        Ok(Self {
            choice: if past.is_empty() { choice } else { Some(Forced::None) },
            alone: ask.parallel_calls == Some(false) && !tools.is_empty(),
            strict: model.schemas && target.first_party,
            tools,
            past,
        })
    }

    /// Tells whether a tool must be called.
    pub(super) const fn is_forced(&self) -> bool {
        matches!(self.choice, Some(Forced::Any | Forced::Tool(_)))
    }

    /// Writes `tools` and `tool_choice`, where there is something to say.
    pub(super) fn write(
        &self,
        ask: &Ask<'_>,
        names: &Names,
        marks: &mut Marks,
        notes: &mut Notes,
        body: &mut Members<'_>,
    ) {
        if !self.tools.is_empty() || !self.past.is_empty() {
            body.array("tools", |list| {
                for (at, tool) in (1..).zip(&self.tools) {
                    self.write_tool(tool, at == self.tools.len(), (ask, names), (marks, notes), list);
                }
                for name in &self.past {
                    list.object(|members| {
                        members.str("name", name);
                        members.value("input_schema", |out| {
                            schema::write(None, Rules::Input, out);
                        });
                    });
                }
            });
        }
        self.write_choice(body);
    }

    fn write_tool(
        &self,
        tool: &Tool<'_>,
        is_last: bool,
        (ask, names): (&Ask<'_>, &Names),
        (marks, notes): (&mut Marks, &mut Notes),
        list: &mut Elements<'_>,
    ) {
        if tool.deferred {
            ask.drop(notes, Setting::DeferredTools, Why::NoWord);
        }
        let mark = marks.deal(tool.cache, is_last);
        let namespace = tool.namespace.as_ref().map(Text::plain);
        let name = tool.name.plain();
        let name = names.sent(namespace.as_deref(), &name);
        match &tool.kind {
            ToolKind::Hosted(value) if ask.protocol == Protocol::Messages => list.raw(value.raw()),
            ToolKind::Hosted(value) => list.object(|members| {
                web_search(*value, members);
                cache::write(mark, members);
            }),
            ToolKind::Free { .. } => {
                notes.emulate("tools[].custom", Why::Form);
                list.object(|members| {
                    members.str("name", name);
                    members.text_if("description", tool.words_as_function().as_ref());
                    members.raw("input_schema", FREE_AS_FUNCTION);
                    cache::write(mark, members);
                });
            }
            ToolKind::Function(arguments) => list.object(|members| {
                members.str("name", name);
                members.text_if("description", tool.description.as_ref());
                members.value("input_schema", |out| {
                    schema::write(*arguments, Rules::Input, out);
                });
                match tool.strict {
                    Some(true) if self.strict => members.bool("strict", true),
                    Some(true) => ask.drop(notes, Setting::StrictTools, Why::Model),
                    Some(false) | None => {}
                }
                cache::write(mark, members);
            }),
        }
    }

    fn write_choice(&self, body: &mut Members<'_>) {
        let choice = match &self.choice {
            Some(choice) => choice,
            None if self.alone => &Forced::Auto,
            None => return,
        };
        body.object("tool_choice", |members| {
            match choice {
                Forced::Auto => members.str("type", "auto"),
                Forced::Any => members.str("type", "any"),
                Forced::None => members.str("type", "none"),
                Forced::Tool(name) => {
                    members.str("type", "tool");
                    members.str("name", name);
                }
            }
            if self.alone && *choice != Forced::None {
                members.bool("disable_parallel_tool_use", true);
            }
        });
    }
}

/// Finds the tools that the channel can be offered: those among which the model may choose, without what only the
/// client's own provider runs.
fn offered<'t, 'a>(
    ask: &'t Ask<'a>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<&'t Tool<'a>>, Unsaid> {
    let mut tools = Vec::with_capacity(ask.tools.len());
    for tool in &ask.tools {
        if let ToolKind::Hosted(value) = tool.kind
            && !runs_there(ask, tool, value, target)
        {
            if is_chosen(ask, tool) {
                return Err(Unsaid::no_word(ask.word(Setting::Choice), target.protocol));
            }
            // Chat has no such tools: its setting asks for an answer that was searched for.
            if ask.protocol == Protocol::Chat {
                return Err(Unsaid::no_word(ask.body.path_of(tool.at), target.protocol));
            }
            ask.drop(notes, Setting::HostedTools, Why::NoWord);
        } else {
            tools.push(tool);
        }
    }
    let Some(Choice::Among { names, .. }) = &ask.choice else { return Ok(tools) };
    let before = tools.len();
    tools.retain(|tool| names.contains(&tool.name));
    if tools.is_empty() {
        return Err(Unsaid::new(ask.word(Setting::Choice), "names no tool that is offered"));
    }
    if tools.len() < before {
        notes.emulate(ask.word(Setting::Choice), Why::NoWord);
    }
    Ok(tools)
}

/// Tells whether the channel's provider runs such a tool, too: web search is the one that all of them have.
fn runs_there(ask: &Ask<'_>, tool: &Tool<'_>, value: Value<'_>, target: &Target<'_>) -> bool {
    let kind = value.get("type").and_then(Value::text).unwrap_or_default();
    let searches = [tool.name.plain(), kind.plain()]
        .iter()
        .any(|word| SEARCHES.iter().any(|search| word.starts_with(search)));
    ask.protocol == Protocol::Messages || (target.first_party && searches)
}

fn is_chosen(ask: &Ask<'_>, tool: &Tool<'_>) -> bool {
    match &ask.choice {
        Some(Choice::Named(name)) => *name == tool.name,
        Some(Choice::Required) => ask.tools.len() == 1,
        Some(Choice::Auto | Choice::None | Choice::Among { .. }) | None => false,
    }
}

fn forced(
    ask: &Ask<'_>,
    tools: &[&Tool<'_>],
    names: &Names,
    notes: &mut Notes,
) -> Result<Option<Forced>, Unsaid> {
    let Some(choice) = &ask.choice else { return Ok(None) };
    if let Choice::Named(name) = choice {
        let Some(tool) = tools.iter().find(|tool| tool.name == *name) else {
            let message = format!("names a tool that is not offered: {}", name.plain());
            return Err(Unsaid::new(ask.word(Setting::Choice), message));
        };
        return Ok(Some(Forced::Tool(sent_name(tool, names))));
    }
    if tools.is_empty() {
        if matches!(choice, Choice::Required) {
            ask.drop(notes, Setting::Choice, Why::Form);
        }
        return Ok(None);
    }
    Ok(Some(match choice {
        Choice::Auto | Choice::Among { required: false, .. } => Forced::Auto,
        Choice::Required | Choice::Among { required: true, .. } => Forced::Any,
        Choice::None => Forced::None,
        Choice::Named(_) => return Ok(None),
    }))
}

fn sent_name(tool: &Tool<'_>, names: &Names) -> String {
    match tool.kind {
        ToolKind::Hosted(_) => "web_search".to_owned(),
        ToolKind::Function(_) | ToolKind::Free { .. } => {
            let namespace = tool.namespace.as_ref().map(Text::plain);
            names.sent(namespace.as_deref(), &tool.name.plain()).to_owned()
        }
    }
}

/// Lists the tools that were called, each once.
fn called(turns: &[Turn<'_>], names: &Names) -> Vec<String> {
    let mut called: Vec<String> = Vec::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        if let Content::Call(call) = &part.content {
            let namespace = call.namespace.as_ref().map(Text::plain);
            let plain = call.name.plain();
            let name = names.sent(namespace.as_deref(), &plain);
            if !called.iter().any(|known| known == name) {
                called.push(name.to_owned());
            }
        }
    }
    called
}

/// Writes a web search with those settings of another provider's that this one has, too.
fn web_search(value: Value<'_>, members: &mut Members<'_>) {
    members.str("type", WEB_SEARCH);
    members.str("name", "web_search");
    let filters = value.get("filters");
    for list in ["allowed_domains", "blocked_domains"] {
        let domains = filters.and_then(|filters| filters.get(list)).filter(|domains| domains.is_array());
        if let Some(domains) = domains.filter(|domains| !domains.is_empty()) {
            members.raw(list, domains.raw());
        }
    }
    let location = value.get("user_location").map(|place| place.get("approximate").unwrap_or(place));
    let known = ["city", "region", "country", "timezone"]
        .map(|name| (name, location.and_then(|location| location.get(name)).and_then(Value::text)));
    if known.iter().any(|(_, place)| place.is_some()) {
        members.object("user_location", |place| {
            place.str("type", "approximate");
            for (name, text) in &known {
                place.text_if(name, text.as_ref());
            }
        });
    }
}
