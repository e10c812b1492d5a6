//! Writes the tools of a request and which of them must be called.

use super::Encoding;
use crate::Protocol;
use crate::ask::{Ask, Choice, FREE_AS_FUNCTION, Setting, Tool, ToolKind};
use crate::calls::Names;
use crate::json::{Members, Text};
use crate::note::{Unsaid, Why};
use crate::quirks::{Parameter, ToolChoice};
use crate::schema::{self, Rules};

/// The tools that the channel is offered.
pub(super) struct Offer<'e> {
    tools: Vec<Offered<'e>>,
    choice: Option<Choosing>,
    parallel: Option<bool>,
}

/// A tool that the channel is offered.
struct Offered<'e> {
    tool: &'e Tool<'e>,
    name: String,
    form: Form,
}

/// How a tool is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As a function.
    Function {
        /// Whether the arguments follow the schema exactly.
        strict: bool,
    },
    /// As a tool of free text.
    Free,
    /// As a function whose one argument is the free text.
    FreeAsFunction,
}

/// Which tool must be called, in Chat's words.
enum Choosing {
    Word(&'static str),
    Named { name: String, free: bool },
    Among { tools: Vec<(String, bool)>, required: bool },
}

impl<'e> Encoding<'e> {
    /// Finds out which tools can be offered, and how.
    pub(super) fn offer(&mut self) -> Result<Offer<'e>, Unsaid> {
        let ask = self.ask;
        if chooses_nothing(ask) {
            return Err(Unsaid::new(ask.word(Setting::Choice), "names a tool that is not offered"));
        }
        let mut tools = Vec::with_capacity(ask.tools.len());
        let mut left_out: Vec<&Text<'_>> = Vec::new();
        for tool in &ask.tools {
            match self.form(tool) {
                Some(form) => tools.push(Offered { tool, name: sent(&self.names, tool), form }),
                None => left_out.push(&tool.name),
            }
        }
        if !left_out.is_empty() {
            let forced = match &ask.choice {
                Some(Choice::Named(name)) => left_out.contains(&name),
                Some(Choice::Required | Choice::Among { required: true, .. }) => tools.is_empty(),
                Some(Choice::Auto | Choice::None | Choice::Among { required: false, .. }) | None => false,
            };
            if forced {
                return Err(Unsaid::no_word(ask.word(Setting::Choice), Protocol::Chat));
            }
            self.drop(Setting::HostedTools, Why::NoWord);
        }
        if tools.is_empty() {
            return Ok(Offer { tools, choice: None, parallel: None });
        }
        if self.quirks.tool_choice == ToolChoice::Auto && matches!(ask.choice, Some(Choice::None)) {
            self.emulate(Setting::Choice, Why::NoWord);
            return Ok(Offer { tools: Vec::new(), choice: None, parallel: None });
        }
        let choice = ask.choice.as_ref().and_then(|choice| self.choosing(choice, &mut tools));
        let choice = choice.map(|choice| self.taken(choice));
        // Every vendor calls several at once unless told otherwise, and some refuse to be told.
        let parallel = ask.parallel_calls.filter(|parallel| self.traits.is_some() || !parallel);
        let refused = self.refuses(Parameter::ParallelToolCalls);
        if parallel.is_some() && refused {
            self.drop(Setting::ParallelCalls, Why::Model);
        }
        Ok(Offer { tools, choice, parallel: parallel.filter(|_| !refused) })
    }

    /// Leaves a forced call to the model where the vendor takes none, or none from a model that thinks.
    fn taken(&mut self, choice: Choosing) -> Choosing {
        if !choice.is_forced() {
            return choice;
        }
        match self.quirks.tool_choice {
            ToolChoice::Any => choice,
            ToolChoice::ForcedWithoutThinking if self.quirks.thinking_off => {
                self.calls_without_thinking = true;
                choice
            }
            ToolChoice::ForcedWithoutThinking | ToolChoice::Unforced | ToolChoice::Auto => {
                self.emulate(Setting::Choice, Why::Model);
                Choosing::Word("auto")
            }
        }
    }

    /// Finds out how a tool is told; none where only the client's own protocol can.
    fn form(&mut self, tool: &Tool<'_>) -> Option<Form> {
        match &tool.kind {
            ToolKind::Function(schema) => {
                let wanted = tool.strict == Some(true);
                let strict = wanted && self.traits.is_some() && schema.is_some_and(schema::is_strict);
                if wanted && !strict {
                    self.drop(Setting::StrictTools, Why::Form);
                }
                Some(Form::Function { strict })
            }
            ToolKind::Free { .. } if self.takes_free_tools() => Some(Form::Free),
            ToolKind::Free { .. } => {
                self.notes.emulate("tools[].custom", Why::Form);
                Some(Form::FreeAsFunction)
            }
            ToolKind::Hosted(_) => None,
        }
    }

    /// Tells whether the model may be given tools of free text.
    pub(super) fn takes_free_tools(&self) -> bool {
        self.traits.is_some_and(|traits| traits.free_tools)
    }

