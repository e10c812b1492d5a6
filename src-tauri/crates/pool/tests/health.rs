//! Benches, probes, limits and what people see of them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{World, limited, refused, served, toml};
use jiff::SignedDuration;
use pool::{Class, Failure, Health, Lease, Outcome, Phase, Progress, StarvedKind};
use wire::Protocol;

fn broken() -> Failure {
    refused(Class::ServerError, 500)
}

fn benched(channels: &[(&str, &str)]) -> World {
    let mut world = World::new(channels);
    for _ in 0..3 {
        let lease = begin_on(&mut world, "a");
        world.settle(lease, Outcome::Failed(broken()));
    }
    world
}

fn begin_on(world: &mut World, channel: &str) -> Lease {
    let route = world.route_for(channel);
    let mut progress = Progress::new(world.now(), false);
    world.pool.admit(world.now(), &route, &mut progress).unwrap()
}

#[test]
fn three_failures_bench_and_two_probes_return_it() {
    let mut world = benched(&[("a", ""), ("b", "priority = 2")]);
    assert_eq!(world.good().asked, ["b"]);
    let view = world.pool.channel_view(world.now(), "a").unwrap();
    assert_eq!((view.state, view.available()), (Health::Benched, false));
    assert!(
        view.reason.is_some() && view.since.is_some() && view.until.is_some() && view.next_probe.is_some()
    );
    world.pass_s(6);
    for probe in 1..=2 {
        let lease = begin_on(&mut world, "a");
        assert!(lease.probe, "attempt {probe} is a probe");
        assert_eq!(world.good().asked, ["b"], "others skip while it is probed");
        world.settle(lease, served());
    }
    let lease = world.begin().unwrap();
    assert_eq!((&*lease.channel, lease.probe), ("a", false));
    world.settle(lease, served());
    assert_eq!(world.pool.channel_view(world.now(), "a").unwrap().state, Health::Healthy);
}

#[test]
fn a_failed_probe_doubles_the_bench() {
    let mut world = benched(&[("a", "")]);
    world.pass_s(6);
    world.fail(&broken());
    world.pass_s(6);
    assert_eq!(world.begin().unwrap_err().refusal, StarvedKind::AllBenched);
    world.pass_s(6);
    let lease = world.begin().unwrap();
    assert!(lease.probe);
    world.settle(lease, Outcome::Cancelled);
}

#[test]
fn a_client_that_leaves_gives_the_probe_back_and_blames_nobody() {
    let mut world = benched(&[("a", "")]);
    world.pass_s(6);
    for _ in 0..5 {
        let lease = world.begin().unwrap();
        assert!(lease.probe);
        world.settle(lease, Outcome::Cancelled);
    }
    let mut healthy = World::new(&[("a", "")]);
    for _ in 0..10 {
        let lease = healthy.begin().unwrap();
        healthy.settle(lease, Outcome::Cancelled);
    }
    assert_eq!(healthy.pool.channel_view(healthy.now(), "a").unwrap().errors, 0);
}

#[test]
fn failures_over_several_models_bench_the_channel_and_one_model_s_do_not_stop_the_others_early() {
    let mut world = World::new(&[("a", "")]);
    for model in ["x", "y"] {
        let route = world.route_for(&format!("a,{model}"));
        let lease = world.pool.admit(world.now(), &route, &mut Progress::new(world.now(), false)).unwrap();
        world.settle(lease, Outcome::Failed(broken()));
    }
    world.fail(&broken());
    assert_eq!(world.begin().unwrap_err().refusal, StarvedKind::AllBenched);
}

#[test]
fn rate_limits_bench_without_breaking() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    for _ in 0..5 {
        let lease = begin_on(&mut world, "a");
        world.settle(lease, Outcome::Failed(limited(1)));
        assert_eq!(world.good().asked, ["b"]);
        world.pass_s(1);
        assert_eq!(world.good().asked, ["a"], "no probe is needed after a rate limit");
    }
}

