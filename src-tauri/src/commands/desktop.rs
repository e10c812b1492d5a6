//! What only the desktop can do.

use std::path::PathBuf;

use admin::{ClientKeyName, Fault, FaultCode, Nothing, SnippetId};
use serde::{Deserialize, Serialize};
use store::{Mode, write_atomic};
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::oneshot;

use crate::desk::Desk;
use crate::{autostart, clipboard, first_run, lifecycle, window, wishes};

/// Files that can hold a configuration.
const CONFIGURATION_FILES: [&str; 5] = ["yaml", "yml", "json", "toml", "py"];

/// Our own pages begin so.
const REPOSITORY: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/");

/// Lines for a client, with the key of one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnippetChoice {
    id: SnippetId,
    /// Whose key; the usual one where nobody is named.
    client: Option<String>,
}

/// A text to copy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    text: String,
}

/// Whether the application starts at login.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Autostart {
    enabled: bool,
}

/// Which folder to show.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderChoice {
    which: Folder,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Folder {
    Config,
    Logs,
}

/// A page of the web, for the user's own browser.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    url: String,
}

/// A file that the user chose.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChosenFile {
    path: PathBuf,
}

/// A text to keep, and what the file might be called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedText {
    name: String,
    text: String,
}

/// What the window needs to know of the desktop around it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Desktop {
    /// The system's language as a tag.
    language: String,
    platform: Platform,
    /// Whether something shows the tray's icon.
    tray: bool,
    /// Whether to begin with the first steps.
    first_run: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Platform {
    #[cfg_attr(any(windows, target_os = "macos"), expect(dead_code, reason = "another system"))]
    Linux,
    #[cfg_attr(not(target_os = "macos"), expect(dead_code, reason = "another system"))]
    Macos,
    #[cfg_attr(not(windows), expect(dead_code, reason = "another system"))]
    Windows,
}

/// Puts a client's key on the clipboard for half a minute. The window never sees it.
pub(super) async fn copy_client_key(app: &AppHandle, client: ClientKeyName) -> Result<Nothing, Fault> {
    let key = app.state::<Desk>().sluice.client_key_text(&client.name).await?;
    clipboard::copy_secret(app, key).await?;
    Ok(Nothing {})
}

/// Puts the lines for a client on the clipboard for half a minute, with the real key.
pub(super) async fn copy_snippet(app: &AppHandle, choice: SnippetChoice) -> Result<Nothing, Fault> {
    let text = app.state::<Desk>().sluice.snippet_text(choice.id, choice.client.as_deref()).await?;
    clipboard::copy_secret(app, text).await?;
    Ok(Nothing {})
}

/// Puts a text on the clipboard.
pub(super) async fn copy_text(app: &AppHandle, text: Text) -> Result<Nothing, Fault> {
    clipboard::copy(app, text.text).await?;
    Ok(Nothing {})
}

/// Tells whether the application starts at login.
pub(super) async fn autostart(app: &AppHandle, _: Nothing) -> Result<Autostart, Fault> {
    let enabled = autostart::is_enabled(app);
    let enabled =
        enabled.map_err(|error| Fault::failed(format!("the start at login cannot be told: {error}")))?;
    Ok(Autostart { enabled })
}

/// Makes the application start at login, in the tray, or not.
pub(super) async fn set_autostart(app: &AppHandle, wish: Autostart) -> Result<Autostart, Fault> {
    autostart::set(app, wish.enabled)
        .map_err(|error| Fault::failed(format!("the start at login cannot be set: {error}")))?;
    autostart(app, Nothing {}).await
}

/// Shows a folder of ours in the system's file manager.
pub(super) async fn open_folder(app: &AppHandle, choice: FolderChoice) -> Result<Nothing, Fault> {
    let desk = app.state::<Desk>();
    let Some(home) = desk.sluice.home() else {
        return Err(Fault::new(FaultCode::ReadOnly, "the demo has no folders"));
    };
    let folder = match choice.which {
        Folder::Config => {
            let file = desk.sluice.config_path().unwrap_or_else(|| home.config());
            file.parent().map(PathBuf::from).unwrap_or_default()
        }
        Folder::Logs => home.logs(),
    };
    let opened = app.opener().open_path(folder.to_string_lossy(), None::<&str>);
    opened.map_err(|error| Fault::failed(format!("{} cannot be shown: {error}", folder.display())))?;
    Ok(Nothing {})
}

