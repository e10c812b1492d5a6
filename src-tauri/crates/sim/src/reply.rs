//! What the simulator says to a question: always the same for the same question.

use serde_json::{Value, json};

use crate::question::Question;
use crate::script::{Then, ToolCall};

/// An answer before any dialect has encoded it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// Counts the simulator's answers; ids are made of it.
    pub number: u64,
    pub model: String,
    pub thinking: Option<String>,
    /// The text, one piece for each event of a stream.
    pub pieces: Vec<String>,
    pub call: Option<Call>,
    pub stop: Stop,
    pub usage: Usage,
}

/// A tool call in an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub name: String,
    pub arguments: Value,
    /// Whether the tool takes free text instead of JSON.
    pub free_form: bool,
}

/// Why the answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    End,
    Limit,
    Tool,
}

/// Token counts of an answer; the output includes the reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub input: u64,
    pub output: u64,
    pub reasoning: u64,
}

const THOUGHT: &str = "The user wants an answer.";

impl Reply {
    /// Answers a question, as the script says or by the rules of the crate's page.
    pub(crate) fn to(question: &Question, then: &Then, name: &str, number: u64) -> Self {
        let call = call(question, then);
        let thinking = then.think.clone().or_else(|| question.reasoning.then(|| THOUGHT.to_owned()));
        let mut pieces = match call {
            Some(_) => Vec::new(),
            None => pieces(&then.say.clone().unwrap_or_else(|| sentence(question, name))),
        };
        let cut = question.limit.is_some_and(|limit| limit < pieces.len());
        pieces.truncate(question.limit.unwrap_or(usize::MAX));
        let reasoning = thinking.as_deref().map_or(0, |text| text.split_whitespace().count() as u64);
        let said = call.as_ref().map_or(pieces.len(), |call| call.text().len() / 4 + 1) as u64;
        Self {
            number,
            model: question.model.clone(),
            stop: match (&call, cut) {
                (Some(_), _) => Stop::Tool,
                (None, true) => Stop::Limit,
                (None, false) => Stop::End,
            },
            thinking,
            pieces,
            call,
            usage: Usage { input: question.input_tokens, output: said + reasoning, reasoning },
        }
    }

    pub(crate) fn text(&self) -> String {
        self.pieces.concat()
    }
}

impl Call {
    /// The arguments as the text a model would have written.
    pub(crate) fn text(&self) -> String {
        match &self.arguments {
            Value::String(text) if self.free_form => text.clone(),
            arguments => arguments.to_string(),
        }
    }
}

fn call(question: &Question, then: &Then) -> Option<Call> {
    let asked = then.call.clone().or_else(|| {
        let may_call = question.offers_tools && !question.after_tool;
        may_call.then(|| call_in(&question.prompt)).flatten()
    })?;
    let free_form = question.free_form_tools.contains(&asked.name);
    Some(Call { name: asked.name, arguments: asked.arguments, free_form })
}

/// Finds `tool:NAME {json}` in a prompt. Arguments that are not JSON are passed as a string.
fn call_in(prompt: &str) -> Option<ToolCall> {
    let rest = prompt.split_once("tool:")?.1.trim_start();
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (name, arguments) = (&rest[..end], rest[end..].trim());
    let parsed = serde_json::Deserializer::from_str(arguments).into_iter::<Value>().next();
    let arguments = match parsed {
        None => json!({}),
        Some(Ok(value)) => value,
        Some(Err(_)) => Value::String(arguments.to_owned()),
    };
    (!name.is_empty()).then(|| ToolCall { name: name.to_owned(), arguments })
}

/// The answer to a prompt that asks for nothing special.
fn sentence(question: &Question, name: &str) -> String {
    if question.after_tool {
        return format!("The tool has answered. All done, says {name}.");
    }
    if let Some(count) = words_asked(&question.prompt) {
        let words: Vec<String> = (1..=count).map(|n| format!("word{n}")).collect();
        return words.join(" ");
    }
    let said: String = question.prompt.chars().take(200).collect();
    format!("You said: \"{said}\". Greetings from {name}.")
}

/// Reads `words:N`; more than a million is a slip of the keyboard.
fn words_asked(prompt: &str) -> Option<usize> {
    let rest = prompt.split_once("words:")?.1;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok().filter(|&count| count <= 1_000_000)
}

/// Splits a text behind its spaces, so that every piece is a word or so, as a model's tokens are.
fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompt: &str, body: &Value) -> Reply {
        let mut body = body.clone();
        body["messages"] = json!([{"role": "user", "content": prompt}]);
        Reply::to(&Question::of_chat(&body), &Then::default(), "test", 1)
    }

    #[test]
    fn a_prompt_is_repeated() {
        assert_eq!(asked("hello", &json!({})).text(), "You said: \"hello\". Greetings from test.");
    }

    #[test]
    fn words_are_counted_out_one_event_each() {
        assert_eq!(asked("words:60 please", &json!({})).pieces.len(), 60);
    }

    #[test]
    fn a_tool_is_called_only_if_tools_are_offered() {
        let prompt = r#"tool:weather {"city":"Oslo"}"#;
        assert_eq!(asked(prompt, &json!({})).call, None);
        let call = asked(prompt, &json!({"tools": [{"type": "function"}]})).call;
        let expected = Call { name: "weather".into(), arguments: json!({"city": "Oslo"}), free_form: false };
        assert_eq!(call, Some(expected));
    }

    #[test]
    fn the_clients_limit_ends_an_answer_early() {
        let reply = asked("words:10", &json!({"max_tokens": 4}));
        assert_eq!((reply.pieces.len(), reply.stop, reply.usage.output), (4, Stop::Limit, 4));
    }

    #[test]
    fn a_script_speaks_thinks_and_calls() {
        let question = Question::of_chat(&json!({}));
        let then = Then { think: Some("hm".into()), ..Then::say("a b") };
        let reply = Reply::to(&question, &then, "test", 1);
        assert_eq!((reply.text().as_str(), reply.thinking.as_deref()), ("a b", Some("hm")));
    }
}
