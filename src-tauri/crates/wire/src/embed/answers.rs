//! What a channel answers to one batch.

use super::vector::Vector;
use crate::Protocol;
use crate::json::{Tape, Value};

/// The vectors of one batch, in the order of its texts.
pub(super) struct Answered<'a> {
    pub vectors: Vec<Vector<'a>>,
    /// How many tokens the texts had, if the channel tells.
    pub tokens: Option<u64>,
}

/// Reads the answer to a batch of so many texts; the error completes "the answer …".
pub(super) fn read<'a>(from: Protocol, tape: &'a Tape<'a>, texts: usize) -> Result<Answered<'a>, String> {
    let root = tape.root();
    let (vectors, tokens) = match from {
        Protocol::Gemini => {
            (google(root), root.get("usageMetadata").and_then(|usage| usage.get("promptTokenCount")))
        }
        Protocol::Chat | Protocol::Responses | Protocol::Messages => {
            (openai(root, texts), root.get("usage").and_then(|usage| usage.get("prompt_tokens")))
        }
    };
    let Some(vectors) = vectors else { return Err("holds something that is no vector".to_owned()) };
    if vectors.len() != texts {
        return Err(format!("holds {} vectors for {texts} texts", vectors.len()));
    }
    Ok(Answered { vectors, tokens: tokens.and_then(Value::count) })
}

fn google(root: Value<'_>) -> Option<Vec<Vector<'_>>> {
    // A single content's vector stands alone.
    let one = root.get("embedding").into_iter();
    let all = one.chain(root.get("embeddings").into_iter().flat_map(Value::elements));
    all.map(|embedding| Vector::read(embedding.get("values")?)).collect()
}

/// Reads the vectors and puts them into the order of their indexes, which is that of the texts.
fn openai(root: Value<'_>, texts: usize) -> Option<Vec<Vector<'_>>> {
    let mut placed: Vec<Option<Vector<'_>>> = vec![None; texts];
    let mut surplus = Vec::new();
    for (position, entry) in root.get("data").into_iter().flat_map(Value::elements).enumerate() {
        let vector = Vector::read(entry.get("embedding")?)?;
        let index = entry
            .get("index")
            .and_then(Value::count)
            .map_or(Some(position), |index| usize::try_from(index).ok());
        match index.and_then(|index| placed.get_mut(index)) {
            Some(place) if place.is_none() => *place = Some(vector),
            Some(_) | None => surplus.push(vector),
        }
    }
    // One too many makes the number wrong, as one too few does.
    Some(placed.into_iter().flatten().chain(surplus).collect())
}
