//! Writing how much the model should think.

use super::Writing;
use super::model::Thinks;
use crate::ask::{Effort, Setting, Switch};
use crate::json::Members;
use crate::note::{Unsaid, Why};

/// What `thinkingConfig` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Thought {
    shown: bool,
    amount: Option<Amount>,
}

#[derive(Debug, PartialEq, Eq)]
enum Amount {
    /// As the model likes.
    Dynamic,
    Tokens(u64),
    Level(&'static str),
}

impl Thought {
    pub(super) fn write(&self, config: &mut Members<'_>) {
        config.object("thinkingConfig", |thinking| {
            thinking.bool("includeThoughts", self.shown);
            match &self.amount {
                Some(Amount::Dynamic) => thinking.raw("thinkingBudget", "-1"),
                Some(Amount::Tokens(tokens)) => thinking.count("thinkingBudget", *tokens),
                Some(Amount::Level(level)) => thinking.str("thinkingLevel", level),
                None => {}
            }
        });
    }
}

impl<'a> Writing<'_, 'a> {
    /// Decides what `thinkingConfig` says; none where the client says nothing or the model does not think.
    pub(super) fn thought(&mut self, output_max: Option<u64>) -> Result<Option<Thought>, Unsaid> {
        let wanted = &self.ask.reasoning;
        if wanted.switch.is_none()
            && wanted.effort.is_none()
            && wanted.budget.is_none()
            && wanted.shown.is_none()
        {
            return Ok(None);
        }
        if let Some(Effort::Other(word)) = &wanted.effort {
            let message = format!("{} is no effort that Gemini knows", word.plain());
            return Err(Unsaid::new(self.ask.word(Setting::Effort), message).code("unsupported_value"));
        }
        let effort = match wanted.switch {
            Some(Switch::Off) => Some(Effort::None),
            Some(Switch::On | Switch::Adaptive) | None => wanted.effort.clone(),
        };
        let is_off = effort == Some(Effort::None);
        let amount = match self.model.thinks {
            Thinks::Never => {
                if !is_off && (effort.is_some() || wanted.switch.is_some()) {
                    self.drop(self.asked_by(), Why::Model);
                }
                return Ok(None);
            }
            Thinks::Level { minimal, xhigh } => self.level(effort, minimal, xhigh),
            Thinks::Budget { least, most, may_be_off } => {
                self.tokens(effort, output_max, least, most, may_be_off)
            }
        };
        let asks = amount.is_some() || wanted.switch.is_some();
        let shown = !is_off && wanted.shown.unwrap_or(asks);
        Ok(Some(Thought { shown, amount }))
    }

    /// Returns the setting by which the client asked.
    fn asked_by(&self) -> Setting {
        if self.ask.reasoning.effort.is_some() { Setting::Effort } else { Setting::Thinking }
    }

    fn level(&mut self, effort: Option<Effort<'a>>, minimal: bool, xhigh: bool) -> Option<Amount> {
        let effort = effort.or_else(|| self.ask.reasoning.budget.map(Effort::of_budget))?;
        let least = if minimal { "MINIMAL" } else { "LOW" };
        let most = if xhigh { "XHIGH" } else { "HIGH" };
        let (level, is_exact) = match effort {
            // It cannot be switched off.
            Effort::None => (least, false),
            Effort::Minimal => (least, minimal),
            Effort::Low => ("LOW", true),
            Effort::Medium => ("MEDIUM", true),
            Effort::High => ("HIGH", true),
            Effort::Xhigh => (most, xhigh),
            Effort::Max => (most, true),
            Effort::Other(_) => return None,
        };
        if !is_exact {
            self.emulate(self.asked_by(), Why::Model);
        }
        Some(Amount::Level(level))
    }

    /// Returns the budget, which counts against the most tokens of the answer.
    fn tokens(
        &mut self,
        effort: Option<Effort<'a>>,
        output_max: Option<u64>,
        least: u64,
        most: u64,
        may_be_off: bool,
    ) -> Option<Amount> {
        let wanted = match effort {
            Some(Effort::Max) => Some(most),
            Some(effort) => effort.budget(),
            None => self.ask.reasoning.budget,
        };
        let Some(wanted) = wanted else {
            let is_dynamic = self.ask.reasoning.switch == Some(Switch::Adaptive);
            return is_dynamic.then_some(Amount::Dynamic);
        };
        if wanted == 0 && may_be_off {
            return Some(Amount::Tokens(0));
        }
        let room = output_max.map_or(most, |max| max.saturating_sub(1)).min(most);
        let tokens = wanted.min(room).max(least);
        if tokens != wanted {
            let why = if room < most { Why::Limit } else { Why::Model };
            self.emulate(self.asked_by(), why);
        }
        Some(Amount::Tokens(tokens))
    }
}
