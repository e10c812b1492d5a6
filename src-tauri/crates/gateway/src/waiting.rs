//! The queue for a benched pool: bounded, first come first served, woken by every settled lease.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as Turn, Notify, Semaphore, SemaphorePermit};

/// Requests that wait for a channel to come back, in one line for each model name that is asked for.
pub(crate) struct Waiting {
    places: Semaphore,
    woken: Notify,
    lines: Mutex<HashMap<Arc<str>, Line>>,
}

/// Those who wait for one name. Only the one whose turn it is asks the pool.
struct Line {
    turn: Arc<Turn<()>>,
    people: usize,
}

/// A place in a line; leaving it is dropping it.
pub(crate) struct Place<'a> {
    waiting: &'a Waiting,
    name: Arc<str>,
    turn: Arc<Turn<()>>,
    _permit: SemaphorePermit<'a>,
}

impl Waiting {
    pub(crate) fn new(places: usize) -> Waiting {
        Waiting { places: Semaphore::new(places), woken: Notify::new(), lines: Mutex::default() }
    }

    /// Whether somebody waits for this name already; who comes later must not overtake.
    pub(crate) fn has_line(&self, name: &str) -> bool {
        self.lines().contains_key(name)
    }

    /// A place at the end of the line for a name, or `None` where the queue is full.
    pub(crate) fn enter(&self, name: &Arc<str>) -> Option<Place<'_>> {
        let permit = self.places.try_acquire().ok()?;
        let mut lines = self.lines();
        let line = lines.entry(Arc::clone(name)).or_insert_with(|| Line { turn: Arc::default(), people: 0 });
        line.people += 1;
        let turn = Arc::clone(&line.turn);
        drop(lines);
        Some(Place { waiting: self, name: Arc::clone(name), turn, _permit: permit })
    }

    /// Tells everyone whose turn it is that something was settled.
    pub(crate) fn wake(&self) {
        self.woken.notify_waiters();
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Arc<str>, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Asks again and again once it is this place's turn: whenever a lease was settled, and when `again` says that
    /// asking is worth while. Ends with the last answer after `longest`.
    pub(crate) async fn ask<T, E>(
        &self,
        longest: Duration,
        mut ask: impl FnMut() -> Result<T, E>,
        again: impl Fn(&E) -> Option<Duration>,
    ) -> Result<T, E> {
        let asking = async {
            let _turn = self.turn.lock().await;
            loop {
                let woken = self.waiting.woken.notified();
                tokio::pin!(woken);
                // Before asking, so that nothing that is settled in between goes unnoticed.
                woken.as_mut().enable();
                let wait = match ask() {
                    Ok(granted) => return Ok(granted),
                    Err(refused) => match again(&refused) {
                        Some(wait) => wait,
                        None => return Err(refused),
                    },
                };
                // A wait of nothing would spin.
                let wait = wait.max(Duration::from_millis(1));
                drop(tokio::time::timeout(wait, woken).await);
            }
        };
        let in_time = tokio::time::timeout(longest, asking).await;
        match in_time {
            Ok(answer) => answer,
            Err(_elapsed) => ask(),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.waiting.lines();
        if let Some(line) = lines.get_mut(&self.name) {
            line.people -= 1;
            if line.people == 0 {
                lines.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_came_first_is_served_first() {
        let waiting = Arc::new(Waiting::new(8));
        let free = Arc::new(Mutex::new(0_usize));
        let served = Arc::new(Mutex::new(Vec::new()));
        let name: Arc<str> = "m".into();
        let mut people = tokio::task::JoinSet::new();
        for person in 0..4 {
            let (waiting, free, served) = (Arc::clone(&waiting), Arc::clone(&free), Arc::clone(&served));
            let name = Arc::clone(&name);
            people.spawn(async move {
                let place = waiting.enter(&name).unwrap();
                let take = || {
                    let mut free = free.lock().unwrap();
                    if *free == 0 {
                        return Err(());
                    }
                    *free -= 1;
                    served.lock().unwrap().push(person);
                    Ok(())
                };
                place.ask(Duration::from_secs(5), take, |()| Some(Duration::from_secs(60))).await
            });
            tokio::task::yield_now().await;
        }
        for _ in 0..4 {
            *free.lock().unwrap() += 1;
            waiting.wake();
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        while let Some(person) = people.join_next().await {
            person.unwrap().unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3]);
        assert!(!waiting.has_line("m"));
    }

    #[test]
    fn a_full_queue_takes_nobody() {
        let waiting = Waiting::new(1);
        let name: Arc<str> = "m".into();
        let first = waiting.enter(&name);
        assert!(first.is_some());
        assert!(waiting.enter(&name).is_none());
        drop(first);
        assert!(waiting.enter(&name).is_some());
    }
}
