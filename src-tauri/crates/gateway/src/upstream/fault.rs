//! Whose fault a failed exchange was, and how far it came: that decides what is benched and what may be sent again.

use std::error::Error;

use config::Hop;
use http::StatusCode;
use pool::{Class, Failure, Phase};
use url::Url;

use super::{client::Unanswered, proxy, uses_proxy};

/// What a failed exchange was. Where the error leaves open whether the proxy or the upstream is at fault, the proxy
/// is asked, for a short while.
pub(super) async fn judge(error: &Unanswered, hop: &Hop, url: &Url) -> Failure {
    let words = error.words();
    if uses_proxy(hop, url)
        && let Some(failure) = on_the_way(error, &words, hop, url).await
    {
        return failure;
    }
    if is_tls(error) {
        return Failure::new(Class::Tls, Phase::P0, format!("TLS failed: {words}"));
    }
    if is_wrong_http(error) {
        return Failure::new(Class::Malformed, Phase::P1, format!("the answer is not valid HTTP: {words}"));
    }
    if !error.is_unconnected() {
        return Failure::new(
            Class::Network,
            Phase::P1,
            format!("the connection broke before an answer: {words}"),
        );
    }
    let failure = Failure::new(Class::Network, Phase::P0, format!("could not connect: {words}"));
    if is_without_a_route(error) { failure.without_a_route() } else { failure }
}

/// To a plain `http` target the proxy answers in the upstream's place; this status is always the proxy's own
/// (RFC 9110 §15.5.8), and the upstream was not asked.
pub(super) fn proxy_login_wanted(status: StatusCode, hop: &Hop, url: &Url) -> Option<Failure> {
    let wanted = status == StatusCode::PROXY_AUTHENTICATION_REQUIRED && uses_proxy(hop, url);
    wanted.then(|| proxy_failure("the network proxy wants another login (HTTP 407)".to_owned()))
}

/// What an error says about a connection by way of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The proxy cannot be reached, is no such proxy, or turns us away.
    ProxyBroken,
    /// The proxy cannot prove who it is.
    ProxyUnproven,
    /// The proxy works and cannot reach the target.
    TargetUnreachable,
    /// The proxy refused CONNECT with a status that the error does not carry.
    ConnectRefused,
    /// The time to connect ran out, on either side of the proxy.
    TimedOut,
    /// The connection to the target stood.
    Passed,
}

/// The failure of a connection by way of a proxy, unless the connection stood. A wrong blame of the upstream costs
/// one channel and a wrong blame of the proxy costs all of its channels, so the proxy is blamed only when it is
/// known to be at fault.
async fn on_the_way(error: &Unanswered, words: &str, hop: &Hop, url: &Url) -> Option<Failure> {
    match told(error, url) {
        Told::Passed => None,
        Told::ProxyBroken => {
            Some(proxy_failure(format!("the network proxy refused or cannot be reached: {words}")))
        }
        Told::ProxyUnproven => Some(proxy_failure(format!("TLS to the network proxy failed: {words}"))),
        Told::TargetUnreachable => Some(beyond_proxy(words)),
        Told::ConnectRefused => Some(refused(proxy::refusal(hop, url).await)),
        Told::TimedOut if proxy::is_reachable(hop).await => Some(beyond_proxy(words)),
        Told::TimedOut => Some(proxy_failure(format!("the network proxy cannot be reached: {words}"))),
    }
}

/// What a refused CONNECT means. To want a login (tinyproxy says 401), to forbid and to be out of service
/// (RFC 9110 §15.5.2, §15.5.4, §15.5.8, §15.6.4) are about the proxy itself; the others, and tinyproxy's 500, are what
/// proxies say of a target that they cannot reach.
fn refused(status: Option<u16>) -> Failure {
    match status {
        Some(status @ (401 | 403 | 407 | 503)) => {
            proxy_failure(format!("the network proxy refuses to connect (HTTP {status})"))
        }
        Some(status) => beyond_proxy(&format!("HTTP {status}")),
        None => beyond_proxy("it refused CONNECT"),
    }
}

fn proxy_failure(message: String) -> Failure {
    Failure::new(Class::ProxyFailure, Phase::P0, message)
}

fn beyond_proxy(words: &str) -> Failure {
    let message = format!("the network proxy could not connect to the upstream: {words}");
    Failure::new(Class::Network, Phase::P0, message)
}

fn told(error: &Unanswered, url: &Url) -> Told {
    if !error.is_unconnected() {
        return Told::Passed;
    }
    if is_tls(error) {
        // An https target's own handshake comes after the tunnel stands; before it, TLS is the proxy's.
        let is_the_proxys = url.scheme() == "http" || error.causes().any(is_tunnel);
        return if is_the_proxys { Told::ProxyUnproven } else { Told::Passed };
    }
    if error.is_timeout() {
        return Told::TimedOut;
    }
    error.causes().find_map(|cause| said(&cause.to_string())).unwrap_or(Told::ProxyBroken)
}

fn is_tunnel(cause: &(dyn Error + 'static)) -> bool {
    cause.to_string().starts_with(TUNNEL)
}

/// How hyper-util begins the words of an error of CONNECT and of SOCKS. The types are private, so the words, which
/// the tests against proxies pin, are all there is to tell them by.
const TUNNEL: &str = "tunnel error: ";
const SOCKS: &str = "SOCKS error: ";

fn said(cause: &str) -> Option<Told> {
    if let Some(tunnel) = cause.strip_prefix(TUNNEL) {
        return (tunnel == "unsuccessful").then_some(Told::ConnectRefused);
    }
    match cause.strip_prefix(SOCKS)? {
        // Replies 3, 4, 5, 6 and 8 of RFC 1928 §6 are about the target; the last is a name too long to be asked for.
        "network unreachable"
        | "host unreachable"
        | "connection refused"
        | "ttl expired"
        | "address type not supported"
        | "host address is more than 255 characters" => Some(Told::TargetUnreachable),
        _own => Some(Told::ProxyBroken),
    }
}

/// No answer from DNS and no route are the marks of a machine that is offline.
fn is_without_a_route(error: &Unanswered) -> bool {
    error.is_unknown_name()
        || error.causes().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|cause| {
            matches!(
                cause.kind(),
                std::io::ErrorKind::NetworkUnreachable
                    | std::io::ErrorKind::HostUnreachable
                    | std::io::ErrorKind::NetworkDown
            )
        })
}

fn is_tls(error: &Unanswered) -> bool {
    error.causes().any(holds_tls)
}

/// Each layer between TLS and us wraps the error in an `io::Error` of its own, whose `source` passes over the inner.
fn holds_tls(error: &(dyn Error + 'static)) -> bool {
    error.is::<rustls::Error>()
        || error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| holds_tls(inner))
}

fn is_wrong_http(error: &Unanswered) -> bool {
    error
        .causes()
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|cause| cause.is_parse() || cause.is_parse_status() || cause.is_parse_too_large())
}
