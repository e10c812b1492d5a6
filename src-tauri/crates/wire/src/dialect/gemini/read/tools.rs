//! Reading the tools.

use super::Reading;
use crate::ask::{Choice, Schema, SchemaWords, Tool, ToolKind};
use crate::json::{Text, Value};
use crate::note::{Unsaid, Why};

/// What is read of a declaration of a function.
const DECLARATION: [&str; 5] =
    ["name", "description", "parameters", "parametersJsonSchema", "parameters_json_schema"];

impl<'a> Reading<'a> {
    /// Reads `tools`: a list of objects, or (as goose writes it) one of them.
    pub(super) fn tools(&mut self, value: Value<'a>) -> Result<(), Unsaid> {
        for group in self.list(value)? {
            self.object(group)?;
            for (name, value) in group.members().filter(|(_, value)| !value.is_null()) {
                self.tools_of(&name, value)?;
            }
        }
        Ok(())
    }

    fn tools_of(&mut self, name: &Text<'a>, value: Value<'a>) -> Result<(), Unsaid> {
        match &*name.plain() {
            "functionDeclarations" | "function_declarations" => {
                for declaration in self.list(value)? {
                    let tool = self.function(declaration)?;
                    self.ask.tools.push(tool);
                }
            }
            "mcpServers" | "mcp_servers" => {
                return Err(self
                    .refuse(value, "Google connects to these servers; no other provider does")
                    .code("unsupported_value"));
            }
            // A tool of the provider itself is known by the name of its settings.
            _ => self.ask.tools.push(tool(name.clone(), ToolKind::Hosted(value), value.offset())),
        }
        Ok(())
    }

    fn function(&mut self, declaration: Value<'a>) -> Result<Tool<'a>, Unsaid> {
        let name = self
            .object(declaration)?
            .get("name")
            .ok_or_else(|| self.refuse(declaration, "must have a name"))?;
        let name = self.text(name)?;
        let description = declaration.get("description").map(|text| self.text(text)).transpose()?;
        let parameters = declaration
            .either(["parametersJsonSchema", "parameters_json_schema"])
            .or_else(|| declaration.get("parameters"));
        let schema = match parameters {
            Some(value) => Some(Schema { value: self.object(value)?, words: SchemaWords::OpenApi }),
            None => None,
        };
        self.drop_others("tools[].functionDeclarations[].", declaration, &DECLARATION);
        let kind = ToolKind::Function(schema);
        Ok(Tool { description, ..tool(name, kind, declaration.offset()) })
    }

    pub(super) fn tool_config(&mut self, config: Value<'a>) -> Result<(), Unsaid> {
        self.object(config)?;
        self.drop_others("toolConfig.", config, &["functionCallingConfig", "function_calling_config"]);
        let Some(calling) = config.either(["functionCallingConfig", "function_calling_config"]) else {
            return Ok(());
        };
        let mode = match self.object(calling)?.get("mode") {
            Some(mode) => self.text(mode)?.plain().to_ascii_uppercase(),
            None => "AUTO".to_owned(),
        };
        let mut names = Vec::new();
        if let Some(allowed) = calling.either(["allowedFunctionNames", "allowed_function_names"]) {
            for name in self.list(allowed)? {
                names.push(self.text(name)?);
            }
        }
        self.ask.choice = Some(match (&*mode, names.len()) {
            ("NONE", _) => Choice::None,
            ("ANY", 0) => Choice::Required,
            ("ANY", 1) => Choice::Named(names.remove(0)),
            ("ANY", _) => Choice::Among { names, required: true },
            ("VALIDATED", 1..) => Choice::Among { names, required: false },
            ("AUTO" | "VALIDATED" | "MODE_UNSPECIFIED", _) => Choice::Auto,
            (_, _) => {
                self.notes().drop("toolConfig.functionCallingConfig.mode", Why::NoWord);
                Choice::Auto
            }
        });
        Ok(())
    }
}

fn tool<'a>(name: Text<'a>, kind: ToolKind<'a>, at: usize) -> Tool<'a> {
    Tool { name, namespace: None, description: None, kind, strict: None, cache: None, deferred: false, at }
}
