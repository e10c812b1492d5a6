//! Reads a client's request: bounded, unpacked where it came compressed, and otherwise left as it is.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use wire::errors::Kind;

use crate::{decode, refusal::Refusal};

/// Reads a request's body whole. A body is needed whole before the first attempt, so that it can be sent again.
pub(crate) async fn read<B>(
    headers: &HeaderMap,
    mut body: B,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Refusal::too_large(limit));
    }
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(idle, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_gone))) => return Err(broken_off()),
            Ok(None) => break,
            Err(_elapsed) => return Err(too_slow(idle)),
        };
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + joined.len() + data.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        if first.is_empty() && joined.is_empty() {
            first = data;
            continue;
        }
        if joined.is_empty() {
            joined.reserve(usize::try_from(announced).unwrap_or(0).max(first.len() + data.len()));
            joined.extend_from_slice(&first);
            first = Bytes::new();
        }
        joined.extend_from_slice(&data);
    }
    let whole = if joined.is_empty() { first } else { joined.freeze() };
    unpack(headers, whole, limit).await
}

async fn unpack(headers: &HeaderMap, packed: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    let Some(coding) = headers.get(header::CONTENT_ENCODING) else { return Ok(packed) };
    let Some(coding) = coding.to_str().ok().and_then(decode::Coding::named) else {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::InvalidRequest,
            "this content-encoding is not known here: send gzip, deflate, br, zstd or none",
        )
        .code("request_body_encoding_unsupported"));
    };
    match decode::unpack(coding, packed, limit).await {
        Ok(whole) => Ok(whole),
        Err(decode::UnpackFault::TooLarge) => Err(Refusal::too_large(limit)),
        Err(decode::UnpackFault::Broken(error)) => {
            Err(Refusal::bad_request(format!("the request body could not be decompressed: {error}")))
        }
    }
}

fn broken_off() -> Refusal {
    Refusal::bad_request("the request body broke off before its announced end")
}

fn too_slow(idle: Duration) -> Refusal {
    let message = format!("no byte of the request body came for {} s", idle.as_secs_f32());
    Refusal::new(StatusCode::REQUEST_TIMEOUT, Kind::Timeout, message)
}
