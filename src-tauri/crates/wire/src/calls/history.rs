//! Which outcome belongs to which call.

use std::collections::HashSet;

use super::ids::made_up;
use crate::ask::{Arguments, Ask, Call, CallOutcome, Content, Part, Role, Setting, Turn};
use crate::json::Text;
use crate::note::{Notes, Why};

/// What stands for an outcome that the client never gave: every provider refuses a call without one.
const NO_OUTCOME: &str = "[no result]";

/// Returns the conversation in the order that every provider wants: behind a turn that calls tools, a turn with one outcome
/// for each call, in the order of the calls; then whatever else was said.
///
/// Neighbouring turns of the model become one. Every call has an id of its own and every outcome its call's id, name and
/// namespace. An outcome without a call becomes text; of several for one call the first counts; one that is missing is made
/// up. What was repaired is noted.
pub fn arrange<'a>(ask: &Ask<'a>, notes: &mut Notes) -> Vec<Turn<'a>> {
    let mut arranged = Arranged { turns: Vec::new(), waiting: None, ids: HashSet::new(), repaired: false };
    for (index, turn) in ask.turns.iter().enumerate() {
        match turn.role {
            Role::Assistant => arranged.answer(index, turn),
            Role::User => arranged.question(turn),
            Role::System => arranged.put_behind(turn.clone()),
        }
    }
    arranged.settle();
    if arranged.repaired {
        notes.emulate(ask.word(Setting::Outcomes), Why::Repaired);
    }
    arranged.turns
}

/// A conversation being arranged.
struct Arranged<'a> {
    turns: Vec<Turn<'a>>,
    /// The calls of the last turn of the model.
    waiting: Option<Waiting<'a>>,
    /// Every id given so far.
    ids: HashSet<String>,
    repaired: bool,
}

/// Calls that wait for their outcomes.
struct Waiting<'a> {
    calls: Vec<Called<'a>>,
    /// What was said behind them.
    behind: Vec<Turn<'a>>,
}

/// A call and what came of it.
struct Called<'a> {
    /// The id that the client gave it; perhaps none.
    given: Text<'a>,
    /// Its own id.
    id: Text<'a>,
    name: Text<'a>,
    namespace: Option<Text<'a>>,
    free: bool,
    outcome: Option<Part<'a>>,
    at: usize,
}

impl<'a> Arranged<'a> {
    /// Takes a turn of the model. It belongs to the one before, unless something was said between them.
    fn answer(&mut self, index: usize, turn: &Turn<'a>) {
        let goes_on = self.waiting.as_ref().is_none_or(|waiting| {
            waiting.behind.is_empty() && waiting.calls.iter().all(|call| call.outcome.is_none())
        });
        if !goes_on {
            self.settle();
        }
        let mut parts = Vec::with_capacity(turn.parts.len());
        for (place, part) in turn.parts.iter().enumerate() {
            parts.push(match &part.content {
                Content::Call(call) => {
                    Part { content: Content::Call(self.called(index, place, call, part.at)), ..part.clone() }
                }
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Thinking(_)
                | Content::Outcome(_)
                | Content::Foreign(_) => part.clone(),
            });
        }
        match self.turns.last_mut() {
            Some(last) if last.role == Role::Assistant => last.parts.append(&mut parts),
            Some(_) | None => self.turns.push(Turn { role: Role::Assistant, parts }),
        }
    }

    /// Notes a call, which gets an id of its own.
    fn called(&mut self, turn: usize, place: usize, call: &Call<'a>, at: usize) -> Call<'a> {
        let mut id = call.id.clone();
        if id.is_empty() {
            id = Text::from(made_up(turn, place, &call.name.plain()));
        }
        let mut number = 2;
        while !self.ids.insert(id.plain().into_owned()) {
            self.repaired = true;
            id = call.id.clone();
            id.push_plain(&format!("_{number}"));
            number += 1;
        }
        let waiting = self.waiting.get_or_insert(Waiting { calls: Vec::new(), behind: Vec::new() });
        waiting.calls.push(Called {
            given: call.id.clone(),
            id: id.clone(),
            name: call.name.clone(),
            namespace: call.namespace.clone(),
            free: matches!(call.arguments, Arguments::Free(_)),
            outcome: None,
            at,
        });
        Call { id, ..call.clone() }
    }

    /// Takes a turn of the user: outcomes go to their calls, the rest stands behind them.
    fn question(&mut self, turn: &Turn<'a>) {
        let mut rest = Vec::new();
        for part in &turn.parts {
            match &part.content {
                Content::Outcome(outcome) => rest.extend(self.outcome(outcome, part)),
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Thinking(_)
                | Content::Call(_)
                | Content::Foreign(_) => rest.push(part.clone()),
            }
        }
        if !rest.is_empty() {
            self.put_behind(Turn { role: Role::User, parts: rest });
        }
    }

    /// Gives an outcome to its call, or returns its content where there is none.
    fn outcome(&mut self, outcome: &CallOutcome<'a>, part: &Part<'a>) -> Vec<Part<'a>> {
        let Some(call) = self.waiting.as_mut().and_then(|waiting| waiting.find(outcome)) else {
            self.repaired = true;
            if self.was_answered(outcome) {
                return Vec::new();
            }
            let mut words = Text::of("[result of ");
            words.push(outcome.name.as_ref().unwrap_or(&outcome.id));
            words.push_plain("]");
            let parts = outcome.parts.iter().cloned();
            return std::iter::once(Part::text(words, part.at)).chain(parts).collect();
        };
        let outcome = CallOutcome {
            id: call.id.clone(),
            name: Some(call.name.clone()),
            namespace: call.namespace.clone(),
            free: call.free,
            ..outcome.clone()
        };
        call.outcome = Some(Part { content: Content::Outcome(outcome), ..part.clone() });
        Vec::new()
    }

