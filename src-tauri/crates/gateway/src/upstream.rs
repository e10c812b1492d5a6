//! Connections to upstreams: one client per way out, no redirects, no hidden retries, no proxy from the
//! environment unless the channel says `system`.

mod client;
mod direct;
mod fault;
mod proxy;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use config::{Hop, Proxy, Snapshot};
use http::{HeaderMap, Method, StatusCode, header};
use pool::{Class, Failure, Phase};
use reqwest::{ClientBuilder, redirect::Policy};
use secrecy::ExposeSecret;
use url::Url;

pub(crate) use self::client::Reading;
use self::client::{Client, Sending, Unanswered, Watch};
use crate::{
    compose::Outgoing,
    decode::{Coding, Inflow},
    gateway::{Sizes, Timers},
    headers,
};

/// The HTTP clients, one for each way out.
pub(crate) struct Upstream {
    direct: RwLock<Client>,
    proxied: RwLock<HashMap<Way, Client>>,
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
/// When TCP asks a silent peer whether it is still there.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// Silence on an HTTP/2 connection in use before the peer is asked for a sign of life, and how long that may take.
const HTTP2_PING: Duration = Duration::from_secs(20);
const HTTP2_PONG: Duration = Duration::from_secs(10);

impl Upstream {
    pub(crate) fn new(timers: &Timers) -> Upstream {
        Upstream {
            direct: RwLock::new(direct(timers.connect)),
            proxied: RwLock::new(HashMap::new()),
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
        let Outgoing { method, url, headers, body, usage_is_ours: _ } = outgoing;
        let client = self.client(hop, &url);
        let sending = Sending { method, url: url.clone(), headers, body };
        // Only HTTP/2, which is spoken over TLS alone, can say that a request was not looked at.
        let again = (url.scheme() == "https").then(|| sending.clone());
        // A timer as short as that rings before the one for connecting does.
        let watch = (within <= self.connect).then(Watch::default);
        let asking = async {
            match (client.send(sending, watch.as_ref()).await, again) {
                // Sending again what was not looked at changes nothing.
                (Err(error), Some(again)) if is_unprocessed(&error) => client.send(again, None).await,
                (result, _) => result,
            }
        };
        let response = match tokio::time::timeout(within, asking).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(fault::judge(&error, hop, &url).await),
            Err(_elapsed) if watch.is_some_and(|watch| watch.is_unconnected()) => {
                return Err(unreachable(within));
            }
            Err(_elapsed) => return Err(silent(within)),
        };
        if let Some(failure) = fault::proxy_login_wanted(response.status(), hop, &url) {
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
        let sending = Sending { method: Method::GET, url: url.clone(), headers, body: Bytes::new() };
        match tokio::time::timeout(within, client.send(sending, None)).await {
            Ok(Ok(response)) => reply(response, sizes),
            Ok(Err(error)) => Err(fault::judge(&error, hop, &url).await),
            Err(_elapsed) => Err(silent(within)),
        }
    }

    /// Drops the clients of proxies that the configuration no longer names.
    pub(crate) fn keep_only(&self, snapshot: &Snapshot) {
        let named: Vec<Way> = snapshot.channels.iter().filter_map(|channel| way(&channel.hop)).collect();
        self.proxied.write().unwrap_or_else(PoisonError::into_inner).retain(|way, _| named.contains(way));
    }

    /// Forgets all kept connections. What is under way goes on.
    pub(crate) fn renew(&self) {
        *self.direct.write().unwrap_or_else(PoisonError::into_inner) = direct(self.connect);
        self.proxied.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The client for a way out. Loopback and spared hosts are always reached directly.
    fn client(&self, hop: &Hop, url: &Url) -> Client {
        let Some(way) = way(hop).filter(|_| !is_spared(hop, url)) else {
            return self.direct.read().unwrap_or_else(PoisonError::into_inner).clone();
        };
        if let Some(client) = self.proxied.read().unwrap_or_else(PoisonError::into_inner).get(&way) {
            return client.clone();
        }
        let client = match &way {
            Way::System => proxied(builder(self.connect)),
            Way::Proxy { url, username, password } => {
                let mut proxy = reqwest::Proxy::all(url).expect("a checked proxy's URL is valid");
                if let Some(username) = username {
                    proxy = proxy.basic_auth(username, password.as_deref().unwrap_or_default());
                }
                proxied(builder(self.connect).no_proxy().proxy(proxy))
            }
        };
        self.proxied.write().unwrap_or_else(PoisonError::into_inner).insert(way, client.clone());
        client
    }
}

/// Whether an http proxy refuses our login. To a plain `http` target it answers in the upstream's place, so that an
/// ordinary request would not tell; tinyproxy says 401 where RFC 9110 §15.5.8 wants 407.
pub(crate) async fn login_refused(hop: &Hop, target: &Url) -> Option<u16> {
    proxy::refusal(hop, target).await.filter(|status| matches!(status, 401 | 407))
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

fn direct(connect: Duration) -> Client {
    Client::Direct(Arc::new(direct::client(connect)))
}

fn builder(connect: Duration) -> ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
        .tcp_keepalive(TCP_KEEPALIVE)
        .http2_keep_alive_interval(HTTP2_PING)
        .http2_keep_alive_timeout(HTTP2_PONG)
        .http2_keep_alive_while_idle(false)
        .http2_adaptive_window(true)
}

fn proxied(builder: ClientBuilder) -> Client {
    Client::Proxied(builder.build().expect("a client without files or user certificates always builds"))
}

fn reply(response: http::Response<Reading>, sizes: &Sizes) -> Result<Reply, Failure> {
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

fn unreachable(within: Duration) -> Failure {
    let message = format!("could not connect within {} s", within.as_secs_f32());
    Failure::new(Class::Network, Phase::P0, message)
}

pub(crate) fn silent(within: Duration) -> Failure {
    let message = format!("no response headers came within {} s", within.as_secs_f32());
    Failure::new(Class::Silent, Phase::P1, message)
}

/// Whether an HTTP/2 upstream says that it has not begun to process the request (RFC 9113 §8.7).
fn is_unprocessed(error: &Unanswered) -> bool {
    error.causes().filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|cause| {
        cause.is_remote()
            && ((cause.is_go_away() && cause.reason() == Some(h2::Reason::NO_ERROR))
                || (cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM)))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers every request of `connections` connections, one after the other, and says how many came on each.
    async fn counting(listener: TcpListener, connections: usize) -> Vec<usize> {
        let mut requests = Vec::new();
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut count, mut buffer) = (0, [0; 4096]);
            while stream.read(&mut buffer).await.unwrap() > 0 {
                count += 1;
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            }
            requests.push(count);
        }
        requests
    }

    #[tokio::test]
    async fn a_timeout_shorter_than_the_one_for_connecting_still_tells_a_black_hole_from_silence() {
        // Once the queue of a listener that never accepts is full, the kernel drops every further SYN.
        let hole = tokio::net::TcpSocket::new_v4().unwrap();
        hole.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let hole = hole.listen(1).unwrap();
        let within = Duration::from_millis(300);
        let mut queue = Vec::new();
        while let Ok(waiting) =
            tokio::time::timeout(within, tokio::net::TcpStream::connect(hole.local_addr().unwrap())).await
        {
            queue.push(waiting.unwrap());
        }
        let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream::new(&Timers::default());
        for (listener, class, phase) in
            [(&hole, Class::Network, Phase::P0), (&mute, Class::Silent, Phase::P1)]
        {
            let outgoing = Outgoing {
                method: Method::POST,
                url: Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
                usage_is_ours: false,
            };
            let failure =
                upstream.send(&Hop::Direct, outgoing, within, &Sizes::default()).await.err().unwrap();
            assert_eq!((failure.class, failure.phase), (class, phase), "{}", failure.message);
        }
    }

    #[tokio::test]
    async fn a_kept_connection_is_used_again_until_the_clients_are_renewed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let server = tokio::spawn(counting(listener, 2));
        let (upstream, sizes) = (Upstream::new(&Timers::default()), Sizes::default());
        let ask = async || {
            let within = Duration::from_secs(10);
            upstream.get(&Hop::Direct, url.clone(), HeaderMap::new(), within, &sizes).await.unwrap();
        };
        ask().await;
        ask().await;
        upstream.renew();
        ask().await;
        drop(upstream);
        assert_eq!(server.await.unwrap(), [2, 1]);
    }
}
