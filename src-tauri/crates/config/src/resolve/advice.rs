//! What would make a working configuration better.

use std::collections::HashMap;
use std::sync::Arc;

use super::Checks;
use crate::findings::{FindingCode, Severity};
use crate::pattern::Pattern;
use crate::snapshot::Channel;

pub(super) fn give(checks: &mut Checks<'_>, channels: &[Arc<Channel>]) {
    relays(checks, channels);
    lone_models(checks, channels);
}

/// Says when a base URL belongs to neither a known vendor nor the user's own network.
fn relays(checks: &mut Checks<'_>, channels: &[Arc<Channel>]) {
    for (at, channel) in channels.iter().enumerate() {
        if let Some(host) = channel.relay_host() {
            let message =
                format!("{host} is no known vendor's own host; whoever runs it sees your key and prompts");
            checks
                .note(Severity::Advice, &format!("channel[{at}].base_url"), message)
                .about(FindingCode::Relay);
        }
    }
}

/// How many models one piece of advice names.
const NAMED_MAX: usize = 5;

/// Says which models would be lost with a single channel.
fn lone_models(checks: &mut Checks<'_>, channels: &[Arc<Channel>]) {
    let mut servers: HashMap<String, usize> = HashMap::new();
    let mut order: Vec<(String, &str)> = Vec::new();
    for channel in channels.iter().filter(|channel| channel.enabled) {
        let listed = channel.models.iter().flatten().filter(|model| model.is_literal()).map(Pattern::as_str);
        let mapped = channel.model_map.iter().map(|(name, _)| name).filter(|name| name.is_literal());
        let names = channel.model.as_deref().into_iter().chain(listed).chain(mapped.map(Pattern::as_str));
        let mut own: Vec<&str> = names.collect();
        own.sort_unstable();
        own.dedup();
        for name in own {
            *servers.entry(name.to_lowercase()).or_default() += 1;
            order.push((name.to_lowercase(), name));
        }
    }
    let lone: Vec<&str> =
        order.iter().filter(|(lower, _)| servers[lower] == 1).map(|(_, name)| *name).collect();
    if lone.is_empty() {
        return;
    }
    let more = lone.len().saturating_sub(NAMED_MAX);
    let mut names = lone[..lone.len() - more].join(", ");
    if more > 0 {
        names = format!("{names} and {more} more");
    }
    let message = format!("only one channel serves {names}; a second one would take over when it fails");
    checks.note(Severity::Advice, "channel", message).about(FindingCode::SingleChannel);
}
