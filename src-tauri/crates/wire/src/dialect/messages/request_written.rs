//! Writing a request for a channel.

use sha2::{Digest, Sha256};

use super::cache::Marks;
use super::content_written;
use super::models::{Model, Samples};
use super::thinking::{Circumstances, Plan};
use super::tools_written::Offer;
use super::turns_written::{Messages, TurnWriter};
use crate::Protocol;
use crate::ask::{Ask, Format, Setting, Turn};
use crate::calls::{NameRule, Names, arrange};
use crate::dialect::{Encoded, Target};
use crate::json::{Members, Text, object};
use crate::note::{Notes, Unsaid, Why};
use crate::schema::{self, Rules};

/// What a model that goes on from no turn of its own says to one.
const NO_PREFILL: &str =
    "This model does not support assistant message prefill. The conversation must end with a user message.";

/// Asks for JSON where there is no word for it.
const JSON_WANTED: &str = "Respond with a single JSON object.";

/// Asks for JSON by a schema where there is no word for it; the schema follows.
const SCHEMA_WANTED: &str =
    "Respond with a single JSON value that follows this JSON Schema, and with nothing else:\n";

/// The longest id of a user.
const USER_CHARS_MAX: usize = 256;

pub(super) fn write(ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
    refuse_unsayable(ask, target)?;
    let mut notes = Notes::default();
    let names = Names::of(ask, NameRule::USUAL);
    let turns = arrange(ask, &mut notes);
    let body = Draft::of(ask, target, &names, &turns, &mut notes)?.write(&mut notes)?;
    Ok(Encoded { body, notes, names })
}

/// What a request will say, decided before the first byte is written: one thing often depends on another.
#[derive(Debug)]
struct Draft<'d, 'a> {
    ask: &'d Ask<'a>,
    target: &'d Target<'d>,
    names: &'d Names,
    model: Model,
    messages: Messages<'d, 'a>,
    offer: Offer<'d, 'a>,
    output_max: u64,
    plan: Plan,
    marks: Marks,
    /// What the system prompt says of the answer's form.
    instruction: Option<Text<'static>>,
}

impl<'d, 'a> Draft<'d, 'a> {
    fn of(
        ask: &'d Ask<'a>,
        target: &'d Target<'d>,
        names: &'d Names,
        turns: &'d [Turn<'a>],
        notes: &mut Notes,
    ) -> Result<Self, Unsaid> {
        let model = Model::of(target.model);
        let messages = Messages::of(ask, turns, model.late_system && target.first_party, notes);
        refuse_prefill(ask, &messages, &model)?;
        let offer = Offer::of(ask, turns, names, (&model, target), notes)?;
        let output_max = output_max(ask, target, &model, notes);
        let circumstances = Circumstances {
            output_max,
            forced: offer.is_forced(),
            lacks_thoughts: messages.lacks_thoughts(),
            first_party: target.first_party,
        };
        let plan = Plan::of(ask, &model, circumstances, notes)?;
        let marks = Marks::of(ask, turns);
        if marks.surplus() > 0 {
            ask.drop(notes, Setting::CacheMark, Why::Limit);
        }
        let instruction = format_instruction(ask, &model, notes);
        Ok(Self { ask, target, names, model, messages, offer, output_max, plan, marks, instruction })
    }

    fn write(mut self, notes: &mut Notes) -> Result<Vec<u8>, Unsaid> {
        let (ask, marks) = (self.ask, &mut self.marks);
        let mut out = Vec::with_capacity(ask.body.root().raw().len() + 1024);
        let mut written = Ok(());
        object(&mut out, |body| {
            body.str("model", self.target.model);
            body.count("max_tokens", self.output_max);
            if ask.wanted.stream {
                body.bool("stream", true);
            }
            // A cache reads the tools first, then the system prompt: the marks are dealt in this order.
            self.offer.write(ask, self.names, marks, notes, body);
            write_system(ask, self.instruction.as_ref(), marks, body);
            let mut writer = TurnWriter { ask, target: self.target, names: self.names, marks, notes };
            written = writer.write(&self.messages, body);
            self.plan.write(body);
            write_output_config(ask, &self.plan, &self.model, notes, body);
            write_sampling(ask, &self.plan, &self.model, notes, body);
            write_accounting(ask, self.target, notes, body);
        });
        written.map(|()| out)
    }
}

fn refuse_unsayable(ask: &Ask<'_>, target: &Target<'_>) -> Result<(), Unsaid> {
    let unsayable = [
        (ask.sampling.choices.is_some_and(|choices| choices > 1), Setting::Choices),
        (ask.sampling.logprobs, Setting::Logprobs),
    ];
    match unsayable.iter().find(|(is_asked, _)| *is_asked) {
        Some((_, setting)) => Err(Unsaid::no_word(ask.word(*setting), target.protocol)),
        None => Ok(()),
    }
}

fn refuse_prefill(ask: &Ask<'_>, messages: &Messages<'_, '_>, model: &Model) -> Result<(), Unsaid> {
    match messages.prefill() {
        Some(part) if !model.prefill => Err(Unsaid::new(ask.body.path_of(part.at), NO_PREFILL)),
        Some(_) | None => Ok(()),
    }
}

/// Decides the most tokens of the answer, which must be said. Where the client names none, it is all that the model has:
/// less would cut off an agent in the midst of a file.
fn output_max(ask: &Ask<'_>, target: &Target<'_>, model: &Model, notes: &mut Notes) -> u64 {
    let most = target.output_max.unwrap_or(model.output_max);
    match ask.output_max {
        None => most,
        Some(wanted) if target.output_max.is_some_and(|most| wanted > most) => {
            notes.emulate(ask.word(Setting::OutputMax), Why::Limit);
            most
        }
        Some(wanted) => wanted.max(1),
    }
}

