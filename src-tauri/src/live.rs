//! Keeps tray, wishes and notifications in step with the product.

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use admin::Nothing;
use store::Clock;
use tauri::{AppHandle, Manager};

use crate::desk::Desk;
use crate::notify::Notices;
use crate::tray::glance::glance;
use crate::tray::{Scene, Tray, panel};
use crate::window;
use crate::wishes::Wishes;

/// However much happens, the tray is drawn no more often than this.
const PAUSE: Duration = Duration::from_millis(250);

/// Follows the product until the application ends.
pub(crate) async fn follow(app: AppHandle, clock: Clock) {
    let desk = app.state::<Desk>();
    let mut changes = desk.sluice.changes();
    let mut panel = panel::Panel::watch(&desk.tray_there).await;
    let mut notices = Notices::default();
    loop {
        let wishes = Wishes::of(&desk.sluice).await;
        if desk.learn(wishes.clone()).theme != wishes.theme {
            window::set_theme(&app, wishes.theme);
        }
        match admin::overview(&desk.sluice, Nothing {}).await {
            Ok(overview) => {
                let glance = glance(&overview, desk.is_quitting());
                let words = wishes.language.words();
                show(&app, Scene::of(&glance, words, panel.ground()));
                for notice in notices.see(clock.now().mono, &glance, &wishes.silenced) {
                    notice.show(&app, words);
                }
            }
            Err(fault) => tracing::warn!("the tray cannot be brought up to date: {fault}"),
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = desk.asked_to_look() => {}
            () = panel.changed() => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Shows a scene in the tray; the first one raises it.
fn show(app: &AppHandle, scene: Scene) {
    let drawn = app.clone();
    let sent = app.run_on_main_thread(move || match drawn.try_state::<Tray>() {
        Some(tray) => {
            if let Err(error) = tray.show(&drawn, scene) {
                tracing::error!("the tray cannot be drawn: {error}");
            }
        }
        None => raise(&drawn, scene),
    });
    if let Err(error) = sent {
        tracing::error!("the tray cannot be drawn: {error}");
    }
}

/// Puts the icon into the tray, or opens the window where that fails.
fn raise(app: &AppHandle, scene: Scene) {
    let desk = app.state::<Desk>();
    if desk.has_tray_failed() {
        return;
    }
    // On Linux the tray's library is loaded now, and panics where it is not installed.
    let raised = panic::catch_unwind(AssertUnwindSafe(|| Tray::raise(app, scene)));
    match raised {
        Ok(Ok(tray)) => {
            app.manage(tray);
            return;
        }
        Ok(Err(error)) => tracing::error!("there is no icon in the tray: {error}"),
        Err(_) => tracing::error!("there is no icon in the tray: its library cannot be loaded"),
    }
    desk.tray_fails();
    window::open(app, None);
}
