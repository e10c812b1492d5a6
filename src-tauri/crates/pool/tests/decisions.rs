//! What is tried, in which order, how often, and what the client sees in the end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Story, Told, World, limited, refused, toml};
use pool::{Class, Failure, Outcome, Phase, Relay, StarvedKind};
use serde_json::json;
use wire::errors::Kind;

const KEYS: &str = r#"keys = [{ name = "one", env = "A" }, { name = "two", env = "B" }]"#;

/// Answers each attempt with the next failure of the list; then all is well.
fn meets(world: &mut World, failures: &[Failure]) -> Story {
    let mut left = failures.iter();
    world.request(&mut |_| left.next().cloned())
}

#[test]
fn a_tier_is_walked_before_the_next() {
    let mut world = World::new(&[
        ("c", "priority = 3"),
        ("b", "priority = 2"),
        ("a1", "priority = 1"),
        ("a2", "priority = 1"),
    ]);
    let story = meets(
        &mut world,
        &[refused(Class::ModelGone, 404), refused(Class::ModelGone, 404), refused(Class::ModelGone, 404)],
    );
    assert_eq!(story.asked, ["a1", "a2", "b", "c"]);
    assert_eq!(story.served_by(), Some("c"));
}

#[test]
fn a_failing_first_channel_gives_way_at_once() {
    for (class, phase, asked) in [
        (Class::Network, Phase::P0, vec!["a", "b"]),
        (Class::Network, Phase::P1, vec!["a", "b"]),
        (Class::Tls, Phase::P0, vec!["a", "b"]),
        (Class::Silent, Phase::P1, vec!["a", "b"]),
        (Class::Silent, Phase::P3, vec!["a", "b"]),
        (Class::Malformed, Phase::P3, vec!["a", "b"]),
        (Class::Quota, Phase::P2, vec!["a", "b"]),
        (Class::Credential, Phase::P2, vec!["a", "b"]),
        (Class::ModelAccess, Phase::P2, vec!["a", "b"]),
        (Class::RegionBlocked, Phase::P2, vec!["a", "b"]),
        (Class::NotOffered, Phase::P2, vec!["a", "b"]),
        (Class::RateLimit, Phase::P2, vec!["a", "b"]),
        (Class::CallerFault, Phase::P2, vec!["a"]),
        (Class::ContentFilter, Phase::P2, vec!["a"]),
        (Class::ContextLength, Phase::P2, vec!["a"]),
        (Class::Malformed, Phase::P4, vec!["a"]),
        (Class::Network, Phase::P4, vec!["a"]),
    ] {
        let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
        let story = meets(&mut world, &[Failure::new(class, phase, "x")]);
        assert_eq!(story.asked, asked, "{class:?} in {phase:?}");
        assert_eq!(story.waited, Duration::ZERO, "{class:?} in {phase:?}");
    }
}

#[test]
fn a_lone_channel_s_hiccup_is_relayed_in_the_vendor_s_words_and_benches_nothing() {
    let mut world = World::new(&[("a", "max_retries = 0")]);
    let story = meets(&mut world, &[refused(Class::ServerError, 500)]);
    assert_eq!((story.refusal().relay, story.refusal().status), (Relay::Verbatim, 500));
    assert_eq!(story.asked, ["a"]);
    assert_eq!(world.good().served_by(), Some("a"));
}

#[test]
fn a_failure_on_the_upstream_s_side_is_asked_again_after_a_short_pause() {
    for class in [Class::Overloaded, Class::ServerError] {
        for seed_wait in 0..20 {
            let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
            world.pass_s(seed_wait);
            let story = meets(&mut world, &[refused(class, 503)]);
            assert_eq!(story.asked, ["a", "a"]);
            assert!((300..=500).contains(&story.waited.as_millis()), "{:?}", story.waited);
        }
        let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
        let twice = meets(&mut world, &[refused(class, 503), refused(class, 503)]);
        assert_eq!(twice.asked, ["a", "a", "b"]);
    }
}

