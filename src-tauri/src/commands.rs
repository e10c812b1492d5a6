//! The window's door: one command per operation, each with a permission of its own.
//!
//! Requests come as JSON and are understood here, so that a request that cannot be understood is refused in the same
//! form as every other.

mod desktop;
#[macro_use]
mod desktop_operations;

use std::path::Path;
use std::sync::Arc;

// The table names its types as `admin` exports them.
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "a new operation shall need no line here")
)]
use admin::*;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tauri::ipc::Invoke;
use tauri::{AppHandle, State, Wry};

use self::desktop::{Autostart, ChosenFile, Desktop, FolderChoice, NamedText, Page, SnippetChoice, Text};
use crate::desk::Desk;

macro_rules! table_commands {
    ($($name:ident($request:ty) -> $reply:ty;)*) => {
        $(
            #[tauri::command]
            async fn $name(desk: State<'_, Desk>, request: Value) -> Result<$reply, Fault> {
                permit(&desk, stringify!($name), &request)?;
                admin::$name(&desk.sluice, understood::<$request>(request)?).await
            }
        )*
    };
}

macro_rules! desktop_commands {
    ($($name:ident($request:ty) -> $reply:ty;)*) => {
        $(
            #[tauri::command]
            async fn $name(app: AppHandle, request: Value) -> Result<$reply, Fault> {
                desktop::$name(&app, understood::<$request>(request)?).await
            }
        )*
    };
}

admin::operations!(table_commands);
desktop_operations!(desktop_commands);

/// The commands, as Tauri wants them.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    macro_rules! handle {
        ($($name:ident($request:ty) -> $reply:ty;)*) => { of_wry(tauri::generate_handler![$($name),*]) };
    }
    macro_rules! names {
        ($($name:ident($request:ty) -> $reply:ty;)*) => { [$(stringify!($name)),*] };
    }
    let table = admin::operations!(handle);
    let desktop = desktop_operations!(handle);
    move |invoke| {
        let of_desktop = desktop_operations!(names).contains(&invoke.message.command());
        if of_desktop { desktop(invoke) } else { table(invoke) }
    }
}

fn of_wry<F: Fn(Invoke<Wry>) -> bool>(handler: F) -> F {
    handler
}

/// Reads a request.
fn understood<T: DeserializeOwned>(request: Value) -> Result<T, Fault> {
    serde_json::from_value(request)
        .map_err(|error| Fault::invalid(format!("the request cannot be understood: {error}")))
}

/// Refuses what the window may not ask for although the operation is its own: reading files that nobody chose.
fn permit(desk: &Desk, operation: &str, request: &Value) -> Result<(), Fault> {
    let file = (operation == "preview_import").then(|| request.get("path")?.as_str()).flatten();
    match file {
        Some(file) if !desk.has_chosen(Path::new(file)) => {
            Err(Fault::invalid("the file was not chosen in the system's dialog").at("path"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
