//! Operations that look and change nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use config::Finding;
use gateway::{Explained, Status, Trace};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Kept;
use wire::Protocol;

use crate::{OperationFault, Sluice};

/// How many traces are returned where the caller names no number.
const NEWEST_TRACES: usize = 20;

/// A request that has nothing to say.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Everything about the gateway at one glance.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Our version.
    pub version: String,
    /// Where it listens; empty where none runs.
    pub addresses: Vec<SocketAddr>,
    /// The configuration file, where there is one.
    pub config_file: Option<PathBuf>,
    /// Where the client key is kept.
    pub client_key: Option<String>,
    /// What a person should know.
    pub problems: Vec<Problem>,
    /// The gateway's own account of its channels.
    pub status: Status,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `advice`, `warning` or `error`.
    pub severity: String,
    /// Where and what, on one line.
    pub message: String,
}

impl From<&Finding> for Problem {
    fn from(finding: &Finding) -> Problem {
        Problem { severity: finding.severity.to_string(), message: finding.to_string() }
    }
}

/// What a model name means.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteQuestion {
    /// The name as a client would ask for it.
    pub model: String,
    /// The protocol that the client would speak; Chat where it is left out.
    #[serde(default = "chat")]
    pub protocol: Protocol,
}

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestName {
    /// Its id from `x-sluice-request-id`, a unique beginning of it, or `last`.
    pub id: String,
}

/// The newest requests.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newest {
    /// How many; 20 where it is left out.
    pub count: Option<usize>,
}

/// Shows the gateway, its channels and its problems at one glance.
pub async fn overview(sluice: &Arc<Sluice>, _: Nothing) -> Result<Overview, OperationFault> {
    Ok(Overview {
        version: crate::VERSION.to_owned(),
        addresses: sluice.addresses(),
        config_file: sluice.config.path(),
        client_key: sluice.client_keys().map(|keys| kept_words(keys.kept())),
        problems: store::gravest_first(&sluice.problems()).into_iter().map(Problem::from).collect(),
        status: sluice.gateway.status(),
    })
}

/// Explains what a model name means now: the rule, the candidates in order, and who is left out and why.
pub async fn route_model(sluice: &Arc<Sluice>, question: RouteQuestion) -> Result<Explained, OperationFault> {
    Ok(sluice.gateway.explain(Some(&question.model), question.protocol))
}

/// Tells why one of the last requests went where it went.
pub async fn why(sluice: &Arc<Sluice>, request: RequestName) -> Result<Arc<Trace>, OperationFault> {
    sluice.gateway.trace(&request.id).ok_or_else(|| {
        if sluice.gateway.traces(1).is_empty() {
            return OperationFault::not_found("no request has been made yet since the gateway started");
        }
        OperationFault::not_found(format!(
            "no request {:?} among the last ones: the id stands in the answer's header x-sluice-request-id, or ask for \"last\"",
            request.id
        ))
    })
}

/// Returns the newest traces, newest first.
pub async fn traces(sluice: &Arc<Sluice>, newest: Newest) -> Result<Vec<Arc<Trace>>, OperationFault> {
    Ok(sluice.gateway.traces(newest.count.unwrap_or(NEWEST_TRACES)))
}

/// Returns the JSON Schema of the configuration file.
pub async fn schema(_: &Arc<Sluice>, _: Nothing) -> Result<Value, OperationFault> {
    Ok(config::schema())
}

/// Where a secret is to be found, as a clause.
pub(crate) fn kept_clause(kept: &Kept) -> String {
    match kept {
        Kept::Variable(name) => format!("it is in the variable {name}"),
        Kept::File(path) => format!("it is kept in {}", path.display()),
        Kept::Memory => "it was printed when the gateway started".to_owned(),
    }
}

/// Where a secret is kept, in words.
pub(crate) fn kept_words(kept: &Kept) -> String {
    match kept {
        Kept::Variable(name) => format!("the variable {name}"),
        Kept::File(path) => path.display().to_string(),
        Kept::Memory => "printed when the gateway started".to_owned(),
    }
}

fn chat() -> Protocol {
    Protocol::Chat
}