#[test]
fn a_lone_channel_that_fails_twice_is_still_told_in_its_own_words() {
    let mut world = World::new(&[("a", "")]);
    let story = meets(&mut world, &[refused(Class::Overloaded, 529), refused(Class::Overloaded, 529)]);
    assert_eq!(story.asked, ["a", "a"]);
    assert_eq!(story.refusal().relay, Relay::Verbatim);
    assert_eq!(world.good().served_by(), Some("a"));
}

#[test]
fn a_long_retry_after_is_not_waited_for_on_the_same_cell() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let busy = Failure { retry_after: Some(Duration::from_secs(30)), ..refused(Class::Overloaded, 503) };
    assert_eq!(meets(&mut world, &[busy]).asked, ["a", "b"]);
}

#[test]
fn a_lone_channel_that_cannot_be_reached_is_tried_once_more() {
    let mut world = World::new(&[("a", "")]);
    let failure = Failure::new(Class::Network, Phase::P0, "refused");
    let story = meets(&mut world, &[failure.clone(), failure]);
    assert_eq!(story.asked, ["a", "a"]);
    assert_eq!((story.refusal().relay, story.refusal().status), (Relay::Own, 502));
}

#[test]
fn short_rate_limits_are_waited_for_and_long_ones_are_not() {
    for (alone, seconds, asked) in [
        (false, 2, vec!["a", "a"]),
        (false, 3, vec!["a", "a"]),
        (false, 4, vec!["a", "b"]),
        (true, 4, vec!["a", "a"]),
        (true, 5, vec!["a", "a"]),
        (true, 6, vec!["a"]),
    ] {
        let both = [("a", ""), ("b", "priority = 2")];
        let mut world = World::new(if alone { &both[..1] } else { &both[..] });
        let story = meets(&mut world, &[limited(seconds)]);
        assert_eq!(story.asked, asked, "{seconds} s, alone: {alone}");
        assert_eq!(story.waited, Duration::from_secs(if asked == ["a", "a"] { seconds } else { 0 }));
    }
}

#[test]
fn the_next_key_comes_before_the_next_channel() {
    for failure in [limited(60), refused(Class::Quota, 429), refused(Class::Credential, 401)] {
        let mut world = World::new(&[("a", KEYS), ("b", "")]);
        let story = meets(&mut world, std::slice::from_ref(&failure));
        assert_eq!(story.asked, ["a/one", "a/two"], "{:?}", failure.class);
        let mut world = World::new(&[("a", KEYS), ("b", "")]);
        assert_eq!(meets(&mut world, &[failure.clone(), failure]).asked, ["a/one", "a/two", "b"]);
    }
}

#[test]
fn a_walk_over_dead_keys_ends_after_eight() {
    let keys: Vec<String> = (0..12).map(|n| format!("{{ name = \"k{n}\", env = \"K{n}\" }}")).collect();
    let fields = format!("keys = [{}]", keys.join(", "));
    for (dead, asked, served) in [(7, 8, true), (8, 8, false)] {
        let mut world = World::new(&[("a", &fields)]);
        let story = meets(&mut world, &vec![refused(Class::Credential, 401); dead]);
        assert_eq!((story.asked.len(), story.served_by().is_some()), (asked, served), "{dead} dead keys");
    }
}

