//! A seeded driver throws random requests, faults, reconfigurations, clock jumps and sleeps at the pool and checks
//! what must hold whatever happens. `SLUICE_SIM_STEPS` makes it longer (a million takes minutes), `SLUICE_SIM_SEED`
//! repeats one run.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use common::{World, served, snapshot};
use config::Route;
use fastrand::Rng;
use jiff::SignedDuration;
use pool::{CellId, Class, Failure, Health, Lease, Outcome, Phase, Progress, Verdict};

const STEPS: u64 = 400_000;
const SEEDS: u64 = 4;
const MINUTE: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "a test may be told by its surroundings how long to run")]
#[test]
fn whatever_happens_the_invariants_hold() {
    let steps = std::env::var("SLUICE_SIM_STEPS").ok().map_or(STEPS, |steps| steps.parse().unwrap());
    match std::env::var("SLUICE_SIM_SEED") {
        Ok(seed) => Driver::new(seed.parse().unwrap()).run(steps),
        Err(_) => (1..=SEEDS).for_each(|seed| Driver::new(seed).run(steps / SEEDS)),
    }
}

/// A request on its way.
struct Request {
    route: Route,
    progress: Progress,
    stateful: bool,
    begun: Duration,
    /// Every attempt with how it failed.
    attempts: Vec<(CellId, Class, Phase)>,
    lease: Option<Lease>,
    /// When it may be admitted again.
    resumes: Duration,
}

struct Driver {
    seed: u64,
    rng: Rng,
    world: World,
    requests: Vec<Request>,
    /// The wall clock's error against the true time.
    skew: SignedDuration,
    /// How likely a failure is on each channel, in percent.
    trouble: HashMap<String, u8>,
    /// Dispatches by channel: since it was configured, in all and by moment, and on the latest day seen.
    sent: HashMap<String, Vec<Duration>>,
    sent_today: HashMap<String, u64>,
    today: jiff::civil::Date,
    /// Probes that run, by cell. A sleep or an edit makes earlier ones void.
    probes: HashMap<CellId, u64>,
    era: u64,
    begun: u64,
    ended: u64,
}

impl Driver {
    fn new(seed: u64) -> Driver {
        println!("seed {seed}");
        let mut rng = Rng::with_seed(seed);
        let world = World::from_toml(&random_config(&mut rng));
        let today = world.wall.to_zoned(jiff::tz::TimeZone::UTC).date();
        Driver {
            seed,
            rng,
            world,
            requests: Vec::new(),
            skew: SignedDuration::ZERO,
            trouble: HashMap::new(),
            sent: HashMap::new(),
            sent_today: HashMap::new(),
            today,
            probes: HashMap::new(),
            era: 0,
            begun: 0,
            ended: 0,
        }
    }

    fn run(mut self, steps: u64) {
        for step in 0..steps {
            self.step();
            if step % 100 == 0 {
                self.check_views();
            }
        }
        self.settle_everything();
        assert_eq!(self.begun, self.ended, "seed {}: every request ends exactly once", self.seed);
        self.check_views();
        self.everything_is_used_again_after_the_faults();
    }

    fn step(&mut self) {
        match self.rng.u32(..1_000) {
            0..300 => self.begin(),
            300..700 => self.advance_one(),
            700..960 => self.world.pass(Duration::from_millis(self.rng.u64(..400))),
            960..985 => self.world.pass(Duration::from_millis(self.rng.u64(..20_000))),
            985..989 => self.world.pass(Duration::from_secs(self.rng.u64(..4_000))),
            989..992 => self.jump(),
            992..994 => self.sleep(),
            994..997 => self.reconfigure(),
            _ => self.change_the_weather(),
        }
    }

    fn begin(&mut self) {
        if self.requests.len() >= 40 {
            return self.advance_one();
        }
        let asked = ["auto", "auto", "auto", "shared", "c1", "c2,odd"][self.rng.usize(..6)];
        let stateful = self.rng.u8(..10) == 0;
        let now = self.world.now();
        let request = Request {
            route: self.world.route_for(asked),
            progress: Progress::new(now, stateful),
            stateful,
            begun: now.mono,
            attempts: Vec::new(),
            lease: None,
            resumes: now.mono,
        };
        self.begun += 1;
        self.admit(request);
    }

