//! What the models can.

/// What a model can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// How it is told how much to think.
    pub(super) thinks: Thinks,
    /// Whether it is of the third generation or a later one: calls are signed, results may hold images and must stand
    /// alone, functions go with search and with JSON.
    pub(super) is_third: bool,
    /// The most tokens that it answers; Google refuses a request for more.
    pub(super) output_max: Option<u64>,
}

/// How a model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    /// It does not think.
    Never,
    /// By a number of tokens.
    Budget {
        /// The fewest tokens, if it thinks.
        least: u64,
        /// The most.
        most: u64,
        /// Whether it can do without.
        may_be_off: bool,
    },
    /// By a word.
    Level {
        /// Whether it knows `MINIMAL`.
        minimal: bool,
        /// Whether it knows `XHIGH`.
        xhigh: bool,
    },
}

/// The models by the beginnings of their ids; the first that fits counts (Google's pages on its models and on thinking).
const MODELS: [(&str, Model); 11] = [
    ("gemini-1", old(8192)),
    ("gemini-2.0", old(8192)),
    ("gemini-2.5-flash-image", old(32_768)),
    ("gemini-2.5-pro", second(128, 32_768, false)),
    ("gemini-2.5-flash-lite", second(512, 24_576, true)),
    ("gemini-2.5", second(1, 24_576, true)),
    ("gemini-3-pro", third(false, false)),
    ("gemini-3.1-pro", third(false, false)),
    ("gemini-3-", third(true, false)),
    ("gemini-3.1", third(true, false)),
    ("gemini-", third(true, true)),
];

/// A model of another family: a budget is what both generations understand.
const UNKNOWN: Model = Model { output_max: None, ..second(1, 32_768, true) };

/// The most tokens that models of the second and third generation answer.
const OUTPUT_MAX: u64 = 65_536;

const fn old(output_max: u64) -> Model {
    Model { thinks: Thinks::Never, is_third: false, output_max: Some(output_max) }
}

const fn second(least: u64, most: u64, may_be_off: bool) -> Model {
    let thinks = Thinks::Budget { least, most, may_be_off };
    Model { thinks, is_third: false, output_max: Some(OUTPUT_MAX) }
}

const fn third(minimal: bool, xhigh: bool) -> Model {
    Model { thinks: Thinks::Level { minimal, xhigh }, is_third: true, output_max: Some(OUTPUT_MAX) }
}

impl Model {
    /// Finds what a model can by its id, whatever stands in front of it (`google/`, `models/`).
    pub(super) fn of(id: &str) -> Self {
        let Some(start) = id.find("gemini-") else { return UNKNOWN };
        let known = MODELS.into_iter().find(|(beginning, _)| id[start..].starts_with(beginning));
        known.map_or(UNKNOWN, |(_, model)| model)
    }
}
