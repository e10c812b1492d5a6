//! Whose machine a host is, as far as its name tells.

use std::net::IpAddr;

/// Tells whether `host` is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = bare(host);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_unspecified(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        Err(_) => host.eq_ignore_ascii_case("localhost") || ends_with(host, ".localhost"),
    }
}

/// Tells whether `host` is this machine or one of a private network: an address that the Internet does not route, a
/// name without a dot, or a name below a suffix that is set aside for local use (RFC 6762, RFC 8375, ICANN's
/// `internal`).
pub fn is_private(host: &str) -> bool {
    if is_loopback(host) {
        return true;
    }
    let host = bare(host);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_private_v4(address),
        Ok(IpAddr::V6(address)) => {
            address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some_and(is_private_v4)
        }
        Err(_) => {
            !host.contains('.')
                || [".local", ".lan", ".internal", ".home.arpa"].iter().any(|suffix| ends_with(host, suffix))
        }
    }
}

fn is_private_v4(address: std::net::Ipv4Addr) -> bool {
    // 100.64.0.0/10 (RFC 6598) is what overlay networks give their members.
    let shared = address.octets()[0] == 100 && address.octets()[1] & 0xC0 == 64;
    address.is_private() || address.is_link_local() || shared
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.')
}

fn ends_with(host: &str, suffix: &str) -> bool {
    host.len() >= suffix.len()
        && host.is_char_boundary(host.len() - suffix.len())
        && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::{is_loopback, is_private};

    #[test]
    fn hosts_are_told_apart_by_whose_they_are() {
        for (host, loopback, private) in [
            ("127.0.0.1", true, true),
            ("127.9.9.9", true, true),
            ("[::1]", true, true),
            ("[::ffff:127.0.0.1]", true, true),
            ("localhost", true, true),
            ("LOCALHOST.", true, true),
            ("api.localhost", true, true),
            ("10.1.2.3", false, true),
            ("172.16.0.1", false, true),
            ("172.32.0.1", false, false),
            ("192.168.1.1", false, true),
            ("100.64.1.1", false, true),
            ("100.128.1.1", false, false),
            ("169.254.1.1", false, true),
            ("[fd00::1]", false, true),
            ("[fe80::1]", false, true),
            ("[2001:db8::1]", false, false),
            ("ollama", false, true),
            ("nas.local", false, true),
            ("gpu.home.arpa", false, true),
            ("api.openai.com", false, false),
            ("localhost.example.com", false, false),
            ("8.8.8.8", false, false),
        ] {
            assert_eq!((is_loopback(host), is_private(host)), (loopback, private), "{host}");
        }
    }
}
