//! Tests one network proxy step by step: its name, its port, its login, and a target beyond it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use config::{Hop, Proxy};
use http::HeaderMap;
use jiff::Timestamp;
use pool::Class;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpStream, lookup_host};
use url::Url;

use crate::{fix::Fix, gateway::Gateway, upstream};

/// What a test of one proxy found.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS)]
pub struct ProxyReport {
    /// The proxy's name.
    pub proxy: Arc<str>,
    /// Whether every step succeeded.
    pub ok: bool,
    /// When it began.
    #[ts(type = "Timestamp")]
    pub at: Timestamp,
    /// The steps in their order; those behind a failed one are left out.
    pub steps: Vec<ProxyStep>,
    /// How long all of it took, in milliseconds.
    pub total_ms: f64,
    /// What was said where a step failed.
    pub error: Option<String>,
    /// What to do about it.
    pub fix_code: Option<Fix>,
    /// The same in words.
    pub fix: Option<String>,
}

/// One step of a proxy's test.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS)]
pub struct ProxyStep {
    /// Which step.
    pub name: ProxyStepName,
    /// Whether it succeeded.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// What was found, in words.
    pub detail: String,
}

/// The steps of a proxy's test, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ProxyStepName {
    /// The proxy's host name leads to an address.
    Resolve,
    /// The proxy takes connections.
    Connect,
    /// The proxy accepts the login, or wants none.
    Auth,
    /// A server answers through the proxy.
    Reach,
}

/// How long the way to the target and back may take.
const REACH: Duration = Duration::from_secs(20);

impl Gateway {
    /// Tests a proxy, which need not be part of the configuration, by asking `target` for its root by way of it. Any
    /// answer of the target counts, whatever its status.
    pub async fn test_proxy(&self, proxy: Arc<Proxy>, target: &Url) -> ProxyReport {
        let mut test = Test {
            gateway: self,
            report: ProxyReport {
                proxy: Arc::clone(&proxy.name),
                ok: true,
                at: self.clock.now().wall,
                steps: Vec::new(),
                total_ms: 0.0,
                error: None,
                fix_code: None,
                fix: None,
            },
            step_began: self.clock.mono(),
            proxy,
        };
        if let Err((words, fix)) = test.run(target).await {
            test.report.ok = false;
            test.report.error = Some(words);
            test.report.fix_code = Some(fix);
            test.report.fix = Some(fix.words().to_owned());
        }
        test.report.total_ms = test.report.steps.iter().map(|step| step.ms).sum();
        test.report
    }
}

struct Test<'a> {
    gateway: &'a Gateway,
    proxy: Arc<Proxy>,
    report: ProxyReport,
    step_began: Duration,
}

type Missed = (String, Fix);

impl Test<'_> {
    async fn run(&mut self, target: &Url) -> Result<(), Missed> {
        let addresses = self.resolve().await?;
        self.connect(&addresses).await?;
        self.beyond(target).await
    }

    async fn resolve(&mut self) -> Result<Vec<SocketAddr>, Missed> {
        let host = self.proxy.host.trim_matches(['[', ']']).to_owned();
        let found =
            tokio::time::timeout(self.gateway.timers.connect, lookup_host((host.as_str(), self.proxy.port)));
        let addresses: Vec<SocketAddr> = match found.await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => {
                return Err(self.missed(
                    ProxyStepName::Resolve,
                    format!("{host}: {error}"),
                    Fix::CheckProxyHost,
                ));
            }
            Err(_elapsed) => {
                return Err(self.missed(
                    ProxyStepName::Resolve,
                    format!("{host}: the name server does not answer"),
                    Fix::CheckProxyHost,
                ));
            }
        };
        let Some(first) = addresses.first() else {
            return Err(self.missed(
                ProxyStepName::Resolve,
                format!("{host}: no address"),
                Fix::CheckProxyHost,
            ));
        };
        let shown = if first.ip().to_string() == host { host } else { format!("{host} is {}", first.ip()) };
        self.passed(ProxyStepName::Resolve, shown);
        Ok(addresses)
    }

    async fn connect(&mut self, addresses: &[SocketAddr]) -> Result<(), Missed> {
        let port = self.proxy.port;
        match tokio::time::timeout(self.gateway.timers.connect, TcpStream::connect(addresses)).await {
            Ok(Ok(_stream)) => {
                self.passed(ProxyStepName::Connect, format!("port {port} accepts connections"));
                Ok(())
            }
            Ok(Err(error)) => Err(self.missed(
                ProxyStepName::Connect,
                format!("port {port}: {error}"),
                Fix::CheckHostAndPort,
            )),
            Err(_elapsed) => {
                let words = format!("port {port} does not answer");
                Err(self.missed(ProxyStepName::Connect, words, Fix::CheckFirewall))
            }
        }
    }

    /// One exchange tells of both steps: what the proxy refuses is its login, and the rest is the way beyond it.
    async fn beyond(&mut self, target: &Url) -> Result<(), Missed> {
        let hop = Hop::Proxy(Arc::clone(&self.proxy));
        let mut root = target.clone();
        root.set_path("/");
        root.set_query(None);
        let host = target.host_str().unwrap_or_default().to_owned();
        if !upstream::uses_proxy(&hop, &root) {
            self.passed(ProxyStepName::Auth, "not asked".to_owned());
            self.passed(ProxyStepName::Reach, format!("{host} is reached without a proxy"));
            return Ok(());
        }
        if let Some(status) = upstream::login_refused(&hop, &root).await {
            let words = format!("the network proxy wants another login (HTTP {status})");
            return Err(self.missed(ProxyStepName::Auth, words, Fix::CheckProxy));
        }
        let sizes = &self.gateway.sizes;
        match self.gateway.upstream.get(&hop, root, HeaderMap::new(), REACH, sizes).await {
            Ok(reply) => {
                self.let_in();
                self.passed(ProxyStepName::Reach, format!("{host} answers (HTTP {})", reply.status.as_u16()));
                Ok(())
            }
            Err(failure) if failure.class == Class::ProxyFailure => {
                Err(self.missed(ProxyStepName::Auth, failure.message, Fix::CheckProxy))
            }
            Err(failure) => {
                self.let_in();
                Err(self.missed(ProxyStepName::Reach, failure.message, Fix::of(failure.class)))
            }
        }
    }

    /// The proxy has passed the exchange on, with a login or without one.
    fn let_in(&mut self) {
        let login = if self.proxy.username.is_some() { "login accepted" } else { "no login wanted" };
        self.passed(ProxyStepName::Auth, login.to_owned());
    }

    fn passed(&mut self, name: ProxyStepName, detail: String) {
        self.step(name, true, detail);
    }

    fn missed(&mut self, name: ProxyStepName, words: String, fix: Fix) -> Missed {
        self.step(name, false, words.clone());
        (words, fix)
    }

    fn step(&mut self, name: ProxyStepName, ok: bool, detail: String) {
        let now = self.gateway.clock.mono();
        let took = now.saturating_sub(self.step_began);
        self.step_began = now;
        self.report.steps.push(ProxyStep { name, ok, ms: took.as_secs_f64() * 1e3, detail });
    }
}
