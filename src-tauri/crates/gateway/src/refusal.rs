//! The error a client sees, in its own protocol's shape.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use wire::{
    Protocol,
    errors::{self, ErrorBody, Kind},
};

/// What a client is told instead of an answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub status: StatusCode,
    pub kind: Kind,
    pub code: Option<&'static str>,
    pub message: String,
    /// Seconds, rendered as `Retry-After`.
    pub retry_after_s: Option<u64>,
    /// Rendered as `x-should-retry`, which the official SDKs and Claude Code obey.
    pub should_retry: Option<bool>,
    /// The upstream's own words, passed on as they are.
    pub relayed: Option<Box<Relayed>>,
}

/// An upstream's answer that reaches the client as it is.
#[derive(Debug)]
pub(crate) struct Relayed {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Set where the official SDKs and Claude Code should, or must not, try again.
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: Kind, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            kind,
            code: None,
            message: message.into(),
            retry_after_s: None,
            should_retry: None,
            relayed: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, Kind::InvalidRequest, message)
    }

    pub(crate) fn too_large(limit: usize) -> Refusal {
        let message = format!("the request body is larger than {} MiB", limit >> 20);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Kind::TooLarge, message)
    }

    pub(crate) fn no_retry(mut self) -> Refusal {
        self.should_retry = Some(false);
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    /// The error's fields as the protocols' encoders take them.
    pub(crate) fn error_body(&self) -> ErrorBody<'_> {
        ErrorBody {
            status: self.status.as_u16(),
            kind: self.kind,
            code: self.code,
            message: &self.message,
            retry_after_s: self.retry_after_s,
            request_id: None,
        }
    }

    /// The response in the client's protocol.
    pub(crate) fn render(self, protocol: Protocol) -> Response<Body> {
        let mut response = match self.relayed {
            Some(relayed) => {
                let mut response = Response::new(Body::from(relayed.body));
                *response.headers_mut() = relayed.headers;
                response
            }
            None => own_words(protocol, &self),
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(again) = self.should_retry {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static(if again { "true" } else { "false" }));
        }
        response
    }
}

fn own_words(protocol: Protocol, refusal: &Refusal) -> Response<Body> {
    let mut response = Response::new(Body::from(errors::body(protocol, &refusal.error_body())));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
