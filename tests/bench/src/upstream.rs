//! A provider that costs next to nothing: it compares the request with the one it expects and writes bytes
//! that were serialised at the start.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::exchange::Exchange;
use crate::http1::{self, Framing};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Milliseconds between two events of a stream. Zero lets events share a packet, which hides their cost.
    #[arg(long, default_value_t = 2)]
    pace_ms: u64,
}

/// One exchange as it travels.
struct Scripted {
    request_line: String,
    request: Vec<u8>,
    /// The reply with head and framing, cut where the upstream pauses.
    reply: Vec<Vec<u8>>,
}

/// Serves until it is killed. Prints its address on the first line of standard output.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("{}", listener.local_addr()?);
    let script = Rc::new(script()?);
    let pace = Duration::from_millis(arguments.pace_ms);
    LocalSet::new()
        .run_until(async move {
            loop {
                let (socket, _) = listener.accept().await?;
                let script = Rc::clone(&script);
                tokio::task::spawn_local(async move {
                    // A connection that breaks is the gateway's affair; the load reports what it missed.
                    let _closed = converse(socket, &script, pace).await;
                });
            }
        })
        .await
}

fn script() -> Result<Vec<Scripted>> {
    Exchange::ALL.into_iter().map(scripted).collect()
}

fn scripted(exchange: Exchange) -> Result<Scripted> {
    Ok(Scripted {
        request_line: format!("POST {} HTTP/1.1", exchange.upstream_path()),
        request: exchange.upstream_request()?,
        reply: framed(exchange),
    })
}

fn framed(exchange: Exchange) -> Vec<Vec<u8>> {
    let mut pieces = exchange.reply();
    let head = |framing: String| {
        let media_type = exchange.reply_type();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n{framing}\r\n\
             date: Sat, 01 Jan 2000 00:00:00 GMT\r\nx-request-id: req_bench\r\nserver: bench\r\n\r\n"
        )
        .into_bytes()
    };
    if !exchange.is_streamed() {
        let body = pieces.concat();
        return vec![[head(format!("content-length: {}", body.len())), body].concat()];
    }
    for piece in &mut pieces {
        *piece = http1::chunk(piece);
    }
    if let Some(first) = pieces.first_mut() {
        first.splice(0..0, head("transfer-encoding: chunked".to_owned()));
    }
    if let Some(last) = pieces.last_mut() {
        last.extend_from_slice(http1::LAST_CHUNK);
    }
    pieces
}

async fn converse(mut socket: TcpStream, script: &[Scripted], pace: Duration) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut received = Vec::with_capacity(1 << 20);
    while let Some(found) = next_request(&mut socket, &mut received, script).await? {
        match found {
            Ok(scripted) => reply(&mut socket, &scripted.reply, pace).await?,
            Err(difference) => socket.write_all(&refusal(&difference)).await?,
        }
    }
    Ok(())
}

/// Reads one request and finds what it asks; `None` once the other end has closed, the inner error says how
/// the request differs from every expected one.
async fn next_request<'a>(
    socket: &mut TcpStream,
    received: &mut Vec<u8>,
    script: &'a [Scripted],
) -> Result<Option<Result<&'a Scripted, String>>> {
    received.clear();
    loop {
        if let Some(head) = http1::head(received)? {
            let complete = match head.framing {
                Framing::Length(length) => received.len() >= head.bytes + length,
                Framing::Chunked => return Ok(Some(Err("a chunked request body".to_owned()))),
            };
            if complete {
                return Ok(Some(find(script, head.first_line, &received[head.bytes..])));
            }
        }
        if socket.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

fn find<'a>(script: &'a [Scripted], request_line: &str, body: &[u8]) -> Result<&'a Scripted, String> {
    script
        .iter()
        .find(|scripted| scripted.request_line == request_line && scripted.request == body)
        .ok_or_else(|| {
            let start = String::from_utf8_lossy(&body[..body.len().min(200)]);
            format!("no scripted request matches {request_line}, {} bytes: {start}", body.len())
        })
}

async fn reply(socket: &mut TcpStream, pieces: &[Vec<u8>], pace: Duration) -> Result<()> {
    let [piece] = pieces else { return reply_paced(socket, pieces, pace).await };
    Ok(socket.write_all(piece).await?)
}

async fn reply_paced(socket: &mut TcpStream, pieces: &[Vec<u8>], pace: Duration) -> Result<()> {
    if pace.is_zero() {
        return Ok(socket.write_all(&pieces.concat()).await?);
    }
    let mut beat = interval(pace);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for piece in pieces {
        beat.tick().await;
        socket.write_all(piece).await?;
    }
    Ok(())
}

fn refusal(difference: &str) -> Vec<u8> {
    let length = difference.len();
    format!("HTTP/1.1 422 Unprocessable Content\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{difference}")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_request_by_exact_name_is_accepted_and_only_byte_for_byte() {
        let script = script().expect("every exchange can be scripted");
        let line = "POST /v1/chat/completions HTTP/1.1";
        let exact = Exchange::Whole.request(Exchange::Whole.model());
        assert!(find(&script, line, &exact).is_ok());
        assert!(find(&script, "POST /v1/messages HTTP/1.1", &exact).is_err());
        assert!(find(&script, line, &Exchange::Whole.request(Exchange::Whole.alias())).is_err());
        assert!(find(&script, line, &[&exact[..], b" "].concat()).is_err());
        let untranslated = Exchange::TranslatedWhole.request(Exchange::TranslatedWhole.model());
        assert!(find(&script, "POST /v1/messages HTTP/1.1", &untranslated).is_err());
    }

    #[test]
    fn framed_replies_carry_the_pieces_and_nothing_else() {
        for exchange in Exchange::ALL {
            let bytes = framed(exchange).concat();
            let head = http1::head(&bytes).expect("the head is valid").expect("the head is complete");
            let rest = &bytes[head.bytes..];
            let body = match head.framing {
                Framing::Length(length) => rest[..length].to_vec(),
                Framing::Chunked => {
                    let mut body = Vec::new();
                    assert!(http1::Dechunker::new().push(rest, &mut body).expect("the chunks are valid"));
                    body
                }
            };
            assert_eq!(body, exchange.reply().concat());
        }
    }
}
