//! Which gateway runs in this home, so that the command line finds it and a second one does not start.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::atomic::{Mode, write_atomic};
use crate::{Home, lock};

/// A look at the lock by another command holds it for an instant; a start tries this often before it gives up.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// What a running gateway says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Where it listens; the first is the one to use.
    pub addresses: Vec<SocketAddr>,
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

impl Running {
    /// Finds the gateway that runs in this home. A file left by a killed process is not taken for one.
    pub fn find(home: &Home) -> Option<Running> {
        if !lock::is_held(&lock_path(home)) {
            return None;
        }
        let bytes = fs::read(running_path(home)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// The right to be this home's one gateway; given back when dropped, and by the system when the process ends.
#[derive(Debug)]
pub struct Instance {
    home: Home,
    _lock: File,
}

/// Why this process cannot be the home's gateway.
#[derive(Debug, thiserror::Error)]
pub enum InstanceFault {
    /// Another one runs.
    #[error("{}", describe(running.as_ref()))]
    AlreadyRuns {
        /// What it says of itself; `None` while it starts.
        running: Option<Running>,
    },
    /// The lock file cannot be used.
    #[error("{} cannot be locked: {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Instance {
    /// Becomes the home's one gateway, and sweeps what killed processes left. The home must be prepared.
    pub fn acquire(home: &Home) -> Result<Instance, InstanceFault> {
        let path = lock_path(home);
        for _ in 0..LOCK_TRIES {
            match lock::try_exclusive(&path) {
                Ok(Some(lock)) => return Ok(Instance::begin(home, lock)),
                Ok(None) => thread::sleep(LOCK_PAUSE),
                Err(source) => return Err(InstanceFault::Lock { path, source }),
            }
        }
        Err(InstanceFault::AlreadyRuns { running: Running::find(home) })
    }

    /// Tells other programs of this user where the gateway listens.
    pub fn announce(&self, running: &Running) -> io::Result<()> {
        let json = serde_json::to_vec_pretty(running)?;
        write_atomic(&running_path(&self.home), &json, Mode::PRIVATE_FILE)
    }

    fn begin(home: &Home, lock: File) -> Instance {
        // Edits hold their own lock while they write: taking it means that no temporary file is in use.
        if let Ok(_edits) = lock::exclusive(&home.config_lock()) {
            let swept = home.sweep();
            if swept > 0 {
                tracing::info!(swept, "temporary files of a killed process removed");
            }
        }
        Instance { home: home.clone(), _lock: lock }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A file that stays is harmless: without the lock nobody believes it.
        let _ = fs::remove_file(running_path(&self.home));
    }
}

fn describe(running: Option<&Running>) -> String {
    let advice = "stop it, or set SLUICE_HOME to another folder for a second one";
    match running {
        Some(running) => {
            let address =
                running.addresses.first().map_or_else(String::new, |address| format!(" at http://{address}"));
            format!("a gateway of this home already runs{address} (process {}): {advice}", running.pid)
        }
        None => format!("a gateway of this home is already starting: {advice}"),
    }
}

fn lock_path(home: &Home) -> PathBuf {
    home.run().join("gateway.lock")
}

fn running_path(home: &Home) -> PathBuf {
    home.run().join("gateway.json")
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "a test may panic, and plays the other programs that write these files"
    )]
    use super::*;

    fn running() -> Running {
        Running { addresses: vec!["127.0.0.1:7584".parse().unwrap()], pid: 42, version: "0.1.0".to_owned() }
    }

    #[test]
    fn a_second_gateway_is_refused_and_told_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        home.prepare().unwrap();
        let first = Instance::acquire(&home).unwrap();
        first.announce(&running()).unwrap();

        let refused = Instance::acquire(&home).unwrap_err().to_string();

        assert!(refused.contains("http://127.0.0.1:7584"), "{refused}");
        assert!(refused.contains("process 42"), "{refused}");
        assert_eq!(Running::find(&home), Some(running()));
    }

    #[test]
    fn the_file_of_a_killed_gateway_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        home.prepare().unwrap();
        let first = Instance::acquire(&home).unwrap();
        first.announce(&running()).unwrap();
        let left = fs::read(running_path(&home)).unwrap();
        drop(first);
        fs::write(running_path(&home), left).unwrap();

        assert_eq!(Running::find(&home), None);
        Instance::acquire(&home).unwrap();
    }
}
