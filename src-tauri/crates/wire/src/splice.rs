//! The few bytes that one attempt changes in a request body that stays in its protocol.

mod edits;
mod names;
mod quirks;

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Protocol;
use crate::head::Head;
use crate::json::{Raw, each_member, is_key, quote};
use crate::note::Notes;
use crate::quirks::Quirks;
use edits::Edits;

/// What one attempt changes in a body that stays in its protocol.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The upstream's name of the model; `None` leaves the body's own.
    pub model: Option<&'a str>,
    /// The channel's parameters. They concern answers only.
    pub params: &'a [Param],
    /// Whether `params` override what the client sent; otherwise they fill in what it left out or set to null.
    pub force: bool,
    /// Whether to ask a Chat stream for its usage chunk.
    pub ask_usage: bool,
    /// What a Chat channel refuses.
    pub quirks: Quirks,
}

/// One generation parameter of a channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Param {
    /// The canonical name: `temperature`, `max_tokens`, `top_p`, … Names of the request's frame (`model`, `stream`,
    /// `stream_options`) have no effect.
    pub name: String,
    /// The value as JSON text.
    pub value: Box<RawValue>,
}

impl Param {
    /// Makes a parameter from anything that serialises to JSON.
    pub fn new(name: impl Into<String>, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { name: name.into(), value: serde_json::value::to_raw_value(value)? })
    }
}

impl PartialEq for Param {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value.get() == other.value.get()
    }
}

impl Eq for Param {}

/// Returns the body for one attempt: the same bytes, not copied, where nothing changes; else a copy in which everything
/// outside the changed values is byte for byte the client's. `notes` gets what the client said and the upstream does not
/// hear, or hears in another way.
///
/// `head` must have been read from `body`.
///
/// # Panics
/// If `head` was read from a body of another length.
pub fn apply(head: &Head, body: &Bytes, change: &Change<'_>, notes: &mut Notes) -> Bytes {
    assert_eq!(head.bytes_in, body.len(), "the head was read from this body");
    let mut splice = Splice { head, body, edits: Edits::default(), notes };
    if let Some(model) = change.model {
        splice.model(model);
    }
    if head.operation.is_answer() {
        splice.params(change.params, change.force);
        if change.ask_usage && head.protocol == Protocol::Chat && head.stream {
            splice.ask_usage();
        }
        if head.protocol == Protocol::Chat && change.quirks != Quirks::DEFAULT {
            splice.quirks(&change.quirks, change.params);
        }
    }
    if splice.edits.is_empty() { body.clone() } else { splice.edits.apply(body).into() }
}

/// The changes to one body, being put together.
struct Splice<'a> {
    head: &'a Head,
    body: &'a [u8],
    edits: Edits,
    notes: &'a mut Notes,
}

