//! A scripted upstream on a raw socket: it can do everything to a connection that a provider, a proxy or a cable can.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::http;
use crate::within;

/// One thing to do on a connection.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads a request's head and leaves its body.
    ReadHead,
    /// Reads a request, head and body, and records it.
    Read,
    /// Sends these bytes as one write.
    Send(Vec<u8>),
    /// Sends these bytes one by one, each a segment of its own.
    Dribble(Vec<u8>),
    /// Waits until the test says so.
    Await(Arc<Notify>),
    /// Sends FIN and keeps reading: nothing more will come.
    HalfClose,
    /// Closes with FIN.
    Close,
    /// Closes with RST.
    Reset,
    /// Keeps the connection open and silent until the peer closes it; the test can await that.
    Hold,
    /// Sends these bytes with this pause, again and again, for as long as the peer listens.
    ForEver(Vec<u8>, Duration),
}

/// A response as bytes, with its length.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A JSON response with status 200.
pub fn json(body: &[u8]) -> Vec<u8> {
    response("200 OK", "content-type: application/json\r\n", body)
}

/// The head of an event stream in chunks.
pub const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";

/// The last chunk.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// One chunk.
pub fn chunk(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A whole stream in one chunk, with its head and its end.
pub fn stream(body: &[u8]) -> Vec<u8> {
    [STREAM_HEAD, &chunk(body), LAST_CHUNK].concat()
}

/// A request as the upstream received it.
#[derive(Debug, Clone)]
pub struct Received {
    /// Request line and headers as text.
    pub head: String,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
}

impl Received {
    /// A header's value by its name in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    /// The target of the request line.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

/// A listening scripted upstream. Dropping it closes everything.
pub struct Upstream {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    scripts: Mutex<VecDeque<Vec<Step>>>,
    received: Mutex<Vec<Received>>,
    requests: watch::Sender<usize>,
    connections: watch::Sender<usize>,
    held_then_left: watch::Sender<usize>,
    tls: Option<TlsAcceptor>,
}

impl Upstream {
    /// Follows one script for every request.
    pub async fn always(script: Vec<Step>) -> Self {
        Self::sequence(vec![script]).await
    }

    /// Follows one script after the other, then the last one again and again. A script that begins by reading is
    /// for one request, also on a connection kept alive; any other is for one connection.
    pub async fn sequence(scripts: Vec<Vec<Step>>) -> Self {
        Self::listen("127.0.0.1:0", None, scripts).await
    }

    /// Answers every request with these bytes.
    pub async fn answering(bytes: Vec<u8>) -> Self {
        Self::always(vec![Step::Read, Step::Send(bytes)]).await
    }

    /// Listens elsewhere, or speaks TLS.
    pub async fn listen(addr: &str, tls: Option<TlsAcceptor>, scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            scripts: Mutex::new(scripts.into()),
            received: Mutex::default(),
            requests: watch::Sender::new(0),
            connections: watch::Sender::new(0),
            held_then_left: watch::Sender::new(0),
            tls,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, shared.clone()));
        Self { addr, shared, _tasks: tasks }
    }

    /// The address as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What was received completely, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// How many requests were received completely.
    pub fn requests(&self) -> usize {
        *self.shared.requests.borrow()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Waits until this many requests were received.
    pub async fn has_received(&self, requests: usize) {
        wait(&self.shared.requests, requests, "the upstream receiving a request").await;
    }

    /// Waits until this many connections were accepted.
    pub async fn has_accepted(&self, connections: usize) {
        wait(&self.shared.connections, connections, "the upstream accepting a connection").await;
    }

    /// Waits until the peer has closed this many connections that were held or dribbled on.
    pub async fn was_left(&self, times: usize) {
        wait(&self.shared.held_then_left, times, "the gateway closing its upstream connection").await;
    }
}

/// An address that drops every connection attempt without an answer, for as long as the returned guards live.
pub async fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let hole = TcpSocket::new_v4().unwrap();
    hole.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listener = hole.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    // Once the queue of the listener, who never accepts, is full, the kernel drops every further SYN.
    let mut queue = Vec::new();
    while let Ok(waiting) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(addr)).await {
        queue.push(waiting.unwrap());
    }
    (addr, listener, queue)
}

