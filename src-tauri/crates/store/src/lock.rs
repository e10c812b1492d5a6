//! Locks between processes. The operating system releases them when a process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::atomic::{self, Mode};

/// Waits until this process holds the lock; dropping the file releases it.
pub(crate) fn exclusive(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock()?;
    Ok(file)
}

/// Takes the lock if nobody holds it; `None` where another process does.
pub(crate) fn try_exclusive(path: &Path) -> io::Result<Option<File>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Tells whether another process holds the lock. A missing file is held by nobody.
pub(crate) fn is_held(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    atomic::set_mode(path, Mode::PRIVATE_FILE)?;
    Ok(file)
}
