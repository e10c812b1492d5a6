//! Single values: texts, numbers, choices and secrets.

use std::fmt::Display;
use std::ops::RangeInclusive;

use indexmap::IndexMap;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::fields::{Field, Fields, Reader};
use crate::document::SecretRef;
use crate::findings::Severity;
use crate::nearest::nearest;
use crate::tree::{Position, Value};

/// Any text.
pub(super) fn text(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    if let Value::Text(text) = &field.node.value {
        return Some(text.clone());
    }
    reader.expected(field, "a string");
    None
}

/// A text with something in it.
pub(super) fn filled_text(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    let text = text(reader, field)?;
    if text.trim().is_empty() {
        reader.error(field, "expected a text, got an empty one");
        return None;
    }
    Some(text)
}

/// A name by which requests choose a channel: the word before the comma of `channel,model`.
pub(super) fn handle(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    let name = filled_text(reader, field)?;
    check_handle(reader, field.node.at, &field.path.shown, &name);
    Some(name)
}

/// Notes what keeps requests from choosing a channel by this name.
pub(super) fn check_handle(reader: &mut Reader, at: Position, path: &str, name: &str) {
    let fault = if name.contains(',') {
        "a comma would part it from a model's name in requests"
    } else if name.trim() != name {
        "blanks at its ends are lost in requests"
    } else if name == "auto" {
        "auto has a meaning of its own"
    } else {
        return;
    };
    reader.note(Severity::Error, at, path, format!("{name:?} cannot be asked for: {fault}"));
}

/// True or false.
pub(super) fn truth(reader: &mut Reader, field: &Field<'_>) -> Option<bool> {
    if let Value::Bool(truth) = field.node.value {
        return Some(truth);
    }
    reader.expected(field, "true or false");
    None
}

/// A whole number within bounds.
pub(super) fn integer<N: TryFrom<i64> + Into<i64> + Display + Copy>(
    reader: &mut Reader,
    field: &Field<'_>,
    allowed: RangeInclusive<N>,
) -> Option<N> {
    let (low, high): (i64, i64) = ((*allowed.start()).into(), (*allowed.end()).into());
    let got = match (whole(&field.node.value), &field.node.value) {
        (Some(number), _) if (low..=high).contains(&number) => return N::try_from(number).ok(),
        (Some(number), _) => number.to_string(),
        (None, Value::Float(number)) => number.to_string(),
        (None, other) => other.kind().to_owned(),
    };
    reader.error(field, format!("expected {low}–{high}, got {got}"));
    None
}

/// A whole number, which may be written with a point: JSON Schema counts 1.0 as an integer (draft 2020-12, core
/// §4.2.3).
fn whole(value: &Value) -> Option<i64> {
    /// Up to here every whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Integer(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and far within the range")]
        Value::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => Some(*number as i64),
        Value::Float(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Moment
        | Value::List(_)
        | Value::Table(_) => None,
    }
}

/// A number within bounds.
pub(super) fn number(reader: &mut Reader, field: &Field<'_>, allowed: RangeInclusive<f64>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "no allowed range reaches so far")]
    let number = match field.node.value {
        Value::Integer(number) => number as f64,
        Value::Float(number) => number,
        _ => {
            reader.expected(field, "a number");
            return None;
        }
    };
    if allowed.contains(&number) {
        return Some(number);
    }
    let bounds = if allowed.end().is_finite() {
        format!("{}–{}", allowed.start(), allowed.end())
    } else {
        format!("{} or more", allowed.start())
    };
    reader.error(field, format!("expected {bounds}, got {number}"));
    None
}

/// A limit: -1 for none, 0 for disabled.
pub(super) fn limit(reader: &mut Reader, field: &Field<'_>) -> Option<i64> {
    let got = match (whole(&field.node.value), &field.node.value) {
        (Some(number), _) if (-1..=i64::from(u32::MAX)).contains(&number) => return Some(number),
        (Some(number), _) => number.to_string(),
        (None, Value::Float(number)) => number.to_string(),
        (None, other) => other.kind().to_owned(),
    };
    reader.error(
        field,
        format!("expected -1 (unlimited), 0 (disabled) or a number up to {}, got {got}", u32::MAX),
    );
    None
}

