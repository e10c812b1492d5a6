//! Which icon the tray shows.

use tauri::image::Image;

use super::menu::Gateway;

/// What the icon says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The gate is open.
    Ok,
    /// Some streams are dotted: some channels cannot answer.
    Degraded,
    /// The gate is shut, with a cross: no channel or no port.
    Down,
    /// The gate is shut, with two bars: by the user.
    Paused,
}

impl Look {
    /// The icon of a state.
    pub(crate) fn of(gateway: &Gateway) -> Look {
        match gateway {
            Gateway::Ok => Look::Ok,
            Gateway::Degraded => Look::Degraded,
            Gateway::Down | Gateway::Stopped { .. } => Look::Down,
            Gateway::Paused | Gateway::Quitting => Look::Paused,
        }
    }

    /// The picture in the ink that is seen on this ground.
    pub(crate) fn picture(self, ground: Ground) -> Image<'static> {
        let [on_light, on_dark] = match self {
            Look::Ok => [
                tauri::include_image!("../icons/tray-ok.on-light.png"),
                tauri::include_image!("../icons/tray-ok.on-dark.png"),
            ],
            Look::Degraded => [
                tauri::include_image!("../icons/tray-degraded.on-light.png"),
                tauri::include_image!("../icons/tray-degraded.on-dark.png"),
            ],
            Look::Down => [
                tauri::include_image!("../icons/tray-down.on-light.png"),
                tauri::include_image!("../icons/tray-down.on-dark.png"),
            ],
            Look::Paused => [
                tauri::include_image!("../icons/tray-paused.on-light.png"),
                tauri::include_image!("../icons/tray-paused.on-dark.png"),
            ],
        };
        match ground {
            Ground::Light => on_light,
            Ground::Dark => on_dark,
        }
    }
}

/// What the icon stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A light panel.
    Light,
    /// A dark panel.
    Dark,
}

/// Desktops whose panel is dark whatever the theme, as `XDG_CURRENT_DESKTOP` names them. The others follow the theme.
const DARK_PANELS: [&str; 5] = ["gnome", "unity", "pantheon", "x-cinnamon", "budgie"];

impl Ground {
    /// The ground of a panel. macOS draws the dark ink in the colour that it needs (a template image).
    pub(crate) fn of_panel(desktop: &str, dark_theme: bool) -> Ground {
        let named = desktop.to_ascii_lowercase();
        let always_dark = named.split(':').any(|word| DARK_PANELS.contains(&word));
        if cfg!(target_os = "macos") || !(always_dark || dark_theme) { Ground::Light } else { Ground::Dark }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_ink_is_seen_on_the_panel() {
        for (desktop, dark_theme, ground) in [
            ("KDE", false, Ground::Light),
            ("KDE", true, Ground::Dark),
            ("GNOME", false, Ground::Dark),
            ("ubuntu:GNOME", false, Ground::Dark),
            ("", false, Ground::Light),
            ("", true, Ground::Dark),
        ] {
            assert_eq!(Ground::of_panel(desktop, dark_theme), ground, "{desktop} {dark_theme}");
        }
    }

    #[test]
    fn each_look_has_two_pictures_of_its_own() {
        let looks = [Look::Ok, Look::Degraded, Look::Down, Look::Paused];
        let mut pictures: Vec<Vec<u8>> = looks
            .iter()
            .flat_map(|look| [Ground::Light, Ground::Dark].map(|ground| look.picture(ground).rgba().to_vec()))
            .collect();
        pictures.sort();
        pictures.dedup();
        assert_eq!(pictures.len(), 2 * looks.len());
    }
}