#[test]
fn at_most_three_attempts_can_cost_tokens() {
    let mut world = World::new(&[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", "")]);
    let story = meets(&mut world, &vec![Failure::new(Class::Malformed, Phase::P3, "x"); 9]);
    assert_eq!(story.asked.len(), 3);
    assert_eq!(story.refusal().status, 502);
}

#[test]
fn max_retries_bounds_the_extra_attempts_on_a_channel() {
    let both = [refused(Class::ServerError, 500), refused(Class::ServerError, 500)];
    for (max_retries, asked) in
        [(0, vec!["a/one"]), (1, vec!["a/one", "a/one"]), (2, vec!["a/one", "a/one", "a/two"])]
    {
        let mut world = World::new(&[("a", &format!("max_retries = {max_retries}; {KEYS}"))]);
        assert_eq!(meets(&mut world, &both).asked, asked, "max_retries = {max_retries}");
    }
}

#[test]
fn an_unanswered_request_is_sent_again_once_and_only_to_another_channel() {
    let unanswered = Failure::new(Class::Silent, Phase::P1, "no headers");
    let mut world = World::new(&[("a", KEYS), ("b", ""), ("c", "")]);
    let story = meets(&mut world, &vec![unanswered.clone(); 5]);
    assert_eq!(story.asked, ["a/one", "b"]);
    assert_eq!(story.refusal().status, 504);
    let mut alone = World::new(&[("a", KEYS)]);
    assert_eq!(meets(&mut alone, &[unanswered]).asked, ["a/one"]);
}

#[test]
fn a_stateful_request_is_never_sent_again_once_anything_was_sent() {
    for (phase, attempts) in [(Phase::P0, 2), (Phase::P1, 1), (Phase::P2, 1), (Phase::P3, 1), (Phase::P4, 1)]
    {
        for class in [Class::Network, Class::Overloaded, Class::RateLimit, Class::Credential, Class::Silent] {
            let mut world = World::new(&[("a", KEYS), ("b", "")]);
            let route = world.route();
            let mut failures = [Failure::new(class, phase, "x")].into_iter();
            let story = world.request_on(&route, true, &mut |_| failures.next());
            assert_eq!(story.asked.len(), attempts, "{class:?} in {phase:?}");
        }
    }
}

#[test]
fn no_attempt_begins_after_two_minutes() {
    let mut world = World::new(&[("a", ""), ("b", "")]);
    let route = world.route();
    let mut progress = pool::Progress::new(world.now(), false);
    let lease = world.pool.admit(world.now(), &route, &mut progress).unwrap();
    world.pass_s(120);
    let failure = Failure::new(Class::Network, Phase::P0, "x");
    let verdict = world.pool.settle_failed(world.now(), lease, &failure, &route, &mut progress);
    assert!(matches!(verdict, pool::Verdict::Refuse(_)), "{verdict:?}");
}

#[test]
fn a_storm_of_failures_is_not_made_worse() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let (mut requests, mut attempts) = (0, 0);
    for _ in 0..3_000 {
        requests += 1;
        attempts += world.request(&mut |_| Some(refused(Class::ServerError, 500))).asked.len();
        world.pass(Duration::from_millis(20));
    }
    assert!(attempts * 10 <= requests * 12 + 100, "{attempts} attempts for {requests} requests");
}

#[test]
fn pauses_are_spread() {
    let mut tens = std::collections::HashMap::new();
    let mut world = World::new(&[("a", "")]);
    let pauses = 400_u32;
    for _ in 0..pauses {
        let story = meets(&mut world, &[refused(Class::ServerError, 500)]);
        *tens.entry(story.waited.as_millis() / 10).or_insert(0_u32) += 1;
        // Far enough apart that one failure in two is no error rate.
        world.pass_s(30);
    }
    let fullest = tens.values().max().unwrap();
    assert!(fullest * 100 <= pauses * 15, "{fullest} of {pauses} pauses within 10 ms");
}

#[test]
fn without_fallback_only_the_first_channel_is_asked() {
    let config = toml(&[("a", KEYS), ("b", "")]);
    let mut world =
        World::from_toml(&config.replace("version = 1\n", "version = 1\n[routing]\nfallback = false\n"));
    assert_eq!(meets(&mut world, &[Failure::new(Class::Malformed, Phase::P3, "x")]).asked.len(), 2);
    let story = meets(&mut world, &[Failure::new(Class::Silent, Phase::P1, "x")]);
    assert_eq!(story.asked.len(), 1);
}

#[test]
fn a_dead_proxy_is_gone_around_and_its_channels_are_not_blamed() {
    let proxy = "[[proxy]]\nname = \"office\"\ntype = \"socks5\"\nhost = \"127.0.0.1\"\nport = 7890\n";
    let channels = [("a", "proxy = \"office\""), ("b", "proxy = \"office\""), ("c", "priority = 2")];
    let mut world = World::from_toml(&format!("{}{proxy}", toml(&channels)));
    let dead = Failure::new(Class::ProxyFailure, Phase::P0, "refused");
    for _ in 0..3 {
        assert_eq!(
            meets(&mut world, std::slice::from_ref(&dead)).asked.last().map(String::as_str),
            Some("c")
        );
    }
    let story = world.good();
    assert_eq!(story.asked, ["c"], "the proxy is benched");
    world.reconfigure(&[("a", ""), ("b", ""), ("c", "priority = 2")]);
    assert_ne!(world.good().asked, ["c"], "by another way they are well");
}

#[test]
fn the_refusal_that_helps_most_is_told() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let story = meets(&mut world, &[limited(30), refused(Class::Credential, 401)]);
    let refusal = story.refusal();
    assert_eq!(
        (refusal.class, refusal.relay, refusal.retry_after_s()),
        (Class::RateLimit, Relay::Own, Some(30))
    );
    assert!(refusal.should_retry);
}

