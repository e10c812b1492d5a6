//! The machine wakes: what was learnt before it slept no longer holds, and kept connections are dead.

use std::{sync::Arc, time::Duration};

use pool::Now;
use tokio::time::MissedTickBehavior;
use tracing::info;

use crate::gateway::Gateway;

/// How often the clocks are compared.
const TICK: Duration = Duration::from_secs(5);
/// A longer sleep than this is news; less is a busy machine or a corrected clock.
const SHORTEST_SLEEP: Duration = Duration::from_secs(30);

/// Watches the clocks for as long as it is polled: after a sleep of the machine, connections are renewed and health
/// starts anew.
pub async fn watch(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = gateway.clock.now();
    loop {
        ticks.tick().await;
        let now = gateway.clock.now();
        if slept(before, now) {
            info!("this machine has slept; connections are renewed and health starts anew");
            rouse(&gateway, now);
        }
        before = now;
    }
}

/// Whether the machine slept between two readings that lie a tick apart. On Linux and macOS the monotonic clock stands
/// still in sleep and the wall clock runs ahead of it; on Windows it runs on, and the tick comes late.
fn slept(before: Now, after: Now) -> bool {
    let mono = after.mono.saturating_sub(before.mono);
    let wall = Duration::try_from(after.wall.duration_since(before.wall)).unwrap_or(Duration::ZERO);
    wall.saturating_sub(mono) > SHORTEST_SLEEP || mono.saturating_sub(TICK) > SHORTEST_SLEEP
}

fn rouse(gateway: &Gateway, now: Now) {
    gateway.upstream.renew();
    gateway.pool().wake(now);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use config::{Format, Surroundings};
    use pool::{Class, Failure, Health, Outcome, Phase, Progress};
    use tokio::sync::watch;
    use wire::{Operation, Protocol};

    use super::*;
    use crate::{Setup, Sizes, Timers};

    const CONFIG: &str = "version = 1\n[[channel]]\nname = \"a\"\nid = \"a\"\ntype = \"openai\"\n\
                          base_url = \"http://127.0.0.1:9\"\nkey = { env = \"KEY\" }\nmodel = \"m\"\n";

    fn gateway() -> Arc<Gateway> {
        let parsed = config::parse("config.toml", Format::Toml, CONFIG.as_bytes()).unwrap();
        let lookup = |name: &str| (name == "KEY").then(|| "sk-a".to_owned());
        let snapshot = config::resolve(&parsed.document, &Surroundings::new(&lookup)).unwrap();
        Gateway::new(Setup {
            snapshot: watch::channel(Arc::new(snapshot)).1,
            clock: Arc::new(store::Clock::system()),
            client_keys: Arc::new(|_| Some(Arc::from("test"))),
            seed: 1,
            timers: Timers::default(),
            sizes: Sizes::default(),
            inspect: None,
            ended: None,
        })
    }

    #[test]
    fn a_wake_returns_what_was_benched_for_a_passing_fault() {
        let gateway = gateway();
        let (snapshot, now) = (gateway.snapshot(), gateway.clock.now());
        let route = config::route(
            &snapshot,
            &config::Catalog::default(),
            Some("m"),
            Protocol::Chat,
            Operation::Generate,
        );
        let state = || gateway.pool().channel_view(now, "a").unwrap().state;
        for _ in 0..3 {
            let lease = gateway.pool().admit(now, &route, &mut Progress::new(now, false)).unwrap();
            let failure = Failure::new(Class::Network, Phase::P0, "refused");
            gateway.pool().settle(now, lease, Outcome::Failed(failure));
        }
        assert_eq!(state(), Health::Benched);
        rouse(&gateway, now);
        assert_eq!(state(), Health::Healthy);
    }

    #[test]
    fn a_sleep_is_told_by_clocks_that_part_and_by_a_late_tick() {
        let at = |mono, wall: i64| Now {
            mono: Duration::from_secs(mono),
            wall: jiff::Timestamp::from_second(1_800_000_000 + wall).unwrap(),
        };
        let before = at(100, 0);
        let rows = [
            ("a tick", at(105, 5), false),
            ("no time at all", before, false),
            ("the wall clock is set 30 s ahead", at(105, 35), false),
            ("31 s of sleep", at(105, 36), true),
            ("a night", at(105, 30_000), true),
            ("the wall clock is set back an hour", at(105, -3_595), false),
            ("a busy machine", at(130, 30), false),
            ("a monotonic clock that counts sleep", at(400, 300), true),
            ("such a clock, and the wall clock set back", at(400, -3_300), true),
        ];
        for (what, after, expected) in rows {
            assert_eq!(slept(before, after), expected, "{what}");
        }
    }
}
