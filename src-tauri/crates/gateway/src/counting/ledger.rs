//! What is remembered of counts: how far our estimates are off for each model of each channel, what upstreams counted of
//! running conversations, and the last answers. In memory, bounded, and lost with the program.
//!
//! Learning takes parsing a request, which requests in the channel's own protocol are spared. So only a few are kept until
//! their answer is complete, and looked at then, on a thread where nobody waits: the first ones of each model, and later
//! one every few seconds.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use config::Candidate;
use wire::{
    Operation, Protocol, Usage,
    count::{self, Calibration, Tally},
    head::Head,
    translate::Untranslatable,
};

use crate::{compose::Asked, gateway::Gateway};

/// A model of a channel: what one calibration is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    /// The channel's id; empty where no channel could serve.
    channel: Arc<str>,
    model: Arc<str>,
}

impl Cell {
    pub(crate) fn of(candidate: &Candidate) -> Cell {
        Cell { channel: Arc::clone(&candidate.channel.id), model: Arc::clone(&candidate.model) }
    }

    /// What a model is called that no channel can serve now.
    pub(super) fn nobodys(model: &Arc<str>) -> Cell {
        Cell { channel: "".into(), model: Arc::clone(model) }
    }
}

/// A request that was kept to be learnt from.
#[derive(Debug)]
pub(crate) struct Sample {
    cell: Cell,
    head: Head,
    body: Bytes,
}

/// How many answers are remembered; Claude Code asks for two dozen at once.
const ANSWERS_MAX: usize = 512;
/// How many models of channels are calibrated.
const CELLS_MAX: usize = 256;
/// How many counted requests are remembered to find the next turn of their conversation.
const TURNS_MAX: usize = 512;
/// Requests of which samples are taken. Smaller ones teach nothing, larger ones would be kept too long.
const SAMPLE_BYTES: std::ops::RangeInclusive<usize> = (2 << 10)..=(4 << 20);
/// How long a model that is known is left alone after a sample.
const SAMPLE_PAUSE: Duration = Duration::from_secs(5);

/// The counts that are remembered.
pub(crate) struct Ledger {
    /// Its keys are random: what it digests comes from clients.
    hasher: RandomState,
    books: Mutex<Books>,
}

struct Books {
    cells: Recent<Learnt>,
    turns: Recent<Usage>,
    answers: Recent<Remembered>,
    /// How often something was learnt; an older estimate is made anew.
    lessons: u64,
}

/// What is known of one cell.
#[derive(Clone, Copy, Default)]
struct Learnt {
    calibration: Calibration,
    /// When a sample was last taken, on the monotonic clock.
    sampled: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Remembered {
    tokens: u64,
    /// For an estimate, what had been learnt when it was made.
    lessons: Option<u64>,
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        let books = Books {
            cells: Recent::new(CELLS_MAX),
            turns: Recent::new(TURNS_MAX),
            answers: Recent::new(ANSWERS_MAX),
            lessons: 0,
        };
        Ledger { hasher: RandomState::new(), books: Mutex::new(books) }
    }

    /// Names a question by all that its answer depends on.
    pub(super) fn question(&self, protocol: Protocol, cell: &Cell, body: &[u8]) -> u64 {
        self.hasher.hash_one((protocol, cell, body))
    }

    /// Finds the answer to a question that was asked before.
    pub(super) fn remembered(&self, question: u64) -> Option<u64> {
        let mut books = self.books();
        let lessons = books.lessons;
        let remembered = books.answers.get(question)?;
        remembered.lessons.is_none_or(|then| then == lessons).then_some(remembered.tokens)
    }

    pub(super) fn remember_exact(&self, question: u64, tokens: u64) {
        self.books().answers.put(question, Remembered { tokens, lessons: None });
    }

    pub(super) fn remember_estimate(&self, question: u64, tokens: u64) {
        let mut books = self.books();
        let lessons = Some(books.lessons);
        books.answers.put(question, Remembered { tokens, lessons });
    }

    /// Corrects a guess at a candidate's tokens by what was learnt of it.
    pub(crate) fn correct(&self, candidate: &Candidate, guess: u64) -> u64 {
        self.calibration(&Cell::of(candidate)).correct(guess)
    }

    /// Keeps a request to learn from, where there is something to learn. Clients of Chat never count.
    pub(crate) fn sample(&self, asked: &Asked, candidate: &Candidate, now: Duration) -> Option<Box<Sample>> {
        let head = &asked.head;
        let counts = head.protocol != Protocol::Chat && head.operation == Operation::Generate;
        if !counts || !SAMPLE_BYTES.contains(&asked.body.len()) {
            return None;
        }
        let cell = Cell::of(candidate);
        let key = self.hasher.hash_one(&cell);
        let mut books = self.books();
        let mut learnt = books.cells.get(key).unwrap_or_default();
        let rested = |sampled: Duration| now.saturating_sub(sampled) >= SAMPLE_PAUSE;
        if learnt.calibration.is_known() && !learnt.sampled.is_none_or(rested) {
            return None;
        }
        learnt.sampled = Some(now);
        books.cells.put(key, learnt);
        drop(books);
        Some(Box::new(Sample { cell, head: head.clone(), body: asked.body.clone() }))
    }

    fn calibration(&self, cell: &Cell) -> Calibration {
        self.books().cells.get(self.hasher.hash_one(cell)).unwrap_or_default().calibration
    }

