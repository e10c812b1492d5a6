//! The configuration file: read, watched, edited, and what it means at the moment.
//!
//! ```text
//! file ──► Reader ──┬─► snapshot()   what is in force: the newest content that was valid
//!  ▲ ▲              └─► problems()   what a person should know about the newest content
//!  │ └─ watch()
//!  └─── edit()
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use config::{Finding, Severity, Snapshot};
use tokio::sync::watch;

use crate::atomic::{Mode, write_atomic};
use crate::folder_watch::{FolderWatch, WatchFault};
use crate::home::{absolute, real_path};
use crate::reading::{Content, Mark, Overrides, Reader, current_version, name_of, whole_file};
use crate::{Environment, Home, lock};

/// What the first edit of a missing file starts from.
const EMPTY_FILE: &str = "version = 1\n";

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The home's `config.toml`: edited by operations, migrated, and kept as a last good copy.
    Native(Home),
    /// A file that the user named, in any format: watched, never written.
    Given(PathBuf),
    /// TOML text in memory: edits change the text, nothing is written.
    Memory(String),
}

/// The configuration file and what is in force. Clones share one state.
#[derive(Clone)]
pub struct ConfigFile {
    shared: Arc<Shared>,
}

/// The configuration cannot be put in force at the start.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The file is invalid, and there is no last good copy to stand in for it.
    #[error("{}", listed(findings))]
    Invalid {
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// The file cannot be read.
    #[error("configuration file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// An edit did not take place. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditFault<E> {
    /// The file belongs to the user.
    #[error("{} was given by --config and is never rewritten: edit it by hand, it takes effect at once", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The change itself is not possible.
    #[error("{0}")]
    Change(E),
    /// The file would be, or already is, invalid.
    #[error("{}", listed(findings))]
    Invalid {
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// The file cannot be read or written.
    #[error("configuration file {} cannot be changed: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

struct Shared {
    place: Place,
    reader: Reader,
    snapshot: watch::Sender<Arc<Snapshot>>,
    problems: watch::Sender<Arc<[Finding]>>,
    /// The content judged last. Held while content is judged, so that results are published in order.
    judged: Mutex<Mark>,
    watch: Mutex<Option<FolderWatch>>,
}

enum Place {
    Native(Home),
    Given(PathBuf),
    Memory(Mutex<String>),
}

/// What is known right after a start.
struct Opened {
    snapshot: Snapshot,
    problems: Vec<Finding>,
    mark: Mark,
}

impl ConfigFile {
    /// Reads the configuration and puts it in force.
    ///
    /// An invalid `config.toml` gives way to the last good copy, and `problems` says so; an invalid file given by
    /// the user is refused. A missing `config.toml` means the defaults. The home must be prepared.
    pub fn open(
        origin: Origin,
        environment: Environment,
        overrides: Overrides,
    ) -> Result<ConfigFile, OpenFault> {
        let reader = Reader { environment, overrides };
        let (place, opened) = match origin {
            Origin::Native(home) => {
                let opened = open_native(&home, &reader)?;
                (Place::Native(home), opened)
            }
            Origin::Given(path) => {
                let path = absolute(&path);
                let opened = open_given(&path, &reader)?;
                (Place::Given(path), opened)
            }
            Origin::Memory(text) => {
                let opened = open_bytes("", text.as_bytes(), &reader)?;
                (Place::Memory(Mutex::new(text)), opened)
            }
        };
        Ok(ConfigFile {
            shared: Arc::new(Shared {
                place,
                reader,
                snapshot: watch::Sender::new(Arc::new(opened.snapshot)),
                problems: watch::Sender::new(opened.problems.into()),
                judged: Mutex::new(opened.mark),
                watch: Mutex::new(None),
            }),
        })
    }

    /// The configuration in force; changes when a new valid one takes effect.
    pub fn snapshot(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.shared.snapshot.subscribe()
    }

    /// What a person should know about the file as it is now: errors if it is not in force, else warnings.
    pub fn problems(&self) -> watch::Receiver<Arc<[Finding]>> {
        self.shared.problems.subscribe()
    }

    /// The file, where there is one.
    pub fn path(&self) -> Option<PathBuf> {
        self.shared.path()
    }

    /// Begins to watch the file: an edit by any program takes effect a moment after its last write.
    pub fn watch(&self) -> Result<(), WatchFault> {
        let Some(path) = self.path() else {
            return Ok(());
        };
        let shared = Arc::downgrade(&self.shared);
        let watch = FolderWatch::begin(&path, move || {
            // The watch's own thread may outlive the last owner by a tick.
            if let Some(shared) = shared.upgrade() {
                shared.reload();
            }
        })?;
        *guard(&self.shared.watch) = Some(watch);
        // What was written between the first reading and now raised no event.
        self.shared.reload();
        Ok(())
    }

    /// Changes the file's text, one process at a time, so that no edit is lost; the result takes effect at once.
    ///
    /// Waits for other processes' edits: call it where blocking is allowed.
    pub fn edit<E>(&self, change: impl FnOnce(&str) -> Result<String, E>) -> Result<(), EditFault<E>> {
        match &self.shared.place {
            Place::Native(home) => self.shared.edit_native(home, change),
            Place::Given(path) => Err(EditFault::NotOurs { path: path.clone() }),
            Place::Memory(text) => self.shared.edit_memory(&mut guard(text), change),
        }
    }
}

impl Shared {
    fn path(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Native(home) => Some(home.config()),
            Place::Given(path) => Some(path.clone()),
            Place::Memory(_) => None,
        }
    }

    /// Reads the file again; nothing happens if its content was judged already.
    fn reload(&self) {
        let Some(path) = self.path() else { return };
        if let Some(watch) = &mut *guard(&self.watch)
            && let Err(error) = watch.follow()
        {
            tracing::warn!(%error, "the configuration's folder is not watched any more");
        }
        let mut judged = guard(&self.judged);
        let content = Content::of(&path);
        let mark = content.mark();
        if *judged == mark {
            return;
        }
        *judged = mark;
        self.judge(&path, content);
    }

    fn judge(&self, path: &Path, content: Content) {
        let name = name_of(path);
        let bytes = match content {
            Content::Bytes(bytes) => bytes,
            Content::Missing => return self.keep(vec![whole_file(&name, "the file is missing")]),
            Content::Unreadable(error) => {
                let message = format!("the file cannot be read: {error}");
                return self.keep(vec![whole_file(&name, message)]);
            }
        };
        if bytes.trim_ascii().is_empty() && !self.snapshot.borrow().channels.is_empty() {
            // A program that truncates before it writes would otherwise take every channel away for a moment.
            return self.keep(vec![whole_file(&name, "the file is empty")]);
        }
        match self.reader.read(&name, &bytes) {
            Ok(snapshot) => {
                if let Place::Native(home) = &self.place {
                    keep_last_good(home, &bytes);
                }
                self.put_in_force(snapshot);
            }
            Err(findings) => self.keep(findings),
        }
    }

    fn put_in_force(&self, snapshot: Snapshot) {
        tracing::info!(channels = snapshot.channels.len(), "configuration in force");
        report(&snapshot.findings);
        self.problems.send_replace(snapshot.findings.clone().into());
        self.snapshot.send_replace(Arc::new(snapshot));
    }

    /// Leaves the last good configuration in force and says why.
    fn keep(&self, findings: Vec<Finding>) {
        for finding in &findings {
            tracing::error!("{finding}; the last good configuration stays in force");
        }
        self.problems.send_replace(findings.into());
    }

    fn edit_native<E>(
        &self,
        home: &Home,
        change: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<(), EditFault<E>> {
        let path = home.config();
        let fault = |source| EditFault::File { path: path.clone(), source };
        let _lock = lock::exclusive(&home.config_lock()).map_err(fault)?;
        let old = read_text(&path).map_err(fault)?;
        let name = name_of(&path);
        let text = old.as_deref().unwrap_or(EMPTY_FILE);
        let migrated = current_version(&name, text).map_err(|findings| EditFault::Invalid { findings })?;
        let new = change(migrated.as_deref().unwrap_or(text)).map_err(EditFault::Change)?;
        let mut judged = guard(&self.judged);
        let snapshot =
            self.reader.read(&name, new.as_bytes()).map_err(|findings| EditFault::Invalid { findings })?;
        if old.as_ref() != Some(&new) {
            write_atomic(&real_path(&path), new.as_bytes(), Mode::PRIVATE_FILE).map_err(fault)?;
        }
        *judged = Mark::of(new.as_bytes());
        keep_last_good(home, new.as_bytes());
        self.put_in_force(snapshot);
        Ok(())
    }

    fn edit_memory<E>(
        &self,
        text: &mut String,
        change: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<(), EditFault<E>> {
        let new = change(text).map_err(EditFault::Change)?;
        let snapshot =
            self.reader.read("", new.as_bytes()).map_err(|findings| EditFault::Invalid { findings })?;
        *text = new;
        self.put_in_force(snapshot);
        Ok(())
    }
}

fn open_native(home: &Home, reader: &Reader) -> Result<Opened, OpenFault> {
    let path = home.config();
    let name = name_of(&path);
    if let Err(fault) = migrate_file(home) {
        // The text is still understood as its migration would be; only the file stays as it is.
        tracing::warn!(%fault, "config.toml was not migrated");
    }
    let content = Content::of(&path);
    let mark = content.mark();
    let findings = match content {
        Content::Missing => {
            return open_bytes(&name, EMPTY_FILE.as_bytes(), reader).map(|opened| Opened { mark, ..opened });
        }
        Content::Bytes(bytes) => match open_bytes(&name, &bytes, reader) {
            Ok(opened) => {
                keep_last_good(home, &bytes);
                return Ok(opened);
            }
            Err(OpenFault::Invalid { findings }) => findings,
            Err(fault @ OpenFault::Unreadable { .. }) => return Err(fault),
        },
        Content::Unreadable(error) => {
            vec![whole_file(&name, format!("the file cannot be read: {error}"))]
        }
    };
    let Some(snapshot) = last_good(home, reader) else {
        return Err(OpenFault::Invalid { findings });
    };
    for finding in &findings {
        tracing::error!("{finding}; the last good copy is used");
    }
    Ok(Opened { snapshot, problems: findings, mark })
}

fn open_given(path: &Path, reader: &Reader) -> Result<Opened, OpenFault> {
    let unreadable = |source| OpenFault::Unreadable { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    open_bytes(&name_of(path), &bytes, reader)
}

fn open_bytes(name: &str, bytes: &[u8], reader: &Reader) -> Result<Opened, OpenFault> {
    let snapshot = reader.read(name, bytes).map_err(|findings| OpenFault::Invalid { findings })?;
    Ok(Opened { problems: snapshot.findings.clone(), snapshot, mark: Mark::of(bytes) })
}

/// Brings an older `config.toml` up to date and keeps the old text beside the last good copy.
fn migrate_file(home: &Home) -> io::Result<()> {
    let path = home.config();
    if !path.exists() {
        return Ok(());
    }
    let _lock = lock::exclusive(&home.config_lock())?;
    let Some(old) = read_text(&path)? else {
        return Ok(());
    };
    // A newer version, or no TOML at all, is left untouched; reading it explains what is wrong.
    let Ok(Some(new)) = config::migrate(&old) else {
        return Ok(());
    };
    write_atomic(&home.config_before_migration(), old.as_bytes(), Mode::PRIVATE_FILE)?;
    write_atomic(&real_path(&path), new.as_bytes(), Mode::PRIVATE_FILE)?;
    tracing::info!(
        before = %home.config_before_migration().display(),
        "config.toml migrated to the current version"
    );
    Ok(())
}

fn last_good(home: &Home, reader: &Reader) -> Option<Snapshot> {
    let path = home.config_last_good();
    let bytes = fs::read(&path).ok()?;
    reader.read("config.toml", &bytes).ok()
}

fn keep_last_good(home: &Home, bytes: &[u8]) {
    let path = home.config_last_good();
    if fs::read(&path).is_ok_and(|kept| kept == bytes) {
        return;
    }
    if let Err(error) = write_atomic(&path, bytes, Mode::PRIVATE_FILE) {
        tracing::warn!(%error, path = %path.display(), "the last good configuration was not kept");
    }
}

fn read_text(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes findings to the log, each at the level of its severity.
pub fn report(findings: &[Finding]) {
    for finding in findings {
        match finding.severity {
            Severity::Advice => tracing::info!("{finding}"),
            Severity::Warning => tracing::warn!("{finding}"),
            Severity::Error => tracing::error!("{finding}"),
        }
    }
}

fn listed(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// A panic elsewhere leaves this state whole: every change of it is one assignment.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
