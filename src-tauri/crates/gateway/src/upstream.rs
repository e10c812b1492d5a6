//! Connections to upstreams: one client per way out, no redirects, no hidden retries, no proxy from the
//! environment unless the channel says `system`.

use std::{
    collections::HashMap,
    error::Error as _,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use config::{Hop, Proxy, Snapshot};
use http::{HeaderMap, Method, StatusCode, header};
use pool::{Class, Failure, Phase};
use reqwest::{Client, ClientBuilder, redirect::Policy};
use secrecy::ExposeSecret;
use url::Url;

use crate::{
    compose::Outgoing,
    decode::{self, Coding, Inflow},
    gateway::{Sizes, Timers},
    headers,
};

/// The HTTP clients, one for each way out.
pub(crate) struct Upstream {
    direct: Client,
    others: RwLock<HashMap<Way, Client>>,
    connect: Duration,
}

/// A way out other than the direct one.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Way {
    System,
    Proxy { url: String, username: Option<String>, password: Option<String> },
}

/// An upstream's answer: its head, and a body that is yet to flow.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub inflow: Inflow,
}

/// How long a kept connection may idle: below the 60 s after which common load balancers close silently.
const POOL_IDLE: Duration = Duration::from_secs(55);
/// Kept connections per host.
const POOL_IDLE_PER_HOST: usize = 64;

impl Upstream {
    pub(crate) fn new(timers: &Timers) -> Upstream {
        Upstream {
            direct: build(builder(timers.connect).no_proxy()),
            others: RwLock::new(HashMap::new()),
            connect: timers.connect,
        }
    }

    /// Sends one request and waits for the head of its answer, `within` at most.
    pub(crate) async fn send(
        &self,
        hop: &Hop,
        outgoing: Outgoing,
        within: Duration,
        sizes: &Sizes,
    ) -> Result<Reply, Failure> {
        let client = self.client(hop, &outgoing.url);
        let url = outgoing.url.clone();
        // Only HTTP/2, which is spoken over TLS alone, can say that a request was not looked at.
        let again = (url.scheme() == "https").then(|| post(outgoing.clone()));
        let sending = async {
            match (client.execute(post(outgoing)).await, again) {
                // Sending again what was not looked at changes nothing.
                (Err(error), Some(again)) if is_unprocessed(&error) => client.execute(again).await,
                (result, _) => result,
            }
        };
        let response = match tokio::time::timeout(within, sending).await {
            Ok(Ok(response)) => http::Response::<reqwest::Body>::from(response),
            Ok(Err(error)) => return Err(fault(&error, hop, &url)),
            Err(_elapsed) => return Err(silent(within)),
        };
        if let Some(failure) = proxy_login_wanted(&response, hop, &url) {
            return Err(failure);
        }
        reply(response, sizes)
    }

    /// Asks for something small by GET, for checks.
    pub(crate) async fn get(
        &self,
        hop: &Hop,
        url: Url,
        headers: HeaderMap,
        within: Duration,
        sizes: &Sizes,
    ) -> Result<Reply, Failure> {
        let client = self.client(hop, &url);
        let mut request = reqwest::Request::new(Method::GET, url.clone());
        *request.headers_mut() = headers;
        match tokio::time::timeout(within, client.execute(request)).await {
            Ok(Ok(response)) => reply(http::Response::<reqwest::Body>::from(response), sizes),
            Ok(Err(error)) => Err(fault(&error, hop, &url)),
            Err(_elapsed) => Err(silent(within)),
        }
    }

    /// Drops the clients of proxies that the configuration no longer names.
    pub(crate) fn keep_only(&self, snapshot: &Snapshot) {
        let named: Vec<Way> = snapshot.channels.iter().filter_map(|channel| way(&channel.hop)).collect();
        self.others.write().unwrap_or_else(PoisonError::into_inner).retain(|way, _| named.contains(way));
    }

    /// The client for a way out. Loopback and spared hosts are always reached directly.
    fn client(&self, hop: &Hop, url: &Url) -> Client {
        let Some(way) = way(hop).filter(|_| !is_spared(hop, url)) else { return self.direct.clone() };
        if let Some(client) = self.others.read().unwrap_or_else(PoisonError::into_inner).get(&way) {
            return client.clone();
        }
        let client = match &way {
            Way::System => build(builder(self.connect)),
            Way::Proxy { url, username, password } => {
                let mut proxy = reqwest::Proxy::all(url).expect("a checked proxy's URL is valid");
                if let Some(username) = username {
                    proxy = proxy.basic_auth(username, password.as_deref().unwrap_or_default());
                }
                build(builder(self.connect).no_proxy().proxy(proxy))
            }
        };
        self.others.write().unwrap_or_else(PoisonError::into_inner).insert(way, client.clone());
        client
    }
}

/// Whether a channel's target is reached through its proxy.
pub(crate) fn uses_proxy(hop: &Hop, url: &Url) -> bool {
    way(hop).is_some() && !is_spared(hop, url)
}

fn way(hop: &Hop) -> Option<Way> {
    match hop {
        Hop::Direct => None,
        Hop::System => Some(Way::System),
        Hop::Proxy(proxy) => Some(Way::Proxy {
            url: address(proxy),
            username: proxy.username.clone(),
            password: proxy.password.as_ref().map(|password| password.expose_secret().to_owned()),
        }),
    }
}

