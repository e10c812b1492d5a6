//! Tells a model how to think, in its vendor's words.

use super::{Encoding, owned};
use crate::ask::{Effort, Setting, Switch};
use crate::dialect::chat::models;
use crate::json::Members;
use crate::note::Why;
use crate::quirks::{Parameter, ThinkingSwitch};

/// How a model is told to think.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    effort: Option<Effort<'static>>,
    told: Option<Told>,
}

/// What tells a model to think, or not to, beside an effort.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// `thinking: {"type": …}`
    Type(&'static str),
    /// `enable_thinking`, and perhaps `thinking_budget`.
    Enable(bool, Option<u64>),
    /// `reasoning: {…}`
    Reasoning(Share),
    /// `chat_template_kwargs: {"enable_thinking": …}`
    TemplateKwargs(bool),
}

/// How much of an answer may be thoughts.
#[derive(Debug, PartialEq, Eq)]
enum Share {
    /// An effort's word.
    Effort(&'static str),
    /// So many tokens.
    Tokens(u64),
    /// As much as the model likes.
    Any,
}

/// What a client wants of a model's thinking.
enum Wish<'a> {
    /// It says nothing, or leaves it to the model.
    Nothing,
    /// None.
    Off,
    /// Some: so hard, or so many tokens, where it says so.
    On { effort: Option<Effort<'a>>, budget: Option<u64> },
}

impl<'e> Encoding<'e> {
    /// Returns how hard the client wants the model to think, in whatever way it says so.
    pub(super) fn wanted_effort(&self) -> Option<Effort<'e>> {
        let reasoning = &self.ask.reasoning;
        reasoning.effort.clone().or(match (reasoning.switch, reasoning.budget) {
            (Some(Switch::Off), _) => Some(Effort::None),
            (Some(Switch::Adaptive), _) | (_, None) => None,
            (Some(Switch::On) | None, Some(budget)) => Some(Effort::of_budget(budget)),
        })
    }

    fn wish(&self) -> Wish<'e> {
        let reasoning = &self.ask.reasoning;
        let effort = self.wanted_effort();
        match (&effort, reasoning.switch) {
            (Some(Effort::None), _) => Wish::Off,
            (None, None | Some(Switch::Off | Switch::Adaptive)) => Wish::Nothing,
            (None, Some(Switch::On)) | (Some(_), _) => {
                let budget = reasoning.budget.filter(|_| reasoning.effort.is_none());
                Wish::On { effort, budget }
            }
        }
    }

    /// Finds a vendor's words.
    pub(super) fn vendor_thinking(&mut self) -> Thinking {
        let only_streams = !self.quirks.thinks_whole && !self.ask.wanted.stream;
        if self.calls_without_thinking || only_streams {
            return self.without_thinking();
        }
        let switch = self.quirks.thinking;
        match (switch, self.wish()) {
            (_, Wish::Nothing) => Thinking::default(),
            (ThinkingSwitch::Effort, Wish::Off) => self.effort_off(),
            (ThinkingSwitch::Effort, Wish::On { effort, .. }) => {
                Thinking::of_effort(self.vendor_effort(effort))
            }
            (ThinkingSwitch::Nothing, Wish::Off | Wish::On { .. }) => {
                self.drop(Setting::Thinking, Why::Model);
                Thinking::default()
            }
            (_, Wish::Off) if !self.quirks.thinking_off => {
                self.drop(Setting::Thinking, Why::Model);
                Thinking::default()
            }
            (_, Wish::Off) => Thinking { effort: None, told: Told::off(switch) },
            (ThinkingSwitch::Reasoning, Wish::On { effort, budget }) => self.reasoning(effort, budget),
            (ThinkingSwitch::Enable, Wish::On { effort, budget }) => {
                let budget = budget.or_else(|| effort.as_ref().and_then(usual_budget));
                Thinking { effort: None, told: Some(Told::Enable(true, budget)) }
            }
            (
                ThinkingSwitch::Type | ThinkingSwitch::TypeAdaptive | ThinkingSwitch::TemplateKwargs,
                Wish::On { effort, .. },
            ) => Thinking { effort: self.vendor_effort(effort), told: Told::on(switch) },
        }
    }

    /// Turns thinking off for what is taken only from a model that does not think.
    fn without_thinking(&mut self) -> Thinking {
        if let Wish::On { .. } = self.wish() {
            self.emulate(Setting::Thinking, Why::Model);
        }
        match self.quirks.thinking {
            ThinkingSwitch::Effort => Thinking::of_effort(Some(Effort::None)),
            switch => Thinking { effort: None, told: Told::off(switch) },
        }
    }

    /// That a model should not think at all is said where it can be told so, or where the client says it in so many
    /// words.
    fn effort_off(&mut self) -> Thinking {
        let in_words = self.ask.reasoning.effort.is_some();
        if !in_words && !self.quirks.thinking_off {
            self.drop(Setting::Thinking, Why::NoWord);
            return Thinking::default();
        }
        Thinking::of_effort(self.vendor_effort(Some(Effort::None)))
    }

    /// Finds the effort nearest to the wanted one that the vendor knows.
    fn vendor_effort(&mut self, wanted: Option<Effort<'_>>) -> Option<Effort<'static>> {
        let wanted = wanted?;
        let known = self.quirks.efforts.efforts();
        if known.is_empty() || self.refuses(Parameter::ReasoningEffort) {
            self.drop(Setting::Effort, Why::Model);
            return None;
        }
        let chosen = models::nearest(&known, &wanted)?;
        if chosen != wanted {
            self.emulate(Setting::Effort, Why::Model);
        }
        Some(owned(chosen))
    }

    fn reasoning(&mut self, effort: Option<Effort<'_>>, budget: Option<u64>) -> Thinking {
        let share = match (budget, effort) {
            (Some(tokens), _) => Share::Tokens(tokens),
            (None, None) => Share::Any,
            (None, wanted @ Some(_)) => {
                self.vendor_effort(wanted).as_ref().and_then(level_word).map_or(Share::Any, Share::Effort)
            }
        };
        Thinking { effort: None, told: Some(Told::Reasoning(share)) }
    }
}

