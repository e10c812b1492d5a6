//! What translation costs between all pairs of protocols, and counting tokens in each, beside parsing the same bytes as JSON.
//!
//! No socket is involved, but everything of `wire` that the gateway passes the bytes through.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use wire::Protocol;
use wire::calls::Names;
use wire::dialect::Addressee;
use wire::frames::{Framing, Splitter};
use wire::sse::{EVENT_BYTES_MAX, Kind as Block};

use crate::process::CpuTime;
use crate::report::{aligned, number};
use crate::{passage, samples};

/// The most times that translating a whole answer may cost what parsing it once costs.
const ANSWER_RATIO_MAX: f64 = 3.0;
/// The most microseconds that a long request may take to count.
const COUNT_US_MAX: f64 = 50_000.0;
/// Runs between two looks at the clock, which is not to be seen in the figure.
const BATCH: u32 = 8;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each is measured.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The length of one measurement.
    #[arg(long, default_value_t = 20)]
    milliseconds: u64,
    /// Only one kind of message.
    #[arg(long, value_enum)]
    only: Option<Kind>,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/bench-translate.json")]
    json: PathBuf,
    /// Fail if a gated figure is over its target.
    #[arg(long)]
    gate: bool,
}

/// What is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A coding agent's request.
    Request,
    /// A whole answer.
    Answer,
    /// A streamed answer, counted by event.
    Stream,
    /// The tokens of a long request, estimated.
    Count,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Request, Self::Answer, Self::Stream, Self::Count];
}

/// Something that is done over and over.
type Work = Box<dyn Fn() -> Result<()>>;

/// One message on its way between two protocols.
struct Job {
    kind: Kind,
    from: Protocol,
    to: Protocol,
    /// Its length in JSON.
    bytes: usize,
    /// What time is divided by.
    units: usize,
    translate: Work,
    parse: Work,
}

/// What a job took in one round, the one right after the other.
#[derive(Debug, Clone, Copy)]
struct Round {
    translate: Duration,
    parse: Duration,
}

impl Round {
    fn ratio(self) -> f64 {
        self.translate.as_secs_f64() / self.parse.as_secs_f64()
    }
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    kind: Kind,
    from: &'static str,
    to: &'static str,
    bytes: usize,
    units: usize,
    /// CPU time per unit in the best round, in microseconds: other work on the machine can only add to it.
    translated_us: f64,
    /// CPU time per unit of parsing the same JSON once into a tree, in microseconds.
    parsed_us: f64,
    /// The one over the other in the median round. A machine changes its speed between rounds, and the best of each may
    /// come from different ones.
    ratio: f64,
    /// What the ratio is held to.
    ratio_max: Option<f64>,
    /// What the time itself is held to, in microseconds.
    us_max: Option<f64>,
}

impl Row {
    fn new(job: &Job, rounds: &[Round]) -> Self {
        let best = |took: fn(&Round) -> Duration| {
            per_unit_us(rounds.iter().map(took).min().unwrap_or_default(), job.units)
        };
        let mut ratios: Vec<_> = rounds.iter().copied().map(Round::ratio).collect();
        ratios.sort_by(f64::total_cmp);
        Self {
            kind: job.kind,
            from: job.from.word(),
            to: job.to.word(),
            bytes: job.bytes,
            units: job.units,
            translated_us: best(|round| round.translate),
            parsed_us: best(|round| round.parse),
            ratio: ratios.get(ratios.len() / 2).copied().unwrap_or_default(),
            ratio_max: match job.kind {
                Kind::Answer => Some(ANSWER_RATIO_MAX),
                Kind::Request | Kind::Stream | Kind::Count => None,
            },
            us_max: match job.kind {
                Kind::Count => Some(COUNT_US_MAX),
                Kind::Request | Kind::Answer | Kind::Stream => None,
            },
        }
    }

