//! What was served since the start, counted as requests end. Bounded; nothing of it outlives the process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use gateway::{AttemptTrace, Ending, Trace};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{Counters, Flow, FlowEnd, Hour, HourOutcome, LastProblem};

/// How many hours are shown.
pub(crate) const HOURS: usize = 24;
const HOUR_S: i64 = 3_600;
/// The flow's window, in slices that fall out of it one by one.
const FLOW_SLICE_S: i64 = 10;
const FLOW_SLICES: usize = 30;
/// Times to the first content that are kept for the middle and the end of the day's and of a channel's.
const FIRST_CONTENTS_OF_DAY: usize = 2_000;
const FIRST_CONTENTS_OF_CHANNEL: usize = 100;
/// Clients and channels that are counted apart; whoever comes later is not.
const NAMES_MAX: usize = 512;
/// Who asks without a key of a client's own, where any key will do.
const NOBODY: &str = "any key";

/// The counts, fed by every request that ended.
#[derive(Default)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
}

/// What is known of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientCount {
    pub(crate) requests: u64,
    pub(crate) last_used: Option<Timestamp>,
}

/// What is known of one channel beyond what the pool knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChannelCount {
    pub(crate) hours: Vec<Option<HourOutcome>>,
    pub(crate) first_content_median_ms: Option<f64>,
    /// Attempts with each key, by its name.
    pub(crate) uses: HashMap<Arc<str>, u64>,
}

#[derive(Default)]
struct Counts {
    day: Option<Date>,
    today: Today,
    hours: VecDeque<HourCount>,
    slices: VecDeque<Slice>,
    clients: HashMap<Arc<str>, ClientCount>,
    channels: HashMap<Arc<str>, Channel>,
    last_problem: Option<LastProblem>,
}

#[derive(Default)]
struct Today {
    counters: Counters,
    first_contents: Ring,
}

/// One hour, by its number since 1970.
#[derive(Default)]
struct HourCount {
    number: i64,
    answered: u64,
    rescued: u64,
    refused: u64,
}

/// A few seconds of the flow, by their number since 1970.
#[derive(Default)]
struct Slice {
    number: i64,
    clients: HashMap<Arc<str>, u64>,
    channels: HashMap<Arc<str>, u64>,
}

#[derive(Default)]
struct Channel {
    hours: VecDeque<(i64, HourOutcome)>,
    first_contents: Ring,
    uses: HashMap<Arc<str>, u64>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Rescued,
    Refused,
    /// The client went away first: neither good nor bad.
    Left,
}

impl Fate {
    fn of(trace: &Trace) -> Fate {
        match trace.ending {
            Ending::Done if trace.refusal.is_some() || trace.status >= 400 => Fate::Refused,
            Ending::Done if trace.attempts.len() > 1 => Fate::Rescued,
            Ending::Done => Fate::Answered,
            Ending::Idle | Ending::Cut | Ending::Error => Fate::Refused,
            Ending::ClientLeft | Ending::Running => Fate::Left,
        }
    }

    fn was_answered(self) -> bool {
        matches!(self, Fate::Answered | Fate::Rescued)
    }
}

impl Tally {
    /// Counts a request that ended. Called on the path of every request: no more than a few map entries.
    pub(crate) fn count(&self, trace: &Trace, now: Timestamp, zone: &TimeZone) {
        let fate = Fate::of(trace);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.count_today(trace, fate, now, zone);
        counts.count_hour(fate, now);
        counts.count_flow(trace, now);
        counts.count_client(trace, now);
        counts.count_channels(trace, fate, now);
        counts.note_problem(trace, fate);
    }

    /// Today's counts; `in_flight` is left at 0.
    pub(crate) fn counters(&self, now: Timestamp, zone: &TimeZone) -> Counters {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.day != Some(now.to_zoned(zone.clone()).date()) {
            return Counters::default();
        }
        let times = &counts.today.first_contents;
        Counters {
            first_content_median_ms: times.share(50),
            first_content_p95_ms: times.share(95),
            ..counts.today.counters
        }
    }

