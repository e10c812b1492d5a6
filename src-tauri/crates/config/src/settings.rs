//! Every setting with its value, its default, and who decided it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::document::{Document, LogSection, RoutingSection, ServerSection, Theme, UiSection};
use crate::resolve::{DRAIN, LOG_FILES, PORT, Surroundings};
use crate::snapshot::{ClientKeys, LogLevel, Strategy, UnknownModels};

/// The settings that are shown and edited by their path, in the order in which lists show them, and what a file says of
/// each. `ui.notifications` is edited by kind.
const TABLE: &[(&str, Read)] = &[
    ("server.port", |file| stated(server(file).and_then(|server| server.port), PORT)),
    ("server.listen", |file| stated(server(file).and_then(|server| server.listen.as_ref()), LOOPBACKS)),
    ("server.client_keys", |file| {
        stated(server(file).and_then(|server| server.client_keys), ClientKeys::default())
    }),
    ("server.allowed_hosts", |file| list(server(file).map(|server| &server.allowed_hosts))),
    ("server.allowed_origins", |file| list(server(file).map(|server| &server.allowed_origins))),
    ("server.drain_s", |file| stated(server(file).and_then(|server| server.drain_s), DRAIN.as_secs())),
    ("routing.strategy", |file| {
        stated(routing(file).and_then(|routing| routing.strategy), Strategy::default())
    }),
    ("routing.fallback", |file| stated(routing(file).and_then(|routing| routing.fallback), true)),
    ("routing.unknown_models", |file| {
        stated(routing(file).and_then(|routing| routing.unknown_models), UnknownModels::default())
    }),
    ("ui.language", |file| stated(ui(file).and_then(|ui| ui.language.as_ref()), "system")),
    ("ui.theme", |file| stated(ui(file).and_then(|ui| ui.theme), Theme::System)),
    ("ui.start_hidden", |file| stated(ui(file).and_then(|ui| ui.start_hidden), false)),
    ("ui.close_to_tray", |file| stated(ui(file).and_then(|ui| ui.close_to_tray), true)),
    ("ui.notifications.key_refused", |file| notification(file, "key_refused")),
    ("ui.notifications.no_channel", |file| notification(file, "no_channel")),
    ("ui.notifications.port_taken", |file| notification(file, "port_taken")),
    ("log.level", |file| stated(log(file).and_then(|log| log.level), LogLevel::default())),
    ("log.files", |file| stated(log(file).and_then(|log| log.files), LOG_FILES)),
];

/// Reads one setting of a file.
type Read = fn(&Document) -> Setting;

/// The paths of the settings, in the order in which lists show them.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(path, _)| *path)
}

/// Who decided a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SettingOrigin {
    /// Nobody: it is the default.
    Default,
    /// The file.
    File,
    /// An environment variable.
    Environment,
    /// A flag of the command line.
    Flag,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingValue {
    /// Its path in `config.toml`, such as `server.port`.
    pub key: &'static str,
    /// The value in force.
    pub value: Value,
    /// The value where nobody states one.
    pub default: Value,
    /// Who decided.
    pub origin: SettingOrigin,
    /// The variable or the flag that decided, where one did.
    pub set_by: Option<&'static str>,
    /// The place in the file, such as `config.toml:12`, where the file states a value, be it in force or not.
    pub place: Option<String>,
}

/// The flag that wins over port and addresses of the file.
const LISTEN_FLAG: &str = "--listen";
/// The variable that wins over the port of the file.
const PORT_VARIABLE: &str = "PORT";
/// Where the gateway listens by default, without a port.
const LOOPBACKS: [&str; 2] = ["127.0.0.1", "::1"];

/// The settings of a document in these surroundings.
pub fn settings(document: &Document, surroundings: &Surroundings<'_>) -> Vec<SettingValue> {
    let outside = Outside::of(surroundings);
    TABLE.iter().map(|(key, read)| setting(document, &outside, key, read(document))).collect()
}

/// What wins over the file.
struct Outside {
    listen: Option<Vec<String>>,
    port: Option<(u16, SettingOrigin, &'static str)>,
}

impl Outside {
    fn of(surroundings: &Surroundings<'_>) -> Self {
        let listen: Vec<String> = surroundings.listen_override.iter().map(ToString::to_string).collect();
        let first = surroundings.listen_override.first().map(std::net::SocketAddr::port);
        let flag = surroundings.port_override.or(first);
        let variable = || (surroundings.lookup)(PORT_VARIABLE)?.trim().parse().ok().filter(|port| *port > 0);
        let port = match flag {
            Some(port) => Some((port, SettingOrigin::Flag, LISTEN_FLAG)),
            None => variable().map(|port| (port, SettingOrigin::Environment, PORT_VARIABLE)),
        };
        Self { listen: (!listen.is_empty()).then_some(listen), port }
    }

    /// What somebody else than the file says of a setting.
    fn decided(&self, key: &str) -> Option<(Value, SettingOrigin, &'static str)> {
        match key {
            "server.port" => self.port.map(|(port, origin, by)| (json!(port), origin, by)),
            "server.listen" => {
                self.listen.as_ref().map(|listen| (json!(listen), SettingOrigin::Flag, LISTEN_FLAG))
            }
            _ => None,
        }
    }
}

fn setting(document: &Document, outside: &Outside, key: &'static str, setting: Setting) -> SettingValue {
    let Setting { stated, default } = setting;
    let place = stated.as_ref().and_then(|_| place(document, key));
    let (value, origin, set_by) = match (outside.decided(key), stated) {
        (Some((value, origin, by)), _) => (value, origin, Some(by)),
        (None, Some(value)) => (value, SettingOrigin::File, None),
        (None, None) => (default.clone(), SettingOrigin::Default, None),
    };
    SettingValue { key, value, default, origin, set_by, place }
}

/// Where the file states a field, such as `config.toml:12`.
pub(crate) fn place(document: &Document, path: &str) -> Option<String> {
    let place = document.places.exact(path)?;
    Some(format!("{}:{}", document.places.file(), place.line))
}

/// What the file says of a setting, and what holds where it says nothing.
struct Setting {
    stated: Option<Value>,
    default: Value,
}

/// A setting that the file may state.
fn stated<T: Serialize>(stated: Option<T>, default: impl Serialize) -> Setting {
    Setting { stated: stated.map(|stated| json!(stated)), default: json!(default) }
}

/// A list that the file may state; an empty one says nothing.
fn list(list: Option<&Vec<String>>) -> Setting {
    stated(list.filter(|list| !list.is_empty()), [(); 0])
}

fn notification(document: &Document, kind: &str) -> Setting {
    stated(ui(document).and_then(|ui| ui.notifications.get(kind)), true)
}

fn server(document: &Document) -> Option<&ServerSection> {
    document.server.as_ref()
}

fn routing(document: &Document) -> Option<&RoutingSection> {
    document.routing.as_ref()
}

fn ui(document: &Document) -> Option<&UiSection> {
    document.ui.as_ref()
}

fn log(document: &Document) -> Option<&LogSection> {
    document.log.as_ref()
}
