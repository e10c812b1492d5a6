//! The tray as a panel sees it: a `StatusNotifierWatcher` where items register, and their menus over
//! `com.canonical.dbusmenu`.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the methods of a D-Bus interface have these shapes"
)]

use std::collections::HashMap;
use std::path::PathBuf;

use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, Proxy, connection, interface};

use crate::{until_async, within};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const WATCHER_PATH: &str = "/StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// A panel on a session bus. Dropped, it leaves the bus.
pub struct Panel {
    bus: Connection,
    items: watch::Receiver<Vec<Address>>,
}

/// Where an item is on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    owner: String,
    path: String,
}

/// The watcher's own side.
struct Watcher {
    items: watch::Sender<Vec<Address>>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: zbus::message::Header<'_>,
    ) {
        let sender = header.sender().unwrap().to_string();
        // Ayatana's library sends its path, others their name.
        let address = match service.strip_prefix('/') {
            Some(_) => Address { owner: sender, path: service.to_owned() },
            None => Address { owner: service.to_owned(), path: "/StatusNotifierItem".to_owned() },
        };
        self.items.send_modify(|items| {
            if !items.contains(&address) {
                items.push(address);
            }
        });
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.borrow().iter().map(|item| format!("{}{}", item.owner, item.path)).collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Panel {
    /// Puts a panel on the bus at an address.
    pub async fn start(bus_address: &str) -> Panel {
        let items = watch::Sender::new(Vec::new());
        let seen = items.subscribe();
        let building = connection::Builder::address(bus_address).unwrap();
        let watcher = Watcher { items: items.clone() };
        let building = building.serve_at(WATCHER_PATH, watcher).unwrap().name(WATCHER).unwrap();
        let bus = building.build().await.unwrap();
        tokio::spawn(forget_who_left(bus.clone(), items));
        Panel { bus, items: seen }
    }

    /// Waits for the first item.
    pub async fn item(&mut self) -> TrayItem {
        let items = within("an item in the tray", self.items.wait_for(|items| !items.is_empty())).await;
        let address = items.unwrap()[0].clone();
        TrayItem { bus: self.bus.clone(), address }
    }
}

/// Takes the items of a program that left the bus out of the tray.
async fn forget_who_left(bus: Connection, items: watch::Sender<Vec<Address>>) {
    let names = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
    let mut changes = names.receive_name_owner_changed().await.unwrap();
    while let Some(change) = changes.next().await {
        let change = change.args().unwrap();
        if change.new_owner.is_none() {
            items.send_modify(|items| items.retain(|item| item.owner != change.name.as_str()));
        }
    }
}

impl Panel {
    /// Waits until every item has left.
    pub async fn is_empty(&mut self) {
        within("an empty tray", self.items.wait_for(Vec::is_empty)).await.unwrap();
    }
}

/// An item of the tray.
pub struct TrayItem {
    bus: Connection,
    address: Address,
}

/// A line of an item's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    id: i32,
    /// What stands there; nothing for a separator.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// Whether it is on, where it is a switch.
    pub on: Option<bool>,
}

/// A node of the menu as D-Bus sends it.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl TrayItem {
    /// The menu's lines, without separators.
    pub async fn menu(&self) -> Vec<Line> {
        let menu = self.menu_proxy().await;
        let _: bool = menu.call("AboutToShow", &(0,)).await.unwrap();
        let none: &[&str] = &[];
        let (_, root): (u32, Node) = menu.call("GetLayout", &(0, -1, none)).await.unwrap();
        root.2
            .into_iter()
            .map(|child| line(Node::try_from(child).unwrap()))
            .filter(|line| !line.label.is_empty())
            .collect()
    }

    /// Waits until the menu is as asked, and returns it.
    pub async fn menu_where(&self, what: &str, asked: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        until_async(what, async || {
            let lines = self.menu().await;
            asked(&lines).then_some(lines)
        })
        .await
    }

    /// Waits for a line whose label has this beginning, and returns it.
    pub async fn line(&self, beginning: &str) -> Line {
        let found = |lines: &[Line]| lines.iter().find(|line| line.label.starts_with(beginning)).cloned();
        let lines = self
            .menu_where(&format!("{beginning:?} in the tray's menu"), |lines| found(lines).is_some())
            .await;
        found(&lines).unwrap()
    }

    /// Clicks the line whose label has this beginning, once it is there.
    pub async fn click(&self, beginning: &str) {
        let line = self.line(beginning).await;
        assert!(line.enabled, "{line:?} cannot be clicked");
        // Whoever quits by a click may not answer any more.
        let clicked = (line.id, "clicked", Value::from(""), 0_u32);
        self.menu_proxy().await.call_noreply("Event", &clicked).await.unwrap();
    }

    /// The picture that the panel shows now: the bytes of its file.
    pub async fn picture(&self) -> Vec<u8> {
        // The file is replaced when the icon changes: the name may be older than what is there.
        until_async("the icon's file", async || {
            let file: String = self.item_proxy().await.get_property("IconName").await.unwrap();
            std::fs::read(PathBuf::from(file)).ok()
        })
        .await
    }

    async fn menu_proxy(&self) -> Proxy<'_> {
        let path: zbus::zvariant::OwnedObjectPath =
            self.item_proxy().await.get_property("Menu").await.unwrap();
        Proxy::new(&self.bus, self.address.owner.clone(), path, MENU).await.unwrap()
    }

    async fn item_proxy(&self) -> Proxy<'_> {
        Proxy::new(&self.bus, self.address.owner.clone(), self.address.path.clone(), ITEM).await.unwrap()
    }
}

fn line((id, properties, _): Node) -> Line {
    let text = |name: &str| properties.get(name).and_then(|value| String::try_from(value.clone()).ok());
    let switch = text("toggle-type").is_some();
    let state = properties.get("toggle-state").and_then(|value| i32::try_from(value.clone()).ok());
    let enabled = properties.get("enabled").and_then(|value| bool::try_from(value.clone()).ok());
    Line {
        id,
        // A single underscore marks a shortcut, two stand for one.
        label: text("label").unwrap_or_default().replace("__", "_"),
        enabled: enabled.unwrap_or(true),
        on: switch.then_some(state == Some(1)),
    }
}
