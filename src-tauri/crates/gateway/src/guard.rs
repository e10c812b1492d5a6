//! Who may speak to us: exact Host, no foreign page, and a client key. One check before any routing, so that no
//! list of paths can miss one.

use std::{borrow::Cow, net::SocketAddr, sync::Arc};

use config::{ClientKeys, Snapshot};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, request::Parts};
use wire::errors::Kind;

use crate::{Gateway, live::RefusedKind, refusal::Refusal};

/// A listening address as clients may name it in `Host`.
#[derive(Debug)]
pub(crate) struct Door {
    hosts: Vec<String>,
}

/// What an admitted request may carry back because of its origin.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    /// The listed origin that asked, for `Access-Control-Allow-Origin`.
    pub origin: Option<HeaderValue>,
}

impl Door {
    /// The names of a listening address: itself, and all three spellings of loopback where it can be reached there.
    pub(crate) fn new(address: SocketAddr) -> Door {
        let port = address.port();
        let mut names = vec![];
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            names.extend(["127.0.0.1", "[::1]", "localhost"].map(str::to_owned));
        }
        if !address.ip().is_unspecified() {
            names.push(match address {
                SocketAddr::V4(v4) => v4.ip().to_string(),
                SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
            });
        }
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            hosts.extend(names);
        }
        Door { hosts }
    }
}

/// Checks where a request comes from: our own names, and no foreign page. Whoever is turned away is remembered, so
/// that a person can let them in.
pub(crate) fn admit(
    gateway: &Gateway,
    snapshot: &Snapshot,
    door: &Door,
    parts: &Parts,
) -> Result<Admitted, Refusal> {
    let headers = &parts.headers;
    let turned_away = |kind: RefusedKind, name: HeaderName| {
        if let Some(value) = headers.get(name) {
            gateway.live.turned_away(kind, value.as_bytes(), gateway.clock.now().wall);
        }
    };
    check_host(headers, &parts.uri, door, &snapshot.server.allowed_hosts)
        .inspect_err(|_| turned_away(RefusedKind::Host, header::HOST))?;
    let origin = check_origin(headers, &snapshot.server.allowed_origins)
        .inspect_err(|_| turned_away(RefusedKind::Origin, header::ORIGIN))?;
    Ok(Admitted { origin })
}

/// Tells who sends a request, and refuses whom we do not know. `/api/` asks for its own token, and a few harmless
/// places ask for none. Where any key will do, a known one still gives its client's name.
pub(crate) fn check_key(
    gateway: &Gateway,
    snapshot: &Snapshot,
    parts: &Parts,
) -> Result<Option<Arc<str>>, Refusal> {
    if is_open(&parts.uri) {
        return Ok(None);
    }
    let client = presented_keys(parts).find_map(|key| (gateway.client_keys)(&key));
    match snapshot.server.client_keys {
        ClientKeys::Any => return Ok(client),
        ClientKeys::Required if client.is_some() => return Ok(client),
        ClientKeys::Required => {}
    }
    let message = if presented_keys(parts).next().is_some() {
        "the client key is not one of this gateway's; `sluice serve` prints where the key is kept"
    } else {
        "a client key is needed: send it as Authorization: Bearer, x-api-key or x-goog-api-key; \
         `sluice serve` prints where it is kept"
    };
    // Claude Code would repeat a 401 for three minutes.
    Err(Refusal::new(StatusCode::UNAUTHORIZED, Kind::Authentication, message)
        .code("invalid_api_key")
        .no_retry())
}

/// The key that a request presents, wherever its client puts it.
fn presented_keys(parts: &Parts) -> impl Iterator<Item = Cow<'_, str>> {
    let bearer = parts.headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let named = ["x-api-key", "x-goog-api-key"]
        .into_iter()
        .flat_map(|name| parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()));
    let query = parts.uri.query().filter(|query| query.contains("key=")).into_iter();
    let query = query.flat_map(|query| url::form_urlencoded::parse(query.as_bytes()));
    let query = query.filter_map(|(name, value)| (name == "key").then_some(value));
    bearer.chain(named).map(Cow::Borrowed).chain(query)
}

