//! From an opened product to a running gateway, its moves to other addresses, and its clean end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use config::Snapshot;
use gateway::BindFault;
use store::{AdminToken, Instance, InstanceFault, SecretFault};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::doors::{Doors, House};
use crate::{Fault, FaultCode, Happening, Nothing, PortOwner, Sluice, http};

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

/// A gateway that is about to serve.
pub struct Serving {
    sluice: Arc<Sluice>,
    token: AdminToken,
}

/// What the HTTP door needs to know.
pub(crate) struct AdminDoor {
    pub(crate) token: AdminToken,
    /// Cancelled when the gateway ends, so that streams of events end too.
    pub(crate) stop: CancellationToken,
}

impl Sluice {
    /// Becomes the home's running gateway: takes the home, binds the addresses, watches the configuration.
    pub async fn bind(self: &Arc<Self>) -> Result<Serving, StartFault> {
        self.take_home(|fault| Err(explained(fault))).await
    }

    /// Becomes the home's running gateway as [`Sluice::bind`] does, but goes on where a port is taken: that is a state
    /// which the overview shows, until `retry_listening` or another port ends it. Serves until `stop`, then drains.
    pub async fn serve_from_desktop(self: &Arc<Self>, stop: CancellationToken) -> Result<(), StartFault> {
        let serving = self
            .take_home(|fault| {
                tracing::error!("{}", explained(fault));
                Ok(())
            })
            .await?;
        serving.run(stop).await;
        Ok(())
    }

    async fn take_home(
        self: &Arc<Self>,
        shut_out: impl FnOnce(BindFault) -> Result<(), StartFault>,
    ) -> Result<Serving, StartFault> {
        let instance = self.home().map(Instance::acquire).transpose()?;
        let token = self.open_keys()?;
        let mut doors = self.doors.change().await;
        doors.hold(instance);
        match doors.prepare(&self.snapshot().server.listen).await {
            Ok(ready) => doors.commit(ready).map_err(StartFault::Announce)?,
            Err(fault) => {
                doors.shut_out(&fault);
                if let Err(fault) = shut_out(fault) {
                    doors.hold(None);
                    return Err(fault);
                }
            }
        }
        drop(doors);
        self.report_opening();
        if let Err(fault) = self.config.watch() {
            tracing::warn!("{fault}");
        }
        self.report_addresses();
        Ok(Serving { sluice: Arc::clone(self), token })
    }

    /// Edits the file in a way that moves the gateway: the new address first, then the file, then the old address drains.
    /// Where the new address cannot be had, everything stays as it was.
    pub(crate) async fn move_door(
        self: &Arc<Self>,
        change: impl Fn(&str) -> Result<String, Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let mut doors = self.doors.change().await;
        if !doors.is_serving() {
            return self.edit(change).await;
        }
        let asked = self.would_listen(&change)?;
        let ready = match doors.prepare(&asked).await {
            Ok(ready) => ready,
            Err(fault) => return Err(port_taken(&fault)),
        };
        self.edit(change).await?;
        let announced = doors.commit(ready);
        drop(doors);
        self.door_moved();
        announced.map_err(|error| Fault::failed(format!("the new address cannot be announced: {error}")))
    }

    /// Listens where the configuration says, after that was not possible or the file was edited.
    async fn listen_again(&self, asked: &[SocketAddr]) -> Result<(), Fault> {
        let mut doors = self.doors.change().await;
        if !doors.is_serving() || doors.are_at(asked) {
            return Ok(());
        }
        let moved = match doors.prepare(asked).await {
            Ok(ready) => doors
                .commit(ready)
                .map_err(|error| Fault::failed(format!("the new address cannot be announced: {error}"))),
            Err(fault) => {
                doors.shut_out(&fault);
                Err(port_taken(&fault))
            }
        };
        drop(doors);
        self.door_moved();
        moved
    }

    fn report_addresses(&self) {
        let addresses = self.addresses();
        if !addresses.is_empty() {
            tracing::info!(?addresses, "gateway listens");
        }
    }

    fn door_moved(&self) {
        self.report_addresses();
        self.happenings.tell(Happening::Gateway);
        self.happenings.changed();
    }
}

/// Tries again to listen where the configuration says.
pub async fn retry_listening(sluice: &Arc<Sluice>, _: Nothing) -> Result<Nothing, Fault> {
    let asked = sluice.snapshot().server.listen.clone();
    sluice.listen_again(&asked).await?;
    Ok(Nothing {})
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
        let Serving { sluice, token } = self;
        let api = http::router(&sluice, AdminDoor { token, stop: stop.clone() });
        let house = House { gateway: Arc::clone(&sluice.gateway), api, stop: stop.clone() };
        let _behind = Behind(&sluice.doors);
        sluice.doors.change().await.serve(house);
        let mut beside = JoinSet::new();
        beside.spawn(gateway::watch_sleep(Arc::clone(&sluice.gateway)));
        beside.spawn(gateway::watch_models(Arc::clone(&sluice.gateway)));
        beside.spawn(follow_file(Arc::clone(&sluice)));
        stop.cancelled().await;
        drop(beside);
        sluice.doors.close().await;
        sluice.forget_removed().await;
    }
}

/// Takes the house away from behind the doors, also where serving is broken off.
struct Behind<'a>(&'a Doors);

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Follows edits of the file: listens where it says, and tells what only a start puts in force.
async fn follow_file(sluice: Arc<Sluice>) {
    let mut snapshots: watch::Receiver<Arc<Snapshot>> = sluice.snapshots();
    let started = Arc::clone(&snapshots.borrow_and_update());
    let mut listens_at = started.server.listen.clone();
    while snapshots.changed().await.is_ok() {
        let now = Arc::clone(&snapshots.borrow_and_update());
        if now.log != started.log {
            tracing::warn!("log.level and log.files take effect at the next start");
        }
        if now.server.listen == listens_at {
            continue;
        }
        listens_at.clone_from(&now.server.listen);
        if let Err(fault) = sluice.listen_again(&listens_at).await {
            tracing::error!("the gateway stays where it is: {fault}");
        }
    }
}

fn explained(fault: BindFault) -> StartFault {
    let owner = taken_by(&fault);
    StartFault::Bind { fault, owner }
}

fn port_taken(fault: &BindFault) -> Fault {
    let code = match fault.error.kind() {
        io::ErrorKind::AddrInUse => FaultCode::PortTaken,
        _ => FaultCode::Invalid,
    };
    Fault::new(code, refused_address(fault, taken_by(fault).as_ref()))
}

fn taken_by(fault: &BindFault) -> Option<PortOwner> {
    let taken = fault.error.kind() == io::ErrorKind::AddrInUse;
    taken.then(|| PortOwner::find(fault.address)).flatten()
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
