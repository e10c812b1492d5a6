//! The system's wish that we stop.

use tauri::AppHandle;

use crate::lifecycle;

/// Quits on SIGTERM, SIGINT and SIGHUP as the menu does: the first lets requests end, the second does not wait.
#[cfg(unix)]
pub(crate) async fn follow(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [mut terminate, mut interrupt, mut hangup] = match kinds.map(signal) {
        [Ok(terminate), Ok(interrupt), Ok(hangup)] => [terminate, interrupt, hangup],
        [Err(error), ..] | [_, Err(error), _] | [.., Err(error)] => {
            tracing::warn!("signals are not heard: {error}");
            return;
        }
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        lifecycle::quit(&app);
    }
}

/// Quits on ctrl-c; the end of a session comes as an event of the window system.
#[cfg(not(unix))]
pub(crate) async fn follow(app: AppHandle) {
    while tokio::signal::ctrl_c().await.is_ok() {
        lifecycle::quit(&app);
    }
}
