//! Tool calls across protocols: their names, their ids, and which outcome belongs to which call.

mod history;
mod ids;
mod names;
mod restore;

pub use history::arrange;
pub use ids::{IdRule, legal_id, original_id};
pub use names::{NameRule, Names, Sent};
pub use restore::Restore;
