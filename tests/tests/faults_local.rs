//! Faults on this side: ports, sizes, slow and vanishing clients, reloads, panics, shutdown.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use async_compression::tokio::bufread::GzipEncoder;
use futures_util::future::join_all;
use gateway::{Ending, Timers};
use sluice_tests::bed::{self, Bed, Channel, KEY, Wishes};
use sluice_tests::http::{End, Exchange, Request};
use sluice_tests::rescue;
use sluice_tests::speech;
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use sluice_tests::{until, within};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;
use wire::Protocol;

#[tokio::test]
async fn f34_a_port_in_use_is_named_and_never_exchanged_for_another() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap();
    let Err(fault) = gateway::bind(&[addr]).await else { panic!("two programs on one port") };
    assert_eq!(fault.address, addr);
    assert!(fault.to_string().contains(&addr.to_string()), "{fault}");
}

#[tokio::test]
async fn f34_the_port_of_a_gateway_that_has_just_stopped_binds_at_once() {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, upstream.addr, upstream.addr).await;
    let addr = bed.addr;
    assert_eq!(bed.ask(speech, false).await.status, 200);
    bed.stopped().await;
    assert!(gateway::bind(&[addr]).await.is_ok());
}

#[tokio::test]
async fn f38_a_large_request_reaches_the_upstream_whole_by_length_and_in_chunks() {
    let speech = &speech::ALL[0];
    let filler = "x".repeat(60 << 20);
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{filler}"}}]}}"#);
    let upstream = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, upstream.addr, upstream::refusing().await).await;
    let by_length = Request::post(speech.target, body.as_str()).bearer(KEY);
    assert_eq!(bed.send(&by_length).await.status, 200);
    let mut in_chunks = Exchange::start(
        bed.addr,
        &Request::plain("POST", speech.target).bearer(KEY).header("transfer-encoding", "chunked"),
    )
    .await;
    in_chunks.say(&chunk(body.as_bytes())).await;
    in_chunks.say(LAST_CHUNK).await;
    assert_eq!(in_chunks.finish().await.status, 200);
    for received in upstream.received() {
        assert!(received.body == body.as_bytes(), "{} of {} bytes", received.body.len(), body.len());
    }
}

#[tokio::test]
async fn f38_a_request_over_the_limit_is_refused_in_the_callers_shape_before_it_is_read() {
    for speech in &speech::ALL {
        let mut wishes = Wishes::default();
        wishes.sizes.request_body = 1 << 20;
        let upstream = rescue::healthy(speech, false).await;
        let bed = Bed::with(&bed::two(speech, upstream.addr, upstream.addr), wishes).await;
        let announced = Request::plain("POST", speech.target).bearer(KEY).header("content-length", "2000000");
        let refused = Exchange::start(bed.addr, &announced).await.finish().await;
        assert_eq!(refused.status, 413, "{}", speech.protocol);
        is_in_shape(speech.protocol, &refused.json());
        let chunked =
            Request::plain("POST", speech.target).bearer(KEY).header("transfer-encoding", "chunked");
        let mut growing = Exchange::start(bed.addr, &chunked).await;
        growing.say(&chunk(&vec![b' '; 2_000_000])).await;
        assert_eq!(growing.head().await, 413, "{}", speech.protocol);
        assert_eq!(upstream.requests(), 0);
    }
}

/// Asserts that an error body is the one this protocol's clients read.
fn is_in_shape(protocol: Protocol, body: &serde_json::Value) {
    let pointer = match protocol {
        Protocol::Chat | Protocol::Responses | Protocol::Messages => "/error/type",
        Protocol::Gemini => "/error/status",
    };
    assert!(body.pointer(pointer).is_some_and(serde_json::Value::is_string), "{protocol}: {body}");
    assert!(body["error"]["message"].is_string(), "{protocol}: {body}");
    if protocol == Protocol::Messages {
        assert_eq!(body["type"], "error");
    }
}