#[test]
fn a_rate_limit_holds_one_model_and_a_refused_key_holds_all() {
    for (failure, other_model_serves) in
        [(limited(60), true), (refused(Class::Credential, 401), false), (refused(Class::Quota, 402), false)]
    {
        let mut world = World::new(&[("a", "")]);
        world.fail(&failure);
        let route = world.route_for("a,other");
        let found = world.pool.admit(world.now(), &route, &mut Progress::new(world.now(), false));
        assert_eq!(found.is_ok(), other_model_serves, "{:?}", failure.class);
        if let Ok(lease) = found {
            world.settle(lease, Outcome::Cancelled);
        }
    }
}

#[test]
fn a_bad_certificate_benches_at_once() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    world.fail(&Failure::new(Class::Tls, Phase::P0, "expired"));
    assert_eq!(world.good().asked, ["b"]);
}

#[test]
fn why_nobody_serves_is_told_in_kind_status_and_wait() {
    let limited_long = limited(600);
    for (channels, failures, kind, chat, messages, retry_after) in [
        (&[("a", "rpm = 0")][..], &[][..], StarvedKind::NoneCanEver, 503, 503, None),
        (&[("a", "enabled = false")], &[], StarvedKind::NoneCanEver, 503, 503, None),
        (&[("a", "")], &[refused(Class::Credential, 401)], StarvedKind::NoneCanEver, 503, 503, None),
        (&[("a", "")], &[limited(17)], StarvedKind::AllLimited, 429, 429, Some(17)),
        (&[("a", "")], &[limited_long], StarvedKind::AllLimited, 429, 429, Some(60)),
        (&[("a", "")], &[refused(Class::Quota, 402)], StarvedKind::AllLimited, 429, 429, Some(60)),
        (&[("a", ""), ("b", "enabled = false")], &[limited(17)], StarvedKind::AllLimited, 429, 429, Some(17)),
        (&[("a", "")], &[refused(Class::ModelGone, 404)], StarvedKind::ModelUnavailable, 404, 404, None),
        (&[("a", "")], &[refused(Class::ModelAccess, 403)], StarvedKind::ModelUnavailable, 404, 404, None),
        (&[("a", "")], &[refused(Class::RegionBlocked, 403)], StarvedKind::ModelUnavailable, 404, 404, None),
        (
            &[("a", ""), ("b", "")],
            &[refused(Class::ModelGone, 404), limited(17)],
            StarvedKind::AllBenched,
            503,
            529,
            Some(17),
        ),
    ] {
        let mut world = World::new(channels);
        for failure in failures {
            world.fail(failure);
        }
        let starved = world.begin().unwrap_err();
        let statuses = (starved.status(Protocol::Chat), starved.status(Protocol::Messages));
        assert_eq!((starved.refusal, statuses), (kind, (chat, messages)), "{channels:?}");
        assert_eq!(starved.retry_after_s(), retry_after, "{channels:?}");
        assert_eq!(starved.should_retry(), retry_after.is_some());
        assert_eq!(starved.reasons().count(), channels.len());
    }
}

#[test]
fn only_a_near_recovery_is_worth_waiting_for() {
    for (seconds, worth) in [(5, true), (6, false)] {
        let mut world = World::new(&[("a", "")]);
        world.fail(&limited(seconds));
        let wait = world.begin().unwrap_err().worth_waiting();
        assert_eq!(wait, worth.then(|| Duration::from_secs(seconds)));
    }
}

#[test]
fn every_attempt_counts_once_and_a_full_channel_is_skipped() {
    let mut world = World::new(&[("a", "rpm = 3"), ("b", "priority = 2; rpm = 2")]);
    let asked: Vec<Vec<String>> = (0..5)
        .map(|_| {
            world.pass_s(1);
            world.good().asked
        })
        .collect();
    assert_eq!(asked, [["a"], ["a"], ["a"], ["b"], ["b"]]);
    let full = world.begin().unwrap_err();
    assert_eq!((full.refusal, full.soonest), (StarvedKind::AllLimited, Some(Duration::from_secs(56))));
    let usage = |world: &World, channel| world.pool.channel_view(world.now(), channel).unwrap().usage.rpm;
    assert_eq!((usage(&world, "a"), usage(&world, "b")), (3, 2));
    assert_eq!(world.pool.channel_view(world.now(), "a").unwrap().state, Health::Full);
    world.pass_s(56);
    assert_eq!(world.good().asked, ["a"]);
    assert!(world.begin().is_err());
}