    fn admit(&mut self, mut request: Request) {
        let now = self.world.now();
        self.read_the_calendar();
        let first = request.attempts.is_empty();
        let best = self.best_rank(&request);
        match self.world.pool.admit(now, &request.route, &mut request.progress) {
            Ok(lease) => {
                let rank = request.route.candidates[lease.candidate].rank;
                assert!(!first || best == Some(rank), "seed {}: rank {rank} before {best:?}", self.seed);
                self.check_dispatch(&request, &lease);
                request.lease = Some(lease);
                self.requests.push(request);
            }
            Err(starved) => {
                assert!(
                    !first || best.is_none(),
                    "seed {}: {starved:?} though {best:?} could serve",
                    self.seed
                );
                assert!(starved.retry_after_s().is_none_or(|seconds| seconds <= 60));
                self.ended += 1;
            }
        }
    }

    /// The first tier in which anybody could serve a new request.
    fn best_rank(&self, request: &Request) -> Option<u32> {
        let weighed = self.world.pool.explain(self.world.now(), &request.route);
        weighed.iter().filter(|weighed| weighed.eligible).map(|weighed| weighed.rank).min()
    }

    fn check_dispatch(&mut self, request: &Request, lease: &Lease) {
        let seed = self.seed;
        let now = self.world.mono;
        let id = lease.cell.channel.to_string();
        let channel = self.world.snapshot.channel(&id).expect("only a configured channel is asked");
        assert!(channel.enabled, "seed {seed}: {id} is off");
        let attempts = &request.attempts;
        let costly = attempts.iter().filter(|(_, class, phase)| costs(*class, *phase)).count();
        assert!(costly < 3 && attempts.len() < 11, "seed {seed}: {attempts:?}");
        assert!(
            now.saturating_sub(request.begun) < Duration::from_secs(120),
            "seed {seed}: an attempt after two minutes"
        );
        let safe = !request.stateful || attempts.iter().all(|(_, _, phase)| *phase == Phase::P0);
        assert!(safe, "seed {seed}: a stateful request was sent again");
        assert!(
            attempts.iter().all(|(_, _, phase)| *phase != Phase::P4),
            "seed {seed}: sent again after commit"
        );
        let unanswered =
            |(cell, _, phase): &&(CellId, Class, Phase)| *phase == Phase::P1 && *cell.channel == *id;
        assert_eq!(attempts.iter().filter(unanswered).count(), 0, "seed {seed}: unanswered and asked again");
        let again = attempts.iter().filter(|(cell, _, _)| *cell == lease.cell).count();
        assert!(again <= 1, "seed {seed}: {} asked {} times before", lease.cell, again);
        let sent = self.sent.entry(id.clone()).or_default();
        sent.push(now);
        let within = sent.iter().rev().take_while(|&&moment| moment + MINUTE > now).count() as u64;
        let today = self.sent_today.entry(id.clone()).or_default();
        *today += 1;
        for (limit, used) in [(channel.rpm, within), (channel.rpd, *today)] {
            if let config::Limit::Max(most) = limit {
                assert!(used <= u64::from(most.get()), "seed {seed}: {used} of {most} on {id}");
            }
        }
        let view = self.world.pool.channel_view(self.world.now(), &id).unwrap();
        let shown = (view.usage.rpm, view.usage.rpd);
        assert_eq!(shown, (within, *today), "seed {seed}: what is shown on {id} is what is enforced");
        if lease.probe {
            let earlier = self.probes.insert(lease.cell.clone(), self.era);
            assert_ne!(earlier, Some(self.era), "seed {seed}: two probes of {}", lease.cell);
        }
    }

