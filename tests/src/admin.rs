//! `sluice serve` as whoever administers it sees it: `/api` over HTTP with the admin token.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::http::{self, Exchange, Request};
use crate::programs::{Running, free_port, place, sluice};
use crate::until;

/// The token of every gateway here.
pub const TOKEN: &str = "sluice-admin-of-the-tests";
/// The client key of every gateway here.
pub const CLIENT_KEY: &str = "sk-sluice-of-the-tests";
/// What opens the vault's file.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A gateway whose port stands in its file, so that it can be moved.
pub struct Administered {
    /// Where it began to listen.
    pub addr: SocketAddr,
    /// Its home, which goes when this is dropped.
    pub home: tempfile::TempDir,
    _program: Running,
}

/// What an operation answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The reply, or the fault.
    pub body: Value,
}

impl Answer {
    /// The reply of an operation that took place.
    pub fn reply(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The code and the field of the fault.
    pub fn fault(&self) -> (&str, &str) {
        let text = |name: &str| self.body["error"][name].as_str().unwrap_or_default();
        (text("code"), text("field"))
    }
}

impl Administered {
    /// Serves this configuration behind a line with its port, with these further environment variables.
    pub async fn start(config: &str, environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let text =
            format!("version = 1\n[server]\nport = {}\nlisten = [\"127.0.0.1\"]\n\n{config}", addr.port());
        place(home.path(), "config.toml", &text);
        let mut command = Command::new(sluice());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("SLUICE_HOME", home.path())
            .env("SLUICE_ADMIN_TOKEN", TOKEN)
            .env("SLUICE_KEY", CLIENT_KEY)
            .envs(environment.iter().copied())
            .arg("serve");
        let [out, err] =
            ["stdout", "stderr"].map(|name| std::fs::File::create(home.path().join(name)).unwrap());
        let program = Running::keeping(command.stdin(Stdio::null()).stdout(out).stderr(err));
        let served = Self { addr, home, _program: program };
        served.listens(addr).await;
        served
    }

    /// Waits until it listens there.
    pub async fn listens(&self, addr: SocketAddr) {
        until(&format!("sluice to listen on {addr}"), || std::net::TcpStream::connect(addr).ok()).await;
    }

    /// Performs an operation.
    pub async fn call(&self, operation: &str, request: Value) -> Answer {
        self.call_at(self.addr, operation, request).await
    }

    /// Performs an operation at another address.
    pub async fn call_at(&self, addr: SocketAddr, operation: &str, request: Value) -> Answer {
        let request = Request::post(&format!("/api/{operation}"), request.to_string()).bearer(TOKEN);
        let reply = http::send(addr, &request).await;
        Answer { status: reply.status, body: reply.json() }
    }

    /// Performs an operation that must take place.
    pub async fn done(&self, operation: &str, request: Value) -> Value {
        self.call(operation, request).await.reply()
    }

    /// Follows what happens.
    pub async fn events(&self) -> Exchange {
        let mut events = Exchange::start(self.addr, &Request::get("/api/events").bearer(TOKEN)).await;
        assert_eq!(events.head().await, 200);
        events
    }

    /// Asks for a completion as a client does.
    pub async fn ask(&self, model: &str) -> http::Reply {
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hello" }] });
        http::send(self.addr, &Request::post("/v1/chat/completions", body.to_string()).bearer(CLIENT_KEY))
            .await
    }

    /// The configuration file.
    pub fn config(&self) -> String {
        std::fs::read_to_string(self.home.path().join("config.toml")).unwrap()
    }

    /// Everything in the home, by its path, as far as it is text.
    pub fn texts(&self) -> Vec<(PathBuf, String)> {
        let mut folders = vec![self.home.path().to_owned()];
        let mut texts = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = std::fs::read(&path) {
                    texts.push((path, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
        }
        texts
    }

    /// Chooses the encrypted file as the vault.
    pub async fn with_vault(self) -> Self {
        let choice = json!({ "kind": "file", "passphrase": PASSPHRASE });
        let state = self.done("choose_vault", choice).await;
        assert_eq!(
            (state["kind"].as_str(), state["state"].as_str()),
            (Some("file"), Some("ready")),
            "{state}"
        );
        self
    }
}

/// A form of a channel with everything as it is by default.
pub fn form(name: &str, base_url: &str) -> Value {
    json!({
        "name": name,
        "type": "openai",
        "base_url": base_url,
        "exact": false,
        "protocols": [],
        "keys": [],
        "model": "m",
        "models": null,
        "model_map": [],
        "params": [],
        "params_force": false,
        "enabled": true,
        "weight": 1,
        "priority": 1,
        "tags": [],
        "timeout_ms": null,
        "max_retries": 2,
        "proxy": { "way": "direct" },
        "rpm": -1,
        "rpd": -1,
    })
}

/// A row of a form for a key in the vault.
pub fn vault_key(secret: &str) -> Value {
    json!({ "name": "default", "source": "vault", "secret": secret, "enabled": true })
}
