//! The assignments of a Python settings module.

use super::{Dialect, Reader};
use crate::tree::{Entry, Node, Position, Unreadable, Value};

/// Reads the assignments of literals in a Python module as one table. Statements that assign anything else to a
/// wanted name are errors; other statements are passed over.
pub(crate) fn read_python(text: &str, wanted: &[&str]) -> Result<Node, Unreadable> {
    let mut reader = Reader::of(text, Dialect::Python);
    let mut entries: Vec<Entry> = Vec::new();
    reader.skip_blank();
    let has_statements = reader.at < text.len();
    while reader.at < text.len() {
        let start = reader.at;
        match reader.assignment() {
            Some(name) if wanted.contains(&name) => {
                reader.skip_blank();
                let node = reader.value()?;
                reader.end_of_statement()?;
                let key_at = Position::of(text, start);
                // A later assignment replaces an earlier one, as it would in Python.
                entries.retain(|entry| entry.key != name);
                entries.push(Entry { key: name.to_owned(), key_at, node });
            }
            Some(name) => reader.remember(name, start)?,
            None => reader.skip_statement(start)?,
        }
        reader.skip_blank();
    }
    if has_statements && entries.is_empty() {
        let message = format!("assigns neither {} at the beginning of a line", wanted.join(" nor "));
        return Err(Unreadable { at: None, message });
    }
    Ok(Node { value: Value::Table(entries), at: Position { line: 1, column: 1 } })
}

/// What a name in a module stands for.
#[derive(Clone)]
pub(super) enum Named {
    /// A single value, or a list of such.
    Literal(Value),
    /// The value of an environment variable.
    Variable(Variable),
}

/// An environment variable, and what a module uses where it is not set.
#[derive(Clone)]
pub(super) struct Variable {
    name: String,
    default: Option<Value>,
}

/// Tells whether a field of this name holds a secret.
pub(super) fn is_secret(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["key", "keys", "secret", "password", "pass"].iter().any(|word| field.ends_with(word))
}

/// How the value of an environment variable is asked for, and what closes the question.
const QUESTIONS: &[(&str, &str)] = &[("getenv(", ")"), ("environ.get(", ")"), ("environ[", "]")];

impl<'t> Reader<'t> {
    /// Keeps what a name stands for, if that is simple enough to be used further down.
    fn remember(&mut self, name: &'t str, start: usize) -> Result<(), Unreadable> {
        self.skip_while(|character| character == ' ');
        let read = self.assigned().and_then(|named| self.end_of_statement().map(|()| named));
        match read {
            Ok(named) if named.is_flat() => {
                self.names.insert(name, named);
                Ok(())
            }
            Ok(_) | Err(_) => {
                self.names.remove(name);
                self.skip_statement(start)
            }
        }
    }

    fn assigned(&mut self) -> Result<Named, Unreadable> {
        if let Some(variable) = self.variable()? {
            return Ok(Named::Variable(variable));
        }
        match self.assigned_above() {
            Some(named) => Ok(named),
            None => Ok(Named::Literal(self.value()?.value)),
        }
    }

    /// Reads a name that was assigned above, if one stands here by itself.
    fn assigned_above(&mut self) -> Option<Named> {
        let start = self.at;
        let name = self.skip_while(|character| character.is_alphanumeric() || character == '_');
        let alone = !matches!(self.peek(), Some('(' | '[' | '.'));
        let named = self.names.get(name).filter(|_| alone).cloned();
        if named.is_none() {
            self.at = start;
        }
        named
    }

    /// Reads a name that was assigned above, or an environment variable.
    pub(super) fn named(&mut self) -> Result<Value, Unreadable> {
        if let Some(variable) = self.variable()? {
            return Ok(self.value_of(variable));
        }
        match self.assigned_above() {
            Some(Named::Literal(value)) => Ok(value),
            Some(Named::Variable(variable)) => Ok(self.value_of(variable)),
            None => Err(self.fault(
                "expected a literal (text, number, True, False, None, list or dict), os.getenv(\"NAME\") or a name \
                 that was assigned one of them above",
            )),
        }
    }

    /// A secret stays a reference, whatever stands in for it; any other value is the one that stands in.
    fn value_of(&self, variable: Variable) -> Value {
        let default = variable.default.filter(|_| !self.in_secret);
        default.unwrap_or_else(|| Value::Text(format!("${{{}}}", variable.name)))
    }

