//! The configuration file: read, watched, edited, and what it means at the moment.
//!
//! ```text
//! file ──► Reader ──┬─► snapshot()   what is in force: the newest content that was valid
//!  ▲ ▲        ▲     └─► problems()   what a person should know about the newest content
//!  │ │        └─ vault: a secret that arrives makes the snapshot again (`secrets`)
//!  │ └─ watch()
//!  └─── edit()
//! ```

mod secrets;

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::{Document, Finding, Severity, Snapshot};
use tokio::sync::watch;

use crate::atomic::{Mode, write_atomic};
use crate::folder_watch::{FolderWatch, WatchFault};
use crate::home::{absolute, real_path};
use crate::reading::{Content, Mark, Overrides, Reader, current_version, name_of, whole_file};
use crate::{Environment, Home, Vault, lock};

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
    #[error("{}", refused(findings))]
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
    /// The file is gone or empty, and what it said is still in force: an edit of nothing would end that.
    #[error(
        "configuration file {} is missing or empty, and its channels are still in force: put it back first, its last good copy is {}",
        path.display(), copy.display()
    )]
    Gone {
        /// The file.
        path: PathBuf,
        /// Where its last good content is.
        copy: PathBuf,
    },
    /// The file would be, or already is, invalid. What the edit itself would break has no place in the file.
    #[error("{}", errors_of(findings))]
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
    /// What was judged last. Held while content is judged, so that results are published in order.
    judged: Mutex<Judged>,
    watch: Mutex<Option<FolderWatch>>,
    /// Whether plain secrets are on their way into the vault.
    is_moving: AtomicBool,
    opening: Opening,
}

/// What a start did besides reading. It is told later, because the log's settings stand in the file.
#[derive(Debug, Default)]
struct Opening {
    migration: Migration,
    /// Whether the last good copy stands in for an invalid file.
    stood_in_for: bool,
}

/// Whether an older file was brought up to date.
#[derive(Debug, Default)]
enum Migration {
    #[default]
    NotNeeded,
    /// The old text is kept here.
    Done(PathBuf),
    /// The file stays as it is, and is understood as its migration would be.
    Failed(io::Error),
}

