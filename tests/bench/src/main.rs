//! Measures what a gateway costs: CPU time per request and per streamed event, and the latency it adds,
//! for Sluice and for nginx as the floor, side by side in interleaved rounds.
//!
//! ```text
//!   core A                      core B
//!   ┌───────────────┐           ┌────────────────────────┐
//!   │ gateway under │ ◄──────── │ load (closed loop)      │
//!   │ test, alone   │ ────────► │ upstream (preserialised)│
//!   └───────────────┘           └────────────────────────┘
//! ```
//! Translation is measured by itself as well, without sockets, beside parsing the same bytes as JSON.
//!
//! Every request and every reply is compared byte for byte at its far end, so a figure is only ever that of
//! a gateway that did its work.

#![expect(
    clippy::disallowed_methods,
    reason = "durations are what is measured here, and no file outlives a crash that spoils the run"
)]

mod compare;
mod exchange;
mod http1;
mod load;
mod pairs;
mod passage;
mod process;
mod report;
mod samples;
mod subject;
mod translated;
mod upstream;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The gateway's own, so that what translation and parsing allocate costs here what it costs there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "sluice-bench", about = "What a gateway costs, with nginx as the floor.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the scripted exchanges and prints the address it listens on.
    Upstream(upstream::Arguments),
    /// Asks one exchange in a closed loop and prints the tally as JSON.
    Load(load::Arguments),
    /// Runs everything and prints one table.
    Compare(compare::Arguments),
    /// Translates between all pairs of protocols, without sockets, and prints one table.
    Translate(pairs::Arguments),
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Upstream(arguments) => on_one_thread(upstream::run(arguments)).map(|()| ExitCode::SUCCESS),
        Command::Load(arguments) => on_one_thread(load::run(arguments)).map(|()| ExitCode::SUCCESS),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Translate(arguments) => pairs::run(&arguments),
    }
}

/// Upstream and load share one core, so a second thread would only add switches between them.
fn on_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
