//! Taking over what other programs' files say.

mod offer;
mod taking;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::document::{ChannelEntry, Document, ProxyEntry};
use config::import::{self, Imported};
use config::{Channel, VaultAnswer};
use serde::{Deserialize, Serialize};

use crate::channels::save::keep_and_edit;
use crate::fault::of_findings;
use crate::{Fault, FaultCode, Problem, Sluice};
use offer::Offer;
use taking::Taking;

/// A file to look at: by a path that the program's own dialog returned, or as a text with its name.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ImportQuestion {
    /// A path…
    #[serde(default)]
    #[ts(optional)]
    pub path: Option<String>,
    /// …or the name of a text…
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// …and the text.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
}

/// What kind of thing an import would add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// A channel.
    Channel,
    /// A network proxy.
    Proxy,
    /// A name that stands for another.
    Alias,
    /// A setting.
    Setting,
    /// The key of a client.
    ClientKey,
}

/// What would become of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// It is added.
    Add,
    /// Its name is taken, so that it is added under another.
    Rename,
    /// It is already there.
    Same,
    /// It cannot be taken over; the note says why.
    Cannot,
}

/// One thing that a file offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ImportItem {
    /// Identifies the item in this preview.
    pub at: usize,
    /// What it is.
    pub what: ImportKind,
    /// Its name in the file.
    pub name: String,
    /// The name under which it would be added where its own is taken.
    pub new_name: Option<String>,
    /// For a person: type, host, model.
    pub detail: String,
    /// The host that it leads to.
    pub host: Option<String>,
    /// How many secrets it brings.
    pub keys: usize,
    /// What would become of it.
    pub outcome: ImportOutcome,
    /// What a person should know of it.
    pub note: Option<String>,
}

/// What a file offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ImportPreview {
    /// The file's name.
    pub name: String,
    /// Whose format it is, such as `channels YAML`.
    pub format: String,
    /// What it offers.
    pub items: Vec<ImportItem>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Hand back to apply exactly this preview.
    pub token: String,
}

/// What to take over.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ApplyImport {
    /// The preview's token.
    pub token: String,
    /// The items to take.
    pub items: Vec<usize>,
}

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ImportReport {
    /// The names of what was added.
    pub added: Vec<String>,
    /// How many secrets went into the vault.
    pub secrets: usize,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// How long a preview can be applied.
pub(crate) const PREVIEW_TIME: Duration = Duration::from_secs(1_800);
/// How many previews are kept at once.
pub(crate) const PREVIEWS_MOST: usize = 5;
/// The largest file that is read; the configuration's own reader takes no more.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A preview that can be applied: what the file says, and what was shown of it.
pub(crate) struct Previewed {
    imported: Imported,
    items: Vec<(ImportItem, Thing)>,
}

/// What an item stands for, by its place in the imported file.
#[derive(Clone, Copy)]
pub(crate) enum Thing {
    Channel(usize),
    Proxy(usize),
    Alias(usize),
    Setting(usize),
    ClientKey(usize),
    Nothing,
}

/// Shows what another program's file offers, and what would become of it. Changes nothing.
pub async fn preview_import(sluice: &Arc<Sluice>, question: ImportQuestion) -> Result<ImportPreview, Fault> {
    let (name, bytes) = content(question).await?;
    let imported = import::read(&name, &bytes).map_err(of_findings)?;
    let items = Offer::of(sluice, &imported).items();
    let shown = items.iter().map(|(item, _)| item.clone()).collect();
    let problems = imported.findings.iter().map(|finding| Problem::of(finding, &[])).collect();
    let format = imported.format.to_owned();
    let (token, _) = sluice.previews.put(sluice.clock.mono(), Previewed { imported, items });
    Ok(ImportPreview { name, format, items: shown, problems, token })
}

/// Takes over what was chosen of a preview. Nothing is overwritten; secrets go into the vault.
pub async fn apply_import(sluice: &Arc<Sluice>, choice: ApplyImport) -> Result<ImportReport, Fault> {
    let Some(previewed) = sluice.previews.take(sluice.clock.mono(), &choice.token) else {
        let message = "this preview is too old: look at the file again";
        return Err(Fault::new(FaultCode::Stale, message));
    };
    let mut taking = Taking::new(sluice, &previewed.imported);
    for (item, thing) in &previewed.items {
        if choice.items.contains(&item.at)
            && matches!(item.outcome, ImportOutcome::Add | ImportOutcome::Rename)
        {
            taking.take(item, *thing);
        }
    }
    let Taking { edits, secrets, added, notes, .. } = taking;
    let count = keep_and_edit(sluice, secrets, move |text| {
        edits.iter().try_fold(text.to_owned(), |text, edit| edit.apply(&text))
    })
    .await?;
    Ok(ImportReport { added, secrets: count, notes })
}

async fn content(question: ImportQuestion) -> Result<(String, Vec<u8>), Fault> {
    match question {
        ImportQuestion { path: Some(path), name: None, text: None } => {
            let path = PathBuf::from(path);
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            let unreadable = |error| Fault::failed(format!("{name} cannot be read: {error}")).at("path");
            let length = tokio::fs::metadata(&path).await.map_err(unreadable)?.len();
            if length > FILE_BYTES_MAX {
                return Err(
                    Fault::invalid(format!("{name} is larger than {FILE_BYTES_MAX} bytes")).at("path")
                );
            }
            Ok((name.clone(), tokio::fs::read(&path).await.map_err(unreadable)?))
        }
        ImportQuestion { path: None, name, text: Some(text) } => {
            Ok((name.unwrap_or_else(|| "pasted".to_owned()), text.into_bytes()))
        }
        ImportQuestion { .. } => Err(Fault::invalid("give either a path or a text").at("path")),
    }
}

/// A channel of an imported file as it would be in force.
pub(crate) fn resolved(
    sluice: &Sluice,
    proxies: &[ProxyEntry],
    entry: &ChannelEntry,
    id: &str,
) -> Option<Arc<Channel>> {
    let entry = ChannelEntry { id: Some(id.to_owned()), ..entry.clone() };
    let document = Document { channel: vec![entry], proxy: proxies.to_vec(), ..Document::default() };
    let snapshot = sluice.resolve(&document, &|_| VaultAnswer::Missing).ok()?;
    snapshot.channels.into_iter().next()
}
