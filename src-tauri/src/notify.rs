//! Notifications: a key that was refused, no channel left, the port taken. Each only when it becomes so, and each kind
//! at most once in ten minutes.

use std::time::Duration;

use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

use crate::tray::menu::{Gateway, Glance, Health};
use crate::tray::words::Words;

/// A kind is silent for this long after it was shown.
const PAUSE: Duration = Duration::from_mins(10);

/// What is worth a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A channel's key was refused.
    KeyRefused {
        /// The channel's name.
        channel: String,
    },
    /// No channel can answer any more.
    NoChannel,
    /// The address could not be had.
    PortTaken {
        /// As `IP:PORT`.
        address: String,
        /// Who has it, where that is known.
        owner: Option<String>,
    },
}

/// A kind of notification, which the user may silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// See [`Notice::KeyRefused`].
    KeyRefused,
    /// See [`Notice::NoChannel`].
    NoChannel,
    /// See [`Notice::PortTaken`].
    PortTaken,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 3] = [Kind::KeyRefused, Kind::NoChannel, Kind::PortTaken];

    /// Its name in `ui.notifications`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::KeyRefused => "key_refused",
            Kind::NoChannel => "no_channel",
            Kind::PortTaken => "port_taken",
        }
    }
}

impl Notice {
    fn kind(&self) -> Kind {
        match self {
            Notice::KeyRefused { .. } => Kind::KeyRefused,
            Notice::NoChannel => Kind::NoChannel,
            Notice::PortTaken { .. } => Kind::PortTaken,
        }
    }

    /// Shows it.
    pub(crate) fn show(&self, app: &AppHandle, words: &Words) {
        let (title, text) = match self {
            Notice::KeyRefused { channel } => (words.notice_key_refused)(channel),
            Notice::NoChannel => (words.notice_no_channel)(),
            Notice::PortTaken { address, owner } => (words.notice_port_taken)(address, owner.as_deref()),
        };
        // A desktop without notifications is no fault: the tray says the same.
        if let Err(error) = app.notification().builder().title(title).body(text).show() {
            tracing::debug!("no notification is shown: {error}");
        }
    }
}

/// Decides which notices a change is worth.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// What held at the last look.
    held: Vec<Notice>,
    /// When each kind was last shown.
    shown: [Option<Duration>; Kind::ALL.len()],
}

impl Notices {
    /// Looks at the product at a time since the start of the process; returns what shall be shown.
    pub(crate) fn see(&mut self, now: Duration, glance: &Glance, silenced: &[Kind]) -> Vec<Notice> {
        let holding = holding(glance);
        let before = std::mem::replace(&mut self.held, holding.clone());
        let news = holding.into_iter().filter(|notice| !before.contains(notice));
        let mut due = Vec::new();
        for notice in news {
            if !silenced.contains(&notice.kind()) && self.may_show(now, notice.kind()) {
                due.push(notice);
            }
        }
        due
    }

    fn may_show(&mut self, now: Duration, kind: Kind) -> bool {
        let last = &mut self.shown[kind as usize];
        let rested = last.is_none_or(|last| now.saturating_sub(last) >= PAUSE);
        if rested {
            *last = Some(now);
        }
        rested
    }
}

/// What holds now.
fn holding(glance: &Glance) -> Vec<Notice> {
    let refused = glance
        .channels
        .iter()
        .filter(|channel| channel.enabled && channel.health == Health::KeyRefused)
        .map(|channel| Notice::KeyRefused { channel: channel.name.clone() });
    let used = glance.channels.iter().any(|channel| channel.enabled);
    let state = match &glance.gateway {
        // Without any channel in use there is nothing that went wrong.
        Gateway::Down if used => Some(Notice::NoChannel),
        Gateway::Stopped { owner } => {
            Some(Notice::PortTaken { address: glance.address.clone(), owner: owner.clone() })
        }
        Gateway::Ok | Gateway::Degraded | Gateway::Down | Gateway::Paused | Gateway::Quitting => None,
    };
    refused.chain(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tray::menu::Channel;

    const MINUTE: Duration = Duration::from_mins(1);

    fn glance(gateway: Gateway, refused: &[&str]) -> Glance {
        let channel = |name: &&str| Channel {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            enabled: true,
            health: Health::KeyRefused,
        };
        Glance {
            gateway,
            address: "127.0.0.1:7584".to_owned(),
            channels: refused.iter().map(channel).collect(),
            requests_today: 0,
            in_flight: 0,
            last_problem: None,
            editable: true,
        }
    }

    fn key_refused(channel: &str) -> Notice {
        Notice::KeyRefused { channel: channel.to_owned() }
    }

    #[test]
    fn a_refused_key_is_told_once_while_it_stays_refused() {
        let mut notices = Notices::default();
        let refused = glance(Gateway::Degraded, &["Kimi"]);
        assert_eq!(notices.see(Duration::ZERO, &refused, &[]), [key_refused("Kimi")]);
        assert_eq!(notices.see(60 * MINUTE, &refused, &[]), []);
    }

    #[test]
    fn a_kind_rests_for_ten_minutes() {
        let mut notices = Notices::default();
        let ok = glance(Gateway::Ok, &[]);
        let refused = glance(Gateway::Degraded, &["Kimi"]);
        for (minute, shown) in [(0, true), (5, false), (9, false), (10, true), (15, false), (20, true)] {
            notices.see(minute * MINUTE, &ok, &[]);
            let told = notices.see(minute * MINUTE, &refused, &[]);
            assert_eq!(!told.is_empty(), shown, "minute {minute}");
        }
    }

    #[test]
    fn kinds_do_not_silence_each_other() {
        let mut notices = Notices::default();
        let down = glance(Gateway::Down, &["Kimi"]);
        assert_eq!(notices.see(MINUTE, &down, &[]), [key_refused("Kimi"), Notice::NoChannel]);
        let stopped = glance(Gateway::Stopped { owner: None }, &[]);
        let taken = Notice::PortTaken { address: "127.0.0.1:7584".to_owned(), owner: None };
        assert_eq!(notices.see(MINUTE, &stopped, &[]), [taken]);
    }

    #[test]
    fn a_silenced_kind_is_not_shown_and_does_not_use_up_its_turn() {
        let mut notices = Notices::default();
        let refused = glance(Gateway::Degraded, &["Kimi"]);
        assert_eq!(notices.see(MINUTE, &refused, &[Kind::KeyRefused]), []);
        let two = glance(Gateway::Degraded, &["Kimi", "Gemini"]);
        assert_eq!(notices.see(2 * MINUTE, &two, &[]), [key_refused("Gemini")]);
    }

    #[test]
    fn a_gateway_without_channels_is_not_worth_a_notification() {
        assert_eq!(Notices::default().see(MINUTE, &glance(Gateway::Down, &[]), &[]), []);
    }
}
