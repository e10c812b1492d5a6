//! The vendors that are known, and whose key it may be.

use std::sync::Arc;

use config::{PRESETS, Preset, ProviderKind};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use wire::Protocol;

use crate::{Fault, Nothing, Sluice};

/// A vendor that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[ts(rename = "Preset")]
pub struct PresetLine {
    /// A short name for files and commands.
    pub id: String,
    /// The name that people know.
    pub name: String,
    /// The kind of upstream.
    #[serde(rename = "type")]
    pub kind: ProviderKind,
    /// Where it speaks what.
    pub protocols: Vec<PresetBase>,
    /// The environment variable that usually holds its key; empty where none is needed.
    pub key_variable: String,
    /// Whether it asks for no key.
    pub keyless: bool,
    /// Examples of its models.
    pub models: Vec<String>,
    /// The page where a key is made.
    pub key_page: Option<String>,
    /// Whether it runs on this machine.
    pub local: bool,
}

/// Where a vendor speaks a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct PresetBase {
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is spoken.
    pub base_url: String,
}

/// A key whose vendor is asked for.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct KeyGuessQuestion {
    /// The key, or its beginning. Nothing keeps it.
    pub secret: crate::NewSecret,
}

/// Whose key it may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct KeyGuess {
    /// The presets that keys of this shape belong to, likeliest first.
    pub presets: Vec<String>,
}

/// Lists the vendors that are known.
pub async fn presets(_: &Arc<Sluice>, _: Nothing) -> Result<Vec<PresetLine>, Fault> {
    Ok(PRESETS.iter().map(PresetLine::of).collect())
}

/// Guesses whose key it is, by its shape. The key is kept nowhere and sent nowhere.
pub async fn guess_key(_: &Arc<Sluice>, question: KeyGuessQuestion) -> Result<KeyGuess, Fault> {
    let guessed = Preset::guess(question.secret.0.expose_secret().trim());
    Ok(KeyGuess { presets: guessed.into_iter().map(|preset| preset.id.to_owned()).collect() })
}

impl PresetLine {
    fn of(preset: &Preset) -> PresetLine {
        PresetLine {
            id: preset.id.to_owned(),
            name: preset.name.to_owned(),
            kind: kind(preset),
            protocols: bases(preset),
            key_variable: preset.key_variable.to_owned(),
            keyless: preset.is_keyless(),
            models: preset.models.iter().map(|&model| model.to_owned()).collect(),
            key_page: (!preset.key_page.is_empty()).then(|| preset.key_page.to_owned()),
            local: preset.is_local(),
        }
    }
}

/// The kind that speaks what the vendor speaks first.
fn kind(preset: &Preset) -> ProviderKind {
    match preset.bases.first().map(|(protocol, _)| protocol) {
        Some(Protocol::Messages) => ProviderKind::Claude,
        Some(Protocol::Gemini) => ProviderKind::Gemini,
        Some(Protocol::Chat | Protocol::Responses) | None => ProviderKind::OpenAi,
    }
}

/// The usual base for each protocol; Responses stand below those of Chat.
fn bases(preset: &Preset) -> Vec<PresetBase> {
    let base = |protocol| {
        let base_url = preset.base(protocol, "")?.to_owned();
        Some(PresetBase { protocol, base_url })
    };
    let mut bases: Vec<PresetBase> = Protocol::ALL.into_iter().filter_map(base).collect();
    let first = preset.bases.first().map(|(protocol, _)| *protocol);
    bases.sort_by_key(|base| Some(base.protocol) != first);
    bases
}
