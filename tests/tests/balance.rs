//! Shares, benches and probes, seen from outside over many requests.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::future::join_all;
use sluice_tests::bed::{self, Bed, Channel, KEY};
use sluice_tests::http::Exchange;
use sluice_tests::rescue;
use sluice_tests::speech;
use sluice_tests::until;
use sluice_tests::upstream::{self, Step, Upstream, response};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weights_of_three_to_one_share_ten_thousand_requests_three_to_one() {
    let speech = &speech::ALL[0];
    let a = rescue::healthy(speech, false).await;
    let b = rescue::healthy(speech, false).await;
    let heavy = Channel { name: "a", addr: a.addr, priority: 1, more: "weight = 3" };
    let light = Channel { name: "b", addr: b.addr, priority: 1, more: "weight = 1" };
    let bed = Bed::start(&bed::channels(speech, &[heavy, light])).await;
    let request = speech.request(false).bearer(KEY);
    join_all((0..10).map(|_| async {
        let mut connection = Exchange::start(bed.addr, &request).await;
        assert_eq!(connection.reply().await.status, 200);
        for _ in 1..1000 {
            assert_eq!(connection.again(&request).await.status, 200);
        }
    }))
    .await;
    assert_eq!(a.requests() + b.requests(), 10_000);
    assert!((7_125..=7_875).contains(&a.requests()), "{} of 10,000 instead of 7,500", a.requests());
}

#[tokio::test]
async fn a_channel_of_weight_0_is_asked_only_by_its_name() {
    let speech = &speech::ALL[0];
    let a = rescue::healthy(speech, false).await;
    let b = rescue::healthy(speech, false).await;
    let named = Channel { name: "a", addr: a.addr, priority: 1, more: "weight = 0" };
    let other = Channel { name: "b", addr: b.addr, priority: 1, more: "" };
    let bed = Bed::start(&bed::channels(speech, &[named, other])).await;
    for _ in 0..5 {
        assert_eq!(bed.ask(speech, false).await.header("x-sluice-channel"), Some("b"));
    }
    let body = speech.ask_model("a,m", false);
    let reply = bed.send(&sluice_tests::http::Request::post(speech.target, body).bearer(KEY)).await;
    assert_eq!(reply.header("x-sluice-channel"), Some("a"), "{}", reply.text());
}

#[tokio::test]
async fn three_failures_bench_a_channel_and_one_probe_at_a_time_brings_it_back() {
    let speech = &speech::ALL[0];
    let failing = vec![
        Step::Read,
        Step::Send(response("500 Internal Server Error", "", b"{\"error\":{\"message\":\"x\"}}")),
    ];
    let healthy = vec![Step::Read, Step::Send(rescue::good(speech, false))];
    // Each request asks the failing channel twice, so the second request's first attempt is the third failure.
    let a = Upstream::sequence(vec![failing.clone(), failing.clone(), failing, healthy]).await;
    let b = rescue::healthy(speech, false).await;
    let bed = Bed::pair(speech, a.addr, b.addr).await;
    for _ in 0..2 {
        assert_eq!(bed.ask(speech, false).await.header("x-sluice-channel"), Some("b"));
    }
    assert_eq!(a.requests(), 3);
    assert_eq!(bed.ask(speech, false).await.attempts(), 1, "benched");
    assert_eq!(a.requests(), 3);
    // The bench is over when the pool says so; then one of many requests at once is the probe.
    until("the bench to end", || bed.channel("a")["until"].is_null().then_some(())).await;
    let replies = join_all((0..10).map(|_| bed.ask(speech, false))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert!(a.requests() > 3, "nobody probed");
}

#[tokio::test]
async fn requests_per_minute_are_never_exceeded_and_the_refusal_says_when_to_come_back() {
    for speech in &speech::ALL {
        let a = rescue::healthy(speech, false).await;
        let limited = Channel { name: "a", addr: a.addr, priority: 1, more: "rpm = 5" };
        let bed = Bed::start(&bed::channels(speech, &[limited])).await;
        let replies = join_all((0..20).map(|_| bed.ask(speech, false))).await;
        let served = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!((served, a.requests()), (5, 5), "{}", speech.protocol);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            assert_eq!(reply.status, 429, "{}", reply.text());
            let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
    }
}

#[tokio::test]
async fn where_nobody_can_ever_serve_the_refusal_names_each_channel_and_asks_for_no_retry() {
    for speech in &speech::ALL {
        let addr = upstream::refusing().await;
        let off = Channel { name: "off", addr, priority: 1, more: "enabled = false" };
        let full = Channel { name: "zero", addr, priority: 1, more: "rpm = 0" };
        let config = bed::channels(speech, &[off, full]);
        let reply = Bed::start(&config).await.ask(speech, false).await;
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert_eq!(reply.header("x-should-retry"), Some("false"));
        assert_eq!(reply.header("retry-after"), None);
        assert!(reply.text().contains("off") && reply.text().contains("zero"), "{}", reply.text());
    }
}
