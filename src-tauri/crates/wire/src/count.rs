//! How many tokens a request has: an estimate without any vocabulary, what makes it better, and how an upstream is asked
//! that counts for nothing.
//!
//! ```text
//! Ask ─► Tally ──(Calibration, exact prefix)──► tokens
//!          ▲ text by Scan, the rest by Family
//! ```
//! An estimate that is too low lets a client fill a window beyond its end; one that is too high only costs it some room.
//! So what is not known is taken to be dear, and an estimate that nothing has confirmed gets a little on top.

mod calibration;
mod family;
mod media;
mod picture;
mod scan;
mod tally;
mod upstream;

pub use calibration::Calibration;
pub use tally::Tally;
pub use upstream::{answer, counted, request};

use crate::ask::Ask;
use crate::dialect;
use crate::head::Head;
use crate::json::Tape;
use crate::translate::Untranslatable;

/// Counts a request, whose head has been read, for a model in its upstream's name.
///
/// What only the client's own protocol can say is counted too, if roughly. A request that is not what its protocol
/// promises is an error that names the field.
pub fn tally(head: &Head, body: &[u8], model: &str) -> Result<Tally, Untranslatable> {
    let tape = Tape::read(body)?;
    match dialect::of(head.protocol).decode_request(&tape, head) {
        Ok(ask) => Ok(Tally::of(&ask, model)),
        Err(unsaid) if unsaid.code == Some(UNSUPPORTED) => Ok(Tally::rough(tape.root(), model)),
        Err(unsaid) => Err(unsaid.into()),
    }
}

/// The code of what is valid and has no word in other protocols.
const UNSUPPORTED: &str = "unsupported_value";

/// Guesses the tokens of a request that is being translated, for an answer whose protocol tells them first: of long texts
/// only a part is read, for somebody waits.
pub fn guess(ask: &Ask<'_>, model: &str) -> u64 {
    Tally::guess(ask, model)
}

#[cfg(test)]
mod tests;
