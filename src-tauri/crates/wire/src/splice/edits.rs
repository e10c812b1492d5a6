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
    /// Puts members (`"key":value`) in front of those of this object.
    Insert { object: Range<usize>, members: Vec<String> },
}

impl Edit {
    fn start(&self) -> usize {
        match self {
            Self::Replace { span, .. } => span.start,
            Self::Insert { object, .. } => object.start + 1,
        }
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

    /// Returns a copy of the body with every change in it.
    pub(super) fn apply(mut self, body: &[u8]) -> Vec<u8> {
        self.edits.sort_by_key(Edit::start);
        // The sort is stable, so the first change of a value comes first.
        self.edits.dedup_by_key(|edit| edit.start());
        let mut changed = Vec::with_capacity(body.len() + 256);
        let mut copied = 0;
        for edit in &self.edits {
            changed.extend_from_slice(&body[copied..edit.start()]);
            copied = match edit {
                Edit::Replace { span, text } => {
                    changed.extend_from_slice(text.as_bytes());
                    span.end
                }
                Edit::Insert { object, members } => {
                    changed.extend_from_slice(members.join(",").as_bytes());
                    if !body[object.start + 1..object.end - 1].trim_ascii().is_empty() {
                        changed.push(b',');
                    }
                    object.start + 1
                }
            };
        }
        changed.extend_from_slice(&body[copied..]);
        changed
    }
}
