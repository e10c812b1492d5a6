//! Writes a request for a channel that speaks Chat.

mod history;
mod messages;
mod thinking;
mod tools;

use sha2::{Digest, Sha256};

use super::models::{self, Traits};
use crate::Protocol;
use crate::ask::{Ask, Effort, Format, Setting};
use crate::calls::{NameRule, Names};
use crate::dialect::{Encoded, Target};
use crate::json::{Members, Text, object};
use crate::note::{Notes, Unsaid, Why};
use crate::quirks::{OutputLimit, Parameter, Quirks, Word};
use crate::schema::{self, Rules};
use thinking::Thinking;

/// `OpenAI` takes so many characters as the id of a user.
const USER_CHARS_MAX: usize = 64;

/// What an answer's schema is called where the client gives it no name.
const FORMAT_NAME: &str = "response";

/// Writes a request for a channel that speaks Chat.
pub(super) fn request(ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
    let is_openai = target.first_party && !models::is_by_others(target.model);
    let mut encoding = Encoding {
        ask,
        target,
        traits: is_openai.then(|| Traits::of(target.model)),
        quirks: target.quirks,
        calls_without_thinking: false,
        names: Names::of(ask, NameRule::USUAL),
        notes: Notes::default(),
    };
    encoding.refuse_unsayable()?;
    let body = encoding.body()?;
    Ok(Encoded { body, notes: encoding.notes, names: encoding.names })
}

/// A request being written.
struct Encoding<'e> {
    ask: &'e Ask<'e>,
    target: &'e Target<'e>,
    /// What the model takes; none where another vendor serves it, who takes conservative words only.
    traits: Option<Traits>,
    /// What the channel wants otherwise.
    quirks: Quirks,
    /// Whether a call is forced that the vendor takes only from a model that does not think.
    calls_without_thinking: bool,
    names: Names,
    notes: Notes,
}

