//! Who would see a secret: what the vault binds it to.

use crate::document::{Document, ProxyRef};
use crate::proxy::{ProxyScheme, proxy_origin};
use crate::secret::SecretId;
use crate::snapshot::Snapshot;

/// The origins that a secret of this document is for, as in [`crate::VaultQuestion`]; `None` where nothing refers to it.
/// The snapshot is the document's own.
pub fn secret_origin(document: &Document, snapshot: &Snapshot, id: &SecretId) -> Option<String> {
    match id {
        SecretId::ChannelKey { channel_id, .. } => {
            snapshot.channel(channel_id).map(|channel| channel.origin())
        }
        SecretId::ChannelProxyPassword { channel_id } => {
            let channel = document.channel.iter().find(|channel| channel.effective_id() == *channel_id)?;
            match channel.proxy.as_ref()? {
                ProxyRef::Named(_) => None,
                ProxyRef::Inline(proxy) => {
                    Some(proxy_origin(proxy.scheme.unwrap_or(ProxyScheme::Http), &proxy.host, proxy.port))
                }
            }
        }
        SecretId::ProxyPassword { proxy } => {
            let proxy = document.proxy.iter().find(|entry| entry.name == *proxy)?;
            Some(proxy_origin(proxy.scheme.unwrap_or(ProxyScheme::Http), &proxy.host, proxy.port))
        }
        // These are compared with what clients show, and sent nowhere.
        SecretId::ClientKey { .. } | SecretId::ServerKey => Some(String::new()),
    }
}
