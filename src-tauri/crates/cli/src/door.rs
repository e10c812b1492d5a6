//! How a command reaches the operations: through the running gateway, or in this process when none runs.

use std::sync::Arc;
use std::time::Duration;

use admin::{DEMO_ADMIN_TOKEN, OpenOptions, Sluice};
use anyhow::{Context, anyhow, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use store::{ADMIN_TOKEN_VARIABLE, AdminToken, Environment, Home, Running};

use crate::args::Everywhere;

/// A gateway on this machine accepts at once or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// More than the largest reply: 500 traces.
const REPLY_BYTES_MAX: usize = 64 << 20;
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
        let options =
            OpenOptions { config_file: everywhere.config.clone(), ..OpenOptions::of_this_process() };
        Ok(Door::Here(Sluice::open(options).await?))
    }

    /// Opens the way to a gateway that runs, the demo's too.
    pub(crate) async fn to_gateway(everywhere: &Everywhere) -> anyhow::Result<Door> {
        if let Some(remote) = Remote::find(everywhere)? {
            return Ok(Door::Running(remote));
        }
        let port = Environment::process().filled(PORT_VARIABLE);
        let port = port.as_deref().unwrap_or(DEMO_PORT);
        let demo = Remote::new(format!("http://127.0.0.1:{port}"), demo_token())?;
        if demo.answers().await {
            return Ok(Door::Running(demo));
        }
        bail!("no gateway runs: start one with `sluice serve`, or name it with --url")
    }

    /// Performs one operation of the table.
    pub(crate) async fn call(&self, operation: &str, request: impl Serialize) -> anyhow::Result<Value> {
        match self {
            Door::Running(remote) => remote.call(operation, &request).await,
            Door::Here(sluice) => {
                let request = serde_json::to_value(request)?;
                admin::perform(sluice, operation, request).await.map_err(anyhow::Error::from)
            }
        }
    }
}

impl Remote {
    fn find(everywhere: &Everywhere) -> anyhow::Result<Option<Remote>> {
        if let Some(url) = &everywhere.url {
            // The home's token is for the home's gateway; another address gets only what its user names for it.
            return Remote::new(url.trim_end_matches('/').to_owned(), demo_token()).map(Some);
        }
        let environment = Environment::process();
        let Ok(home) = Home::find(&environment) else { return Ok(None) };
        let Some(running) = Running::find(&home) else { return Ok(None) };
        let address = running.addresses.first().context("the running gateway names no address")?;
        let token = AdminToken::find(&home, &environment).with_context(|| {
            format!(
                "the running gateway's admin token is not in {}: set {ADMIN_TOKEN_VARIABLE}",
                home.admin_token().display()
            )
        })?;
        Remote::new(reachable(*address), token.secret().clone()).map(Some)
    }

    fn new(url: String, token: SecretString) -> anyhow::Result<Remote> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Remote { http, url, token })
    }

    async fn answers(&self) -> bool {
        self.http.get(format!("{}/health", self.url)).send().await.is_ok()
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
        let message = reply.pointer("/error/message").and_then(Value::as_str);
        Err(message
            .map_or_else(|| anyhow!("the gateway answered HTTP {status}"), |message| anyhow!("{message}")))
    }
}

/// An address that a client on this machine can connect to: a gateway on every address is also on loopback.
fn reachable(mut address: std::net::SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback = match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

fn demo_token() -> SecretString {
    let given = Environment::process().filled(ADMIN_TOKEN_VARIABLE);
    given.unwrap_or_else(|| DEMO_ADMIN_TOKEN.to_owned()).into()
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
