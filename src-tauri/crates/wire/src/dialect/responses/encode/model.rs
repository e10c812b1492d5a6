//! Which settings a model of `OpenAI` takes, by its name.

use crate::ask::Effort;

/// A family of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// It thinks, between these efforts, and takes no sampling.
    Reasons {
        /// Its least effort, by its place in [`EFFORTS`].
        least: usize,
        /// Its most.
        most: usize,
    },
    /// It does not think.
    Plain,
    /// Another provider's: it gets what the client says.
    Unknown,
}

/// The efforts, from least to most.
const EFFORTS: [Effort<'static>; 7] =
    [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];

const NONE: usize = 0;
const MINIMAL: usize = 1;
const LOW: usize = 2;
const HIGH: usize = 4;
const XHIGH: usize = 5;
const MAX: usize = 6;

const fn reasons(least: usize, most: usize) -> Family {
    Family::Reasons { least, most }
}

/// What the names of the families begin with; the first that fits counts.
const FAMILIES: [(&str, Family); 17] = [
    ("gpt-3.5", Family::Plain),
    ("gpt-4", Family::Plain),
    ("chatgpt-", Family::Plain),
    ("gpt-5-chat", Family::Plain),
    ("gpt-5.1-chat", Family::Plain),
    ("o1", reasons(LOW, HIGH)),
    ("o3", reasons(LOW, HIGH)),
    ("o4", reasons(LOW, HIGH)),
    ("codex-mini", reasons(LOW, HIGH)),
    ("gpt-5-codex", reasons(LOW, HIGH)),
    ("gpt-5.1-codex-max", reasons(NONE, XHIGH)),
    ("gpt-5.1", reasons(NONE, HIGH)),
    ("gpt-5.6", reasons(NONE, MAX)),
    ("gpt-5.", reasons(NONE, XHIGH)),
    ("gpt-5", reasons(MINIMAL, HIGH)),
    ("gpt-6", reasons(NONE, MAX)),
    ("computer-use-preview", Family::Plain),
];

impl Family {
    /// Finds a model's family; what stands in front of a slash is a provider's name.
    pub(super) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let found = FAMILIES.into_iter().find(|(start, _)| name.starts_with(start));
        found.map_or(Self::Unknown, |(_, family)| family)
    }

    /// Tells whether it is known to think.
    pub(super) const fn reasons(self) -> bool {
        matches!(self, Self::Reasons { .. })
    }

    /// Tells whether it thinks, for all that is known.
    pub(super) const fn may_reason(self) -> bool {
        !matches!(self, Self::Plain)
    }

    /// Tells whether it keeps prompts up to a mark (`gpt-5.6` and later).
    pub(super) const fn takes_cache_marks(self) -> bool {
        matches!(self, Self::Reasons { most: MAX, .. })
    }

    /// Returns the effort that it takes and that comes nearest.
    pub(super) fn nearest(self, wanted: &Effort<'static>) -> Effort<'static> {
        let at = EFFORTS.iter().position(|effort| effort == wanted);
        match (self, at) {
            (Self::Reasons { least, most }, Some(at)) => EFFORTS[at.clamp(least, most)].clone(),
            (Self::Reasons { .. } | Self::Plain | Self::Unknown, _) => wanted.clone(),
        }
    }
}

/// Keeps an effort, whose word is one that we know.
pub(super) fn known(effort: &Effort<'_>) -> Effort<'static> {
    EFFORTS.iter().find(|known| *known == effort).cloned().unwrap_or(Effort::Medium)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_gets_the_nearest_effort_that_it_takes() {
        for (model, wanted, taken) in [
            ("gpt-5", Effort::None, Effort::Minimal),
            ("gpt-5-mini", Effort::Xhigh, Effort::High),
            ("openai/gpt-5.1", Effort::None, Effort::None),
            ("gpt-5.1-codex-max", Effort::Max, Effort::Xhigh),
            ("gpt-5.2", Effort::Minimal, Effort::Minimal),
            ("GPT-5.6-luna", Effort::Max, Effort::Max),
            ("o3-mini", Effort::Minimal, Effort::Low),
            ("grok-5", Effort::Max, Effort::Max),
        ] {
            assert_eq!(Family::of(model).nearest(&wanted), taken, "{model} {wanted:?}");
        }
    }

    #[test]
    fn a_model_s_name_tells_whether_it_thinks() {
        for (model, reasons, may_reason) in [
            ("gpt-4o", false, false),
            ("gpt-4.1-mini", false, false),
            ("gpt-5-chat-latest", false, false),
            ("gpt-5", true, true),
            ("o4-mini", true, true),
            ("qwen3", false, true),
        ] {
            let family = Family::of(model);
            assert_eq!((family.reasons(), family.may_reason()), (reasons, may_reason), "{model}");
        }
    }
}