    /// Tells whether the call has an outcome already: then this is a second one.
    fn was_answered(&self, outcome: &CallOutcome<'a>) -> bool {
        let has = |called: &Called<'a>| called.given == outcome.id && called.outcome.is_some();
        !outcome.id.is_empty() && self.waiting.as_ref().is_some_and(|waiting| waiting.calls.iter().any(has))
    }

    fn put_behind(&mut self, turn: Turn<'a>) {
        match &mut self.waiting {
            Some(waiting) => waiting.behind.push(turn),
            None => self.turns.push(turn),
        }
    }

    /// Puts the outcomes behind their calls, and what was said behind the outcomes.
    fn settle(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        let missing = waiting.calls.iter().any(|call| call.outcome.is_none());
        self.repaired |= missing;
        let parts = waiting.calls.into_iter().map(Called::settled).collect();
        self.turns.push(Turn { role: Role::User, parts });
        self.turns.extend(waiting.behind);
    }
}

impl<'a> Waiting<'a> {
    /// Finds the call that an outcome belongs to: by its id, else by its name, else the first that waits.
    fn find(&mut self, outcome: &CallOutcome<'a>) -> Option<&mut Called<'a>> {
        let waits = |call: &&mut Called<'a>| call.outcome.is_none();
        let by_id = |call: &Called<'a>| !outcome.id.is_empty() && call.given == outcome.id;
        let by_name = |call: &Called<'a>| outcome.name.as_ref() == Some(&call.name);
        let gives_ids = self.calls.iter().any(|call| !call.given.is_empty());
        let at =
            self.calls.iter_mut().filter(waits).map(|call| &*call).position(by_id).map(|nth| (nth, true));
        let nth = match at {
            Some((nth, _)) => nth,
            None if gives_ids && !outcome.id.is_empty() => return None,
            None => self.calls.iter_mut().filter(waits).map(|call| &*call).position(by_name).unwrap_or(0),
        };
        self.calls.iter_mut().filter(waits).nth(nth)
    }
}

impl<'a> Called<'a> {
    fn settled(self) -> Part<'a> {
        self.outcome.unwrap_or_else(|| {
            let outcome = CallOutcome {
                id: self.id,
                name: Some(self.name),
                namespace: self.namespace,
                parts: vec![Part::text(Text::of(NO_OUTCOME), self.at)],
                failed: Some(true),
                free: self.free,
            };
            Part::new(Content::Outcome(outcome), self.at)
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::Protocol;
    use crate::json::Tape;

    fn call(id: &'static str, name: &'static str) -> Part<'static> {
        let arguments = Arguments::Written(Text::of("{}"));
        let call = Call { id: Text::of(id), name: Text::of(name), namespace: None, arguments, state: None };
        Part::new(Content::Call(call), 0)
    }

    fn outcome(id: &'static str, name: Option<&'static str>, text: &'static str) -> Part<'static> {
        let outcome = CallOutcome {
            id: Text::of(id),
            name: name.map(Text::of),
            namespace: None,
            parts: vec![Part::text(Text::of(text), 0)],
            failed: None,
            free: false,
        };
        Part::new(Content::Outcome(outcome), 0)
    }

    fn text(text: &'static str) -> Part<'static> {
        Part::text(Text::of(text), 0)
    }

    /// Arranges turns and writes them as `role: part, part`.
    fn arranged(turns: Vec<(Role, Vec<Part<'static>>)>) -> (Vec<String>, bool) {
        let tape = Tape::read(b"{}").unwrap();
        let mut ask = Ask::new(Protocol::Chat, &tape);
        ask.turns = turns.into_iter().map(|(role, parts)| Turn { role, parts }).collect();
        let mut notes = Notes::default();
        let words = |part: &Part<'_>| match &part.content {
            Content::Text(text) => text.plain().into_owned(),
            Content::Call(call) => format!("{}({})", call.name.plain(), call.id.plain()),
            Content::Outcome(outcome) => {
                format!(
                    "{}[{}]={}",
                    outcome.name.as_ref().unwrap().plain(),
                    outcome.id.plain(),
                    outcome.text().plain()
                )
            }
            Content::Refusal(_) | Content::Media(_) | Content::Thinking(_) | Content::Foreign(_) => {
                "?".to_owned()
            }
        };
        let lines = arrange(&ask, &mut notes).into_iter().map(|turn| {
            format!("{:?}: {}", turn.role, turn.parts.iter().map(words).collect::<Vec<_>>().join(", "))
        });
        (lines.collect(), !notes.list().is_empty())
    }

    #[test]
    fn every_call_is_followed_by_its_outcome() {
        use Role::{Assistant, System, User};
        for (what, turns, expected, repaired) in [
            (
                "text behind outcomes stays behind them",
                vec![
                    (Assistant, vec![call("1", "f"), call("2", "g")]),
                    (User, vec![outcome("2", None, "b"), outcome("1", None, "a"), text("t")]),
                ],
                vec!["Assistant: f(1), g(2)", "User: f[1]=a, g[2]=b", "User: t"],
                false,
            ),
            (
                "neighbouring turns of the model are one",
                vec![
                    (Assistant, vec![call("1", "f")]),
                    (Assistant, vec![text("and")]),
                    (User, vec![outcome("1", None, "a")]),
                ],
                vec!["Assistant: f(1), and", "User: f[1]=a"],
                false,
            ),
            (
                "what is said between call and outcome comes behind",
                vec![
                    (Assistant, vec![call("1", "f")]),
                    (System, vec![text("s")]),
                    (User, vec![outcome("1", None, "a")]),
                    (Assistant, vec![text("end")]),
                ],
                vec!["Assistant: f(1)", "User: f[1]=a", "System: s", "Assistant: end"],
                false,
            ),
            (
                "an outcome without a call becomes text",
                vec![(User, vec![text("hi"), outcome("9", None, "lost")])],
                vec!["User: hi, [result of 9], lost"],
                true,
            ),
            (
                "a missing outcome is made up and a second one is not needed",
                vec![
                    (Assistant, vec![call("1", "f"), call("2", "g")]),
                    (User, vec![outcome("1", None, "a"), outcome("1", None, "again")]),
                ],
                vec!["Assistant: f(1), g(2)", "User: f[1]=a, g[2]=[no result]"],
                true,
            ),
            (
                "an id that comes again becomes another",
                vec![
                    (Assistant, vec![call("1", "f")]),
                    (User, vec![outcome("1", None, "a")]),
                    (Assistant, vec![call("1", "f")]),
                    (User, vec![outcome("1", None, "b")]),
                ],
                vec!["Assistant: f(1)", "User: f[1]=a", "Assistant: f(1_2)", "User: f[1_2]=b"],
                true,
            ),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(arranged(turns), (expected, repaired), "{what}");
        }
    }

    #[test]
    fn calls_without_ids_meet_their_outcomes_by_name_and_order() {
        let (lines, repaired) = arranged(vec![
            (Role::Assistant, vec![call("", "f"), call("", "g"), call("", "f")]),
            (
                Role::User,
                vec![outcome("", Some("g"), "b"), outcome("", Some("f"), "a"), outcome("", Some("f"), "c")],
            ),
        ]);
        let outcomes: Vec<&str> = lines[1].split(['=', ',']).skip(1).step_by(2).collect();
        assert_eq!(outcomes, ["a", "b", "c"]);
        assert!(!repaired && !lines[0].contains("()"), "{lines:?}");
    }

    #[test]
    fn an_outcome_that_names_nobody_goes_to_the_call_that_waits() {
        let (lines, _) = arranged(vec![
            (Role::Assistant, vec![call("", "f"), call("", "g")]),
            (Role::User, vec![outcome("", Some("0b8f"), "a"), outcome("", Some("1c9e"), "b")]),
        ]);
        assert!(lines[1].contains("=a") && lines[1].find("=a") < lines[1].find("=b"), "{lines:?}");
    }
}
