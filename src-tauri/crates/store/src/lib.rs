//! Files and secrets: the home folder, the configuration file and its watch, keys, the clock.
//!
//! Everything that outlives a process or is shared between processes is written here, and only here,
//! always whole or not at all.

mod atomic;
mod clock;
mod config_file;
mod environment;
mod folder_watch;
mod home;
mod lock;
mod random;
mod reading;
mod running;
mod secret;

pub use atomic::{Mode, write_atomic};
pub use clock::Clock;
pub use config_file::{ConfigFile, EditFault, OpenFault, Origin, gravest_first, report};
pub use environment::Environment;
pub use folder_watch::WatchFault;
pub use home::{HOME_VARIABLE, Home, HomeFault, NoHome};
pub use random::random_seed;
pub use reading::Overrides;
pub use running::{Instance, InstanceFault, Running};
pub use secret::{
    ADMIN_TOKEN_VARIABLE, AdminToken, CLIENT_KEY_VARIABLE, ClientKeys, Kept, SecretFault, secrets_of,
};
