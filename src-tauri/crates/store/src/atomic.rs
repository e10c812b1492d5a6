//! Writing a file whole or not at all.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

const PREFIX: &str = ".sluice-";
const SUFFIX: &str = ".tmp";

/// Unix permission bits; elsewhere the profile's access list decides and they have no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

impl Mode {
    /// A file that only its owner may read and write: 0600.
    pub const PRIVATE_FILE: Mode = Mode(0o600);
    /// A folder that only its owner may enter: 0700.
    pub const PRIVATE_FOLDER: Mode = Mode(0o700);
}

/// Replaces a file's content so that a reader, a crash or a loss of power finds the old content or the new, never a part.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk, renamed over the target,
/// and then the folder is flushed too. The mode does not depend on the umask.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder)?;
    file.write_all(bytes)?;
    set_mode(file.path(), mode)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Removes what `write_atomic` left in a folder when its process was killed. Returns how many files went.
pub(crate) fn sweep(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| is_leftover(&entry.file_name()))
        .filter(|entry| fs::remove_file(entry.path()).is_ok())
        .count()
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: Mode) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let current = fs::metadata(path)?.permissions().mode() & 0o7777;
    if current == mode.0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode.0))
}

#[cfg(not(unix))]
pub(crate) fn set_mode(path: &Path, _mode: Mode) -> io::Result<()> {
    fs::metadata(path).map(|_| ())
}

fn is_leftover(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    // Windows flushes the directory entry with the file and cannot open a folder for flushing.
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "a test may panic, and plays the other programs that write these files"
    )]
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_content_and_no_leftover() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in the target's place makes the last step, the rename, fail.
        let target = folder.path().join("config.toml");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("inside"), "old").unwrap();

        assert!(write_atomic(&target, b"new", Mode::PRIVATE_FILE).is_err());

        assert_eq!(fs::read(target.join("inside")).unwrap(), b"old");
        assert_eq!(sweep(folder.path()), 0);
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_is_set_also_over_a_file_that_was_open_to_all() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("client-key");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o666)).unwrap();

        write_atomic(&target, b"new", Mode::PRIVATE_FILE).unwrap();

        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
