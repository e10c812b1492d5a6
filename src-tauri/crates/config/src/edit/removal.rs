//! Taking things out, and bringing them back to where they were.

use std::fmt;

use super::alias;
use super::layout::{Layout, edited};
use super::list::{List, Piece, read};
use super::{EditError, Subject};

/// The text without something, and what is needed to bring it back.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The new text.
    pub text: String,
    /// What was taken out.
    pub removed: Removed,
}

/// Something taken out of the file, with its comments. It may hold secrets, so its `Debug` shows its name only.
#[derive(Clone)]
pub struct Removed {
    what: Subject,
    name: String,
    before: String,
    after: String,
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    Entry { list: List, piece: Piece, next: Option<String> },
    Alias { target: String },
}

impl Removed {
    /// What it is.
    pub fn what(&self) -> Subject {
        self.what
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Removed").field("what", &self.what).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Brings something back that was taken out. A file that nobody changed since becomes what it was; in another the thing
/// comes ahead of its former neighbour, or last.
pub fn restore(text: &str, removed: &Removed) -> Result<String, EditError> {
    if text == removed.after {
        return Ok(removed.before.clone());
    }
    match &removed.kept {
        Kept::Entry { list, piece, next } => edited(text, |text| {
            let document = read(text)?;
            list.check_free(&document, &removed.name)?;
            let next = next.as_deref().and_then(|next| list.position(&document, next).ok());
            list.insert(text, piece, next)
        }),
        Kept::Alias { target } => alias::put_alias(text, None, &removed.name, target),
    }
}

/// Takes the entry of this name out of a list.
pub(super) fn take_entry(text: &str, list: List, name: &str) -> Result<Removal, EditError> {
    let layout = Layout::of(text);
    let bare = layout.bare(text);
    let document = read(&bare)?;
    let at = list.position(&document, name)?;
    let next = list.names(&document).into_iter().nth(at + 1).filter(|next| !next.is_empty());
    let (kept, piece) = list.take(&bare, at)?;
    let kept = layout.dressed(&kept);
    Ok(removal(text, kept, list.subject(), name, Kept::Entry { list, piece, next }))
}

/// What the removal of an alias leaves behind.
pub(super) fn of_alias(before: &str, after: String, name: &str, target: String) -> Removal {
    removal(before, after, Subject::Alias, name, Kept::Alias { target })
}

fn removal(before: &str, after: String, what: Subject, name: &str, kept: Kept) -> Removal {
    let removed =
        Removed { what, name: name.to_owned(), before: before.to_owned(), after: after.clone(), kept };
    Removal { text: after, removed }
}
