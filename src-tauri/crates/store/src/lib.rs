//! Files and secrets: the home folder, the configuration file and its watch, keys, the clock.
//!
//! Everything that outlives a process or is shared between processes is written here, and only here,
//! always whole or not at all.

mod atomic;
mod environment;
mod home;
mod lock;
mod running;

pub use atomic::{Mode, write_atomic};
pub use environment::Environment;
pub use home::{HOME_VARIABLE, Home, HomeFault, NoHome};
pub use running::{Instance, InstanceFault, Running};
