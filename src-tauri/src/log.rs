//! The application's log: daily files in the home, without secrets.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use admin::Sluice;
use journal::{Log, LogFault, LogPlan, Mask};
use secrecy::{ExposeSecret, SecretString};
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
    let secrets = sluice.secrets();
    know(&log.mask, &secrets);
    tauri::async_runtime::spawn(follow_secrets(log.mask.clone(), Arc::clone(sluice), secrets));
    app.manage(Written(Mutex::new(Some(log))));
    Ok(())
}

/// Writes out what is still queued.
pub(crate) fn finish(app: &AppHandle) {
    if let Some(written) = app.try_state::<Written>() {
        drop(written.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Keeps the mask in step. A secret comes with the configuration, or when the gateway takes its home.
async fn follow_secrets(mask: Mask, sluice: Arc<Sluice>, mut known: Vec<SecretString>) {
    let (mut snapshots, mut changes) = (sluice.snapshots(), sluice.changes());
    loop {
        let ended = tokio::select! {
            changed = snapshots.changed() => changed.is_err(),
            changed = changes.changed() => changed.is_err(),
        };
        if ended {
            return;
        }
        let secrets = sluice.secrets();
        // Most changes are requests that ended; the mask is made anew only for what it does not know.
        let same = |(one, two): (&SecretString, &SecretString)| one.expose_secret() == two.expose_secret();
        if secrets.len() != known.len() || !secrets.iter().zip(&known).all(same) {
            know(&mask, &secrets);
            known = secrets;
        }
    }
}

fn know(mask: &Mask, secrets: &[SecretString]) {
    mask.know(secrets.iter().map(ExposeSecret::expose_secret));
}