    fn choosing(&mut self, choice: &Choice<'_>, tools: &mut Vec<Offered<'e>>) -> Option<Choosing> {
        match choice {
            Choice::Auto => Some(Choosing::Word("auto")),
            Choice::Required => Some(Choosing::Word("required")),
            Choice::None => Some(Choosing::Word("none")),
            Choice::Named(name) => {
                let name = self.names.sent(None, &name.plain()).to_owned();
                let free = tools.iter().any(|offered| offered.name == name && offered.form == Form::Free);
                Some(Choosing::Named { name, free })
            }
            Choice::Among { names, required } => {
                let among = |offered: &Offered<'_>| names.contains(&offered.tool.name);
                if self.traits.is_some() {
                    let chosen = tools.iter().filter(|offered| among(offered));
                    let tools =
                        chosen.map(|offered| (offered.name.clone(), offered.form == Form::Free)).collect();
                    return Some(Choosing::Among { tools, required: *required });
                }
                self.emulate(Setting::Choice, Why::NoWord);
                tools.retain(among);
                let word = if *required { "required" } else { "auto" };
                (!tools.is_empty()).then_some(Choosing::Word(word))
            }
        }
    }
}

/// Tells whether a choice names none of the tools that are offered.
fn chooses_nothing(ask: &Ask<'_>) -> bool {
    let is_offered = |name: &Text<'_>| ask.tools.iter().any(|tool| tool.name == *name);
    match &ask.choice {
        Some(Choice::Named(name)) => !is_offered(name),
        Some(Choice::Among { names, .. }) => !names.iter().any(is_offered),
        Some(Choice::Auto | Choice::Required | Choice::None) | None => false,
    }
}

impl Offer<'_> {
    /// Tells whether nothing is offered.
    pub(super) fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Writes everything that concerns tools; nothing where there are none.
    pub(super) fn write(&self, body: &mut Members<'_>) {
        if self.is_empty() {
            return;
        }
        body.array("tools", |list| {
            for offered in &self.tools {
                list.object(|tool| offered.write(tool));
            }
        });
        if let Some(choice) = &self.choice {
            choice.write(body);
        }
        if let Some(parallel) = self.parallel {
            body.bool("parallel_tool_calls", parallel);
        }
    }
}

impl Offered<'_> {
    fn write(&self, tool: &mut Members<'_>) {
        let description = self.tool.description.as_ref();
        let kind = if self.form == Form::Free { "custom" } else { "function" };
        tool.str("type", kind);
        tool.object(kind, |inside| {
            inside.str("name", &self.name);
            match (&self.tool.kind, self.form) {
                (ToolKind::Function(schema), Form::Function { strict }) => {
                    inside.text_if("description", description);
                    inside.value("parameters", |out| {
                        schema::write(*schema, Rules::Open, out);
                    });
                    if strict {
                        inside.bool("strict", true);
                    }
                }
                (ToolKind::Free { syntax, definition }, Form::Free) => {
                    inside.text_if("description", description);
                    if let (Some(syntax), Some(definition)) = (syntax, definition) {
                        write_grammar(inside, syntax, definition);
                    }
                }
                (ToolKind::Free { .. }, Form::FreeAsFunction) => {
                    inside.text_if("description", self.tool.words_as_function().as_ref());
                    inside.raw("parameters", FREE_AS_FUNCTION);
                }
                (ToolKind::Function(_) | ToolKind::Free { .. } | ToolKind::Hosted(_), _) => {}
            }
        });
    }
}

fn write_grammar(tool: &mut Members<'_>, syntax: &Text<'_>, definition: &Text<'_>) {
    tool.object("format", |format| {
        format.str("type", "grammar");
        format.object("grammar", |grammar| {
            grammar.text("syntax", syntax);
            grammar.text("definition", definition);
        });
    });
}

impl Choosing {
    /// Tells whether some tool must be called.
    fn is_forced(&self) -> bool {
        match self {
            Self::Word(word) => *word == "required",
            Self::Named { .. } => true,
            Self::Among { required, .. } => *required,
        }
    }

    fn write(&self, body: &mut Members<'_>) {
        match self {
            Self::Word(word) => body.str("tool_choice", word),
            Self::Named { name, free } => {
                body.object("tool_choice", |choice| write_named(choice, name, *free));
            }
            Self::Among { tools, required } => body.object("tool_choice", |choice| {
                choice.str("type", "allowed_tools");
                choice.object("allowed_tools", |allowed| {
                    allowed.str("mode", if *required { "required" } else { "auto" });
                    allowed.array("tools", |list| {
                        for (name, free) in tools {
                            list.object(|tool| write_named(tool, name, *free));
                        }
                    });
                });
            }),
        }
    }
}

fn write_named(out: &mut Members<'_>, name: &str, free: bool) {
    let kind = if free { "custom" } else { "function" };
    out.str("type", kind);
    out.object(kind, |tool| tool.str("name", name));
}

fn sent(names: &Names, tool: &Tool<'_>) -> String {
    let namespace = tool.namespace.as_ref().map(Text::plain);
    names.sent(namespace.as_deref(), &tool.name.plain()).to_owned()
}
