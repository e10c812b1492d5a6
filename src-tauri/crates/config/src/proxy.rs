//! The way from the gateway to an upstream.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The way to an upstream. Loopback targets are always reached directly.
#[derive(Debug, Clone)]
pub enum Hop {
    /// Straight to it.
    Direct,
    /// By the proxy that the operating system names.
    System,
    /// By this one.
    Proxy(Arc<Proxy>),
}

/// An http, https or socks5 hop.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What people call it; the owner's name where it is written inside a channel.
    pub name: Arc<str>,
    /// The protocol spoken to it.
    pub scheme: ProxyScheme,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user name that it asks for.
    pub username: Option<String>,
    /// The password that it asks for.
    pub password: Option<SecretString>,
    /// Targets that do not use it: host names, `.suffixes`, addresses and networks.
    pub no_proxy: Vec<String>,
}

/// The protocol spoken to a proxy.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum ProxyScheme {
    /// CONNECT over plain TCP.
    Http,
    /// CONNECT over TLS.
    Https,
    /// SOCKS 5; names are resolved by the proxy here too, so that none leaks.
    Socks5,
    /// SOCKS 5, by the name that says that the proxy resolves.
    Socks5h,
}

impl ProxyScheme {
    /// The word that the file uses.
    pub fn word(self) -> &'static str {
        match self {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks5 => "socks5",
            ProxyScheme::Socks5h => "socks5h",
        }
    }

    /// The scheme as it stands in a URL; both kinds of SOCKS resolve at the proxy.
    pub fn as_str(self) -> &'static str {
        match self {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => "socks5h",
        }
    }
}

/// Who sees a proxy's password, such as `socks5://proxy.example:1080`: what the vault binds it to.
///
/// It is the scheme of the file, so that a password saved for an encrypted way to the proxy is not sent in the open.
pub fn proxy_origin(scheme: ProxyScheme, host: &str, port: u16) -> String {
    format!("{}://{}:{port}", scheme.word(), host.to_lowercase())
}

impl Proxy {
    /// Tells whether `host` is reached directly although the channel names this proxy.
    pub fn spares(&self, host: &str) -> bool {
        self.no_proxy.iter().any(|entry| spares(entry.trim(), host))
    }
}

/// Tells whether one entry of a `NO_PROXY` list covers `host`, as curl reads such lists.
fn spares(entry: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if entry == "*" {
        return true;
    }
    if entry.is_empty() {
        return false;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return match entry.parse::<IpNet>() {
            Ok(network) => network.contains(&address),
            Err(_) => entry.trim_matches(['[', ']']).parse::<IpAddr>() == Ok(address),
        };
    }
    let suffix = entry.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    match host.strip_suffix(&suffix) {
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::spares;

    #[test]
    fn a_no_proxy_entry_covers_names_suffixes_addresses_and_networks() {
        for (entry, host, expected) in [
            ("*", "api.openai.com", true),
            ("openai.com", "openai.com", true),
            ("openai.com", "API.OpenAI.com", true),
            ("openai.com", "notopenai.com", false),
            (".openai.com", "api.openai.com", true),
            ("*.openai.com", "api.openai.com.", true),
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.9.8.7", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("fd00::/8", "[fd12::1]", true),
            ("::1", "[::1]", true),
            ("10.0.0.0/8", "api.openai.com", false),
            ("", "api.openai.com", false),
        ] {
            assert_eq!(spares(entry, host), expected, "{entry} against {host}");
        }
    }
}
