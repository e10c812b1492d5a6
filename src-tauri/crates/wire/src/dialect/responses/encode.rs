//! A channel's request in `OpenAI Responses`.

mod items;
mod media;
mod model;
mod tools;

use std::fmt::Write;

use model::Family;
use sha2::{Digest, Sha256};

use crate::Protocol;
use crate::ask::{Ask, Effort, Format, Setting, Switch};
use crate::calls::{NameRule, Names};
use crate::dialect::{Encoded, Target};
use crate::json::{Members, Text, object};
use crate::note::{Notes, Unsaid, Why};
use crate::schema::{self, Rules};

/// The fewest tokens that `OpenAI` accepts as a limit.
const OUTPUT_MAX_LEAST: u64 = 16;

/// The most bytes of an id of a user or of a cache.
const ID_BYTES_MAX: usize = 64;

/// Writes a request.
pub(super) fn request(ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
    let names = Names::of(ask, NameRule::RESPONSES);
    let mut writer = Writer { ask, target, family: Family::of(target.model), names, notes: Notes::default() };
    writer.refuse()?;
    let input = items::write(&mut writer)?;
    let offered = tools::write(&mut writer);
    let choice = tools::choice(&mut writer, &offered)?;
    let mut body = Vec::with_capacity(ask.body.root().raw().len() + 1024);
    object(&mut body, |members| {
        members.str("model", target.model);
        members.value("input", |out| out.extend_from_slice(&input));
        offered.write(members);
        members.raw_if("tool_choice", choice.as_deref());
        writer.settings(members, offered.any_callable());
    });
    Ok(Encoded { body, notes: writer.notes, names: writer.names })
}

/// What writing a request needs to know.
struct Writer<'r, 'a> {
    ask: &'r Ask<'a>,
    target: &'r Target<'r>,
    family: Family,
    names: Names,
    notes: Notes,
}

impl Writer<'_, '_> {
    /// Refuses what the client would act on and this protocol cannot say.
    fn refuse(&self) -> Result<(), Unsaid> {
        let sampling = &self.ask.sampling;
        if sampling.choices.is_some_and(|choices| choices > 1) {
            return Err(self.no_word(Setting::Choices));
        }
        if sampling.logprobs {
            return Err(self.no_word(Setting::Logprobs));
        }
        Ok(())
    }

    fn no_word(&self, setting: Setting) -> Unsaid {
        Unsaid::no_word(self.ask.word(setting), Protocol::Responses)
    }

    fn drop(&mut self, setting: Setting, why: Why) {
        self.notes.drop(self.ask.word(setting), why);
    }

    fn emulate(&mut self, setting: Setting, why: Why) {
        self.notes.emulate(self.ask.word(setting), why);
    }

    fn settings(&mut self, members: &mut Members<'_>, any_tools: bool) {
        if any_tools && let Some(parallel) = self.ask.parallel_calls {
            members.bool("parallel_tool_calls", parallel);
        }
        members.count_if("max_output_tokens", self.output_max());
        self.sampling(members);
        self.reasoning(members);
        self.form(members);
        self.ids(members);
        self.tier(members);
        members.bool("store", false);
        if self.ask.wanted.stream {
            members.bool("stream", true);
        }
    }

    fn output_max(&mut self) -> Option<u64> {
        let wanted = self.ask.output_max?;
        let most = self.target.output_max.unwrap_or(u64::MAX).max(OUTPUT_MAX_LEAST);
        let sent = wanted.clamp(OUTPUT_MAX_LEAST, most);
        if sent != wanted {
            self.emulate(Setting::OutputMax, Why::Limit);
        }
        Some(sent)
    }

    fn sampling(&mut self, members: &mut Members<'_>) {
        let sampling = &self.ask.sampling;
        for (setting, key, value) in [
            (Setting::Temperature, "temperature", sampling.temperature),
            (Setting::TopP, "top_p", sampling.top_p),
        ] {
            if value.is_some() && self.family.reasons() {
                self.drop(setting, Why::Model);
            } else {
                members.raw_if(key, value);
            }
        }
        for (setting, is_given) in [
            (Setting::TopK, sampling.top_k.is_some()),
            (Setting::Seed, sampling.seed.is_some()),
            (Setting::FrequencyPenalty, sampling.frequency_penalty.is_some()),
            (Setting::PresencePenalty, sampling.presence_penalty.is_some()),
        ] {
            if is_given {
                self.drop(setting, Why::NoWord);
            }
        }
        if !sampling.stop.is_empty() {
            self.emulate(Setting::Stop, Why::NoWord);
        }
    }

