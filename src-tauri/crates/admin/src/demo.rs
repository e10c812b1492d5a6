//! The demo: two simulated channels, so that answers, streams and a failover are seen without any key.

use std::io;
use std::time::Duration;

use sim::{Plan, Simulator};
use store::Environment;

/// The model name of the demo; both simulated channels answer to it.
pub const DEMO_MODEL: &str = "demo";

/// The client key of the demo where `SLUICE_KEY` gives none. It guards nothing: behind it are only simulators.
pub const DEMO_CLIENT_KEY: &str = "sk-sluice-demo";

/// The admin token of the demo where `SLUICE_ADMIN_TOKEN` gives none, so that `sluice why last` finds it without a file.
/// It may be known because the demo's configuration cannot refer to any secret: see [`Demo::environment`].
pub const DEMO_ADMIN_TOKEN: &str = "sluice-admin-demo";

/// The variable that the demo's channels name as their key. It exists only in the demo's view of the environment.
const KEY_VARIABLE: &str = "SLUICE_DEMO_KEY";

const PORT_VARIABLE: &str = "PORT";

/// How a person can watch a stream: a moment before the head, then a word at a time.
const LATENCY: Duration = Duration::from_millis(20);
const EVENT_GAP: Duration = Duration::from_millis(30);

/// The running simulators. Dropped, they stop.
pub(crate) struct Demo {
    flaky: Simulator,
    steady: Simulator,
}

impl Demo {
    /// Starts both simulated providers on ports of 127.0.0.1 that the system chooses.
    pub(crate) async fn start() -> io::Result<Demo> {
        let pace = |plan: Plan| Plan {
            models: vec![DEMO_MODEL.to_owned()],
            ..plan.paced(LATENCY, EVENT_GAP).forgetful()
        };
        Ok(Demo {
            flaky: Simulator::start(pace(Plan::flaky("flaky"))).await?,
            steady: Simulator::start(pace(Plan::steady("steady"))).await?,
        })
    }

    /// The configuration that leads to them.
    pub(crate) fn configuration(&self) -> String {
        let flaky = channel("flaky", 1, &self.flaky.url());
        let steady = channel("steady", 2, &self.steady.url());
        format!("version = 1\n{flaky}{steady}")
    }

    /// What the demo's configuration may refer to: the simulators' key and the port, and nothing that is the user's.
    pub(crate) fn environment(process: &Environment) -> Environment {
        let shown = Environment::fixed([(KEY_VARIABLE, "sim")]);
        match process.get(PORT_VARIABLE) {
            Some(port) => shown.with(PORT_VARIABLE, &port),
            None => shown,
        }
    }
}

/// One simulated channel that speaks every protocol. Without retries of its own, so that a failure goes straight to the
/// next channel and is seen.
fn channel(name: &str, priority: u32, url: &str) -> String {
    format!(
        r#"
[[channel]]
name = "{name}"
base_url = "{url}"
protocols = ["chat", "responses", "messages", "gemini"]
key = {{ env = "{KEY_VARIABLE}" }}
model = "{DEMO_MODEL}"
priority = {priority}
max_retries = 0
"#
    )
}
