//! What the shell holds while it runs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use admin::Sluice;
use tauri::{AppHandle, Manager};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::clipboard::CopiedSecret;
use crate::wishes::Wishes;

/// The product, and what the shell remembers around it. Managed by Tauri, so that every click and command reaches it.
pub(crate) struct Desk {
    /// The product.
    pub(crate) sluice: Arc<Sluice>,
    /// Cancelled when the gateway shall end.
    pub(crate) stop: CancellationToken,
    /// Whether there is a tray that would show an icon.
    pub(crate) tray_there: watch::Sender<bool>,
    /// What has to be taken off the clipboard.
    pub(crate) copied_secret: CopiedSecret,
    tray_failed: AtomicBool,
    wishes: watch::Sender<Wishes>,
    quitting: AtomicBool,
    stale: Notify,
    chosen_files: Mutex<HashSet<PathBuf>>,
}

impl Desk {
    /// A desk around an opened product.
    pub(crate) fn new(sluice: Arc<Sluice>, wishes: Wishes) -> Desk {
        Desk {
            sluice,
            stop: CancellationToken::new(),
            tray_there: watch::Sender::new(false),
            copied_secret: CopiedSecret::default(),
            tray_failed: AtomicBool::new(false),
            wishes: watch::Sender::new(wishes),
            quitting: AtomicBool::new(false),
            stale: Notify::new(),
            chosen_files: Mutex::default(),
        }
    }

    /// What the user wishes of tray, window and notifications.
    pub(crate) fn wishes(&self) -> Wishes {
        self.wishes.borrow().clone()
    }

    /// Takes over wishes, and returns those that were in force before.
    pub(crate) fn learn(&self, wishes: Wishes) -> Wishes {
        self.wishes.send_replace(wishes)
    }

    /// The folder of files that nobody needs after the end: the tray's picture, what the webview keeps for itself.
    pub(crate) fn passing_folder(&self, app: &AppHandle) -> PathBuf {
        match self.sluice.home() {
            Some(home) => home.run(),
            // The demo has no home; this folder goes when the user logs out.
            None => app.path().runtime_dir().unwrap_or_else(|_| std::env::temp_dir()).join("sluice-demo"),
        }
    }

    /// Whether our icon can be seen in a tray.
    pub(crate) fn is_in_tray(&self) -> bool {
        *self.tray_there.borrow() && !self.has_tray_failed()
    }

    /// Notes that no icon can be made.
    pub(crate) fn tray_fails(&self) {
        self.tray_failed.store(true, Ordering::Relaxed);
    }

    /// Whether no icon can be made.
    pub(crate) fn has_tray_failed(&self) -> bool {
        self.tray_failed.load(Ordering::Relaxed)
    }

    /// Notes that the application ends. Returns whether it was so before.
    pub(crate) fn begin_quitting(&self) -> bool {
        self.quitting.swap(true, Ordering::Relaxed)
    }

    /// Whether the application ends.
    pub(crate) fn is_quitting(&self) -> bool {
        self.quitting.load(Ordering::Relaxed)
    }

    /// Asks for a fresh look of the tray.
    pub(crate) fn look_again(&self) {
        self.stale.notify_one();
    }

    /// Returns when a fresh look was asked for.
    pub(crate) async fn asked_to_look(&self) {
        self.stale.notified().await;
    }

    /// Remembers a file that the user chose in the system's dialog.
    pub(crate) fn chose(&self, file: PathBuf) {
        self.chosen_files.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
    }

    /// Whether the user chose this file in the system's dialog. No other file may be read for the window.
    pub(crate) fn has_chosen(&self, file: &Path) -> bool {
        self.chosen_files.lock().unwrap_or_else(PoisonError::into_inner).contains(file)
    }
}
