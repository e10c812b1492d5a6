//! `sluice proxies`: list the network proxies, or try one.

use admin::Nothing;
use serde::Deserialize;
use serde_json::json;

use crate::args::{Everywhere, Proxies};
use crate::door::Door;
use crate::{Outcome, probe, table};

/// What is shown of a proxy.
#[derive(Deserialize)]
struct ProxyLine {
    name: String,
    #[serde(rename = "type")]
    scheme: String,
    host: String,
    port: u16,
    used_by: Vec<String>,
}

/// Lists the proxies, or tries one; then the exit code says whether it works.
pub(crate) async fn run(everywhere: &Everywhere, change: Option<Proxies>) -> anyhow::Result<Outcome> {
    let door = crate::door(everywhere).await?;
    match change {
        None | Some(Proxies::List) => list(everywhere, &door).await,
        Some(Proxies::Test { name }) => test(everywhere, &door, &name).await,
    }
}

async fn list(everywhere: &Everywhere, door: &Door) -> anyhow::Result<Outcome> {
    let reply = door.call("list_proxies", Nothing {}).await?;
    if everywhere.json {
        return Outcome::json(&reply);
    }
    let proxies: Vec<ProxyLine> = serde_json::from_value(reply)?;
    if proxies.is_empty() {
        return Ok(Outcome::done("no network proxy; channels go straight to their upstreams\n"));
    }
    let head = ["NAME", "ADDRESS", "USED BY"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(proxies.iter().map(row)).collect();
    Ok(Outcome::done(table::columns(&rows)))
}

fn row(proxy: &ProxyLine) -> Vec<String> {
    let used_by = if proxy.used_by.is_empty() { "-".to_owned() } else { proxy.used_by.join(", ") };
    vec![proxy.name.clone(), format!("{}://{}:{}", proxy.scheme, proxy.host, proxy.port), used_by]
}

async fn test(everywhere: &Everywhere, door: &Door, name: &str) -> anyhow::Result<Outcome> {
    let reply = door.call("test_proxy", json!({ "name": name })).await?;
    probe::told(everywhere, &reply)
}