    fn advance_one(&mut self) {
        if self.requests.is_empty() {
            return;
        }
        let mut request = self.requests.swap_remove(self.rng.usize(..self.requests.len()));
        if request.lease.is_none() {
            if request.resumes <= self.world.mono {
                self.admit(request);
            } else {
                self.requests.push(request);
            }
            return;
        }
        let lease = request.lease.take().unwrap();
        self.probes.remove(&lease.cell);
        match self.fate(&lease) {
            Fate::Served => self.end(lease, served()),
            Fate::Left => self.end(lease, Outcome::Cancelled),
            Fate::Failed(failure) if failure.phase == Phase::P4 => self.end(lease, Outcome::Failed(failure)),
            Fate::Failed(failure) => self.fail(request, lease, &failure),
        }
    }

    fn end(&mut self, lease: Lease, outcome: Outcome) {
        self.world.settle(lease, outcome);
        self.ended += 1;
    }

    fn fail(&mut self, mut request: Request, lease: Lease, failure: &Failure) {
        request.attempts.push((lease.cell.clone(), failure.class, failure.phase));
        let now = self.world.now();
        self.read_the_calendar();
        match self.world.pool.settle_failed(now, lease, failure, &request.route, &mut request.progress) {
            Verdict::SameAgain { after } => {
                assert!(after <= Duration::from_secs(5), "seed {}: an inline wait of {after:?}", self.seed);
                request.resumes = now.mono + after;
                self.requests.push(request);
            }
            Verdict::TryAnother => self.admit(request),
            Verdict::Refuse(refusal) => {
                assert_ne!(refusal.status, 401, "seed {}: {refusal:?}", self.seed);
                self.ended += 1;
            }
        }
    }

    fn fate(&mut self, lease: &Lease) -> Fate {
        let trouble = self.trouble.get(&*lease.cell.channel).copied().unwrap_or(5);
        if self.rng.u8(..100) >= trouble {
            return if self.rng.u8(..20) == 0 { Fate::Left } else { Fate::Served };
        }
        let class = Class::ALL[self.rng.usize(..Class::ALL.len())];
        let phases = [Phase::P0, Phase::P1, Phase::P2, Phase::P3, Phase::P4];
        let mut failure = Failure::new(class, phases[self.rng.usize(..5)], "x");
        if self.rng.bool() {
            failure.retry_after = Some(Duration::from_millis(self.rng.u64(..400_000)));
        }
        failure.unreachable = class == Class::Network && failure.phase == Phase::P0 && self.rng.u8(..3) == 0;
        Fate::Failed(failure)
    }

    /// The wall clock is wrong by up to 15 hours either way.
    fn jump(&mut self) {
        let skew = SignedDuration::from_mins(self.rng.i64(-900..=900));
        self.world.wall += skew - self.skew;
        self.skew = skew;
    }

    fn sleep(&mut self) {
        self.world.wall += SignedDuration::from_secs(self.rng.i64(30..3_600));
        self.world.pool.wake(self.world.now());
        self.era += 1;
    }

    fn reconfigure(&mut self) {
        self.world.snapshot = snapshot(&random_config(&mut self.rng));
        let now = self.world.now();
        self.read_the_calendar();
        self.world.pool.reconcile(now, &self.world.snapshot);
        let kept = &self.world.snapshot;
        self.sent.retain(|id, _| kept.channel(id).is_some());
        self.sent_today.retain(|id, _| kept.channel(id).is_some());
        self.era += 1;
    }

    fn change_the_weather(&mut self) {
        let channel = format!("c{}", self.rng.u8(..6));
        let trouble = [0, 5, 50, 100][self.rng.usize(..4)];
        self.trouble.insert(channel, trouble);
    }

    /// The day of every reading that the pool sees; it only moves forward.
    fn read_the_calendar(&mut self) {
        let date = self.world.wall.to_zoned(jiff::tz::TimeZone::UTC).date();
        if date > self.today {
            self.today = date;
            self.sent_today.clear();
        }
    }

    fn check_views(&mut self) {
        let seed = self.seed;
        for view in self.world.pool.views(self.world.now()) {
            let sent = self.sent.get(&*view.id).map_or(0, Vec::len) as u64;
            assert_eq!(view.uses, sent, "seed {seed}: every dispatch on {} counts once", view.id);
            let orphan = view.in_flight == 0 && view.benched_cells.iter().any(|cell| cell.probing);
            assert!(!orphan, "seed {seed}: a probe outlived its attempt: {view:?}");
            let explained = view.state == Health::Healthy || view.reason.is_some();
            assert!(explained, "seed {seed}: {view:?}");
            let timed = view.state != Health::Benched || (view.since.is_some() && view.until.is_some());
            assert!(timed, "seed {seed}: {view:?}");
        }
    }

