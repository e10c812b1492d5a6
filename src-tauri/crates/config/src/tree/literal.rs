//! Trees from JSON, and from the literals of a Python settings module.

mod python;

use std::collections::HashMap;

use super::{Entry, Node, Position, Unreadable, Value};

pub(crate) use self::python::read_python;

/// How deeply lists and tables may be nested.
const DEPTH_MAX: u32 = 64;

/// Reads one JSON value. Lines that begin with `//` and other such comments are passed over.
pub(crate) fn read_json(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader::of(text, Dialect::Json);
    reader.skip_blank();
    let node = reader.value()?;
    reader.skip_blank();
    if reader.at < text.len() {
        Err(reader.fault("expected the end of the file after the value"))
    } else {
        Ok(node)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Json,
    Python,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    dialect: Dialect,
    /// What the names of a Python module stand for.
    names: HashMap<&'t str, python::Named>,
    /// Whether the value that is read belongs to a key or a password.
    in_secret: bool,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str, dialect: Dialect) -> Self {
        Self { text, at: 0, depth: 0, dialect, names: HashMap::new(), in_secret: false }
    }

    fn fault(&self, message: impl Into<String>) -> Unreadable {
        Unreadable { at: Some(Position::of(self.text, self.at)), message: message.into() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|character| !wanted(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Passes over white space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.skip_while(char::is_whitespace);
            let comment = match self.dialect {
                Dialect::Json => self.rest().starts_with("//"),
                Dialect::Python => self.rest().starts_with('#'),
            };
            if comment {
                self.skip_while(|character| character != '\n');
            } else if self.dialect == Dialect::Json && self.rest().starts_with("/*") {
                self.at += self.rest().find("*/").map_or(self.rest().len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    fn value(&mut self) -> Result<Node, Unreadable> {
        let at = Position::of(self.text, self.at);
        let value = match self.peek() {
            Some('{') => self.nested(Self::table)?,
            Some('[') => self.nested(|reader| reader.list('[', ']'))?,
            Some('(') if self.dialect == Dialect::Python => self.nested(|reader| reader.list('(', ')'))?,
            Some('"') => Value::Text(self.strings()?),
            Some('\'') if self.dialect == Dialect::Python => Value::Text(self.strings()?),
            Some(first) if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') => self.number()?,
            Some(first) if first.is_alphabetic() || first == '_' => self.word()?,
            Some(_) => return Err(self.fault("expected a value")),
            None => return Err(self.fault("the file ends where a value should stand")),
        };
        Ok(Node { value, at })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, Unreadable>,
    ) -> Result<Value, Unreadable> {
        if self.depth == DEPTH_MAX {
            return Err(self.fault(format!("more than {DEPTH_MAX} levels of nesting")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self, open: char, close: char) -> Result<Value, Unreadable> {
        self.at += open.len_utf8();
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            if self.closes(close, items.is_empty())? {
                return Ok(Value::List(items));
            }
            items.push(self.value()?);
            self.separator(close)?;
        }
    }

    fn table(&mut self) -> Result<Value, Unreadable> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.skip_blank();
            if self.closes('}', entries.is_empty())? {
                return Ok(Value::Table(entries));
            }
            let key_at = Position::of(self.text, self.at);
            if !matches!((self.peek(), self.dialect), (Some('"'), _) | (Some('\''), Dialect::Python)) {
                return Err(self.fault("expected a key in quotes"));
            }
            let key = self.strings()?;
            if entries.iter().any(|entry| entry.key == key) {
                let message = format!("the key {key:?} stands here twice");
                return Err(Unreadable { at: Some(key_at), message });
            }
            self.skip_blank();
            if !self.take(":") {
                return Err(self.fault("expected a colon after the key"));
            }
            self.skip_blank();
            let around = self.in_secret;
            self.in_secret = around || python::is_secret(&key);
            let node = self.value()?;
            self.in_secret = around;
            entries.push(Entry { key, key_at, node });
            self.separator('}')?;
        }
    }

    /// Takes the closing bracket if it stands here. JSON allows none behind a comma.
    fn closes(&mut self, close: char, empty: bool) -> Result<bool, Unreadable> {
        if self.peek() != Some(close) {
            return Ok(false);
        }
        if self.dialect == Dialect::Json && !empty {
            let behind_comma = self.text[..self.at].trim_end().ends_with(',');
            if behind_comma {
                return Err(self.fault(format!("a comma before {close:?} is not allowed in JSON")));
            }
        }
        self.at += close.len_utf8();
        Ok(true)
    }

    fn separator(&mut self, close: char) -> Result<(), Unreadable> {
        self.skip_blank();
        if self.take(",") || self.peek() == Some(close) {
            return Ok(());
        }
        Err(self.fault(format!("expected a comma or {close:?}")))
    }

    fn number(&mut self) -> Result<Value, Unreadable> {
        let start = self.at;
        let written =
            self.skip_while(|character| character.is_ascii_alphanumeric() || "+-._".contains(character));
        let plain = match self.dialect {
            Dialect::Json => written.to_owned(),
            Dialect::Python => written.replace('_', ""),
        };
        let odd = plain.starts_with(['+', '.']) || plain.ends_with('.');
        if !(odd && self.dialect == Dialect::Json) {
            if let Ok(integer) = plain.parse::<i64>() {
                return Ok(Value::Integer(integer));
            }
            if plain.contains(|digit: char| digit.is_ascii_digit())
                && let Ok(float) = plain.parse::<f64>()
            {
                return Ok(Value::Float(float));
            }
        }
        self.at = start;
        Err(self.fault("expected a number"))
    }

    fn word(&mut self) -> Result<Value, Unreadable> {
        let start = self.at;
        let word = self.skip_while(|character| character.is_alphanumeric() || character == '_');
        let value = match (self.dialect, word) {
            (Dialect::Json, "null") | (Dialect::Python, "None") => Value::Null,
            (Dialect::Json, "true") | (Dialect::Python, "True") => Value::Bool(true),
            (Dialect::Json, "false") | (Dialect::Python, "False") => Value::Bool(false),
            (Dialect::Python, _) => {
                self.at = start;
                return self.named();
            }
            (Dialect::Json, _) => {
                self.at = start;
                return Err(self.fault("expected a value; texts stand in double quotes"));
            }
        };
        Ok(value)
    }

    /// Reads one text, or in Python several that stand side by side.
    fn strings(&mut self) -> Result<String, Unreadable> {
        let mut text = self.string()?;
        while self.dialect == Dialect::Python {
            let behind = self.at;
            self.skip_blank();
            if !matches!(self.peek(), Some('"' | '\'')) {
                self.at = behind;
                break;
            }
            text.push_str(&self.string()?);
        }
        Ok(text)
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let start = self.at;
        let Some(quote @ ('"' | '\'')) = self.peek() else {
            return Err(self.fault("expected a text in quotes"));
        };
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let end = if self.dialect == Dialect::Python && self.take(&triple) {
            triple
        } else {
            self.at += 1;
            quote.to_string()
        };
        let mut text = String::new();
        loop {
            if self.take(&end) {
                return Ok(text);
            }
            match self.peek() {
                Some('\\') => self.escape(&mut text)?,
                Some(character) if character >= ' ' || end.len() == 3 => {
                    text.push(character);
                    self.at += character.len_utf8();
                }
                Some('\t') if self.dialect == Dialect::Python => {
                    text.push('\t');
                    self.at += 1;
                }
                Some(_) | None => {
                    self.at = start;
                    return Err(self.fault("the text that begins here has no end on its line"));
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Unreadable> {
        let start = self.at;
        self.at += 1;
        let Some(character) = self.peek() else { return Err(self.fault("the file ends inside a text")) };
        self.at += character.len_utf8();
        match character {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '"' | '\\' | '/' | '\'' => text.push(character),
            '\n' if self.dialect == Dialect::Python => {}
            'u' => {
                let Some(decoded) = self.unicode() else {
                    self.at = start;
                    return Err(self.fault("the escape names no character"));
                };
                text.push(decoded);
            }
            _ => {
                self.at = start;
                return Err(self.fault("no such escape"));
            }
        }
        Ok(())
    }

    /// Reads the digits behind `\u`, and the second half of a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let first = self.four_hex_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.take("\\u") {
            return None;
        }
        let second = self.four_hex_digits()?;
        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)
    }

    fn four_hex_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let number =
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16))?;
        self.at += 4;
        number.ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Value, read_json};

    #[test]
    fn json_texts_keep_their_escapes_and_surrogates() {
        for (text, expected) in [
            (r#""a\"b\\c\/d""#, "a\"b\\c/d"),
            (r#""\u00e9\n\t""#, "é\n\t"),
            (r#""\ud83d\ude00""#, "😀"),
            ("\"线路\"", "线路"),
        ] {
            let node = read_json(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
            assert!(matches!(node.value, Value::Text(read) if read == expected), "{text}");
        }
    }

    #[test]
    fn faulty_json_is_refused_at_its_place() {
        for (text, line, column, words) in [
            ("{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 3, "twice"),
            ("{\"a\": 1,}", 1, 9, "not allowed in JSON"),
            ("{\"a\": }", 1, 7, "expected a value"),
            ("[1 2]", 1, 4, "expected a comma"),
            ("[1,\n2", 2, 2, "expected a comma"),
            ("{a: 1}", 1, 2, "key in quotes"),
            ("\"abc", 1, 1, "no end"),
            ("\"\\ud800\"", 1, 2, "no character"),
            ("{} {}", 1, 4, "expected the end"),
            ("[.5]", 1, 2, "expected a number"),
            ("", 1, 1, "the file ends"),
        ] {
            let error = read_json(text).err().unwrap_or_else(|| panic!("{text} was read"));
            let at = error.at.unwrap();
            assert!(error.message.contains(words), "{text}: {}", error.message);
            assert_eq!((at.line, at.column), (line, column), "{text}: {}", error.message);
        }
        assert!(read_json(&"[".repeat(100_000)).is_err());
    }
}
