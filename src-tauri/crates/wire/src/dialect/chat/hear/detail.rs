//! One of `reasoning_details`, as it comes.

use crate::json::{Text, Value, object};

/// What one detail says beside its text. `OpenRouter` wants it back unchanged, whatever its type is.
#[derive(Debug, Default)]
pub(super) struct Detail {
    /// The members, in their order, as they were written.
    members: Vec<(String, String)>,
}

impl Detail {
    /// Takes what a piece says of it; what is said again counts.
    pub(super) fn add(&mut self, piece: Value<'_>) {
        for (name, value) in piece.members() {
            let name = name.plain();
            if name == "text" || name == "summary" || (value.is_null() && self.has(&name)) {
                continue;
            }
            match self.members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => value.raw().clone_into(known),
                None => self.members.push((name.into_owned(), value.raw().to_owned())),
            }
        }
    }

    /// Tells whether a piece belongs to it: it has the same number, or none.
    pub(super) fn goes_on_with(&self, piece: Value<'_>) -> bool {
        let same = |name: &str| {
            let known = self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            let said = piece.get(name).filter(|value| !value.is_null()).map(Value::raw);
            said.is_none() || known.is_none() || said == known
        };
        same("index") && (piece.get("index").is_some() || (same("id") && same("type")))
    }

    /// Returns all of it but its text, as JSON.
    pub(super) fn note(&self) -> Text<'static> {
        let mut json = Vec::new();
        object(&mut json, |out| {
            for (name, value) in &self.members {
                out.raw(name, value);
            }
        });
        Text::owned(&String::from_utf8_lossy(&json))
    }

    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }
}
