//! From everything the product says of itself to what the tray needs.

use admin::{ChannelLine, GatewayState, Overview, PortConflict};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pool::{Class, ReasonCode};

use super::menu::{Channel, Gateway, Glance, Health, LastProblem};

/// Why a channel rests whose key was refused.
const KEY_REFUSED: ReasonCode = ReasonCode::Failure(Class::Credential);

/// Takes out of an overview what the tray shows.
pub(crate) fn glance(overview: &Overview, quitting: bool) -> Glance {
    let conflict = overview.port_conflict.as_ref();
    let endpoint = overview.endpoint.split_once("://").map_or(&*overview.endpoint, |(_, address)| address);
    Glance {
        gateway: if quitting { Gateway::Quitting } else { gateway(overview.state, conflict) },
        address: conflict.map_or(endpoint, |conflict| &conflict.address).to_owned(),
        channels: overview.channels.iter().map(channel).collect(),
        requests_today: overview.counters.requests_today,
        in_flight: u64::from(overview.counters.in_flight),
        last_problem: overview.last_problem.as_ref().map(|problem| LastProblem {
            time: time_of_day(problem.at),
            channel: problem.channel.clone(),
            class: problem.class,
            answered_by: problem.answered_by.clone(),
        }),
        editable: overview.editable,
    }
}

fn gateway(state: GatewayState, conflict: Option<&PortConflict>) -> Gateway {
    match state {
        GatewayState::Ok => Gateway::Ok,
        GatewayState::Degraded => Gateway::Degraded,
        GatewayState::Down => Gateway::Down,
        GatewayState::Paused => Gateway::Paused,
        GatewayState::Stopped => Gateway::Stopped { owner: conflict.and_then(owner) },
    }
}

fn owner(conflict: &PortConflict) -> Option<String> {
    let program = conflict.owner.as_ref()?;
    Some(conflict.pid.map_or_else(|| program.clone(), |pid| format!("{program} ({pid})")))
}

fn channel(line: &ChannelLine) -> Channel {
    Channel { id: line.id.clone(), name: line.name.clone(), enabled: line.enabled, health: health(line) }
}

fn health(line: &ChannelLine) -> Health {
    match line.state {
        admin::Health::Healthy => Health::Healthy { share: whole_percent(line.share) },
        admin::Health::Benched if line.reason_code == Some(KEY_REFUSED) => Health::KeyRefused,
        admin::Health::Benched => Health::Benched { until: line.until.map(time_of_day) },
        admin::Health::Probing => Health::Probing,
        admin::Health::Full => Health::Full,
        admin::Health::NeedsKey => Health::NeedsKey,
        admin::Health::Off => Health::Off,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 100")]
fn whole_percent(share: f64) -> u32 {
    share.round().clamp(0.0, 100.0) as u32
}

/// The hour and minute where the user is.
fn time_of_day(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::system()).strftime("%H:%M").to_string()
}