    /// Writes how the model thinks, and asks for the state without which it could not go on from its thoughts.
    fn reasoning(&mut self, members: &mut Members<'_>) {
        let asked = &self.ask.reasoning;
        let effort = self.effort();
        let thinks = matches!(asked.switch, Some(Switch::On | Switch::Adaptive));
        let wants_summary = asked.shown.unwrap_or(thinks) && effort.as_ref() != Some(&Effort::None);
        if effort.is_none() && !thinks && !wants_summary {
            // Many models think unasked.
            if self.family.reasons() {
                members.array("include", |include| include.str("reasoning.encrypted_content"));
            }
            return;
        }
        if !self.family.may_reason() {
            self.drop(Setting::Thinking, Why::Model);
            return;
        }
        if effort.is_some() || wants_summary {
            members.object("reasoning", |reasoning| {
                if let Some(effort) = &effort {
                    reasoning.text("effort", &effort.word());
                }
                if wants_summary {
                    reasoning.str("summary", "auto");
                }
            });
        }
        if effort.as_ref() != Some(&Effort::None) {
            members.array("include", |include| include.str("reasoning.encrypted_content"));
        }
    }

    /// Returns the effort that the model takes and that comes nearest.
    fn effort(&mut self) -> Option<Effort<'static>> {
        let asked = &self.ask.reasoning;
        let wanted = match (asked.switch, &asked.effort, asked.budget) {
            (Some(Switch::Off), _, _) => Effort::None,
            (_, Some(Effort::Other(word)), _) => return Some(Effort::Other(word.clone().into_owned())),
            (_, Some(effort), _) => model::known(effort),
            (_, None, Some(budget)) => Effort::of_budget(budget),
            (_, None, None) => return None,
        };
        let taken = self.family.nearest(&wanted);
        if taken != wanted {
            self.emulate(Setting::Effort, Why::Model);
        }
        Some(taken)
    }

    /// Writes `text`: the form of the answer and how wordy it is.
    fn form(&mut self, members: &mut Members<'_>) {
        let verbosity = self.ask.verbosity.as_ref();
        let takes_verbosity = self.target.first_party && self.family.may_reason();
        if verbosity.is_some() && !takes_verbosity {
            self.drop(Setting::Verbosity, Why::Model);
        }
        let verbosity = verbosity.filter(|_| takes_verbosity);
        if verbosity.is_none() && matches!(self.ask.format, Format::Text) {
            return;
        }
        members.object("text", |text| {
            match &self.ask.format {
                Format::Text => {}
                Format::Json => text.object("format", |format| format.str("type", "json_object")),
                format @ Format::Schema { .. } => {
                    text.object("format", |members| self.schema(format, members));
                }
            }
            text.text_if("verbosity", verbosity);
        });
    }

    fn schema(&self, format: &Format<'_>, members: &mut Members<'_>) {
        let Format::Schema { name, description, schema, strict } = format else { return };
        // Messages and Gemini always hold to the schema.
        let is_strict = strict.unwrap_or(matches!(self.ask.protocol, Protocol::Messages | Protocol::Gemini));
        members.str("type", "json_schema");
        members.str("name", &format_name(name.as_ref()));
        members.text_if("description", description.as_ref());
        members.value("schema", |out| {
            schema::write(Some(*schema), if is_strict { Rules::Strict } else { Rules::Open }, out);
        });
        members.bool("strict", is_strict);
    }

    /// Writes who the user is and what a cache may go by.
    fn ids(&mut self, members: &mut Members<'_>) {
        match self.ask.affinity() {
            Some(key) if self.ask.cache_key.is_some() || self.target.first_party => {
                members.text("prompt_cache_key", &short_id(&key));
            }
            Some(_) | None => {}
        }
        if let Some(user) = &self.ask.user {
            // Others know the older word only.
            let word = if self.target.first_party { "safety_identifier" } else { "user" };
            members.text(word, &short_id(user));
        }
    }

    fn tier(&mut self, members: &mut Members<'_>) {
        let Some(tier) = &self.ask.tier else { return };
        let word = match &*tier.plain().to_ascii_lowercase() {
            "auto" => "auto",
            "default" | "standard" | "standard_only" => "default",
            "flex" => "flex",
            "priority" => "priority",
            "scale" => "scale",
            "fast" => "fast",
            _ => return self.drop(Setting::Tier, Why::NoWord),
        };
        if self.target.first_party {
            members.str("service_tier", word);
        } else {
            self.drop(Setting::Tier, Why::NoWord);
        }
    }
}

/// Returns a name that `OpenAI` accepts for a form of answers.
fn format_name(name: Option<&Text<'_>>) -> String {
    let legal = |char: char| if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' };
    let name: String =
        name.map(Text::plain).unwrap_or_default().chars().map(legal).take(ID_BYTES_MAX).collect();
    if name.is_empty() { "response".to_owned() } else { name }
}

/// Returns an id, or what stands for one that is too long: Claude Code's user is a text of its own.
fn short_id<'t>(id: &'t Text<'_>) -> Text<'t> {
    let plain = id.plain();
    if plain.len() <= ID_BYTES_MAX {
        return id.borrowed();
    }
    let digest = Sha256::digest(plain.as_bytes());
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        write!(hex, "{byte:02x}").expect("a string takes everything");
    }
    Text::from(hex)
}
