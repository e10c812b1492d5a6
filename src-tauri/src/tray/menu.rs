//! The tray's menu as a value: what it says, computed from what the tray knows. Two can be compared, so that the
//! native menu is touched only where something changed.

use pool::Class;

use super::words::Words;

/// Names longer than this are cut: a menu is as wide as its longest line.
const NAME_CHARS_MAX: usize = 40;
/// The state names an address and perhaps a program.
const SENTENCE_CHARS_MAX: usize = 80;

/// What the tray knows of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glance {
    /// Whether it serves.
    pub(crate) gateway: Gateway,
    /// Where clients find it, without scheme: `127.0.0.1:7584`.
    pub(crate) address: String,
    /// The channels, in the configuration's order.
    pub(crate) channels: Vec<Channel>,
    /// Requests since midnight.
    pub(crate) requests_today: u64,
    /// Requests that run now.
    pub(crate) in_flight: u64,
    /// The newest failure.
    pub(crate) last_problem: Option<LastProblem>,
    /// Whether the configuration can be edited from here.
    pub(crate) editable: bool,
}

/// Whether the gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// Every channel in use can answer.
    Ok,
    /// Some channel cannot answer.
    Degraded,
    /// No channel can answer.
    Down,
    /// Paused by the user.
    Paused,
    /// The port could not be had.
    Stopped {
        /// Who has it, where that is known.
        owner: Option<String>,
    },
    /// Quitting: running requests may end.
    Quitting,
}

/// A channel as far as the tray shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// What it keeps when it is renamed.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Whether it may be used at all.
    pub(crate) enabled: bool,
    /// How it is.
    pub(crate) health: Health,
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answers; its share of its tier in percent.
    Healthy {
        /// In percent.
        share: u32,
    },
    /// It rests.
    Benched {
        /// Until when, as a time of day, where that is known.
        until: Option<String>,
    },
    /// Its key was refused: it rests until somebody gives it another.
    KeyRefused,
    /// It is tried again.
    Probing,
    /// A limit is used up.
    Full,
    /// It has no key.
    NeedsKey,
    /// The user switched it off.
    Off,
}

/// The newest failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastProblem {
    /// The time of day, `14:31`.
    pub(crate) time: String,
    /// Where it happened.
    pub(crate) channel: String,
    /// What it was.
    pub(crate) class: Class,
    /// Who answered in the end.
    pub(crate) answered_by: Option<String>,
}

/// The menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Menu(pub(crate) Vec<Entry>);

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A line between groups.
    Separator,
    /// Tells something and does nothing.
    Told(String),
    /// Does something when clicked.
    Click(Act, String),
    /// Switches something.
    Switch {
        /// What it switches.
        act: Act,
        /// What stands there.
        text: String,
        /// Whether it is on.
        on: bool,
        /// Whether it can be switched.
        enabled: bool,
    },
}

/// What a click does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Puts the base URL on the clipboard.
    CopyAddress,
    /// Takes the channel with this id into use, or out of it.
    SwitchChannel(String),
    /// Shows the request that met the newest failure.
    ShowLastProblem,
    /// Shows who has the port and what can be done.
    ShowOverview,
    /// Tries the port again.
    TryPortAgain,
    /// Refuses new requests for a while.
    Pause,
    /// Takes new requests again.
    Resume,
    /// Opens the window as it was.
    Open,
    /// Quits; a second time without waiting.
    Quit,
}

const CHANNEL_PREFIX: &str = "channel:";

impl Act {
    /// The name by which the native menu reports a click.
    pub(crate) fn id(&self) -> String {
        match self {
            Act::CopyAddress => "copy-address".to_owned(),
            Act::SwitchChannel(id) => format!("{CHANNEL_PREFIX}{id}"),
            Act::ShowLastProblem => "show-last-problem".to_owned(),
            Act::ShowOverview => "show-overview".to_owned(),
            Act::TryPortAgain => "try-port-again".to_owned(),
            Act::Pause => "pause".to_owned(),
            Act::Resume => "resume".to_owned(),
            Act::Open => "open".to_owned(),
            Act::Quit => "quit".to_owned(),
        }
    }

    /// Understands a name that [`Act::id`] made.
    pub(crate) fn of_id(id: &str) -> Option<Act> {
        if let Some(channel) = id.strip_prefix(CHANNEL_PREFIX) {
            return Some(Act::SwitchChannel(channel.to_owned()));
        }
        let plain = [
            Act::CopyAddress,
            Act::ShowLastProblem,
            Act::ShowOverview,
            Act::TryPortAgain,
            Act::Pause,
            Act::Resume,
            Act::Open,
            Act::Quit,
        ];
        plain.into_iter().find(|act| act.id() == id)
    }
}

impl Menu {
    /// Computes what the menu says.
    pub(crate) fn of(glance: &Glance, words: &Words) -> Menu {
        let groups = [
            state(glance, words),
            glance.channels.iter().map(|channel| switch(channel, glance.editable, words)).collect(),
            history(glance, words),
            ending(glance, words),
        ];
        let filled: Vec<Vec<Entry>> = groups.into_iter().filter(|group| !group.is_empty()).collect();
        Menu(filled.join(&Entry::Separator))
    }

