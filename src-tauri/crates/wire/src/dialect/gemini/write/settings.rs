//! Writing how the model should answer.

use super::Writing;
use super::thinking::Thought;
use crate::ask::{Format, Schema, Setting};
use crate::json::{Members, Text};
use crate::note::{Unsaid, Why};
use crate::schema::{self, Rules};

/// The most texts that may end an answer.
const STOPS_MAX: usize = 5;

/// How the model should answer, as it will be written.
#[derive(Debug)]
pub(super) struct Settings<'t> {
    temperature: Option<&'t str>,
    top_p: Option<&'t str>,
    top_k: Option<&'t str>,
    seed: Option<&'t str>,
    presence_penalty: Option<&'t str>,
    frequency_penalty: Option<&'t str>,
    stop: Vec<&'t Text<'t>>,
    output_max: Option<u64>,
    thought: Option<Thought>,
    wants_json: bool,
    /// The schema of the answer, in Gemini's words.
    schema: Option<Vec<u8>>,
    tier: Option<&'static str>,
    /// What must be told in words, because the model does not take it as a setting.
    pub(super) instruction: Option<String>,
}

impl<'t> Writing<'t, '_> {
    /// Decides how the model should answer.
    pub(super) fn settings(&mut self, has_functions: bool) -> Result<Settings<'t>, Unsaid> {
        let sampling = &self.ask.sampling;
        let output_max = self.output_max();
        let mut settings = Settings {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: self.top_k(),
            seed: self.seed(),
            presence_penalty: sampling.presence_penalty,
            frequency_penalty: sampling.frequency_penalty,
            stop: self.stop(),
            output_max,
            thought: self.thought(output_max)?,
            wants_json: false,
            schema: None,
            tier: self.tier(),
            instruction: None,
        };
        self.format(has_functions, &mut settings);
        Ok(settings)
    }

    fn output_max(&mut self) -> Option<u64> {
        let wanted = self.ask.output_max?;
        let most = self.target.output_max.or(self.model.output_max).unwrap_or(u64::MAX);
        if wanted > most {
            self.emulate(Setting::OutputMax, Why::Limit);
        }
        Some(wanted.min(most))
    }

    /// Only a count above zero means anything; vLLM's clients switch it off by −1.
    fn top_k(&mut self) -> Option<&'t str> {
        let top_k = self.ask.sampling.top_k?;
        let counts = top_k.parse::<f64>().is_ok_and(|top_k| top_k >= 1.0);
        if !counts {
            self.drop(Setting::TopK, Why::Limit);
        }
        counts.then_some(top_k)
    }

    /// Gemini's seed has 32 bits.
    fn seed(&mut self) -> Option<&'t str> {
        let seed = self.ask.sampling.seed?;
        let fits = seed.parse::<i32>().is_ok();
        if !fits {
            self.drop(Setting::Seed, Why::Limit);
        }
        fits.then_some(seed)
    }

    fn stop(&mut self) -> Vec<&'t Text<'t>> {
        let mut stop: Vec<_> = self.ask.sampling.stop.iter().filter(|text| !text.is_empty()).collect();
        if stop.len() > STOPS_MAX {
            stop.truncate(STOPS_MAX);
            self.emulate(Setting::Stop, Why::Limit);
        }
        stop
    }

    /// Returns Gemini's word for the class of speed and price; `auto` is none.
    fn tier(&mut self) -> Option<&'static str> {
        let tier = self.ask.tier.as_ref()?.plain().to_ascii_lowercase();
        match &*tier {
            "flex" => Some("flex"),
            "priority" => Some("priority"),
            "default" | "standard" | "standard_only" => Some("standard"),
            "auto" | "unspecified" => None,
            _ => {
                self.drop(Setting::Tier, Why::NoWord);
                None
            }
        }
    }

    /// Older models cannot call functions and answer in JSON in one request, so they are asked for it in words.
    fn format(&mut self, has_functions: bool, settings: &mut Settings<'t>) {
        let as_setting = self.model.is_third || !has_functions;
        match &self.ask.format {
            Format::Text => {}
            Format::Json if as_setting => settings.wants_json = true,
            Format::Json => {
                self.emulate(Setting::Format, Why::Model);
                settings.instruction = Some("Respond with a single JSON object.".to_owned());
            }
            Format::Schema { schema, .. } => {
                let written = self.answer_schema(*schema, as_setting);
                if as_setting {
                    settings.wants_json = true;
                    settings.schema = Some(written);
                } else {
                    let schema = String::from_utf8_lossy(&written);
                    settings.instruction = Some(format!(
                        "Respond with a single JSON object that follows this JSON Schema: {schema}"
                    ));
                }
            }
        }
    }

    fn answer_schema(&mut self, schema: Schema<'_>, as_setting: bool) -> Vec<u8> {
        let mut written = Vec::new();
        let lost = schema::write(Some(schema), Rules::Gemini, &mut written);
        if lost || !as_setting {
            self.emulate(Setting::Format, if as_setting { Why::Form } else { Why::Model });
        }
        written
    }
}

impl Settings<'_> {
    /// Writes `generationConfig` and `serviceTier`, where there is something to say.
    pub(super) fn write(&self, request: &mut Members<'_>) {
        if !self.is_empty() {
            request.object("generationConfig", |config| self.write_config(config));
        }
        if let Some(tier) = self.tier {
            request.str("serviceTier", tier);
        }
    }

    /// Tells whether the model should answer as it likes.
    fn is_empty(&self) -> bool {
        let numbers = [
            self.temperature,
            self.top_p,
            self.top_k,
            self.seed,
            self.presence_penalty,
            self.frequency_penalty,
        ];
        numbers.iter().all(Option::is_none)
            && self.stop.is_empty()
            && self.output_max.is_none()
            && self.thought.is_none()
            && !self.wants_json
    }

    fn write_config(&self, config: &mut Members<'_>) {
        config.raw_if("temperature", self.temperature);
        config.raw_if("topP", self.top_p);
        config.raw_if("topK", self.top_k);
        config.raw_if("seed", self.seed);
        config.raw_if("presencePenalty", self.presence_penalty);
        config.raw_if("frequencyPenalty", self.frequency_penalty);
        config.count_if("maxOutputTokens", self.output_max);
        if !self.stop.is_empty() {
            config.array("stopSequences", |list| self.stop.iter().for_each(|text| list.text(text)));
        }
        if self.wants_json {
            config.str("responseMimeType", "application/json");
        }
        if let Some(schema) = &self.schema {
            config.value("responseJsonSchema", |out| out.extend_from_slice(schema));
        }
        if let Some(thought) = &self.thought {
            thought.write(config);
        }
    }
}