#[test]
fn a_repeat_is_another_attempt_for_the_limits() {
    let mut world = World::new(&[("a", "rpm = 10")]);
    let mut failures = [broken()].into_iter();
    world.request(&mut |_| failures.next());
    assert_eq!(world.pool.channel_view(world.now(), "a").unwrap().usage.rpm, 2);
}

#[test]
fn a_day_s_limit_returns_at_midnight_and_not_by_a_clock_set_back() {
    let mut world = World::new(&[("a", "rpd = 2")]);
    world.good();
    world.good();
    assert_eq!(world.begin().unwrap_err().soonest, Some(Duration::from_secs(12 * 3_600)));
    world.wall -= SignedDuration::from_hours(25);
    assert!(world.begin().is_err(), "yesterday is not opened again");
    world.wall += SignedDuration::from_hours(25 + 400 * 24);
    assert!(world.begin().is_err(), "a leap of 400 days is not believed at once");
    world.pass_s(60);
    assert!(world.good().served_by().is_some(), "a minute later it is");
}

#[test]
fn limits_change_at_once_and_counts_stay() {
    let mut world = World::new(&[("a", "rpm = 2")]);
    world.good();
    world.good();
    assert!(world.begin().is_err());
    world.reconfigure(&[("a", "rpm = 3")]);
    world.good();
    assert!(world.begin().is_err());
    world.reconfigure(&[("a", "rpm = 1")]);
    assert_eq!(world.pool.channel_view(world.now(), "a").unwrap().usage.rpm, 3);
    world.reconfigure(&[("a", "rpm = -1")]);
    assert!(world.good().served_by().is_some());
}

#[test]
fn health_stays_with_the_id_until_the_channel_goes_elsewhere() {
    for (fields, stays) in
        [("weight = 9", true), ("name = \"x\"", true), ("base_url = \"https://z.example/v1\"", false)]
    {
        let mut world = benched(&[("a", ""), ("b", "priority = 2")]);
        let config = toml(&[("a", ""), ("b", "priority = 2")]);
        let (key, _) = fields.split_once(' ').unwrap();
        let edited: Vec<&str> = config.lines().collect();
        let first = edited.iter().position(|line| line.starts_with(&format!("{key} =")));
        let mut lines: Vec<String> = edited.iter().map(|&line| line.to_owned()).collect();
        match first {
            Some(index) => lines[index] = fields.to_owned(),
            None => lines.insert(2, fields.to_owned()),
        }
        world.snapshot = common::snapshot(&lines.join("\n"));
        world.pool.reconcile(world.now(), &world.snapshot);
        assert_eq!(world.good().asked == ["b"], stays, "{fields}");
    }
}

#[test]
fn an_edited_key_begins_anew_and_the_old_one_s_answer_says_nothing_about_it() {
    let mut world = World::new(&[("a", "")]);
    let running = world.begin().unwrap();
    world.fail(&refused(Class::Credential, 401));
    assert!(world.begin().is_err());
    world.reconfigure(&[("a", "keys = [{ env = \"ANOTHER\" }]")]);
    world.settle(running, Outcome::Failed(refused(Class::Credential, 401)));
    assert!(world.good().served_by().is_some());
}

#[test]
fn a_request_with_an_old_secret_is_no_probe_of_the_new_one() {
    let mut world = World::new(&[("a", "")]);
    let old = world.route();
    world.reconfigure(&[("a", "keys = [{ env = \"ANOTHER\" }]")]);
    world.fail(&refused(Class::Credential, 401));
    world.pool.probe_now(world.now(), "a");
    let stale = world.pool.admit(world.now(), &old, &mut Progress::new(world.now(), false)).unwrap();
    world.settle(stale, served());
    let lease = world.begin().unwrap();
    assert!(lease.probe, "the new key is still to be proved");
    world.settle(lease, served());
    assert!(!world.begin().unwrap().probe);
}

#[test]
fn a_removed_channel_drains_and_leaves_nothing_behind() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let running = world.begin().unwrap();
    world.reconfigure(&[("b", "")]);
    world.settle(running, Outcome::Failed(broken()));
    assert!(world.pool.channel_view(world.now(), "a").is_none());
    world.reconfigure(&[("a", ""), ("b", "priority = 2")]);
    let view = world.pool.channel_view(world.now(), "a").unwrap();
    assert_eq!((view.in_flight, view.uses, view.errors), (0, 0, 0));
}

