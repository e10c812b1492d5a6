//! Whether the first steps were taken or skipped: they are offered once.

use std::io;
use std::path::PathBuf;

use store::{Home, Mode, write_atomic};

/// Whether the window shall begin with the first steps: nothing is configured, and they were never finished.
pub(crate) fn is_due(home: Option<&Home>, channels: usize) -> bool {
    // The demo has no home and brings its channels.
    home.is_some_and(|home| channels == 0 && !mark(home).exists())
}

/// Remembers that they were taken or skipped.
pub(crate) fn finish(home: Option<&Home>) -> io::Result<()> {
    home.map_or(Ok(()), |home| write_atomic(&mark(home), b"", Mode::PRIVATE_FILE))
}

fn mark(home: &Home) -> PathBuf {
    home.state().join("first-run-finished")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_first_steps_are_offered_until_they_are_finished_or_a_channel_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        home.prepare().unwrap();
        assert!(is_due(Some(&home), 0));
        assert!(!is_due(Some(&home), 1));
        finish(Some(&home)).unwrap();
        assert!(!is_due(Some(&home), 0));
    }

    #[test]
    fn the_demo_has_no_first_steps() {
        finish(None).unwrap();
        assert!(!is_due(None, 0));
    }
}
