//! Watching a file through its folder, because editors replace files instead of writing into them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{self, EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
};

/// A burst of writes is one change: it counts once nothing happened for this long.
const SETTLED: Duration = Duration::from_millis(100);
/// How often the debouncer looks whether that is so.
const TICK: Duration = Duration::from_millis(50);
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
    folders: Vec<PathBuf>,
    debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl FolderWatch {
    /// Calls `changed` from a thread of its own whenever the file may have changed and the writing has settled.
    pub(crate) fn begin(path: &Path, changed: impl Fn() + Send + 'static) -> Result<FolderWatch, WatchFault> {
        let fault = |source| WatchFault { path: path.to_owned(), source };
        let name = path.file_name().map(OsString::from).unwrap_or_default();
        let linked_path = path.to_owned();
        let react = move |result: DebounceEventResult| match result {
            Ok(events) => {
                let linked = linked_path.is_symlink();
                if events.iter().any(|event| concerns(event, &name, linked)) {
                    changed();
                }
            }
            // Events may have been lost: look.
            Err(_) => changed(),
        };
        let debouncer = new_debouncer(SETTLED, Some(TICK), react).map_err(fault)?;
        let mut watch = FolderWatch { path: path.to_owned(), folders: Vec::new(), debouncer };
        watch.follow().map_err(fault)?;
        Ok(watch)
    }

    /// Watches the folders that the name leads through now: a link may point elsewhere than before.
    pub(crate) fn follow(&mut self) -> notify::Result<()> {
        let folders = folders_of(&self.path);
        if folders == self.folders {
            return Ok(());
        }
        for left in self.folders.iter().filter(|old| !folders.contains(old)) {
            // The folder may be gone, and its watch with it.
            let _ = self.debouncer.unwatch(left);
        }
        for entered in folders.iter().filter(|new| !self.folders.contains(new)) {
            self.debouncer.watch(entered, RecursiveMode::NonRecursive)?;
        }
        self.folders = folders;
        Ok(())
    }
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
fn folders_of(path: &Path) -> Vec<PathBuf> {
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
    folders
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
