//! One channel as a line of a list, with everything the pool knows of it.

use std::collections::HashMap;
use std::sync::Arc;

use config::{BaseUrl, Channel, Hop, Key, Preset, ProviderKind, SecretState};
use gateway::TestReport;
use jiff::Timestamp;
use pool::{BenchedCell, ChannelView, Health, LastError, ReasonCode};
use serde::Serialize;
use wire::Protocol;

use crate::secret::hint;
use crate::tally::ChannelCount;

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// In the vault.
    Vault,
    /// In an environment variable.
    Environment,
    /// In the configuration file, as plain text.
    File,
}

/// One credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct KeyLine {
    /// Its name within the channel.
    pub name: String,
    /// Where it is kept.
    pub source: SecretSource,
    /// The variable's name where the source is the environment.
    pub variable: Option<String>,
    /// Whether it can be used.
    pub state: SecretState,
    /// Beginning and end of the secret, `sk-…9f2`.
    pub hint: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Attempts with it since the start.
    pub uses: u64,
}

/// One channel as a line of a list, with everything the pool knows of it.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
pub struct ChannelLine {
    /// What health, limits and history belong to.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// The kind of upstream.
    #[serde(rename = "type")]
    pub kind: ProviderKind,
    /// The id of the preset that knows its host.
    pub preset: Option<String>,
    /// The protocols it speaks.
    pub protocols: Vec<Protocol>,
    /// Where it is, without a path.
    pub host: String,
    /// Where it is, with port and path as far as they were given, without a query.
    pub base_url: String,
    /// Whether the host is a relay: neither the vendor's own nor on this machine or network.
    pub relay: bool,
    /// Its default model.
    pub model: Option<String>,
    /// The models it lists; nothing means any.
    pub models: Option<Vec<String>>,
    /// Its tier; 1 comes first.
    pub priority: u32,
    /// Its weight within the tier.
    pub weight: u32,
    /// Its share of the tier in percent, of the channels that are enabled.
    pub share: f64,
    /// Words that select it.
    pub tags: Vec<String>,
    /// The way to it: `direct`, `system` or a proxy's name.
    pub proxy: String,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// Why it cannot be used although it is enabled, such as a variable that is not set.
    pub needs_key: Option<String>,
    /// Its credentials, without the secrets.
    pub keys: Vec<KeyLine>,
    /// Requests in any minute; -1 for no limit, 0 for none allowed.
    pub rpm: i64,
    /// Requests in a day; -1 for no limit, 0 for none allowed.
    pub rpd: i64,
    /// Its health.
    pub state: Health,
    /// The class of the failure that benched it, or the limit that is full.
    #[ts(type = "string | null")]
    pub reason_code: Option<ReasonCode>,
    /// Why it is not healthy, in words that follow the channel's name.
    pub reason: Option<String>,
    /// Since when it is not.
    #[ts(type = "Timestamp | null")]
    pub since: Option<Timestamp>,
    /// Until when it gets no traffic.
    #[ts(type = "Timestamp | null")]
    pub until: Option<Timestamp>,
    /// When one live request will try it.
    #[ts(type = "Timestamp | null")]
    pub next_probe: Option<Timestamp>,
    /// Half-open: how many of the needed successes it has.
    pub probes_passed: u32,
    /// Half-open: how many successes it needs.
    pub probes_needed: u32,
    /// Attempts that run now.
    pub in_flight: u32,
    /// What counts against its limits.
    pub usage: LimitCounts,
    /// The limits themselves: -1 for none, 0 for off.
    pub limits: LimitCounts,
    /// Attempts since the start.
    pub uses: u64,
    /// Failed attempts since the start.
    pub errors: u64,
    /// The last dispatch.
    #[ts(type = "Timestamp | null")]
    pub last_used: Option<Timestamp>,
    /// The last failure.
    pub last_error: Option<LastError>,
    /// The middle of its last times to the first content, in milliseconds.
    pub first_content_median_ms: Option<f64>,
    /// Every model of every key that is withheld or broken while the channel itself may be well.
    pub benched_cells: Vec<BenchedCell>,
    /// Outcomes of the last 24 hours, oldest first; nothing where no request came.
    pub hours: Vec<Option<HourOutcome>>,
    /// The last test since the start.
    pub last_test: Option<TestReport>,
}

