//! An HTTP/1.1 client that hides nothing: exact bytes, interim responses, and whether a body ended properly.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::within;

/// A request as it will stand on the wire.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request line and the headers, each with its line end, without the blank line.
    head: String,
    body: Vec<u8>,
    has_host: bool,
}

impl Request {
    /// A POST with a JSON body and its length.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len();
        let request = Self { body, ..Self::plain("POST", target) };
        request.header("content-type", "application/json").header("content-length", &length.to_string())
    }

    /// A GET.
    pub fn get(target: &str) -> Self {
        Self::plain("GET", target)
    }

    /// A request with nothing but its request line.
    pub fn plain(method: &str, target: &str) -> Self {
        Self { head: format!("{method} {target} HTTP/1.1\r\n"), body: Vec::new(), has_host: false }
    }

    /// Gives it a body; its length is the test's to say.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header line as given; names are not checked, so that tests may send nonsense.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.has_host |= name.eq_ignore_ascii_case("host");
        self.head.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// Adds the client key as most clients send it.
    #[must_use]
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Keeps the `Host` line out, which is otherwise added.
    #[must_use]
    pub fn without_host(mut self) -> Self {
        self.has_host = true;
        self
    }

    fn bytes(&self, addr: SocketAddr) -> Vec<u8> {
        let host = if self.has_host { String::new() } else { format!("host: {addr}\r\n") };
        let mut bytes = format!("{}{host}\r\n", self.head).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// How a response's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As HTTP says it must: length met, last chunk seen, or closed where that is the end.
    Clean,
    /// The connection broke first.
    Aborted,
}

/// A whole response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: End,
}

impl Reply {
    /// A header's first value by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; fails the test with the body's text where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// How many attempts the gateway says it made.
    pub fn attempts(&self) -> u32 {
        self.header("x-sluice-attempts").map_or(0, |count| count.parse().unwrap())
    }
}

/// Sends a request and reads the whole response.
pub async fn send(addr: SocketAddr, request: &Request) -> Reply {
    Exchange::start(addr, request).await.finish().await
}

/// A request under way; dropping it is the client leaving.
pub struct Exchange {
    socket: TcpStream,
    received: Vec<u8>,
    /// Where the head of the final response ends in `received`.
    head_end: Option<usize>,
    ended: Option<End>,
}

impl Exchange {
    /// Connects and sends the request. A server that closes early is no failure here: its response counts.
    pub async fn start(addr: SocketAddr, request: &Request) -> Self {
        let mut exchange = Self::connect(addr).await;
        exchange.say(&request.bytes(addr)).await;
        exchange
    }

    /// Connects and sends nothing yet.
    pub async fn connect(addr: SocketAddr) -> Self {
        let socket = TcpStream::connect(addr).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, received: Vec::new(), head_end: None, ended: None }
    }

    /// Sends raw bytes.
    pub async fn say(&mut self, bytes: &[u8]) {
        // A refused upload breaks the pipe; what the server said before that is what the test is about.
        drop(self.socket.write_all(bytes).await);
    }

    /// Reads until the final response's head is complete, and returns its status.
    pub async fn head(&mut self) -> u16 {
        within("a response head", async {
            while self.find_head().is_none() {
                assert!(self.read().await, "the connection ended without a response: {:?}", self.text());
            }
        })
        .await;
        status_of(self.head_text())
    }

    /// Reads until these bytes have arrived somewhere in the response.
    pub async fn read_until(&mut self, needle: &str) {
        within(needle, async {
            while !self.text().contains(needle) {
                assert!(self.read().await, "{needle:?} never came: {:?}", self.text());
            }
        })
        .await;
    }

    /// Reads what comes next, whatever it is.
    pub async fn read_more(&mut self) {
        within("more of a response", async {
            assert!(self.read().await, "the connection ended: {:?}", self.text());
        })
        .await;
    }

    /// Everything that has arrived, head and body, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Reads to the end of the response.
    pub async fn finish(mut self) -> Reply {
        self.reply().await
    }

    /// Sends a further request on the same connection, whose last response has been read.
    pub async fn again(&mut self, request: &Request) -> Reply {
        self.received.clear();
        self.head_end = None;
        let addr = self.socket.peer_addr().unwrap();
        self.say(&request.bytes(addr)).await;
        self.reply().await
    }

    /// Reads to the end of the response and keeps the connection.
    pub async fn reply(&mut self) -> Reply {
        self.head().await;
        within("the end of a response", async {
            loop {
                if let Some(reply) = self.whole() {
                    return reply;
                }
                self.read().await;
            }
        })
        .await
    }

    /// Reads until the server closes, and tells whether anything at all came before.
    pub async fn closed(mut self) -> Vec<u8> {
        within("the server closing the connection", async { while self.read().await {} }).await;
        self.received
    }

    /// Reads once; false at the end of the connection.
    async fn read(&mut self) -> bool {
        self.received.reserve(64 << 10);
        match self.socket.read_buf(&mut self.received).await {
            Ok(0) => self.ended = Some(End::Clean),
            Ok(_more) => {}
            Err(_reset) => self.ended = Some(End::Aborted),
        }
        self.ended.is_none()
    }

    /// Finds the end of the final head, passing over 1xx responses.
    fn find_head(&mut self) -> Option<usize> {
        let mut from = 0;
        while self.head_end.is_none() {
            let end = from + find(&self.received[from..], b"\r\n\r\n")? + 4;
            if (100..200).contains(&status_of(text(&self.received[from..end]))) {
                from = end;
                continue;
            }
            self.received.drain(..from);
            self.head_end = Some(end - from);
        }
        self.head_end
    }

    fn head_text(&self) -> String {
        text(&self.received[..self.head_end.unwrap()])
    }

    /// The response, if it is complete or nothing more can come.
    fn whole(&self) -> Option<Reply> {
        let head = self.head_text();
        let headers = headers_of(&head);
        let raw = &self.received[self.head_end?..];
        let find =
            |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let status = status_of(&head);
        let complete = match (find("transfer-encoding"), find("content-length")) {
            _ if status == 204 || status == 304 => Some(Vec::new()),
            // Decoding from the start at every read would take for ever; without this end it cannot be complete.
            (Some(_chunked), _) => raw.ends_with(b"\r\n\r\n").then(|| unchunk(raw).1).flatten(),
            (None, Some(length)) => {
                let length: usize = length.parse().unwrap();
                raw.get(..length).map(<[u8]>::to_vec)
            }
            (None, None) => (self.ended == Some(End::Clean)).then(|| raw.to_vec()),
        };
        let (body, end) = match (complete, self.ended) {
            (Some(body), _) => (body, End::Clean),
            (None, Some(_)) if find("transfer-encoding").is_some() => (unchunk(raw).0, End::Aborted),
            (None, Some(_)) => (raw.to_vec(), End::Aborted),
            (None, None) => return None,
        };
        Some(Reply { status, headers, body, end })
    }
}

