//! Keeps tray, wishes and notifications in step with the product.

use std::time::Duration;

use admin::Nothing;
use store::Clock;
use tauri::{AppHandle, Manager};

use crate::desk::Desk;
use crate::notify::Notices;
use crate::tray::glance::glance;
use crate::tray::{Scene, Tray, panel};
use crate::wishes::Wishes;

/// However much happens, the tray is drawn no more often than this.
const PAUSE: Duration = Duration::from_millis(250);

/// Follows the product until the application ends.
pub(crate) async fn follow(app: AppHandle, clock: Clock) {
    let desk = app.state::<Desk>();
    let mut changes = desk.sluice.changes();
    let mut panel = panel::Panel::watch(&desk.tray_shown).await;
    let mut notices = Notices::default();
    loop {
        let wishes = Wishes::of(&desk.sluice).await;
        desk.learn(wishes.clone());
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
    let sent = app.run_on_main_thread(move || {
        let outcome = match drawn.try_state::<Tray>() {
            Some(tray) => tray.show(&drawn, scene),
            None => Tray::raise(&drawn, scene).map(|tray| {
                drawn.manage(tray);
            }),
        };
        if let Err(error) = outcome {
            tracing::error!("the tray cannot be drawn: {error}");
        }
    });
    if let Err(error) = sent {
        tracing::error!("the tray cannot be drawn: {error}");
    }
}