fn check_host(headers: &HeaderMap, uri: &Uri, door: &Door, allowed: &[String]) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let (Some(host), None) = (host, hosts.next()) else {
        return Err(misdirected("the request needs exactly one Host header"));
    };
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return Err(misdirected("the request's target and its Host header disagree"));
    }
    let ours = door.hosts.iter().any(|name| name.eq_ignore_ascii_case(host));
    if ours || allowed.iter().any(|name| allows(name, host)) {
        return Ok(());
    }
    Err(misdirected("this host name is not served here; add it to server.allowed_hosts if it is yours"))
}

/// An allowed host stands with its port, or without one for every port.
fn allows(allowed: &str, host: &str) -> bool {
    if allowed.eq_ignore_ascii_case(host) {
        return true;
    }
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    name.is_some_and(|(name, _)| allowed.eq_ignore_ascii_case(name))
}

fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<Option<HeaderValue>, Refusal> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let listed = allowed.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(origin.as_bytes()));
        return if listed { Ok(Some(origin.clone())) } else { Err(foreign()) };
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"none" | b"same-origin") => Ok(None),
        Some(_) => Err(foreign()),
    }
}

/// Service information, health and Claude Code's probe need no key; `/api/` has its own token.
fn is_open(uri: &Uri) -> bool {
    matches!(uri.path(), "/" | "/health") || uri.path().starts_with("/api/")
}

fn misdirected(message: &str) -> Refusal {
    Refusal::new(StatusCode::MISDIRECTED_REQUEST, Kind::Permission, message).no_retry()
}

fn foreign() -> Refusal {
    let message =
        "requests from web pages are refused; add the page's origin to server.allowed_origins if it is yours";
    Refusal::new(StatusCode::FORBIDDEN, Kind::Permission, message).no_retry()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn host_is_served(host: &str, allowed: &[&str]) -> bool {
        let door = Door::new("127.0.0.1:7584".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        let allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        check_host(&headers, &Uri::from_static("/v1/models"), &door, &allowed).is_ok()
    }

    #[test]
    fn only_the_exact_loopback_names_with_our_port_are_served() {
        for host in ["127.0.0.1:7584", "localhost:7584", "LocalHost:7584", "[::1]:7584"] {
            assert!(host_is_served(host, &[]), "{host}");
        }
        for host in [
            "127.0.0.1",
            "127.0.0.1:7585",
            "localhost.evil.example:7584",
            "evil.localhost:7584",
            "0.0.0.0:7584",
            "127.0.0.2:7584",
            "localhost.:7584",
        ] {
            assert!(!host_is_served(host, &[]), "{host}");
        }
    }

    #[test]
    fn a_wildcard_listener_is_reached_by_the_loopback_names_and_no_other() {
        let door = Door::new("0.0.0.0:7584".parse().unwrap());
        assert_eq!(door.hosts, ["127.0.0.1:7584", "[::1]:7584", "localhost:7584"]);
    }

    #[test]
    fn an_allowed_host_counts_with_its_port_or_without_one() {
        assert!(host_is_served("host.docker.internal:7584", &["host.docker.internal"]));
        assert!(host_is_served("host.docker.internal:7584", &["host.docker.internal:7584"]));
        assert!(!host_is_served("host.docker.internal:80", &["host.docker.internal:7584"]));
        assert!(!host_is_served("evil-host.docker.internal:7584", &["host.docker.internal"]));
    }

    #[test]
    fn two_host_headers_are_refused_even_when_both_are_ours() {
        let door = Door::new("127.0.0.1:7584".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("127.0.0.1:7584"));
        headers.append(header::HOST, HeaderValue::from_static("127.0.0.1:7584"));
        assert!(check_host(&headers, &Uri::from_static("/"), &door, &[]).is_err());
    }
}