#[test]
fn a_rate_limit_is_told_with_the_soonest_recovery_of_all() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let story = meets(&mut world, &[limited(50), limited(20)]);
    assert_eq!((story.refusal().status, story.refusal().retry_after_s()), (429, Some(20)));
    let later = world.good();
    assert_eq!(later.starved().refusal, StarvedKind::AllLimited);
    assert_eq!(later.starved().retry_after_s(), Some(20));
}

#[test]
fn an_attempt_knows_whether_another_channel_could_have_served() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let lease = world.begin().unwrap();
    assert!(!lease.alone);
    world.settle(lease, Outcome::Cancelled);
    let mut alone = Vec::new();
    let mut failures = [Failure::new(Class::Malformed, Phase::P3, "x")].into_iter();
    world.request(&mut |lease| {
        alone.push(lease.alone);
        failures.next()
    });
    assert_eq!(alone, [false, true]);
}

#[test]
fn an_operation_that_is_not_offered_benches_nothing_and_is_told_as_not_supported() {
    let mut world = World::new(&[("a", KEYS), ("b", "priority = 2")]);
    for _ in 0..5 {
        let story = meets(&mut world, &[refused(Class::NotOffered, 404), refused(Class::NotOffered, 405)]);
        assert_eq!(story.asked, ["a/one", "b"], "another key offers no more");
        let refusal = story.refusal();
        assert_eq!((refusal.relay, refusal.status, refusal.code), (Relay::Own, 501, Some("not_supported")));
        assert_eq!((refusal.kind, refusal.should_retry), (Kind::NotSupported, false));
        assert_eq!(refusal.retry_after_s(), None);
        world.pass_s(30);
    }
    assert_eq!(world.good().asked, ["a/one"], "generation goes where it went");
}

#[test]
fn a_rate_limit_of_counting_tries_the_next_key_and_holds_nothing_from_answers() {
    let mut world = World::new(&[("a", KEYS), ("b", "priority = 2")]);
    let counting = Failure { counting_only: true, ..limited(60) };
    let story = meets(&mut world, &[counting.clone(), counting]);
    assert_eq!(story.asked, ["a/one", "a/two", "b"]);
    assert_eq!(world.good().served_by(), Some("a"));
}

