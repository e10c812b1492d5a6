//! Silence towards a client: kept alive in its protocol's own way, at event boundaries only, committing nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sluice_tests::bed::{self, Bed, Wishes};
use sluice_tests::http::End;
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::{self, LAST_CHUNK, STREAM_HEAD, Step, Upstream, chunk};
use tokio::sync::Notify;
use wire::Protocol;

/// Waits for nothing but the test, and keeps clients alive every few milliseconds.
fn patient() -> Wishes {
    let mut wishes = Wishes::default();
    let (long, short) = (Duration::from_secs(300), Duration::from_millis(50));
    wishes.timers.headers_alone = long;
    wishes.timers.idle_bytes = long;
    wishes.timers.keep_alive_first = short;
    wishes.timers.keep_alive = short;
    wishes
}

/// Keeps nobody alive before the first event, however slow the machine is.
fn opened_late() -> Wishes {
    let mut wishes = patient();
    wishes.timers.keep_alive_first = wishes.timers.idle_bytes;
    wishes
}

/// What a silent client gets before and after the first content.
fn sign_of_life(speech: &Speech, committed: bool) -> &'static str {
    match speech.protocol {
        Protocol::Messages if committed => "event: ping\n",
        Protocol::Chat | Protocol::Responses | Protocol::Messages => ": keep-alive\n",
        // google-genai fails on comments, so a candidate without text stands in for one.
        Protocol::Gemini => "\"parts\":[{\"text\":\"\"}]}",
    }
}

/// A stream without the signs of life in it.
fn without_life(speech: &Speech, text: &str) -> String {
    let alive =
        |event: &&str| sign_of_life(speech, true) != *event && !event.contains(sign_of_life(speech, false));
    let blank_lines = text.replace("\r\n", "\n");
    blank_lines
        .split_inclusive("\n\n")
        .filter(alive)
        .filter(|event| !event.starts_with("event: ping"))
        .collect()
}

/// P052, P180: Claude Code and Gemini CLI wait longer, but not much.
#[test]
fn a_client_hears_from_us_before_it_could_give_up() {
    let timers = gateway::Timers::default();
    let patience = Duration::from_secs(15);
    assert!(timers.keep_alive_first <= patience && timers.keep_alive <= patience, "{timers:?}");
}

/// P052, P180.
#[tokio::test]
async fn an_answer_that_takes_long_is_opened_early_and_is_complete() {
    join_all(speech::ALL.iter().map(|speech| async move {
        let go = Arc::new(Notify::new());
        let a = Upstream::always(vec![
            Step::Read,
            Step::Await(go.clone()),
            Step::Send(upstream::stream(speech.stream.as_bytes())),
        ])
        .await;
        let bed = Bed::with(&bed::two(speech, a.addr, a.addr), patient()).await;
        let mut exchange = bed.begin(speech, true).await;
        assert_eq!(exchange.head().await, 200);
        exchange.read_until(sign_of_life(speech, false)).await;
        go.notify_one();
        let reply = exchange.finish().await;
        assert_eq!(
            without_life(speech, &reply.text()),
            speech.stream.replace("\r\n", "\n"),
            "{}",
            speech.protocol
        );
        assert_eq!(reply.end, End::Clean);
        assert!(!reply.text().contains(": keep-alive") || speech.protocol != Protocol::Gemini);
        bed.is_quiet().await;
    }))
    .await;
}

#[tokio::test]
async fn an_answer_opened_early_can_still_come_from_another_channel() {
    join_all(speech::ALL.iter().map(|speech| async move {
        let go = Arc::new(Notify::new());
        let a = Upstream::always(vec![Step::Read, Step::Await(go.clone()), Step::Reset]).await;
        let b = rescue::healthy(speech, true).await;
        let bed = Bed::with(&bed::two(speech, a.addr, b.addr), patient()).await;
        let mut exchange = bed.begin(speech, true).await;
        exchange.read_until(sign_of_life(speech, false)).await;
        go.notify_one();
        let reply = exchange.finish().await;
        assert_eq!(
            without_life(speech, &reply.text()),
            speech.stream.replace("\r\n", "\n"),
            "{}",
            speech.protocol
        );
        assert_eq!((reply.end, a.requests(), b.requests()), (End::Clean, 1, 1));
        bed.is_quiet().await;
    }))
    .await;
}

#[tokio::test]
async fn an_answer_opened_early_in_vain_ends_honestly() {
    join_all(speech::ALL.iter().map(|speech| async move {
        let go = Arc::new(Notify::new());
        let a = Upstream::always(vec![Step::Read, Step::Await(go.clone()), Step::Reset]).await;
        let bed = Bed::with(&bed::two(speech, a.addr, upstream::refusing().await), patient()).await;
        let mut exchange = bed.begin(speech, true).await;
        exchange.read_until(sign_of_life(speech, false)).await;
        go.notify_one();
        let reply = exchange.finish().await;
        assert!(reply.text().contains(speech.honest_end), "{}: {}", speech.protocol, reply.text());
        let expected = if speech.protocol == Protocol::Gemini { End::Clean } else { End::Aborted };
        assert_eq!(reply.end, expected, "{}", speech.protocol);
        bed.is_quiet().await;
    }))
    .await;
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_between_events_and_never_within_one() {
    join_all(speech::ALL.iter().map(|speech| async move {
        let go = Arc::new(Notify::new());
        let content = speech.without_terminal();
        let whole_events = vec![
            Step::Read,
            Step::Send([STREAM_HEAD, &chunk(content.as_bytes())].concat()),
            Step::Await(go.clone()),
            Step::Send([chunk(&speech.stream.as_bytes()[content.len()..]), LAST_CHUNK.to_vec()].concat()),
        ];
        let inside = content.len() + 9;
        let half_an_event = vec![
            Step::Read,
            Step::Send([STREAM_HEAD, &chunk(&speech.stream.as_bytes()[..inside])].concat()),
            Step::Await(go.clone()),
            Step::Send([chunk(&speech.stream.as_bytes()[inside..]), LAST_CHUNK.to_vec()].concat()),
        ];
        let (between, within) = (Upstream::always(whole_events).await, Upstream::always(half_an_event).await);
        let first = Bed::with(&bed::two(speech, between.addr, between.addr), opened_late()).await;
        let second = Bed::with(&bed::two(speech, within.addr, within.addr), opened_late()).await;
        let mut kept_alive = first.begin(speech, true).await;
        let mut left_alone = second.begin(speech, true).await;
        left_alone.read_until("Hel").await;
        // By the time that the one has been kept alive three times, so would the other have been.
        while kept_alive.text().matches(sign_of_life(speech, true)).count() < 3 {
            kept_alive.read_more().await;
        }
        go.notify_waiters();
        let reply = left_alone.finish().await;
        rescue::is_complete("nothing within an event", speech, true, &reply);
        let reply = kept_alive.finish().await;
        assert_eq!(without_life(speech, &reply.text()), speech.stream, "{}", speech.protocol);
        assert_eq!(reply.end, End::Clean);
    }))
    .await;
}
