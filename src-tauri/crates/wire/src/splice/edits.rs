//! Replacements and insertions, collected first and applied in one copy.

use std::ops::Range;

/// The changes to one body, by place.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
}

#[derive(Debug)]
enum Edit {
    /// Puts `text` in the place of these bytes.
    Replace { span: Range<usize>, text: String },
    /// Leaves these bytes out.
    Cut(Range<usize>),
    /// Puts members (`"key":value`) in front of those of this object.
    Insert { object: Range<usize>, members: Vec<String> },
}

impl Edit {
    fn start(&self) -> usize {
        match self {
            Self::Replace { span, .. } | Self::Cut(span) => span.start,
            Self::Insert { object, .. } => object.start + 1,
        }
    }

    /// What is inserted stands in front of what is changed at the same place.
    fn order(&self) -> (usize, bool) {
        (self.start(), !matches!(self, Self::Insert { .. }))
    }
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces a value. The first change of a value stays.
    pub(super) fn replace(&mut self, span: Range<usize>, text: String) {
        self.edits.push(Edit::Replace { span, text });
    }

    /// Inserts a member in front of the others of an object, behind those inserted before. The first of a name stays.
    pub(super) fn insert_member(&mut self, place: Range<usize>, member: String) {
        for edit in &mut self.edits {
            if let Edit::Insert { object, members } = edit
                && *object == place
            {
                let name = &member[..=member.find("\":").unwrap_or(member.len() - 1)];
                if !members.iter().any(|other| other.starts_with(name)) {
                    members.push(member);
                }
                return;
            }
        }
        self.edits.push(Edit::Insert { object: place, members: vec![member] });
    }

    /// Leaves bytes out, which no other change may touch: members of an object with the commas that part them.
    pub(super) fn cut(&mut self, span: Range<usize>) {
        self.edits.push(Edit::Cut(span));
    }

    /// Returns a copy of the body with every change in it.
    pub(super) fn apply(mut self, body: &[u8]) -> Vec<u8> {
        self.edits.sort_by_key(Edit::order);
        // The sort is stable, so the first change of a value comes first.
        self.edits.dedup_by_key(|edit| edit.order());
        let mut changed = Vec::with_capacity(body.len() + 256);
        let mut copied = 0;
        for edit in &self.edits {
            changed.extend_from_slice(&body[copied..edit.start()]);
            copied = match edit {
                Edit::Replace { span, text } => {
                    changed.extend_from_slice(text.as_bytes());
                    span.end
                }
                Edit::Cut(span) => span.end,
                Edit::Insert { object, members } => {
                    changed.extend_from_slice(members.join(",").as_bytes());
                    if self.leaves_something(body, object.start + 1..object.end - 1) {
                        changed.push(b',');
                    }
                    object.start + 1
                }
            };
        }
        changed.extend_from_slice(&body[copied..]);
        changed
    }

    /// Tells whether anything of these bytes is left when the cuts are made.
    fn leaves_something(&self, body: &[u8], bytes: Range<usize>) -> bool {
        let mut at = bytes.start;
        let is_blank = |part: Range<usize>| body[part].trim_ascii().is_empty();
        for edit in &self.edits {
            if let Edit::Cut(cut) = edit
                && bytes.contains(&cut.start)
            {
                if !is_blank(at..cut.start) {
                    return true;
                }
                at = cut.end;
            }
        }
        !is_blank(at..bytes.end)
    }
}