    /// Reads `os.getenv("NAME")`, `os.environ["NAME"]` or `os.environ.get("NAME")`, perhaps with a default, if one of
    /// them stands here.
    fn variable(&mut self) -> Result<Option<Variable>, Unreadable> {
        let start = self.at;
        self.take("os.");
        let Some((_, close)) = QUESTIONS.iter().find(|(question, _)| self.take(question)) else {
            self.at = start;
            return Ok(None);
        };
        self.skip_blank();
        let name = self.strings()?;
        self.skip_blank();
        let default = if self.take(",") { self.default_value(close)? } else { None };
        self.skip_blank();
        if self.take(close) {
            return Ok(Some(Variable { name, default }));
        }
        Err(self.fault(format!("expected {close:?} after the variable's name and its default")))
    }

    fn default_value(&mut self, close: &str) -> Result<Option<Value>, Unreadable> {
        self.skip_blank();
        if self.rest().starts_with(close) {
            return Ok(None);
        }
        self.take("default=");
        let value = self.nested(|reader| reader.value().map(|node| node.value))?;
        self.skip_blank();
        self.take(",");
        Ok(Some(value).filter(|value| !matches!(value, Value::Null)))
    }

    /// Takes `NAME =` or `NAME: type =`, if an assignment stands at the beginning of this line.
    fn assignment(&mut self) -> Option<&'t str> {
        let at_line_start = self.at == 0 || self.text[..self.at].ends_with('\n');
        if !at_line_start {
            return None;
        }
        let name = self.skip_while(|character| character.is_alphanumeric() || character == '_');
        if name.is_empty() {
            return None;
        }
        self.skip_while(|character| character == ' ');
        if self.take(":") {
            self.skip_while(|character| !matches!(character, '=' | '\n'));
        }
        (self.take("=") && !self.rest().starts_with('=')).then_some(name)
    }

    /// Passes over a statement of no interest: its lines, and all that its brackets and texts hold.
    fn skip_statement(&mut self, start: usize) -> Result<(), Unreadable> {
        self.at = start;
        let mut brackets = 0_u32;
        while let Some(character) = self.peek() {
            match character {
                '"' | '\'' => {
                    self.skip_string(character);
                    continue;
                }
                '#' => {
                    self.skip_while(|character| character != '\n');
                    continue;
                }
                '(' | '[' | '{' => brackets += 1,
                ')' | ']' | '}' => {
                    let Some(fewer) = brackets.checked_sub(1) else {
                        return Err(self.fault("a bracket is closed that was never opened"));
                    };
                    brackets = fewer;
                }
                '\n' if brackets == 0 => return Ok(()),
                _ => {}
            }
            self.at += character.len_utf8();
        }
        Ok(())
    }

    /// Passes over a text whose escapes are of no interest.
    fn skip_string(&mut self, quote: char) {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let end = if self.take(&triple) {
            triple
        } else {
            self.at += 1;
            quote.to_string()
        };
        while let Some(character) = self.peek() {
            if self.take(&end) || (character == '\n' && end.len() == 1) {
                return;
            }
            self.at += character.len_utf8();
            if character == '\\'
                && let Some(escaped) = self.peek()
            {
                self.at += escaped.len_utf8();
            }
        }
    }

    fn end_of_statement(&mut self) -> Result<(), Unreadable> {
        self.skip_while(|character| matches!(character, ' ' | '\t' | '\r' | ';'));
        match self.peek() {
            None | Some('\n' | '#') => Ok(()),
            Some(_) => Err(self.fault("expected the end of the line after the literal")),
        }
    }
}