    /// Learns what an upstream has counted; with its answer's tokens, the conversation is known too.
    fn learn(&self, cell: &Cell, tally: &Tally, input: u64, answered: Option<Usage>) {
        let key = self.hasher.hash_one(cell);
        let mut books = self.books();
        let mut learnt = books.cells.get(key).unwrap_or_default();
        learnt.calibration.learn(tally.tokens(), input);
        books.cells.put(key, learnt);
        if let (Some(usage), Some(digest)) = (answered, tally.digest()) {
            books.turns.put(self.turn(cell, digest), usage);
        }
        books.lessons += 1;
    }

    /// Names the end of a request by what is said in it, and to whom.
    fn turn(&self, cell: &Cell, digest: u64) -> u64 {
        self.hasher.hash_one((cell, digest))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Estimates the tokens of a request.
pub(super) fn estimate(
    ledger: &Ledger,
    head: &Head,
    body: &[u8],
    cell: &Cell,
) -> Result<u64, Untranslatable> {
    let tally = count::tally(head, body, &cell.model)?;
    let calibration = ledger.calibration(cell);
    Ok(tally.estimate(&calibration, |digest| ledger.books().turns.get(ledger.turn(cell, digest))))
}

/// Learns from a complete answer, on a thread where nobody waits.
pub(crate) fn learn_from_answer(gateway: &Arc<Gateway>, sample: Sample, usage: Usage) {
    if usage.input() > 0 {
        learn(gateway, sample, usage.input(), Some(usage));
    }
}

/// Learns from a count that an upstream has made.
pub(super) fn learn_from_count(gateway: &Arc<Gateway>, asked: &Asked, cell: &Cell, tokens: u64) {
    if SAMPLE_BYTES.contains(&asked.body.len()) {
        let sample = Sample { cell: cell.clone(), head: asked.head.clone(), body: asked.body.clone() };
        learn(gateway, sample, tokens, None);
    }
}

fn learn(gateway: &Arc<Gateway>, sample: Sample, input: u64, answered: Option<Usage>) {
    // A gateway that is being taken down learns nothing more.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let gateway = Arc::clone(gateway);
    runtime.spawn_blocking(move || {
        // What an upstream understood and we do not is no reason to worry anybody.
        if let Ok(tally) = count::tally(&sample.head, &sample.body, &sample.cell.model) {
            gateway.ledger.learn(&sample.cell, &tally, input, answered);
        }
    });
}

/// The values used last, up to a number, by a key that is a digest already.
struct Recent<V> {
    values: HashMap<u64, (V, u64)>,
    uses: u64,
    most: usize,
}

impl<V: Copy> Recent<V> {
    fn new(most: usize) -> Recent<V> {
        Recent { values: HashMap::new(), uses: 0, most }
    }

    fn get(&mut self, key: u64) -> Option<V> {
        self.uses += 1;
        let (value, used) = self.values.get_mut(&key)?;
        *used = self.uses;
        Some(*value)
    }

    fn put(&mut self, key: u64, value: V) {
        if self.values.len() >= self.most && !self.values.contains_key(&key) {
            let oldest = self.values.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key);
            oldest.and_then(|oldest| self.values.remove(&oldest));
        }
        self.uses += 1;
        self.values.insert(key, (value, self.uses));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn cell(model: &str) -> Cell {
        Cell { channel: "a".into(), model: model.into() }
    }

    fn tally(text: &str) -> Tally {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}]}}"#);
        let head = Head::read(Protocol::Messages, Operation::CountTokens, body.as_bytes(), None).unwrap();
        count::tally(&head, body.as_bytes(), "m").unwrap()
    }

    #[test]
    fn an_estimate_is_made_anew_after_a_lesson_and_an_exact_count_is_not() {
        let ledger = Ledger::new();
        let [exact, estimated] =
            ["1", "2"].map(|body| ledger.question(Protocol::Messages, &cell("m"), body.as_bytes()));
        ledger.remember_exact(exact, 7);
        ledger.remember_estimate(estimated, 8);
        assert_eq!((ledger.remembered(exact), ledger.remembered(estimated)), (Some(7), Some(8)));
        ledger.learn(&cell("m"), &tally("a"), 9, None);
        assert_eq!((ledger.remembered(exact), ledger.remembered(estimated)), (Some(7), None));
    }

    #[test]
    fn a_question_is_another_for_another_body_protocol_channel_or_model() {
        let ledger = Ledger::new();
        let elsewhere = Cell { channel: "b".into(), model: "m".into() };
        let questions = [
            ledger.question(Protocol::Messages, &cell("m"), b"{}"),
            ledger.question(Protocol::Messages, &cell("m"), b"{ }"),
            ledger.question(Protocol::Gemini, &cell("m"), b"{}"),
            ledger.question(Protocol::Messages, &cell("n"), b"{}"),
            ledger.question(Protocol::Messages, &elsewhere, b"{}"),
        ];
        let different: std::collections::HashSet<u64> = questions.into_iter().collect();
        assert_eq!(different.len(), questions.len());
        assert_eq!(questions[0], ledger.question(Protocol::Messages, &cell("m"), b"{}"));
    }

    #[test]
    fn what_one_model_teaches_is_no_lesson_for_another() {
        let ledger = Ledger::new();
        let long = tally(&"word ".repeat(5000));
        for _ in 0..3 {
            ledger.learn(&cell("m"), &long, long.tokens() * 3 / 2, None);
        }
        assert_eq!(ledger.calibration(&cell("m")).correct(1000), 1500);
        assert_eq!(ledger.calibration(&cell("n")).correct(1000), 1050);
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten_first() {
        let mut recent = Recent::new(2);
        recent.put(1, 'a');
        recent.put(2, 'b');
        assert_eq!(recent.get(1), Some('a'));
        recent.put(3, 'c');
        recent.put(3, 'd');
        assert_eq!([1, 2, 3].map(|key| recent.get(key)), [Some('a'), None, Some('d')]);
    }
}
