//! Token counts, as far as they are known.

use crate::Usage;
use crate::json::Raw;

/// Token counts, as far as they are known. Input is fresh input: what the cache gave or took is counted apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
}

impl Counts {
    /// Notes a usage object, if there is one. What it does not mention stays.
    pub(super) fn note(&mut self, usage: Option<Raw<'_>>, read: impl Fn(Raw<'_>) -> Self) {
        if let Some(usage) = usage.filter(|usage| usage.is_object()) {
            self.merge(read(usage));
        }
    }

    fn merge(&mut self, later: Self) {
        // Some vendors repeat the input as 0 in their last event; that is not news.
        let input = |earlier: Option<u64>, later: Option<u64>| match later {
            Some(0) | None => earlier.or(later),
            Some(_) => later,
        };
        self.input = input(self.input, later.input);
        self.cache_read = input(self.cache_read, later.cache_read);
        self.cache_write = input(self.cache_write, later.cache_write);
        self.output = later.output.or(self.output);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// Returns the record, if anything is known.
    pub fn usage(&self) -> Option<Usage> {
        if *self == Self::default() {
            return None;
        }
        Some(Usage {
            input_uncached: self.input.unwrap_or(0),
            cache_read: self.cache_read.unwrap_or(0),
            cache_write: self.cache_write.unwrap_or(0),
            output: self.output.unwrap_or(0),
            reasoning: self.reasoning.unwrap_or(0),
        })
    }

    /// Returns all input tokens, cached or not.
    pub fn input_total(&self) -> Option<u64> {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        self.input.map(|fresh| fresh.saturating_add(cached))
    }

    /// Returns the input tokens that no cache gave or took.
    pub fn input_fresh(&self) -> Option<u64> {
        self.input
    }

    /// Returns the input tokens read from a cache.
    pub fn cache_read(&self) -> Option<u64> {
        self.cache_read
    }

    /// Returns the input tokens written to a cache.
    pub fn cache_write(&self) -> Option<u64> {
        self.cache_write
    }

    /// Returns the output tokens, reasoning included.
    pub fn output(&self) -> Option<u64> {
        self.output
    }

    /// Returns the output tokens that were reasoning.
    pub fn reasoning(&self) -> Option<u64> {
        self.reasoning
    }

    /// Tells whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Makes counts from an input that includes what the cache gave and took.
    fn from_total(
        input: Option<u64>,
        cache_read: Option<u64>,
        cache_write: Option<u64>,
        output: Option<u64>,
        reasoning: Option<u64>,
    ) -> Self {
        let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
        Self {
            input: input.map(|total| total.saturating_sub(cached)),
            cache_read,
            cache_write,
            output,
            reasoning,
        }
    }
}

fn count(value: Option<Raw<'_>>) -> Option<u64> {
    value.and_then(Raw::count)
}

fn nested<const N: usize>(object: Option<Raw<'_>>, names: [&str; N]) -> [Option<u64>; N] {
    object.map_or([None; N], |object| object.pick(names).map(count))
}

/// Reads the usage of Messages, whose input leaves the cache out.
pub(super) fn messages(usage: Raw<'_>) -> Counts {
    let [input, cache_write, cache_read, output, details] = usage.pick([
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "output_tokens_details",
    ]);
    let [reasoning] = nested(details, ["thinking_tokens"]);
    Counts {
        input: count(input),
        cache_read: count(cache_read),
        cache_write: count(cache_write),
        output: count(output),
        reasoning,
    }
}

/// Reads the usage of Chat. `DeepSeek` (`prompt_cache_hit_tokens`) and Moonshot (`cached_tokens`) report cache reads in
/// their own places; xAI leaves reasoning out of `completion_tokens`, which the total gives away.
pub(super) fn chat(usage: Raw<'_>) -> Counts {
    let [input, output, total, input_details, output_details, hit, cached] = usage.pick([
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "prompt_cache_hit_tokens",
        "cached_tokens",
    ]);
    let [read, written] = nested(input_details, ["cached_tokens", "cache_write_tokens"]);
    let [reasoning] = nested(output_details, ["reasoning_tokens"]);
    let (input, output, total) = (count(input), count(output), count(total));
    let with_reasoning = output.map(|output| output.saturating_add(reasoning.unwrap_or(0)));
    let leaves_reasoning_out = match (input, with_reasoning, total) {
        (Some(input), Some(with_reasoning), Some(total)) => input.saturating_add(with_reasoning) == total,
        (_, _, _) => false,
    };
    let output = if leaves_reasoning_out { with_reasoning } else { output };
    Counts::from_total(input, read.or(count(hit)).or(count(cached)), written, output, reasoning)
}

/// Reads the usage of Responses.
pub(super) fn responses(usage: Raw<'_>) -> Counts {
    let [input, output, input_details, output_details] =
        usage.pick(["input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"]);
    let [read, written] = nested(input_details, ["cached_tokens", "cache_write_tokens"]);
    let [reasoning] = nested(output_details, ["reasoning_tokens"]);
    Counts::from_total(count(input), read, written, count(output), reasoning)
}

/// Reads the usage of Gemini, whose candidates leave the thoughts out.
pub(super) fn gemini(usage: Raw<'_>) -> Counts {
    let [prompt, tools, cached, candidates, thoughts] = usage
        .pick([
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "cachedContentTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
        ])
        .map(count);
    Counts::from_total(sum(prompt, tools), cached, None, sum(candidates, thoughts), thoughts)
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.map(|one| one.saturating_add(other.unwrap_or(0))).or(other)
}
