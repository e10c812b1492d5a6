//! What happened, for whoever watches: the window, and readers of `GET /api/events`.
//!
//! ```text
//! gateway ──requests, pool──► pump, while somebody listens ──► Happening
//! configuration, vault ─────► follow, always ──► changes (a number)
//! ```

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use gateway::{RequestEvent, Step, Trace};
use serde::Serialize;
use store::VaultState;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::Sluice;

/// Something that whoever shows the gateway wants to know at once.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// A request began, came further, or ended.
    Request {
        /// As it stands now.
        trace: Arc<Trace>,
    },
    /// The state of a channel changed.
    Pool,
    /// Channels, proxies, aliases or settings changed.
    Configuration,
    /// The vault's state changed.
    Vault {
        /// As it is now.
        vault: VaultState,
    },
    /// Paused or resumed, listening elsewhere or nowhere.
    Gateway,
    /// A test came one step further.
    TestStep {
        /// The channel's name.
        channel: String,
        /// The step that ended.
        step: Step,
    },
    /// Happenings came too fast; read again what is shown.
    Missed {
        /// How many were left out.
        count: u64,
    },
}

/// Slower listeners than this many happenings behind miss some, and are told how many.
const HAPPENINGS_KEPT: usize = 256;
/// The pace of what is gathered: four times a second.
const BEAT: Duration = Duration::from_millis(250);
/// Requests that are told one by one within a beat: twenty a second.
const REQUESTS_PER_BEAT: u32 = 5;

/// Tells what happens. Clones tell the same listeners.
#[derive(Clone)]
pub(crate) struct Happenings {
    sender: broadcast::Sender<Happening>,
    changes: watch::Sender<u64>,
    pump: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Happenings {
    pub(crate) fn new() -> Happenings {
        Happenings {
            sender: broadcast::Sender::new(HAPPENINGS_KEPT),
            changes: watch::Sender::new(0),
            pump: Arc::default(),
        }
    }

    /// Tells everybody who listens, if anybody does.
    pub(crate) fn tell(&self, happening: Happening) {
        // Without a listener there is nobody to tell.
        let _ = self.sender.send(happening);
    }

    /// Says that something of what the overview shows may be different now.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}

impl Sluice {
    /// Follows what happens while somebody looks. Costs a copy of each request's trace as long as the receiver lives.
    ///
    /// Must be called within a tokio runtime.
    pub fn happenings(self: &Arc<Self>) -> broadcast::Receiver<Happening> {
        let receiver = self.happenings.sender.subscribe();
        let mut pump = self.happenings.pump.lock().unwrap_or_else(PoisonError::into_inner);
        if pump.as_ref().is_none_or(JoinHandle::is_finished) {
            *pump = Some(tokio::spawn(pump_requests(Arc::downgrade(self))));
        }
        receiver
    }

    /// Follows changes of anything that the overview shows: the number grows with each. Cheap.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.happenings.changes.subscribe()
    }

    /// Follows configuration, pool and vault for as long as the product lives.
    pub(crate) fn follow(self: &Arc<Self>) {
        let follower = Follower {
            pool: self.gateway.watch_pool(),
            problems: self.problem_changes(),
            vault: self.vault.states(),
            happenings: self.happenings.clone(),
        };
        tokio::spawn(follower.run());
    }
}

/// What is followed always, because the tray shows it.
struct Follower {
    pool: watch::Receiver<u64>,
    /// Changes after every configuration that takes effect, and when the file becomes invalid.
    problems: watch::Receiver<Arc<[config::Finding]>>,
    vault: watch::Receiver<VaultState>,
    happenings: Happenings,
}

impl Follower {
    /// Ends when what it follows is gone.
    async fn run(mut self) {
        loop {
            let alive = tokio::select! {
                changed = self.pool.changed() => changed.is_ok(),
                changed = self.problems.changed() => {
                    self.happenings.tell(Happening::Configuration);
                    changed.is_ok()
                }
                changed = self.vault.changed() => {
                    let vault = self.vault.borrow_and_update().clone();
                    self.happenings.tell(Happening::Vault { vault });
                    changed.is_ok()
                }
            };
            if !alive {
                return;
            }
            self.happenings.changed();
        }
    }
}

/// Passes requests and changes of the pool on, at a pace that a window can draw, until nobody listens any more.
async fn pump_requests(sluice: Weak<Sluice>) {
    let Some(alive) = sluice.upgrade() else { return };
    let (mut requests, mut pool) = (alive.gateway.watch_requests(), alive.gateway.watch_pool());
    let happenings = alive.happenings.clone();
    drop(alive);
    let mut pace = Pace::default();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while happenings.has_listeners() {
        tokio::select! {
            event = requests.recv() => match event {
                Ok(event) => pace.request(&happenings, event),
                Err(RecvError::Lagged(count)) => pace.missed(count),
                Err(RecvError::Closed) => return,
            },
            changed = pool.changed(), if !pace.pool_changed => match changed {
                Ok(()) => pace.pool_changed = true,
                Err(_) => return,
            },
            _ = beat.tick() => pace.beat(&happenings),
        }
    }
}

/// What was told within a beat, and what waits for its end.
#[derive(Default)]
struct Pace {
    requests: u32,
    missed: u64,
    pool_changed: bool,
}

impl Pace {
    fn request(&mut self, happenings: &Happenings, event: RequestEvent) {
        if self.requests >= REQUESTS_PER_BEAT {
            return self.missed(1);
        }
        self.requests += 1;
        let (RequestEvent::Running(trace) | RequestEvent::Ended(trace)) = event;
        happenings.tell(Happening::Request { trace });
    }

    fn missed(&mut self, count: u64) {
        self.missed += count;
    }

    fn beat(&mut self, happenings: &Happenings) {
        if std::mem::take(&mut self.pool_changed) {
            happenings.tell(Happening::Pool);
        }
        let count = std::mem::take(&mut self.missed);
        if count > 0 {
            happenings.tell(Happening::Missed { count });
        }
        self.requests = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_of_changes_is_told_once_a_beat() {
        let happenings = Happenings::new();
        let mut listener = happenings.sender.subscribe();
        let mut pace = Pace { pool_changed: true, ..Pace::default() };
        pace.missed(3);
        pace.missed(4);
        pace.beat(&happenings);
        pace.beat(&happenings);
        assert!(matches!(listener.try_recv(), Ok(Happening::Pool)));
        assert!(matches!(listener.try_recv(), Ok(Happening::Missed { count: 7 })));
        assert!(listener.try_recv().is_err());
    }
}
