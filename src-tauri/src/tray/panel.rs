//! What the icon stands on: whether something shows it at all, and whether that is dark.
//!
//! On Linux a tray is a program of its own, the host of `org.kde.StatusNotifierWatcher`; it may come later than we do,
//! or never. Elsewhere the system always has one.

pub(crate) use self::system::Panel;

#[cfg(target_os = "linux")]
mod system {
    use futures_util::StreamExt;
    use tokio::sync::watch;
    use zbus::fdo::{DBusProxy, NameOwnerChangedStream};
    use zbus::names::BusName;
    use zbus::proxy::SignalStream;
    use zbus::zvariant::{OwnedValue, Value};
    use zbus::{Connection, Proxy};

    use super::super::look::Ground;

    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const PORTAL: &str = "org.freedesktop.portal.Desktop";
    const PORTAL_PATH: &str = "/org/freedesktop/portal/desktop";
    const PORTAL_SETTINGS: &str = "org.freedesktop.portal.Settings";
    const APPEARANCE: &str = "org.freedesktop.appearance";
    const COLOR_SCHEME: &str = "color-scheme";
    /// What the portal says of a user who prefers dark colours.
    const PREFER_DARK: u32 = 1;

    /// The panel of this session.
    pub(crate) struct Panel {
        desktop: String,
        dark_theme: bool,
        schemes: Option<SignalStream<'static>>,
    }

    impl Panel {
        /// Begins to watch the panel; keeps telling whether something shows the icon.
        pub(crate) async fn watch(shown: &watch::Sender<bool>) -> Panel {
            let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
            let Ok(bus) = Connection::session().await else {
                return Panel { desktop, dark_theme: false, schemes: None };
            };
            tokio::spawn(tell_whether_shown(bus.clone(), shown.clone()));
            let portal = Proxy::new(&bus, PORTAL, PORTAL_PATH, PORTAL_SETTINGS).await.ok();
            let (mut dark_theme, mut schemes) = (false, None);
            if let Some(portal) = portal {
                dark_theme = prefers_dark(&portal).await.unwrap_or(false);
                schemes = portal.receive_signal("SettingChanged").await.ok();
            }
            Panel { desktop, dark_theme, schemes }
        }

        /// What the icon stands on now.
        pub(crate) fn ground(&self) -> Ground {
            Ground::of_panel(&self.desktop, self.dark_theme)
        }

        /// Returns when the ground may have changed.
        pub(crate) async fn changed(&mut self) {
            loop {
                let Some(schemes) = &mut self.schemes else { return std::future::pending().await };
                let Some(signal) = schemes.next().await else {
                    self.schemes = None;
                    continue;
                };
                let body = signal.body();
                let Ok((space, key, value)) = body.deserialize::<(&str, &str, Value<'_>)>() else { continue };
                if (space, key) == (APPEARANCE, COLOR_SCHEME)
                    && let Ok(scheme) = u32::try_from(value)
                {
                    self.dark_theme = scheme == PREFER_DARK;
                    return;
                }
            }
        }
    }

    async fn prefers_dark(portal: &Proxy<'_>) -> zbus::Result<bool> {
        let answer: OwnedValue = portal.call("Read", &(APPEARANCE, COLOR_SCHEME)).await?;
        // The portal wraps the value twice.
        let inner = match Value::from(answer) {
            Value::Value(inner) => *inner,
            plain => plain,
        };
        Ok(u32::try_from(inner)? == PREFER_DARK)
    }

    /// Tells whether a watcher is on the bus, from now on.
    async fn tell_whether_shown(bus: Connection, shown: watch::Sender<bool>) {
        if let Err(error) = follow_watcher(&bus, &shown).await {
            tracing::warn!("whether there is a tray cannot be told: {error}");
        }
    }

    async fn follow_watcher(bus: &Connection, shown: &watch::Sender<bool>) -> zbus::Result<()> {
        let names = DBusProxy::new(bus).await?;
        let mut changes: NameOwnerChangedStream =
            names.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
        shown.send_replace(names.name_has_owner(BusName::try_from(WATCHER)?).await?);
        while let Some(change) = changes.next().await {
            shown.send_replace(change.args()?.new_owner.is_some());
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use tokio::sync::watch;

    use super::super::look::Ground;

    /// The panel of this session.
    pub(crate) struct Panel;

    impl Panel {
        /// Tells that the icon is shown: these systems always have a tray.
        pub(crate) async fn watch(shown: &watch::Sender<bool>) -> Panel {
            shown.send_replace(true);
            Panel
        }

        /// What the icon stands on. The task bar of Windows is dark unless the user wants it light; macOS colours the
        /// icon itself.
        pub(crate) fn ground(&self) -> Ground {
            Ground::of_panel("", cfg!(windows))
        }

        /// Never returns: the ground stays.
        pub(crate) async fn changed(&mut self) {
            std::future::pending().await
        }
    }
}
