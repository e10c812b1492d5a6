//! Where and for whom the gateway listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use indexmap::IndexSet;

use super::Checks;
use crate::document::ServerSection;
use crate::findings::{Finding, FindingCode, Severity};
use crate::secret::SecretId;
use crate::snapshot::{ClientKeys, Server};

/// The port by default.
pub(crate) const PORT: u16 = 7584;
/// How long running requests may take to end, by default.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);

pub(super) fn resolve(checks: &mut Checks<'_>) -> Server {
    let empty = ServerSection::default();
    let section = checks.document.server.as_ref().unwrap_or(&empty);
    let from_outside = port_from_outside(checks);
    let port = from_outside.or(section.port).unwrap_or(PORT);
    let mut listen = listen(checks, section, port);
    if from_outside.is_some() && checks.surroundings.listen_override.is_empty() {
        for address in &mut listen {
            address.set_port(port);
        }
    }
    // An address that stands twice, perhaps as localhost, could not be bound a second time.
    let listen: IndexSet<SocketAddr> = listen.into_iter().collect();
    let client_keys = section.client_keys.unwrap_or_default();
    if client_keys == ClientKeys::Any {
        let message = "lets every program that reaches the gateway spend through your channels";
        checks.warn("server.client_keys", message).about(FindingCode::AnyKey);
    }
    let api_key = section.api_key.as_ref().and_then(|reference| {
        match checks.secret(reference, SecretId::ServerKey, "") {
            Ok(secret) => Some(secret),
            Err(absence) => {
                if !absence.pending {
                    checks.warn("server.api_key", format!("is no client key: {}", absence.why));
                }
                None
            }
        }
    });
    Server {
        port,
        listen: listen.into_iter().collect(),
        client_keys,
        api_key,
        allowed_hosts: section.allowed_hosts.iter().map(|host| host.trim().to_lowercase()).collect(),
        allowed_origins: section.allowed_origins.clone(),
        drain: section.drain_s.map_or(DRAIN, |seconds| Duration::from_secs(seconds.into())),
    }
}

/// The port that wins over those of the file, if there is one.
fn port_from_outside(checks: &mut Checks<'_>) -> Option<u16> {
    if let Some(port) = checks.surroundings.port_override {
        return Some(port);
    }
    let text = (checks.surroundings.lookup)("PORT").filter(|text| !text.trim().is_empty())?;
    let port = text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    if port.is_none() {
        let message = format!("expected 1–65535, got {text:?}");
        // The variable takes the file's place: no line of any file is at fault.
        checks.findings.push(Finding::of_file(Severity::Error, "PORT", message));
    }
    port
}

fn listen(checks: &mut Checks<'_>, section: &ServerSection, port: u16) -> Vec<SocketAddr> {
    if !checks.surroundings.listen_override.is_empty() {
        return checks.surroundings.listen_override.clone();
    }
    let loopbacks = || {
        [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]
            .map(|ip| SocketAddr::new(ip, port))
    };
    let Some(written) = section.listen.as_deref().filter(|list| !list.is_empty()) else {
        return loopbacks().to_vec();
    };
    let mut addresses = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let path = format!("server.listen[{index}]");
        if text.trim().eq_ignore_ascii_case("localhost") {
            addresses.extend(loopbacks());
            continue;
        }
        let Some(address) = address(text.trim(), port) else {
            let finding = checks
                .error(&path, format!("expected an address such as 127.0.0.1 or [::1]:80, got {text:?}"));
            finding.hint = Some("names of hosts belong into allowed_hosts".to_owned());
            continue;
        };
        if !address.ip().is_loopback() {
            let message = format!("lets other machines reach the gateway at {}", address.ip());
            checks.warn(&path, message).about(FindingCode::OpenToNetwork);
        }
        addresses.push(address);
    }
    addresses
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port))
}
