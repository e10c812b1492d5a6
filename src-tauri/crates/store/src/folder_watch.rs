//! Watching a file through its folder, because editors replace files instead of writing into them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A burst of writes is one change: it counts once nothing happened for this long.
const SETTLED: Duration = Duration::from_millis(100);
/// How many of these times a burst may last before it counts all the same.
const SETTLED_MAX: u32 = 10;
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
    /// Dropped, it ends the lookout.
    watcher: RecommendedWatcher,
}

/// Waits for events, and says when the file may have changed. Asleep but for a look at the folders now and then.
struct Lookout<F> {
    path: PathBuf,
    /// The file's name within its folder.
    name: OsString,
    /// The folders at the last look.
    folders: Vec<Folder>,
    lost: Arc<AtomicBool>,
    changed: F,
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
    /// Calls `changed` from a thread of its own whenever the file may have changed and the writing has settled.
    pub(crate) fn begin(path: &Path, changed: impl Fn() + Send + 'static) -> Result<FolderWatch, WatchFault> {
        let fault = |source| WatchFault { path: path.to_owned(), source };
        let lost = Arc::new(AtomicBool::new(false));
        let lookout = Lookout {
            path: path.to_owned(),
            name: path.file_name().map(OsString::from).unwrap_or_default(),
            folders: folders_of(path),
            lost: Arc::clone(&lost),
            changed,
        };
        let (events, noticed) = mpsc::channel();
        let watcher = notify::recommended_watcher(events).map_err(fault)?;
        thread::Builder::new()
            .name("config-watch".to_owned())
            .spawn(move || lookout.run(&noticed))
            .map_err(|error| fault(error.into()))?;
        let mut watch = FolderWatch { path: path.to_owned(), folders: Vec::new(), lost, watcher };
        watch.follow().map_err(fault)?;
        Ok(watch)
    }

    /// Watches the folders that the name leads through now: a link may point elsewhere than before, and another folder
    /// may have taken the place of one.
    pub(crate) fn follow(&mut self) -> notify::Result<()> {
        let folders = folders_of(&self.path);
        if self.lost.swap(false, Ordering::Relaxed) {
            for lost in std::mem::take(&mut self.folders) {
                let _ = self.watcher.unwatch(&lost.path);
            }
        }
        if folders == self.folders {
            return Ok(());
        }
        for left in self.folders.iter().filter(|old| !folders.contains(old)) {
            // The folder may be gone, and its watch with it.
            let _ = self.watcher.unwatch(&left.path);
        }
        let entered = folders.iter().filter(|new| new.identity.is_some() && !self.folders.contains(new));
        for entered in entered {
            self.watcher.watch(&entered.path, RecursiveMode::NonRecursive)?;
        }
        self.folders = folders;
        Ok(())
    }
}

impl<F: Fn()> Lookout<F> {
    /// Ends with the watcher, which sends the events.
    fn run(mut self, events: &Receiver<notify::Result<Event>>) {
        loop {
            let noticed = match events.recv_timeout(PATROL) {
                Ok(first) => self.has_noticed(&first, events),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let folders = folders_of(&self.path);
            if noticed || folders != self.folders {
                self.folders = folders;
                (self.changed)();
            }
        }
    }

    /// Takes in a burst of events to its end, and tells whether the file may have changed.
    fn has_noticed(&self, first: &notify::Result<Event>, events: &Receiver<notify::Result<Event>>) -> bool {
        let mut noticed = self.is_of_the_file(first);
        for _ in 0..SETTLED_MAX {
            thread::sleep(SETTLED);
            // Each is looked at: one may be the end of a folder.
            let more = events.try_iter().filter(|event| self.is_of_the_file(event)).count();
            noticed |= more > 0;
            if more == 0 {
                break;
            }
        }
        noticed
    }

    /// Tells whether the file may have changed, and notes the end of a folder.
    fn is_of_the_file(&self, event: &notify::Result<Event>) -> bool {
        // Where events were lost, anything may have happened.
        let Ok(event) = event else { return true };
        let gone = ends_a_folder(event, &self.path);
        if gone {
            self.lost.store(true, Ordering::Relaxed);
        }
        gone || concerns(event, &self.name, self.path.is_symlink())
    }
}

/// Tells whether an event is the end of a folder on the way to the file, rather than of something in one.
fn ends_a_folder(event: &Event, path: &Path) -> bool {
    matches!(event.kind, EventKind::Remove(_))
        && event.paths.iter().any(|gone| path.parent().is_some_and(|folder| folder.starts_with(gone)))
}

/// Tells whether an event may be a change of the file. Through links any name can matter: `..data` of a mounted volume.
fn concerns(event: &Event, name: &OsString, linked: bool) -> bool {
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
