//! Writing the tools.

use super::Writing;
use super::contents::everywhere;
use crate::Protocol;
use crate::ask::{Choice, FREE_AS_FUNCTION, Schema, Setting, Tool, ToolKind};
use crate::json::{Elements, Members, Text};
use crate::note::{Unsaid, Why};
use crate::schema::{self, Rules};

/// The tools that the channel is offered.
#[derive(Debug)]
pub(super) struct Offer<'t, 'a> {
    pub(super) functions: Vec<&'t Tool<'a>>,
    /// Tools that Google runs.
    hosted: Vec<&'t Tool<'a>>,
    calling: Option<Calling>,
}

/// What `functionCallingConfig` says.
#[derive(Debug)]
struct Calling {
    mode: &'static str,
    allowed: Vec<String>,
}

/// How the clients' protocols call a search of the web that the provider runs.
const SEARCHES: [&str; 3] = ["web_search", "googleSearch", "google_search"];

impl<'t, 'a> Writing<'t, 'a> {
    /// Decides which tools are offered and which must be called.
    pub(super) fn offer(&mut self) -> Result<Offer<'t, 'a>, Unsaid> {
        let tools = &self.ask.tools;
        let functions: Vec<_> =
            tools.iter().filter(|tool| !matches!(tool.kind, ToolKind::Hosted(_))).collect();
        let mut hosted = Vec::new();
        for tool in tools.iter().filter(|tool| matches!(tool.kind, ToolKind::Hosted(_))) {
            if self.runs_there(tool, !functions.is_empty()) {
                hosted.push(tool);
            } else if self.is_forced(tool) {
                return Err(Unsaid::no_word(self.ask.word(Setting::Choice), Protocol::Gemini));
            } else {
                self.drop(Setting::HostedTools, Why::NoWord);
            }
        }
        let calling = self.calling(&functions)?;
        Ok(Offer { functions, hosted, calling })
    }

    /// Tells whether Google runs such a tool. Before the third generation, search and functions exclude each other.
    fn runs_there(&self, tool: &Tool<'_>, beside_functions: bool) -> bool {
        let fits = self.model.is_third || !beside_functions;
        self.ask.protocol == Protocol::Gemini || (fits && is_search(tool))
    }

    /// Tells whether the client wants this very tool to be called.
    fn is_forced(&self, tool: &Tool<'_>) -> bool {
        match &self.ask.choice {
            Some(Choice::Named(name)) => *name == tool.name,
            Some(Choice::Required) => self.ask.tools.len() == 1,
            Some(Choice::Auto | Choice::None | Choice::Among { .. }) | None => false,
        }
    }

