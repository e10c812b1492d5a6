//! What an error body says, whatever its shape.

use serde_json::Value;

use crate::constants::{ERROR_BODY_BYTES_MAX, MESSAGE_CHARS_MAX};

/// The codes and the message of an error body, read in the order of protocols.md §2.1.11.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// The body as JSON, where it is JSON.
    pub(crate) body: Value,
    /// Types, codes, statuses and reasons, in lower case.
    pub(crate) codes: Vec<String>,
    /// Google's names of exhausted quotas, in lower case.
    quotas: Vec<String>,
    /// For people: short, without markup and without anything that looks like a key.
    pub(crate) message: String,
    /// The message in lower case, whole, for the table.
    said: String,
    /// Whether the body is a page.
    pub(crate) is_html: bool,
}

/// Fields whose values name the kind of an error.
const CODE_FIELDS: [&str; 5] = ["code", "type", "status", "reason", "error_code"];
/// How deep codes are looked for: `error.details[].violations[].quotaId` is the deepest.
const DEPTH_MAX: u32 = 6;

impl Words {
    pub(crate) fn read(bytes: &[u8]) -> Words {
        let bytes = &bytes[..bytes.len().min(ERROR_BODY_BYTES_MAX)];
        let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let mut words = Words {
            codes: Vec::new(),
            quotas: Vec::new(),
            message: String::new(),
            said: String::new(),
            is_html: bytes.trim_ascii_start().first() == Some(&b'<'),
            body,
        };
        let inner = words.body.get(0).unwrap_or(&words.body).clone();
        let error = inner.get("error").filter(|error| !error.is_null()).unwrap_or(&inner);
        words.collect(error, DEPTH_MAX);
        let text = message_in(error).or_else(|| message_in(&inner));
        let text = text.unwrap_or_else(|| if words.body.is_null() { plain(bytes) } else { String::new() });
        words.set_message(&text);
        words
    }

    pub(crate) fn set_message(&mut self, text: &str) {
        self.said = text.to_lowercase();
        self.message = for_people(text);
    }

    pub(crate) fn add_code(&mut self, code: Option<&str>) {
        let code = code.map(str::to_lowercase).filter(|code| !self.codes.contains(code));
        self.codes.extend(code);
    }

    /// The most telling code: the one that is neither a number nor a mere type.
    pub(crate) fn code(&self) -> Option<&str> {
        let vague = |code: &&String| code.ends_with("_error") || code.parse::<u16>().is_ok();
        let telling = self.codes.iter().find(|code| !vague(code));
        telling.or_else(|| self.codes.first()).map(String::as_str)
    }

    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|found| found == code)
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.said.contains(text)
    }

    pub(crate) fn begins(&self, text: &str) -> bool {
        self.said.starts_with(text)
    }

    pub(crate) fn names_daily_quota(&self) -> bool {
        self.quotas.iter().any(|quota| quota.contains("perday"))
    }

    fn collect(&mut self, value: &Value, depth: u32) {
        if depth == 0 {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.collect_member(name, value);
                    self.collect(value, depth - 1);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, depth - 1)),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn collect_member(&mut self, name: &str, value: &Value) {
        let text = match value {
            Value::String(text) => text.to_lowercase(),
            Value::Number(number) => number.to_string(),
            Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Null => return,
        };
        if CODE_FIELDS.contains(&name) {
            self.codes.push(text);
        } else if name == "quotaId" {
            self.quotas.push(text);
        }
    }
}

fn message_in(error: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(whole) = text(error) {
        return Some(whole);
    }
    let named = ["message", "detail", "msg", "error_msg"].into_iter().find_map(|name| error.get(name))?;
    match named {
        // FastAPI's validation errors.
        Value::Array(items) => items.first().and_then(|item| item.get("msg")).and_then(text),
        Value::Object(_) => named.get("message").and_then(text),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => text(named),
    }
}

/// The text of a page or of a plain answer, without tags.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                plain.push(' ');
            }
            _ if in_tag => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// One line of at most [`MESSAGE_CHARS_MAX`] characters in which nothing looks like a key.
fn for_people(text: &str) -> String {
    let mut line = String::new();
    let mut after_bearer = false;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if after_bearer || holds_key(word) { "…" } else { word });
        after_bearer = word.eq_ignore_ascii_case("bearer");
    }
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The beginnings of the keys of `OpenAI`, Anthropic and compatible vendors, and of Google.
fn holds_key(word: &str) -> bool {
    ["sk-", "AIza"].into_iter().any(|lead| word.find(lead).is_some_and(|at| word.len() - at >= 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_in_every_shape() {
        for (body, expected) in [
            (r#"{"error":{"message":"m","type":"t"}}"#, "m"),
            (r#"[{"error":{"code":400,"message":"m"}}]"#, "m"),
            (r#"{"error":"m"}"#, "m"),
            (r#"{"message":"m"}"#, "m"),
            (r#"{"detail":"m"}"#, "m"),
            (r#"{"detail":[{"msg":"m","loc":["body"]}]}"#, "m"),
            (r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#, "m"),
            (r#"{"object":"error","message":"m","code":40303}"#, "m"),
            ("m\n", "m"),
            ("<html><head><title>502 Bad</title></head><body><h1>Gate</h1></body></html>", "502 Bad Gate"),
            ("{}", ""),
            ("", ""),
        ] {
            assert_eq!(Words::read(body.as_bytes()).message, expected, "{body}");
        }
    }

    #[test]
    fn messages_for_people_are_short_and_hold_no_key() {
        for (text, expected) in [
            ("Incorrect API key provided: sk-abcdefghijkl.", "Incorrect API key provided: …"),
            ("key AIzaSyA-1234567890 is bad", "key … is bad"),
            ("got Bearer abcdef here", "got Bearer … here"),
            ("two\nlines\tand  blanks", "two lines and blanks"),
            ("the sk- prefix", "the sk- prefix"),
        ] {
            assert_eq!(for_people(text), expected);
        }
        let long = for_people(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), MESSAGE_CHARS_MAX + 1);
    }

    #[test]
    fn only_the_first_64_kib_are_read() {
        let body = format!("{}tail", "x ".repeat(ERROR_BODY_BYTES_MAX));
        assert!(!Words::read(body.as_bytes()).says("tail"));
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let body = format!("{{\"error\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(Words::read(body.as_bytes()).message, "");
    }
}
