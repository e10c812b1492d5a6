//! The tools that the model may call.

use super::Writer;
use crate::Protocol;
use crate::ask::{Choice, Setting, Tool, ToolKind};
use crate::json::{Elements, Members, Text, Value, array, object};
use crate::note::{Unsaid, Why};
use crate::schema::{self, Rules};

/// The tools as they are offered.
pub(super) struct Offered {
    /// The list, as JSON.
    list: Vec<u8>,
    /// The client's names of those that it runs itself, and whether they take free text.
    callable: Vec<(String, bool)>,
    /// What the tool is called here that searches the web, and what the client calls it.
    search: Option<String>,
}

impl Offered {
    /// Writes the list, if there is anything in it.
    pub(super) fn write(&self, members: &mut Members<'_>) {
        if self.any_callable() {
            members.value("tools", |out| out.extend_from_slice(&self.list));
        }
    }

    /// Tells whether there is anything to call.
    pub(super) fn any_callable(&self) -> bool {
        !self.callable.is_empty() || self.search.is_some()
    }

    fn find(&self, name: &str) -> Option<bool> {
        self.callable.iter().find(|(callable, _)| callable == name).map(|(_, free)| *free)
    }
}

/// Writes the tools.
pub(super) fn write(writer: &mut Writer<'_, '_>) -> Offered {
    let mut offered = Offered { list: Vec::new(), callable: Vec::new(), search: None };
    let mut list = Vec::new();
    array(&mut list, |tools| {
        for tool in &writer.ask.tools {
            let name = tool.name.plain().into_owned();
            match tool.kind {
                ToolKind::Function(_) | ToolKind::Free { .. } => {
                    tools.object(|members| client_tool(writer, tool, members));
                    offered.callable.push((name, matches!(tool.kind, ToolKind::Free { .. })));
                }
                ToolKind::Hosted(settings) => {
                    if hosted(writer, &name, settings, tools) {
                        offered.search = Some(name);
                    } else {
                        writer.drop(Setting::HostedTools, Why::NoWord);
                    }
                }
            }
        }
    });
    offered.list = list;
    offered
}

fn client_tool(writer: &mut Writer<'_, '_>, tool: &Tool<'_>, members: &mut Members<'_>) {
    if tool.deferred {
        // Whatever may be found is offered at once.
        writer.emulate(Setting::DeferredTools, Why::NoWord);
    }
    let namespace = tool.namespace.as_ref().map(Text::plain);
    let name = tool.name.plain();
    let name = writer.names.sent(namespace.as_deref(), &name).to_owned();
    match &tool.kind {
        ToolKind::Function(schema) => {
            let strict = tool.strict == Some(true) && schema.is_some_and(schema::is_strict);
            if tool.strict == Some(true) && !strict {
                writer.drop(Setting::StrictTools, Why::Form);
            }
            members.str("type", "function");
            members.str("name", &name);
            members.text_if("description", tool.description.as_ref());
            members.value("parameters", |out| {
                schema::write(*schema, if strict { Rules::Strict } else { Rules::Open }, out);
            });
            // Left out, it would be on.
            members.bool("strict", strict);
        }
        ToolKind::Free { syntax, definition } => {
            members.str("type", "custom");
            members.str("name", &name);
            members.text_if("description", tool.description.as_ref());
            if let (Some(syntax), Some(definition)) = (syntax, definition) {
                members.object("format", |format| {
                    format.str("type", "grammar");
                    format.text("syntax", syntax);
                    format.text("definition", definition);
                });
            }
        }
        ToolKind::Hosted(_) => {}
    }
}

/// Writes a tool that the provider runs, where it has one of the same use. Returns whether it has.
fn hosted(writer: &Writer<'_, '_>, name: &str, settings: Value<'_>, tools: &mut Elements<'_>) -> bool {
    let searches =
        ["web_search", "googleSearch", "google_search"].iter().any(|start| name.starts_with(start));
    if writer.ask.protocol == Protocol::Responses {
        tools.raw(settings.raw());
        return true;
    }
    if !searches || !writer.target.first_party {
        return false;
    }
    tools.object(|tool| {
        tool.str("type", "web_search");
        if let Some(domains) = settings.get("allowed_domains") {
            tool.object("filters", |filters| filters.raw("allowed_domains", domains.raw()));
        }
        tool.raw_if("user_location", settings.get("user_location").map(Value::raw));
        tool.raw_if("search_context_size", settings.get("search_context_size").map(Value::raw));
    });
    true
}

/// Writes which tool must be called; nothing where there is none.
pub(super) fn choice(writer: &mut Writer<'_, '_>, offered: &Offered) -> Result<Option<String>, Unsaid> {
    let Some(choice) = &writer.ask.choice else { return Ok(None) };
    if !offered.any_callable() {
        return match choice {
            Choice::Auto | Choice::None | Choice::Among { required: false, .. } => Ok(None),
            Choice::Required | Choice::Named(_) | Choice::Among { .. } => Err(undeclared(writer)),
        };
    }
    let word = match choice {
        Choice::Auto => "\"auto\"".to_owned(),
        Choice::Required => "\"required\"".to_owned(),
        Choice::None => "\"none\"".to_owned(),
        Choice::Named(name) => named(writer, offered, name)?,
        Choice::Among { names, required } => {
            let mut tools = Vec::new();
            for name in names {
                tools.push(named(writer, offered, name)?);
            }
            let mode = if *required { "required" } else { "auto" };
            format!(r#"{{"type":"allowed_tools","mode":"{mode}","tools":[{}]}}"#, tools.join(","))
        }
    };
    Ok(Some(word))
}

/// Names a tool as it is offered.
fn named(writer: &Writer<'_, '_>, offered: &Offered, name: &Text<'_>) -> Result<String, Unsaid> {
    let name = name.plain();
    let mut out = Vec::new();
    match offered.find(&name) {
        Some(free) => object(&mut out, |tool| {
            tool.str("type", if free { "custom" } else { "function" });
            tool.str("name", writer.names.sent(None, &name));
        }),
        None if offered.search.as_deref() == Some(&*name) => {
            object(&mut out, |tool| tool.str("type", "web_search"));
        }
        None => return Err(undeclared(writer)),
    }
    Ok(String::from_utf8(out).expect("JSON text is UTF-8"))
}

fn undeclared(writer: &Writer<'_, '_>) -> Unsaid {
    let why = "names a tool that is not offered, or that this channel cannot run";
    Unsaid::new(writer.ask.word(Setting::Choice), why).code("invalid_value")
}
