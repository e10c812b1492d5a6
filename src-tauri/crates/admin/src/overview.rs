//! Everything about the gateway at one glance.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use config::{ClientKeys, Severity, Snapshot};
use gateway::{HealthStatus, RefusedCaller};
use jiff::Timestamp;
use pool::{Class, ReasonCode};
use serde::{Deserialize, Serialize};
use store::VaultState;

use crate::{ChannelLine, Fault, Happening, Problem, Sluice, channels};

/// A request that has nothing to say, or a reply likewise.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(type = "Record<string, never>")]
pub struct Nothing {}

/// The gateway in a word: what the tray icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum GatewayState {
    /// Every enabled channel can serve.
    Ok,
    /// Some can.
    Degraded,
    /// None can.
    Down,
    /// New requests are turned away for a while.
    Paused,
    /// The port could not be had.
    Stopped,
}

/// Everything about the gateway at one glance.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that a window shows")]
pub struct Overview {
    /// Our version.
    pub version: String,
    /// The gateway in a word.
    pub state: GatewayState,
    /// Where it listens, as `IP:PORT`; empty where it does not.
    pub addresses: Vec<String>,
    /// The base URL for people to copy, without a path: `http://127.0.0.1:7584`.
    pub endpoint: String,
    /// Whether new requests are turned away for now.
    pub paused: bool,
    /// Whether this is the demo, which forgets everything.
    pub demo: bool,
    /// The configuration file, where there is one.
    pub config_file: Option<PathBuf>,
    /// Whether the configuration can be edited from here.
    pub editable: bool,
    /// Whether a client must show a key.
    pub client_keys_required: bool,
    /// The key that snippets show, `sk-sluice-…4c1`.
    pub client_key_hint: Option<String>,
    /// Where secrets are kept, and whether they can be had.
    pub vault: VaultState,
    /// What a person should know, the gravest first.
    pub problems: Vec<Problem>,
    /// The newest request that met a failure.
    pub last_problem: Option<LastProblem>,
    /// Set where the port could not be had.
    pub port_conflict: Option<PortConflict>,
    /// What was served since the start, today and now.
    pub counters: Counters,
    /// One per hour of the last 24, oldest first; only since the start of the process.
    pub hours: Vec<Hour>,
    /// Who asked and who answered in the last five minutes.
    pub flow: Flow,
    /// Every channel, in the configuration's order.
    pub channels: Vec<ChannelLine>,
    /// When the gateway started.
    #[ts(type = "Timestamp")]
    pub started: Timestamp,
    /// Now.
    #[ts(type = "Timestamp")]
    pub timestamp: Timestamp,
    /// Hosts and origins that the guard refused lately, newest first.
    pub refused_callers: Vec<RefusedCaller>,
}

/// What was served today, and what runs now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ts_rs::TS)]
pub struct Counters {
    /// Requests that ended today, since the start of the process.
    pub requests_today: u64,
    /// Requests that run now.
    pub in_flight: u32,
    /// Of today's, those that the first channel answered.
    pub answered: u64,
    /// Of today's, those that another channel answered after a failure.
    pub rescued: u64,
    /// Of today's, those that nobody answered.
    pub refused: u64,
    /// Today's input tokens, cached ones too.
    pub input_tokens: u64,
    /// Today's input tokens that were read from a cache.
    pub cached_tokens: u64,
    /// Today's output tokens.
    pub output_tokens: u64,
    /// The middle of today's times to the first content, in milliseconds.
    pub first_content_median_ms: Option<f64>,
    /// What 19 of 20 of today's times to the first content stay below, in milliseconds.
    pub first_content_p95_ms: Option<f64>,
}

/// What became of one hour's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Hour {
    /// Its beginning.
    #[ts(type = "Timestamp")]
    pub from: Timestamp,
    /// Answered by the first channel that was tried.
    pub answered: u64,
    /// Answered by another channel after a failure.
    pub rescued: u64,
    /// Answered by nobody.
    pub refused: u64,
}

/// Who asked and who answered in the last five minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Flow {
    /// Clients, the busiest first.
    pub clients: Vec<FlowEnd>,
    /// Channels, the busiest first.
    pub channels: Vec<FlowEnd>,
}

/// One end of the flow of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct FlowEnd {
    /// The client's or the channel's name.
    pub name: String,
    /// Its requests in the last five minutes.
    pub requests: u64,
}