    /// Whether the native menu of `self` can be made to say `other` without being built anew.
    pub(crate) fn has_shape_of(&self, other: &Menu) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(one, two)| one.fits(two))
    }
}

impl Entry {
    fn fits(&self, other: &Entry) -> bool {
        match (self, other) {
            (Entry::Separator, Entry::Separator) | (Entry::Told(_), Entry::Told(_)) => true,
            (Entry::Click(one, _), Entry::Click(two, _)) => one == two,
            (Entry::Switch { act: one, .. }, Entry::Switch { act: two, .. }) => one == two,
            (
                Entry::Separator | Entry::Told(_) | Entry::Click(..) | Entry::Switch { .. },
                Entry::Separator | Entry::Told(_) | Entry::Click(..) | Entry::Switch { .. },
            ) => false,
        }
    }
}

/// The product's state in one sentence.
pub(crate) fn sentence(glance: &Glance, words: &Words) -> String {
    let used = glance.channels.iter().filter(|channel| channel.enabled);
    let (mut total, mut healthy) = (0, 0);
    for channel in used {
        total += 1;
        healthy += usize::from(matches!(channel.health, Health::Healthy { .. }));
    }
    match &glance.gateway {
        Gateway::Quitting => (words.finishing)(glance.in_flight),
        Gateway::Stopped { owner } => (words.not_listening)(&glance.address, owner.as_deref()),
        Gateway::Paused => words.paused.to_owned(),
        Gateway::Ok | Gateway::Degraded | Gateway::Down if total == 0 => words.no_channel_yet.to_owned(),
        Gateway::Down => words.none_can_answer.to_owned(),
        Gateway::Ok | Gateway::Degraded => (words.listening)(healthy, total),
    }
}

fn state(glance: &Glance, words: &Words) -> Vec<Entry> {
    let sentence = cut(&sentence(glance, words), SENTENCE_CHARS_MAX);
    match glance.gateway {
        Gateway::Quitting => vec![Entry::Told(sentence)],
        Gateway::Stopped { .. } => vec![
            Entry::Click(Act::ShowOverview, sentence),
            Entry::Click(Act::TryPortAgain, words.try_again.to_owned()),
        ],
        Gateway::Ok | Gateway::Degraded | Gateway::Down | Gateway::Paused => {
            let copies = (words.behind)(&glance.address, words.click_copies);
            vec![Entry::Told(sentence), Entry::Click(Act::CopyAddress, copies)]
        }
    }
}

fn switch(channel: &Channel, editable: bool, words: &Words) -> Entry {
    let word = match &channel.health {
        Health::Healthy { share } => (words.share)(*share),
        Health::Benched { until: Some(time) } => (words.benched_until)(time),
        Health::Benched { until: None } => words.benched.to_owned(),
        Health::KeyRefused => (words.class)(Class::Credential).to_owned(),
        Health::Probing => words.half_open.to_owned(),
        Health::Full => words.full.to_owned(),
        Health::NeedsKey => words.needs_key.to_owned(),
        Health::Off => words.off.to_owned(),
    };
    Entry::Switch {
        act: Act::SwitchChannel(channel.id.clone()),
        text: (words.behind)(&cut(&channel.name, NAME_CHARS_MAX), &word),
        on: channel.enabled,
        enabled: editable,
    }
}

fn history(glance: &Glance, words: &Words) -> Vec<Entry> {
    let today = (glance.requests_today > 0).then(|| Entry::Told((words.today)(glance.requests_today)));
    let problem = glance.last_problem.as_ref().map(|problem| {
        let answered_by = problem.answered_by.as_deref().map(|name| cut(name, NAME_CHARS_MAX));
        let what = (words.class)(problem.class);
        let channel = cut(&problem.channel, NAME_CHARS_MAX);
        let text = (words.last_problem)(&problem.time, &channel, what, answered_by.as_deref());
        Entry::Click(Act::ShowLastProblem, text)
    });
    today.into_iter().chain(problem).collect()
}

fn ending(glance: &Glance, words: &Words) -> Vec<Entry> {
    let click = |act, text: &str| Entry::Click(act, text.to_owned());
    let quit = Entry::Click(Act::Quit, (words.quit)(glance.in_flight));
    match glance.gateway {
        Gateway::Quitting => vec![click(Act::Quit, words.quit_now)],
        Gateway::Paused => vec![click(Act::Resume, words.resume), click(Act::Open, words.open), quit],
        Gateway::Stopped { .. } => vec![click(Act::Open, words.open), quit],
        Gateway::Ok | Gateway::Degraded | Gateway::Down => {
            vec![click(Act::Pause, words.pause), click(Act::Open, words.open), quit]
        }
    }
}

/// Makes a name fit a line: control characters become spaces, what is too long ends in an ellipsis.
fn cut(name: &str, chars_max: usize) -> String {
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    if name.chars().count() <= chars_max {
        return name.chars().map(clean).collect();
    }
    let kept: String = name.chars().take(chars_max - 1).map(clean).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests;