    /// The last 24 hours, oldest first, the running one last.
    pub(crate) fn hours(&self, now: Timestamp) -> Vec<Hour> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        shown_hours(now)
            .map(|number| {
                let known = counts.hours.iter().find(|hour| hour.number == number);
                let count = |of: fn(&HourCount) -> u64| known.map_or(0, of);
                Hour {
                    from: Timestamp::from_second(number * HOUR_S).unwrap_or_default(),
                    answered: count(|hour| hour.answered),
                    rescued: count(|hour| hour.rescued),
                    refused: count(|hour| hour.refused),
                }
            })
            .collect()
    }

    /// Who asked and who answered in the last five minutes, the busiest first.
    pub(crate) fn flow(&self, now: Timestamp) -> Flow {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = slice_of(now) - i64::try_from(FLOW_SLICES).unwrap_or(i64::MAX) + 1;
        let recent = || counts.slices.iter().filter(|slice| slice.number >= oldest);
        Flow {
            clients: busiest_first(recent().flat_map(|slice| &slice.clients)),
            channels: busiest_first(recent().flat_map(|slice| &slice.channels)),
        }
    }

    /// The newest request that met a failure.
    pub(crate) fn last_problem(&self) -> Option<LastProblem> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).last_problem.clone()
    }

    /// What a client asked for.
    pub(crate) fn client(&self, name: &str) -> ClientCount {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clients.get(name).copied().unwrap_or_default()
    }

    /// What a channel was used for, by its name.
    pub(crate) fn channel(&self, name: &str, now: Timestamp) -> ChannelCount {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.channels.get(name);
        let outcome =
            |number| known?.hours.iter().find(|(hour, _)| *hour == number).map(|(_, outcome)| *outcome);
        ChannelCount {
            hours: shown_hours(now).map(outcome).collect(),
            first_content_median_ms: known.and_then(|channel| channel.first_contents.share(50)),
            uses: known.map(|channel| channel.uses.clone()).unwrap_or_default(),
        }
    }
}

impl Counts {
    fn count_today(&mut self, trace: &Trace, fate: Fate, now: Timestamp, zone: &TimeZone) {
        let day = now.to_zoned(zone.clone()).date();
        if self.day.replace(day) != Some(day) {
            self.today = Today::default();
        }
        let counters = &mut self.today.counters;
        counters.requests_today += 1;
        match fate {
            Fate::Answered => counters.answered += 1,
            Fate::Rescued => counters.rescued += 1,
            Fate::Refused => counters.refused += 1,
            Fate::Left => {}
        }
        if let Some(usage) = &trace.usage {
            counters.input_tokens = counters.input_tokens.saturating_add(usage.input());
            counters.cached_tokens = counters.cached_tokens.saturating_add(usage.cache_read);
            counters.output_tokens = counters.output_tokens.saturating_add(usage.output);
        }
        if let Some(after) = trace.first_content_ms {
            self.today.first_contents.push(after, FIRST_CONTENTS_OF_DAY);
        }
    }

    fn count_hour(&mut self, fate: Fate, now: Timestamp) {
        let number = hour_of(now);
        if self.hours.back().is_none_or(|hour| hour.number != number) {
            self.hours.push_back(HourCount { number, ..HourCount::default() });
        }
        if self.hours.len() > HOURS {
            self.hours.pop_front();
        }
        let Some(hour) = self.hours.back_mut() else { return };
        match fate {
            Fate::Answered => hour.answered += 1,
            Fate::Rescued => hour.rescued += 1,
            Fate::Refused => hour.refused += 1,
            Fate::Left => {}
        }
    }

    fn count_flow(&mut self, trace: &Trace, now: Timestamp) {
        let number = slice_of(now);
        if self.slices.back().is_none_or(|slice| slice.number != number) {
            self.slices.push_back(Slice { number, ..Slice::default() });
        }
        if self.slices.len() > FLOW_SLICES {
            self.slices.pop_front();
        }
        let Some(slice) = self.slices.back_mut() else { return };
        increase(&mut slice.clients, &client_of(trace));
        if let Some(last) = trace.attempts.last() {
            increase(&mut slice.channels, &last.channel);
        }
    }

    fn count_client(&mut self, trace: &Trace, now: Timestamp) {
        let Some(name) = &trace.client else { return };
        if let Some(client) = entry(&mut self.clients, name) {
            client.requests += 1;
            client.last_used = Some(now);
        }
    }

    fn count_channels(&mut self, trace: &Trace, fate: Fate, now: Timestamp) {
        let number = hour_of(now);
        for attempt in &trace.attempts {
            let Some(channel) = entry(&mut self.channels, &attempt.channel) else { continue };
            increase(&mut channel.uses, &attempt.key);
            if let Some(after) = attempt.first_content_ms {
                channel.first_contents.push(after - attempt.started_ms, FIRST_CONTENTS_OF_CHANNEL);
            }
            if let Some(outcome) = outcome_of(attempt, fate) {
                channel.count_outcome(number, outcome);
            }
        }
    }

