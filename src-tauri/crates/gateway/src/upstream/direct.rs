//! The way out without a proxy: hyper's client over connections of our own making.
//!
//! reqwest, which reaches upstreams through proxies, parses each URL twice more for redirects that it is told not to
//! follow and copies each request's headers: a sixth of what a small request costs.

use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, TryFutureExt, future::MapErr};
use http::{Uri, uri::Scheme};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{
        self,
        connect::{
            HttpConnector,
            dns::{GaiAddrs, GaiFuture, GaiResolver, Name},
        },
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tower::Service;

use super::{HTTP2_PING, HTTP2_PONG, POOL_IDLE, POOL_IDLE_PER_HOST, TCP_KEEPALIVE};

/// How long sent bytes may go unacknowledged, where the system can be told.
#[cfg(target_os = "linux")]
const TCP_UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A client that asks upstreams directly, with the connections that it keeps.
pub(super) type Direct = legacy::Client<Connector, Full<Bytes>>;

/// Makes a client. TCP and TLS together may take `connect`.
pub(super) fn client(connect: Duration) -> Direct {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
        .http2_keep_alive_interval(HTTP2_PING)
        .http2_keep_alive_timeout(HTTP2_PONG)
        .http2_keep_alive_while_idle(false)
        .http2_adaptive_window(true)
        .build(Connector { plain: plain(), secure: Arc::default(), most: connect })
}

fn plain() -> HttpConnector<Names> {
    let mut connector = HttpConnector::new_with_resolver(Names(GaiResolver::new()));
    connector.enforce_http(false);
    // Small requests must not wait for each other.
    connector.set_nodelay(true);
    connector.set_keepalive(Some(TCP_KEEPALIVE));
    connector.set_keepalive_interval(Some(TCP_KEEPALIVE / 2));
    connector.set_keepalive_retries(Some(3));
    #[cfg(target_os = "linux")]
    connector.set_tcp_user_timeout(Some(TCP_UNACKNOWLEDGED));
    connector
}

/// Makes connections, in plain text or over TLS as the URL says.
#[derive(Clone)]
pub(super) struct Connector {
    plain: HttpConnector<Names>,
    /// Made for the first `https` upstream: to read the system's certificates takes time and memory that local
    /// upstreams do without.
    secure: Arc<OnceLock<Result<Secure, rustls::Error>>>,
    most: Duration,
}

type Secure = HttpsConnector<HttpConnector<Names>>;
type BoxError = Box<dyn Error + Send + Sync>;

impl Connector {
    /// The connector for TLS, or why the system's certificates cannot be had.
    fn secure(&self) -> Result<Secure, rustls::Error> {
        self.secure.get_or_init(|| Ok(over(self.plain.clone(), tls()?))).clone()
    }
}

fn over(plain: HttpConnector<Names>, tls: ClientConfig) -> Secure {
    HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_all_versions().wrap_connector(plain)
}

/// TLS as the system trusts it.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.plain.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let connecting = if target.scheme() == Some(&Scheme::HTTPS) {
            match self.secure() {
                Ok(mut secure) => secure.call(target),
                Err(error) => return std::future::ready(Err(error.into())).boxed(),
            }
        } else {
            self.plain.call(target).map_ok(MaybeHttpsStream::Http).err_into().boxed()
        };
        let connecting = tokio::time::timeout(self.most, connecting);
        connecting.map(|in_time| in_time.unwrap_or_else(|_elapsed| Err(TimedOut.into()))).boxed()
    }
}

/// Neither connected nor refused within the time for it.
#[derive(Debug, thiserror::Error)]
#[error("the connection took too long")]
pub(super) struct TimedOut;

/// Looks names up as the system does, and marks what fails so.
#[derive(Clone)]
pub(super) struct Names(GaiResolver);

/// A name that could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct UnknownName(io::Error);

impl Service<Name> for Names {
    type Response = GaiAddrs;
    type Error = UnknownName;
    type Future = MapErr<GaiFuture, fn(io::Error) -> UnknownName>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), UnknownName>> {
        self.0.poll_ready(context).map_err(UnknownName)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(UnknownName)
    }
}
