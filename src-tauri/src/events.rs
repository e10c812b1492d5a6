//! What happens, told to the window while there is one.

use std::sync::{Mutex, PoisonError};

use admin::Happening;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::broadcast::error::RecvError;

use crate::desk::Desk;
use crate::window;

/// The one event that the window listens to.
const HAPPENED: &str = "happened";

/// The task that tells the window, while there is one.
#[derive(Default)]
pub(crate) struct Telling(Mutex<Option<JoinHandle<()>>>);

/// Begins to tell the window what happens.
pub(crate) fn follow(app: &AppHandle) {
    let task = tauri::async_runtime::spawn(tell(app.clone()));
    replace(app, Some(task));
}

/// Stops: nobody looks any more, and copying every request costs.
pub(crate) fn stop(app: &AppHandle) {
    replace(app, None);
}

fn replace(app: &AppHandle, task: Option<JoinHandle<()>>) {
    let telling = app.state::<Telling>();
    let before = std::mem::replace(&mut *telling.0.lock().unwrap_or_else(PoisonError::into_inner), task);
    if let Some(before) = before {
        before.abort();
    }
}

async fn tell(app: AppHandle) {
    let mut happenings = app.state::<Desk>().sluice.happenings();
    loop {
        let happening = match happenings.recv().await {
            Ok(happening) => happening,
            Err(RecvError::Lagged(count)) => Happening::Missed { count },
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = app.emit_to(window::LABEL, HAPPENED, &happening) {
            tracing::warn!("the window was not told what happened: {error}");
        }
    }
}
