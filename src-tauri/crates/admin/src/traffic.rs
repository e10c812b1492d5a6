//! The last requests, and why they went where they went.

use std::sync::Arc;

use gateway::Trace;
use serde::{Deserialize, Serialize};

use crate::{Fault, Sluice};

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct RequestName {
    /// Its id from `x-sluice-request-id`, a unique beginning of it, or `last`.
    pub id: String,
}

/// The newest requests.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Newest {
    /// How many; 20 where it is left out.
    #[serde(default)]
    #[ts(optional)]
    pub count: Option<usize>,
}

/// How many traces are returned where the caller names no number.
const NEWEST_TRACES: usize = 20;

/// Tells why one of the last requests went where it went.
pub async fn why(sluice: &Arc<Sluice>, request: RequestName) -> Result<Arc<Trace>, Fault> {
    sluice.gateway.trace(&request.id).ok_or_else(|| {
        if sluice.gateway.traces(1).is_empty() {
            return Fault::not_found("no request has been made yet since the gateway started");
        }
        Fault::not_found(format!(
            "no request {:?} among the last ones: the id stands in the answer's header x-sluice-request-id, or ask for \"last\"",
            request.id
        ))
    })
}

/// Returns the newest traces, newest first.
pub async fn traces(sluice: &Arc<Sluice>, newest: Newest) -> Result<Vec<Arc<Trace>>, Fault> {
    Ok(sluice.gateway.traces(newest.count.unwrap_or(NEWEST_TRACES)))
}