fn write_system(ask: &Ask<'_>, instruction: Option<&Text<'_>>, marks: &mut Marks, body: &mut Members<'_>) {
    let said: Vec<_> =
        ask.system.iter().filter(|part| part.as_text().is_some_and(|text| !text.is_blank())).collect();
    if said.is_empty() && instruction.is_none() {
        return;
    }
    body.array("system", |blocks| {
        for (place, part) in (1..).zip(&said) {
            let mark = marks.deal(part.cache, place == said.len());
            if let Some(text) = part.as_text() {
                content_written::text(blocks, text, mark);
            }
        }
        if let Some(instruction) = instruction {
            content_written::text(blocks, instruction, None);
        }
    });
}

/// Returns the words that ask for JSON, where the channel has no setting for it.
fn format_instruction(ask: &Ask<'_>, model: &Model, notes: &mut Notes) -> Option<Text<'static>> {
    let words = match &ask.format {
        Format::Text => return None,
        Format::Json => Text::owned(JSON_WANTED),
        Format::Schema { .. } if model.schemas => return None,
        Format::Schema { schema, .. } => {
            let mut json = Vec::new();
            schema::write(Some(*schema), Rules::Open, &mut json);
            Text::owned(&format!("{SCHEMA_WANTED}{}", String::from_utf8_lossy(&json)))
        }
    };
    notes.emulate(ask.word(Setting::Format), Why::NoWord);
    Some(words)
}

fn write_output_config(ask: &Ask<'_>, plan: &Plan, model: &Model, notes: &mut Notes, body: &mut Members<'_>) {
    let schema = match &ask.format {
        Format::Schema { schema, .. } if model.schemas => Some(*schema),
        Format::Schema { .. } | Format::Text | Format::Json => None,
    };
    if schema.is_none() && plan.effort().is_none() {
        return;
    }
    body.object("output_config", |config| {
        if let Some(effort) = plan.effort() {
            config.str("effort", effort);
        }
        if let Some(schema) = schema {
            config.object("format", |format| {
                format.str("type", "json_schema");
                format.value("schema", |out| {
                    if schema::write(Some(schema), Rules::Output, out) {
                        notes.emulate(ask.word(Setting::Format), Why::Form);
                    }
                });
            });
        }
    });
}

fn write_sampling(ask: &Ask<'_>, plan: &Plan, model: &Model, notes: &mut Notes, body: &mut Members<'_>) {
    let sampling = &ask.sampling;
    let all = [
        (sampling.temperature, Setting::Temperature, "temperature"),
        (sampling.top_p, Setting::TopP, "top_p"),
        (sampling.top_k, Setting::TopK, "top_k"),
    ];
    for (number, setting, word) in all {
        let Some(number) = number else { continue };
        let takes = match model.samples {
            Samples::Nothing => false,
            Samples::OneOf => setting != Setting::TopP || sampling.temperature.is_none(),
            Samples::Freely => true,
        };
        // Thinking wants a temperature of 1, which is the default.
        if !takes || plan.thinks() {
            ask.drop(notes, setting, Why::Model);
        } else if setting == Setting::Temperature && number.parse::<f64>().is_ok_and(|number| number > 1.0) {
            notes.emulate(ask.word(setting), Why::Limit);
            body.count(word, 1);
        } else {
            body.raw(word, number);
        }
    }
    for (is_asked, setting) in [
        (sampling.seed.is_some(), Setting::Seed),
        (sampling.frequency_penalty.is_some(), Setting::FrequencyPenalty),
        (sampling.presence_penalty.is_some(), Setting::PresencePenalty),
        (ask.verbosity.is_some(), Setting::Verbosity),
        (ask.cache_key.is_some(), Setting::CacheKey),
    ] {
        if is_asked {
            ask.drop(notes, setting, Why::NoWord);
        }
    }
    write_stop(ask, notes, body);
}

/// Writes what ends the answer; white space alone is refused.
fn write_stop(ask: &Ask<'_>, notes: &mut Notes, body: &mut Members<'_>) {
    let stop: Vec<&Text<'_>> = ask.sampling.stop.iter().filter(|text| !text.is_blank()).collect();
    if stop.len() < ask.sampling.stop.len() {
        notes.emulate(ask.word(Setting::Stop), Why::Form);
    }
    if !stop.is_empty() {
        body.array("stop_sequences", |list| {
            for text in stop {
                list.text(text);
            }
        });
    }
}

fn write_accounting(ask: &Ask<'_>, target: &Target<'_>, notes: &mut Notes, body: &mut Members<'_>) {
    if let Some(user) = &ask.user {
        body.object("metadata", |metadata| metadata.str("user_id", &user_id(&user.plain())));
    }
    match &ask.tier {
        Some(tier) if ask.protocol == Protocol::Messages && target.first_party => {
            body.text("service_tier", tier);
        }
        Some(tier) if tier.is("auto") || tier.is("default") => {}
        Some(_) => ask.drop(notes, Setting::Tier, Why::NoWord),
        None => {}
    }
}

/// Returns an id that tells nobody who the user is: what looks like an address or a number to call is hashed.
fn user_id(id: &str) -> String {
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let calls = digits >= 7 && id.bytes().all(|byte| byte.is_ascii_digit() || b"+-() .".contains(&byte));
    if id.contains('@') || calls || id.chars().count() > USER_CHARS_MAX {
        return format!("{:x}", Sha256::digest(id.as_bytes()));
    }
    id.to_owned()
}