impl Thinking {
    /// Says nothing but an effort.
    pub(super) fn of_effort(effort: Option<Effort<'static>>) -> Self {
        Self { effort, told: None }
    }

    /// Returns the effort, where one is said.
    pub(super) fn effort(&self) -> Option<&Effort<'static>> {
        self.effort.as_ref()
    }

    pub(super) fn write(&self, body: &mut Members<'_>) {
        if let Some(effort) = &self.effort {
            body.text("reasoning_effort", &effort.word());
        }
        match &self.told {
            None => {}
            Some(Told::Type(kind)) => body.object("thinking", |out| out.str("type", kind)),
            Some(Told::Enable(on, budget)) => {
                body.bool("enable_thinking", *on);
                if let Some(budget) = budget {
                    body.count("thinking_budget", *budget);
                }
            }
            Some(Told::Reasoning(share)) => body.object("reasoning", |out| match share {
                Share::Effort(word) => out.str("effort", word),
                Share::Tokens(most) => out.count("max_tokens", *most),
                Share::Any => out.bool("enabled", true),
            }),
            Some(Told::TemplateKwargs(on)) => {
                body.object("chat_template_kwargs", |out| out.bool("enable_thinking", *on));
            }
        }
    }
}

impl Told {
    fn on(switch: ThinkingSwitch) -> Option<Self> {
        match switch {
            ThinkingSwitch::Type => Some(Self::Type("enabled")),
            ThinkingSwitch::TypeAdaptive => Some(Self::Type("adaptive")),
            ThinkingSwitch::Enable => Some(Self::Enable(true, None)),
            ThinkingSwitch::Reasoning => Some(Self::Reasoning(Share::Any)),
            ThinkingSwitch::TemplateKwargs => Some(Self::TemplateKwargs(true)),
            ThinkingSwitch::Effort | ThinkingSwitch::Nothing => None,
        }
    }

    fn off(switch: ThinkingSwitch) -> Option<Self> {
        match switch {
            ThinkingSwitch::Type | ThinkingSwitch::TypeAdaptive => Some(Self::Type("disabled")),
            ThinkingSwitch::Enable => Some(Self::Enable(false, None)),
            ThinkingSwitch::Reasoning => Some(Self::Reasoning(Share::Effort("none"))),
            ThinkingSwitch::TemplateKwargs => Some(Self::TemplateKwargs(false)),
            ThinkingSwitch::Effort | ThinkingSwitch::Nothing => None,
        }
    }
}

/// Returns a budget that stands for an effort; none for the highest, which are whatever the model has.
fn usual_budget(effort: &Effort<'_>) -> Option<u64> {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low | Effort::Medium | Effort::High => effort.budget(),
        Effort::Xhigh | Effort::Max | Effort::Other(_) => None,
    }
}

/// Returns an effort's word; none for one that we do not know.
const fn level_word(effort: &Effort<'_>) -> Option<&'static str> {
    match effort {
        Effort::None => Some("none"),
        Effort::Minimal => Some("minimal"),
        Effort::Low => Some("low"),
        Effort::Medium => Some("medium"),
        Effort::High => Some("high"),
        Effort::Xhigh => Some("xhigh"),
        Effort::Max => Some("max"),
        Effort::Other(_) => None,
    }
}