    /// Says what must be called. Only functions can be demanded.
    fn calling(&mut self, functions: &[&Tool<'_>]) -> Result<Option<Calling>, Unsaid> {
        let Some(choice) = &self.ask.choice else { return Ok(None) };
        let mode = |mode| Ok(Some(Calling { mode, allowed: Vec::new() }));
        let is_offered = |name: &Text<'_>| functions.iter().any(|tool| tool.name == *name);
        match choice {
            Choice::Named(name) if !is_offered(name) => {
                let message = format!("names a tool that is not offered: {}", name.plain());
                Err(Unsaid::new(self.ask.word(Setting::Choice), message))
            }
            Choice::Among { names, .. } if !names.iter().any(is_offered) => {
                Err(Unsaid::new(self.ask.word(Setting::Choice), "names no tool that is offered"))
            }
            Choice::Auto | Choice::Required | Choice::None if functions.is_empty() => {
                if matches!(choice, Choice::Required) {
                    self.drop(Setting::Choice, Why::Form);
                }
                Ok(None)
            }
            Choice::Auto => mode("AUTO"),
            Choice::Required => mode("ANY"),
            Choice::None => mode("NONE"),
            Choice::Named(name) => {
                Ok(Some(Calling { mode: "ANY", allowed: vec![self.sent_name(None, name)] }))
            }
            Choice::Among { names, required } => {
                let offered = names.iter().filter(|name| is_offered(name));
                let allowed = offered.map(|name| self.sent_name(None, name)).collect();
                Ok(Some(Calling { mode: if *required { "ANY" } else { "VALIDATED" }, allowed }))
            }
        }
    }

    /// Writes `tools` and `toolConfig`, where there is something to say.
    pub(super) fn write_tools(&mut self, offer: &Offer<'_, '_>, request: &mut Members<'_>) {
        if offer.functions.is_empty() && offer.hosted.is_empty() {
            return;
        }
        request.array("tools", |groups| {
            if !offer.functions.is_empty() {
                groups.object(|group| {
                    group.array("functionDeclarations", |list| {
                        offer.functions.iter().for_each(|tool| self.write_function(tool, list));
                    });
                });
            }
            for tool in &offer.hosted {
                groups.object(|group| self.write_hosted(tool, group));
            }
        });
        // Without it Google refuses its own tools beside functions.
        let mixes = !offer.functions.is_empty() && !offer.hosted.is_empty();
        if mixes || offer.calling.is_some() {
            request.object("toolConfig", |config| {
                if let Some(calling) = &offer.calling {
                    config.object("functionCallingConfig", |config| calling.write(config));
                }
                if mixes {
                    config.bool("includeServerSideToolInvocations", true);
                }
            });
        }
    }

    fn write_function(&mut self, tool: &Tool<'_>, list: &mut Elements<'_>) {
        let given = [
            (Setting::StrictTools, tool.strict == Some(true)),
            (Setting::DeferredTools, tool.deferred),
            (Setting::CacheMark, tool.cache.is_some()),
        ];
        for (setting, _) in given.into_iter().filter(|(_, given)| *given) {
            self.drop(setting, Why::NoWord);
        }
        let name = self.sent_name(tool.namespace.as_ref(), &tool.name);
        list.object(|function| {
            function.str("name", &name);
            match &tool.kind {
                ToolKind::Free { .. } => {
                    self.notes.emulate("tools[].custom", Why::Form);
                    function.text_if("description", tool.words_as_function().as_ref());
                    function.raw("parametersJsonSchema", FREE_AS_FUNCTION);
                }
                ToolKind::Function(schema) => {
                    function.text_if("description", tool.description.as_ref());
                    function.value("parametersJsonSchema", |out| self.write_schema(*schema, out));
                }
                ToolKind::Hosted(_) => {}
            }
        });
    }

    fn write_schema(&mut self, schema: Option<Schema<'_>>, out: &mut Vec<u8>) {
        let lost = schema::write(schema, Rules::Gemini, out);
        if let Some(schema) = schema.filter(|_| lost) {
            let path = self.ask.body.path_of(schema.value.offset());
            self.notes.emulate(everywhere(&path), Why::Form);
        }
    }

    /// Writes a tool that Google runs. Another protocol's settings of a search have no words here.
    fn write_hosted(&self, tool: &Tool<'_>, group: &mut Members<'_>) {
        match &tool.kind {
            ToolKind::Hosted(settings) if self.ask.protocol == Protocol::Gemini => {
                group.raw(&tool.name.plain(), settings.raw());
            }
            ToolKind::Hosted(_) | ToolKind::Function(_) | ToolKind::Free { .. } => {
                group.raw("googleSearch", "{}");
            }
        }
    }
}

impl Calling {
    fn write(&self, config: &mut Members<'_>) {
        config.str("mode", self.mode);
        if !self.allowed.is_empty() {
            config
                .array("allowedFunctionNames", |names| self.allowed.iter().for_each(|name| names.str(name)));
        }
    }
}

/// Tells whether a tool that the provider runs searches the web.
fn is_search(tool: &Tool<'_>) -> bool {
    let kind = match &tool.kind {
        ToolKind::Hosted(settings) => {
            settings.get("type").and_then(crate::json::Value::text).unwrap_or_default()
        }
        ToolKind::Function(_) | ToolKind::Free { .. } => return false,
    };
    [tool.name.plain(), kind.plain()]
        .iter()
        .any(|word| SEARCHES.iter().any(|search| word.starts_with(search)))
}
