//! How a command reaches the operations: through the running gateway, or in this process when none runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use admin::{DEMO_ADMIN_TOKEN, OpenOptions, Sluice};
use anyhow::{Context, bail};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use store::{ADMIN_TOKEN_VARIABLE, AdminToken, Environment, Home, Running};

use crate::args::Everywhere;
use crate::fault::Told;

/// A gateway on this machine accepts at once or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// More than the largest reply: 500 traces.
const REPLY_BYTES_MAX: usize = 64 << 20;
/// A gateway says who it is at once; whoever else holds the port may never answer.
const INTRODUCTION_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a command waits for a vault that has not answered yet.
const VAULT_TIME: Duration = Duration::from_secs(10);
/// What every gateway calls itself at `GET /`.
const SERVICE: &str = "sluice";
/// Where the demo listens, unless `PORT` says otherwise.
const DEMO_PORT: &str = "7584";
const PORT_VARIABLE: &str = "PORT";

/// A way to the operations.
pub(crate) enum Door {
    /// Over HTTP, into the gateway that runs.
    Running(Remote),
    /// In this process, on the configuration file.
    Here(Arc<Sluice>),
}

/// A running gateway's `/api`.
pub(crate) struct Remote {
    http: reqwest::Client,
    url: String,
    token: SecretString,
}

impl Door {
    /// Opens the way to the gateway that runs in the home, or to the file if none does.
    pub(crate) async fn to_file_or_gateway(everywhere: &Everywhere) -> anyhow::Result<Door> {
        if everywhere.config.is_none()
            && let Some(remote) = Remote::find(everywhere)?
        {
            return Ok(Door::Running(remote));
        }
        Door::to_file(everywhere).await
    }

    /// Opens the way as [`Door::to_file_or_gateway`] does, but to the demo where the home has nothing to show: neither a
    /// gateway nor a configuration.
    pub(crate) async fn to_anything(everywhere: &Everywhere) -> anyhow::Result<Door> {
        if everywhere.config.is_some() {
            return Door::to_file(everywhere).await;
        }
        if let Some(remote) = Remote::find(everywhere)? {
            return Ok(Door::Running(remote));
        }
        let configured = Home::find(&Environment::process()).is_ok_and(|home| home.config().exists());
        if !configured && let Some(demo) = Remote::demo().await? {
            return Ok(Door::Running(demo));
        }
        Door::to_file(everywhere).await
    }

    /// Opens the way to a gateway that runs, the demo's too.
    pub(crate) async fn to_gateway(everywhere: &Everywhere) -> anyhow::Result<Door> {
        if let Some(remote) = Remote::find(everywhere)? {
            return Ok(Door::Running(remote));
        }
        match Remote::demo().await? {
            Some(demo) => Ok(Door::Running(demo)),
            None => bail!("no gateway runs: start one with `sluice serve`, or name it with --url"),
        }
    }

    async fn to_file(everywhere: &Everywhere) -> anyhow::Result<Door> {
        let options =
            OpenOptions { config_file: everywhere.config.clone(), ..OpenOptions::of_this_process() };
        let sluice = Sluice::open(options).await?;
        sluice.report_opening();
        sluice.settled(VAULT_TIME).await;
        Ok(Door::Here(sluice))
    }

    /// The product in this process, for what no running gateway tells: the text of a key.
    pub(crate) async fn here(everywhere: &Everywhere) -> anyhow::Result<Arc<Sluice>> {
        let options =
            OpenOptions { config_file: everywhere.config.clone(), ..OpenOptions::of_this_process() };
        let sluice = Sluice::open(options).await?;
        sluice.settled(VAULT_TIME).await;
        Ok(sluice)
    }

    /// Ends what a removal leaves behind where it was made in this process, which cannot bring anything back.
    pub(crate) async fn settle(&self) {
        match self {
            Door::Running(_) => {}
            Door::Here(sluice) => sluice.forget_removed().await,
        }
    }

    /// Performs one operation of the table.
    pub(crate) async fn call(&self, operation: &str, request: impl Serialize) -> anyhow::Result<Value> {
        match self {
            Door::Running(remote) => remote.call(operation, &request).await,
            Door::Here(sluice) => {
                let request = serde_json::to_value(request)?;
                Ok(admin::perform(sluice, operation, request).await?)
            }
        }
    }
}