/// Requests in a minute and in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct LimitCounts {
    /// In any 60 seconds.
    pub rpm: i64,
    /// In a day.
    pub rpd: i64,
}

/// The worst that became of a channel's requests within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum HourOutcome {
    /// Every attempt succeeded.
    Ok,
    /// Some failed, and another channel answered.
    Rescued,
    /// Some failed, and nobody answered.
    Failed,
}

impl ChannelLine {
    /// What is known of a channel. `share` is its share of its tier in percent.
    pub(crate) fn of(channel: &Channel, view: &ChannelView, share: f64, known: Known) -> ChannelLine {
        let Known { count, last_test } = known;
        let base = channel.spoken.first().map(|spoken| &spoken.base);
        let preset = base.and_then(|base| Preset::of_host(base.host(), base.as_url().port()));
        ChannelLine {
            id: channel.id.to_string(),
            name: channel.name.to_string(),
            kind: channel.provider,
            preset: preset.map(|preset| preset.id.to_owned()),
            protocols: channel.spoken.iter().map(|spoken| spoken.protocol).collect(),
            host: base.map_or_else(String::new, |base| base.host().to_owned()),
            base_url: base.map_or_else(String::new, without_query),
            relay: channel.relay_host().is_some(),
            model: channel.model.as_deref().map(str::to_owned),
            models: channel
                .models
                .as_ref()
                .map(|models| models.iter().map(|pattern| pattern.written().to_string()).collect()),
            priority: channel.priority,
            weight: channel.weight,
            share,
            tags: channel.tags.iter().map(ToString::to_string).collect(),
            proxy: way(&channel.hop),
            enabled: channel.enabled,
            needs_key: channel.needs_key().map(str::to_owned),
            keys: channel.keys.iter().filter_map(|key| KeyLine::of(key, &count.uses)).collect(),
            rpm: channel.rpm.as_number(),
            rpd: channel.rpd.as_number(),
            state: view.state,
            reason_code: view.reason_code,
            reason: view.reason.clone(),
            since: view.since,
            until: view.until,
            next_probe: view.next_probe,
            probes_passed: view.probes_passed,
            probes_needed: view.probes_needed,
            in_flight: view.in_flight,
            usage: LimitCounts { rpm: signed(view.usage.rpm), rpd: signed(view.usage.rpd) },
            limits: LimitCounts { rpm: view.limits.rpm, rpd: view.limits.rpd },
            uses: view.uses,
            errors: view.errors,
            last_used: view.last_used,
            last_error: view.last_error.clone(),
            first_content_median_ms: count.first_content_median_ms,
            benched_cells: view.benched_cells.clone(),
            hours: count.hours,
            last_test,
        }
    }
}

/// What is known of a channel beside its configuration and the pool's view.
pub(crate) struct Known {
    pub(crate) count: ChannelCount,
    pub(crate) last_test: Option<TestReport>,
}

impl KeyLine {
    /// What is shown of a key; nothing for one that is not written anywhere, because none is needed or none was given.
    fn of(key: &Key, uses: &HashMap<Arc<str>, u64>) -> Option<KeyLine> {
        let (source, variable) = match &key.source {
            config::SecretSource::Vault => (SecretSource::Vault, None),
            config::SecretSource::Environment(name) => (SecretSource::Environment, Some(name.clone())),
            config::SecretSource::File => (SecretSource::File, None),
            config::SecretSource::Nowhere => return None,
        };
        Some(KeyLine {
            name: key.name.to_string(),
            source,
            variable,
            state: key.state,
            hint: key.secret.as_ref().map(hint),
            enabled: key.enabled,
            uses: uses.get(&key.name).copied().unwrap_or_default(),
        })
    }
}

fn without_query(base: &BaseUrl) -> String {
    let url = base.as_url().as_str();
    url.split_once('?').map_or(url, |(url, _)| url).trim_end_matches('/').to_owned()
}

fn way(hop: &Hop) -> String {
    match hop {
        Hop::Direct => "direct".to_owned(),
        Hop::System => "system".to_owned(),
        Hop::Proxy(proxy) => proxy.name.to_string(),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