    fn settle_everything(&mut self) {
        while !self.requests.is_empty() {
            self.world.pass(Duration::from_millis(500));
            self.advance_one();
        }
        for view in self.world.pool.views(self.world.now()) {
            assert_eq!(view.in_flight, 0, "seed {}: {view:?}", self.seed);
            let probing = view.state == Health::Probing || view.benched_cells.iter().any(|cell| cell.probing);
            assert!(!probing, "seed {}: nobody probes any more: {view:?}", self.seed);
        }
    }

    /// A day later, without faults and limits, every channel serves again.
    fn everything_is_used_again_after_the_faults(mut self) {
        let channels: Vec<(String, &str)> = (0..6).map(|n| (format!("c{n}"), KEYS[0])).collect();
        let channels: Vec<(&str, &str)> =
            channels.iter().map(|(name, fields)| (name.as_str(), *fields)).collect();
        self.world.reconfigure(&channels);
        self.world.pass_s(25 * 3_600);
        let before: Vec<u64> = self.world.pool.views(self.world.now()).iter().map(|view| view.uses).collect();
        for _ in 0..100 {
            let story = self.world.good();
            assert!(story.served_by().is_some(), "seed {}: {story:?}", self.seed);
        }
        for (view, before) in self.world.pool.views(self.world.now()).iter().zip(before) {
            assert!(view.uses > before, "seed {}: {} is never used again", self.seed, view.id);
            assert_eq!(view.state, Health::Healthy, "seed {}: {view:?}", self.seed);
        }
    }
}

enum Fate {
    Served,
    Failed(Failure),
    Left,
}

fn costs(class: Class, phase: Phase) -> bool {
    let refused_fast = matches!(
        class,
        Class::RateLimit
            | Class::Quota
            | Class::Credential
            | Class::ModelAccess
            | Class::ModelGone
            | Class::RegionBlocked
            | Class::NotOffered
            | Class::Untranslatable
    );
    phase != Phase::P0 && !refused_fast
}

const KEYS: [&str; 2] = [
    r#"keys = [{ name = "one", env = "A" }]"#,
    r#"keys = [{ name = "one", env = "A" }, { name = "two", env = "B" }]"#,
];

/// Between one and six of six channels, in up to three tiers, with and without limits, second keys and a proxy.
fn random_config(rng: &mut Rng) -> String {
    let mut toml = "version = 1\n".to_owned();
    let strategy = ["weighted", "round_robin", "random", "fastest"][rng.usize(..4)];
    let fallback = rng.u8(..10) != 0;
    write!(toml, "[routing]\nstrategy = \"{strategy}\"\nfallback = {fallback}\n").unwrap();
    let kept: u8 = rng.u8(1..64);
    for number in (0..6).filter(|number| kept & (1 << number) != 0) {
        let mut fields = KEYS[rng.usize(..2)].to_owned();
        write!(fields, "; priority = {}; weight = {}", rng.u8(1..=3), rng.u8(0..=4)).unwrap();
        write!(fields, "; max_retries = {}", rng.u8(0..=2)).unwrap();
        write!(fields, "; rpm = {}", [-1, -1, 0, 1, 20, 100][rng.usize(..6)]).unwrap();
        write!(fields, "; rpd = {}", [-1, -1, -1, 500][rng.usize(..4)]).unwrap();
        if rng.u8(..10) == 0 {
            fields.push_str("; enabled = false");
        }
        if rng.u8(..3) == 0 {
            fields.push_str("; proxy = \"office\"");
        }
        if rng.bool() {
            fields.push_str("; models = [\"shared\"]");
        }
        toml.push_str(&common::channel(&format!("c{number}"), &fields));
    }
    toml.push_str("[[proxy]]\nname = \"office\"\ntype = \"socks5\"\nhost = \"127.0.0.1\"\nport = 7890\n");
    toml
}