impl Splice<'_> {
    fn model(&mut self, model: &str) {
        for span in &self.head.model_spots {
            let old = Raw::at(self.body, span.clone()).str();
            let new = match (&old, self.head.protocol) {
                (Some(old), Protocol::Gemini) if old.starts_with("models/") => format!("models/{model}"),
                (_, Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini) => {
                    model.to_owned()
                }
            };
            if old.as_deref() != Some(&new) {
                self.edits.replace(span.clone(), quote(&new));
            }
        }
        // A Gemini request names its model in the path.
        if self.head.model_spots.is_empty() && self.head.protocol != Protocol::Gemini {
            self.edits.insert_member(self.whole(), format!("\"model\":{}", quote(model)));
        }
    }

    fn params(&mut self, params: &[Param], force: bool) {
        let params = params.iter().filter(|param| !names::is_frame(&param.name));
        match self.head.protocol {
            Protocol::Chat | Protocol::Responses | Protocol::Messages => {
                let spots: Vec<_> =
                    self.head.spots.iter().map(|spot| (spot.key.clone(), spot.value.clone())).collect();
                for param in params {
                    self.param(self.whole(), &spots, param, force);
                }
            }
            Protocol::Gemini => self.gemini_params(&params.collect::<Vec<_>>(), force),
        }
    }

    /// Puts the parameters into `generationConfig`, however the client spells it; makes one where there is none.
    fn gemini_params(&mut self, params: &[&Param], force: bool) {
        if params.is_empty() {
            return;
        }
        let is_config = |spot: &&crate::head::Spot| {
            spot.is(self.body, "generationConfig") || spot.is(self.body, "generation_config")
        };
        let Some(config) = self.head.spots.iter().rev().find(is_config).map(|spot| spot.value.clone()) else {
            let member = format!("\"generationConfig\":{}", gemini_config(params));
            return self.edits.insert_member(self.whole(), member);
        };
        match self.body[config.start] {
            b'{' => {
                let spots = spots_of(self.body, &config);
                for param in params {
                    self.param(config.clone(), &spots, param, force);
                }
            }
            b'n' => self.edits.replace(config, gemini_config(params)),
            // Anything else is the client's fault, and the upstream's to judge.
            _ => {}
        }
    }

    /// Puts one parameter into the object at `object`, whose members stand at `spots`.
    fn param(
        &mut self,
        object: Range<usize>,
        spots: &[(Range<usize>, Range<usize>)],
        param: &Param,
        force: bool,
    ) {
        let spellings = names::spellings(self.head.protocol, &param.name);
        let is_this = |key: &Range<usize>| {
            spellings.iter().any(|name| is_key(&self.body[key.start + 1..key.end - 1], name))
        };
        let there: Vec<_> =
            spots.iter().filter(|(key, _)| is_this(key)).map(|(_, value)| value.clone()).collect();
        let is_given = there.iter().any(|value| !Raw::at(self.body, value.clone()).is_null());
        if there.is_empty() {
            self.edits.insert_member(object, format!("{}:{}", quote(&spellings[0]), param.value.get()));
        } else if force || !is_given {
            for value in there {
                if &self.body[value.clone()] != param.value.get().as_bytes() {
                    self.edits.replace(value, param.value.get().to_owned());
                }
            }
        }
    }

    fn ask_usage(&mut self) {
        let options: Vec<_> = self
            .head
            .spots
            .iter()
            .filter(|spot| spot.is(self.body, "stream_options"))
            .map(|spot| spot.value.clone())
            .collect();
        if options.is_empty() {
            let member = "\"stream_options\":{\"include_usage\":true}".to_owned();
            self.edits.insert_member(self.whole(), member);
        }
        for span in options {
            match self.body[span.start] {
                b'{' => self.include_usage(span),
                b'n' => self.edits.replace(span, "{\"include_usage\":true}".to_owned()),
                // Anything else is the client's fault, and the upstream's to judge.
                _ => {}
            }
        }
    }

    fn include_usage(&mut self, options: Range<usize>) {
        let there: Vec<_> = spots_of(self.body, &options)
            .into_iter()
            .filter(|(key, _)| is_key(&self.body[key.start + 1..key.end - 1], "include_usage"))
            .collect();
        if there.is_empty() {
            self.edits.insert_member(options, "\"include_usage\":true".to_owned());
        }
        for (_, value) in there {
            if &self.body[value.clone()] != b"true" {
                self.edits.replace(value, "true".to_owned());
            }
        }
    }

    /// Returns the place of the body's object, without the white space around it.
    fn whole(&self) -> Range<usize> {
        let start = self.body.len() - self.body.trim_ascii_start().len();
        start..self.body.trim_ascii_end().len()
    }
}

fn spots_of(body: &[u8], object: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let mut spots = Vec::new();
    // The body has been walked over before, so there is no fault to report.
    let _ = each_member(body, object.clone(), |key, value| {
        spots.push((key, value));
        Ok(())
    });
    spots
}

fn gemini_config(params: &[&Param]) -> String {
    let mut members: Vec<String> = Vec::new();
    for param in params {
        let name = format!("{}:", quote(&names::spellings(Protocol::Gemini, &param.name)[0]));
        if !members.iter().any(|member| member.starts_with(&name)) {
            members.push(name + param.value.get());
        }
    }
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests;
