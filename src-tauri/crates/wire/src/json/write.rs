//! Writing JSON, member by member, in the order in which it is said.

use super::Text;

/// Appends an object.
pub fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Members<'_>)) {
    out.push(b'{');
    fill(&mut Members { out, first: true });
    out.push(b'}');
}

/// Appends an array.
pub fn array(out: &mut Vec<u8>, fill: impl FnOnce(&mut Elements<'_>)) {
    out.push(b'[');
    fill(&mut Elements { out, first: true });
    out.push(b']');
}

/// The members of an object being written.
#[derive(Debug)]
pub struct Members<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl Members<'_> {
    /// Writes a text.
    pub fn text(&mut self, key: &str, text: &Text<'_>) {
        write_text(self.key(key), text);
    }

    /// Writes a text, if there is one.
    pub fn text_if(&mut self, key: &str, text: Option<&Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// Writes plain text.
    pub fn str(&mut self, key: &str, plain: &str) {
        self.text(key, &Text::of(plain));
    }

    /// Writes a value that is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    /// Writes a value that is JSON already, if there is one.
    pub fn raw_if(&mut self, key: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.raw(key, json);
        }
    }

    /// Writes a count.
    pub fn count(&mut self, key: &str, count: u64) {
        write_count(self.key(key), count);
    }

    /// Writes a count, if it is known.
    pub fn count_if(&mut self, key: &str, count: Option<u64>) {
        if let Some(count) = count {
            self.count(key, count);
        }
    }

    /// Writes `true` or `false`.
    pub fn bool(&mut self, key: &str, is: bool) {
        self.raw(key, if is { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    /// Writes an object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Members<'_>)) {
        object(self.key(key), fill);
    }

    /// Writes an array.
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Elements<'_>)) {
        array(self.key(key), fill);
    }

    /// Writes a value by `write`, which must append exactly one.
    pub fn value(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.key(key));
    }

    /// Writes members that are JSON already: an object's inside, which must not be empty.
    pub fn more(&mut self, members: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out.extend_from_slice(members.as_bytes());
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_text(self.out, &Text::of(key));
        self.out.push(b':');
        self.out
    }
}

/// The elements of an array being written.
#[derive(Debug)]
pub struct Elements<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl Elements<'_> {
    /// Writes a text.
    pub fn text(&mut self, text: &Text<'_>) {
        write_text(self.next(), text);
    }

    /// Writes plain text.
    pub fn str(&mut self, plain: &str) {
        self.text(&Text::of(plain));
    }

    /// Writes a value that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.next().extend_from_slice(json.as_bytes());
    }

    /// Writes an object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Members<'_>)) {
        object(self.next(), fill);
    }

    /// Writes an array.
    pub fn array(&mut self, fill: impl FnOnce(&mut Elements<'_>)) {
        array(self.next(), fill);
    }

    /// Writes a value by `write`, which must append exactly one.
    pub fn value(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.next());
    }

    /// Tells whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.first
    }

    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out
    }
}

/// Appends a string.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &Text<'_>) {
    out.push(b'"');
    out.extend_from_slice(text.as_written().as_bytes());
    out.push(b'"');
}

fn write_count(out: &mut Vec<u8>, mut count: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(count % 10).expect("a digit is below ten");
        count /= 10;
        if count == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn what_is_written_is_json_in_the_order_it_was_said() {
        let mut out = Vec::new();
        object(&mut out, |ask| {
            ask.str("b\"", "x\ny");
            ask.count("n", u64::MAX);
            ask.count("zero", 0);
            ask.raw_if("left out", None);
            ask.array("a", |list| {
                list.str("1");
                list.object(|_empty| {});
                list.array(|nested| nested.raw("1e2"));
            });
            ask.bool("on", true);
            ask.null("off");
        });
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"b\"":"x\ny","n":18446744073709551615,"zero":0,"a":["1",{},[1e2]],"on":true,"off":null}"#
        );
    }
}
