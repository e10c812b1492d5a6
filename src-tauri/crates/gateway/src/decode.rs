//! Bodies as they come from an upstream, and decompression for those that come packed although we asked for
//! `identity`: the bytes out are bounded by the bytes in, so that a bomb ends an attempt and not the process.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio_util::io::{ReaderStream, StreamReader};

use crate::upstream::Reading;

/// A content coding that we can undo (RFC 9110 §8.4.1, RFC 8878, RFC 7932).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of a `content-encoding` header; `None` for one we do not know or a list of several.
    pub(crate) fn named(name: &str) -> Option<Coding> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Coding::Identity),
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            "br" => Some(Coding::Brotli),
            "zstd" => Some(Coding::Zstd),
            _unknown => None,
        }
    }
}

/// Why a packed body could not be had.
pub(crate) enum UnpackFault {
    TooLarge,
    Broken(io::Error),
}

/// Unpacks a body that is here already, up to `limit` bytes.
pub(crate) async fn unpack(coding: Coding, packed: Bytes, limit: usize) -> Result<Bytes, UnpackFault> {
    if coding == Coding::Identity {
        return Ok(packed);
    }
    let source = stream::iter([Ok::<_, io::Error>(packed)]);
    let mut parts = unpacked(coding, StreamReader::new(source));
    let mut whole = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(UnpackFault::Broken)?;
        if whole.len() + part.len() > limit {
            return Err(UnpackFault::TooLarge);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.freeze())
}

/// An upstream's body, unpacked as it flows.
pub(crate) enum Inflow {
    Plain(Reading),
    Unpacked { parts: Parts, taken: Arc<AtomicUsize>, gave: usize, expansion: usize },
}

/// A stream of unpacked bytes.
pub(crate) type Parts = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Below this size no expansion is suspicious.
const EXPANSION_FLOOR: usize = 1 << 20;

impl Inflow {
    pub(crate) fn new(body: Reading, coding: Coding, expansion: usize) -> Inflow {
        if coding == Coding::Identity {
            return Inflow::Plain(body);
        }
        let taken = Arc::new(AtomicUsize::new(0));
        let source = body.into_data_stream().map_err(|error| io::Error::other(words(&*error)));
        let counted = Counted { source: StreamReader::new(source), taken: Arc::clone(&taken) };
        Inflow::Unpacked { parts: unpacked(coding, counted), taken, gave: 0, expansion }
    }

    /// The next bytes; `None` at the body's clean end; otherwise the fault in words without any URL.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, String>> {
        match self {
            Inflow::Plain(body) => loop {
                match body.frame().await? {
                    Ok(frame) => match frame.into_data() {
                        Ok(data) if data.is_empty() => {}
                        Ok(data) => return Some(Ok(data)),
                        Err(_trailers) => {}
                    },
                    Err(error) => return Some(Err(words(&*error))),
                }
            },
            Inflow::Unpacked { parts, taken, gave, expansion } => {
                let part = match parts.next().await? {
                    Ok(part) => part,
                    Err(error) => return Some(Err(format!("the reply could not be decompressed: {error}"))),
                };
                *gave += part.len();
                let allowed = taken.load(Ordering::Relaxed).saturating_mul(*expansion).max(EXPANSION_FLOOR);
                if *gave > allowed {
                    return Some(Err(format!(
                        "the reply grew more than {expansion} times when decompressed"
                    )));
                }
                Some(Ok(part))
            }
        }
    }
}

/// Counts what a decoder takes of its packed source. What has merely arrived says nothing about a body's expansion: a
/// whole bomb fits in one packet.
struct Counted<R> {
    source: R,
    taken: Arc<AtomicUsize>,
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Counted<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().source).poll_fill_buf(context)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.taken.fetch_add(amount, Ordering::Relaxed);
        Pin::new(&mut self.source).consume(amount);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.source).poll_read(context, buffer);
        self.taken.fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        polled
    }
}

/// An error and its causes in words. The outermost may print a URL, which may hold a key, so it is left out.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut innermost = None;
    let mut cause = error.source();
    while let Some(next) = cause {
        innermost = Some(next);
        cause = next.source();
    }
    innermost.map_or_else(|| "the connection broke".to_owned(), ToString::to_string)
}

fn unpacked<R>(coding: Coding, reader: R) -> Parts
where
    R: AsyncBufRead + Send + 'static,
{
    fn parts(reader: impl AsyncRead + Send + 'static) -> Parts {
        Box::pin(ReaderStream::with_capacity(reader, 16 << 10))
    }
    match coding {
        Coding::Identity => parts(reader),
        Coding::Gzip => parts(GzipDecoder::new(reader)),
        Coding::Deflate => parts(ZlibDecoder::new(reader)),
        Coding::Brotli => parts(BrotliDecoder::new(reader)),
        Coding::Zstd => parts(ZstdDecoder::new(reader)),
    }
}
