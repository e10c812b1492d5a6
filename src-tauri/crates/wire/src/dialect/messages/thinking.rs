//! How a model's thinking is asked for.

use super::models::{Model, Thinks};
use crate::Protocol;
use crate::ask::{Ask, Effort, Setting, Switch};
use crate::json::Members;
use crate::note::{Notes, Unsaid, Why};

/// The smallest budget that is accepted.
const BUDGET_MIN: u64 = 1024;

/// What a request says of thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Plan {
    asked: Option<Asked>,
    /// The word for how hard the model works.
    effort: Option<&'static str>,
    /// Whether the client wants to read the thoughts.
    shown: Option<bool>,
}

/// The forms of `thinking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Disabled,
    Budget(u64),
    Adaptive,
}

/// What else in a request bears on thinking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// The most tokens of the answer, thoughts included.
    pub(super) output_max: u64,
    /// Whether a call is forced, which goes with no budget.
    pub(super) forced: bool,
    /// Whether the turn that goes on began without the thoughts that a budget demands of it.
    pub(super) lacks_thoughts: bool,
    /// Whether the channel knows the newest words.
    pub(super) first_party: bool,
}

impl Plan {
    /// Decides what to say of thinking.
    pub(super) fn of(
        ask: &Ask<'_>,
        model: &Model,
        circumstances: Circumstances,
        notes: &mut Notes,
    ) -> Result<Self, Unsaid> {
        let reasoning = &ask.reasoning;
        if let Some(Effort::Other(word)) = &reasoning.effort {
            let message = format!("{:?} is not known; use low, medium, high, xhigh or max", word.plain());
            return Err(Unsaid::new(ask.word(Setting::Effort), message).code("unsupported_value"));
        }
        let effort = reasoning.effort.as_ref();
        let mut plan = if reasoning.switch == Some(Switch::Off)
            || effort == Some(&Effort::None)
            || (effort.is_none() && reasoning.budget == Some(0))
        {
            Self::off(ask, model, notes)
        } else if effort.is_none() && reasoning.switch.is_none() && reasoning.budget.is_none() {
            return Ok(Self::default());
        } else if model.is_adaptive() {
            Self::adaptive(ask, model, notes)
        } else if model.thinks == Thinks::Budget {
            Self::budgeted(ask, circumstances, notes)
        } else {
            ask.drop(notes, Setting::Thinking, Why::Model);
            Self::default()
        };
        plan.shown = reasoning.shown.filter(|_| circumstances.first_party && plan.thinks());
        Ok(plan)
    }

    /// Tells whether the model is asked to think.
    pub(super) const fn thinks(&self) -> bool {
        matches!(self.asked, Some(Asked::Budget(_) | Asked::Adaptive))
    }

    /// Returns the word for how hard the model works.
    pub(super) const fn effort(&self) -> Option<&'static str> {
        self.effort
    }

    /// Writes `thinking`, where there is something to say.
    pub(super) fn write(&self, body: &mut Members<'_>) {
        let Some(asked) = self.asked else { return };
        body.object("thinking", |thinking| {
            match asked {
                Asked::Disabled => thinking.str("type", "disabled"),
                Asked::Adaptive => thinking.str("type", "adaptive"),
                Asked::Budget(budget) => {
                    thinking.str("type", "enabled");
                    thinking.count("budget_tokens", budget);
                }
            }
            match self.shown {
                Some(true) => thinking.str("display", "summarized"),
                Some(false) => thinking.str("display", "omitted"),
                None => {}
            }
        });
    }

    fn off(ask: &Ask<'_>, model: &Model, notes: &mut Notes) -> Self {
        let effort = ask.reasoning.effort.as_ref().filter(|effort| **effort != Effort::None);
        match model.thinks {
            Thinks::Never => Self::default(),
            Thinks::Budget => Self { asked: Some(Asked::Disabled), ..Self::default() },
            Thinks::Always => {
                ask.drop(notes, Setting::Thinking, Why::Model);
                Self { effort: word(effort, model, false), ..Self::default() }
            }
            Thinks::Either | Thinks::Adaptive | Thinks::Usually => Self {
                asked: Some(Asked::Disabled),
                effort: word(effort, model, model.thinks == Thinks::Usually),
                shown: None,
            },
        }
    }

    fn adaptive(ask: &Ask<'_>, model: &Model, notes: &mut Notes) -> Self {
        let reasoning = &ask.reasoning;
        let of_budget = reasoning.budget.map(Effort::of_budget);
        let effort = reasoning.effort.as_ref().or(of_budget.as_ref());
        let word = word(effort, model, false);
        if reasoning.effort.is_none() && reasoning.budget.is_some() {
            notes.emulate(ask.word(Setting::Thinking), Why::Model);
        } else if word.is_some_and(|word| effort.is_some_and(|effort| !effort.word().is(word))) {
            notes.emulate(ask.word(Setting::Effort), Why::Model);
        }
        // In this protocol alone effort says nothing about thinking.
        let silent = ask.protocol == Protocol::Messages && reasoning.switch.is_none();
        let asked = if silent { None } else { Some(Asked::Adaptive) };
        Self { asked, effort: word, shown: None }
    }

    fn budgeted(ask: &Ask<'_>, circumstances: Circumstances, notes: &mut Notes) -> Self {
        let Circumstances { output_max, forced, lacks_thoughts, .. } = circumstances;
        let refused = if forced {
            Some(Why::Model)
        } else if lacks_thoughts {
            Some(Why::Foreign)
        } else if output_max <= BUDGET_MIN {
            Some(Why::Limit)
        } else {
            None
        };
        if let Some(why) = refused {
            ask.drop(notes, Setting::Thinking, why);
            // Left unsaid, some makers' models would think all the same.
            return Self { asked: Some(Asked::Disabled), ..Self::default() };
        }
        let reasoning = &ask.reasoning;
        let of_effort = reasoning.effort.as_ref().and_then(Effort::budget);
        let (wanted, most) = match (of_effort, reasoning.budget) {
            // A budget of our own making must leave room for an answer.
            (Some(budget), _) => (budget, output_max - output_max / 4),
            (None, Some(budget)) => (budget, output_max - 1),
            (None, None) => (Effort::Medium.budget().unwrap_or(BUDGET_MIN), output_max - output_max / 4),
        };
        let budget = wanted.min(most).max(BUDGET_MIN);
        if reasoning.budget != Some(budget) {
            notes.emulate(
                ask.word(if of_effort.is_some() { Setting::Effort } else { Setting::Thinking }),
                Why::Form,
            );
        }
        Self { asked: Some(Asked::Budget(budget)), ..Self::default() }
    }
}

/// Returns the word for an effort. Some models take no more than `high` without thinking, and older ones no `xhigh`.
fn word(effort: Option<&Effort<'_>>, model: &Model, high_at_most: bool) -> Option<&'static str> {
    Some(match effort? {
        Effort::None | Effort::Other(_) => return None,
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh | Effort::Max if high_at_most => "high",
        Effort::Xhigh if model.thinks == Thinks::Either => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    })
}