#[test]
fn an_attempt_after_which_nothing_may_follow_is_as_patient_as_a_lone_one() {
    let both = [("a", "max_retries = 0"), ("b", ""), ("c", ""), ("d", "")];
    let garbled = Failure::new(Class::Malformed, Phase::P3, "x");
    let unanswered = Failure::new(Class::Network, Phase::P1, "x");
    for (what, stateful, failures, expected) in [
        ("a stored answer must not be asked for twice", true, vec![], vec![true]),
        ("two attempts have cost tokens", false, vec![garbled.clone(), garbled], vec![false, false, true]),
        ("one was sent and not answered", false, vec![unanswered], vec![false, true]),
        ("refused keys cost nothing", false, vec![refused(Class::Quota, 402); 2], vec![false; 3]),
    ] {
        let mut world = World::new(&both);
        let route = world.route();
        let mut alone = Vec::new();
        let mut failures = failures.into_iter();
        world.request_on(&route, stateful, &mut |lease| {
            alone.push(lease.alone);
            failures.next()
        });
        assert_eq!(alone, expected, "{what}");
    }
}

#[test]
fn a_limit_told_by_another_status_reaches_the_client_as_429() {
    for status in [400, 401, 403, 413, 422] {
        let mut world = World::new(&[("a", "")]);
        let story = meets(&mut world, &[refused(Class::RateLimit, status)]);
        let refusal = story.refusal();
        assert_eq!((refusal.relay, refusal.status), (Relay::Own, 429), "{status}");
        assert!(refusal.should_retry, "{status}");
    }
}

#[test]
fn no_refused_key_s_status_is_passed_on_for_a_fault_of_the_upstream() {
    for class in [Class::Overloaded, Class::ServerError, Class::RateLimit, Class::CallerFault] {
        let mut world = World::new(&[("a", "max_retries = 0")]);
        let story = meets(&mut world, &[refused(class, 401)]);
        assert_eq!(story.refusal().relay, Relay::Own, "{class:?}");
        assert_ne!(story.refusal().status, 401, "{class:?}");
    }
}

#[test]
fn what_is_explained_is_what_is_tried() {
    let mut world = World::new(&[("a", "weight = 2"), ("b", "weight = 5"), ("c", "priority = 2"), ("d", "")]);
    for _ in 0..30 {
        let route = world.route();
        let explained: Vec<String> = world
            .pool
            .explain(world.now(), &route)
            .iter()
            .map(|weighed| weighed.channel.to_string())
            .collect();
        let again: Vec<String> = world
            .pool
            .explain(world.now(), &route)
            .iter()
            .map(|weighed| weighed.channel.to_string())
            .collect();
        assert_eq!(explained, again, "explaining changes nothing");
        let story = world.request(&mut |lease| {
            let last = lease.attempt == 4;
            (!last).then(|| Failure::new(Class::Network, Phase::P0, "x"))
        });
        assert_eq!(explained[..story.asked.len()], story.asked);
        world.pass_s(30);
        world.pool.wake(world.now());
    }
}

#[test]
fn what_holds_a_candidate_back_is_told_in_codes() {
    let mut world = World::new(&[
        ("full", "priority = 1; rpm = 1"),
        ("benched", "priority = 2; max_retries = 0"),
        ("free", "priority = 3"),
    ]);
    assert_eq!(meets(&mut world, &[]).served_by(), Some("full"));
    assert_eq!(meets(&mut world, &[refused(Class::RateLimit, 429)]).served_by(), Some("free"));
    let route = world.route();
    let explained = world.pool.explain(world.now(), &route);
    let told: Vec<_> = explained.iter().map(|weighed| (&*weighed.channel, json!(weighed.held))).collect();
    assert_eq!(
        told,
        [
            ("free", json!(null)),
            ("full", json!({ "code": "full", "limit": "rpm", "most": 1 })),
            ("benched", json!({ "code": "benched", "scope": "model", "class": "rate_limit" })),
        ]
    );
}

