//! HTTP/2 upstreams that refuse, leave or reset, spoken to by the real program: trust in a test authority comes by
//! `SSL_CERT_FILE`, which a process reads once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sluice_tests::bed::{self, KEY};
use sluice_tests::http::{self, Reply};
use sluice_tests::programs::{Served, place};
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::tls::{Authority, Flaw};
use sluice_tests::upstream::{Step, Upstream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

fn chat() -> &'static Speech {
    &speech::ALL[0]
}

/// What to do with one request, in frames.
#[derive(Debug, Clone, Copy)]
enum Act {
    Answer,
    /// `RST_STREAM` with `REFUSED_STREAM`: the request was not looked at.
    Refuse,
    /// GOAWAY that names no stream as processed.
    GoAway,
    /// Headers of a success, then `RST_STREAM` with `INTERNAL_ERROR`.
    ResetAfterHeaders,
}

/// A server of raw HTTP/2 frames (RFC 9113) that follows a script and then answers.
struct Server {
    addr: SocketAddr,
    requests: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(tls: TlsAcceptor, script: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(0));
        let script = Arc::new(Mutex::new(VecDeque::from(script.to_vec())));
        let counted = requests.clone();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (tls, script, requests) = (tls.clone(), script.clone(), counted.clone());
                tokio::spawn(async move {
                    if let Ok(connection) = tls.accept(socket).await {
                        converse(connection, &script, &requests).await;
                    }
                });
            }
        });
        Self { addr, requests }
    }

    fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }
}

/// The client's preface before its first frame.
const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

async fn converse(mut io: TlsStream<TcpStream>, script: &Mutex<VecDeque<Act>>, requests: &Mutex<usize>) {
    let mut preface = [0; PREFACE];
    if io.read_exact(&mut preface).await.is_err() {
        return;
    }
    send(&mut io, SETTINGS, 0, 0, &[]).await;
    while let Some((kind, flags, stream)) = receive(&mut io).await {
        match kind {
            SETTINGS if flags & ACK == 0 => send(&mut io, SETTINGS, ACK, 0, &[]).await,
            DATA | HEADERS if flags & END_STREAM != 0 => {
                *requests.lock().unwrap() += 1;
                let act = script.lock().unwrap().pop_front().unwrap_or(Act::Answer);
                perform(&mut io, act, stream).await;
            }
            _ => {}
        }
    }
}

async fn perform(io: &mut TlsStream<TcpStream>, act: Act, stream: u32) {
    // In HPACK one byte names `:status: 200` of the static table.
    let success = [0x88];
    match act {
        Act::Answer => {
            send(io, HEADERS, END_HEADERS, stream, &success).await;
            send(io, DATA, END_STREAM, stream, chat().answer.as_bytes()).await;
        }
        Act::Refuse => send(io, RST_STREAM, 0, stream, &7_u32.to_be_bytes()).await,
        Act::GoAway => send(io, GOAWAY, 0, 0, &[0; 8]).await,
        Act::ResetAfterHeaders => {
            send(io, HEADERS, END_HEADERS, stream, &success).await;
            send(io, RST_STREAM, 0, stream, &2_u32.to_be_bytes()).await;
        }
    }
}

async fn send(io: &mut TlsStream<TcpStream>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    // The client may have left already, which is its right.
    drop(io.write_all(&[&head, payload].concat()).await);
    drop(io.flush().await);
}

async fn receive(io: &mut TlsStream<TcpStream>) -> Option<(u8, u8, u32)> {
    let mut head = [0; 9];
    io.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, stream @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    io.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, u32::from_be_bytes(stream)))
}

/// Asks the real program, whose channel `a` is this server and whose channel `b` is healthy.
async fn asked(authority: &Authority, a: SocketAddr) -> Reply {
    let b = rescue::healthy(chat(), false).await;
    let config = bed::listing(&bed::two(chat(), a, b.addr)).replacen("http://", "https://", 1);
    let folder = tempfile::tempdir().unwrap();
    let trusted = place(folder.path(), "authority.pem", &authority.pem());
    let variables = [
        ("SLUICE_KEY", KEY),
        ("KEY_a", "sk-a"),
        ("KEY_b", "sk-b"),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
    ];
    let served = Served::start(&config, &variables).await;
    let reply = http::send(served.addr, &chat().request(false).bearer(KEY)).await;
    rescue::is_complete("over HTTP/2", chat(), false, &reply);
    reply
}

#[tokio::test]
async fn f11_a_request_that_was_not_looked_at_is_sent_again_to_the_same_upstream_and_is_no_failure() {
    for (act, requests) in [(Act::Answer, 1), (Act::Refuse, 2), (Act::GoAway, 2)] {
        let authority = Authority::new();
        let server = Server::start(authority.http2_server(), &[act]).await;
        let reply = asked(&authority, server.addr).await;
        assert_eq!((reply.header("x-sluice-channel"), reply.attempts()), (Some("a"), 1), "{act:?}");
        assert_eq!(server.requests(), requests, "{act:?}");
    }
}

#[tokio::test]
async fn f11_a_reset_after_the_headers_fails_over() {
    let authority = Authority::new();
    let server = Server::start(authority.http2_server(), &[Act::ResetAfterHeaders; 5]).await;
    let reply = asked(&authority, server.addr).await;
    assert_eq!((reply.header("x-sluice-channel"), reply.attempts()), (Some("b"), 2));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn f07_a_trusted_authority_does_not_excuse_an_expired_certificate_or_another_host() {
    for (flaw, expected) in [(Flaw::None, "a"), (Flaw::Expired, "b"), (Flaw::WrongHost, "b")] {
        let authority = Authority::new();
        let script = vec![Step::Read, Step::Send(rescue::good(chat(), false))];
        let a = Upstream::listen("127.0.0.1:0", Some(authority.server(flaw)), vec![script]).await;
        let reply = asked(&authority, a.addr).await;
        assert_eq!(reply.header("x-sluice-channel"), Some(expected), "{flaw:?}");
        assert_eq!(a.requests(), usize::from(expected == "a"), "{flaw:?}");
    }
}
