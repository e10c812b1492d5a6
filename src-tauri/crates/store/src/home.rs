//! Where the files live, and who may read them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Environment;
use crate::atomic::{self, Mode};

/// The variable that moves every file of ours under one folder.
pub const HOME_VARIABLE: &str = "SLUICE_HOME";

/// The folders of one installation.
///
/// With `SLUICE_HOME` everything lies under that folder; without it in the places the operating system names:
///
/// ```text
///                 SLUICE_HOME=/x      Linux
/// config()        /x/config.toml      ~/.config/sluice/config.toml
/// client_key()    /x/client-key       ~/.local/share/sluice/client-key
/// admin_token()   /x/admin-token      ~/.local/share/sluice/admin-token
/// vault()         /x/vault.age        ~/.local/share/sluice/vault.age
/// state()         /x/state            ~/.local/state/sluice
/// run()           /x/run              ~/.local/state/sluice/run
/// logs()          /x/logs             ~/.local/state/sluice/logs
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
}

/// No folder for the files could be found.
#[derive(Debug, thiserror::Error)]
#[error("no home folder is known for this user: set {HOME_VARIABLE} to the folder that shall hold the files")]
pub struct NoHome;

/// A folder could not be made, or its rights could not be set.
#[derive(Debug, thiserror::Error)]
#[error("folder {} cannot be used: {source}", folder.display())]
pub struct HomeFault {
    /// The folder in question.
    pub folder: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl Home {
    /// Finds the home: `SLUICE_HOME` if it is set, else the operating system's folders. Touches nothing.
    pub fn find(environment: &Environment) -> Result<Home, NoHome> {
        if let Some(folder) = environment.filled(HOME_VARIABLE) {
            return Ok(Home::at(absolute(Path::new(&folder))));
        }
        let folders = directories::ProjectDirs::from("", "", "sluice").ok_or(NoHome)?;
        Ok(Home {
            config: folders.config_dir().to_owned(),
            data: folders.data_dir().to_owned(),
            state: folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned(),
        })
    }

    /// Puts everything under one folder.
    pub fn at(folder: impl Into<PathBuf>) -> Home {
        let folder = folder.into();
        Home { state: folder.join("state"), data: folder.clone(), config: folder }
    }

    /// The native configuration file.
    pub fn config(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The copy of the native configuration file as it was when it last loaded.
    pub fn config_last_good(&self) -> PathBuf {
        self.state.join("config.toml.last-good")
    }

    /// The copy of the native configuration file as it was before its last migration.
    pub fn config_before_migration(&self) -> PathBuf {
        self.state.join("config.toml.before-migration")
    }

    /// The file whose lock serialises edits of the configuration between processes.
    pub fn config_lock(&self) -> PathBuf {
        self.state.join("config.lock")
    }

    /// The file that holds the client key made at the first start.
    pub fn client_key(&self) -> PathBuf {
        self.data.join("client-key")
    }

    /// The file that holds the admin token made at the first start.
    pub fn admin_token(&self) -> PathBuf {
        self.data.join("admin-token")
    }

    /// The vault's encrypted file, where the user chose one in place of the keychain.
    pub fn vault(&self) -> PathBuf {
        self.data.join("vault.age")
    }

    /// The file whose lock serialises writings of the vault's file between processes.
    pub fn vault_lock(&self) -> PathBuf {
        self.state.join("vault.lock")
    }

    /// The folder of what the program remembers between runs.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder that says which gateway runs.
    pub fn run(&self) -> PathBuf {
        // With one folder for everything, `run` stands beside `state`, where a person looks for it.
        if self.config == self.data { self.data.join("run") } else { self.state.join("run") }
    }

    /// The folder of the log files.
    pub fn logs(&self) -> PathBuf {
        if self.config == self.data { self.data.join("logs") } else { self.state.join("logs") }
    }

    /// Makes the folders that are missing and repairs the modes of folders (0700) and of our files (0600).
    ///
    /// The folder of the logs may fail: whoever logs finds out and goes on without files.
    pub fn prepare(&self) -> Result<(), HomeFault> {
        for folder in self.folders() {
            make_private(&folder).map_err(|source| HomeFault { folder, source })?;
        }
        let _ = make_private(&self.logs());
        for file in self.private_files() {
            repair(&file).map_err(|source| HomeFault { folder: file, source })?;
        }
        Ok(())
    }

    /// Removes temporary files that a killed process of ours left behind. Returns how many there were.
    ///
    /// Call it only where no other process can be writing: under the lock of the running gateway and of the edits.
    pub fn sweep(&self) -> usize {
        let mut folders = self.folders();
        if let Some(folder) = real_path(&self.config()).parent() {
            folders.push(folder.to_owned());
        }
        folders.dedup();
        folders.iter().map(|folder| atomic::sweep(folder)).sum()
    }

    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.config.clone(), self.data.clone(), self.state.clone(), self.run()];
        folders.dedup();
        folders
    }

    fn private_files(&self) -> [PathBuf; 8] {
        [
            self.config(),
            self.config_last_good(),
            self.config_before_migration(),
            self.config_lock(),
            self.client_key(),
            self.admin_token(),
            self.vault(),
            self.vault_lock(),
        ]
    }
}

/// Follows links to the file that a path means; a path that leads nowhere yet is returned as it is.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes a path independent of the working folder.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    atomic::set_mode(folder, Mode::PRIVATE_FOLDER)
}

fn repair(file: &Path) -> io::Result<()> {
    match atomic::set_mode(file, Mode::PRIVATE_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
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
    fn the_variable_puts_every_file_under_one_folder() {
        let environment = Environment::fixed([(HOME_VARIABLE, "/x")]);
        let home = Home::find(&environment).unwrap();
        for path in [
            home.config(),
            home.client_key(),
            home.admin_token(),
            home.run(),
            home.logs(),
            home.state().to_owned(),
        ] {
            assert!(path.starts_with("/x"), "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_repaired_when_the_home_is_prepared() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.prepare().unwrap();
        fs::write(home.client_key(), "sk-sluice-1").unwrap();
        fs::set_permissions(home.client_key(), fs::Permissions::from_mode(0o666)).unwrap();
        fs::set_permissions(home.run(), fs::Permissions::from_mode(0o777)).unwrap();

        home.prepare().unwrap();

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.client_key()), 0o600);
        for private in home.folders().into_iter().chain([home.logs()]) {
            assert_eq!(mode(&private), 0o700, "{}", private.display());
        }
    }

    #[test]
    fn leftovers_of_ours_are_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        home.prepare().unwrap();
        fs::write(folder.path().join(".sluice-AbC123.tmp"), "half").unwrap();
        fs::write(folder.path().join("notes.tmp"), "mine").unwrap();

        assert_eq!(home.sweep(), 1);

        assert!(folder.path().join("notes.tmp").exists());
    }
}