#[test]
fn a_wake_clears_what_is_transient_and_keeps_what_is_not() {
    let mut world = benched(&[("a", "")]);
    world.pool.wake(world.now());
    assert!(world.good().served_by().is_some());
    world.fail(&refused(Class::Quota, 402));
    world.pool.wake(world.now());
    assert!(world.begin().is_err());
    world.wall += SignedDuration::from_mins(31);
    world.pool.wake(world.now());
    assert!(world.good().served_by().is_some(), "the quota's time passed during the sleep");
}

#[test]
fn probe_now_lets_one_request_try_what_is_benched() {
    let mut world = World::new(&[("a", "")]);
    world.fail(&refused(Class::Credential, 401));
    world.pool.probe_now(world.now(), "a");
    let lease = world.begin().unwrap();
    assert!(lease.probe);
    assert!(world.begin().is_err());
    world.settle(lease, served());
    assert!(world.good().served_by().is_some());
}

#[test]
fn the_first_content_of_a_probe_proves_a_key_but_not_a_broken_cell() {
    let mut world = World::new(&[("a", "")]);
    world.fail(&refused(Class::Credential, 401));
    world.pool.probe_now(world.now(), "a");
    let lease = world.begin().unwrap();
    world.pool.first_content(world.now(), &lease, Duration::from_secs(1));
    assert!(world.good().served_by().is_some(), "others need not wait for the end of a long answer");
    world.settle(lease, served());
    let mut world = benched(&[("a", "")]);
    world.pass_s(6);
    let lease = world.begin().unwrap();
    world.pool.first_content(world.now(), &lease, Duration::from_secs(1));
    assert!(world.begin().is_err());
    world.settle(lease, served());
}

#[test]
fn offline_is_nobody_s_fault() {
    let mut world = World::new(&[("a", ""), ("b", "priority = 2")]);
    let unreachable = Failure::new(Class::Network, Phase::P0, "no route").without_a_route();
    for _ in 0..5 {
        world.request(&mut |_| Some(unreachable.clone()));
    }
    let starved = world.begin().unwrap_err();
    assert_eq!((starved.refusal, starved.retry_after_s()), (StarvedKind::Offline, Some(5)));
    world.pass_s(5);
    assert!(world.good().served_by().is_some(), "one request finds the way back");
    assert!(!world.begin().unwrap().probe, "and nothing is benched");
}

#[test]
fn a_channel_that_has_not_failed_is_tried_even_when_two_others_have_no_route() {
    let mut world = World::new(&[("a", ""), ("b", ""), ("c", "priority = 2")]);
    let unreachable = Failure::new(Class::Network, Phase::P0, "no such host").without_a_route();
    let story = world.request(&mut |lease| (&*lease.channel != "c").then(|| unreachable.clone()));
    assert_eq!(story.served_by(), Some("c"));
}

#[test]
fn the_time_to_first_content_is_told_once_enough_is_known() {
    let mut world = World::new(&[("a", "")]);
    for second in 1..=20 {
        let lease = world.begin().unwrap();
        assert_eq!(world.pool.first_content_p95(&lease).is_some(), second > 8);
        world.pool.first_content(world.now(), &lease, Duration::from_secs(second));
        world.settle(lease, served());
    }
    let lease = world.begin().unwrap();
    assert_eq!(world.pool.first_content_p95(&lease), Some(Duration::from_secs(19)));
    world.settle(lease, Outcome::Cancelled);
}

#[test]
fn models_that_clients_make_up_do_not_fill_the_memory() {
    let mut world = World::new(&[("a", "")]);
    for number in 0..1_000 {
        let route = world.route_for(&format!("a,made-up-{number}"));
        let lease = world.pool.admit(world.now(), &route, &mut Progress::new(world.now(), false)).unwrap();
        world.settle(lease, Outcome::Failed(limited(200)));
    }
    let view = world.pool.channel_view(world.now(), "a").unwrap();
    assert!(view.benched_cells.len() <= 256, "{}", view.benched_cells.len());
}
