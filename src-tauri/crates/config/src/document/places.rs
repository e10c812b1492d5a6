//! Where each field of a document stands in its file.

use std::collections::HashMap;

/// Where one field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The field's path in the file's own spelling.
    pub path: String,
}

/// The places of a document's fields by canonical path, such as `channel[2].proxy.port`.
#[derive(Debug, Clone, Default)]
pub struct Places {
    file: String,
    by_path: HashMap<String, Place>,
}

impl Places {
    /// Begins the places of one file.
    pub(crate) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), by_path: HashMap::new() }
    }

    /// The file's name as it was given; empty for a document built in memory.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Notes where a field stands, if that is not known yet.
    pub(crate) fn note(&mut self, canonical: String, place: Place) {
        self.by_path.entry(canonical).or_insert(place);
    }

    /// Finds a field that stands in the file itself.
    pub fn exact(&self, canonical: &str) -> Option<&Place> {
        self.by_path.get(canonical)
    }

    /// Finds a field, or the nearest field around it that stands in the file.
    pub fn find(&self, canonical: &str) -> Option<&Place> {
        let mut path = canonical;
        loop {
            if let Some(place) = self.by_path.get(path) {
                return Some(place);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}