impl Named {
    /// Tells whether the value is small enough to be repeated wherever its name stands: names of names of lists would
    /// grow without bounds.
    fn is_flat(&self) -> bool {
        let is_single = |value: &Value| !matches!(value, Value::List(_) | Value::Table(_));
        match self {
            Named::Literal(Value::List(items)) => items.iter().all(|item| is_single(&item.value)),
            Named::Literal(value) => is_single(value),
            Named::Variable(variable) => variable.default.as_ref().is_none_or(is_single),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Node, Value, read_python};

    #[test]
    fn python_assignments_of_wanted_names_are_read_and_others_passed_over() {
        let text = concat!(
            "import os\n\"\"\"A text = with [brackets\"\"\"\n\nDEBUG = bool(os.getenv('X'))  # no literal\n",
            "def f(a,\n      b):\n    NAMES = {'not': 'top level'}\n",
            "NAMES: dict = {\n    'a': 'b' 'c',  # a comment\n    \"k\": os.getenv(\"KEY\"),\n",
            "    'list': [1, 2.5, True, None,],\n}\n",
        );
        let node = read_python(text, &["NAMES"]).unwrap_or_else(|error| panic!("{}", error.message));
        let Value::Table(entries) = node.value else { panic!("no table") };
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].key_at.line, entries[0].key_at.column), (8, 1));
        let Value::Table(names) = &entries[0].node.value else { panic!("no dict") };
        let text_of = |node: &Node| match &node.value {
            Value::Text(text) => text.clone(),
            other => panic!("{}", other.kind()),
        };
        assert_eq!(text_of(&names[0].node), "bc");
        assert_eq!(text_of(&names[1].node), "${KEY}");
        assert!(matches!(&names[2].node.value, Value::List(items) if items.len() == 4));
    }

    #[test]
    fn a_wanted_name_that_is_no_literal_is_an_error_with_its_place() {
        let error = read_python("X = 1\nNAMES = load()\n", &["NAMES"]).err().unwrap();
        assert!(error.message.contains("literal"), "{}", error.message);
        assert_eq!(error.at.unwrap().line, 2);
    }

    /// What `READ = {field: …}` says behind these lines.
    fn read(lines: &str, field: &str, written: &str) -> Result<String, String> {
        let text = format!("{lines}\nREAD = {{'{field}': {written}}}\n");
        let node = read_python(&text, &["READ"]).map_err(|error| error.message)?;
        let Value::Table(entries) = node.value else { panic!("no table") };
        let Value::Table(fields) = &entries[0].node.value else { panic!("no dict") };
        match &fields[0].node.value {
            Value::Text(text) => Ok(text.clone()),
            other => Ok(other.kind().to_owned()),
        }
    }

    #[test]
    fn environment_variables_and_names_assigned_above_are_followed() {
        for (lines, field, written, expected) in [
            ("", "api_key", "os.getenv('K')", "${K}"),
            ("", "api_key", "os.getenv( 'K', 'sk-default' )", "${K}"),
            ("", "api_key", "os.environ.get(\"K\", default=\"\")", "${K}"),
            ("", "api_key", "os.environ['K']", "${K}"),
            ("from os import getenv", "api_key", "getenv('K', None)", "${K}"),
            ("", "api_key", "environ.get('K',)", "${K}"),
            ("KEY = os.getenv('K', 'sk-default')", "api_key", "KEY", "${K}"),
            ("KEY: str = os.environ['K']  # mine\nSAME = KEY", "api_key", "SAME", "${K}"),
            ("KEY = 'sk-plain'", "api_key", "KEY", "sk-plain"),
            ("KEY = 'old'\nKEY = 'new'", "api_key", "KEY", "new"),
            ("BASE = os.getenv('B', 'https://h.example.com')", "base_url", "BASE", "https://h.example.com"),
            ("", "model", "os.getenv('M', 'gpt')", "gpt"),
            ("MODELS = ['a', 'b']", "models", "MODELS", "a list"),
        ] {
            assert_eq!(read(lines, field, written).as_deref(), Ok(expected), "{lines} {written}");
        }
    }

    #[test]
    fn what_no_literal_follows_from_is_refused() {
        for (lines, written) in [
            ("", "KEY"),
            ("KEY = load()", "KEY"),
            ("KEY = 'a'\nKEY = load()", "KEY"),
            ("KEY = 'a'", "KEY.strip()"),
            ("A = ['a']\nB = [A, A]", "B"),
            ("", "os.path.join('a')"),
            ("", "os.getenv('K', load())"),
        ] {
            assert!(read(lines, "api_key", written).is_err(), "{lines} {written}");
        }
    }

    #[test]
    fn a_module_without_a_wanted_name_is_refused() {
        let error = read_python("import os\nif True:\n    A = 1\n", &["A", "B"]).err().unwrap();
        assert_eq!(error.message, "assigns neither A nor B at the beginning of a line");
        assert!(read_python("# nothing yet\n", &["A", "B"]).is_ok());
    }
}
