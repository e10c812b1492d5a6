//! What a proxy can be asked once a connection by way of it has failed: whether it is there, and why it refused.

use std::{future::Future, io, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use config::{Hop, Proxy, ProxyScheme};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// How long a request waits to learn whose fault its failure was.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where a status line has ended in any case.
const STATUS_LINE_MAX: usize = 512;

/// Whether the proxy takes connections. Where the system's proxy is, only the HTTP client knows.
pub(super) async fn is_reachable(hop: &Hop) -> bool {
    match hop {
        Hop::Proxy(proxy) => soon(connect(proxy)).await.is_some(),
        Hop::Direct | Hop::System => false,
    }
}

/// The status that an http proxy refuses a tunnel to this target with. The HTTP client keeps it to itself, so the
/// proxy is asked again; nothing is sent to the target. `None`: it does not refuse now, or was not asked, because it
/// is the system's or is spoken to by another protocol.
pub(super) async fn refusal(hop: &Hop, target: &Url) -> Option<u16> {
    match hop {
        Hop::Proxy(proxy) if proxy.scheme == ProxyScheme::Http => {
            soon(ask(proxy, target)).await.flatten().filter(|status| *status >= 300)
        }
        Hop::Proxy(_) | Hop::Direct | Hop::System => None,
    }
}

async fn soon<T>(asking: impl Future<Output = io::Result<T>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, asking).await.ok()?.ok()
}

async fn connect(proxy: &Proxy) -> io::Result<TcpStream> {
    TcpStream::connect((proxy.host.trim_matches(['[', ']']), proxy.port)).await
}

async fn ask(proxy: &Proxy, target: &Url) -> io::Result<Option<u16>> {
    let mut stream = connect(proxy).await?;
    stream.write_all(question(proxy, target).as_bytes()).await?;
    let mut answer = Vec::new();
    while answer.len() < STATUS_LINE_MAX && !answer.contains(&b'\n') {
        if stream.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    Ok(status(&answer))
}

/// The request for a tunnel (RFC 9110 §9.3.6), as the HTTP client sends it.
fn question(proxy: &Proxy, target: &Url) -> String {
    let host = target.host_str().unwrap_or_default();
    let port = target.port_or_known_default().unwrap_or(443);
    let login = proxy.username.as_ref().map_or_else(String::new, |username| {
        let password = proxy.password.as_ref().map_or("", |password| password.expose_secret());
        let login = BASE64_STANDARD.encode(format!("{username}:{password}"));
        format!("Proxy-Authorization: Basic {login}\r\n")
    });
    format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n")
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|&byte| byte == b'\r' || byte == b'\n').next()?;
    let (version, rest) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let status = rest.split(' ').next()?;
    (version.starts_with("HTTP/1.") && status.len() == 3).then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn the_status_is_read_from_the_first_line_and_from_nothing_else() {
        let rows: [(&[u8], Option<u16>); 7] = [
            (b"HTTP/1.1 503 Service Unavailable\r\nServer: x\r\n", Some(503)),
            (b"HTTP/1.0 502\r\n", Some(502)),
            (b"HTTP/1.1 2000 OK\r\n", None),
            (b"SSH-2.0-x 503\r\n", None),
            (b"HTTP/1.1\r\n503 \r\n", None),
            (b"\xff\xfe 503\r\n", None),
            (b"", None),
        ];
        for (answer, expected) in rows {
            assert_eq!(status(answer), expected, "{answer:?}");
        }
    }
}