    fn note_problem(&mut self, trace: &Trace, fate: Fate) {
        let failed = || trace.attempts.iter().filter(|attempt| attempt.class.is_some());
        let Some(failure) = failed().next_back() else { return };
        let Some(class) = failure.class else { return };
        let answered = trace.attempts.last().filter(|_| fate.was_answered());
        self.last_problem = Some(LastProblem {
            at: trace.started,
            request: trace.id.simple().to_string(),
            client: trace.client.as_deref().map(str::to_owned),
            channel: failure.channel.to_string(),
            class,
            status: failure.status,
            message: failure.error.clone().unwrap_or_default(),
            answered_by: answered.map(|attempt| attempt.channel.to_string()),
            attempts: u32::try_from(trace.attempts.len()).unwrap_or(u32::MAX),
            waited_ms: failed()
                .map(|attempt| attempt.ended_ms.unwrap_or(attempt.started_ms) - attempt.started_ms)
                .sum(),
        });
    }
}

impl Channel {
    fn count_outcome(&mut self, number: i64, outcome: HourOutcome) {
        match self.hours.back_mut() {
            Some((hour, worst)) if *hour == number => *worst = outcome.max(*worst),
            Some(_) | None => self.hours.push_back((number, outcome)),
        }
        if self.hours.len() > HOURS {
            self.hours.pop_front();
        }
    }
}

/// What an attempt says of its channel; an attempt whose client left says nothing.
fn outcome_of(attempt: &AttemptTrace, fate: Fate) -> Option<HourOutcome> {
    match (attempt.class, fate) {
        (None, Fate::Answered | Fate::Rescued) => Some(HourOutcome::Ok),
        (Some(_), Fate::Answered | Fate::Rescued) => Some(HourOutcome::Rescued),
        (_, Fate::Refused) => Some(HourOutcome::Failed),
        (_, Fate::Left) => None,
    }
}

fn client_of(trace: &Trace) -> Arc<str> {
    trace.client.clone().unwrap_or_else(|| NOBODY.into())
}

fn increase(counts: &mut HashMap<Arc<str>, u64>, name: &Arc<str>) {
    if let Some(count) = entry(counts, name) {
        *count += 1;
    }
}

/// The entry of a name, as long as there are not too many.
fn entry<'m, T: Default>(map: &'m mut HashMap<Arc<str>, T>, name: &Arc<str>) -> Option<&'m mut T> {
    if map.len() >= NAMES_MAX && !map.contains_key(name) {
        return None;
    }
    Some(map.entry(Arc::clone(name)).or_default())
}

fn busiest_first<'c>(counts: impl Iterator<Item = (&'c Arc<str>, &'c u64)>) -> Vec<FlowEnd> {
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for (name, count) in counts {
        *sums.entry(name).or_default() += count;
    }
    let mut ends: Vec<FlowEnd> =
        sums.into_iter().map(|(name, requests)| FlowEnd { name: name.to_owned(), requests }).collect();
    ends.sort_by(|one, other| other.requests.cmp(&one.requests).then_with(|| one.name.cmp(&other.name)));
    ends
}

fn hour_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(HOUR_S)
}

fn slice_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(FLOW_SLICE_S)
}

/// The numbers of the hours that are shown, oldest first.
fn shown_hours(now: Timestamp) -> impl Iterator<Item = i64> {
    let last = hour_of(now);
    let first = last - i64::try_from(HOURS).unwrap_or(i64::MAX) + 1;
    first..=last
}

/// The newest of a row of figures.
#[derive(Default)]
struct Ring {
    values: VecDeque<f64>,
}

