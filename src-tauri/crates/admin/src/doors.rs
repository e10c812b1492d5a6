//! The addresses at which the gateway listens, and how they change while it runs: new ones first, then the old ones drain.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use gateway::{BindFault, Gateway, Listening};
use store::{Instance, Running};
use tokio::sync::MutexGuard;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{PortConflict, PortOwner, VERSION};

/// A listener that we gave up is gone within a few of these.
const GIVEN_UP: Duration = Duration::from_millis(10);
const GIVEN_UP_TIMES: usize = 50;
/// How many ports above a taken one are tried before any port will do.
const NEIGHBOURS: u16 = 20;

/// The addresses at which the gateway listens.
#[derive(Default)]
pub(crate) struct Doors {
    state: tokio::sync::Mutex<State>,
    shown: Mutex<Shown>,
}

/// The doors while they change: one change at a time.
pub(crate) struct Changing<'a> {
    state: MutexGuard<'a, State>,
    shown: &'a Mutex<Shown>,
}

#[derive(Default)]
struct State {
    /// Where it should listen.
    asked: Vec<SocketAddr>,
    open: Vec<Door>,
    house: Option<House>,
    serving: JoinSet<()>,
    /// Held to keep a second gateway out of the home; the demo has none.
    instance: Option<Instance>,
}

/// What people see of it without waiting for a change to end.
#[derive(Default)]
struct Shown {
    addresses: Vec<SocketAddr>,
    conflict: Option<PortConflict>,
}

/// One listening address.
struct Door {
    asked: SocketAddr,
    address: SocketAddr,
    /// The bound listener, until it is served.
    waiting: Option<Listening>,
    /// Cancelled when the gateway listens elsewhere.
    moved: CancellationToken,
}

/// What serves behind every door.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) api: Router,
    pub(crate) stop: CancellationToken,
}

/// Doors that are open, and not yet in use.
pub(crate) struct Ready {
    asked: Vec<SocketAddr>,
    fresh: Vec<Door>,
}

impl Doors {
    /// Where it listens now.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).addresses.clone()
    }

    /// Who has the port that it could not have, if that is so.
    pub(crate) fn conflict(&self) -> Option<PortConflict> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).conflict.clone()
    }

    /// Begins a change; another one that runs ends first.
    pub(crate) async fn change(&self) -> Changing<'_> {
        Changing { state: self.state.lock().await, shown: &self.shown }
    }

    /// Waits until everything behind the doors has ended, and forgets the house.
    pub(crate) async fn close(&self) {
        let mut state = self.state.lock().await;
        let serving = std::mem::take(&mut state.serving);
        drop(state);
        serving.join_all().await;
        self.abandon();
    }

    /// Forgets the house without waiting: it holds what holds these doors.
    pub(crate) fn abandon(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.house = None;
            state.open.clear();
            state.instance = None;
        }
    }
}

