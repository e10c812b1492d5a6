//! The clipboard. A client's key goes there from here, never through the window, and does not stay.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use admin::Fault;
use secrecy::{ExposeSecret, SecretString};
use tauri::{AppHandle, Manager};
use tauri_plugin_clipboard_manager::{Clipboard, ClipboardExt};

use crate::desk::Desk;

/// How long a key stays on the clipboard.
const KEY_STAYS: Duration = Duration::from_secs(30);

/// The secret that was copied last, until it is to be taken off the clipboard. One that was copied before is forgotten:
/// the clipboard holds one thing, so that it is gone from there.
#[derive(Default)]
pub(crate) struct CopiedSecret(Mutex<Copies>);

#[derive(Default)]
struct Copies {
    /// How often a secret was copied; the number of the last copy.
    count: u64,
    last: Option<SecretString>,
}

impl CopiedSecret {
    /// Has a secret put on the clipboard and remembers it. Returns the number of this copy.
    fn copy<E>(&self, secret: SecretString, put: impl FnOnce(&str) -> Result<(), E>) -> Result<u64, E> {
        let mut copies = self.copies();
        put(secret.expose_secret())?;
        copies.count += 1;
        copies.last = Some(secret);
        Ok(copies.count)
    }

    /// The secret of a copy whose time is over; nothing where a later one has a time of its own.
    fn expired(&self, number: u64) -> Option<SecretString> {
        let mut copies = self.copies();
        if copies.count == number { copies.last.take() } else { None }
    }

    /// The secret that is still there, whatever its time.
    fn left(&self) -> Option<SecretString> {
        self.copies().last.take()
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a text on the clipboard.
pub(crate) async fn copy(app: &AppHandle, text: String) -> Result<(), Fault> {
    let written = beside(app, move |app| app.clipboard().write_text(text)).await;
    written.map_err(|error| refused(&error))
}

/// Puts a text that holds a key on the clipboard, without entering the history of clipboard managers, and takes it away
/// after a while if it is still there.
pub(crate) async fn copy_secret(app: &AppHandle, secret: SecretString) -> Result<(), Fault> {
    let copied = beside(app, move |app| {
        let put = |text: &str| app.clipboard().write_secret(text);
        app.state::<Desk>().copied_secret.copy(secret, put)
    });
    let number = copied.await.map_err(|error| refused(&error))?;
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(KEY_STAYS).await;
        take_off(&app, move |copied| copied.expired(number)).await;
    });
    Ok(())
}

/// Takes a key off the clipboard because the application ends: nobody would do it later.
pub(crate) async fn leave_no_secret(app: &AppHandle) {
    take_off(app, CopiedSecret::left).await;
}

/// Takes a secret off the clipboard, where nothing else has been copied since.
async fn take_off(
    app: &AppHandle,
    which: impl FnOnce(&CopiedSecret) -> Option<SecretString> + Send + 'static,
) {
    let taken = beside(app, move |app| {
        let Some(secret) = which(&app.state::<Desk>().copied_secret) else { return Ok(()) };
        let clipboard = app.clipboard();
        if holds(clipboard, &secret) {
            clipboard.clear()?;
            tracing::debug!("a copied key was taken off the clipboard");
        } else {
            tracing::debug!("a copied key is no more on the clipboard");
        }
        Ok::<_, tauri_plugin_clipboard_manager::Error>(())
    });
    if let Err(error) = taken.await {
        tracing::warn!("a key stays on the clipboard: {error}");
    }
}

fn holds(clipboard: &Clipboard<tauri::Wry>, secret: &SecretString) -> bool {
    clipboard.read_text().is_ok_and(|text| text == secret.expose_secret())
}

/// Uses the clipboard on a thread that may wait: for the program that owns it, and for another use of ours.
async fn beside<T: Send + 'static>(
    app: &AppHandle,
    work: impl FnOnce(&AppHandle) -> Result<T, tauri_plugin_clipboard_manager::Error> + Send + 'static,
) -> Result<T, tauri_plugin_clipboard_manager::Error> {
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || work(&app)).await;
    done.unwrap_or_else(|error| Err(tauri_plugin_clipboard_manager::Error::Clipboard(error.to_string())))
}

fn refused(error: &tauri_plugin_clipboard_manager::Error) -> Fault {
    Fault::failed(format!("the clipboard cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(copied: &CopiedSecret, secret: &str) -> u64 {
        copied.copy(secret.into(), |_| Ok::<_, ()>(())).expect("the clipboard takes everything")
    }

    fn text(secret: Option<SecretString>) -> Option<String> {
        secret.map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn a_secret_is_taken_off_once() {
        let copied = CopiedSecret::default();
        let number = copy(&copied, "sk-1");
        assert_eq!(text(copied.expired(number)).as_deref(), Some("sk-1"));
        assert_eq!(text(copied.expired(number)), None);
        assert_eq!(text(copied.left()), None);
    }

    #[test]
    fn a_secret_that_is_copied_again_stays_its_whole_time() {
        for second in ["sk-1", "sk-2"] {
            let copied = CopiedSecret::default();
            let numbers = [copy(&copied, "sk-1"), copy(&copied, second)];
            let expired = numbers.map(|number| text(copied.expired(number)));
            assert_eq!(expired, [None, Some(second.to_owned())]);
        }
    }

    #[test]
    fn what_did_not_get_there_is_not_taken_off() {
        let copied = CopiedSecret::default();
        assert_eq!(copied.copy("sk-1".into(), |_| Err("no display")), Err("no display"));
        assert_eq!(text(copied.left()), None);
    }

    #[test]
    fn what_is_left_at_the_end_is_taken_off_before_its_time() {
        let copied = CopiedSecret::default();
        let number = copy(&copied, "sk-1");
        assert_eq!(text(copied.left()).as_deref(), Some("sk-1"));
        assert_eq!(text(copied.expired(number)), None);
    }
}
