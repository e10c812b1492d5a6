//! From an opened product to a running gateway, and its clean end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use config::Snapshot;
use gateway::{BindFault, Listening};
use store::{AdminToken, Instance, InstanceFault, Running, SecretFault};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{PortOwner, Sluice, VERSION, http};

/// The gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// Another one runs in this home.
    #[error(transparent)]
    Instance(#[from] InstanceFault),
    /// A secret file cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretFault),
    /// An address cannot be bound.
    #[error("{}", refused_address(fault, owner.as_ref()))]
    Bind {
        /// The address and the system's reason.
        fault: BindFault,
        /// Who has it, where that can be told.
        owner: Option<PortOwner>,
    },
    /// Other programs cannot be told where the gateway listens.
    #[error("the running gateway cannot be announced in {SLUICE_RUN}: {0}")]
    Announce(#[source] io::Error),
}

const SLUICE_RUN: &str = "the home's run folder";

/// A gateway that listens and is about to serve.
pub struct Serving {
    sluice: Arc<Sluice>,
    listening: Listening,
    token: AdminToken,
    /// Held to keep a second gateway out of the home; the demo has none.
    _instance: Option<Instance>,
}

/// What the HTTP door needs to know of the admin token.
pub(crate) struct AdminDoor {
    pub(crate) token: AdminToken,
}

impl Sluice {
    /// Becomes the home's running gateway: takes the home, binds the addresses, watches the configuration.
    pub async fn bind(self: &Arc<Self>) -> Result<Serving, StartFault> {
        let instance = self.home().map(Instance::acquire).transpose()?;
        let token = self.open_doors()?;
        let asked = self.snapshot().server.listen.clone();
        let listening = gateway::bind(&asked).await.map_err(explained)?;
        for fault in &listening.left_out {
            tracing::warn!("{fault}");
        }
        let addresses: Vec<SocketAddr> = listening.addresses().collect();
        if let Some(instance) = &instance {
            instance.announce(&running(&addresses)).map_err(StartFault::Announce)?;
        }
        self.listens_on(addresses);
        self.report_opening();
        if let Err(fault) = self.config.watch() {
            tracing::warn!("{fault}");
        }
        Ok(Serving { sluice: Arc::clone(self), listening, token, _instance: instance })
    }
}

impl Serving {
    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sluice.addresses()
    }

    /// The token of the `/api` routes.
    pub fn admin_token(&self) -> &AdminToken {
        &self.token
    }

    /// Serves until `stop`, then lets running requests end within the drain time.
    pub async fn run(self, stop: CancellationToken) {
        let api = http::router(&self.sluice, AdminDoor { token: self.token });
        let notices = tokio::spawn(notice_what_needs_a_restart(self.sluice.snapshots()));
        gateway::serve(Arc::clone(&self.sluice.gateway), self.listening, Some(api), stop).await;
        notices.abort();
    }
}

/// Says when the configuration asks for what only a start puts in force: other addresses, another log.
async fn notice_what_needs_a_restart(mut snapshots: watch::Receiver<Arc<Snapshot>>) {
    let started = Arc::clone(&snapshots.borrow_and_update());
    while snapshots.changed().await.is_ok() {
        let now = snapshots.borrow_and_update();
        if now.server.listen != started.server.listen {
            tracing::warn!("other addresses or another port take effect at the next start");
        }
        if now.log != started.log {
            tracing::warn!("log.level and log.files take effect at the next start");
        }
    }
}

fn running(addresses: &[SocketAddr]) -> Running {
    Running { addresses: addresses.to_vec(), pid: std::process::id(), version: VERSION.to_owned() }
}

fn explained(fault: BindFault) -> StartFault {
    let taken = fault.error.kind() == io::ErrorKind::AddrInUse;
    let owner = taken.then(|| PortOwner::find(fault.address)).flatten();
    StartFault::Bind { fault, owner }
}

fn refused_address(fault: &BindFault, owner: Option<&PortOwner>) -> String {
    let address = fault.address;
    match owner {
        Some(owner) => format!(
            "{address} is already in use by {owner}: stop it, or choose another port with --listen {}",
            address.port().wrapping_add(1)
        ),
        None if fault.error.kind() == io::ErrorKind::AddrInUse => {
            format!(
                "{address} is already in use by another program: choose another port with --listen or PORT"
            )
        }
        None => fault.to_string(),
    }
}
