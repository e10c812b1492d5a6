//! A closed loop of keep-alive connections, each asking the same thing as soon as it has the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::exchange::Exchange;
use crate::http1::{self, Dechunker, Framing};
use crate::translated::Expected;

/// An answer that takes longer is a stuck gateway.
const STUCK: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The gateway, or the upstream itself.
    #[arg(long)]
    target: SocketAddr,
    /// What to ask.
    #[arg(long)]
    exchange: Exchange,
    /// Ask by this model name instead of the exact one.
    #[arg(long)]
    model: Option<String>,
    /// Connections that ask at the same time.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// How long new requests are started.
    #[arg(long, default_value_t = 1000)]
    milliseconds: u64,
}

/// What one run of the load saw. Every answer in it was complete and byte-exact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Answers received.
    pub(crate) requests: u64,
    /// What CPU time is divided by: events of a paced stream, else requests.
    pub(crate) units: u64,
    /// From the first request's start to the last answer's end.
    pub(crate) seconds: f64,
    /// From a request's first byte out to its answer's last byte in.
    pub(crate) latency: Spread,
    /// From a request's first byte out to its answer's first body byte in.
    pub(crate) first_content: Spread,
}

/// How a set of durations is spread, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The least.
    pub(crate) min: f64,
    /// The median.
    pub(crate) p50: f64,
    /// Exceeded by one in a hundred.
    pub(crate) p99: f64,
}

impl Spread {
    fn of(durations: &mut [Duration]) -> Self {
        durations.sort_unstable();
        let at = |share: usize| {
            let index = (durations.len() * share / 100).min(durations.len().saturating_sub(1));
            durations.get(index).map_or(0.0, |duration| duration.as_secs_f64() * 1e6)
        };
        Self { min: at(0), p50: at(50), p99: at(99) }
    }
}

/// Runs the loop and prints its [`Tally`] as one line of JSON.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let asked = Arc::new(Asked::new(&arguments)?);
    let mut askers = Vec::new();
    for _ in 0..arguments.connections {
        askers.push(Asker::connect(arguments.target, Arc::clone(&asked)).await?);
    }
    let start = Instant::now();
    let deadline = start + Duration::from_millis(arguments.milliseconds);
    let mut running: JoinSet<_> = askers.into_iter().map(|asker| asker.ask_until(deadline)).collect();
    let mut times = Vec::new();
    while let Some(finished) =
        timeout_at((deadline + STUCK).into(), running.join_next()).await.context("an answer is stuck")?
    {
        times.append(&mut finished??);
    }
    let tally = tally(arguments.exchange, &times, start.elapsed());
    println!("{}", serde_json::to_string(&tally)?);
    Ok(())
}

fn tally(exchange: Exchange, times: &[Times], took: Duration) -> Tally {
    let requests = times.len() as u64;
    Tally {
        requests,
        units: requests * exchange.units() as u64,
        seconds: took.as_secs_f64(),
        latency: Spread::of(&mut times.iter().map(|times| times.whole).collect::<Vec<_>>()),
        first_content: Spread::of(&mut times.iter().map(|times| times.first).collect::<Vec<_>>()),
    }
}

/// The request's bytes and the body its answer must have.
struct Asked {
    request: Vec<u8>,
    expected: Expected,
    /// How much of the body must be there before anything of the answer is: an opening event holds none of it.
    opening: usize,
}

impl Asked {
    fn new(arguments: &Arguments) -> Result<Self> {
        let exchange = arguments.exchange;
        let body = exchange.request(arguments.model.as_deref().unwrap_or(exchange.model()));
        let mut request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\naccept-encoding: gzip, deflate\r\n\
             user-agent: sluice-bench/1\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n",
            exchange.path(),
            arguments.target,
            exchange.request_headers(),
            body.len(),
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let opening = match exchange {
            Exchange::Stream => exchange.reply()[0].len(),
            // A gateway that translates keeps the opening events back until there is something of the answer.
            Exchange::TranslatedWhole | Exchange::TranslatedStream | Exchange::TranslatedAgent => 0,
            Exchange::Whole | Exchange::Agent => 0,
        };
        Ok(Self { request, expected: exchange.expected()?, opening })
    }
}

