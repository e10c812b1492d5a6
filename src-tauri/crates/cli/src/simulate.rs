//! `sluice sim`: a simulated provider until somebody stops it.

use std::io::Write;

use anyhow::Context;
use sim::{Plan, Rule, Simulator};

use crate::args::Sim;
use crate::signals::Signals;
use crate::{Outcome, log};

/// Runs the simulator with the script's rules.
pub(crate) async fn run(options: &Sim) -> anyhow::Result<Outcome> {
    log::start_brief();
    let mut plan = Plan::steady("sim").on_port(options.port);
    if let Some(path) = &options.script {
        let text = std::fs::read(path).with_context(|| format!("fault script {}", path.display()))?;
        let rules: Vec<Rule> =
            serde_json::from_slice(&text).with_context(|| format!("fault script {}", path.display()))?;
        plan = plan.scripted(rules);
    }
    let mut signals = Signals::listen()?;
    let simulator = Simulator::start(plan).await.with_context(|| format!("port {}", options.port))?;
    let url = simulator.url();
    // Whoever started it with a closed standard output knows the port.
    let _ = writeln!(
        std::io::stdout(),
        "simulated provider at {url}\n  base URL for OpenAI clients  {url}/v1\n  what it saw                  {url}/__sim/requests"
    );
    signals.next().await;
    simulator.stop().await;
    Ok(Outcome::done(""))
}