impl Changing<'_> {
    /// Keeps the home for this process while the doors are open.
    pub(crate) fn hold(&mut self, instance: Option<Instance>) {
        self.state.instance = instance;
    }

    /// Whether anything is served, be it at a door or at none because its port is taken.
    pub(crate) fn is_serving(&self) -> bool {
        self.state.house.is_some()
    }

    /// Whether the doors are where they should be.
    pub(crate) fn are_at(&self, asked: &[SocketAddr]) -> bool {
        !self.state.open.is_empty() && self.state.asked == asked
    }

    /// Lets requests in from now on.
    pub(crate) fn serve(&mut self, house: House) {
        let State { open, serving, .. } = &mut *self.state;
        for door in open {
            door.serve(serving, &house);
        }
        self.state.house = Some(house);
    }

    /// Opens the doors that are missing. The old ones stay open, unless a new one needs their very place.
    pub(crate) async fn prepare(&mut self, asked: &[SocketAddr]) -> Result<Ready, BindFault> {
        let is_open = |address: &SocketAddr| {
            let serves = |door: &Door| door.asked == *address || gateway::covers(door.address, *address);
            address.port() != 0 && self.state.open.iter().any(serves)
        };
        let missing: Vec<SocketAddr> = asked.iter().copied().filter(|address| !is_open(address)).collect();
        if missing.is_empty() {
            return Ok(Ready { asked: asked.to_vec(), fresh: Vec::new() });
        }
        let listening = match gateway::bind(&missing).await {
            Err(fault) if self.is_our_own(&fault, asked) => {
                self.bind_in_place_of_own(&missing, asked).await?
            }
            bound => bound?,
        };
        for fault in &listening.left_out {
            tracing::warn!("{fault}");
        }
        Ok(Ready { asked: asked.to_vec(), fresh: doors(listening, &missing) })
    }

    /// Uses what was prepared: lets requests in at the new doors, and leaves the old ones.
    pub(crate) fn commit(&mut self, ready: Ready) -> io::Result<()> {
        let Ready { asked, mut fresh } = ready;
        let State { open, serving, house, .. } = &mut *self.state;
        open.retain(|door| {
            let stays = asked.contains(&door.asked) && door.asked.port() != 0;
            if !stays {
                door.moved.cancel();
            }
            stays
        });
        if let Some(house) = house {
            for door in &mut fresh {
                door.serve(serving, house);
            }
        }
        open.append(&mut fresh);
        open.sort_by_key(|door| asked.iter().position(|asked| *asked == door.asked));
        self.state.asked = asked;
        // Tasks of doors that drained long ago are not kept.
        while self.state.serving.try_join_next().is_some() {}
        self.show(None);
        self.announce()
    }

    /// Remembers who has the port that could not be had.
    pub(crate) fn shut_out(&mut self, fault: &BindFault) -> PortConflict {
        let owner = PortOwner::find(fault.address);
        let conflict = PortConflict {
            address: fault.address.to_string(),
            pid: owner.as_ref().map(|owner| owner.pid),
            owner: owner.map(|owner| owner.program),
            free: free_port(fault.address.port()),
        };
        self.show(Some(conflict.clone()));
        conflict
    }

    fn show(&self, conflict: Option<PortConflict>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.addresses = self.state.open.iter().map(|door| door.address).collect();
        shown.conflict = conflict;
    }

    /// Tells programs of this home where the gateway listens.
    fn announce(&self) -> io::Result<()> {
        let Some(instance) = &self.state.instance else { return Ok(()) };
        let addresses = self.state.open.iter().map(|door| door.address).collect();
        instance.announce(&Running { addresses, pid: std::process::id(), version: VERSION.to_owned() })
    }

    /// Whether one of our own doors, which is to be left or covered by the new one, has what could not be bound.
    fn is_our_own(&self, fault: &BindFault, asked: &[SocketAddr]) -> bool {
        let port = fault.address.port();
        let leaves = |door: &Door| {
            let is_left = door.address.port() == port && !asked.contains(&door.asked);
            is_left || gateway::covers(fault.address, door.address)
        };
        fault.error.kind() == io::ErrorKind::AddrInUse && self.state.open.iter().any(leaves)
    }

    /// Leaves our own doors first where the new ones need their place, such as every address in place of loopback. If
    /// that fails, the old ones are opened again.
    async fn bind_in_place_of_own(
        &mut self,
        missing: &[SocketAddr],
        asked: &[SocketAddr],
    ) -> Result<Listening, BindFault> {
        let stays = |door: &Door| {
            let is_covered = missing.iter().any(|address| gateway::covers(*address, door.address));
            asked.contains(&door.asked) && !is_covered
        };
        let (stay, leave): (Vec<Door>, Vec<Door>) = self.state.open.drain(..).partition(stays);
        self.state.open = stay;
        let left: Vec<SocketAddr> = leave.iter().map(|door| door.address).collect();
        for door in leave {
            door.moved.cancel();
        }
        let mut bound = gateway::bind(missing).await;
        for _ in 0..GIVEN_UP_TIMES {
            if bound.is_ok() {
                break;
            }
            tokio::time::sleep(GIVEN_UP).await;
            bound = gateway::bind(missing).await;
        }
        if bound.is_err()
            && let Ok(old) = gateway::bind(&left).await
        {
            let mut old = doors(old, &left);
            if let Some(house) = &self.state.house.clone() {
                for door in &mut old {
                    door.serve(&mut self.state.serving, house);
                }
            }
            self.state.open.append(&mut old);
        }
        bound
    }
}

impl Door {
    fn serve(&mut self, serving: &mut JoinSet<()>, house: &House) {
        let Some(listening) = self.waiting.take() else { return };
        let House { gateway, api, stop } = house.clone();
        self.moved = stop.child_token();
        serving.spawn(gateway::serve_until_moved(gateway, listening, Some(api), self.moved.clone(), stop));
    }
}

/// One door for each bound address. Addresses that were left out have none.
fn doors(listening: Listening, asked: &[SocketAddr]) -> Vec<Door> {
    let door = |listening: Listening| {
        let address = listening.addresses().next()?;
        let is_this =
            |asked: &&SocketAddr| asked.ip() == address.ip() && [0, address.port()].contains(&asked.port());
        let asked = asked.iter().find(is_this).copied().unwrap_or(address);
        Some(Door { asked, address, waiting: Some(listening), moved: CancellationToken::new() })
    };
    listening.split().filter_map(door).collect()
}

/// A port that nobody has: one of the next, else any.
fn free_port(taken: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let next =
        (1..=NEIGHBOURS).filter_map(|above| taken.checked_add(above)).find(|port| is_free(*port).is_some());
    let any = || is_free(0).and_then(|listener| listener.local_addr().ok()).map(|address| address.port());
    next.or_else(any).unwrap_or_default()
}
