//! The log: coloured on a terminal, in files of a day each, never with a secret.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;
use store::Clock;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::batch::{Batch, BatchWriter, Both};
use crate::fields::PlainFields;
use crate::mask::{Mask, Masked};
use crate::rolling::Rolling;

/// Libraries that print headers, and with them keys, at their finest levels. No setting lowers this.
const CAPPED: [&str; 8] =
    ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tokio_rustls", "tower", "notify"];

/// A log that is being written. What is queued is written out when it is dropped.
pub struct Log {
    /// What it leaves out.
    pub mask: Mask,
    _writers: Vec<BatchWriter>,
}

/// What to log, and where.
pub struct LogPlan<'a> {
    /// Filter directives, such as `info` or `info,gateway=debug`.
    pub directives: &'a str,
    /// The folder of the files, and how many are kept; nothing writes no files.
    pub files: Option<(&'a Path, u32)>,
    /// Whether standard error is a terminal that shows colours.
    pub coloured: bool,
}

/// There is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// The filter directives cannot be understood.
    #[error(
        "log level {0:?} cannot be understood: write error, warn, info, debug, trace or off, \
         or directives such as info,gateway=debug"
    )]
    Directives(String),
    /// Its thread cannot be started.
    #[error("the log cannot be started: {0}")]
    Thread(#[from] io::Error),
    /// This process has a log already.
    #[error(transparent)]
    Started(#[from] TryInitError),
}

/// Starts the log of a running gateway: standard error and daily files.
///
/// Both are written by a thread of their own and lose lines rather than hold up a request. A terminal gets colours
/// and short times; where standard error is no terminal, it gets the files' lines, so that each is made once.
pub fn start(plan: &LogPlan<'_>, clock: Clock) -> Result<Log, LogFault> {
    let mask = Mask::default();
    let filter = filter(plan.directives)?;
    let (file, unwritable) = match plan.files.map(|(folder, kept)| (folder, open(folder, kept, clock))) {
        Some((_, Ok(file))) => (Some(file), None),
        Some((folder, Err(error))) => (None, Some((folder, error))),
        None => (None, None),
    };
    let registry = tracing_subscriber::registry().with(filter).with(caps());
    let mut writers = Vec::new();
    let mut batch = |sink: Box<dyn Write + Send>| -> io::Result<Batch> {
        let (batch, writer) = Batch::start(Masked::new(mask.clone(), sink))?;
        writers.push(writer);
        Ok(batch)
    };
    if plan.coloured {
        let console = fmt::layer()
            .with_timer(WallTime::of_day(clock))
            .with_target(false)
            .with_writer(batch(Box::new(io::stderr()))?);
        let file = match file {
            Some(file) => Some(plain(clock, batch(Box::new(file))?)),
            None => None,
        };
        registry.with(console).with(file).try_init()?;
    } else {
        let sink: Box<dyn Write + Send> = match file {
            Some(file) => Box::new(Both(io::stderr(), file)),
            None => Box::new(io::stderr()),
        };
        registry.with(plain(clock, batch(sink)?)).try_init()?;
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    if let Some((folder, error)) = unwritable {
        // Traffic must not depend on a full or read-only disk.
        tracing::warn!("no log files: {}: {error}", folder.display());
    }
    Ok(Log { mask, _writers: writers })
}

/// Reads filter directives. A bare word is a level: what the filter would take for the name of a target is a slip.
fn filter(directives: &str) -> Result<EnvFilter, LogFault> {
    let not_understood = || LogFault::Directives(directives.to_owned());
    let mut bare = directives.split(',').map(str::trim).filter(|part| !part.contains(['=', '[']));
    if bare.any(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(not_understood());
    }
    EnvFilter::try_new(directives).map_err(|_| not_understood())
}

/// Lines as files keep them: dated, without colours. Every request pays for one.
fn plain<S>(clock: Clock, batch: Batch) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = fmt::layer()
        .with_timer(WallTime::full(clock))
        .with_target(false)
        .with_ansi(false)
        .fmt_fields(PlainFields)
        .with_writer(batch);
    Box::new(layer)
}

/// Starts the log of a command that runs for a moment: errors on standard error. What it found is what it prints.
pub fn start_brief(coloured: bool) {
    let console = tracing_subscriber::fmt::layer()
        .without_time()
        .with_target(false)
        .with_ansi(coloured)
        .with_writer(Masked::new(Mask::default(), std::io::stderr));
    // Only one log can be started in a process; a second try changes nothing.
    let _ = tracing_subscriber::registry().with(LevelFilter::ERROR).with(caps()).with(console).try_init();
}

fn caps() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(CAPPED.map(|library| (library, LevelFilter::INFO)))
}

/// Opens the files. Their days are those of UTC, so that no day is longer than another.
fn open(folder: &Path, kept: u32, clock: Clock) -> io::Result<impl Write + Send + 'static> {
    let kept = usize::try_from(kept).unwrap_or(usize::MAX);
    Rolling::open(folder, kept, move || clock.now().wall.to_zoned(TimeZone::UTC).date())
}

/// The time of a line, in the zone of whoever reads it.
struct WallTime {
    clock: Clock,
    zone: TimeZone,
    /// What stands before the milliseconds, and behind them.
    form: (&'static str, &'static str),
    /// The second that was written last: a busy second is put into words once.
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    second: Option<i64>,
    before: String,
    after: String,
}

impl WallTime {
    fn of_day(clock: Clock) -> WallTime {
        WallTime::new(clock, ("%H:%M:%S", ""))
    }

    fn full(clock: Clock) -> WallTime {
        WallTime::new(clock, ("%Y-%m-%dT%H:%M:%S", "%:z"))
    }

    fn new(clock: Clock, form: (&'static str, &'static str)) -> WallTime {
        WallTime { clock, zone: TimeZone::system(), form, shown: Mutex::default() }
    }
}

impl FormatTime for WallTime {
    fn format_time(&self, line: &mut Writer<'_>) -> std::fmt::Result {
        let now = self.clock.now().wall;
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.second != Some(now.as_second()) {
            let local = now.to_zoned(self.zone.clone());
            let (before, after) = self.form;
            *shown = Shown {
                second: Some(now.as_second()),
                before: local.strftime(before).to_string(),
                after: local.strftime(after).to_string(),
            };
        }
        write!(line, "{}.{:03}{}", shown.before, now.subsec_millisecond(), shown.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_of_the_log_level_is_a_level() {
        for (directives, understood) in [
            ("info", true),
            ("WARN", true),
            ("off", true),
            ("info,gateway=debug", true),
            ("verbose", false),
            ("info,verbose", false),
            ("gateway=loud", false),
        ] {
            assert_eq!(filter(directives).is_ok(), understood, "{directives}");
        }
    }
}