impl Remote {
    /// Finds the gateway that `--url` names, or else the one that runs in this home.
    fn find(everywhere: &Everywhere) -> anyhow::Result<Option<Remote>> {
        let environment = Environment::process();
        let home = Home::find(&environment).ok();
        let running = home.as_ref().and_then(Running::find);
        let announced = running.map(|running| running.addresses).unwrap_or_default();
        let own = || own_token(home.as_ref(), &environment);
        match &everywhere.url {
            Some(given) => {
                let url = complete(given)?;
                // The home's token is for the home's gateway; another address gets only what its user names for it.
                let token =
                    if is_announced(&url, &announced) { own()? } else { token_for_others(&environment) };
                let url = url.as_str().trim_end_matches('/').to_owned();
                Remote::new(url, token).map(Some)
            }
            None => match announced.first() {
                Some(address) => Remote::new(reachable(*address), own()?).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Finds a demo where demos listen. Nobody vouches for whoever holds that port: it is told the demo's token, which
    /// everybody knows, and no other.
    async fn demo() -> anyhow::Result<Option<Remote>> {
        let port = Environment::process().filled(PORT_VARIABLE);
        let port = port.as_deref().unwrap_or(DEMO_PORT);
        let demo = Remote::new(format!("http://127.0.0.1:{port}"), DEMO_ADMIN_TOKEN.into())?;
        Ok(demo.is_sluice().await.then_some(demo))
    }

    fn new(url: String, token: SecretString) -> anyhow::Result<Remote> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Remote { http, url, token })
    }

    /// Tells whether a gateway of ours answers, without presenting any token.
    async fn is_sluice(&self) -> bool {
        let asked = self.http.get(&self.url).timeout(INTRODUCTION_TIMEOUT).send().await;
        let Ok(response) = asked else { return false };
        let Ok(body) = bounded_body(response).await else { return false };
        serde_json::from_slice::<Value>(&body).is_ok_and(|info| info["service"] == SERVICE)
    }

    async fn call(&self, operation: &str, request: &impl Serialize) -> anyhow::Result<Value> {
        let response = self
            .http
            .post(format!("{}/api/{operation}", self.url))
            .bearer_auth(self.token.expose_secret())
            .header("content-type", "application/json")
            .body(serde_json::to_vec(request)?)
            .send()
            .await
            .with_context(|| format!("the gateway at {} does not answer", self.url))?;
        let status = response.status();
        let body = bounded_body(response).await?;
        let reply: Value = serde_json::from_slice(&body)
            .with_context(|| format!("{} is no Sluice gateway: HTTP {status}", self.url))?;
        if status.is_success() {
            return Ok(reply);
        }
        match serde_json::from_value(reply["error"].clone()) {
            Ok(told) => Err(anyhow::Error::new::<Told>(told)),
            Err(_) => bail!("the gateway answered HTTP {status}"),
        }
    }
}

/// Reads an address as people give it: the scheme may be left out.
fn complete(given: &str) -> anyhow::Result<Url> {
    let given = given.trim();
    let url = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    url.parse().with_context(|| format!("--url {given:?} is no address of a gateway"))
}

/// Tells whether a URL means one of the addresses that the home's gateway announced.
fn is_announced(url: &Url, announced: &[SocketAddr]) -> bool {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    url.scheme() == "http"
        && announced.iter().map(|address| on_this_machine(*address)).any(|address| {
            let same_host = match ip {
                Ok(ip) => ip == address.ip(),
                Err(_) => host == "localhost" && address.ip().is_loopback(),
            };
            same_host && port == address.port()
        })
}

/// The token that the home's gateway wants.
fn own_token(home: Option<&Home>, environment: &Environment) -> anyhow::Result<SecretString> {
    let token = home.and_then(|home| AdminToken::find(home, environment)).with_context(|| {
        let place = home.map(|home| format!(" in {}", home.admin_token().display())).unwrap_or_default();
        format!("the running gateway's admin token is not{place}: set {ADMIN_TOKEN_VARIABLE}")
    })?;
    Ok(token.secret().clone())
}

/// The token for a gateway that the user names: the one that the user names with it, or the demo's.
fn token_for_others(environment: &Environment) -> SecretString {
    let given = environment.filled(ADMIN_TOKEN_VARIABLE);
    given.unwrap_or_else(|| DEMO_ADMIN_TOKEN.to_owned()).into()
}

/// The URL at which a client on this machine reaches a listener.
pub(crate) fn reachable(address: SocketAddr) -> String {
    format!("http://{}", on_this_machine(address))
}

/// An address that a client on this machine can connect to: a gateway on every address is also on loopback.
fn on_this_machine(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}

async fn bounded_body(mut response: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            bail!("the reply is larger than {REPLY_BYTES_MAX} bytes");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_address_of_the_homes_gateway_is_known_however_it_is_written() {
        let announced = ["127.0.0.1:7901".parse().unwrap(), "[::]:7902".parse().unwrap()];
        for (given, known) in [
            ("http://127.0.0.1:7901", true),
            ("http://127.0.0.1:7901/", true),
            ("127.0.0.1:7901", true),
            ("localhost:7901", true),
            ("http://[::1]:7902", true),
            ("https://127.0.0.1:7901", false),
            ("127.0.0.1:7900", false),
            ("http://127.0.0.1.example.com:7901", false),
            ("http://example.com:7901", false),
            ("http://127.0.0.1:7901@example.com", false),
        ] {
            assert_eq!(is_announced(&complete(given).unwrap(), &announced), known, "{given}");
        }
    }
}