    fn is_over(&self) -> bool {
        self.ratio_max.is_some_and(|most| self.ratio > most)
            || self.us_max.is_some_and(|most| self.translated_us > most)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an answer has few events")]
fn per_unit_us(took: Duration, units: usize) -> f64 {
    took.as_secs_f64() * 1e6 / units as f64
}

/// Runs everything; the exit code says whether the gate held.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let jobs = jobs(arguments.only)?;
    let length = Duration::from_millis(arguments.milliseconds);
    let mut rounds = vec![Vec::with_capacity(arguments.rounds); jobs.len()];
    for round in 0..arguments.rounds {
        for (job, rounds) in jobs.iter().zip(&mut rounds) {
            let translate = cpu_time(length, &job.translate)?;
            rounds.push(Round { translate, parse: cpu_time(length, &job.parse)? });
        }
        eprintln!("translation: round {} of {}", round + 1, arguments.rounds);
    }
    let rows: Vec<_> = jobs.iter().zip(&rounds).map(|(job, rounds)| Row::new(job, rounds)).collect();
    std::fs::write(&arguments.json, serde_json::to_vec_pretty(&rows)?)
        .with_context(|| format!("cannot write {}", arguments.json.display()))?;
    println!("{}", table(&rows));
    let failed = arguments.gate && rows.iter().any(Row::is_over);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The CPU time of one run, over as many as take about `length`.
fn cpu_time(length: Duration, work: &Work) -> Result<Duration> {
    let before = own_cpu_time()?;
    let start = Instant::now();
    let mut runs = 0;
    while start.elapsed() < length {
        for _ in 0..BATCH {
            work()?;
        }
        runs += BATCH;
    }
    Ok(own_cpu_time()?.since(&before) / runs)
}

fn own_cpu_time() -> Result<CpuTime> {
    // The kernel brings a thread's count up to date when it goes to sleep.
    std::thread::sleep(Duration::from_millis(1));
    CpuTime::of(std::process::id())
}

fn jobs(only: Option<Kind>) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind)) {
        for from in Protocol::ALL {
            // A count is for no other protocol.
            for to in Protocol::ALL.into_iter().filter(|to| kind != Kind::Count || *to == from) {
                let job = job(kind, from, to);
                jobs.push(job.with_context(|| format!("{kind:?} from {from} to {to}"))?);
            }
        }
    }
    Ok(jobs)
}

fn job(kind: Kind, from: Protocol, to: Protocol) -> Result<Job> {
    match kind {
        Kind::Request => request(from, to),
        Kind::Answer => answer(from, to),
        Kind::Stream => stream(from, to),
        Kind::Count => count(from),
    }
}

fn count(from: Protocol) -> Result<Job> {
    let sent = samples::long_request(from)?;
    let bytes = sent.body.clone();
    let tally = move || passage::count(&sent).map(seen);
    Ok(job_of(Kind::Count, from, from, vec![bytes], Box::new(tally)))
}

fn request(from: Protocol, to: Protocol) -> Result<Job> {
    let (sent, target) = (samples::request(from)?, samples::target(to));
    let bytes = sent.body.clone();
    let translate = move || passage::request(&sent, &target).map(seen);
    Ok(job_of(Kind::Request, from, to, vec![bytes], Box::new(translate)))
}

fn answer(from: Protocol, to: Protocol) -> Result<Job> {
    let body = samples::answer(from);
    let (names, client) = client(from, to)?;
    let bytes = body.clone();
    let translate = move || passage::whole(from, &body, &names, &client).map(seen);
    Ok(job_of(Kind::Answer, from, to, vec![bytes], Box::new(translate)))
}

fn stream(from: Protocol, to: Protocol) -> Result<Job> {
    let said = samples::stream(from);
    let (names, client) = client(from, to)?;
    let translate = move || passage::stream(from, said, &names, &client).map(seen);
    Ok(job_of(Kind::Stream, from, to, events(said)?, Box::new(translate)))
}

fn job_of(kind: Kind, from: Protocol, to: Protocol, messages: Vec<Vec<u8>>, translate: Work) -> Job {
    Job {
        kind,
        from,
        to,
        bytes: messages.iter().map(Vec::len).sum(),
        units: messages.len(),
        translate,
        parse: Box::new(move || messages.iter().try_for_each(|message| parse(message))),
    }
}

fn parse(message: &[u8]) -> Result<()> {
    seen(serde_json::from_slice::<Value>(message)?);
    Ok(())
}

/// Keeps the compiler from leaving out what nobody reads.
fn seen<T>(made: T) {
    drop(black_box(made));
}

/// Who gets an answer from a channel that speaks `from`: a client that asked as those of its protocol do.
fn client(from: Protocol, to: Protocol) -> Result<(Names, Addressee)> {
    let sent = samples::request(to)?;
    let asked = passage::request(&sent, &samples::target(from))?;
    let client = Addressee {
        protocol: to,
        wanted: asked.wanted,
        framing: Framing::Sse,
        id: "0193b0a1c2d37e4f8a9b0c1d2e3f4a5b".to_owned(),
        created_s: 1_763_600_000,
        input_estimate: 14_000,
        issuer: wire::state::NOBODY.clone(),
        think_tags: false,
    };
    Ok((asked.names, client))
}

/// The JSON of each of a stream's events.
fn events(stream: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut events = Vec::new();
    let mut each = |event: wire::sse::Event<'_>| {
        if event.kind == Block::Message && event.data != b"[DONE]" {
            events.push(event.data.to_vec());
        }
    };
    let mut splitter = Splitter::new(Framing::Sse, EVENT_BYTES_MAX);
    splitter.push(stream, &mut each)?;
    splitter.finish(&mut each)?;
    Ok(events)
}

