//! Files and secrets: the home folder, the configuration file and its watch, keys, the clock.
//!
//! Everything that outlives a process or is shared between processes is written here, and only here,
//! always whole or not at all.

mod atomic;
mod client_keys;
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
mod vault;

pub use atomic::{Mode, write_atomic};
pub use client_keys::{CLIENT_KEY_VARIABLE, ClientKey, ClientKeyFault, ClientKeys};
pub use clock::Clock;
pub use config::SecretId;
pub use config_file::{ConfigFile, EditFault, OpenFault, Origin, gravest_first, report};
pub use environment::Environment;
pub use folder_watch::WatchFault;
pub use home::{HOME_VARIABLE, Home, HomeFault, NoHome};
pub use random::random_seed;
pub use reading::Overrides;
pub use running::{Instance, InstanceFault, Running};
pub use secret::{ADMIN_TOKEN_VARIABLE, AdminToken, Kept, SecretFault, secrets_of};
pub use vault::{
    Availability, SECRET_BYTES_MAX, SavedSecret, VAULT_PASSPHRASE_VARIABLE, Vault, VaultChoice, VaultFault,
    VaultKind, VaultState,
};