/// The newest request that met a failure, and what was done about it.
#[derive(Clone, Debug, PartialEq, Serialize, ts_rs::TS)]
pub struct LastProblem {
    /// When the request began.
    #[ts(type = "Timestamp")]
    pub at: Timestamp,
    /// The request's id.
    pub request: String,
    /// Who asked.
    pub client: Option<String>,
    /// The channel that failed last.
    pub channel: String,
    /// What kind of failure it was.
    pub class: Class,
    /// The upstream's status.
    pub status: Option<u16>,
    /// The failure in words.
    pub message: String,
    /// The channel that answered in the end.
    pub answered_by: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Milliseconds that the failed attempts cost.
    pub waited_ms: f64,
}

/// Somebody else listens where we wanted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct PortConflict {
    /// The address, as `IP:PORT`.
    pub address: String,
    /// The program that has it, where that can be told.
    pub owner: Option<String>,
    /// Its process id.
    pub pid: Option<u32>,
    /// A free port to offer.
    pub free: u16,
}

/// Whether the gateway shall turn new requests away.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct PauseSwitch {
    /// True turns them away, false lets them in.
    pub paused: bool,
}

/// Shows the gateway, its channels and its problems at one glance.
pub async fn overview(sluice: &Arc<Sluice>, _: Nothing) -> Result<Overview, Fault> {
    let status = sluice.gateway.status();
    let snapshot = sluice.snapshot();
    let now = status.timestamp;
    let channels = channels::lines(sluice);
    // A gateway that stays where it is, because its new port is taken, is not shut out.
    let port_conflict = sluice.doors.conflict().filter(|_| sluice.addresses().is_empty());
    Ok(Overview {
        version: crate::VERSION.to_owned(),
        state: state(status.status, sluice.gateway.is_paused(), port_conflict.is_some()),
        addresses: sluice.addresses().iter().map(ToString::to_string).collect(),
        endpoint: sluice.endpoint(),
        paused: sluice.gateway.is_paused(),
        demo: sluice.home().is_none(),
        config_file: sluice.config.path(),
        editable: sluice.is_editable(),
        client_keys_required: snapshot.server.client_keys == ClientKeys::Required,
        client_key_hint: sluice.client_key_hint(),
        vault: sluice.vault.state(),
        problems: problems(sluice, &snapshot, &channels),
        last_problem: sluice.tally.last_problem(),
        port_conflict,
        counters: Counters { in_flight: status.in_flight, ..sluice.tally.counters(now, &snapshot.zone) },
        hours: sluice.tally.hours(now),
        flow: sluice.tally.flow(now),
        channels,
        started: status.started,
        timestamp: now,
        refused_callers: sluice.gateway.refused_callers(),
    })
}

/// Turns new requests away with 503 until it is asked to let them in again; those that run go on.
pub async fn set_paused(sluice: &Arc<Sluice>, switch: PauseSwitch) -> Result<Nothing, Fault> {
    sluice.gateway.set_paused(switch.paused);
    tracing::info!(
        paused = switch.paused,
        "{}",
        if switch.paused { "paused: new requests are turned away" } else { "resumed" }
    );
    sluice.happenings.tell(Happening::Gateway);
    sluice.happenings.changed();
    Ok(Nothing {})
}

fn state(health: HealthStatus, paused: bool, shut_out: bool) -> GatewayState {
    match health {
        _ if shut_out => GatewayState::Stopped,
        _ if paused => GatewayState::Paused,
        HealthStatus::Healthy => GatewayState::Ok,
        HealthStatus::Degraded => GatewayState::Degraded,
        HealthStatus::Down => GatewayState::Down,
    }
}

/// What is wrong with the file, and what the channels' state adds to it.
fn problems(sluice: &Sluice, snapshot: &Snapshot, lines: &[ChannelLine]) -> Vec<Problem> {
    let findings = sluice.problems();
    let mut problems: Vec<Problem> = store::gravest_first(&findings)
        .into_iter()
        .map(|finding| Problem::of(finding, &snapshot.channels))
        .collect();
    if lines.is_empty() {
        problems.push(Problem::of_state(
            "no_channel",
            Severity::Advice,
            "no channel is configured yet",
            None,
        ));
    }
    let refused =
        lines.iter().filter(|line| line.reason_code == Some(ReasonCode::Failure(Class::Credential)));
    for line in refused {
        let message = line.last_error.as_ref().map_or("its key is refused", |error| &error.message);
        problems.insert(0, Problem::of_state("key_refused", Severity::Warning, message, Some(&line.name)));
    }
    problems
}

impl Sluice {
    /// The base URL for people to copy, without a path: where it listens, or would.
    pub fn endpoint(&self) -> String {
        let listens = self.addresses().first().copied();
        let would = || self.snapshot().server.listen.first().copied();
        listens.or_else(would).map_or_else(String::new, reachable)
    }
}

/// The URL at which this machine reaches a listening address.
fn reachable(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}
