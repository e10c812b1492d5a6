//! From a tree of values to a document. Every problem is noted and reading goes on, so that one run names them all.

mod channel;
mod document;
mod fields;
mod pools;
mod quirks;
mod scalar;
mod sections;
mod spelling;

pub(crate) use document::document;
pub(crate) use fields::Reader;
pub(crate) use spelling::Spelling;