/// One answer's times since its request began.
struct Times {
    first: Duration,
    whole: Duration,
}

struct Asker {
    socket: TcpStream,
    asked: Arc<Asked>,
    received: Vec<u8>,
    body: Vec<u8>,
}

impl Asker {
    async fn connect(target: SocketAddr, asked: Arc<Asked>) -> Result<Self> {
        let socket =
            TcpStream::connect(target).await.with_context(|| format!("no connection to {target}"))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, asked, received: Vec::with_capacity(1 << 16), body: Vec::with_capacity(1 << 16) })
    }

    async fn ask_until(mut self, deadline: Instant) -> Result<Vec<Times>> {
        let mut times = Vec::new();
        while Instant::now() < deadline {
            times.push(self.ask().await?);
        }
        Ok(times)
    }

    async fn ask(&mut self) -> Result<Times> {
        let start = Instant::now();
        self.received.clear();
        self.body.clear();
        self.socket.write_all(&self.asked.request).await?;
        let AnswerHead { bytes, framing, fault } = self.read_head().await?;
        let mut first = None;
        let mut dechunker = Dechunker::new();
        let mut seen = bytes;
        loop {
            let done = match framing {
                Framing::Length(length) => {
                    self.body.extend_from_slice(&self.received[seen..]);
                    self.body.len() >= length
                }
                Framing::Chunked => dechunker.push(&self.received[seen..], &mut self.body)?,
            };
            if first.is_none() && self.body.len() > self.asked.opening {
                first = Some(start.elapsed());
            }
            if done {
                break;
            }
            self.received.clear();
            seen = 0;
            self.read_more().await?;
        }
        let whole = start.elapsed();
        self.check(fault)?;
        Ok(Times { first: first.unwrap_or(whole), whole })
    }

    async fn read_head(&mut self) -> Result<AnswerHead> {
        loop {
            if let Some(head) = http1::head(&self.received)? {
                let fault =
                    (!head.first_line.starts_with("HTTP/1.1 200")).then(|| head.first_line.to_owned());
                return Ok(AnswerHead { bytes: head.bytes, framing: head.framing, fault });
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        let count = self.socket.read_buf(&mut self.received).await?;
        ensure!(count > 0, "the connection was closed within an answer");
        Ok(())
    }

    fn check(&self, fault: Option<String>) -> Result<()> {
        if fault.is_none() && self.asked.expected.is(&self.body) {
            return Ok(());
        }
        let start = String::from_utf8_lossy(&self.body[..self.body.len().min(500)]);
        let status = fault.unwrap_or_else(|| "another body than expected".to_owned());
        bail!("{status}: {} of {} bytes: {start}", self.body.len(), self.asked.expected.bytes().len())
    }
}

/// An answer's head, without what every good answer has in common.
struct AnswerHead {
    bytes: usize,
    framing: Framing,
    /// The status line, where it is not 200.
    fault: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_the_least_the_middle_and_the_slow_end() {
        let mut durations: Vec<_> = (1..=200).rev().map(Duration::from_micros).collect();
        assert_eq!(Spread::of(&mut durations), Spread { min: 1.0, p50: 101.0, p99: 199.0 });
        assert_eq!(Spread::of(&mut [Duration::from_micros(7)]), Spread { min: 7.0, p50: 7.0, p99: 7.0 });
        assert_eq!(Spread::of(&mut []), Spread { min: 0.0, p50: 0.0, p99: 0.0 });
    }

    #[test]
    fn streams_are_counted_by_event_and_whole_answers_by_request() {
        let times = || Times { first: Duration::from_millis(1), whole: Duration::from_millis(2) };
        let seconds = Duration::from_secs(1);
        assert_eq!(tally(Exchange::Whole, &[times(), times()], seconds).units, 2);
        assert_eq!(
            tally(Exchange::Stream, &[times(), times()], seconds).units,
            2 * Exchange::Stream.units() as u64
        );
    }
}