impl Encoding<'_> {
    /// Refuses what changes the answer's shape.
    fn refuse_unsayable(&self) -> Result<(), Unsaid> {
        let no_word = |setting: Setting| Err(Unsaid::no_word(self.ask.word(setting), Protocol::Chat));
        if self.ask.sampling.choices.is_some_and(|choices| choices > 1) {
            return no_word(Setting::Choices);
        }
        if self.ask.sampling.logprobs {
            return no_word(Setting::Logprobs);
        }
        if self.ask.output_max == Some(0) {
            return no_word(Setting::OutputMax);
        }
        Ok(())
    }

    fn body(&mut self) -> Result<Vec<u8>, Unsaid> {
        let messages = self.messages()?;
        let offer = self.offer()?;
        let mut body = Vec::with_capacity(self.ask.body.root().raw().len() + 512);
        object(&mut body, |body| {
            body.str("model", self.target.model);
            messages.write(body);
            offer.write(body);
            self.output_max(body);
            let thinking = self.thinking(!offer.is_empty());
            self.sampling(body, thinking.effort());
            thinking.write(body);
            self.format(body);
            self.hints(body);
            if self.ask.wanted.stream {
                body.bool("stream", true);
                if self.quirks.include_usage {
                    body.object("stream_options", |options| options.bool("include_usage", true));
                }
            }
        });
        Ok(body)
    }

    /// Notes that a setting of the client's is left out.
    fn drop(&mut self, setting: Setting, why: Why) {
        self.ask.drop(&mut self.notes, setting, why);
    }

    /// Notes that a setting of the client's is said in another way.
    fn emulate(&mut self, setting: Setting, why: Why) {
        self.notes.emulate(self.ask.word(setting), why);
    }

    /// Tells whether the vendor refuses a parameter.
    fn refuses(&self, parameter: Parameter) -> bool {
        self.quirks.refused.has(parameter)
    }

    fn output_max(&mut self, body: &mut Members<'_>) {
        let Some(wanted) = self.ask.output_max else { return };
        let limits = [self.target.output_max, self.quirks.output_max];
        let most = limits.into_iter().flatten().min().unwrap_or(wanted);
        if most < wanted {
            self.emulate(Setting::OutputMax, Why::Limit);
        }
        let name = match self.quirks.output_limit {
            OutputLimit::Either if self.traits.is_some() => "max_completion_tokens",
            OutputLimit::Either | OutputLimit::MaxTokens => "max_tokens",
            OutputLimit::MaxCompletionTokens => "max_completion_tokens",
        };
        body.count(name, wanted.min(most));
    }

    /// Finds how the model is told to think.
    fn thinking(&mut self, has_tools: bool) -> Thinking {
        let Some(traits) = self.traits else { return self.vendor_thinking() };
        let Some(wanted) = self.wanted_effort() else { return Thinking::default() };
        let known = traits.nearest(&wanted).filter(|_| !self.refuses(Parameter::ReasoningEffort));
        let chosen = match known {
            Some(_) if has_tools && !traits.thinks_with_tools => Some(Effort::None),
            other => other,
        };
        match &chosen {
            None if wanted != Effort::None => self.drop(Setting::Effort, Why::Model),
            Some(chosen) if *chosen != wanted => self.emulate(Setting::Effort, Why::Model),
            Some(_) | None => {}
        }
        Thinking::of_effort(chosen.map(owned))
    }

    fn sampling(&mut self, body: &mut Members<'_>, effort: Option<&Effort<'_>>) {
        let sampling = &self.ask.sampling;
        let thinks = self.traits.is_some_and(Traits::thinks);
        let refuses_choice = self.traits.is_some_and(|traits| traits.refuses_sampling(effort));
        let is_openai = self.traits.is_some() || models::is_by_openai(self.target.model);
        for (setting, parameter, value, refused) in [
            (Setting::Temperature, Parameter::Temperature, sampling.temperature, refuses_choice),
            (Setting::TopP, Parameter::TopP, sampling.top_p, refuses_choice),
            (Setting::TopK, Parameter::TopK, sampling.top_k, is_openai),
            (Setting::Seed, Parameter::Seed, sampling.seed, false),
            (Setting::FrequencyPenalty, Parameter::FrequencyPenalty, sampling.frequency_penalty, thinks),
            (Setting::PresencePenalty, Parameter::PresencePenalty, sampling.presence_penalty, thinks),
        ] {
            let Some(value) = value else { continue };
            if refused || self.refuses(parameter) {
                self.drop(setting, Why::Model);
                continue;
            }
            let taken =
                self.quirks.nearest_temperature(value).filter(|_| parameter == Parameter::Temperature);
            match taken {
                Some(taken) => {
                    self.emulate(setting, Why::Limit);
                    body.raw(parameter.word(), &taken.to_string());
                }
                None => body.raw(parameter.word(), value),
            }
        }
        self.stop(body, thinks || self.refuses(Parameter::Stop));
    }

    fn stop(&mut self, body: &mut Members<'_>, refused: bool) {
        let stops = &self.ask.sampling.stop;
        if stops.is_empty() {
            return;
        }
        if refused {
            return self.emulate(Setting::Stop, Why::Model);
        }
        let most = self.quirks.stops_max;
        if stops.len() > most {
            self.emulate(Setting::Stop, Why::Limit);
        }
        body.array("stop", |list| stops.iter().take(most).for_each(|stop| list.text(stop)));
    }

    fn format(&mut self, body: &mut Members<'_>) {
        match &self.ask.format {
            Format::Text => {}
            Format::Json if !self.quirks.json_object => any_object(body),
            Format::Json => json_object(body),
            Format::Schema { .. } if !self.quirks.json_schema => json_object(body),
            Format::Schema { name, description, schema, strict } => {
                let strict = *strict == Some(true);
                let mends = strict && self.traits.is_some() && !schema::is_strict(*schema);
                let rules = if mends { Rules::Strict } else { Rules::Open };
                let mut changed = false;
                body.object("response_format", |format| {
                    format.str("type", "json_schema");
                    format.object("json_schema", |named| {
                        named.str("name", &format_name(name.as_ref()));
                        named.text_if("description", description.as_ref());
                        named.value("schema", |out| changed = schema::write(Some(*schema), rules, out));
                        if strict {
                            named.bool("strict", true);
                        }
                    });
                });
                if mends || changed {
                    self.emulate(Setting::Format, Why::Form);
                }
            }
        }
    }

    /// Writes what only `OpenAI` itself takes; it changes no answer's meaning.
    fn hints(&mut self, body: &mut Members<'_>) {
        let ask = self.ask;
        let is_openai = self.traits.is_some();
        let verbosity_fits = self.traits.is_some_and(|traits| traits.free_tools);
        match &ask.verbosity {
            Some(verbosity) if verbosity_fits => body.text("verbosity", verbosity),
            Some(_) if is_openai => self.drop(Setting::Verbosity, Why::Model),
            Some(_) => self.drop(Setting::Verbosity, Why::NoWord),
            None => {}
        }
        match &ask.user {
            Some(user) if is_openai => body.text("safety_identifier", &user_id(user)),
            Some(_) => self.drop(Setting::User, Why::NoWord),
            None => {}
        }
        match ask.affinity() {
            Some(key) if is_openai => body.text("prompt_cache_key", &key),
            Some(_) if ask.cache_key.is_some() => self.drop(Setting::CacheKey, Why::NoWord),
            Some(_) | None => {}
        }
        match ask.tier.as_ref().map(|tier| tier_word(&tier.plain())) {
            Some(Some(tier)) if is_openai => body.str("service_tier", tier),
            Some(_) => self.drop(Setting::Tier, Why::NoWord),
            None => {}
        }
    }
}