#[tokio::test]
async fn f39_a_request_head_that_does_not_end_closes_the_connection() {
    let speech = &speech::ALL[0];
    let mut wishes = Wishes::default();
    wishes.timers.request_header = Duration::from_millis(300);
    let bed =
        Bed::with(&bed::two(speech, upstream::refusing().await, upstream::refusing().await), wishes).await;
    let mut slow = Exchange::connect(bed.addr).await;
    slow.say(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    slow.closed().await;
}

#[tokio::test]
async fn f40_a_request_body_that_stops_coming_is_408_and_no_upstream_is_asked() {
    for speech in &speech::ALL {
        let mut wishes = Wishes::default();
        wishes.timers.request_body_idle = Duration::from_millis(300);
        let upstream = rescue::healthy(speech, false).await;
        let bed = Bed::with(&bed::two(speech, upstream.addr, upstream.addr), wishes).await;
        let announced = Request::plain("POST", speech.target).bearer(KEY).header("content-length", "1000");
        let mut slow = Exchange::start(bed.addr, &announced).await;
        slow.say(b"{\"model\":").await;
        let reply = slow.finish().await;
        assert_eq!(reply.status, 408, "{}", speech.protocol);
        is_in_shape(speech.protocol, &reply.json());
        assert_eq!(upstream.connections(), 0);
    }
}

/// P147.
#[tokio::test]
async fn f41_a_client_that_leaves_takes_its_upstream_along_and_nobody_is_blamed() {
    for speech in &speech::ALL {
        let content = chunk(speech.without_terminal().as_bytes());
        let script = vec![Step::Read, Step::Send(STREAM_HEAD.to_vec()), Step::Send(content), Step::Hold];
        let a = Upstream::always(script).await;
        let b = rescue::healthy(speech, true).await;
        let mut wishes = Wishes::default();
        // Only the client's leaving may end these.
        wishes.timers.idle_bytes = Duration::from_secs(300);
        let bed = Bed::with(&bed::two(speech, a.addr, b.addr), wishes).await;
        for times in 1..=4 {
            let mut exchange = bed.begin(speech, true).await;
            exchange.read_until("Hel").await;
            drop(exchange);
            a.was_left(times).await;
            bed.is_quiet().await;
        }
        let trace = until("four traces", || bed.gateway.traces(4).get(3).cloned()).await;
        assert_eq!(trace.ending, Ending::ClientLeft, "{}", speech.protocol);
        // Three failures would have benched the channel.
        assert_eq!(a.requests(), 4, "{}", speech.protocol);
        assert_eq!(b.requests(), 0, "{}", speech.protocol);
    }
}

/// P147.
#[tokio::test]
async fn f41_a_client_that_leaves_before_any_answer_takes_its_upstream_along() {
    let speech = &speech::ALL[2];
    let a = Upstream::always(vec![Step::Read, Step::Hold]).await;
    let mut wishes = Wishes::default();
    wishes.timers.headers_alone = Duration::from_secs(300);
    let config = bed::two(speech, a.addr, upstream::refusing().await);
    let bed = Bed::with(&config, wishes).await;
    for stream in [false, true] {
        let exchange = bed.begin(speech, stream).await;
        a.has_received(1 + usize::from(stream)).await;
        drop(exchange);
        a.was_left(1 + usize::from(stream)).await;
        bed.is_quiet().await;
    }
}

#[tokio::test]
async fn f43_reloads_under_load_lose_no_request_and_keep_health() {
    let speech = &speech::ALL[0];
    let a = rescue::healthy(speech, false).await;
    let b = rescue::healthy(speech, false).await;
    let bed = Bed::start(&bed::equals(speech, a.addr, b.addr)).await;
    let load = join_all((0..8).map(|_| async {
        let request = speech.request(false).bearer(KEY);
        let mut connection = Exchange::start(bed.addr, &request).await;
        let mut replies = vec![connection.reply().await];
        for _ in 0..100 {
            replies.push(connection.again(&request).await);
        }
        replies
    }));
    let reloads = async {
        for turn in 0..100 {
            let config = if turn % 2 == 0 {
                bed::two(speech, a.addr, b.addr)
            } else {
                bed::equals(speech, a.addr, b.addr)
            };
            bed.reconfigure(&config);
            tokio::task::yield_now().await;
        }
    };
    let (replies, ()) = tokio::join!(load, reloads);
    for reply in replies.iter().flatten() {
        assert_eq!((reply.status, reply.end), (200, End::Clean), "{}", reply.text());
    }
    bed.is_quiet().await;
}

#[tokio::test]
async fn f43_a_running_stream_ends_on_the_configuration_it_began_with() {
    let speech = &speech::ALL[0];
    let (content, rest) = speech.stream.split_at(speech.without_terminal().len());
    let go = Arc::new(Notify::new());
    let steps = vec![
        Step::Read,
        Step::Send(STREAM_HEAD.to_vec()),
        Step::Send(chunk(content.as_bytes())),
        Step::Await(go.clone()),
        Step::Send([chunk(rest.as_bytes()), LAST_CHUNK.to_vec()].concat()),
    ];
    let a = Upstream::always(steps).await;
    let b = rescue::healthy(speech, true).await;
    let bed = Bed::pair(speech, a.addr, b.addr).await;
    let mut running = bed.begin(speech, true).await;
    running.read_until("Hel").await;
    bed.reconfigure(&bed::channels(speech, &[Channel { name: "b", addr: b.addr, priority: 1, more: "" }]));
    let next = bed.ask(speech, true).await;
    assert_eq!(next.header("x-sluice-channel"), Some("b"));
    go.notify_one();
    rescue::is_complete("begun before the reload", speech, true, &running.finish().await);
}

#[tokio::test]
async fn f43_a_benched_channel_stays_benched_over_a_reload() {
    let speech = &speech::ALL[0];
    let b = rescue::healthy(speech, false).await;
    let config = bed::two(speech, upstream::refusing().await, b.addr);
    let bed = Bed::start(&config).await;
    for _ in 0..3 {
        bed.ask(speech, false).await;
    }
    bed.reconfigure(&config.replace("priority = 2", "priority = 3"));
    assert_eq!(bed.ask(speech, false).await.attempts(), 1);
}

#[tokio::test]
async fn f44_a_panic_costs_its_request_and_nothing_else() {
    let speech = &speech::ALL[2];
    let upstream = rescue::healthy(speech, false).await;
    let wishes = Wishes {
        inspect: Some(Arc::new(|parts| assert!(!parts.headers.contains_key("x-panic"), "asked for"))),
        ..Wishes::default()
    };
    let bed = Bed::with(&bed::two(speech, upstream.addr, upstream.addr), wishes).await;
    let reply = bed.send(&speech.request(false).bearer(KEY).header("x-panic", "1")).await;
    assert_eq!(reply.status, 500);
    is_in_shape(speech.protocol, &reply.json());
    assert_eq!(bed.in_flight(), 0);
    rescue::is_complete("after the panic", speech, false, &bed.ask(speech, false).await);
}

#[tokio::test]
async fn f36_hundreds_of_simultaneous_streams_are_complete_and_exact() {
    let speech = &speech::ALL[2];
    let go = Arc::new(Notify::new());
    let (content, rest) = speech.stream.split_at(speech.without_terminal().len());
    let upstream = Upstream::always(vec![
        Step::Read,
        Step::Send([STREAM_HEAD, &chunk(content.as_bytes())].concat()),
        Step::Await(go.clone()),
        Step::Send([chunk(rest.as_bytes()), LAST_CHUNK.to_vec()].concat()),
    ])
    .await;
    let bed = Bed::pair(speech, upstream.addr, upstream.addr).await;
    let mut streams = Vec::new();
    for _ in 0..6 {
        streams.extend(fifty_streams(&bed).await);
    }
    assert_eq!(bed.in_flight(), 300);
    go.notify_waiters();
    for reply in join_all(streams.into_iter().map(Exchange::finish)).await {
        rescue::is_complete("one of three hundred", speech, true, &reply);
    }
    bed.is_quiet().await;
}

/// P011.
#[tokio::test]
async fn a_request_body_that_is_packed_is_unpacked_and_a_bomb_is_not() {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, upstream.addr, upstream.addr).await;
    let packed =
        |bytes: Vec<u8>| Request::post(speech.target, bytes).bearer(KEY).header("content-encoding", "gzip");
    let body = speech.ask(false);
    assert_eq!(bed.send(&packed(gzip(body.as_bytes()).await)).await.status, 200);
    assert_eq!(upstream.received()[0].body, body.as_bytes());
    let bomb = gzip(&vec![b' '; 70 << 20]).await;
    assert_eq!(bed.send(&packed(bomb)).await.status, 413);
    assert_eq!(bed.send(&packed(b"no gzip".to_vec())).await.status, 400);
    let unknown = Request::post(speech.target, body.as_str()).bearer(KEY).header("content-encoding", "rot13");
    assert!(matches!(bed.send(&unknown).await.status, 400 | 415));
    assert_eq!(upstream.requests(), 1);
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzipEncoder::new(bytes).read_to_end(&mut packed).await.unwrap();
    packed
}

