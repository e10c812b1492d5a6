//! One face for two HTTP clients: hyper's where nothing stands between us and the upstream, reqwest's where a proxy does.

use std::{
    error::Error,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, uri::InvalidUri};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming};
use hyper_util::client::legacy::{
    self,
    connect::{CaptureConnection, capture_connection},
};
use url::Url;

use super::direct::{Direct, TimedOut, UnknownName};

/// A client for one way out. Clones share its connections.
#[derive(Clone)]
pub(super) enum Client {
    Direct(Arc<Direct>),
    Proxied(reqwest::Client),
}

/// A request as it is to be sent.
#[derive(Clone)]
pub(super) struct Sending {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        sending: Sending,
        watch: Option<&Watch>,
    ) -> Result<Response<Reading>, Unanswered> {
        match self {
            Client::Direct(client) => {
                let mut request = for_hyper(sending).map_err(Unanswered::Address)?;
                if let Some(watch) = watch {
                    watch.0.get_or_init(|| capture_connection(&mut request));
                }
                let response = client.request(request).await.map_err(Unanswered::Direct)?;
                Ok(response.map(Reading::Direct))
            }
            Client::Proxied(client) => {
                let response = client.execute(for_reqwest(sending)).await.map_err(Unanswered::Proxied)?;
                Ok(Response::<reqwest::Body>::from(response).map(Reading::Proxied))
            }
        }
    }
}

/// Watches whether a request gets a connection. Only direct ways tell.
#[derive(Default)]
pub(super) struct Watch(OnceLock<CaptureConnection>);

impl Watch {
    /// Whether the request is known to have no connection yet, so that nothing of it was sent.
    pub(super) fn is_unconnected(&self) -> bool {
        self.0.get().is_some_and(|connection| connection.connection_metadata().is_none())
    }
}

fn for_hyper(sending: Sending) -> Result<Request<Full<Bytes>>, InvalidUri> {
    let mut request = Request::new(Full::new(sending.body));
    *request.method_mut() = sending.method;
    *request.uri_mut() = Uri::try_from(String::from(sending.url))?;
    *request.headers_mut() = sending.headers;
    Ok(request)
}

fn for_reqwest(sending: Sending) -> reqwest::Request {
    let mut request = reqwest::Request::new(sending.method, sending.url);
    *request.headers_mut() = sending.headers;
    *request.body_mut() = Some(reqwest::Body::from(sending.body));
    request
}

/// The body of an answer.
pub(crate) enum Reading {
    Direct(Incoming),
    Proxied(reqwest::Body),
}

impl Body for Reading {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Reading::Direct(body) => {
                Pin::new(body).poll_frame(context).map(|frame| frame.map(|read| read.map_err(Into::into)))
            }
            Reading::Proxied(body) => {
                Pin::new(body).poll_frame(context).map(|frame| frame.map(|read| read.map_err(Into::into)))
            }
        }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The channel's address is no place that a request can be sent to.
    Address(InvalidUri),
    Direct(legacy::Error),
    Proxied(reqwest::Error),
}

impl Unanswered {
    /// Whether no connection stood, so that nothing was sent.
    pub(super) fn is_unconnected(&self) -> bool {
        match self {
            Unanswered::Address(_) => true,
            Unanswered::Direct(error) => error.is_connect(),
            Unanswered::Proxied(error) => error.is_connect() || error.is_dns(),
        }
    }

    /// Whether the upstream's name could not be looked up.
    pub(super) fn is_unknown_name(&self) -> bool {
        match self {
            Unanswered::Address(_) => false,
            Unanswered::Direct(_) => self.causes().any(<dyn Error>::is::<UnknownName>),
            Unanswered::Proxied(error) => error.is_dns(),
        }
    }

    /// Whether it took too long to connect.
    pub(super) fn is_timeout(&self) -> bool {
        match self {
            Unanswered::Address(_) => false,
            Unanswered::Direct(_) => self.causes().any(<dyn Error>::is::<TimedOut>),
            Unanswered::Proxied(error) => error.is_timeout(),
        }
    }

    /// What it goes back to, from the outermost cause on. The error itself is left out: it may print a URL, which may
    /// hold a key.
    pub(super) fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let outermost = match self {
            Unanswered::Address(error) => Some(error as &(dyn Error + 'static)),
            Unanswered::Direct(error) => error.source(),
            Unanswered::Proxied(error) => error.source(),
        };
        std::iter::successors(outermost, |&cause| cause.source())
    }

    /// The innermost cause in words.
    pub(super) fn words(&self) -> String {
        self.causes().last().map_or_else(|| "the connection broke".to_owned(), ToString::to_string)
    }
}
