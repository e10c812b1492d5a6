//! What Anthropic's models take, by their names.

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// How its thinking is asked for.
    pub(super) thinks: Thinks,
    /// Which settings of sampling it takes.
    pub(super) samples: Samples,
    /// Whether it goes on from a last turn of its own.
    pub(super) prefill: bool,
    /// Whether it takes system messages in the midst of a conversation.
    pub(super) late_system: bool,
    /// Whether it takes a schema for its answer, and strict tools.
    pub(super) schemas: bool,
    /// The most tokens that it may answer.
    pub(super) output_max: u64,
}

/// How a model's thinking is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    /// It cannot think.
    Never,
    /// By a budget in tokens.
    Budget,
    /// By a budget, which is deprecated, or adaptively up to effort `high`, and `max`.
    Either,
    /// Adaptively.
    Adaptive,
    /// Adaptively; it thinks unless told otherwise, and can be told so up to effort `high`.
    Usually,
    /// Adaptively; it cannot be told not to.
    Always,
}

/// Which settings of sampling a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    /// None, not even at their defaults.
    Nothing,
    /// Either `temperature` or `top_p`.
    OneOf,
    /// All of them.
    Freely,
}

/// The newest models, and those whose names say nothing yet.
const NEWEST: Model = Model {
    thinks: Thinks::Adaptive,
    samples: Samples::Nothing,
    prefill: false,
    late_system: true,
    schemas: true,
    output_max: 128_000,
};

/// Models of other makers behind this protocol: only its oldest words.
const OTHERS: Model = Model {
    thinks: Thinks::Budget,
    samples: Samples::Freely,
    prefill: true,
    late_system: false,
    schemas: false,
    output_max: 8192,
};

const V4_6: Model = Model {
    thinks: Thinks::Either,
    samples: Samples::OneOf,
    late_system: false,
    output_max: 64_000,
    ..NEWEST
};
const V4_5: Model = Model { thinks: Thinks::Budget, prefill: true, ..V4_6 };
const V4_1: Model = Model { schemas: false, output_max: 32_000, ..V4_5 };
const V4: Model = Model { samples: Samples::Freely, ..V4_1 };
const V3_7: Model = Model { output_max: 64_000, ..V4 };
const V3_5: Model = Model { thinks: Thinks::Never, output_max: 8192, ..V4 };
const V3: Model = Model { output_max: 4096, ..V3_5 };

/// What each model takes, from the newest version of a family to its oldest: build-with-claude/thinking, mid-conversation
/// system messages (since Opus 4.8), and the migration guides (no sampling since Opus 4.7, no prefill since 4.6).
const TABLE: [(&str, (u32, u32), Model); 13] = [
    ("fable", (0, 0), Model { thinks: Thinks::Always, ..NEWEST }),
    ("mythos", (0, 0), Model { thinks: Thinks::Always, ..NEWEST }),
    ("opus", (5, 0), Model { thinks: Thinks::Usually, ..NEWEST }),
    ("", (5, 0), NEWEST),
    ("opus", (4, 8), NEWEST),
    ("opus", (4, 7), Model { late_system: false, ..NEWEST }),
    ("", (4, 6), V4_6),
    ("", (4, 5), V4_5),
    ("", (4, 1), V4_1),
    ("sonnet", (4, 0), V3_7),
    ("", (4, 0), V4),
    ("", (3, 7), V3_7),
    ("", (3, 5), V3_5),
];

impl Model {
    /// Finds what a model takes by its name, in whatever form a reseller writes it.
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some(at) = name.find("claude") else { return OTHERS };
        let words: Vec<&str> = name[at..].split(|char: char| !char.is_ascii_alphanumeric()).collect();
        let Some(version) = version(&words) else { return known_family(&words).unwrap_or(NEWEST) };
        let row = TABLE
            .iter()
            .find(|(family, since, _)| (family.is_empty() || words.contains(family)) && version >= *since);
        row.map_or(V3, |(_, _, model)| *model)
    }

    /// Tells whether thinking is asked for by effort rather than by a budget.
    pub(super) const fn is_adaptive(&self) -> bool {
        match self.thinks {
            Thinks::Never | Thinks::Budget => false,
            Thinks::Either | Thinks::Adaptive | Thinks::Usually | Thinks::Always => true,
        }
    }
}

/// Finds a family by a name without a version, which means its newest model.
fn known_family(words: &[&str]) -> Option<Model> {
    let named = |(family, _, model): &(&str, (u32, u32), Model)| words.contains(family).then_some(*model);
    TABLE.iter().filter(|(family, _, _)| !family.is_empty()).find_map(named)
}

/// Reads the first one or two numbers that are no date, as in `claude-opus-4-1-20250805` or `claude-3-5-haiku`.
fn version(words: &[&str]) -> Option<(u32, u32)> {
    let number = |word: &&str| if word.len() <= 2 { word.parse::<u32>().ok() } else { None };
    let at = words.iter().position(|word| number(word).is_some())?;
    let major = number(&words[at])?;
    let minor = words.get(at + 1).and_then(number).unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_any_spelling_of_its_name() {
        for (name, expected) in [
            ("claude-fable-5", Model { thinks: Thinks::Always, ..NEWEST }),
            ("claude-opus-5", Model { thinks: Thinks::Usually, ..NEWEST }),
            ("claude-sonnet-5-5", NEWEST),
            ("claude-haiku-9", NEWEST),
            ("claude-next", NEWEST),
            ("claude-opus-latest", Model { thinks: Thinks::Usually, ..NEWEST }),
            ("anthropic/claude-opus-4.8", NEWEST),
            ("claude-opus-4-7-20260301", Model { late_system: false, ..NEWEST }),
            ("Claude-Sonnet-4-6", V4_6),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", V4_5),
            ("claude-opus-4-1@20250805", V4_1),
            ("claude-opus-4-20250514", V4),
            ("claude-sonnet-4-20250514", V3_7),
            ("claude-3-7-sonnet-latest", V3_7),
            ("claude-3-5-haiku-20241022", V3_5),
            ("claude-3-opus-20240229", V3),
            ("claude-2.1", V3),
            ("glm-4.6", OTHERS),
            ("", OTHERS),
        ] {
            assert_eq!(Model::of(name), expected, "{name}");
        }
    }
}
