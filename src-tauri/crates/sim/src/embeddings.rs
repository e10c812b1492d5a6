//! Embeddings: small vectors that depend on the text alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::question::tokens_of;

const DIMENSIONS: usize = 8;

/// `OpenAI`'s answer. The official SDKs ask for base64 (little-endian f32) unless told otherwise.
pub(crate) fn openai(body: &Value) -> Value {
    let inputs = match &body["input"] {
        Value::Array(items) if items.iter().all(Value::is_number) => vec![body["input"].to_string()],
        Value::Array(items) => items.iter().map(text_of).collect(),
        single => vec![text_of(single)],
    };
    let dimensions = dimensions(&body["dimensions"]);
    let encode = |text: &String| match body["encoding_format"].as_str() {
        Some("base64") => json!(STANDARD.encode(little_endian(&vector(text, dimensions)))),
        Some(_) | None => json!(vector(text, dimensions)),
    };
    let data = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": encode(text)}));
    let tokens = tokens_of(&body["input"]);
    json!({"object": "list", "data": data.collect::<Vec<_>>(), "model": body["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})
}

/// Gemini's answer to `:embedContent`.
pub(crate) fn gemini(body: &Value) -> Value {
    json!({"embedding": gemini_vector(body)})
}

/// Gemini's answer to `:batchEmbedContents`.
pub(crate) fn gemini_batch(body: &Value) -> Value {
    let requests = body["requests"].as_array().map_or(&[][..], Vec::as_slice);
    json!({"embeddings": requests.iter().map(gemini_vector).collect::<Vec<_>>()})
}

fn gemini_vector(request: &Value) -> Value {
    let dimensions = dimensions(&request["outputDimensionality"]);
    json!({"values": vector(&request["content"].to_string(), dimensions)})
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn dimensions(asked: &Value) -> usize {
    asked.as_u64().and_then(|asked| usize::try_from(asked).ok()).unwrap_or(DIMENSIONS).clamp(1, 4096)
}

/// Eighths between -1 and 1, exact in JSON and in f32, from an FNV-1a walk over the text.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, step);
    let mut next = || {
        state = step(state, 0);
        let [.., low] = state.to_be_bytes();
        (f32::from(low % 17) - 8.0) / 8.0
    };
    (0..dimensions).map(|_| next()).collect()
}

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

fn little_endian(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn base64_and_floats_say_the_same_vector() {
        let floats = openai(&json!({"input": "hello", "model": "m", "encoding_format": "float"}));
        let coded = openai(&json!({"input": "hello", "model": "m", "encoding_format": "base64"}));
        let bytes = STANDARD.decode(coded["data"][0]["embedding"].as_str().unwrap()).unwrap();
        let decoded: Vec<f32> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(json!(decoded), floats["data"][0]["embedding"]);
        assert_eq!(decoded.len(), DIMENSIONS);
    }

    #[test]
    fn a_list_gets_one_vector_each_and_equal_texts_equal_vectors() {
        let answer = openai(&json!({"input": ["a", "b", "a"], "model": "m"}));
        assert_eq!(answer["data"].as_array().unwrap().len(), 3);
        assert_eq!(answer["data"][0]["embedding"], answer["data"][2]["embedding"]);
        assert_ne!(answer["data"][0]["embedding"], answer["data"][1]["embedding"]);
    }
}