#[test]
fn a_starved_request_tells_in_words_and_codes_what_held_each_candidate() {
    let mut world = World::new(&[("full", "rpm = 1; priority = 1"), ("benched", "priority = 2")]);
    assert_eq!(world.good().served_by(), Some("full"));
    let limited = meets(&mut world, &[refused(Class::RateLimit, 429)]);
    assert_eq!(limited.refusal().status, 429);
    let starved = world.good().starved().clone();
    let codes: Vec<_> = starved.candidates.iter().map(|one| (&*one.channel, json!(one.exclusion))).collect();
    let full = json!({ "code": "full", "limit": "rpm", "most": 1 });
    let benched = json!({ "code": "benched", "scope": "model", "class": "rate_limit" });
    assert_eq!(
        codes,
        [
            ("full", json!({ "held": full, "wait_ms": 60_000 })),
            ("benched", json!({ "held": benched, "wait_ms": 10_000 })),
        ]
    );
    let words: Vec<_> = starved.reasons().collect();
    assert_eq!(
        words,
        [
            ("full", "has used its rpm of 1; free in 60 s"),
            ("benched", "is rate limited (model benched for 10 s)"),
        ]
    );
}

#[test]
fn a_candidate_that_nothing_holds_is_out_of_the_requests_budget() {
    let mut world = World::new(&[("a", ""), ("b", "")]);
    let route = world.route();
    let mut progress = pool::Progress::new(world.now(), false);
    world.pass_s(3_600);
    let starved = world.pool.admit(world.now(), &route, &mut progress).unwrap_err();
    assert_eq!(starved.refusal, pool::StarvedKind::BudgetSpent);
    for candidate in &starved.candidates {
        let exclusion = json!({ "held": { "code": "budget_spent" }, "wait_ms": null });
        assert_eq!(json!(candidate.exclusion), exclusion, "{}", candidate.channel);
    }
}

#[test]
fn shares_follow_the_weights_also_over_different_models() {
    let mut world = World::new(&[("a", "weight = 3; model_map = { x = \"other\" }"), ("b", "weight = 1")]);
    let mut counts = [0_u32; 2];
    for turn in 0..10_000 {
        let route = world.route_for(if turn % 3 == 0 { "auto" } else { "x" });
        let story = world.request_on(&route, false, &mut |_| None);
        if turn % 3 == 0 {
            counts[usize::from(story.served_by() == Some("b"))] += 1;
        }
        world.pass(Duration::from_millis(10));
    }
    let share = f64::from(counts[0]) / f64::from(counts[0] + counts[1]);
    assert!((share - 0.75).abs() <= 0.05 * 0.75, "{counts:?}");
}

#[test]
fn other_strategies_share_as_their_names_say() {
    for (strategy, expected) in [("round_robin", 0.5), ("random", 0.5), ("fastest", 0.75), ("weighted", 0.75)]
    {
        let config = toml(&[("a", "weight = 3"), ("b", "weight = 1")]);
        let routing = format!("version = 1\n[routing]\nstrategy = \"{strategy}\"\n");
        let mut world = World::from_toml(&config.replace("version = 1\n", &routing));
        let served = (0..10_000).filter(|_| world.good().served_by() == Some("a")).count();
        #[expect(clippy::cast_precision_loss, reason = "ten thousand is small")]
        let share = served as f64 / 10_000.0;
        assert!((share - expected).abs() <= 0.05 * expected, "{strategy}: {share}");
    }
}

#[test]
fn a_request_that_starves_between_attempts_knows_its_refusal() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2; rpm = 1")]);
    let route = world.route();
    let mut progress = pool::Progress::new(world.now(), false);
    let lease = world.pool.admit(world.now(), &route, &mut progress).unwrap();
    let failure = Failure::new(Class::Malformed, Phase::P3, "x");
    let verdict = world.pool.settle_failed(world.now(), lease, &failure, &route, &mut progress);
    assert_eq!(verdict, pool::Verdict::TryAnother);
    // Another request takes b's last place in between; a is benched for nobody.
    let taken = world.request_on(&world.route_for("b"), false, &mut |_| None);
    assert!(matches!(taken.told, Told::Served(_)));
    assert!(world.pool.admit(world.now(), &route, &mut progress).is_err());
    assert_eq!(progress.refusal().map(|refusal| refusal.class), Some(Class::Malformed));
}
