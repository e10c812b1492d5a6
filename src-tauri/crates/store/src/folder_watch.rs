//! Watching a file through its folder, because editors replace files instead of writing into them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use notify_debouncer_full::notify::{self, EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
};

/// A burst of writes is one change: it counts once nothing happened for this long.
const SETTLED: Duration = Duration::from_millis(100);
/// How often the debouncer looks whether that is so.
const TICK: Duration = Duration::from_millis(50);
/// How often somebody looks whether the watched folders are still those of these names. A folder that was moved away
/// raises no event that says so.
const PATROL: Duration = Duration::from_secs(2);
/// Links followed from the configured name to the real file; more is a loop.
const LINKS_MAX: usize = 16;

/// The folder cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("changes of {} will not be noticed: {source}", path.display())]
pub struct WatchFault {
    /// The file.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: notify::Error,
}

/// A watch over the folders that a file's name leads through. Ends when dropped.
pub(crate) struct FolderWatch {
    path: PathBuf,
    folders: Vec<Folder>,
    /// Set when a watched folder itself is gone, and its watch with it.
    lost: Arc<AtomicBool>,
    debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
    /// Dropped, it ends the patrol.
    _patrol: mpsc::Sender<()>,
}

/// A folder, and what tells it from another one that takes its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    /// None where there is no such folder now.
    identity: Option<Identity>,
}

/// The device and number of a folder, and when it was made: a number is given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64, Option<SystemTime>);

impl FolderWatch {
    /// Calls `changed` from threads of its own whenever the file may have changed and the writing has settled.
    pub(crate) fn begin(
        path: &Path,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<FolderWatch, WatchFault> {
        let fault = |source| WatchFault { path: path.to_owned(), source };
        let changed = Arc::new(changed);
        let name = path.file_name().map(OsString::from).unwrap_or_default();
        let lost = Arc::new(AtomicBool::new(false));
        let (linked_path, noticed, losing) = (path.to_owned(), Arc::clone(&changed), Arc::clone(&lost));
        let react = move |result: DebounceEventResult| match result {
            Ok(events) => {
                let gone = events.iter().any(|event| ends_a_folder(event, &linked_path));
                if gone {
                    losing.store(true, Ordering::Relaxed);
                }
                let linked = linked_path.is_symlink();
                if gone || events.iter().any(|event| concerns(event, &name, linked)) {
                    noticed();
                }
            }
            // Events may have been lost: look.
            Err(_) => noticed(),
        };
        let debouncer = new_debouncer(SETTLED, Some(TICK), react).map_err(fault)?;
        let patrol = patrol(path.to_owned(), move || changed()).map_err(|error| fault(error.into()))?;
        let mut watch =
            FolderWatch { path: path.to_owned(), folders: Vec::new(), lost, debouncer, _patrol: patrol };
        watch.follow().map_err(fault)?;
        Ok(watch)
    }

    /// Watches the folders that the name leads through now: a link may point elsewhere than before, and another folder
    /// may have taken the place of one.
    pub(crate) fn follow(&mut self) -> notify::Result<()> {
        let folders = folders_of(&self.path);
        if self.lost.swap(false, Ordering::Relaxed) {
            for lost in std::mem::take(&mut self.folders) {
                let _ = self.debouncer.unwatch(&lost.path);
            }
        }
        if folders == self.folders {
            return Ok(());
        }
        for left in self.folders.iter().filter(|old| !folders.contains(old)) {
            // The folder may be gone, and its watch with it.
            let _ = self.debouncer.unwatch(&left.path);
        }
        let entered = folders.iter().filter(|new| new.identity.is_some() && !self.folders.contains(new));
        for entered in entered {
            self.debouncer.watch(&entered.path, RecursiveMode::NonRecursive)?;
        }
        self.folders = folders;
        Ok(())
    }
}

/// Starts a thread that says when other folders have the names on the way to the file. It ends with the sender.
fn patrol(path: PathBuf, changed: impl Fn() + Send + 'static) -> std::io::Result<mpsc::Sender<()>> {
    let (sender, ended) = mpsc::channel::<()>();
    let mut known = folders_of(&path);
    thread::Builder::new().name("config-patrol".to_owned()).spawn(move || {
        while ended.recv_timeout(PATROL) == Err(mpsc::RecvTimeoutError::Timeout) {
            let now = folders_of(&path);
            if now != known {
                known = now;
                changed();
            }
        }
    })?;
    Ok(sender)
}

/// Tells whether an event is the end of a folder on the way to the file, rather than of something in one.
fn ends_a_folder(event: &DebouncedEvent, path: &Path) -> bool {
    matches!(event.kind, EventKind::Remove(_))
        && event.paths.iter().any(|gone| path.parent().is_some_and(|folder| folder.starts_with(gone)))
}

/// Tells whether an event may be a change of the file. Through links any name can matter: `..data` of a mounted volume.
fn concerns(event: &DebouncedEvent, name: &OsString, linked: bool) -> bool {
    // Reading the file raises access events too; reacting to them would never end.
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    linked || event.need_rescan() || event.paths.iter().any(|path| path.file_name() == Some(name.as_os_str()))
}

/// The real folders of every name on the way from the path, through links, to the file.
fn folders_of(path: &Path) -> Vec<Folder> {
    let mut folders = Vec::new();
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Some(parent) = path.parent().map(Path::to_owned) else {
            break;
        };
        push_new(&mut folders, crate::home::real_path(&parent));
        push_new_link_folder(&mut folders, &parent);
        match fs::read_link(&path) {
            Ok(target) => path = parent.join(target),
            Err(_) => break,
        }
    }
    let identified = |path: PathBuf| Folder { identity: identity(&path), path };
    folders.into_iter().map(identified).collect()
}

#[cfg(unix)]
fn identity(folder: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(folder).ok()?;
    Some(Identity(metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(not(unix))]
fn identity(folder: &Path) -> Option<Identity> {
    let metadata = fs::metadata(folder).ok()?;
    Some(Identity(0, 0, metadata.created().ok()))
}

/// A folder that is itself a link changes in the folder that holds the link.
fn push_new_link_folder(folders: &mut Vec<PathBuf>, folder: &Path) {
    if folder.is_symlink()
        && let Some(holder) = folder.parent()
    {
        push_new(folders, crate::home::real_path(holder));
    }
}

fn push_new(folders: &mut Vec<PathBuf>, folder: PathBuf) {
    if !folders.contains(&folder) {
        folders.push(folder);
    }
}
