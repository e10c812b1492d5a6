//! A pool with a real configuration and a clock that tests move.
#![expect(dead_code, reason = "each test file uses its own part")]

use std::time::Duration;

use config::{Catalog, Format, Route, Snapshot, Surroundings, parse, resolve, route};
use jiff::{SignedDuration, Timestamp};
use pool::{CellId, Class, Failure, Lease, Now, Outcome, Phase, Pool, Progress, Refusal, Starved, Verdict};
use wire::{Operation, Protocol};

pub(crate) struct World {
    pub(crate) pool: Pool,
    pub(crate) snapshot: Snapshot,
    pub(crate) mono: Duration,
    pub(crate) wall: Timestamp,
}

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Told {
    Served(String),
    Refused(Refusal),
    Starved(Starved),
}

/// A request that is over.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) told: Told,
    /// The channels (with `/key` where it is not the only one) in the order in which they were asked.
    pub(crate) asked: Vec<String>,
    pub(crate) waited: Duration,
}

pub(crate) fn snapshot(toml: &str) -> Snapshot {
    let parsed = parse("config.toml", Format::Toml, toml.as_bytes())
        .unwrap_or_else(|found| panic!("{found:?}\n{toml}"));
    let lookup = |name: &str| (name != "PORT").then(|| format!("secret of {name}"));
    resolve(&parsed.document, &Surroundings::new(&lookup)).unwrap_or_else(|found| panic!("{found:?}\n{toml}"))
}

/// A channel table: `fields` are lines of TOML, or several separated by `;`.
pub(crate) fn channel(name: &str, fields: &str) -> String {
    let key = if fields.contains("keys") { String::new() } else { "key = { env = \"K\" }\n".to_owned() };
    let fields = fields.replace("; ", "\n");
    format!(
        "[[channel]]\nid = \"{name}\"\nname = \"{name}\"\nbase_url = \"https://{name}.example/v1\"\nmodel = \"m-{name}\"\n{key}{fields}\n"
    )
}

pub(crate) fn toml(channels: &[(&str, &str)]) -> String {
    let tables: String = channels.iter().map(|(name, fields)| channel(name, fields)).collect();
    format!("version = 1\n{tables}")
}

impl World {
    pub(crate) fn new(channels: &[(&str, &str)]) -> World {
        World::from_toml(&toml(channels))
    }

    pub(crate) fn from_toml(toml: &str) -> World {
        let wall = "2026-03-10T12:00:00Z".parse().expect("the constant is a timestamp");
        let mut world = World { pool: Pool::new(7), snapshot: snapshot(toml), mono: Duration::ZERO, wall };
        world.pool.reconcile(world.now(), &world.snapshot);
        world
    }

    pub(crate) fn reconfigure(&mut self, channels: &[(&str, &str)]) {
        self.snapshot = snapshot(&toml(channels));
        self.pool.reconcile(self.now(), &self.snapshot);
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.mono, wall: self.wall }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.mono += time;
        self.wall += SignedDuration::try_from(time).expect("tests are short");
    }

    pub(crate) fn pass_s(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub(crate) fn route(&self) -> Route {
        self.route_for("auto")
    }

    pub(crate) fn route_for(&self, asked: &str) -> Route {
        route(&self.snapshot, &Catalog::default(), Some(asked), Protocol::Chat, Operation::Generate)
    }

    /// Sends one request; `answer` says what each attempt meets: a failure, or `None` for a good answer.
    pub(crate) fn request(&mut self, answer: &mut dyn FnMut(&Lease) -> Option<Failure>) -> Story {
        let route = self.route();
        self.request_on(&route, false, answer)
    }

    pub(crate) fn request_on(
        &mut self,
        route: &Route,
        stateful: bool,
        answer: &mut dyn FnMut(&Lease) -> Option<Failure>,
    ) -> Story {
        let mut progress = Progress::new(self.now(), stateful);
        let begun = self.mono;
        let mut asked = Vec::new();
        let told = loop {
            let lease = match self.pool.admit(self.now(), route, &mut progress) {
                Ok(lease) => lease,
                Err(starved) => break Told::Starved(starved),
            };
            asked.push(name_of(&lease.cell, route, &lease));
            let Some(failure) = answer(&lease) else {
                let channel = lease.channel.to_string();
                self.pool.settle(self.now(), lease, served());
                break Told::Served(channel);
            };
            match self.pool.settle_failed(self.now(), lease, &failure, route, &mut progress) {
                Verdict::SameAgain { after } => self.pass(after),
                Verdict::TryAnother => {}
                Verdict::Refuse(refusal) => break Told::Refused(refusal),
            }
        };
        Story { told, asked, waited: self.mono.saturating_sub(begun) }
    }

    /// Sends one request that meets a good answer wherever it goes.
    pub(crate) fn good(&mut self) -> Story {
        self.request(&mut |_| None)
    }

    /// Grants one attempt and leaves it running.
    pub(crate) fn begin(&mut self) -> Result<Lease, Starved> {
        let route = self.route();
        let mut progress = Progress::new(self.now(), false);
        self.pool.admit(self.now(), &route, &mut progress)
    }

    pub(crate) fn settle(&mut self, lease: Lease, outcome: Outcome) {
        self.pool.settle(self.now(), lease, outcome);
    }

    /// Lets an attempt of `channel` fail without asking what to do next.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        let lease = self.begin().expect("the channel can serve");
        self.settle(lease, Outcome::Failed(failure.clone()));
    }
}

impl Story {
    pub(crate) fn served_by(&self) -> Option<&str> {
        match &self.told {
            Told::Served(channel) => Some(channel),
            Told::Refused(_) | Told::Starved(_) => None,
        }
    }

    pub(crate) fn refusal(&self) -> &Refusal {
        match &self.told {
            Told::Refused(refusal) => refusal,
            told @ (Told::Served(_) | Told::Starved(_)) => panic!("not refused but {told:?}"),
        }
    }

    pub(crate) fn starved(&self) -> &Starved {
        match &self.told {
            Told::Starved(starved) => starved,
            told @ (Told::Served(_) | Told::Refused(_)) => panic!("not starved but {told:?}"),
        }
    }
}

pub(crate) fn served() -> Outcome {
    Outcome::Served { first_content: None, usage: None }
}

/// A refusal by status.
pub(crate) fn refused(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::new(class, Phase::P2, "the vendor's words") }
}

pub(crate) fn limited(seconds: u64) -> Failure {
    Failure { retry_after: Some(Duration::from_secs(seconds)), ..refused(Class::RateLimit, 429) }
}

fn name_of(cell: &CellId, route: &Route, lease: &Lease) -> String {
    let keys = &route.candidates[lease.candidate].channel.keys;
    if keys.len() > 1 { format!("{}/{}", cell.channel, cell.key) } else { cell.channel.to_string() }
}
