//! `sluice pause` and `sluice resume`.

use serde_json::json;

use crate::Outcome;
use crate::args::Everywhere;
use crate::door::Door;
use crate::paint::Paint;

/// Asks the running gateway to turn new requests away, or to let them in again.
pub(crate) async fn run(everywhere: &Everywhere, paused: bool) -> anyhow::Result<Outcome> {
    journal::start_brief(Paint::for_stderr().colours());
    let door = Door::to_gateway(everywhere).await?;
    let reply = door.call("set_paused", json!({ "paused": paused })).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    Ok(Outcome::done(if paused {
        "paused: new requests are turned away with 503; `sluice resume` lets them in again\n"
    } else {
        "new requests are let in again\n"
    }))
}