/// Asks for any JSON object by a schema that says no more.
fn any_object(body: &mut Members<'_>) {
    body.object("response_format", |format| {
        format.str("type", "json_schema");
        format.object("json_schema", |named| {
            named.str("name", FORMAT_NAME);
            named.raw("schema", r#"{"type":"object"}"#);
        });
    });
}

fn json_object(body: &mut Members<'_>) {
    body.object("response_format", |format| format.str("type", "json_object"));
}

fn owned(effort: Effort<'_>) -> Effort<'static> {
    match effort {
        Effort::None => Effort::None,
        Effort::Minimal => Effort::Minimal,
        Effort::Low => Effort::Low,
        Effort::Medium => Effort::Medium,
        Effort::High => Effort::High,
        Effort::Xhigh => Effort::Xhigh,
        Effort::Max => Effort::Max,
        Effort::Other(word) => Effort::Other(word.into_owned()),
    }
}

/// Returns a name that `OpenAI` takes for a schema: letters, digits, `_` and `-`, at most 64.
fn format_name(name: Option<&Text<'_>>) -> String {
    let legal = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let name = name.map(Text::plain).unwrap_or_default();
    let name: String = name.chars().map(|char| if legal(char) { char } else { '_' }).take(64).collect();
    if name.is_empty() { FORMAT_NAME.to_owned() } else { name }
}

/// Returns an id of the user that `OpenAI` takes. Claude Code's is a long JSON text that holds more than it must.
fn user_id<'a>(user: &Text<'a>) -> Text<'a> {
    let plain = user.plain();
    if plain.chars().count() <= USER_CHARS_MAX && !plain.contains(['{', '@']) {
        return user.clone();
    }
    Text::from(hex(&Sha256::digest(plain.as_bytes())))
}

/// Writes bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Returns `OpenAI`'s word for a speed and price class of any protocol.
fn tier_word(tier: &str) -> Option<&'static str> {
    match &*tier.to_ascii_lowercase() {
        "auto" => Some("auto"),
        // Anthropic's and Google's words.
        "default" | "standard" | "standard_only" => Some("default"),
        "flex" => Some("flex"),
        "scale" => Some("scale"),
        "priority" => Some("priority"),
        "fast" => Some("fast"),
        _ => None,
    }
}
