//! The part of the desktop that shows notifications, as a service of the session bus.

#![expect(
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the methods of a D-Bus interface have these shapes"
)]

use std::collections::HashMap;

use tokio::sync::watch;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, connection, interface};

use crate::within;

/// Collects what programs want to be shown. Dropped, it leaves the bus.
pub struct Notifications {
    shown: watch::Receiver<Vec<Shown>>,
    _bus: Connection,
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
}

struct Service {
    shown: watch::Sender<Vec<Shown>>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["body"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("notifications of the test", "Sluice", "1", "1.2")
    }

    #[expect(clippy::too_many_arguments, reason = "the specification's method has them")]
    fn notify(
        &self,
        _application: &str,
        _replaced: u32,
        _icon: &str,
        title: String,
        text: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires_ms: i32,
    ) -> u32 {
        self.shown.send_modify(|shown| shown.push(Shown { title, text }));
        u32::try_from(self.shown.borrow().len()).unwrap()
    }

    fn close_notification(&self, _id: u32) {}
}

impl Notifications {
    /// Puts the service on the bus at an address.
    pub async fn start(bus_address: &str) -> Notifications {
        let shown = watch::Sender::new(Vec::new());
        let seen = shown.subscribe();
        let building = connection::Builder::address(bus_address).unwrap();
        let building = building.serve_at("/org/freedesktop/Notifications", Service { shown }).unwrap();
        let bus = building.name("org.freedesktop.Notifications").unwrap().build().await.unwrap();
        Notifications { shown: seen, _bus: bus }
    }

    /// Waits until so many have been shown, and returns all of them.
    pub async fn shown(&mut self, count: usize) -> Vec<Shown> {
        within("a notification", self.shown.wait_for(|shown| shown.len() >= count)).await.unwrap().clone()
    }
}