/// One of several words, the variants of an enum that serde knows; `also` maps other tools' words.
pub(super) fn choice<T: DeserializeOwned>(
    reader: &mut Reader,
    field: &Field<'_>,
    words: &[&'static str],
    also: &[(&str, &'static str)],
) -> Option<T> {
    let Value::Text(written) = &field.node.value else {
        reader.expected(field, &format!("one of {}", words.join(", ")));
        return None;
    };
    let word = match also.iter().find(|(other, _)| other == written) {
        Some((_, word)) if !reader.spelling.is_native() => word,
        Some(_) | None => written.as_str(),
    };
    if words.contains(&word)
        && let Ok(value) = serde_json::from_value(serde_json::Value::from(word))
    {
        return Some(value);
    }
    reader.error(field, format!("expected one of {}, got {written:?}", words.join(", ")));
    if let Some(near) = nearest(written, words.iter().copied()) {
        reader.hint(format!("did you mean {near:?}?"));
    }
    None
}

/// A list of texts.
pub(super) fn texts(reader: &mut Reader, field: &Field<'_>) -> Vec<String> {
    let items = field.items(reader, "a list of strings");
    items.iter().filter_map(|item| filled_text(reader, item)).collect()
}

/// A table of texts.
pub(super) fn text_map(reader: &mut Reader, field: &Field<'_>) -> IndexMap<String, String> {
    let pairs = field.pairs(reader, "a table of strings");
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(reader, &value)?))).collect()
}

/// A secret or a reference to one. What the field holds is never repeated in a finding.
pub(super) fn secret(reader: &mut Reader, field: &Field<'_>) -> Option<SecretRef> {
    match &field.node.value {
        Value::Text(text) => secret_text(reader, field, text),
        Value::Table(_) => {
            let mut fields = Fields::open(field, reader)?;
            let found_before = reader.findings.len();
            let reference = reference(reader, &mut fields);
            // What is wrong with the reference itself was said where it was read.
            if reference.is_none() && reader.findings.len() == found_before {
                reader.error(field, "expected { env = \"NAME\" } or { vault = true }");
            }
            fields.close(reader);
            reference
        }
        _ => {
            reader.expected(field, "a reference to a secret");
            None
        }
    }
}

/// The `env` or `vault` of a reference.
pub(super) fn reference(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<SecretRef> {
    let variable = fields.take(reader, "env", &[]);
    let vault = fields.take(reader, "vault", &[]);
    if let Some(field) = &vault {
        match truth(reader, field) {
            Some(false) => reader.error(field, "expected true, got false"),
            Some(true) if variable.is_some() => {
                reader.error(field, "a secret is either in env or in the vault");
            }
            Some(true) => return Some(SecretRef::Vault),
            None => {}
        }
    }
    let variable = variable?;
    let name = filled_text(reader, &variable)?;
    variable_name(reader, &variable, &name)
}

/// A reference to an environment variable. What is no such name may be the secret itself, so it is not repeated.
fn variable_name(reader: &mut Reader, field: &Field<'_>, name: &str) -> Option<SecretRef> {
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit()) && name.chars().all(in_name);
    if is_name && !name.is_empty() {
        return Some(SecretRef::Env(name.to_owned()));
    }
    reader.error(field, "expected an environment variable's name: letters, digits and _, no digit first");
    reader.hint("name the variable that holds the secret, not the secret");
    None
}

/// `${NAME}`, or the secret itself.
pub(super) fn secret_text(reader: &mut Reader, field: &Field<'_>, text: &str) -> Option<SecretRef> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        return variable_name(reader, field, name);
    }
    if text.contains("${") {
        reader.error(field, "a reference to a variable stands alone, with nothing before or behind it");
        return None;
    }
    Some(SecretRef::Literal(SecretString::from(text)))
}
