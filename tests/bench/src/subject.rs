//! The gateways that are compared: how each is configured and started.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::exchange::{Exchange, KEY};
use crate::process::{self, Running};

/// The floor's name in tables.
pub(crate) const NGINX: &str = "nginx";
/// Our name in tables.
pub(crate) const SLUICE: &str = "sluice";
/// The upstream asked without any gateway.
pub(crate) const DIRECT: &str = "direct";

/// More requests in a minute than any machine does: the limit is counted and never reached.
const NEVER_REACHED_RPM: u32 = 1_000_000_000;

/// Something that answers the load.
pub(crate) struct Subject {
    /// Its name in tables.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process; the upstream itself has none that would count.
    pub(crate) process: Option<Running>,
    /// From its start to its first accepted connection.
    pub(crate) start: Duration,
}

/// Where and how gateways are started.
pub(crate) struct Place<'a> {
    /// The core they have to themselves.
    pub(crate) core: usize,
    /// Where their configuration and logs go.
    pub(crate) folder: &'a Path,
    /// What they forward to.
    pub(crate) upstream: SocketAddr,
}

impl Place<'_> {
    /// Starts nginx as a plain reverse proxy that keeps connections to its upstream.
    pub(crate) fn nginx(&self, program: &str) -> Result<Subject> {
        let address = process::free_address()?;
        let folder = self.subfolder(NGINX)?;
        let file = folder.join("nginx.conf");
        fs::write(&file, nginx_conf(&folder, address, self.upstream))?;
        let mut command = process::pinned(self.core, program);
        command.arg("-p").arg(&folder).arg("-c").arg(&file);
        self.start(NGINX, address, command)
    }

    /// Starts `sluice serve` with two channels, an alias for each, and everything on that a user has on.
    pub(crate) fn sluice(&self, program: &str) -> Result<Subject> {
        let address = process::free_address()?;
        let folder = self.subfolder(SLUICE)?;
        // A folder of its own: it is watched, and the log beside it would wake the watch with each line.
        let configuration = folder.join("config");
        fs::create_dir_all(&configuration)?;
        let file = configuration.join("config.toml");
        fs::write(&file, sluice_toml(self.upstream))?;
        let mut command = process::pinned(self.core, program);
        command.args(["serve", "--listen", &address.to_string(), "--config"]).arg(&file);
        command.env("SLUICE_HOME", folder.join("home")).env("SLUICE_KEY", KEY).env("BENCH_KEY", KEY);
        self.start(SLUICE, address, command)
    }

    /// Starts any other gateway: `PROGRAM LISTEN UPSTREAM`, both as address and port.
    pub(crate) fn peer(&self, name: &str, program: &str) -> Result<Subject> {
        let address = process::free_address()?;
        self.subfolder(name)?;
        let mut command = process::pinned(self.core, program);
        command.arg(address.to_string()).arg(self.upstream.to_string());
        self.start(name, address, command)
    }

    /// The upstream itself, to tell what of a latency is the gateway's.
    pub(crate) fn direct(&self) -> Subject {
        Subject { name: DIRECT.to_owned(), address: self.upstream, process: None, start: Duration::ZERO }
    }

    fn start(&self, name: &str, address: SocketAddr, mut command: Command) -> Result<Subject> {
        let log = File::create(self.folder.join(name).join("output.log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut process = Running::start(command)?;
        let start = process.wait_until_listening(address).with_context(|| {
            format!("{name} did not start; see {}/{name}/output.log", self.folder.display())
        })?;
        Ok(Subject { name: name.to_owned(), address, process: Some(process), start })
    }

    fn subfolder(&self, name: &str) -> Result<std::path::PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// One process and no log, so that its CPU time is the proxying and nothing else.
fn nginx_conf(folder: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 64m;
    client_body_buffer_size 2m;
    keepalive_requests 1000000000;
    upstream provider {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {listen};
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
        }}
    }}
}}
"
    )
}

fn sluice_toml(upstream: SocketAddr) -> String {
    let (chat, messages) = (Exchange::Whole, Exchange::Agent);
    format!(
        "version = 1

[log]
level = \"info\"

[routing.aliases]
\"{chat_alias}\" = \"{chat_model}\"
\"{messages_alias}\" = \"{messages_model}\"

[[channel]]
name = \"chat\"
type = \"openai\"
base_url = \"http://{upstream}/v1\"
key = {{ env = \"BENCH_KEY\" }}
models = [\"{chat_model}\"]
rpm = {NEVER_REACHED_RPM}

[[channel]]
name = \"messages\"
type = \"claude\"
base_url = \"http://{upstream}\"
key = {{ env = \"BENCH_KEY\" }}
models = [\"{messages_model}\"]
rpm = {NEVER_REACHED_RPM}
",
        chat_alias = chat.alias(),
        chat_model = chat.model(),
        messages_alias = messages.alias(),
        messages_model = messages.model(),
    )
}
