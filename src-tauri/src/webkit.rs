//! The engine's network process, which would outlive the window.
//!
//! `WebKitGTK` keeps it for as long as the application runs: tens of MiB for a window that nobody sees. Ended, it comes
//! back with the next window. The engines of other systems look after their processes themselves.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tauri::AppHandle;

use crate::window;

/// The process's name as Linux shows it: the first 15 bytes of `WebKitNetworkProcess`.
const NETWORK_PROCESS: &str = "WebKitNetworkPr";

/// How long after the window's end it may still be wanted: by the page, which ends in its own time, or by a window that
/// is opened again at once.
const WANTED_FOR: Duration = Duration::from_secs(3);

/// Ends the network process a little after the window was closed, unless there is one again.
pub(crate) fn end_with_the_window(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(WANTED_FOR).await;
        let later = app.clone();
        // Windows are made on the main thread, so that none comes between the look and the end.
        let asked = app.run_on_main_thread(move || {
            if !window::is_there(&later) {
                end_network_processes();
            }
        });
        if let Err(error) = asked {
            tracing::debug!("WebKit's network process stays: {error}");
        }
    });
}

fn end_network_processes() {
    // A kernel without the lists of children has them all stay.
    for child in children().unwrap_or_default() {
        if let Err(error) = end_if_network_process(child) {
            tracing::debug!("WebKit's process {child} stays: {error}");
        }
    }
}

/// The children of this process, whichever of its threads started them: `children` of `proc(5)`.
fn children() -> io::Result<Vec<i32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread that has ended meanwhile has left its children to another one.
        let list = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(list.split_ascii_whitespace().filter_map(|id| id.parse::<i32>().ok()));
    }
    Ok(children)
}

fn end_if_network_process(child: i32) -> io::Result<()> {
    let Some(pid) = Pid::from_raw(child) else {
        return Ok(());
    };
    // Held before its name is read, so that the signal reaches the process that has this name.
    let held = pidfd_open(pid, PidfdFlags::empty())?;
    let name = fs::read_to_string(format!("/proc/{child}/comm"))?;
    if name.trim_end() == NETWORK_PROCESS {
        pidfd_send_signal(held, Signal::TERM)?;
    }
    Ok(())
}
