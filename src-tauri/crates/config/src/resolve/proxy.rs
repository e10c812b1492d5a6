//! The proxies, and which of them leads to a channel.

use std::collections::HashMap;
use std::sync::Arc;

use super::Checks;
use crate::document::{ProxyInline, ProxyRef, SecretRef};
use crate::nearest::nearest;
use crate::provider::is_loopback;
use crate::proxy::{Hop, Proxy, ProxyScheme, proxy_origin};
use crate::secret::SecretId;
use crate::snapshot::Spoken;

/// The proxies by name.
pub(super) type Proxies = HashMap<String, Arc<Proxy>>;

pub(super) fn resolve_all(checks: &mut Checks<'_>) -> Proxies {
    let entries = &checks.document.proxy;
    let names = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (format!("proxy[{index}].name"), entry.name.as_str()));
    checks.check_unique(names, "the proxy");
    let mut proxies = Proxies::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("proxy[{index}]");
        let proxy = Proxy {
            name: entry.name.as_str().into(),
            scheme: entry.scheme.unwrap_or(ProxyScheme::Http),
            host: entry.host.clone(),
            port: entry.port,
            username: entry.username.clone(),
            password: entry.password.as_ref().and_then(|reference| {
                let id = SecretId::ProxyPassword { proxy: entry.name.clone() };
                let scheme = entry.scheme.unwrap_or(ProxyScheme::Http);
                password(checks, &path, reference, id, &proxy_origin(scheme, &entry.host, entry.port))
            }),
            no_proxy: no_proxy(&entry.no_proxy),
        };
        proxies.entry(entry.name.clone()).or_insert_with(|| Arc::new(proxy));
    }
    proxies
}

fn password(
    checks: &mut Checks<'_>,
    path: &str,
    reference: &SecretRef,
    id: SecretId,
    origin: &str,
) -> Option<secrecy::SecretString> {
    match checks.secret(reference, id, origin) {
        Ok(password) => Some(password),
        Err(absence) => {
            if !absence.pending {
                checks.warn(&format!("{path}.password"), format!("is left out: {}", absence.why));
            }
            None
        }
    }
}

/// Entries may stand in one text, as the environment variable writes them.
fn no_proxy(written: &[String]) -> Vec<String> {
    let split = written.iter().flat_map(|text| text.split(','));
    split.map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

/// The way to a channel.
pub(super) fn hop(
    checks: &mut Checks<'_>,
    path: &str,
    reference: Option<&ProxyRef>,
    proxies: &Proxies,
    channel_id: &str,
    spoken: &[Spoken],
) -> Hop {
    let hop = match reference {
        None => Hop::Direct,
        Some(ProxyRef::Named(name)) if name == "direct" => Hop::Direct,
        Some(ProxyRef::Named(name)) if name == "system" => Hop::System,
        Some(ProxyRef::Named(name)) => named(checks, path, name, proxies),
        Some(ProxyRef::Inline(inline)) => {
            Hop::Proxy(Arc::new(inline_proxy(checks, path, channel_id, inline)))
        }
    };
    let mut hosts = spoken.iter().map(|one| one.base.host());
    let direct = match &hop {
        Hop::Direct => true,
        Hop::System => hosts.all(is_loopback),
        Hop::Proxy(proxy) => hosts.all(|host| is_loopback(host) || proxy.spares(host)),
    };
    if direct { Hop::Direct } else { hop }
}

fn named(checks: &mut Checks<'_>, path: &str, name: &str, proxies: &Proxies) -> Hop {
    if let Some(proxy) = proxies.get(name) {
        return Hop::Proxy(Arc::clone(proxy));
    }
    if name.contains("://") || name.contains('@') {
        // A URL may hold a password, so it is not repeated.
        let finding = checks.error(path, "expected a proxy's name or a table, got a URL");
        finding.hint = Some("write { type, host, port, username, password = { env = … } }".to_owned());
        return Hop::Direct;
    }
    let known = || proxies.keys().map(String::as_str).chain(["direct", "system"]);
    let mut all: Vec<&str> = known().collect();
    all.sort_unstable();
    let hint = match nearest(name, known()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there is {}", all.join(", ")),
    };
    checks.error(path, format!("names the proxy {name:?}, which does not exist")).hint = Some(hint);
    Hop::Direct
}

fn inline_proxy(checks: &mut Checks<'_>, path: &str, channel_id: &str, inline: &ProxyInline) -> Proxy {
    let scheme = inline.scheme.unwrap_or(ProxyScheme::Http);
    Proxy {
        name: format!("{}:{}", inline.host, inline.port).into(),
        scheme,
        host: inline.host.clone(),
        port: inline.port,
        username: inline.username.clone(),
        password: inline.password.as_ref().and_then(|reference| {
            let id = SecretId::ChannelProxyPassword { channel_id: channel_id.to_owned() };
            password(checks, path, reference, id, &proxy_origin(scheme, &inline.host, inline.port))
        }),
        no_proxy: no_proxy(&inline.no_proxy),
    }
}
