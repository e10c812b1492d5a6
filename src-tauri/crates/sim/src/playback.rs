//! Sends a prepared reply piece by piece, and breaks off where the script says so.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::StreamBody;
use hyper::body::Frame;

use crate::record::OpenReply;

/// A response body: a stream, because every reply is played.
pub(crate) type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Cut>>>;

/// Breaks the connection without the body's end.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut by the script")
    }
}

impl std::error::Error for Cut {}

/// How a reply ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Cut,
    /// Nothing more comes and the connection stays open.
    Silence,
}

/// The pieces still to send.
struct Tape {
    pieces: std::vec::IntoIter<Bytes>,
    gap: Duration,
    end: Option<End>,
    /// Held for as long as the reply is being sent.
    _open: OpenReply,
}

/// Plays the pieces, each as a write of its own, with a pause between two.
pub(crate) fn play(pieces: Vec<Bytes>, gap: Duration, end: End, open: OpenReply) -> Body {
    let tape = Tape { pieces: pieces.into_iter(), gap, end: Some(end), _open: open };
    StreamBody::new(stream::unfold(tape, next).boxed())
}

async fn next(mut tape: Tape) -> Option<(Result<Frame<Bytes>, Cut>, Tape)> {
    // Yielding lets hyper write out what it holds: each piece reaches the socket before the next, and before a cut.
    tokio::task::yield_now().await;
    if let Some(piece) = tape.pieces.next() {
        if !tape.gap.is_zero() {
            tokio::time::sleep(tape.gap).await;
        }
        return Some((Ok(Frame::data(piece)), tape));
    }
    match tape.end.take()? {
        End::Clean => None,
        End::Cut => Some((Err(Cut), tape)),
        End::Silence => std::future::pending().await,
    }
}
