//! The channels, with every default filled in.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use url::Url;
use wire::Protocol;
use wire::splice::Param;

use super::{Checks, keys, proxy};
use crate::document::{ChannelEntry, ParamsMode, ProtocolEntry};
use crate::findings::FindingCode;
use crate::pattern::Pattern;
use crate::provider::{BaseUrl, ChannelQuirks, Preset, ProviderKind, is_loopback, is_private};
use crate::snapshot::{Channel, Limit, Spoken};

/// Extra attempts on a channel by default.
const MAX_RETRIES: u32 = 2;

pub(super) fn resolve_all(checks: &mut Checks<'_>, proxies: &proxy::Proxies) -> Vec<Arc<Channel>> {
    let entries = &checks.document.channel;
    let names =
        entries.iter().enumerate().map(|(at, entry)| (format!("channel[{at}].name"), entry.name.as_str()));
    checks.check_unique(names, "the channel");
    let ids: Vec<String> = entries.iter().map(ChannelEntry::effective_id).collect();
    let paths = ids.iter().enumerate().map(|(at, id)| (format!("channel[{at}].id"), id.as_str()));
    let stated = entries.iter().map(|entry| entry.id.is_some());
    // An id that follows from a name that stands twice was reported with the name.
    let paths: Vec<_> = paths.zip(stated).filter(|(_, stated)| *stated).map(|(pair, _)| pair).collect();
    checks.check_unique(paths.into_iter(), "the id");
    let resolve = |(at, entry)| Arc::new(channel(checks, at, entry, proxies));
    entries.iter().enumerate().map(resolve).collect()
}

fn channel(checks: &mut Checks<'_>, at: usize, entry: &ChannelEntry, proxies: &proxy::Proxies) -> Channel {
    let path = format!("channel[{at}]");
    let own = entry.base_url.as_deref().and_then(|text| Url::parse(text.trim()).ok());
    let guess = || own.as_ref().map_or(ProviderKind::OpenAi, ProviderKind::of_url);
    let provider = entry.kind.unwrap_or_else(guess);
    let spoken = spoken(checks, &path, entry, provider, own.as_ref());
    let preset = spoken.first().and_then(|one| Preset::of_host(one.base.host(), one.base.as_url().port()));
    let hosts = || spoken.iter().map(|one| one.base.host());
    let chat = spoken.iter().find(|one| one.protocol == Protocol::Chat).or(spoken.first());
    let vendor = chat.and_then(|one| Preset::of_host(one.base.host(), one.base.as_url().port()));
    let counting = entry.quirks.as_ref().and_then(|quirks| quirks.count_tokens);
    if entry.models.as_ref().is_some_and(Vec::is_empty) {
        checks.warn(&format!("{path}.models"), "lists no model, so the channel serves none");
    }
    let id = entry.effective_id();
    Channel {
        id: id.as_str().into(),
        name: entry.name.as_str().into(),
        provider,
        keys: keys::resolve(
            checks,
            &path,
            entry,
            &keys::Holder { id: &id, provider, preset, spoken: &spoken },
        ),
        model: entry.model.as_deref().map(|model| model.trim().into()),
        models: entry
            .models
            .as_ref()
            .map(|models| models.iter().map(|one| Pattern::new(one.trim())).collect()),
        model_map: entry
            .model_map
            .iter()
            .map(|(from, to)| (Pattern::new(from), to.as_str().into()))
            .collect(),
        params: params(checks, &path, entry),
        params_force: entry.model_params_mode == Some(ParamsMode::Force),
        enabled: entry.enabled.unwrap_or(true),
        weight: entry.weight.unwrap_or(1),
        priority: entry.priority.unwrap_or(1),
        tags: entry.tags.iter().map(|tag| tag.as_str().into()).collect(),
        timeout: entry.timeout_ms.map(|timeout| Duration::from_millis(timeout.into())),
        max_retries: entry.max_retries.unwrap_or(MAX_RETRIES),
        hop: proxy::hop(checks, &format!("{path}.proxy"), entry.proxy.as_ref(), proxies, &id, &spoken),
        rpm: limit(entry.rpm),
        rpd: limit(entry.rpd),
        quirks: ChannelQuirks::new(vendor, entry.quirks.as_ref()),
        counting: counting.unwrap_or_default(),
        local: hosts().next().is_some_and(is_private),
        secure: spoken
            .iter()
            .all(|one| one.base.as_url().scheme() == "https" || is_loopback(one.base.host())),
        spoken,
    }
}

fn limit(written: Option<i64>) -> Limit {
    match written {
        None => Limit::Unlimited,
        Some(number) if number < 0 => Limit::Unlimited,
        Some(number) => {
            let most = u32::try_from(number).unwrap_or(u32::MAX);
            NonZeroU32::new(most).map_or(Limit::Disabled, Limit::Max)
        }
    }
}

