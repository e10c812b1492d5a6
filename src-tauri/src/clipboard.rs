//! The clipboard. A client's key goes there from here, never through the window, and does not stay.

use std::time::Duration;

use admin::Fault;
use secrecy::{ExposeSecret, SecretString};
use tauri::AppHandle;
use tauri_plugin_clipboard_manager::{Clipboard, ClipboardExt};

/// How long a key stays on the clipboard.
const KEY_STAYS: Duration = Duration::from_secs(30);

/// Puts a text on the clipboard.
pub(crate) fn copy(app: &AppHandle, text: &str) -> Result<(), Fault> {
    app.clipboard().write_text(text).map_err(|error| refused(&error))
}

/// Puts a text that holds a key on the clipboard, without entering the history of clipboard managers, and takes it away
/// after a while if it is still there.
pub(crate) fn copy_secret(app: &AppHandle, secret: SecretString) -> Result<(), Fault> {
    app.clipboard().write_secret(secret.expose_secret()).map_err(|error| refused(&error))?;
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(KEY_STAYS).await;
        forget(&app, secret).await;
    });
    Ok(())
}

/// Takes a secret off the clipboard, where nothing else has been copied since.
async fn forget(app: &AppHandle, secret: SecretString) {
    let app = app.clone();
    // Reading waits for the program that owns the clipboard.
    let forgotten = tokio::task::spawn_blocking(move || {
        let clipboard = app.clipboard();
        if holds(clipboard, &secret) { clipboard.clear() } else { Ok(()) }
    });
    if let Ok(Err(error)) = forgotten.await {
        tracing::warn!("a key stays on the clipboard: {error}");
    }
}

fn holds(clipboard: &Clipboard<tauri::Wry>, secret: &SecretString) -> bool {
    clipboard.read_text().is_ok_and(|text| text == secret.expose_secret())
}

fn refused(error: &tauri_plugin_clipboard_manager::Error) -> Fault {
    Fault::failed(format!("the clipboard cannot be used: {error}"))
}
