//! How the fields of an event stand in a line of the log: the message, then ` name=value` for each field.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes fields without colours. Every request pays for one line, so that words and numbers, which most fields are,
/// do not go through `Debug`.
pub(crate) struct PlainFields;

impl<'line> FormatFields<'line> for PlainFields {
    fn format_fields<R: RecordFields>(&self, line: Writer<'line>, fields: R) -> fmt::Result {
        let mut writing = Writing { line, result: Ok(()) };
        fields.record(&mut writing);
        writing.result
    }
}

/// A line that is being written.
struct Writing<'line> {
    line: Writer<'line>,
    result: fmt::Result,
}

impl Writing<'_> {
    /// Writes one field. The message comes first, without a name and without a space.
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let name = field.name();
        // Where a library's record of the `log` crate comes from, which its target says already.
        if self.result.is_err() || name.starts_with("log.") {
            return;
        }
        let named = if name == "message" { Ok(()) } else { self.name(name) };
        self.result = named.and_then(|()| value(&mut self.line));
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        self.line.write_str(" ")?;
        self.line.write_str(name)?;
        self.line.write_str("=")
    }
}

impl Visit for Writing<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_message = field.name() == "message";
        self.field(field, |line| match value {
            _ if is_message => line.write_str(value),
            _ if is_plain(value) => {
                line.write_str("\"")?;
                line.write_str(value)?;
                line.write_str("\"")
            }
            _ => write!(line, "{value:?}"),
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |line| write!(line, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |line| write!(line, "{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, |line| write!(line, "{value:?}"));
    }
}

/// Tells whether a text stands between quotes as it is: no control characters, which could forge lines or move a
/// terminal's cursor, and nothing that needs a backslash.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt;

    use super::*;

    /// Keeps what is logged while `log` runs.
    fn logged(log: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = fmt()
            .without_time()
            .with_level(false)
            .with_target(false)
            .with_ansi(false)
            .fmt_fields(PlainFields)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn the_message_comes_first_and_every_kind_of_value_stands_behind_its_name() {
        let line = logged(|| {
            let absent: Option<&str> = None;
            tracing::info!(id = %"a b", word = "plain", absent, count = 3_usize, below = -1, kind = ?Some(1), "done {}", 1);
        });
        assert_eq!(line, "done 1 id=a b word=\"plain\" count=3 below=-1 kind=Some(1)\n");
    }

    #[test]
    fn a_text_cannot_forge_a_line_or_close_its_quotes() {
        for (value, expected) in [
            ("a\nb", r#"x value="a\nb""#),
            ("\u{1b}[31m", r#"x value="\u{1b}[31m""#),
            (r#"a" b="c"#, r#"x value="a\" b=\"c""#),
            ("渠道", "x value=\"渠道\""),
        ] {
            assert_eq!(logged(|| tracing::info!(value, "x")), format!("{expected}\n"));
        }
    }
}