fn params(checks: &mut Checks<'_>, path: &str, entry: &ChannelEntry) -> Vec<Param> {
    let mut params = Vec::new();
    for (name, value) in &entry.model_params {
        match Param::new(name.clone(), value) {
            Ok(param) => params.push(param),
            Err(_) => {
                checks.error(&format!("{path}.model_params.{name}"), "cannot be written as JSON");
            }
        }
    }
    params
}

/// The protocols a channel speaks, and where.
fn spoken(
    checks: &mut Checks<'_>,
    path: &str,
    entry: &ChannelEntry,
    provider: ProviderKind,
    own: Option<&Url>,
) -> Vec<Spoken> {
    let stated = entry.protocols.as_deref();
    if stated.is_some_and(<[ProtocolEntry]>::is_empty) {
        checks.error(&format!("{path}.protocols"), "expected at least one protocol");
    }
    let by_default;
    let protocols = match stated {
        Some(stated) => stated,
        None => {
            by_default = default_protocols(entry, provider, own);
            &by_default
        }
    };
    let mut spoken: Vec<Spoken> = Vec::new();
    let mut refused_own = false;
    for (at, protocol) in protocols.iter().enumerate() {
        if spoken.iter().any(|one| one.protocol == protocol.protocol) {
            checks.error(
                &format!("{path}.protocols[{at}]"),
                format!("{} stands here twice", protocol.protocol),
            );
            continue;
        }
        let (text, exact, where_written) = base_of(entry, provider, own, protocol);
        let field = match where_written {
            Written::InProtocol => format!("{path}.protocols[{at}].base_url"),
            Written::InChannel | Written::Nowhere => format!("{path}.base_url"),
        };
        match BaseUrl::parse(&text, protocol.protocol, exact) {
            Ok(base) => {
                let first_of_host = spoken.iter().all(|one| one.base.host() != base.host());
                if first_of_host {
                    warn_of_plain_http(checks, &field, &base);
                }
                spoken.push(Spoken { protocol: protocol.protocol, base });
            }
            // Several protocols may share the channel's own base URL; it is reported once.
            Err(_) if where_written == Written::InChannel && refused_own => {}
            Err(error) => {
                refused_own = refused_own || where_written == Written::InChannel;
                checks.error(&field, error.to_string());
            }
        }
    }
    spoken
}

/// Where a base URL is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    InProtocol,
    InChannel,
    Nowhere,
}

/// Where a protocol is spoken: where its entry says; else at the channel's base URL, if that is meant for it or nothing
/// else is known of the host; else where the vendor speaks it.
fn base_of(
    entry: &ChannelEntry,
    provider: ProviderKind,
    own: Option<&Url>,
    protocol: &ProtocolEntry,
) -> (String, bool, Written) {
    if let Some(base) = &protocol.base_url {
        return (base.clone(), protocol.exact.unwrap_or(false), Written::InProtocol);
    }
    if let Some(base) = &entry.base_url {
        let exact = protocol.exact.or(entry.exact).unwrap_or(false);
        let by_nature = provider.speaks_by_nature(protocol.protocol);
        let vendors = own.filter(|_| !by_nature).and_then(|url| vendors_base(url, protocol.protocol));
        return match vendors {
            Some(vendors) => (vendors.to_owned(), false, Written::Nowhere),
            None => (base.clone(), exact, Written::InChannel),
        };
    }
    let default = provider.default_base();
    let url = Url::parse(default).ok();
    let vendors = url.and_then(|url| vendors_base(&url, protocol.protocol));
    (vendors.unwrap_or(default).to_owned(), false, Written::Nowhere)
}

fn vendors_base(url: &Url, protocol: Protocol) -> Option<&'static str> {
    Preset::of_host(url.host_str()?, url.port())?.base(protocol, url.as_str())
}

/// The protocols of a channel that states none.
fn default_protocols(entry: &ChannelEntry, provider: ProviderKind, own: Option<&Url>) -> Vec<ProtocolEntry> {
    let default = Url::parse(provider.default_base()).ok();
    let exact = entry.exact.unwrap_or(false) && own.is_some();
    let protocols = match own.or(default.as_ref()) {
        Some(url) => provider.default_protocols(url, exact),
        None => vec![provider.native()],
    };
    protocols.into_iter().map(|protocol| ProtocolEntry { protocol, base_url: None, exact: None }).collect()
}

fn warn_of_plain_http(checks: &mut Checks<'_>, field: &str, base: &BaseUrl) {
    if base.as_url().scheme() == "http" && !is_private(base.host()) {
        let message = format!("sends keys and prompts unencrypted to {}", base.host());
        checks.warn(field, message).about(FindingCode::PlainHttp).hint = Some("use https".to_owned());
    }
}
