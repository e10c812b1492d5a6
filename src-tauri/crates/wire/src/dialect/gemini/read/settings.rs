//! Reading how the model should answer.

use super::Reading;
use crate::ask::{Effort, Format, Schema, SchemaWords, Switch};
use crate::json::{Text, Value};
use crate::note::{Unsaid, Why};

impl<'a> Reading<'a> {
    pub(super) fn generation_config(&mut self, config: Value<'a>) -> Result<(), Unsaid> {
        self.object(config)?;
        for (name, value) in config.members().filter(|(_, value)| !value.is_null()) {
            self.setting(&name.plain(), value)?;
        }
        self.format(config)
    }

    fn setting(&mut self, name: &str, value: Value<'a>) -> Result<(), Unsaid> {
        match name {
            "temperature" => self.ask.sampling.temperature = Some(self.number(value)?),
            "topP" | "top_p" => self.ask.sampling.top_p = Some(self.number(value)?),
            "topK" | "top_k" => self.ask.sampling.top_k = Some(self.number(value)?),
            "seed" => self.ask.sampling.seed = Some(self.number(value)?),
            "presencePenalty" | "presence_penalty" => {
                self.ask.sampling.presence_penalty = Some(self.number(value)?);
            }
            "frequencyPenalty" | "frequency_penalty" => {
                self.ask.sampling.frequency_penalty = Some(self.number(value)?);
            }
            "candidateCount" | "candidate_count" => self.ask.sampling.choices = self.count(value)?,
            "maxOutputTokens" | "max_output_tokens" => self.ask.output_max = self.count(value)?,
            "stopSequences" | "stop_sequences" => {
                for stop in self.list(value)? {
                    let stop = self.text(stop)?;
                    self.ask.sampling.stop.push(stop);
                }
            }
            "responseLogprobs" | "response_logprobs" => self.ask.sampling.logprobs = self.bool(value)?,
            "responseModalities" | "response_modalities" => self.modalities(value)?,
            "thinkingConfig" | "thinking_config" => self.thinking(value)?,
            // They belong to the form of the answer, which is read as a whole.
            "responseMimeType"
            | "response_mime_type"
            | "responseSchema"
            | "response_schema"
            | "responseJsonSchema"
            | "response_json_schema" => {}
            // It says how many; the setting above, whether.
            "logprobs" => {}
            other => self.notes().drop(format!("generationConfig.{other}"), Why::NoWord),
        }
        Ok(())
    }

    fn count(&self, value: Value<'a>) -> Result<Option<u64>, Unsaid> {
        self.number(value)?;
        Ok(value.count())
    }

    /// Only text can be answered by every channel.
    fn modalities(&self, value: Value<'a>) -> Result<(), Unsaid> {
        for modality in self.list(value)? {
            if !self.text(modality)?.plain().eq_ignore_ascii_case("text") {
                return Err(self
                    .refuse(
                        modality,
                        "only Gemini answers in this way; ask for text, or for a Gemini channel",
                    )
                    .code("unsupported_value"));
            }
        }
        Ok(())
    }

    fn thinking(&mut self, config: Value<'a>) -> Result<(), Unsaid> {
        self.object(config)?;
        if let Some(shown) = config.either(["includeThoughts", "include_thoughts"]) {
            let shown = self.bool(shown)?;
            self.ask.reasoning.shown = Some(shown);
            self.ask.wanted.thinking_hidden = !shown;
        }
        if let Some(budget) = config.either(["thinkingBudget", "thinking_budget"]) {
            self.number(budget)?;
            let (switch, tokens) = match budget.integer().unwrap_or_default() {
                0 => (Switch::Off, None),
                tokens => match u64::try_from(tokens) {
                    Ok(tokens) => (Switch::On, Some(tokens)),
                    Err(_) => (Switch::Adaptive, None),
                },
            };
            self.ask.reasoning.switch = Some(switch);
            self.ask.reasoning.budget = tokens;
        }
        if let Some(level) = config.either(["thinkingLevel", "thinking_level"]) {
            let level = self.text(level)?;
            // qwen-code says this where it means nothing.
            if !level.is("THINKING_LEVEL_UNSPECIFIED") {
                self.ask.reasoning.effort = Some(Effort::read(&level));
            }
        }
        Ok(())
    }

    /// Reads the form of the answer, which several settings tell.
    fn format(&mut self, config: Value<'a>) -> Result<(), Unsaid> {
        let mime = config.either(["responseMimeType", "response_mime_type"]);
        let schema = config
            .either(["responseJsonSchema", "response_json_schema"])
            .or_else(|| config.either(["responseSchema", "response_schema"]));
        let wants_json = match mime {
            Some(mime) => self.is_json(mime)?,
            None => schema.is_some(),
        };
        let Some(schema) = schema.filter(|_| wants_json) else {
            if wants_json {
                self.ask.format = Format::Json;
            }
            return Ok(());
        };
        let value = self.object(schema)?;
        let schema = Schema { value, words: SchemaWords::OpenApi };
        self.ask.format = Format::Schema { name: None, description: None, schema, strict: None };
        Ok(())
    }

    fn is_json(&self, mime: Value<'a>) -> Result<bool, Unsaid> {
        let word: Text<'a> = self.text(mime)?;
        match &*word.plain() {
            "application/json" => Ok(true),
            "text/plain" | "" => Ok(false),
            _ => Err(self
                .refuse(mime, "only Gemini answers in this form; use application/json or text/plain")
                .code("unsupported_value")),
        }
    }
}
