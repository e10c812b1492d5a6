//! The tray: an icon that says how the gateway is, and a menu.
//!
//! ```text
//! admin::overview ─► Glance ─► Menu, Look (values) ─► Tray::show: touches what changed of the native ones
//!                                                      click ─► acts::perform
//! ```

pub(crate) mod acts;
pub(crate) mod glance;
mod look;
pub(crate) mod menu;
pub(crate) mod panel;
pub(crate) mod words;

use std::sync::{Mutex, PoisonError};

use tauri::menu::{CheckMenuItem, IsMenuItem, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};

use self::look::{Ground, Look};
use self::menu::{Act, Entry, Glance, Menu};
use self::words::Words;
use crate::desk::Desk;

const TRAY_ID: &str = "sluice";

/// What the tray shows at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scene {
    menu: Menu,
    look: Look,
    ground: Ground,
    /// The state in one sentence, for who points at the icon (macOS and Windows).
    sentence: String,
}

impl Scene {
    /// Draws what the tray shall show.
    pub(crate) fn of(glance: &Glance, words: &Words, ground: Ground) -> Scene {
        Scene {
            menu: Menu::of(glance, words),
            look: Look::of(&glance.gateway),
            ground,
            sentence: menu::sentence(glance, words),
        }
    }
}

/// The native tray. Used on the main thread only, as every toolkit wants it.
pub(crate) struct Tray {
    icon: TrayIcon,
    shown: Mutex<Shown>,
}

struct Shown {
    scene: Scene,
    items: Vec<Native>,
}

/// The native twin of an [`Entry`].
enum Native {
    Separator(PredefinedMenuItem<Wry>),
    Item(MenuItem<Wry>),
    Switch(CheckMenuItem<Wry>),
}

impl Tray {
    /// Puts the icon into the tray.
    pub(crate) fn raise(app: &AppHandle, scene: Scene) -> tauri::Result<Tray> {
        let items = built(app, &scene.menu)?;
        let builder = TrayIconBuilder::with_id(TRAY_ID)
            .icon(scene.look.picture(scene.ground))
            .icon_as_template(cfg!(target_os = "macos"))
            .tooltip(&scene.sentence)
            // On Linux the panel reads the picture from a file; the folder of the default may be shared with others.
            .temp_dir_path(app.state::<Desk>().passing_folder(app).join("tray"))
            .menu(&native_menu(app, &items)?)
            .on_menu_event(|app, event| {
                if let Some(act) = Act::of_id(event.id().as_ref()) {
                    acts::perform(app, &act);
                }
            });
        let icon = opened_by_click(builder).build(app)?;
        Ok(Tray { icon, shown: Mutex::new(Shown { scene, items }) })
    }

    /// Shows a scene, touching only what differs from the one before.
    pub(crate) fn show(&self, app: &AppHandle, scene: Scene) -> tauri::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if (scene.look, scene.ground) != (shown.scene.look, shown.scene.ground) {
            let picture = scene.look.picture(scene.ground);
            self.icon.set_icon_with_as_template(Some(picture), cfg!(target_os = "macos"))?;
        }
        if scene.sentence != shown.scene.sentence {
            self.icon.set_tooltip(Some(&scene.sentence))?;
        }
        if shown.scene.menu.has_shape_of(&scene.menu) {
            for ((item, before), now) in shown.items.iter().zip(&shown.scene.menu.0).zip(&scene.menu.0) {
                if before != now {
                    item.say(now)?;
                }
            }
        } else {
            let items = built(app, &scene.menu)?;
            self.icon.set_menu(Some(native_menu(app, &items)?))?;
            shown.items = items;
        }
        shown.scene = scene;
        Ok(())
    }

    /// Notes that a click has turned a switch, as the toolkit does by itself, and returns how it stands now.
    pub(crate) fn turned(&self, act: &Act) -> Option<bool> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.scene.menu.0.iter_mut().find_map(|entry| match entry {
            Entry::Switch { act: own, on, .. } if own == act => {
                *on = !*on;
                Some(*on)
            }
            Entry::Switch { .. } | Entry::Separator | Entry::Told(_) | Entry::Click(..) => None,
        })
    }
}

impl Native {
    fn of(app: &AppHandle, entry: &Entry) -> tauri::Result<Native> {
        Ok(match entry {
            Entry::Separator => Native::Separator(PredefinedMenuItem::separator(app)?),
            Entry::Told(text) => Native::Item(MenuItem::new(app, literal(text), false, None::<&str>)?),
            Entry::Click(act, text) => {
                Native::Item(MenuItem::with_id(app, act.id(), literal(text), true, None::<&str>)?)
            }
            Entry::Switch { act, text, on, enabled } => Native::Switch(CheckMenuItem::with_id(
                app,
                act.id(),
                literal(text),
                *enabled,
                *on,
                None::<&str>,
            )?),
        })
    }

    fn say(&self, entry: &Entry) -> tauri::Result<()> {
        match (self, entry) {
            (Native::Item(item), Entry::Told(text) | Entry::Click(_, text)) => item.set_text(literal(text)),
            (Native::Switch(item), Entry::Switch { text, on, enabled, .. }) => {
                item.set_text(literal(text))?;
                item.set_checked(*on)?;
                item.set_enabled(*enabled)
            }
            (Native::Separator(_) | Native::Item(_) | Native::Switch(_), _) => Ok(()),
        }
    }

    fn item(&self) -> &dyn IsMenuItem<Wry> {
        match self {
            Native::Separator(item) => item,
            Native::Item(item) => item,
            Native::Switch(item) => item,
        }
    }
}

fn built(app: &AppHandle, menu: &Menu) -> tauri::Result<Vec<Native>> {
    menu.0.iter().map(|entry| Native::of(app, entry)).collect()
}

fn native_menu(app: &AppHandle, items: &[Native]) -> tauri::Result<tauri::menu::Menu<Wry>> {
    let items: Vec<&dyn IsMenuItem<Wry>> = items.iter().map(Native::item).collect();
    tauri::menu::Menu::with_items(app, &items)
}

/// Keeps an ampersand from becoming the mark of a keyboard shortcut.
fn literal(text: &str) -> String {
    text.replace('&', "&&")
}

/// On Windows a click opens the window and the other button the menu, as every program there does.
#[cfg(windows)]
fn opened_by_click(builder: TrayIconBuilder<Wry>) -> TrayIconBuilder<Wry> {
    use tauri::tray::{MouseButton, MouseButtonState, TrayIconEvent};
    builder.show_menu_on_left_click(false).on_tray_icon_event(|tray, event| {
        if let TrayIconEvent::Click {
            button: MouseButton::Left, button_state: MouseButtonState::Up, ..
        } = event
        {
            acts::perform(tray.app_handle(), &Act::Open);
        }
    })
}

#[cfg(not(windows))]
fn opened_by_click(builder: TrayIconBuilder<Wry>) -> TrayIconBuilder<Wry> {
    builder
}
