//! Compacting a conversation for a client that leaves it to its provider.
//!
//! `OpenAI` keeps the compacted conversation to itself and hands out a sealed note of it. Here the model is asked for a
//! summary, and the note holds it: whichever provider comes next can go on from it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What the model is asked for instead of an answer.
pub(super) const REQUEST: &str = "The conversation will be cut off here to save space. Write a summary from which it can \
be continued without anything that came before: what the user wants, what was decided and why, what was done and in \
which files, what was found out, and what is left to do. Answer with the summary alone and call no tools.";

/// What stands before the summary where the conversation goes on.
const HEADING: &str = "[summary of the conversation so far]\n";

/// Marks a note that holds a summary of ours.
const CARRIER: &str = "slc1.s.sum.";

/// Makes the note that the client hands back.
pub(super) fn seal(summary: &str) -> String {
    format!("{CARRIER}{}", URL_SAFE_NO_PAD.encode(summary))
}

/// Returns what a note of ours says to the model; `None` for a note that only another provider can read.
pub(crate) fn open(note: &str) -> Option<String> {
    let summary = URL_SAFE_NO_PAD.decode(note.strip_prefix(CARRIER)?).ok()?;
    Some(HEADING.to_owned() + &String::from_utf8(summary).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_comes_back_as_it_was_sealed() {
        assert_eq!(open(&seal("a \"b\" \u{4e16}\n")), Some(HEADING.to_owned() + "a \"b\" \u{4e16}\n"));
        for foreign in ["", "gAAAAABo", "slc1.s.sum.???", "slc1.s.sum._w"] {
            assert_eq!(open(foreign), None, "{foreign}");
        }
    }
}
