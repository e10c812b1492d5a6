//! The upstreams' own lists of models, fetched in the background and never waited for.
//!
//! ```text
//! watch ──► due channels ──► Gateway::fetch_models ──► Catalog ◄── config::route, GET /v1/models
//!   └─ again after an hour, sooner after a failure, at once for a channel that was edited
//! ```

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use config::{Catalog, Channel, Hop, Snapshot};
use futures_util::{StreamExt, stream};
use secrecy::ExposeSecret;
use tracing::{debug, info};

use crate::gateway::Gateway;

/// How long a list counts as fresh.
const FRESH: Duration = Duration::from_secs(3600);
/// The pause after the first failure; it doubles with each further one, up to [`FRESH`].
const PAUSE: Duration = Duration::from_secs(60);
/// How long one fetch may take.
const FETCH: Duration = Duration::from_secs(30);
/// How many lists are fetched at once.
const AT_ONCE: usize = 4;
/// How many names of one upstream are kept; the largest broker lists some six hundred.
const NAMES_MAX: usize = 4096;

/// Keeps the lists for as long as it is polled: those of all channels that are in use and have no `models` of their own.
/// A failure changes nothing about a list that was fetched before.
pub async fn watch(gateway: Arc<Gateway>) {
    let mut changes = gateway.snapshots();
    let mut lists = Lists::default();
    loop {
        let snapshot = Arc::clone(&changes.borrow_and_update());
        for forgotten in lists.follow(&snapshot) {
            gateway.change_catalog(|catalog| catalog.forget(&forgotten));
        }
        let due = lists.due(gateway.clock.mono());
        let mut fetched =
            stream::iter(due.into_iter().map(|channel| fetch(&gateway, channel))).buffer_unordered(AT_ONCE);
        while let Some((channel, names)) = fetched.next().await {
            lists.tried(&channel.id, gateway.clock.mono(), names.is_some());
            if let Some(names) = names {
                gateway.change_catalog(|catalog| catalog.put(Arc::clone(&channel.id), names));
            }
        }
        let pause = lists.pause(gateway.clock.mono());
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Asks one upstream, through the channel's own proxy and with its own key.
async fn fetch(gateway: &Gateway, channel: Arc<Channel>) -> (Arc<Channel>, Option<Vec<Arc<str>>>) {
    let asking = gateway.fetch_models(Arc::clone(&channel));
    let names = match tokio::time::timeout(FETCH, asking).await {
        Ok(Ok(names)) => names,
        Ok(Err(missed)) => {
            debug!(channel = %channel.name, "no list of models could be fetched: {}", missed.words);
            return (channel, None);
        }
        Err(_elapsed) => {
            debug!(channel = %channel.name, "no list of models came within {} s", FETCH.as_secs());
            return (channel, None);
        }
    };
    info!(channel = %channel.name, models = names.len(), "list of models fetched");
    let fits = |name: &String| !name.is_empty() && name.len() <= gateway.sizes.model_name;
    let names = names.into_iter().filter(fits).take(NAMES_MAX).map(Arc::from).collect();
    (channel, Some(names))
}

/// When which channel's list is to be fetched, by the channel's id.
#[derive(Default)]
struct Lists {
    channels: HashMap<Arc<str>, Listing>,
}

/// One channel's list.
struct Listing {
    channel: Arc<Channel>,
    /// When it is to be fetched, on the monotonic clock.
    due: Duration,
    /// Fetches that failed since the last that did not.
    failures: u32,
}

impl Lists {
    /// Takes a configuration over, and tells whose lists no longer hold.
    fn follow(&mut self, snapshot: &Snapshot) -> Vec<Arc<str>> {
        let wanted: HashMap<&str, &Arc<Channel>> = snapshot
            .channels
            .iter()
            .filter(|channel| channel.enabled && channel.models.is_none() && channel.needs_key().is_none())
            .map(|channel| (&*channel.id, channel))
            .collect();
        let gone = self.channels.extract_if(|id, listing| {
            wanted.get(&**id).is_none_or(|channel| !lists_the_same(channel, &listing.channel))
        });
        let gone = gone.map(|(id, _)| id).collect();
        for channel in wanted.into_values() {
            let listing = self.channels.entry(Arc::clone(&channel.id)).or_insert_with(|| Listing {
                channel: Arc::clone(channel),
                due: Duration::ZERO,
                failures: 0,
            });
            listing.channel = Arc::clone(channel);
        }
        gone
    }

    /// The channels whose lists are to be fetched now.
    fn due(&self, now: Duration) -> Vec<Arc<Channel>> {
        let due = self.channels.values().filter(|listing| listing.due <= now);
        due.map(|listing| Arc::clone(&listing.channel)).collect()
    }

    /// Notes how a fetch went.
    fn tried(&mut self, id: &str, now: Duration, succeeded: bool) {
        let Some(listing) = self.channels.get_mut(id) else { return };
        let pause = if succeeded {
            listing.failures = 0;
            FRESH
        } else {
            listing.failures += 1;
            PAUSE.saturating_mul(1 << (listing.failures - 1).min(10)).min(FRESH)
        };
        listing.due = now + pause;
    }

    /// How long nothing is to be fetched.
    fn pause(&self, now: Duration) -> Duration {
        let soonest = self.channels.values().map(|listing| listing.due).min();
        soonest.map_or(FRESH, |due| due.saturating_sub(now))
    }
}

/// Whether two versions of a channel ask the same upstream in the same account, by the same way.
fn lists_the_same(one: &Channel, other: &Channel) -> bool {
    let key = |channel: &Channel| {
        let usable = channel.keys.iter().find(|key| key.enabled && key.secret.is_some())?;
        usable.secret.as_ref().map(|secret| secret.expose_secret().to_owned())
    };
    let proxy = |channel: &Channel| match &channel.hop {
        Hop::Direct => None,
        Hop::System => Some(String::new()),
        Hop::Proxy(proxy) => Some(proxy.name.to_string()),
    };
    one.origin() == other.origin()
        && one.spoken.first().map(|spoken| spoken.base.as_url())
            == other.spoken.first().map(|spoken| spoken.base.as_url())
        && proxy(one) == proxy(other)
        && key(one) == key(other)
}

impl Gateway {
    /// What the upstreams themselves list, as far as is known now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_catalog(&self, change: impl FnOnce(&mut Catalog)) {
        let mut held = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut held));
        drop(held);
        self.live.pool_changed();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use config::{Format, Surroundings};

    use super::*;

    fn snapshot(channels: &[(&str, &str)]) -> Snapshot {
        let channel = |(name, more): &(&str, &str)| {
            format!(
                "[[channel]]\nname = \"{name}\"\nid = \"{name}\"\ntype = \"openai\"\nkey = {{ env = \"KEY\" }}\n{more}\n"
            )
        };
        let config = "version = 1\n".to_owned() + &channels.iter().map(channel).collect::<String>();
        let parsed = config::parse("config.toml", Format::Toml, config.as_bytes()).unwrap();
        let lookup = |name: &str| (name == "KEY").then(|| "sk-test".to_owned());
        config::resolve(&parsed.document, &Surroundings::new(&lookup)).unwrap()
    }

    fn due(lists: &Lists, seconds: u64) -> Vec<String> {
        let mut due: Vec<String> =
            lists.due(Duration::from_secs(seconds)).iter().map(|channel| channel.name.to_string()).collect();
        due.sort();
        due
    }

    const HOST: &str = "base_url = \"http://h.example.com\"";

    #[test]
    fn lists_are_fetched_of_channels_in_use_that_have_none_of_their_own() {
        let mut lists = Lists::default();
        let own = format!("{HOST}\nmodels = [\"m\"]");
        let off = format!("{HOST}\nenabled = false");
        lists.follow(&snapshot(&[("a", HOST), ("own", &own), ("off", &off)]));
        assert_eq!(due(&lists, 0), ["a"]);
    }

    #[test]
    fn a_list_is_fetched_again_after_an_hour_and_sooner_after_a_failure() {
        let mut lists = Lists::default();
        lists.follow(&snapshot(&[("a", HOST)]));
        let at = Duration::from_secs;
        for (succeeded, pause) in
            [(true, 3600), (false, 60), (false, 120), (false, 240), (true, 3600), (false, 60)]
        {
            lists.tried("a", at(1000), succeeded);
            assert_eq!(lists.pause(at(1000)), at(pause));
            assert!(due(&lists, 1000 + pause - 1).is_empty());
            assert_eq!(due(&lists, 1000 + pause), ["a"]);
        }
        for _ in 0..40 {
            lists.tried("a", at(0), false);
        }
        assert_eq!(lists.pause(at(0)), FRESH);
    }

    #[test]
    fn an_edit_that_asks_another_upstream_forgets_the_list_and_any_other_keeps_it() {
        let renamed = format!("{HOST}\nweight = 3");
        let tokyo = "base_url = \"http://tokyo.example.com\"";
        let own = format!("{HOST}\nmodels = [\"m\"]");
        for (more, forgotten, then) in
            [(&*renamed, &[][..], &[][..]), (tokyo, &["a"], &["a"]), (&*own, &["a"], &[])]
        {
            let mut lists = Lists::default();
            lists.follow(&snapshot(&[("a", HOST)]));
            lists.tried("a", Duration::from_secs(1), true);
            let gone: Vec<String> =
                lists.follow(&snapshot(&[("a", more)])).iter().map(ToString::to_string).collect();
            assert_eq!(gone, forgotten, "{more}");
            assert_eq!(due(&lists, 2), then, "{more}");
        }
    }
}
