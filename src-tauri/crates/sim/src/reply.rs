//! What the simulator says to a question: always the same for the same question.

use serde_json::{Value, json};

use crate::endpoint::Dialect;
use crate::notes::{Mint, Note};
use crate::question::Question;
use crate::script::{Then, ToolCall};

/// An answer before any dialect has encoded it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// Counts the simulator's answers; ids are made of it.
    pub number: u64,
    pub model: String,
    pub thoughts: Vec<Thought>,
    /// Gemini: proves the thoughts, and belongs to the first call, or to the text where there is none.
    pub signature: Option<String>,
    /// The text, one piece for each event of a stream.
    pub pieces: Vec<String>,
    /// Why the model does not answer; then there is neither text nor a call.
    pub refusal: Option<String>,
    /// Tool calls, all of one moment; they follow the text.
    pub calls: Vec<Call>,
    pub stop: Stop,
    pub usage: Usage,
    /// The end of every call's id, but for its place.
    mark: String,
}

/// A thought, and the provider's note to itself about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thought {
    /// What a person may read of it.
    pub text: String,
    /// What only the provider reads.
    pub note: Option<String>,
}

/// The place of Gemini's signature: those of calls and of texts are not each other's.
pub(crate) const SIGNED_CALL: usize = 1;
/// See [`SIGNED_CALL`].
pub(crate) const SIGNED_TEXT: usize = 2;

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
    Refusal,
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
    pub(crate) fn to(question: &Question, then: &Then, name: &str, mint: Mint, number: u64) -> Self {
        let refusal = then.refuse.clone();
        let calls = if refusal.is_some() { Vec::new() } else { calls(question, then) };
        let texts = thoughts(question, then);
        let mut pieces = match (&refusal, &then.say) {
            (Some(_), _) => Vec::new(),
            (None, Some(text)) => pieces(text),
            (None, None) if calls.is_empty() => pieces(&sentence(question, name)),
            (None, None) => Vec::new(),
        };
        let cut = question.limit.is_some_and(|limit| limit < pieces.len());
        pieces.truncate(question.limit.unwrap_or(usize::MAX));
        let words = |text: &str| text.split_whitespace().count();
        let reasoning: usize = texts.iter().map(|text| words(text)).sum();
        let called: usize = calls.iter().map(|call| call.text().len() / 4 + 1).sum();
        let said = pieces.len() + called + refusal.as_deref().map_or(0, words);
        let (notes, signature) = minted(question, &texts, !calls.is_empty(), mint, number);
        let minted = notes.iter().flatten().count() + usize::from(signature.is_some());
        let mark = if texts.is_empty() { format!("sim{number}") } else { mint.mark(number, minted) };
        Self {
            number,
            model: question.model.clone(),
            thoughts: texts.into_iter().zip(notes).map(|(text, note)| Thought { text, note }).collect(),
            signature,
            mark,
            stop: match (&refusal, calls.is_empty(), cut) {
                (Some(_), _, _) => Stop::Refusal,
                (None, false, _) => Stop::Tool,
                (None, true, true) => Stop::Limit,
                (None, true, false) => Stop::End,
            },
            pieces,
            refusal,
            calls,
            usage: Usage {
                input: question.input_tokens,
                output: (said + reasoning) as u64,
                reasoning: reasoning as u64,
            },
        }
    }

    pub(crate) fn text(&self) -> String {
        self.pieces.concat()
    }

    /// Tells whether the answer holds text, be it the empty one where there is nothing else.
    pub(crate) fn speaks(&self) -> bool {
        !self.pieces.is_empty() || (self.calls.is_empty() && self.refusal.is_none())
    }

    /// The end of the ids of the call at this place, the same in every dialect.
    pub(crate) fn call_mark(&self, place: usize) -> String {
        match place {
            0 => self.mark.clone(),
            place => format!("{}_{place}", self.mark),
        }
    }

    /// What was thought, in words that a person may read.
    pub(crate) fn thinking(&self) -> Option<String> {
        let text: String = self.thoughts.iter().map(|thought| thought.text.as_str()).collect();
        (!text.is_empty()).then_some(text)
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

/// What is thought: as the script says, or a few words where the request asks for thoughts.
fn thoughts(question: &Question, then: &Then) -> Vec<String> {
    let scripted: Vec<String> = then.think.iter().chain(&then.thinks).cloned().collect();
    if scripted.is_empty() && question.reasoning { vec![THOUGHT.to_owned()] } else { scripted }
}

/// Mints the notes of an answer: one for each thought where the provider has a place for that, and Gemini's signature.
fn minted(
    question: &Question,
    thoughts: &[String],
    calls: bool,
    mint: Mint,
    answer: u64,
) -> (Vec<Option<String>>, Option<String>) {
    let of = thoughts.len();
    let signs = match question.dialect {
        Dialect::Messages => true,
        Dialect::Responses => question.wants_encrypted,
        Dialect::Chat => question.wants_details(),
        Dialect::Gemini => false,
    };
    let note = |(place, text): (usize, &String)| {
        // What OpenAI encrypts holds whatever is shown of it.
        let bound = if question.dialect == Dialect::Responses || question.hides_thoughts { "" } else { text };
        signs.then(|| mint.note(Note { answer, place: place + 1, of }, bound))
    };
    let signature = (question.dialect == Dialect::Gemini && of > 0).then(|| {
        let place = if calls { SIGNED_CALL } else { SIGNED_TEXT };
        mint.note(Note { answer, place, of: 1 }, "")
    });
    (thoughts.iter().enumerate().map(note).collect(), signature)
}

fn calls(question: &Question, then: &Then) -> Vec<Call> {
    let mut asked: Vec<ToolCall> = then.call.iter().chain(&then.calls).cloned().collect();
    if asked.is_empty() && question.offers_tools && !question.after_tool {
        asked = calls_in(&question.prompt);
    }
    let call = |ToolCall { name, arguments }: ToolCall| {
        let free_form = question.free_form_tools.contains(&name);
        Call { name, arguments, free_form }
    };
    asked.into_iter().map(call).collect()
}

/// Finds every `tool:NAME {json}` in a prompt. Arguments that are not JSON are passed as a string.
fn calls_in(prompt: &str) -> Vec<ToolCall> {
    let mut found = Vec::new();
    let mut ahead = prompt;
    while let Some((_, rest)) = ahead.split_once("tool:") {
        let rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (name, arguments) = (&rest[..end], rest[end..].trim());
        let mut values = serde_json::Deserializer::from_str(arguments).into_iter::<Value>();
        let (arguments, behind) = match values.next() {
            None => (json!({}), ""),
            Some(Ok(value)) => (value, &arguments[values.byte_offset()..]),
            Some(Err(_)) => (Value::String(arguments.to_owned()), ""),
        };
        if !name.is_empty() {
            found.push(ToolCall { name: name.to_owned(), arguments });
        }
        ahead = behind;
    }
    found
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

    fn mint() -> Mint {
        Mint::of(Dialect::Chat, "m", "test", None)
    }

    fn asked(prompt: &str, body: &Value) -> Reply {
        let mut body = body.clone();
        body["messages"] = json!([{"role": "user", "content": prompt}]);
        Reply::to(&Question::of_chat(&body), &Then::default(), "test", mint(), 1)
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
        assert_eq!(asked(prompt, &json!({})).calls, []);
        let calls = asked(prompt, &json!({"tools": [{"type": "function"}]})).calls;
        assert_eq!(calls, [weather("Oslo")]);
    }

    fn weather(city: &str) -> Call {
        Call { name: "weather".into(), arguments: json!({ "city": city }), free_form: false }
    }

    #[test]
    fn several_words_for_tools_are_several_calls() {
        let prompt = r#"tool:weather {"city":"Oslo"} and tool:weather {"city":"Rome"}"#;
        let reply = asked(prompt, &json!({"tools": [{"type": "function"}]}));
        assert_eq!(reply.calls, [weather("Oslo"), weather("Rome")]);
        assert_ne!(reply.call_mark(0), reply.call_mark(1));
    }

    #[test]
    fn a_tool_may_be_called_with_text_that_is_no_json() {
        let reply = asked("tool:patch *** Begin", &json!({"tools": [{"type": "custom"}]}));
        assert_eq!(reply.calls[0].arguments, "*** Begin");
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
        let reply = Reply::to(&question, &then, "test", mint(), 1);
        assert_eq!((reply.text(), reply.thinking()), ("a b".to_owned(), Some("hm".to_owned())));
        let calls = vec![ToolCall { name: "weather".into(), arguments: json!({"city": "Oslo"}) }];
        let reply = Reply::to(
            &question,
            &Then { say: Some("Wait.".into()), ..Then::calls(calls) },
            "test",
            mint(),
            1,
        );
        assert_eq!((reply.text().as_str(), reply.calls.len(), reply.stop), ("Wait.", 1, Stop::Tool));
    }

    #[test]
    fn a_refusal_holds_neither_text_nor_calls() {
        let question = Question::of_chat(&json!({"tools": [{}], "messages": [
            {"role": "user", "content": "tool:weather"}]}));
        let reply = Reply::to(&question, &Then::refuse("I must not."), "test", mint(), 1);
        assert_eq!((reply.refusal.as_deref(), reply.stop), (Some("I must not."), Stop::Refusal));
        assert_eq!((reply.text().as_str(), reply.calls.len(), reply.usage.output), ("", 0, 3));
    }
}