impl Ring {
    fn push(&mut self, value: f64, most: usize) {
        if self.values.len() >= most {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// What this percentage of the figures does not exceed.
    fn share(&self, percent: usize) -> Option<f64> {
        let mut sorted: Vec<f64> = self.values.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
        sorted.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use pool::Class;
    use wire::{Operation, Protocol, Usage};

    use super::*;

    const NOON: &str = "2026-11-20T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn attempt(channel: &str, class: Option<Class>) -> AttemptTrace {
        AttemptTrace {
            channel: channel.into(),
            key: "default".into(),
            model: "m".into(),
            protocol: wire::Protocol::Chat,
            notes: Vec::new(),
            started_ms: 10.0,
            headers_ms: None,
            first_content_ms: class.is_none().then_some(110.0),
            ended_ms: Some(210.0),
            status: None,
            class,
            phase: None,
            error: class.map(|_| "it said no".to_owned()),
            verdict: None,
            maybe_billed: false,
        }
    }

    fn trace(ending: Ending, attempts: Vec<AttemptTrace>) -> Trace {
        Trace {
            id: uuid::Uuid::nil(),
            started: at(NOON),
            client: Some("Claude Code".into()),
            protocol: Protocol::Chat,
            operation: Operation::Generate,
            stream: false,
            asked: None,
            rule: None,
            matched: None,
            candidates: Vec::new(),
            skipped: Vec::new(),
            attempts,
            ending,
            status: 200,
            refusal: None,
            usage: Some(Usage { input_uncached: 5, cache_read: 3, output: 2, ..Usage::default() }),
            count: None,
            first_content_ms: Some(100.0),
            total_ms: 200.0,
        }
    }

    fn counted(traces: &[(&str, Trace)]) -> Tally {
        let tally = Tally::default();
        for (now, trace) in traces {
            tally.count(trace, at(now), &TimeZone::UTC);
        }
        tally
    }

    #[test]
    fn every_request_has_one_fate() {
        let down = || attempt("a", Some(Class::ServerError));
        let tally = counted(&[
            (NOON, trace(Ending::Done, vec![attempt("a", None)])),
            (NOON, trace(Ending::Done, vec![down(), attempt("b", None)])),
            (NOON, trace(Ending::Error, vec![down()])),
            (NOON, trace(Ending::Cut, vec![attempt("a", None)])),
            (NOON, trace(Ending::ClientLeft, vec![attempt("a", None)])),
        ]);
        let today = tally.counters(at(NOON), &TimeZone::UTC);
        assert_eq!((today.requests_today, today.answered, today.rescued, today.refused), (5, 1, 1, 2));
        assert_eq!((today.input_tokens, today.cached_tokens, today.output_tokens), (40, 15, 10));
        assert_eq!(today.first_content_median_ms, Some(100.0));
        let hour = *tally.hours(at(NOON)).last().unwrap();
        assert_eq!((hour.answered, hour.rescued, hour.refused), (1, 1, 2));
        assert_eq!(tally.client("Claude Code").requests, 5);
        let a = tally.channel("a", at(NOON));
        assert_eq!((a.hours[HOURS - 1], a.uses["default"]), (Some(HourOutcome::Failed), 5));
        assert_eq!(tally.channel("b", at(NOON)).hours[HOURS - 1], Some(HourOutcome::Ok));
    }

    #[test]
    fn the_last_problem_says_what_was_done_about_it() {
        let down = attempt("a", Some(Class::ServerError));
        let rescued = counted(&[(NOON, trace(Ending::Done, vec![down.clone(), attempt("b", None)]))]);
        let problem = rescued.last_problem().unwrap();
        assert_eq!((problem.channel.as_str(), problem.answered_by.as_deref()), ("a", Some("b")));
        assert_eq!((problem.attempts, problem.waited_ms), (2, 200.0));
        let refused = counted(&[(NOON, trace(Ending::Error, vec![down]))]);
        assert_eq!(refused.last_problem().unwrap().answered_by, None);
        assert_eq!(counted(&[(NOON, trace(Ending::Done, vec![attempt("a", None)]))]).last_problem(), None);
    }

    #[test]
    fn what_is_past_falls_out() {
        let one = || trace(Ending::Done, vec![attempt("a", None)]);
        let tally = counted(&[(NOON, one()), ("2026-11-20T12:04:50Z", one())]);
        let asked = |now: &str| tally.flow(at(now)).clients.first().map_or(0, |end| end.requests);
        assert_eq!(asked("2026-11-20T12:04:59Z"), 2);
        assert_eq!(asked("2026-11-20T12:05:00Z"), 1);
        assert_eq!(asked("2026-11-20T12:10:00Z"), 0);
        assert_eq!(tally.counters(at("2026-11-21T00:00:00Z"), &TimeZone::UTC), Counters::default());
        assert_eq!(tally.hours(at("2026-11-21T11:59:59Z"))[0].answered, 2);
        assert_eq!(tally.hours(at("2026-11-21T12:00:00Z")).iter().map(|hour| hour.answered).sum::<u64>(), 0);
    }

    #[test]
    fn names_without_end_take_no_room_without_end() {
        let mut map: HashMap<Arc<str>, u64> = HashMap::new();
        for number in 0..2 * NAMES_MAX {
            increase(&mut map, &Arc::from(number.to_string()));
        }
        assert_eq!(map.len(), NAMES_MAX);
    }

    #[test]
    fn a_share_is_the_smallest_figure_that_so_many_do_not_exceed() {
        let mut ring = Ring::default();
        assert_eq!(ring.share(50), None);
        for figure in 1..=20 {
            ring.push(f64::from(figure), 100);
        }
        assert_eq!((ring.share(50), ring.share(95)), (Some(10.0), Some(19.0)));
        ring.push(100.0, 20);
        assert_eq!(ring.share(100), Some(100.0));
        assert_eq!(ring.values.len(), 20);
    }
}