#[tokio::test]
async fn both_loopbacks_are_served_on_one_port() {
    let speech = &speech::ALL[0];
    let upstream = rescue::healthy(speech, false).await;
    let listen = ["127.0.0.1:0", "[::1]:0"].map(|addr| addr.parse().unwrap()).to_vec();
    let wishes = Wishes { listen, ..Wishes::default() };
    let bed = Bed::with(&bed::two(speech, upstream.addr, upstream.addr), wishes).await;
    assert_eq!(bed.ask(speech, false).await.status, 200);
    let other = std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, bed.addr.port()));
    let reply = sluice_tests::http::send(other, &speech.request(false).bearer(KEY)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Fifty streams that have shown content and wait.
async fn fifty_streams(bed: &Bed) -> Vec<Exchange> {
    let speech = &speech::ALL[2];
    join_all((0..50).map(|_| async {
        let mut exchange = bed.begin(speech, true).await;
        exchange.read_until("Hel").await;
        exchange
    }))
    .await
}

#[tokio::test]
async fn f47_stopping_lets_streams_end_and_takes_no_new_ones() {
    let speech = &speech::ALL[2];
    let (content, rest) = speech.stream.split_at(speech.without_terminal().len());
    let go = Arc::new(Notify::new());
    let steps = vec![
        Step::Read,
        Step::Send([STREAM_HEAD, &chunk(content.as_bytes())].concat()),
        Step::Await(go.clone()),
        Step::Send([chunk(rest.as_bytes()), LAST_CHUNK.to_vec()].concat()),
    ];
    let upstream = Upstream::always(steps).await;
    let bed = Bed::pair(speech, upstream.addr, upstream.addr).await;
    let streams = fifty_streams(&bed).await;
    bed.stop.cancel();
    until("the listener to close", || std::net::TcpStream::connect(bed.addr).is_err().then_some(())).await;
    go.notify_waiters();
    for stream in streams {
        rescue::is_complete("drained", speech, true, &stream.finish().await);
    }
    within("the gateway to stop", bed.stopped()).await;
}

#[tokio::test]
async fn f47_what_still_streams_after_the_drain_time_ends_honestly() {
    let speech = &speech::ALL[2];
    let content = chunk(speech.without_terminal().as_bytes());
    let steps = vec![Step::Read, Step::Send([STREAM_HEAD, &content].concat()), Step::Hold];
    let upstream = Upstream::always(steps).await;
    let config = bed::two(speech, upstream.addr, upstream.addr) + "[server]\ndrain_s = 0\n";
    let wishes = Wishes { timers: Timers::default(), ..Wishes::default() };
    let bed = Bed::with(&config, wishes).await;
    let streams = fifty_streams(&bed).await;
    bed.stop.cancel();
    for stream in streams {
        let reply = stream.finish().await;
        assert!(reply.text().contains(speech.honest_end), "{}", reply.text());
        assert_eq!(reply.end, End::Aborted);
    }
    within("the gateway to stop", bed.stopped()).await;
}