/// An address where nothing listens: every connection is refused.
pub async fn refusing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

async fn wait(counter: &watch::Sender<usize>, enough: usize, what: &str) {
    let mut receiver = counter.subscribe();
    within(what, receiver.wait_for(|&count| count >= enough)).await.unwrap();
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, _)) = listener.accept().await else { return };
        shared.connections.send_modify(|count| *count += 1);
        connections.spawn(converse(socket, shared.clone()));
    }
}

async fn converse(socket: TcpStream, shared: Arc<Shared>) {
    socket.set_nodelay(true).unwrap();
    let mut connection = match shared.tls.clone() {
        None => Connection { socket: Socket::Plain(socket), received: Vec::new() },
        Some(tls) => match tls.accept(socket).await {
            Ok(socket) => Connection { socket: Socket::Tls(Box::new(socket)), received: Vec::new() },
            // The peer refused our certificate; that is often the point of the test.
            Err(_refused) => return,
        },
    };
    let mut first = true;
    while connection.next_request(&shared, first).await {
        first = false;
        let script = shared.next_script();
        for step in script {
            match connection.perform(step, &shared).await {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            }
        }
    }
}

impl Shared {
    fn next_script(&self) -> Vec<Step> {
        let mut scripts = self.scripts.lock().unwrap();
        let script = scripts.pop_front().unwrap();
        if scripts.is_empty() {
            scripts.push_back(script.clone());
        }
        script
    }

    fn reads_first(&self) -> bool {
        matches!(
            self.scripts.lock().unwrap().front().map(Vec::as_slice),
            Some([Step::Read | Step::ReadHead, ..])
        )
    }
}

struct Connection {
    socket: Socket,
    received: Vec<u8>,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

impl Socket {
    fn io(&mut self) -> &mut (dyn Both + Unpin + Send) {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(socket) => socket,
        }
    }

    fn reset(&mut self) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(socket) => socket.get_mut().0,
        };
        // Closing with bytes thrown away makes the kernel send RST.
        socket.set_zero_linger().unwrap();
    }
}

trait Both: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Both for T {}

impl Connection {
    /// Waits for bytes of the next request, if the script is one that reads; false when the peer has left.
    async fn next_request(&mut self, shared: &Shared, first: bool) -> bool {
        if first && !shared.reads_first() {
            return true;
        }
        let mut byte = [0];
        match self.socket.io().read(&mut byte).await {
            Ok(1) => {
                self.received.push(byte[0]);
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// Does one step; false ends the conversation.
    async fn perform(&mut self, step: Step, shared: &Shared) -> io::Result<bool> {
        let io = self.socket.io();
        match step {
            Step::ReadHead => return Ok(http::read_head(&mut &mut *io, &mut self.received).await?.is_some()),
            Step::Read => {
                let Some((head, body)) = http::read_request(&mut &mut *io, &mut self.received).await? else {
                    return Ok(false);
                };
                shared.received.lock().unwrap().push(Received { head, body });
                shared.requests.send_modify(|count| *count += 1);
            }
            Step::Send(bytes) => {
                io.write_all(&bytes).await?;
                io.flush().await?;
            }
            Step::Dribble(bytes) => {
                for byte in bytes {
                    io.write_all(&[byte]).await?;
                    io.flush().await?;
                    tokio::task::yield_now().await;
                }
            }
            Step::Await(signal) => signal.notified().await,
            Step::HalfClose => io.shutdown().await?,
            Step::Close => return Ok(false),
            Step::Reset => {
                self.socket.reset();
                return Ok(false);
            }
            Step::Hold => {
                while matches!(io.read(&mut [0; 1024]).await, Ok(1..)) {}
                shared.held_then_left.send_modify(|count| *count += 1);
                return Ok(false);
            }
            Step::ForEver(bytes, pause) => {
                while io.write_all(&bytes).await.is_ok() && io.flush().await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
                shared.held_then_left.send_modify(|count| *count += 1);
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// This machine's address towards the world. Connecting a datagram socket sends nothing.
pub fn own_address() -> std::net::IpAddr {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").expect("this machine needs an address besides loopback");
    socket.local_addr().unwrap().ip()
}
