//! One vector: as it was written, or changed into what the client reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::write_numbers;
use crate::json::Value;

/// A vector as the channel gave it.
#[derive(Debug, Clone)]
pub(super) enum Vector<'a> {
    /// An array of numbers, as it was written.
    Written(&'a str),
    /// Numbers that came in base64, or were changed.
    Numbers(Vec<f32>),
}

/// How far from 1 the length of a vector may be to count as normal: f32 holds seven digits.
const NORMAL_WITHIN: f64 = 1e-5;

impl<'a> Vector<'a> {
    /// Reads an array of numbers, or base64 of little-endian f32, which some upstreams send unasked.
    pub(super) fn read(value: Value<'a>) -> Option<Self> {
        if let Some(text) = value.str() {
            return decoded(&text).map(Self::Numbers);
        }
        let numbers = value.is_array() && value.elements().all(|element| element.number().is_some());
        (numbers && !value.is_empty()).then(|| Self::Written(value.raw()))
    }

    /// Makes its length 1. Google normalises the vectors of full length and not those that it truncates
    /// (ai.google.dev, "Embeddings", `output_dimensionality`), while `OpenAI` normalises all.
    pub(super) fn normal(self) -> Option<Self> {
        let mut numbers = self.numbers()?;
        let square: f64 = numbers.iter().map(|&number| f64::from(number) * f64::from(number)).sum();
        let length = square.sqrt();
        if length == 0.0 || (length - 1.0).abs() <= NORMAL_WITHIN {
            return Some(Self::Numbers(numbers));
        }
        for number in &mut numbers {
            #[expect(clippy::cast_possible_truncation, reason = "a vector's numbers are f32 on the wire")]
            let normal = (f64::from(*number) / length) as f32;
            *number = normal;
        }
        Some(Self::Numbers(numbers))
    }

    /// Appends it as an array of numbers.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Written(written) => out.extend_from_slice(written.as_bytes()),
            Self::Numbers(numbers) => write_numbers(out, numbers),
        }
    }

    /// Returns it as base64 of little-endian f32.
    pub(super) fn base64(self) -> Option<String> {
        let bytes: Vec<u8> = self.numbers()?.iter().flat_map(|number| number.to_le_bytes()).collect();
        Some(STANDARD.encode(bytes))
    }

    fn numbers(self) -> Option<Vec<f32>> {
        match self {
            Self::Written(written) => serde_json::from_str(written).ok(),
            Self::Numbers(numbers) => Some(numbers),
        }
    }
}

fn decoded(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|four| f32::from_le_bytes(*four)).collect();
    // JSON has no word for what is no number.
    (rest.is_empty() && !numbers.is_empty() && numbers.iter().all(|number| number.is_finite()))
        .then_some(numbers)
}