/// Decodes chunks: what is there so far, and the whole body if the last chunk has come.
fn unchunk(mut raw: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut body = Vec::new();
    loop {
        let Some(line) = find(raw, b"\r\n") else { return (body, None) };
        let size = text(&raw[..line]);
        let size = usize::from_str_radix(size.split(';').next().unwrap().trim(), 16)
            .unwrap_or_else(|_| panic!("{size:?} is no chunk size"));
        let rest = &raw[line + 2..];
        if size == 0 {
            let complete = find(raw, b"\r\n\r\n").is_some();
            return (body.clone(), complete.then_some(body));
        }
        let Some(chunk) = rest.get(..size) else {
            body.extend_from_slice(rest);
            return (body, None);
        };
        body.extend_from_slice(chunk);
        let Some(next) = rest.get(size + 2..) else { return (body, None) };
        raw = next;
    }
}

/// The status in a response's first line.
fn status_of(head: impl AsRef<str>) -> u16 {
    let head = head.as_ref();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status in {head:?}"))
}

fn headers_of(head: &str) -> Vec<(String, String)> {
    let lines = head.lines().skip(1).take_while(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?} is no header"));
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads one HTTP message from a server's side: the head as text and the body, by length or chunks.
pub(crate) async fn read_request(
    socket: &mut (impl tokio::io::AsyncRead + Unpin),
    received: &mut Vec<u8>,
) -> io::Result<Option<(String, Vec<u8>)>> {
    let Some(head_end) = read_head(socket, received).await? else { return Ok(None) };
    let head = text(&received[..head_end]);
    let headers = headers_of(&head);
    let find = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let chunked = find("transfer-encoding").is_some();
    let length = find("content-length").map_or(0, |length| length.parse().unwrap());
    received.drain(..head_end);
    loop {
        let complete = chunked && received.ends_with(b"\r\n\r\n");
        let body = if chunked {
            complete.then(|| unchunk(received).1).flatten()
        } else {
            received.get(..length).map(<[u8]>::to_vec)
        };
        if let Some(body) = body {
            // Requests are not pipelined here, so a chunked body's trailer is all that can be left.
            received.drain(..if chunked { received.len() } else { length });
            return Ok(Some((head, body)));
        }
        if !fill(socket, received).await? {
            return Ok(None);
        }
    }
}

/// Reads one message's head; none if the peer leaves first.
pub(crate) async fn read_head(
    socket: &mut (impl tokio::io::AsyncRead + Unpin),
    received: &mut Vec<u8>,
) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = find(received, b"\r\n\r\n") {
            return Ok(Some(end + 4));
        }
        if !fill(socket, received).await? {
            return Ok(None);
        }
    }
}

async fn fill(socket: &mut (impl tokio::io::AsyncRead + Unpin), received: &mut Vec<u8>) -> io::Result<bool> {
    received.reserve(64 << 10);
    Ok(socket.read_buf(received).await? > 0)
}
