//! Reads a request of a Chat client.

mod messages;
mod parts;
mod tools;

use messages::Messages;
pub(super) use messages::thought_signature;

use crate::Protocol;
use crate::ask::{Ask, Effort, Format, Schema, SchemaWords, Switch, Tool, ToolKind};
use crate::head::Head;
use crate::json::{Tape, Text, Value};
use crate::note::{Unsaid, Why};

/// Reads a request of a Chat client, with the words that vendors added.
pub(super) fn request<'a>(body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
    let mut request = Request { ask: Ask::new(Protocol::Chat, body), seen: Seen::default() };
    request.ask.wanted.stream = head.stream;
    request.ask.wanted.usage_chunk = head.asks_usage;
    for (name, value) in body.root().members() {
        if !value.is_null() {
            request.member(&name, value)?;
        }
    }
    request.finish()
}

/// A request being read.
struct Request<'a> {
    ask: Ask<'a>,
    seen: Seen<'a>,
}

/// Members that only make sense together with others.
#[derive(Default)]
struct Seen<'a> {
    messages: Option<Value<'a>>,
    tools: Option<Value<'a>>,
    functions: Option<Value<'a>>,
    tool_choice: Option<Value<'a>>,
    function_call: Option<Value<'a>>,
    web_search: Option<Value<'a>>,
    max_tokens: Option<u64>,
    user: Option<Text<'a>>,
}

impl<'a> Request<'a> {
    fn member(&mut self, name: &Text<'a>, value: Value<'a>) -> Result<(), Unsaid> {
        let at = At { body: self.ask.body, value };
        let (ask, seen) = (&mut self.ask, &mut self.seen);
        match &*name.plain() {
            // Who reads the head knows these.
            "model" | "stream" | "stream_options" => {}
            "messages" => seen.messages = Some(at.array()?),
            "tools" => seen.tools = Some(at.array()?),
            "functions" => seen.functions = Some(at.array()?),
            "tool_choice" => seen.tool_choice = Some(value),
            "function_call" => seen.function_call = Some(value),
            "web_search_options" => seen.web_search = Some(value),
            "parallel_tool_calls" => ask.parallel_calls = Some(at.bool()?),
            "max_completion_tokens" => ask.output_max = Some(at.count()?),
            "max_tokens" => seen.max_tokens = Some(at.count()?),
            "temperature" => ask.sampling.temperature = Some(at.number()?),
            "top_p" => ask.sampling.top_p = Some(at.number()?),
            "top_k" => ask.sampling.top_k = Some(at.number()?),
            "seed" => ask.sampling.seed = Some(at.number()?),
            "frequency_penalty" => ask.sampling.frequency_penalty = Some(at.number()?),
            "presence_penalty" => ask.sampling.presence_penalty = Some(at.number()?),
            "stop" => ask.sampling.stop = at.texts()?,
            "n" => ask.sampling.choices = Some(at.one_choice()?),
            "logprobs" => at.no_logprobs()?,
            "modalities" => at.no_audio()?,
            "response_format" => ask.format = at.format()?,
            "verbosity" => ask.verbosity = Some(at.text()?),
            "safety_identifier" => ask.user = Some(at.text()?),
            "user" => seen.user = Some(at.text()?),
            "prompt_cache_key" => ask.cache_key = Some(at.text()?),
            "service_tier" => ask.tier = Some(at.text()?),
            // Nothing is kept unless asked for, and nothing says `false` here.
            "store" if value.bool() == Some(false) => {}
            other => self.thinking(other, at)?,
        }
        Ok(())
    }

    /// Reads how much the model should think, in `OpenAI`'s word or a vendor's.
    fn thinking(&mut self, name: &str, at: At<'a>) -> Result<(), Unsaid> {
        let value = at.value;
        let (reasoning, wanted) = (&mut self.ask.reasoning, &mut self.ask.wanted);
        let switch = |on: bool| Some(if on { Switch::On } else { Switch::Off });
        match name {
            "reasoning_effort" => reasoning.effort = Some(Effort::read(&at.text()?)),
            // OpenRouter.
            "reasoning" if value.is_object() => {
                reasoning.effort = value.get("effort").and_then(Value::text).map(|word| Effort::read(&word));
                reasoning.budget = value.get("max_tokens").and_then(Value::count);
                reasoning.switch = value.get("enabled").and_then(Value::bool).and_then(switch);
                wanted.thinking_hidden |= value.get("exclude").and_then(Value::bool) == Some(true);
            }
            "include_reasoning" => wanted.thinking_hidden |= value.bool() == Some(false),
            // Qwen.
            "enable_thinking" => reasoning.switch = switch(at.bool()?),
            "thinking_budget" => reasoning.budget = Some(at.count()?),
            // GLM, DeepSeek and Kimi.
            "thinking" if value.is_object() => {
                reasoning.switch = value.get("type").and_then(Value::text).and_then(|word| switch_of(&word));
                reasoning.budget = value.get("budget_tokens").and_then(Value::count);
            }
            // vLLM and SGLang.
            "chat_template_kwargs" if value.is_object() => {
                let word = value.either(["enable_thinking", "thinking"]);
                reasoning.switch = word.and_then(Value::bool).and_then(switch).or(reasoning.switch);
            }
            other => self.ask.notes.drop(other, Why::NoWord),
        }
        Ok(())
    }

