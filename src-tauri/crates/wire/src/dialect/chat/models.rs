//! What models take, by the beginning of their ids.

use crate::ask::Effort;

/// What one of `OpenAI`'s own models takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    /// The efforts that it knows, from least to most; none where it does not think.
    efforts: &'static [Effort<'static>],
    /// Whether it may be given tools of free text.
    pub(super) free_tools: bool,
    /// Whether it thinks while it has functions; else the effort must be `none` then.
    pub(super) thinks_with_tools: bool,
    /// Whether places can be marked up to which its prompt is cached.
    pub(super) cache_marks: bool,
}

/// GPT-4 and what came before.
const PLAIN: Traits = Traits { efforts: &[], free_tools: false, thinks_with_tools: true, cache_marks: false };
const O_SERIES: Traits = Traits { efforts: &[Effort::Low, Effort::Medium, Effort::High], ..PLAIN };
const GPT_5: Traits = Traits {
    efforts: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
    free_tools: true,
    ..PLAIN
};
const GPT_5_CODEX: Traits = Traits { efforts: O_SERIES.efforts, ..GPT_5 };
const GPT_5_1: Traits =
    Traits { efforts: &[Effort::None, Effort::Low, Effort::Medium, Effort::High], ..GPT_5 };
const GPT_5_2: Traits =
    Traits { efforts: &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh], ..GPT_5 };
const GPT_5_4: Traits = Traits { thinks_with_tools: false, ..GPT_5_2 };
/// GPT-5.6 and whatever comes later.
const NEWEST: Traits = Traits {
    efforts: &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max],
    cache_marks: true,
    ..GPT_5_4
};

/// `OpenAI`'s models by the beginning of their ids; the first that fits counts.
const OPENAI: [(&str, Traits); 19] = [
    ("gpt-3", PLAIN),
    ("gpt-4", PLAIN),
    ("chatgpt", PLAIN),
    ("davinci", PLAIN),
    ("babbage", PLAIN),
    ("gpt-5-chat", PLAIN),
    ("o1", O_SERIES),
    ("o3", O_SERIES),
    ("o4", O_SERIES),
    ("codex-mini", O_SERIES),
    ("gpt-5-codex", GPT_5_CODEX),
    ("gpt-5.1", GPT_5_1),
    ("gpt-5.2", GPT_5_2),
    ("gpt-5.3", GPT_5_2),
    ("gpt-5.4", GPT_5_4),
    ("gpt-5.5", GPT_5_4),
    ("gpt-5.", NEWEST),
    ("gpt-5", GPT_5),
    ("", NEWEST),
];

/// The beginnings of the ids of `OpenAI`'s own models; its open ones (`gpt-oss`) are served by anybody.
const OPENAI_FAMILIES: [&str; 8] = ["gpt-3", "gpt-4", "gpt-5", "gpt-6", "chatgpt", "o1", "o3", "o4"];

/// The beginnings of the ids of models that others made and `OpenAI`'s hosts serve too: Azure has them all.
const OTHER_FAMILIES: [&str; 12] = [
    "codestral",
    "cohere",
    "command",
    "deepseek",
    "glm",
    "grok",
    "kimi",
    "llama",
    "meta-llama",
    "ministral",
    "mistral",
    "phi-",
];

impl Traits {
    /// Finds what one of `OpenAI`'s own models takes.
    pub(super) fn of(model: &str) -> Self {
        let name = name_of(model);
        let name = name.strip_prefix("ft:").unwrap_or(&name);
        let fits = |(start, _): &&(&str, Self)| name.starts_with(start);
        OPENAI.iter().find(fits).map_or(NEWEST, |(_, traits)| *traits)
    }

    /// Tells whether it thinks: then a developer instructs it, and nothing ends its answer early.
    pub(super) const fn thinks(self) -> bool {
        !self.efforts.is_empty()
    }

    /// Tells whether it takes no sampling at this effort: models that can do without thinking do, unless asked to.
    pub(super) fn refuses_sampling(self, effort: Option<&Effort<'_>>) -> bool {
        let silent =
            self.efforts.contains(&Effort::None) && effort.is_none_or(|effort| *effort == Effort::None);
        self.thinks() && !silent
    }

    /// Returns the effort nearest to this one that it knows.
    pub(super) fn nearest<'e>(self, effort: &Effort<'e>) -> Option<Effort<'e>> {
        nearest(self.efforts, effort)
    }
}

/// Returns the least of `known` that is not less than the effort, else the most; a word that we do not know stays.
pub(super) fn nearest<'e>(known: &[Effort<'static>], effort: &Effort<'e>) -> Option<Effort<'e>> {
    let Some(wanted) = rank(effort) else { return Some(effort.clone()) };
    known.iter().find(|known| rank(known) >= Some(wanted)).or(known.last()).cloned()
}

/// Returns the place of an effort from least to most; none for a word that we do not know.
const fn rank(effort: &Effort<'_>) -> Option<u8> {
    match effort {
        Effort::None => Some(0),
        Effort::Minimal => Some(1),
        Effort::Low => Some(2),
        Effort::Medium => Some(3),
        Effort::High => Some(4),
        Effort::Xhigh => Some(5),
        Effort::Max => Some(6),
        Effort::Other(_) => None,
    }
}

/// Tells whether a model is known to be none of `OpenAI`'s, though one of its hosts serves it.
pub(super) fn is_by_others(model: &str) -> bool {
    begins_with(model, &OTHER_FAMILIES)
}

/// Tells whether a model is one of `OpenAI`'s, whoever serves it: a relay passes on what it is asked.
pub(super) fn is_by_openai(model: &str) -> bool {
    begins_with(model, &OPENAI_FAMILIES)
}

fn begins_with(model: &str, starts: &[&str]) -> bool {
    let name = name_of(model);
    starts.iter().any(|start| name.starts_with(start))
}

/// Returns a model's id without the vendor in front of it.
fn name_of(model: &str) -> String {
    model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effort_becomes_the_nearest_that_the_model_knows() {
        for (model, effort, expected) in [
            ("gpt-4.1", Effort::High, None),
            ("o3-mini", Effort::None, Some(Effort::Low)),
            ("openai/gpt-5-mini", Effort::None, Some(Effort::Minimal)),
            ("gpt-5", Effort::Max, Some(Effort::High)),
            ("gpt-5-codex", Effort::Minimal, Some(Effort::Low)),
            ("gpt-5.1-2025-11-13", Effort::Minimal, Some(Effort::Low)),
            ("gpt-5.2", Effort::Max, Some(Effort::Xhigh)),
            ("gpt-5.6", Effort::Max, Some(Effort::Max)),
            ("gpt-6", Effort::None, Some(Effort::None)),
            ("ft:gpt-4o:acme", Effort::Low, None),
        ] {
            assert_eq!(Traits::of(model).nearest(&effort), expected, "{model} {effort:?}");
        }
    }

    #[test]
    fn a_model_that_can_do_without_thinking_takes_sampling_unless_it_thinks() {
        for (model, effort, expected) in [
            ("gpt-4.1", None, false),
            ("o3", None, true),
            ("gpt-5", None, true),
            ("gpt-5.1", None, false),
            ("gpt-5.1", Some(Effort::None), false),
            ("gpt-5.1", Some(Effort::Low), true),
        ] {
            assert_eq!(Traits::of(model).refuses_sampling(effort.as_ref()), expected, "{model}");
        }
    }
}
