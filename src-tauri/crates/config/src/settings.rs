//! Every setting with its value, its default, and who decided it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::document::{Document, LogSection, RoutingSection, ServerSection, UiSection};
use crate::resolve::Surroundings;
use crate::snapshot::{ClientKeys, LogLevel, Strategy, UnknownModels};

/// The settings that are shown and edited by their path, in the order in which lists show them. `ui.notifications` is
/// edited by kind.
pub(crate) const SETTINGS: &[&str] = &[
    "server.port",
    "server.listen",
    "server.client_keys",
    "server.allowed_hosts",
    "server.allowed_origins",
    "server.drain_s",
    "routing.strategy",
    "routing.fallback",
    "routing.unknown_models",
    "ui.language",
    "ui.theme",
    "ui.start_hidden",
    "ui.close_to_tray",
    "ui.notifications.key_refused",
    "ui.notifications.no_channel",
    "ui.notifications.port_taken",
    "log.level",
    "log.files",
];

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
    SETTINGS.iter().map(|key| setting(document, &outside, key)).collect()
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

fn setting(document: &Document, outside: &Outside, key: &'static str) -> SettingValue {
    let Setting { stated, default } = of_file(document, key);
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

fn of_file(document: &Document, key: &str) -> Setting {
    match key.split_once('.') {
        Some(("server", field)) => of_server(document.server.as_ref(), field),
        Some(("routing", field)) => of_routing(document.routing.as_ref(), field),
        Some(("ui", field)) => of_ui(document.ui.as_ref(), field),
        Some(("log", field)) => of_log(document.log.as_ref(), field),
        Some(_) | None => unknown(key),
    }
}

fn of_server(section: Option<&ServerSection>, field: &str) -> Setting {
    let filled = |list: fn(&ServerSection) -> &Vec<String>| section.map(list).filter(|list| !list.is_empty());
    match field {
        "port" => stated(section.and_then(|server| server.port), crate::resolve::PORT),
        "listen" => stated(section.and_then(|server| server.listen.as_ref()), LOOPBACKS),
        "client_keys" => stated(section.and_then(|server| server.client_keys), ClientKeys::default()),
        "allowed_hosts" => stated(filled(|server| &server.allowed_hosts), [(); 0]),
        "allowed_origins" => stated(filled(|server| &server.allowed_origins), [(); 0]),
        "drain_s" => stated(section.and_then(|server| server.drain_s), crate::resolve::DRAIN.as_secs()),
        field => unknown(field),
    }
}

fn of_routing(section: Option<&RoutingSection>, field: &str) -> Setting {
    match field {
        "strategy" => stated(section.and_then(|routing| routing.strategy), Strategy::default()),
        "fallback" => stated(section.and_then(|routing| routing.fallback), true),
        "unknown_models" => {
            stated(section.and_then(|routing| routing.unknown_models), UnknownModels::default())
        }
        field => unknown(field),
    }
}

fn of_ui(section: Option<&UiSection>, field: &str) -> Setting {
    match field {
        "language" => stated(section.and_then(|ui| ui.language.as_ref()), "system"),
        "theme" => stated(section.and_then(|ui| ui.theme), "system"),
        "start_hidden" => stated(section.and_then(|ui| ui.start_hidden), false),
        "close_to_tray" => stated(section.and_then(|ui| ui.close_to_tray), true),
        field => match field.strip_prefix("notifications.") {
            Some(kind) => stated(section.and_then(|ui| ui.notifications.get(kind)), true),
            None => unknown(field),
        },
    }
}

fn of_log(section: Option<&LogSection>, field: &str) -> Setting {
    match field {
        "level" => stated(section.and_then(|log| log.level), LogLevel::default()),
        "files" => stated(section.and_then(|log| log.files), crate::resolve::LOG_FILES),
        field => unknown(field),
    }
}

fn unknown(field: &str) -> Setting {
    unreachable!("every setting of the list has its default here, but {field:?} has none")
}
