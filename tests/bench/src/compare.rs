//! Starts everything, runs the rounds, judges.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::exchange::Exchange;
use crate::load::Tally;
use crate::process::{self, CpuTime, Running};
use crate::report::{self, Report};
use crate::subject::{DIRECT, NGINX, Place, SLUICE, Subject};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The nginx program.
    #[arg(long, default_value = "nginx")]
    nginx: String,
    /// The sluice program; without it only the floor and the peers are measured.
    #[arg(long)]
    sluice: Option<String>,
    /// A further gateway as NAME=PROGRAM, started as `PROGRAM LISTEN UPSTREAM`.
    #[arg(long, value_parser = named_program)]
    peer: Vec<(String, String)>,
    /// Only these cases.
    #[arg(long, value_enum)]
    only: Vec<CaseName>,
    /// How often each gateway is measured in each case.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The length of one measurement.
    #[arg(long, default_value_t = 1500)]
    milliseconds: u64,
    /// The core that the gateway under test has to itself.
    #[arg(long, default_value_t = 0)]
    gateway_core: usize,
    /// The core that load and upstream share.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
    /// Fail if a gated figure is over its target.
    #[arg(long)]
    gate: bool,
}

fn named_program(text: &str) -> Result<(String, String), String> {
    let (name, program) = text.split_once('=').ok_or("expected NAME=PROGRAM")?;
    Ok((name.to_owned(), program.to_owned()))
}

/// A way of loading the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaseName {
    /// 1 KB whole, one connection.
    WholeAlone,
    /// 1 KB whole, 32 connections: the gateway's core is saturated.
    WholeMany,
    /// Paced streams, one at a time.
    StreamAlone,
    /// Paced streams on 32 connections.
    StreamMany,
    /// 400 KB requests, one connection.
    Agent,
    /// 1 KB whole from Messages to Chat, 32 connections.
    TranslatedMany,
    /// Paced streams from Chat to Messages on 32 connections.
    TranslatedStreamMany,
    /// 400 KB requests from Messages to Chat, one connection.
    TranslatedAgent,
}

impl CaseName {
    const ALL: [Self; 8] = [
        Self::WholeAlone,
        Self::WholeMany,
        Self::StreamAlone,
        Self::StreamMany,
        Self::Agent,
        Self::TranslatedMany,
        Self::TranslatedStreamMany,
        Self::TranslatedAgent,
    ];

    fn exchange(self) -> Exchange {
        match self {
            Self::WholeAlone | Self::WholeMany => Exchange::Whole,
            Self::StreamAlone | Self::StreamMany => Exchange::Stream,
            Self::Agent => Exchange::Agent,
            Self::TranslatedMany => Exchange::TranslatedWhole,
            Self::TranslatedStreamMany => Exchange::TranslatedStream,
            Self::TranslatedAgent => Exchange::TranslatedAgent,
        }
    }

    fn connections(self) -> usize {
        match self {
            Self::WholeAlone | Self::StreamAlone | Self::Agent | Self::TranslatedAgent => 1,
            Self::WholeMany | Self::StreamMany | Self::TranslatedMany | Self::TranslatedStreamMany => 32,
        }
    }

    /// What an alias costs a stream is what it costs a whole request, and a translated body holds any name.
    fn is_asked_by_alias(self) -> bool {
        match self {
            Self::WholeAlone | Self::WholeMany | Self::Agent => true,
            Self::StreamAlone
            | Self::StreamMany
            | Self::TranslatedMany
            | Self::TranslatedStreamMany
            | Self::TranslatedAgent => false,
        }
    }
}

/// How the request names its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// As the upstream knows it: the body passes as it is.
    ByName,
    /// By a name that the gateway replaces in the body.
    ByAlias,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// How the gateway was loaded.
    pub(crate) case: CaseName,
    /// How the model was named.
    pub(crate) asked: Asked,
    /// Which gateway.
    pub(crate) subject: String,
    /// Samples of one round were taken next to each other.
    pub(crate) round: usize,
    /// CPU time of the gateway's process per unit, in microseconds; none for the upstream itself.
    pub(crate) cpu_us: Option<f64>,
    /// What the load saw.
    pub(crate) tally: Tally,
}

/// A gateway's memory and start.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Footprint {
    /// Which gateway.
    pub(crate) subject: String,
    /// From its start to its first accepted connection, in milliseconds.
    pub(crate) start_ms: f64,
    /// Before the first request, in MiB of proportional set size.
    pub(crate) idle_mib: f64,
    /// Right after the last request.
    pub(crate) loaded_mib: f64,
}

/// Runs the comparison; the exit code says whether the gate held.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("sluice-bench-").tempdir()?;
    let (_upstream, address) = start_upstream(arguments.load_core)?;
    let place = Place { core: arguments.gateway_core, folder: folder.path(), upstream: address };
    let subjects = start_subjects(arguments, &place).inspect_err(|_| show_logs(folder.path()))?;
    let idle = memory(&subjects)?;
    let samples = measure(arguments, &subjects).inspect_err(|_| show_logs(folder.path()))?;
    let report = Report::new(samples, footprints(&subjects, &idle)?);
    report.save(&arguments.json)?;
    println!("{}", report::table(&report));
    let failed = arguments.gate && report.is_over();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn start_upstream(core: usize) -> Result<(Running, std::net::SocketAddr)> {
    let mut command = this_program(core)?;
    command.arg("upstream").stdout(Stdio::piped());
    let mut upstream = Running::start(command)?;
    let stdout = upstream.take_stdout().context("the upstream's output was piped")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line
        .trim()
        .parse()
        .with_context(|| format!("the upstream printed {line:?} instead of its address"))?;
    Ok((upstream, address))
}