/// What is known of the file's content.
struct Judged {
    /// The content judged last.
    mark: Mark,
    /// The content in force, as it was read: an older one while the newest is invalid.
    in_force: Vec<u8>,
    /// Whether the newest content is the one in force.
    is_newest: bool,
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
    judged: Judged,
    opening: Opening,
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
        vault: Vault,
    ) -> Result<ConfigFile, OpenFault> {
        let arrivals = vault.arrivals();
        let reader = Reader { environment, overrides, vault };
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
        let shared = Arc::new(Shared {
            place,
            reader,
            snapshot: watch::Sender::new(Arc::new(opened.snapshot)),
            problems: watch::Sender::new(opened.problems.into()),
            judged: Mutex::new(opened.judged),
            watch: Mutex::new(None),
            is_moving: AtomicBool::new(false),
            opening: opened.opening,
        });
        shared.follow_vault(arrivals);
        Ok(ConfigFile { shared })
    }

    /// Where the secrets are kept that the configuration refers to.
    pub fn vault(&self) -> &Vault {
        &self.shared.reader.vault
    }

    /// The configuration in force; changes when a new valid one takes effect.
    pub fn snapshot(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.shared.snapshot.subscribe()
    }

    /// What a person should know about the file as it is now: errors if it is not in force, else warnings. Counts as
    /// changed after every change of [`ConfigFile::snapshot`], too.
    pub fn problems(&self) -> watch::Receiver<Arc<[Finding]>> {
        self.shared.problems.subscribe()
    }

    /// Writes to the log what opening found and did. Call it once there is a log.
    pub fn report_opening(&self) {
        let Opening { migration, stood_in_for } = &self.shared.opening;
        match migration {
            Migration::NotNeeded => {}
            Migration::Done(before) => {
                tracing::info!(before = %before.display(), "config.toml was migrated to the current version");
            }
            Migration::Failed(error) => tracing::warn!(%error, "config.toml was not migrated"),
        }
        report(&self.shared.problems.borrow());
        if *stood_in_for {
            tracing::error!("the configuration file is invalid: its last good copy is in force");
        }
    }

    /// The file, where there is one.
    pub fn path(&self) -> Option<PathBuf> {
        self.shared.path()
    }

    /// Waits until the vault has answered what the configuration asks of it, at most for `limit`; the answers are in force.
    pub async fn settled(&self, limit: Duration) {
        self.vault().settled(limit).await;
        // The vault's own thread may not have come to it yet.
        self.shared.resolve_again();
    }

    /// The text in force: an older one than the file's while that is invalid.
    pub fn text(&self) -> String {
        let judged = guard(&self.shared.judged);
        String::from_utf8_lossy(&judged.in_force).into_owned()
    }

    /// What the content in force says, before any reference is followed.
    pub fn document(&self) -> Arc<Document> {
        let name = self.path().as_deref().map(name_of).unwrap_or_default();
        let in_force = guard(&self.shared.judged).in_force.clone();
        Arc::new(self.shared.reader.document(&name, &in_force).unwrap_or_default())
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
        self.shared.begin_move();
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

impl Judged {
    /// The newest content, which is in force.
    fn in_force(bytes: Vec<u8>) -> Judged {
        Judged { mark: Mark::of(&bytes), in_force: bytes, is_newest: true }
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
    fn reload(self: &Arc<Self>) {
        let Some(path) = self.path() else { return };
        if let Some(watch) = &mut *guard(&self.watch)
            && let Err(error) = watch.follow()
        {
            tracing::warn!(%error, "the configuration's folder is not watched any more");
        }
        let mut judged = guard(&self.judged);
        let content = Content::of(&path);
        let mark = content.mark();
        if judged.mark == mark {
            return;
        }
        judged.mark = mark;
        judged.is_newest = false;
        if let Some(in_force) = self.judge(&path, content) {
            judged.in_force = in_force;
            judged.is_newest = true;
            drop(judged);
            self.begin_move();
        }
    }

    /// Puts a content in force and returns it, or leaves the last good one in force.
    fn judge(&self, path: &Path, content: Content) -> Option<Vec<u8>> {
        let name = name_of(path);
        let bytes = match content {
            Content::Bytes(bytes) => bytes,
            Content::Missing => {
                self.keep(vec![whole_file(&name, "the file is missing")]);
                return None;
            }
            Content::Unreadable(error) => {
                let message = format!("the file cannot be read: {error}");
                self.keep(vec![whole_file(&name, message)]);
                return None;
            }
        };
        if bytes.trim_ascii().is_empty() && !self.snapshot.borrow().channels.is_empty() {
            // A program that truncates before it writes would otherwise take every channel away for a moment.
            self.keep(vec![whole_file(&name, "the file is empty")]);
            return None;
        }
        match self.reader.read(&name, &bytes) {
            Ok(snapshot) => {
                if let Place::Native(home) = &self.place {
                    keep_last_good(home, &bytes);
                }
                self.put_in_force(snapshot);
                Some(bytes)
            }
            Err(findings) => {
                self.keep(findings);
                None
            }
        }
    }

    fn put_in_force(&self, snapshot: Snapshot) {
        tracing::info!(channels = snapshot.channels.len(), "configuration in force");
        report(&snapshot.findings);
        let problems = snapshot.findings.clone().into();
        self.publish(snapshot, problems);
    }

    /// Tells of a configuration, and only then of the problems: whoever follows those alone misses nothing, and finds
    /// the configuration that they belong to.
    fn publish(&self, snapshot: Snapshot, problems: Arc<[Finding]>) {
        self.snapshot.send_replace(Arc::new(snapshot));
        self.problems.send_replace(problems);
    }

    /// Leaves the last good configuration in force and says why.
    fn keep(&self, findings: Vec<Finding>) {
        report(&findings);
        tracing::error!("the last good configuration stays in force");
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
        let blank = old.as_deref().is_none_or(|text| text.trim_ascii().is_empty());
        if blank && !self.snapshot.borrow().channels.is_empty() {
            return Err(EditFault::Gone { path, copy: home.config_last_good() });
        }
        let name = name_of(&path);
        let text = old.as_deref().unwrap_or(EMPTY_FILE);
        let migrated = current_version(&name, text).map_err(|findings| EditFault::Invalid { findings })?;
        let new = change(migrated.as_deref().unwrap_or(text)).map_err(EditFault::Change)?;
        let mut judged = guard(&self.judged);
        let snapshot = self.reader.read(&name, new.as_bytes()).map_err(|findings| {
            // What was wrong before the edit has its place in the file; what the edit would bring has none.
            let already = self.reader.read(&name, text.as_bytes()).err();
            EditFault::Invalid { findings: already.unwrap_or_else(|| without_place(findings)) }
        })?;
        if old.as_ref() != Some(&new) {
            write_atomic(&real_path(&path), new.as_bytes(), Mode::PRIVATE_FILE).map_err(fault)?;
        }
        keep_last_good(home, new.as_bytes());
        self.put_in_force(snapshot);
        *judged = Judged::in_force(new.into_bytes());
        Ok(())
    }

    fn edit_memory<E>(
        &self,
        text: &mut String,
        change: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<(), EditFault<E>> {
        let new = change(text).map_err(EditFault::Change)?;
        let snapshot = self
            .reader
            .read("", new.as_bytes())
            .map_err(|findings| EditFault::Invalid { findings: without_place(findings) })?;
        text.clone_from(&new);
        self.put_in_force(snapshot);
        *guard(&self.judged) = Judged::in_force(new.into_bytes());
        Ok(())
    }
}

fn open_native(home: &Home, reader: &Reader) -> Result<Opened, OpenFault> {
    let path = home.config();
    let name = name_of(&path);
    let migration = migrate_file(home).unwrap_or_else(Migration::Failed);
    let content = Content::of(&path);
    let mark = content.mark();
    let findings = match content {
        Content::Missing => {
            let opened = open_bytes(&name, EMPTY_FILE.as_bytes(), reader)?;
            return Ok(Opened { judged: Judged { mark, ..opened.judged }, ..opened });
        }
        Content::Bytes(bytes) => match open_bytes(&name, &bytes, reader) {
            Ok(opened) => {
                keep_last_good(home, &bytes);
                return Ok(Opened { opening: Opening { migration, stood_in_for: false }, ..opened });
            }
            Err(OpenFault::Invalid { findings }) => findings,
            Err(fault @ OpenFault::Unreadable { .. }) => return Err(fault),
        },
        Content::Unreadable(error) => {
            vec![whole_file(&name, format!("the file cannot be read: {error}"))]
        }
    };
    let Some((snapshot, in_force)) = last_good(home, reader) else {
        return Err(OpenFault::Invalid { findings });
    };
    Ok(Opened {
        snapshot,
        problems: findings,
        judged: Judged { mark, in_force, is_newest: false },
        opening: Opening { migration, stood_in_for: true },
    })
}

fn open_given(path: &Path, reader: &Reader) -> Result<Opened, OpenFault> {
    let unreadable = |source| OpenFault::Unreadable { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    open_bytes(&name_of(path), &bytes, reader)
}

fn open_bytes(name: &str, bytes: &[u8], reader: &Reader) -> Result<Opened, OpenFault> {
    let snapshot = reader.read(name, bytes).map_err(|findings| OpenFault::Invalid { findings })?;
    Ok(Opened {
        problems: snapshot.findings.clone(),
        snapshot,
        judged: Judged::in_force(bytes.to_vec()),
        opening: Opening::default(),
    })
}

/// Brings an older `config.toml` up to date and keeps the old text beside the last good copy.
fn migrate_file(home: &Home) -> io::Result<Migration> {
    let path = home.config();
    if !path.exists() {
        return Ok(Migration::NotNeeded);
    }
    let _lock = lock::exclusive(&home.config_lock())?;
    let Some(old) = read_text(&path)? else {
        return Ok(Migration::NotNeeded);
    };
    // A newer version, or no TOML at all, is left untouched; reading it explains what is wrong.
    let Ok(Some(new)) = config::migrate(&old) else {
        return Ok(Migration::NotNeeded);
    };
    write_atomic(&home.config_before_migration(), old.as_bytes(), Mode::PRIVATE_FILE)?;
    write_atomic(&real_path(&path), new.as_bytes(), Mode::PRIVATE_FILE)?;
    Ok(Migration::Done(home.config_before_migration()))
}

fn last_good(home: &Home, reader: &Reader) -> Option<(Snapshot, Vec<u8>)> {
    let path = home.config_last_good();
    let bytes = fs::read(&path).ok()?;
    let snapshot = reader.read("config.toml", &bytes).ok()?;
    Some((snapshot, bytes))
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

/// Writes findings to the log, each at the level of its severity, the gravest first.
pub fn report(findings: &[Finding]) {
    for finding in gravest_first(findings) {
        match finding.severity {
            Severity::Advice => tracing::info!("{finding}"),
            Severity::Warning => tracing::warn!("{finding}"),
            Severity::Error => tracing::error!("{finding}"),
        }
    }
}

/// Orders findings as a person needs them: errors, then warnings, then advice.
pub fn gravest_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut ordered: Vec<&Finding> = findings.iter().collect();
    ordered.sort_by_key(|finding| Reverse(finding.severity));
    ordered
}

/// Why a start is refused: every error, and how much else there is to say.
fn refused(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let mut lines = vec!["the configuration is invalid".to_owned()];
    lines.extend(errors.map(|finding| format!("  error: {finding}")));
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    lines.extend(match warnings {
        0 => None,
        1 => Some("  and 1 warning".to_owned()),
        more => Some(format!("  and {more} warnings")),
    });
    lines.join("\n")
}

fn errors_of(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error());
    errors.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Leaves the field and drops file, line and column: they belong to a text that is never written.
fn without_place(findings: Vec<Finding>) -> Vec<Finding> {
    let drop_place = |finding| Finding { file: String::new(), line: None, column: None, ..finding };
    findings.into_iter().map(drop_place).collect()
}

/// A panic elsewhere leaves this state whole: every change of it is one assignment.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
