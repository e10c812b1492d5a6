//! What the clicks on the tray's menu do.

use admin::{ChannelSwitch, Fault, Nothing, PauseSwitch};
use tauri::{AppHandle, Manager};

use super::Tray;
use super::menu::Act;
use crate::desk::Desk;
use crate::window::{self, Page};
use crate::{clipboard, lifecycle};

/// Does what was clicked. Returns at once: operations run beside the user interface.
pub(crate) fn perform(app: &AppHandle, act: &Act) {
    match act {
        Act::CopyAddress => run(app, copy_address),
        Act::SwitchChannel(id) => {
            let turned = app.try_state::<Tray>().and_then(|tray| tray.turned(act));
            let (Some(enabled), id) = (turned, id.clone()) else { return };
            run(app, async move |app| switch_channel(&app, &id, enabled).await);
        }
        Act::ShowLastProblem => run(app, show_last_problem),
        Act::ShowOverview => window::open(app, Some(Page::Overview)),
        Act::TryPortAgain => run(app, async |app| {
            admin::retry_listening(&app.state::<Desk>().sluice, Nothing {}).await.map(drop)
        }),
        Act::Pause => run(app, async |app| set_paused(&app, true).await),
        Act::Resume => run(app, async |app| set_paused(&app, false).await),
        Act::Open => window::open(app, None),
        Act::Quit => lifecycle::quit(app),
    }
}

/// Runs an operation beside the user interface and brings the menu up to date, also where the operation failed: the
/// toolkit has turned a switch already.
fn run<F>(app: &AppHandle, operation: impl FnOnce(AppHandle) -> F + Send + 'static)
where
    F: Future<Output = Result<(), Fault>> + Send,
{
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(fault) = operation(app.clone()).await {
            tracing::warn!("the tray's wish was not met: {fault}");
        }
        app.state::<Desk>().look_again();
    });
}

async fn show_last_problem(app: AppHandle) -> Result<(), Fault> {
    let problem = admin::overview(&app.state::<Desk>().sluice, Nothing {}).await?.last_problem;
    window::open(&app, Some(problem.map_or(Page::Traffic, |problem| Page::Request(problem.request))));
    Ok(())
}

async fn copy_address(app: AppHandle) -> Result<(), Fault> {
    let endpoint = admin::overview(&app.state::<Desk>().sluice, Nothing {}).await?.endpoint;
    clipboard::copy(&app, endpoint).await
}

async fn switch_channel(app: &AppHandle, id: &str, enabled: bool) -> Result<(), Fault> {
    let sluice = &app.state::<Desk>().sluice;
    // It may have been removed while the menu was open.
    let Some(channel) = sluice.snapshot().channel(id).cloned() else { return Ok(()) };
    let switch = ChannelSwitch { name: channel.name.to_string(), enabled };
    admin::set_channel_enabled(sluice, switch).await.map(drop)
}

async fn set_paused(app: &AppHandle, paused: bool) -> Result<(), Fault> {
    admin::set_paused(&app.state::<Desk>().sluice, PauseSwitch { paused }).await.map(drop)
}
