//! The answers to all batches, put together into the one that the client reads.

use super::answers;
use super::ask::{Ask, Wanted};
use super::vector::Vector;
use crate::json::{Tape, Text, object, write_text};
use crate::observe::StreamFailure;
use crate::{Protocol, Usage};

/// Takes the answers to the batches, in their order. Bounded by whoever looks at [`Gathering::bytes`].
#[derive(Debug, Clone)]
pub struct Gathering {
    from: Protocol,
    wanted: Wanted,
    /// Whether the channel's vectors may have another length than 1 although the client's protocol promises 1.
    normalises: bool,
    model: String,
    /// What is written so far: the vectors, with commas between them.
    out: Vec<u8>,
    vectors: usize,
    tokens: Tokens,
    /// What stands in for tokens that the channel does not tell.
    estimate: u64,
}

/// The tokens that the channel told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tokens {
    /// By every answer so far.
    Told(u64),
    /// Not by every answer.
    Untold,
}

/// A whole answer for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The body.
    pub body: Vec<u8>,
    /// What the channel said that it cost.
    pub usage: Option<Usage>,
    /// Whether the body holds a token count of ours, because the channel told none.
    pub is_estimated: bool,
}

/// About how many bytes of text make a token.
const BYTES_PER_TOKEN: u64 = 4;

impl Gathering {
    pub(super) fn new(ask: &Ask<'_>, from: Protocol, model: &str) -> Self {
        let bytes: u64 = ask.texts.iter().map(|text| text.plain().len() as u64).sum();
        Self {
            from,
            wanted: ask.wanted,
            normalises: from == Protocol::Gemini && ask.dimensions.is_some(),
            model: model.to_owned(),
            out: Vec::new(),
            vectors: 0,
            tokens: Tokens::Told(0),
            estimate: bytes.div_ceil(BYTES_PER_TOKEN).max(1),
        }
    }

    /// Takes the answer to the next batch, which held so many texts.
    pub fn push(&mut self, body: &[u8], texts: usize) -> Result<(), StreamFailure> {
        let failure = |said: String| StreamFailure {
            message: format!("the answer {said}"),
            ..StreamFailure::default()
        };
        let tape = Tape::read(body).map_err(|fault| failure(format!("is not valid JSON: {fault}")))?;
        let answered = answers::read(self.from, &tape, texts).map_err(failure)?;
        self.tokens = match (self.tokens, answered.tokens) {
            (Tokens::Told(so_far), Some(more)) => Tokens::Told(so_far.saturating_add(more)),
            (Tokens::Told(_), None) | (Tokens::Untold, _) => Tokens::Untold,
        };
        for vector in answered.vectors {
            let vector = if self.normalises { vector.normal() } else { Some(vector) };
            let written = vector.and_then(|vector| self.write(vector));
            written.ok_or_else(|| failure("holds a number that no vector can hold".to_owned()))?;
        }
        Ok(())
    }

    /// Returns how many bytes have been gathered.
    pub fn bytes(&self) -> usize {
        self.out.len()
    }

    /// Puts the answer together.
    pub fn finish(self) -> Gathered {
        let told = match self.tokens {
            Tokens::Told(tokens) => Some(tokens),
            Tokens::Untold => None,
        };
        let (opening, is_openai) = match self.wanted {
            Wanted::Numbers | Wanted::Base64 => (&b"{\"object\":\"list\",\"data\":["[..], true),
            Wanted::GoogleBatch => (&b"{\"embeddings\":["[..], false),
            Wanted::GoogleOne => (&b"{\"embedding\":"[..], false),
        };
        let mut body = Vec::with_capacity(opening.len() + self.out.len() + self.model.len() + 96);
        body.extend_from_slice(opening);
        body.extend_from_slice(&self.out);
        if self.wanted != Wanted::GoogleOne {
            body.push(b']');
        }
        if is_openai {
            body.extend_from_slice(b",\"model\":");
            write_text(&mut body, &Text::of(&self.model));
            body.extend_from_slice(b",\"usage\":");
            let tokens = told.unwrap_or(self.estimate);
            object(&mut body, |usage| {
                usage.count("prompt_tokens", tokens);
                usage.count("total_tokens", tokens);
            });
        }
        body.push(b'}');
        let usage = told.map(|tokens| Usage { input_uncached: tokens, ..Usage::default() });
        Gathered { body, usage, is_estimated: is_openai && told.is_none() }
    }

    /// Appends one vector in the client's words.
    fn write(&mut self, vector: Vector<'_>) -> Option<()> {
        if self.vectors > 0 {
            self.out.push(b',');
        }
        let index = self.vectors as u64;
        self.vectors += 1;
        match self.wanted {
            Wanted::Numbers => object(&mut self.out, |entry| {
                entry.str("object", "embedding");
                entry.count("index", index);
                entry.value("embedding", |out| vector.write(out));
            }),
            Wanted::Base64 => {
                let coded = vector.base64()?;
                object(&mut self.out, |entry| {
                    entry.str("object", "embedding");
                    entry.count("index", index);
                    entry.str("embedding", &coded);
                });
            }
            Wanted::GoogleOne | Wanted::GoogleBatch => {
                object(&mut self.out, |entry| entry.value("values", |out| vector.write(out)));
            }
        }
        Some(())
    }
}
