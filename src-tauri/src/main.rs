//! `sluice-desktop`: the gateway in the tray, and the window around it.
//!
//! ```text
//! main ─► shell::run ─► desk::Desk (the product and what the shell remembers)
//!                       lifecycle  the gateway from start to drained end, signals, quitting
//!                       tray       icon and menu, as values shown natively
//!                       window     made on demand; events::follow feeds it, commands answer it
//!                       notify     what is worth a notification
//! ```

#![cfg_attr(windows, windows_subsystem = "windows")]

mod autostart;
mod clipboard;
mod commands;
mod desk;
mod events;
mod first_run;
mod lifecycle;
mod live;
mod log;
mod notify;
mod options;
mod shell;
mod signals;
mod tray;
#[cfg(target_os = "linux")]
mod webkit;
mod window;
mod wishes;

use std::process::ExitCode;

use clap::Parser;

use crate::options::Options;

/// The system allocator keeps what a burst of streams needed; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    journal::forbid_core_dumps();
    shell::run(Options::parse())
}
