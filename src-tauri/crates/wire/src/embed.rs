//! Embeddings from one protocol into another.
//!
//! ```text
//! client's body ─► ask::read ─► Ask ─► batches ─► channel's bodies, each no longer than the channel takes
//! client's body ◄─ Gathering::finish ◄─ Gathering::push ◄─ channel's answers, in the order of the batches
//! ```
//!
//! `OpenAI` takes a list of texts and tells the tokens; Google takes one content, or a batch of them, and wants the model
//! in each. Vectors are copied as they are written wherever nobody asked for them in another form.

mod answers;
mod ask;
mod gather;
mod vector;

pub use gather::{Gathered, Gathering};

use crate::head::Head;
use crate::json::{Tape, Text, array, object};
use crate::note::{Notes, Unsaid};
use crate::translate::Untranslatable;
use crate::{Operation, Protocol};

/// A request for embeddings in the channel's words.
#[derive(Debug, Clone)]
pub struct Embedding {
    /// What the channel is asked for.
    pub operation: Operation,
    /// The bodies to send, in this order. There is at least one.
    pub batches: Vec<Batch>,
    /// What was left out or said in another way.
    pub notes: Notes,
    /// Takes the answers.
    pub gathering: Gathering,
}

/// One request to the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The body.
    pub body: Vec<u8>,
    /// How many vectors its answer must hold.
    pub texts: usize,
}

/// How many texts `OpenAI` takes in one request (API reference, "Create embeddings").
pub const OPENAI_TEXTS_MAX: usize = 2048;

/// How many requests Google takes in one batch; it refuses more by "at most 100 requests can be in one batch".
const GOOGLE_TEXTS_MAX: usize = 100;

/// Translates a request for embeddings, whose head has been read, for a channel that speaks `target` and calls the model
/// `model`.
pub fn request(head: &Head, body: &[u8], target: Protocol, model: &str) -> Result<Embedding, Untranslatable> {
    let tape = Tape::read(body)?;
    let ask = ask::read(head, tape.root(), target)?;
    let (operation, most) = match target {
        Protocol::Chat => (Operation::Embed, OPENAI_TEXTS_MAX),
        Protocol::Gemini => (Operation::BatchEmbed, GOOGLE_TEXTS_MAX),
        Protocol::Responses | Protocol::Messages => return Err(no_embeddings(target).into()),
    };
    let batches = ask.texts.chunks(most).map(|texts| {
        let body = match target {
            Protocol::Gemini => google(texts, ask.dimensions, model),
            Protocol::Chat | Protocol::Responses | Protocol::Messages => openai(texts, ask.dimensions, model),
        };
        Batch { body, texts: texts.len() }
    });
    let batches = batches.collect();
    Ok(Embedding { operation, batches, gathering: Gathering::new(&ask, target, model), notes: ask.notes })
}

fn no_embeddings(target: Protocol) -> Unsaid {
    Unsaid::new("input", format!("{target} has no embeddings"))
}

fn openai(texts: &[Text<'_>], dimensions: Option<&str>, model: &str) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |request| {
        request.str("model", model);
        request.array("input", |input| {
            for text in texts {
                input.text(text);
            }
        });
        request.raw_if("dimensions", dimensions);
    });
    out
}

fn google(texts: &[Text<'_>], dimensions: Option<&str>, model: &str) -> Vec<u8> {
    let is_path = model.starts_with("models/") || model.starts_with("tunedModels/");
    let model = if is_path { model.to_owned() } else { format!("models/{model}") };
    let mut out = Vec::new();
    object(&mut out, |batch| {
        batch.array("requests", |requests| {
            for text in texts {
                requests.object(|request| {
                    request.str("model", &model);
                    request.object("content", |content| {
                        content.array("parts", |parts| parts.object(|part| part.text("text", text)));
                    });
                    request.raw_if("outputDimensionality", dimensions);
                });
            }
        });
    });
    out
}

/// Appends an array of numbers.
fn write_numbers(out: &mut Vec<u8>, numbers: &[f32]) {
    array(out, |list| {
        for number in numbers {
            list.raw(&number.to_string());
        }
    });
}

#[cfg(test)]
mod tests;
