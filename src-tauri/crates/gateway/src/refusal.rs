//! The error a client sees, in its own protocol's shape.

use axum::body::Body;
use bytes::Bytes;
use config::{Route, RouteRefusal};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use pool::{Class, Relay, Starved, StarvedKind};
use wire::{
    Operation, Protocol,
    errors::{self, ErrorBody, Kind},
};

/// What a client is told instead of an answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub status: StatusCode,
    pub kind: Kind,
    pub code: Option<&'static str>,
    /// The field of the request that is to blame, in the client's own words.
    pub field: Option<String>,
    pub message: String,
    /// Seconds, rendered as `Retry-After`.
    pub retry_after_s: Option<u64>,
    /// Rendered as `x-should-retry`, which the official SDKs and Claude Code obey.
    pub should_retry: Option<bool>,
    /// Our id of the request, which Messages clients show.
    pub request_id: Option<String>,
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
            field: None,
            message: message.into(),
            retry_after_s: None,
            should_retry: None,
            request_id: None,
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
            param: self.field.as_deref(),
            message: &self.message,
            retry_after_s: self.retry_after_s,
            request_id: self.request_id.as_deref(),
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

/// The refusal for a name that leads nowhere.
pub(crate) fn unroutable(route: &Route) -> Option<Refusal> {
    match route.refusal.as_ref()? {
        RouteRefusal::UnknownModel { close } => {
            let hint =
                if close.is_empty() { String::new() } else { format!("; close: {}", close.join(", ")) };
            let message = format!("no channel serves the model {:?}{hint}", route.asked);
            Some(Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message).code("model_not_found"))
        }
    }
}

/// The refusal where no channel may be tried now: each with its reason.
pub(crate) fn starving(starved: &Starved, protocol: Protocol) -> Refusal {
    let what = match starved.refusal {
        StarvedKind::AllLimited => "every channel that could answer is at its limit",
        StarvedKind::AllBenched => "every channel that could answer is benched",
        StarvedKind::ModelUnavailable => "no channel serves this model now",
        StarvedKind::NoneCanEver => "no channel can answer this request",
        StarvedKind::Offline => "this machine seems to be offline",
        StarvedKind::BudgetSpent => "nothing is left to try",
    };
    let reasons: Vec<String> =
        starved.reasons().map(|(channel, reason)| format!("{channel}: {reason}")).collect();
    let message = if reasons.is_empty() {
        format!("{what}: no channel is configured")
    } else {
        format!("{what}: {}", reasons.join("; "))
    };
    let status = StatusCode::from_u16(starved.status(protocol)).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    Refusal {
        retry_after_s: starved.retry_after_s(),
        should_retry: Some(starved.should_retry()),
        ..Refusal::new(status, starved.kind(), message)
    }
}

/// What the pool decided, ready to be written.
pub(crate) fn decided(refusal: pool::Refusal, protocol: Protocol) -> Refusal {
    Refusal {
        status: StatusCode::from_u16(refusal.status_for(protocol)).unwrap_or(StatusCode::BAD_GATEWAY),
        kind: refusal.kind,
        code: refusal.code,
        field: refusal.field.clone(),
        retry_after_s: refusal.retry_after_s(),
        should_retry: Some(refusal.should_retry),
        message: refusal.message,
        request_id: None,
        relayed: None,
    }
}

/// Lets an upstream speak for itself where it says that it does not know what a native request asks for: a file that is
/// not there is nobody's fault, and its words are the client's own protocol.
pub(crate) fn of_operation(refusal: pool::Refusal, operation: Operation) -> pool::Refusal {
    match (operation, refusal.class) {
        (Operation::Native(_), Class::NotOffered | Class::ModelGone | Class::ModelAccess) => {
            pool::Refusal { relay: Relay::Verbatim, ..refusal }
        }
        (_, _) => refusal,
    }
}

/// The refusal after the last attempt: the upstream's own words where the table says so and it sent some.
pub(crate) fn last_word(
    refusal: pool::Refusal,
    relayed: Option<(StatusCode, Relayed)>,
    protocol: Protocol,
) -> Refusal {
    let relay = refusal.relay;
    let mut own = decided(refusal, protocol);
    match (relay, relayed) {
        (Relay::Verbatim, Some((status, mut relayed))) => {
            own.status = status;
            own.should_retry = None;
            if own.retry_after_s.is_some() {
                // Ours is clamped to what clients will wait for, and two answers to one question are none.
                relayed.headers.remove("retry-after-ms");
            }
            own.relayed = Some(Box::new(relayed));
            own
        }
        (Relay::Verbatim | Relay::Own, _) => own,
    }
}