fn address(proxy: &Proxy) -> String {
    let bare_v6 = proxy.host.contains(':') && !proxy.host.starts_with('[');
    let host = if bare_v6 { format!("[{}]", proxy.host) } else { proxy.host.clone() };
    format!("{}://{host}:{}", proxy.scheme.as_str(), proxy.port)
}

fn is_spared(hop: &Hop, url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    loopback
        || match hop {
            Hop::Direct => true,
            Hop::System => false,
            Hop::Proxy(proxy) => url.host_str().is_some_and(|host| proxy.spares(host)),
        }
}

fn builder(connect: Duration) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
        .tcp_keepalive(Duration::from_secs(30))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(false)
        .http2_adaptive_window(true)
}

fn build(builder: ClientBuilder) -> Client {
    builder.build().expect("a client without files or user certificates always builds")
}

fn post(outgoing: Outgoing) -> reqwest::Request {
    let mut request = reqwest::Request::new(Method::POST, outgoing.url);
    *request.headers_mut() = outgoing.headers;
    *request.body_mut() = Some(reqwest::Body::from(outgoing.body));
    request
}

fn reply(response: http::Response<reqwest::Body>, sizes: &Sizes) -> Result<Reply, Failure> {
    let (parts, body) = response.into_parts();
    if parts.headers.contains_key(header::CONTENT_LENGTH)
        && parts.headers.contains_key(header::TRANSFER_ENCODING)
    {
        // RFC 9112 §6.3: the mark of a smuggled response; the two may disagree about where it ends.
        let message = "the upstream sent both a length and chunks".to_owned();
        return Err(malformed(parts.status.as_u16(), message));
    }
    if headers::size(&parts.headers) > sizes.head {
        let message = format!("the upstream sent more than {} KiB of headers", sizes.head >> 10);
        return Err(malformed(parts.status.as_u16(), message));
    }
    let coding = match parts.headers.get(header::CONTENT_ENCODING) {
        None => Coding::Identity,
        Some(name) => match name.to_str().ok().and_then(Coding::named) {
            Some(coding) => coding,
            None => {
                let message = "the upstream sent a content-encoding that nobody asked for".to_owned();
                return Err(malformed(parts.status.as_u16(), message));
            }
        },
    };
    Ok(Reply {
        status: parts.status,
        headers: parts.headers,
        inflow: Inflow::new(body, coding, sizes.expansion),
    })
}

/// An answer that began and is no proper reply.
pub(crate) fn malformed(status: u16, message: String) -> Failure {
    Failure { status: Some(status), ..Failure::new(Class::Malformed, Phase::P3, message) }
}

fn silent(within: Duration) -> Failure {
    let message = format!("no response headers came within {} s", within.as_secs_f32());
    Failure::new(Class::Silent, Phase::P1, message)
}

/// To a plain `http` target the proxy answers in the upstream's place; this status is always the proxy's own
/// (RFC 9110 §15.5.8), and the upstream was not asked.
fn proxy_login_wanted(response: &http::Response<reqwest::Body>, hop: &Hop, url: &Url) -> Option<Failure> {
    let wanted = response.status() == http::StatusCode::PROXY_AUTHENTICATION_REQUIRED && uses_proxy(hop, url);
    wanted.then(|| {
        Failure::new(Class::ProxyFailure, Phase::P0, "the network proxy wants another login (HTTP 407)")
    })
}

/// What a failed exchange was: how far it came decides whether it may be sent again.
fn fault(error: &reqwest::Error, hop: &Hop, url: &Url) -> Failure {
    let words = decode::words(error);
    if is_tls(error) {
        return Failure::new(Class::Tls, Phase::P0, format!("TLS failed: {words}"));
    }
    if is_wrong_http(error) {
        return Failure::new(Class::Malformed, Phase::P1, format!("the answer is not valid HTTP: {words}"));
    }
    if !error.is_connect() && !error.is_dns() {
        return Failure::new(
            Class::Network,
            Phase::P1,
            format!("the connection broke before an answer: {words}"),
        );
    }
    if uses_proxy(hop, url) {
        let message = format!("the network proxy refused or cannot be reached: {words}");
        return Failure::new(Class::ProxyFailure, Phase::P0, message);
    }
    let failure = Failure::new(Class::Network, Phase::P0, format!("could not connect: {words}"));
    if is_without_a_route(error) { failure.without_a_route() } else { failure }
}

/// No answer from DNS and no route are the marks of a machine that is offline.
fn is_without_a_route(error: &reqwest::Error) -> bool {
    error.is_dns()
        || causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|cause| {
            matches!(
                cause.kind(),
                std::io::ErrorKind::NetworkUnreachable
                    | std::io::ErrorKind::HostUnreachable
                    | std::io::ErrorKind::NetworkDown
            )
        })
}

fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(holds_tls)
}

/// Each layer between TLS and us wraps the error in an `io::Error` of its own, whose `source` passes over the inner.
fn holds_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<rustls::Error>()
        || error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| holds_tls(inner))
}

fn is_wrong_http(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|cause| cause.is_parse() || cause.is_parse_status() || cause.is_parse_too_large())
}

/// Whether an HTTP/2 upstream says that it has not begun to process the request (RFC 9113 §8.7).
fn is_unprocessed(error: &reqwest::Error) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|cause| {
        cause.is_remote()
            && ((cause.is_go_away() && cause.reason() == Some(h2::Reason::NO_ERROR))
                || (cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM)))
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