fn start_subjects(arguments: &Arguments, place: &Place<'_>) -> Result<Vec<Subject>> {
    let mut subjects = vec![place.direct(), place.nginx(&arguments.nginx)?];
    if let Some(program) = &arguments.sluice {
        subjects.push(place.sluice(program)?);
    }
    for (name, program) in &arguments.peer {
        subjects.push(place.peer(name, program)?);
    }
    Ok(subjects)
}

/// The folder goes when the run ends, so what the gateways said is shown now.
fn show_logs(folder: &std::path::Path) {
    for name in [NGINX, SLUICE] {
        let text = std::fs::read_to_string(folder.join(name).join("output.log")).unwrap_or_default();
        for line in text.lines().rev().take(20).collect::<Vec<_>>().iter().rev() {
            eprintln!("{name}: {line}");
        }
    }
}

fn measure(arguments: &Arguments, subjects: &[Subject]) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for case in CaseName::ALL {
        if !arguments.only.is_empty() && !arguments.only.contains(&case) {
            continue;
        }
        let mut turns = turns(case, subjects);
        for &(subject, asked) in &turns {
            warm_up(arguments, case, asked, subject)?;
        }
        for round in 0..arguments.rounds {
            for &(subject, asked) in &turns {
                samples.push(sample(arguments, case, asked, subject, round)?);
            }
            // Each has each place in the order, as whatever else the machine does comes and goes.
            turns.rotate_left(1);
            eprintln!("{case:?}: round {} of {}", round + 1, arguments.rounds);
        }
    }
    Ok(samples)
}

fn turns(case: CaseName, subjects: &[Subject]) -> Vec<(&Subject, Asked)> {
    let mut turns = Vec::new();
    for subject in subjects {
        // The floor passes bytes on, and no two gateways translate into the same ones.
        if case.exchange().is_translated() && subject.name != SLUICE {
            continue;
        }
        turns.push((subject, Asked::ByName));
        if subject.name == SLUICE && case.is_asked_by_alias() {
            turns.push((subject, Asked::ByAlias));
        }
    }
    turns
}

fn warm_up(arguments: &Arguments, case: CaseName, asked: Asked, subject: &Subject) -> Result<()> {
    load(arguments, case, asked, subject, arguments.milliseconds / 5).map(drop)
}

fn sample(
    arguments: &Arguments,
    case: CaseName,
    asked: Asked,
    subject: &Subject,
    round: usize,
) -> Result<Sample> {
    let before = subject.process.as_ref().map(|process| CpuTime::of(process.pid())).transpose()?;
    let tally = load(arguments, case, asked, subject, arguments.milliseconds)?;
    // The gateway still has to see its connections close, and the kernel to count the threads out.
    std::thread::sleep(Duration::from_millis(30));
    let after = subject.process.as_ref().map(|process| CpuTime::of(process.pid())).transpose()?;
    let cpu_us = before.zip(after).map(|(before, after)| per_unit_us(after.since(&before), tally.units));
    Ok(Sample { case, asked, subject: subject.name.clone(), round, cpu_us, tally })
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are far below 2^52")]
fn per_unit_us(used: Duration, units: u64) -> f64 {
    used.as_secs_f64() * 1e6 / units as f64
}

fn load(
    arguments: &Arguments,
    case: CaseName,
    asked: Asked,
    subject: &Subject,
    milliseconds: u64,
) -> Result<Tally> {
    let exchange = case.exchange();
    let model = match asked {
        Asked::ByName => exchange.model(),
        Asked::ByAlias => exchange.alias(),
    };
    let mut command = this_program(arguments.load_core)?;
    command.args(["load", "--target", &subject.address.to_string(), "--model", model]);
    command.args(["--exchange", exchange.name(), "--connections", &case.connections().to_string()]);
    command.args(["--milliseconds", &milliseconds.to_string()]);
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the load on {} failed in case {case:?}, asked {asked:?}", subject.name);
    serde_json::from_slice(&output.stdout).context("the load printed no tally")
}

fn this_program(core: usize) -> Result<Command> {
    let path = std::env::current_exe()?;
    Ok(process::pinned(core, path.to_str().context("the path of this program is not UTF-8")?))
}

fn memory(subjects: &[Subject]) -> Result<Vec<Option<f64>>> {
    subjects
        .iter()
        .map(|subject| subject.process.as_ref().map(|it| process::pss_mib(it.pid())).transpose())
        .collect()
}

fn footprints(subjects: &[Subject], idle: &[Option<f64>]) -> Result<Vec<Footprint>> {
    let loaded = memory(subjects)?;
    let all = subjects.iter().zip(idle.iter().zip(loaded)).filter(|(subject, _)| subject.name != DIRECT);
    Ok(all
        .map(|(subject, (idle, loaded))| Footprint {
            subject: subject.name.clone(),
            start_ms: subject.start.as_secs_f64() * 1e3,
            idle_mib: idle.unwrap_or_default(),
            loaded_mib: loaded.unwrap_or_default(),
        })
        .collect())
}
