//! Gathers log lines and writes them out in batches: one wake and one write for many requests instead of one each.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(20);
/// What may wait to be written. A log that cannot keep up loses lines rather than hold up a request.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// Takes lines from any thread.
pub(crate) struct Batch {
    shared: Arc<Shared>,
}

/// Writes until it is dropped, which writes out what is left.
pub(crate) struct BatchWriter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    woken: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    closed: bool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    /// Starts the thread that writes to `sink`. It sleeps as long as nothing is logged.
    pub(crate) fn start(sink: impl Write + Send + 'static) -> io::Result<(Batch, BatchWriter)> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&writer, sink))?;
        Ok((Batch { shared: Arc::clone(&shared) }, BatchWriter { shared, thread: Some(thread) }))
    }
}

impl Write for &Batch {
    /// The formatter hands over one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut waiting = self.shared.waiting();
        if waiting.lines.len() + event.len() > WAITING_BYTES_MAX {
            waiting.lost += 1;
            return Ok(event.len());
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(event);
        drop(waiting);
        if first {
            self.shared.woken.notify_one();
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Batch {
    type Writer = &'a Batch;

    fn make_writer(&'a self) -> &'a Batch {
        self
    }
}

impl Drop for BatchWriter {
    fn drop(&mut self) {
        self.shared.waiting().closed = true;
        self.shared.woken.notify_one();
        if let Some(thread) = self.thread.take() {
            // A sink that panicked has nothing more to write.
            drop(thread.join());
        }
    }
}

fn write(shared: &Shared, mut sink: impl Write) {
    loop {
        let mut waiting = shared.waiting();
        while waiting.lines.is_empty() && !waiting.closed {
            waiting = shared.woken.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.closed {
            // More lines may come while this waits; only closing wakes it early.
            let gathering = shared.woken.wait_timeout_while(waiting, GATHER, |waiting| !waiting.closed);
            waiting = gathering.unwrap_or_else(PoisonError::into_inner).0;
        }
        let lines = std::mem::take(&mut waiting.lines);
        let lost = std::mem::take(&mut waiting.lost);
        let closed = waiting.closed;
        drop(waiting);
        // A full disk or a closed terminal must not end the log: the next batch may succeed.
        drop(sink.write_all(&lines));
        if lost > 0 {
            drop(writeln!(sink, "{lost} log lines were lost: they came faster than they could be written"));
        }
        drop(sink.flush());
        if closed {
            return;
        }
    }
}

/// Writes to two sinks, whatever becomes of the other.
pub(crate) struct Both<A, B>(pub(crate) A, pub(crate) B);

impl<A: Write, B: Write> Write for Both<A, B> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let (first, second) = (self.0.write_all(lines), self.1.write_all(lines));
        first.and(second).map(|()| lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let (first, second) = (self.0.flush(), self.1.flush());
        first.and(second)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// A sink that keeps what it gets.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(lines);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A sink that fails.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _lines: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn every_line_of_every_thread_is_written_whole_by_the_time_the_log_is_closed() {
        let kept = Kept::default();
        let (batch, writer) = Batch::start(kept.clone()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let mut batch = &batch;
                scope.spawn(move || {
                    for line in 0..500 {
                        batch.write_all(format!("{thread} {line} end\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(writer);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 2_000);
        assert!(text.lines().all(|line| line.ends_with(" end")));
    }

    #[test]
    fn one_broken_sink_does_not_silence_the_other() {
        let kept = Kept::default();
        let (batch, writer) = Batch::start(Both(Broken, kept.clone())).unwrap();
        (&batch).write_all(b"still here\n").unwrap();
        drop(writer);
        assert_eq!(*kept.0.lock().unwrap(), b"still here\n");
    }
}
