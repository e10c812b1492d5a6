//! The gateway's life within the application, and the application's end.

use std::time::Duration;

use tauri::{AppHandle, Manager};

use crate::desk::Desk;
use crate::{clipboard, window};

/// At login the panel may come later than we do. After this long without one the window opens, so that nobody runs a
/// program that cannot be seen.
const TRAY_COMES_WITHIN: Duration = Duration::from_secs(10);

/// Serves until the desk's stop, then lets running requests end and leaves the application.
pub(crate) async fn serve(app: AppHandle) {
    let desk = app.state::<Desk>();
    let outcome = desk.sluice.serve_from_desktop(desk.stop.clone()).await;
    let code = match outcome {
        Ok(()) => 0,
        Err(fault) => {
            tracing::error!("{fault}");
            crate::shell::tell_cannot_start(&app, &fault.to_string()).await;
            1
        }
    };
    tracing::info!("stopped");
    leave(app, code).await;
}

/// Ends the application.
async fn leave(app: AppHandle, code: i32) {
    clipboard::leave_no_secret(&app).await;
    app.exit(code);
}

/// Quits: closes the window, takes no new request, lets the running ones end. Called again, it does not wait for them.
pub(crate) fn quit(app: &AppHandle) {
    let desk = app.state::<Desk>();
    if desk.begin_quitting() {
        tracing::info!("ended without waiting for running requests");
        tauri::async_runtime::spawn(leave(app.clone(), 0));
        return;
    }
    tracing::info!("stopping: running requests may end");
    desk.stop.cancel();
    desk.look_again();
    window::close(app);
}

/// Decides what the end of the window means. It stays in the tray, unless the user wants otherwise or no tray shows it:
/// a program that nobody can see nor end would be left.
pub(crate) fn window_closed(app: &AppHandle) {
    let desk = app.state::<Desk>();
    let stays = desk.wishes().close_to_tray && desk.is_in_tray();
    if !stays && !desk.is_quitting() {
        quit(app);
    }
}

/// Opens the window where nothing shows the icon of an application that was started hidden.
pub(crate) async fn open_unless_tray_comes(app: AppHandle) {
    let mut there = app.state::<Desk>().tray_there.subscribe();
    let came = tokio::time::timeout(TRAY_COMES_WITHIN, there.wait_for(|there| *there)).await;
    if came.is_err() {
        tracing::info!("nothing shows the tray's icon: the window opens instead");
        window::open(&app, None);
    }
}
