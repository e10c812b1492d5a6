//! What the user wishes of the desktop: the section `[ui]` of the configuration.

use std::collections::HashMap;
use std::sync::Arc;

use admin::{Nothing, Sluice};
use serde_json::Value;
use tauri::Theme;

use crate::notify::Kind;
use crate::tray::words::Language;

/// The wishes in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The language of tray and notifications.
    pub(crate) language: Language,
    /// The colours of the window; `None` as the system has them.
    pub(crate) theme: Option<Theme>,
    /// Whether the window stays closed at the start.
    pub(crate) start_hidden: bool,
    /// Whether closing the window leaves the gateway running.
    pub(crate) close_to_tray: bool,
    /// Notifications that are not wanted.
    pub(crate) silenced: Vec<Kind>,
}

impl Wishes {
    /// Reads them from the product. What cannot be read is as if nobody had said anything.
    pub(crate) async fn of(sluice: &Arc<Sluice>) -> Wishes {
        let lines = admin::settings(sluice, Nothing {}).await.map(|settings| settings.lines);
        let values = lines.unwrap_or_default().into_iter().map(|line| (line.key, line.value)).collect();
        Wishes::read(&values, &system_language())
    }

    fn read(values: &HashMap<String, Value>, system_language: &str) -> Wishes {
        let value = |key: &str| values.get(key);
        let word = |key: &str| value(key).and_then(Value::as_str);
        let truth = |key: &str, default| value(key).and_then(Value::as_bool).unwrap_or(default);
        let language = word("ui.language").filter(|tag| *tag != "system").unwrap_or(system_language);
        let unwanted = |kind: &Kind| {
            let within = value("ui.notifications").and_then(|map| map.get(kind.name()));
            let alone = value(&format!("ui.notifications.{}", kind.name()));
            within.or(alone).and_then(Value::as_bool) == Some(false)
        };
        Wishes {
            language: Language::of_tag(language),
            theme: match word("ui.theme") {
                Some("light") => Some(Theme::Light),
                Some("dark") => Some(Theme::Dark),
                Some(_) | None => None,
            },
            start_hidden: truth("ui.start_hidden", false),
            close_to_tray: truth("ui.close_to_tray", true),
            silenced: Kind::ALL.into_iter().filter(unwanted).collect(),
        }
    }
}

/// The language of the system as a tag, such as `en-GB`.
pub(crate) fn system_language() -> String {
    sys_locale::get_locale().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values<const N: usize>(values: [(&str, Value); N]) -> HashMap<String, Value> {
        values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    #[test]
    fn nothing_said_means_the_system_and_a_window_that_closes_to_the_tray() {
        let wishes = Wishes::read(&values([]), "zh-Hans-CN");
        let expected = Wishes {
            language: Language::Chinese,
            theme: None,
            start_hidden: false,
            close_to_tray: true,
            silenced: Vec::new(),
        };
        assert_eq!(wishes, expected);
    }

    #[test]
    fn what_the_user_says_wins() {
        let lines = values([
            ("ui.language", json!("en")),
            ("ui.theme", json!("dark")),
            ("ui.start_hidden", json!(true)),
            ("ui.close_to_tray", json!(false)),
            ("ui.notifications", json!({"port_taken": false, "no_channel": true})),
        ]);
        let expected = Wishes {
            language: Language::English,
            theme: Some(Theme::Dark),
            start_hidden: true,
            close_to_tray: false,
            silenced: vec![Kind::PortTaken],
        };
        assert_eq!(Wishes::read(&lines, "zh-CN"), expected);
    }

    #[test]
    fn the_word_system_is_no_language() {
        let lines = values([("ui.language", json!("system")), ("ui.theme", json!("system"))]);
        assert_eq!(Wishes::read(&lines, "zh-CN"), Wishes::read(&values([]), "zh-CN"));
    }
}
