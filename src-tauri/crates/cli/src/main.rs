//! `sluice`: the gateway without a window, and everything a person may ask of it.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line was not understood.

mod args;
mod banner;
mod channels;
mod door;
mod fault;
mod first_request;
mod import;
mod keys;
mod paint;
mod pause;
mod probe;
mod proxies;
mod route;
mod serve;
mod signals;
mod simulate;
mod status;
mod table;
mod why;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command, Everywhere};
use crate::door::Door;
use crate::paint::Paint;

/// The system allocator keeps what a burst of streams needed; this one gives it back. It is built not to ask for huge
/// pages, which would hold 8 MiB where less than 2 are used.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command prints, and whether it found everything in order.
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) code: ExitCode,
}

impl Outcome {
    pub(crate) fn done(text: impl Into<String>) -> Outcome {
        Outcome { text: text.into(), code: ExitCode::SUCCESS }
    }

    pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<Outcome> {
        Ok(Outcome::done(serde_json::to_string_pretty(value)? + "\n"))
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error),
    };
    let json = arguments.everywhere.json;
    journal::forbid_core_dumps();
    // One thread serves local traffic with the least CPU per request; files and name look-ups block elsewhere.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into(), json),
    };
    let outcome = runtime.block_on(perform(arguments));
    // Nothing that still runs may hold up the end.
    runtime.shutdown_background();
    match outcome {
        Ok(outcome) => print(&outcome, json),
        Err(error) => failed(&error, json),
    }
}

/// Prints what clap found, which is help or the version where that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        // Without standard output there is nobody left to tell.
        let _ = write!(std::io::stdout(), "{}", fault::usage_as_json(&error.to_string()));
    }
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

async fn perform(arguments: Arguments) -> anyhow::Result<Outcome> {
    let Arguments { everywhere, command } = arguments;
    match command {
        Command::Serve(options) => serve::run(&everywhere, &options).await,
        Command::Sim(options) => simulate::run(&everywhere, &options).await,
        Command::Test { name } => probe::run(&everywhere, name).await,
        Command::Channels { change } => channels::run(&everywhere, change).await,
        Command::Proxies { change } => proxies::run(&everywhere, change).await,
        Command::Keys { change } => keys::run(&everywhere, change).await,
        Command::Import(options) => import::run(&everywhere, &options).await,
        Command::Pause => pause::run(&everywhere, true).await,
        Command::Resume => pause::run(&everywhere, false).await,
        Command::Route { model, protocol } => route::run(&everywhere, model, protocol).await,
        Command::Why { id } => why::run(&everywhere, id).await,
        Command::Status => status::run(&everywhere).await,
        Command::Schema => Outcome::json(&config::schema()),
    }
}

/// Opens the way to the operations for a command that also works without a running gateway.
pub(crate) async fn door(everywhere: &Everywhere) -> anyhow::Result<Door> {
    journal::start_brief(Paint::for_stderr().colours());
    Door::to_anything(everywhere).await
}

fn print(outcome: &Outcome, json: bool) -> ExitCode {
    match std::io::stdout().write_all(outcome.text.as_bytes()) {
        // Whoever reads may stop early, as `head` does.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => failed(&error.into(), json),
        Ok(()) | Err(_) => outcome.code,
    }
}

/// Tells the person on standard error, and with `--json` the program on standard output too.
fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    if json {
        // A closed output has nobody left to tell.
        let _ = write!(std::io::stdout(), "{}", fault::as_json(error));
    }
    let word = Paint::for_stderr().bad("error:");
    let _ = writeln!(std::io::stderr(), "{word} {error:#}");
    ExitCode::FAILURE
}
