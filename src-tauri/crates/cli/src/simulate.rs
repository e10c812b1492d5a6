//! `sluice sim`: a simulated provider until somebody stops it.

use std::io::Write;

use anyhow::Context;
use sim::{Plan, Rule, Simulator};

use crate::Outcome;
use crate::args::{Everywhere, Sim};
use crate::paint::Paint;
use crate::signals::Signals;

/// Runs the simulator with the script's rules.
pub(crate) async fn run(everywhere: &Everywhere, options: &Sim) -> anyhow::Result<Outcome> {
    journal::start_brief(Paint::for_stderr().colours());
    let mut plan = Plan::steady("sim").on_port(options.port);
    if let Some(path) = &options.script {
        let text = std::fs::read(path).with_context(|| format!("fault script {}", path.display()))?;
        let rules: Vec<Rule> =
            serde_json::from_slice(&text).with_context(|| format!("fault script {}", path.display()))?;
        plan = plan.scripted(rules);
    }
    if options.strict {
        plan = plan.strict();
    }
    let mut signals = Signals::listen()?;
    let simulator = Simulator::start(plan).await.with_context(|| format!("port {}", options.port))?;
    let url = simulator.url();
    // Whoever started it with a closed standard output knows the port.
    let _ = std::io::stdout().write_all(introduction(&url, everywhere.json).as_bytes());
    signals.next().await;
    simulator.stop().await;
    Ok(Outcome::done(""))
}

fn introduction(url: &str, json: bool) -> String {
    let (base_url, requests) = (format!("{url}/v1"), format!("{url}/__sim/requests"));
    if json {
        return serde_json::json!({ "url": url, "base_url": base_url, "requests": requests }).to_string()
            + "\n";
    }
    format!(
        "simulated provider at {url}\n  base URL for OpenAI clients  {base_url}\n  what it saw                  {requests}\n"
    )
}
