//! The command line of the desktop application.

use std::path::PathBuf;

use clap::Parser;

/// One local address for every AI model, in the tray.
#[derive(Clone, Debug, Parser)]
#[command(name = "sluice-desktop", version, about)]
pub(crate) struct Options {
    /// Start in the tray, without a window; starting at login does so
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Run two simulated channels in memory, one of them flaky; reads and writes no file of yours
    #[arg(long, conflicts_with = "config")]
    pub(crate) demo: bool,
    /// Run the demo where nothing is configured yet
    #[arg(long, conflicts_with = "config")]
    pub(crate) demo_if_new: bool,
    /// Use this configuration file (TOML, YAML, JSON or a settings.py); it is watched and never written
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What to log: error, warn, info, debug, or directives such as info,gateway=debug
    #[arg(long, value_name = "LEVEL", env = "SLUICE_LOG")]
    pub(crate) log: Option<String>,
}
