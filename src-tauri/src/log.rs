//! The application's log: daily files in the home, without secrets.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use admin::Sluice;
use journal::{Log, LogFault, LogPlan, Mask};
use secrecy::ExposeSecret;
use store::{Clock, Home};
use tauri::{AppHandle, Manager};

/// The log, while it is written.
struct Written(Mutex<Option<Log>>);

/// Starts the log and keeps it in step with the secrets that it must leave out.
pub(crate) fn start(app: &AppHandle, sluice: &Arc<Sluice>, directives: Option<&str>) -> Result<(), LogFault> {
    let settings = sluice.snapshot().log;
    let folder = sluice.home().map(Home::logs);
    let plan = LogPlan {
        directives: directives.unwrap_or(settings.level.as_str()),
        files: folder.as_deref().filter(|_| settings.files > 0).map(|folder| (folder, settings.files)),
        coloured: std::io::stderr().is_terminal(),
    };
    let log = journal::start(&plan, Clock::system())?;
    know(&log.mask, sluice);
    tauri::async_runtime::spawn(follow_secrets(log.mask.clone(), Arc::clone(sluice)));
    app.manage(Written(Mutex::new(Some(log))));
    Ok(())
}

/// Writes out what is still queued.
pub(crate) fn finish(app: &AppHandle) {
    if let Some(written) = app.try_state::<Written>() {
        drop(written.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Every secret that comes into force does so with a snapshot.
async fn follow_secrets(mask: Mask, sluice: Arc<Sluice>) {
    let mut snapshots = sluice.snapshots();
    while snapshots.changed().await.is_ok() {
        know(&mask, &sluice);
    }
}

fn know(mask: &Mask, sluice: &Sluice) {
    let secrets = sluice.secrets();
    mask.know(secrets.iter().map(ExposeSecret::expose_secret));
}