/// Opens a page in the user's browser: one of ours, or a vendor's page where keys are made. No other.
pub(super) async fn open_page(app: &AppHandle, page: Page) -> Result<Nothing, Fault> {
    let presets = admin::presets(&app.state::<Desk>().sluice, Nothing {}).await?;
    let known = presets.iter().any(|preset| preset.key_page.as_deref() == Some(&page.url));
    if !known && !page.url.starts_with(REPOSITORY) {
        return Err(Fault::invalid("the page is neither ours nor a vendor's key page").at("url"));
    }
    let opened = app.opener().open_url(page.url, None::<&str>);
    opened.map_err(|error| Fault::failed(format!("the browser cannot be opened: {error}")))?;
    Ok(Nothing {})
}

/// Lets the user choose a file to import. From then on the window may have it read.
pub(super) async fn choose_file(app: &AppHandle, _: Nothing) -> Result<Option<ChosenFile>, Fault> {
    let dialog = app.dialog().file().add_filter("YAML, JSON, TOML, settings.py", &CONFIGURATION_FILES);
    let chosen = answer(app, dialog, FileDialogBuilder::pick_file).await?;
    if let Some(file) = &chosen {
        app.state::<Desk>().chose(file.path.clone());
    }
    Ok(chosen)
}

/// Lets the user choose where a text is kept, and writes it there.
pub(super) async fn save_text(app: &AppHandle, named: NamedText) -> Result<Option<ChosenFile>, Fault> {
    let dialog = app.dialog().file().set_file_name(&named.name);
    let Some(file) = answer(app, dialog, FileDialogBuilder::save_file).await? else {
        return Ok(None);
    };
    let path = file.path.clone();
    let written =
        tokio::task::spawn_blocking(move || write_atomic(&path, named.text.as_bytes(), Mode::PRIVATE_FILE));
    match written.await {
        Ok(Ok(())) => Ok(Some(file)),
        Ok(Err(error)) => Err(Fault::failed(format!("{} cannot be written: {error}", file.path.display()))),
        Err(error) => Err(Fault::failed(format!("{} was not written: {error}", file.path.display()))),
    }
}

/// Tells what the window needs to know of the desktop around it.
pub(super) async fn desktop(app: &AppHandle, _: Nothing) -> Result<Desktop, Fault> {
    let desk = app.state::<Desk>();
    Ok(Desktop {
        language: wishes::system_language(),
        platform: platform(),
        tray: desk.is_in_tray(),
        first_run: first_run::is_due(desk.sluice.home(), desk.sluice.snapshot().channels.len()),
    })
}

/// Remembers that the first steps were taken or skipped.
pub(super) async fn finish_first_run(app: &AppHandle, _: Nothing) -> Result<Nothing, Fault> {
    first_run::finish(app.state::<Desk>().sluice.home())
        .map_err(|error| Fault::failed(format!("the first steps will be offered again: {error}")))?;
    Ok(Nothing {})
}

/// Quits, after the running requests end.
pub(super) async fn quit(app: &AppHandle, _: Nothing) -> Result<Nothing, Fault> {
    lifecycle::quit(app);
    Ok(Nothing {})
}

/// Shows a file dialog above the window and waits for what the user chooses.
async fn answer(
    app: &AppHandle,
    dialog: FileDialogBuilder<tauri::Wry>,
    show: impl FnOnce(FileDialogBuilder<tauri::Wry>, Box<dyn FnOnce(Option<FilePath>) + Send>),
) -> Result<Option<ChosenFile>, Fault> {
    let dialog = match app.get_webview_window(window::LABEL) {
        Some(window) => dialog.set_parent(&window),
        None => dialog,
    };
    let (told, waiting) = oneshot::channel();
    let tell = move |chosen| {
        // Nobody waits any more where the window was closed meanwhile.
        let _ = told.send(chosen);
    };
    show(dialog, Box::new(tell));
    let Ok(Some(chosen)) = waiting.await else { return Ok(None) };
    let path =
        chosen.into_path().map_err(|error| Fault::failed(format!("the file cannot be used: {error}")))?;
    Ok(Some(ChosenFile { path }))
}

fn platform() -> Platform {
    #[cfg(windows)]
    return Platform::Windows;
    #[cfg(target_os = "macos")]
    return Platform::Macos;
    #[cfg(not(any(windows, target_os = "macos")))]
    return Platform::Linux;
}