    /// Reads what only makes sense together.
    fn finish(self) -> Result<Ask<'a>, Unsaid> {
        let Self { mut ask, seen } = self;
        ask.output_max = ask.output_max.or(seen.max_tokens);
        ask.user = ask.user.or(seen.user);
        if let Some(tools) = seen.tools {
            ask.tools = tools::read(ask.body, tools)?;
        }
        if let Some(functions) = seen.functions.filter(|_| ask.tools.is_empty()) {
            ask.tools = tools::read(ask.body, functions)?;
            ask.wanted.old_functions = true;
            // Such a client reads one call in an answer.
            ask.parallel_calls = Some(false);
        }
        ask.tools.extend(seen.web_search.map(web_search));
        if let Some(choice) = seen.tool_choice.or(seen.function_call) {
            ask.choice = Some(tools::choice(&ask, choice)?);
        }
        let messages = seen.messages.ok_or_else(|| Unsaid::new("messages", "must be an array"))?;
        Messages::read(&mut ask, messages)?;
        Ok(ask)
    }
}

/// `OpenAI`'s older way to ask for its web search.
fn web_search(options: Value<'_>) -> Tool<'_> {
    Tool {
        name: Text::of("web_search"),
        namespace: None,
        description: None,
        kind: ToolKind::Hosted(options),
        strict: None,
        cache: None,
        deferred: false,
        at: options.offset(),
    }
}

fn switch_of(word: &Text<'_>) -> Option<Switch> {
    match &*word.plain() {
        "enabled" => Some(Switch::On),
        "disabled" => Some(Switch::Off),
        "auto" | "adaptive" => Some(Switch::Adaptive),
        _ => None,
    }
}

/// A value at its place in the client's body: what it must be, and how to say that it is not.
#[derive(Clone, Copy)]
struct At<'a> {
    body: &'a Tape<'a>,
    value: Value<'a>,
}

impl<'a> At<'a> {
    /// Refuses the value.
    fn wrong(self, message: &str) -> Unsaid {
        Unsaid::new(self.body.path_of(self.value.offset()), message)
    }

    /// Refuses what only Chat itself can say.
    fn only_chat(self, message: &str) -> Unsaid {
        self.wrong(message).code("unsupported_value")
    }

    fn array(self) -> Result<Value<'a>, Unsaid> {
        if self.value.is_array() { Ok(self.value) } else { Err(self.wrong("must be an array")) }
    }

    fn object(self) -> Result<Value<'a>, Unsaid> {
        if self.value.is_object() { Ok(self.value) } else { Err(self.wrong("must be an object")) }
    }

    fn text(self) -> Result<Text<'a>, Unsaid> {
        self.value.text().ok_or_else(|| self.wrong("must be a string"))
    }

    fn bool(self) -> Result<bool, Unsaid> {
        self.value.bool().ok_or_else(|| self.wrong("must be true or false"))
    }

    fn number(self) -> Result<&'a str, Unsaid> {
        self.value.number().ok_or_else(|| self.wrong("must be a number"))
    }

    fn count(self) -> Result<u64, Unsaid> {
        self.value.count().ok_or_else(|| self.wrong("must be a number"))
    }

    /// Reads a member that must be there.
    fn member(self, name: &str) -> Result<Self, Unsaid> {
        let value = self.value.get(name).ok_or_else(|| self.wrong(&format!("needs `{name}`")))?;
        Ok(Self { value, ..self })
    }

    /// Reads one text or a list of texts.
    fn texts(self) -> Result<Vec<Text<'a>>, Unsaid> {
        match self.value.text() {
            Some(text) => Ok(vec![text]),
            None if self.value.is_array() => {
                self.value.elements().map(|value| Self { value, ..self }.text()).collect()
            }
            None => Err(self.wrong("must be a string or an array of strings")),
        }
    }

    fn one_choice(self) -> Result<u64, Unsaid> {
        match self.count()? {
            choices @ 0..=1 => Ok(choices),
            _ => {
                Err(self.only_chat("only one answer can be had from a channel that speaks another protocol"))
            }
        }
    }

    fn no_logprobs(self) -> Result<(), Unsaid> {
        if self.bool()? {
            return Err(self.only_chat("cannot be had from a channel that speaks another protocol"));
        }
        Ok(())
    }

    fn no_audio(self) -> Result<(), Unsaid> {
        if self.texts()?.iter().any(|word| word.is("audio")) {
            return Err(self.only_chat("sound cannot be had from a channel that speaks another protocol"));
        }
        Ok(())
    }

    fn format(self) -> Result<Format<'a>, Unsaid> {
        let form = self.object()?;
        match &*self.member("type")?.text()?.plain() {
            "text" => Ok(Format::Text),
            "json_object" => Ok(Format::Json),
            "json_schema" => {
                let named = Self { value: self.member("json_schema")?.object()?, ..self }.value;
                Ok(named.get("schema").map_or(Format::Json, |schema| Format::Schema {
                    name: named.get("name").and_then(Value::text),
                    description: named.get("description").and_then(Value::text),
                    schema: Schema { value: schema, words: SchemaWords::JsonSchema },
                    strict: named.get("strict").and_then(Value::bool),
                }))
            }
            _ => {
                let value = form.get("type").unwrap_or(form);
                Err(Self { value, ..self }.only_chat("must be text, json_object or json_schema"))
            }
        }
    }
}