fn table(rows: &[Row]) -> String {
    let heading =
        ["CPU µs, best round", "bytes", "translated", "parsed as JSON", "median ratio", "target", ""]
            .map(str::to_owned);
    let mut cells = vec![heading.to_vec()];
    cells.extend(rows.iter().map(figures));
    aligned(&cells)
}

fn figures(row: &Row) -> Vec<String> {
    let (from, to) = (row.from, row.to);
    let title = match row.kind {
        Kind::Request => format!("request, {from} → {to}"),
        Kind::Answer => format!("whole answer, {from} → {to}"),
        Kind::Stream => format!("event of a stream of {}, {from} → {to}", row.units),
        Kind::Count => format!("tokens counted, {from}"),
    };
    let target = match (row.ratio_max, row.us_max) {
        (Some(most), _) => format!("≤ {most:.1} × parsing"),
        (None, Some(most)) => format!("≤ {} ms", most / 1e3),
        (None, None) => String::new(),
    };
    let verdict = match (target.is_empty(), row.is_over()) {
        (true, _) => "",
        (false, false) => "ok",
        (false, true) => "OVER",
    };
    vec![
        title,
        row.bytes.to_string(),
        number(row.translated_us),
        number(row.parsed_us),
        format!("{:.2}", row.ratio),
        target,
        verdict.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("what is written is UTF-8")
    }

    /// Every text of a JSON document, also of JSON that stands in a text, in one.
    fn words(value: &Value) -> String {
        match value {
            Value::String(text) => {
                serde_json::from_str(text).map_or_else(|_| text.clone(), |inner: Value| words(&inner))
            }
            Value::Array(values) => values.iter().map(words).collect(),
            Value::Object(members) => members.values().map(words).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
        }
    }

    #[test]
    fn every_pair_has_a_job_of_each_kind_and_each_job_can_be_done() {
        let jobs = jobs(None).expect("every sample can be translated");
        assert_eq!(jobs.len(), 3 * 4 * 4 + 4);
        for job in jobs {
            (job.translate)().expect("the sample can be translated");
            (job.parse)().expect("the sample is JSON");
        }
    }

    #[test]
    fn translated_answers_say_what_the_channel_said() {
        for from in Protocol::ALL {
            for to in Protocol::ALL {
                let (names, client) = client(from, to).expect("the request can be translated");
                let whole = passage::whole(from, &samples::answer(from), &names, &client);
                let whole: Value =
                    serde_json::from_slice(&whole.expect("it can be translated")).expect("an answer is JSON");
                let said = words(&whole);
                // Claude Code's models keep their thoughts to themselves unless they are asked.
                let thoughts = if client.wanted.thinking_hidden { None } else { Some("The build fails") };
                let words = ["The parser names", "src/fault.rs", "fn an_empty_name_is_a_fault"];
                for word in thoughts.into_iter().chain(words) {
                    assert!(said.contains(word), "{from} → {to} lost {word:?}: {said}");
                }
                let streamed = passage::stream(from, samples::stream(from), &names, &client);
                let streamed = text(streamed.expect("it can be translated"));
                for word in ["Checking.", "get_weather", "Paris", "Oslo"] {
                    assert!(streamed.contains(word), "{from} → {to} lost {word:?}: {streamed}");
                }
            }
        }
    }

    #[test]
    fn translated_requests_say_what_the_agent_said_and_did() {
        for from in Protocol::ALL {
            let sent = samples::request(from).expect("the fixture is whole");
            for to in Protocol::ALL {
                let body = passage::request(&sent, &samples::target(to)).expect("it can be translated").body;
                let told = words(&serde_json::from_slice(&body).expect("a request is JSON"));
                for word in ["I create the file now.", "/home/user/project", "lorem lorem lorem"] {
                    assert!(told.contains(word), "{from} → {to} lost {word:?}");
                }
            }
        }
    }

    #[test]
    fn only_whole_answers_are_held_to_the_ratio_and_only_counts_to_a_time() {
        let round = |times: u32| Round {
            translate: Duration::from_micros(10) * times,
            parse: Duration::from_micros(10),
        };
        let job = |kind| job(kind, Protocol::Chat, Protocol::Gemini).expect("the sample can be passed on");
        let rows = [
            (Kind::Answer, 3, false),
            (Kind::Answer, 4, true),
            (Kind::Request, 4, false),
            (Kind::Stream, 4, false),
            (Kind::Count, 4999, false),
            (Kind::Count, 5001, true),
        ];
        for (kind, times, over) in rows {
            assert_eq!(
                Row::new(&job(kind), &[round(times), round(times), round(9000)]).is_over(),
                over,
                "{kind:?} × {times}"
            );
        }
    }
}
