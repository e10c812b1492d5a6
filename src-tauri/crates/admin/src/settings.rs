//! Settings: what is in force, where it comes from, and changing it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::edit::is_setting;
use config::{EffectiveValue, SettingOrigin, SettingValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Fault, FaultCode, Nothing, Sluice};

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS)]
pub struct SettingLine {
    /// Its path in `config.toml`, such as `server.port`.
    pub key: String,
    /// What is in force.
    #[ts(type = "unknown")]
    pub value: Value,
    /// What would be in force if nobody set it.
    #[ts(type = "unknown")]
    pub default: Value,
    /// Where the value comes from.
    pub origin: SettingOrigin,
    /// The variable or flag that sets it.
    pub set_by: Option<String>,
    /// Its place in the file, `config.toml:12`.
    pub place: Option<String>,
    /// Whether a change takes effect at the next start only.
    pub needs_restart: bool,
}

/// Every setting, and where the files are.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS)]
pub struct Settings {
    /// The settings.
    pub lines: Vec<SettingLine>,
    /// The folder of the configuration file.
    pub folder: Option<PathBuf>,
    /// The folder of the log files.
    pub log_folder: Option<PathBuf>,
}

/// A setting to change.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SetSetting {
    /// Its path in `config.toml`.
    pub key: String,
    /// Its value; `null` returns to the default.
    #[ts(type = "unknown")]
    pub value: Value,
}

/// The JSON Schema of the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS)]
#[serde(transparent)]
#[ts(type = "unknown")]
pub struct Schema(Value);

/// Lists the settings, each with its value, its default and where the value comes from.
pub async fn settings(sluice: &Arc<Sluice>, _: Nothing) -> Result<Settings, Fault> {
    Ok(all(sluice))
}

/// Changes a setting. It takes effect at once, the gateway's own address too.
pub async fn set_setting(sluice: &Arc<Sluice>, change: SetSetting) -> Result<Settings, Fault> {
    let SetSetting { key, value } = change;
    if !is_setting(&key) {
        return Err(Fault::not_found(format!("there is no setting {key:?}")).at(key));
    }
    if let Some(by) = all(sluice).lines.into_iter().find(|line| line.key == key).and_then(|line| line.set_by)
    {
        let message = format!("{key} is set by {by}, which wins over the file");
        return Err(Fault::new(FaultCode::SetByEnvironment, message).at(key));
    }
    let path = key.clone();
    let edit = move |text: &str| -> Result<String, Fault> {
        Ok(config::edit::set_value(text, &path, Some(&value))?)
    };
    let edited = if moves_the_door(&key) { sluice.move_door(edit).await } else { sluice.edit(edit).await };
    edited.map_err(|fault| fault.or_at(&key))?;
    Ok(all(sluice))
}

/// Lists every value in force with where it comes from; secrets are hinted at.
pub async fn effective(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<EffectiveValue>, Fault> {
    Ok(sluice.effective())
}

/// Returns the JSON Schema of the configuration file.
pub async fn schema(_: &Arc<Sluice>, _: Nothing) -> Result<Schema, Fault> {
    Ok(Schema(config::schema()))
}

impl Sluice {
    /// Every value in force.
    pub(crate) fn effective(&self) -> Vec<EffectiveValue> {
        let snapshot = self.snapshot();
        self.with_surroundings(|document, surroundings| config::effective(document, &snapshot, surroundings))
    }
}

fn all(sluice: &Sluice) -> Settings {
    let line = |setting: SettingValue| SettingLine {
        needs_restart: setting.key.starts_with("log."),
        key: setting.key.to_owned(),
        value: setting.value,
        default: setting.default,
        origin: setting.origin,
        set_by: setting.set_by.map(str::to_owned),
        place: setting.place,
    };
    Settings {
        lines: sluice.with_surroundings(|document, surroundings| {
            config::settings(document, surroundings).into_iter().map(line).collect()
        }),
        folder: sluice.config_path().as_deref().and_then(Path::parent).map(Path::to_path_buf),
        log_folder: sluice.home().map(store::Home::logs),
    }
}

/// Whether a change of this setting means other listeners.
fn moves_the_door(key: &str) -> bool {
    matches!(key, "server.port" | "server.listen")
}
