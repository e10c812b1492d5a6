//! The rules that providers enforce and SDKs do not: what a strict simulator refuses with 400.
//!
//! They are those of the providers' documents and error messages, ordering above all: a call without its outcome, a name
//! that is too long, a field that belongs to somebody else. Nothing here is shared with the code that must obey them.

mod chat;
mod gemini;
mod messages;
mod responses;

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use crate::endpoint::{Endpoint, Verb};
use crate::judge::{Judge, Refused};

/// What a request does wrong, in words that name the place.
pub(crate) type Broken = String;

/// Returns which of its provider's rules a request to this path breaks, in words that name the place. The provider has not
/// answered anything before, and knows no note as its own.
pub fn broken(path: &str, body: &Value) -> Option<String> {
    let judge = Judge { name: "nobody", key: None };
    check(&Endpoint::of(&http::Method::POST, path), body, judge).err().map(|refused| refused.message)
}

/// Checks a request for an answer; other operations are never refused here.
pub(crate) fn check(endpoint: &Endpoint, body: &Value, judge: Judge<'_>) -> Result<(), Refused> {
    shape(endpoint, body).map_err(|message| Refused { message, code: None })?;
    judge.check(endpoint, body)
}

/// Checks everything but the provider's notes.
fn shape(endpoint: &Endpoint, body: &Value) -> Result<(), Broken> {
    match endpoint {
        Endpoint::Chat => chat::check(body),
        Endpoint::Responses => responses::check(body),
        Endpoint::Messages => messages::check(body),
        Endpoint::Gemini { verb: Verb::Generate | Verb::Stream, .. } => gemini::check(body),
        Endpoint::Gemini { verb: Verb::Count | Verb::Embed | Verb::BatchEmbed, .. }
        | Endpoint::CountTokens
        | Endpoint::InputTokens
        | Endpoint::Embeddings
        | Endpoint::Models
        | Endpoint::Model(_)
        | Endpoint::Unknown => Ok(()),
    }
}

/// Refuses unless the condition holds.
fn need(holds: bool, broken: impl FnOnce() -> Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(broken()) }
}

/// Refuses members of an object that the API does not know.
fn only(object: &Value, known: &[&str], at: &str) -> Result<(), Broken> {
    let Some(object) = object.as_object() else { return Err(format!("{at} must be an object")) };
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{at} has the unknown field {key:?}")),
        None => Ok(()),
    }
}

/// Returns the elements of an array, which must be there and not empty.
fn filled<'a>(value: &'a Value, at: &str) -> Result<&'a Vec<Value>, Broken> {
    value
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| format!("{at} must be an array that is not empty"))
}

/// Returns the elements of an array that may be missing.
fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], Broken> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(format!("{at} must be an array"))
        }
    }
}

/// Returns a string that is not empty.
fn word<'a>(value: &'a Value, at: &str) -> Result<&'a str, Broken> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{at} must be a string that is not empty"))
}

/// Checks a number's range, where the number is there.
fn within(value: &Value, least: f64, most: f64, at: &str) -> Result<(), Broken> {
    match value {
        Value::Null => Ok(()),
        value => need(value.as_f64().is_some_and(|number| (least..=most).contains(&number)), || {
            format!("{at} must be a number from {least} to {most}")
        }),
    }
}

/// Checks that a value is one of a few words, where it is there.
fn one_of(value: &Value, words: &[&str], at: &str) -> Result<(), Broken> {
    match value {
        Value::Null => Ok(()),
        value => need(value.as_str().is_some_and(|word| words.contains(&word)), || {
            format!("{at} must be one of {words:?}")
        }),
    }
}

/// Checks a tool's name.
fn name(value: &Value, longest: usize, at: &str) -> Result<String, Broken> {
    let name = word(value, at)?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    need(plain && name.len() <= longest, || {
        format!("{at} must match ^[a-zA-Z0-9_-]{{1,{longest}}}$, and is {name:?}")
    })?;
    Ok(name.to_owned())
}

/// Collects names that must differ.
fn distinct(names: impl IntoIterator<Item = String>, at: &str) -> Result<HashSet<String>, Broken> {
    let mut seen = HashSet::new();
    for name in names {
        need(seen.insert(name.clone()), || format!("{at} names {name:?} twice"))?;
    }
    Ok(seen)
}

/// Checks that a string holds the JSON text of an object.
fn object_in_string(value: &Value, at: &str) -> Result<(), Broken> {
    let text = value.as_str().ok_or_else(|| format!("{at} must be a string"))?;
    let parsed: Result<Value, _> = serde_json::from_str(text);
    need(parsed.is_ok_and(|parsed| parsed.is_object()), || format!("{at} must hold a JSON object"))
}

/// Standard base64 with its padding: what every provider takes.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Checks inline data: standard base64 that holds what its media type says.
fn data(mime: &str, base64: &str, at: &str) -> Result<(), Broken> {
    let bytes = BASE64.decode(base64).map_err(|fault| format!("{at} is not base64: {fault}"))?;
    let magic: &[u8] = match mime {
        "image/png" => b"\x89PNG",
        "image/jpeg" => b"\xff\xd8",
        "image/gif" => b"GIF8",
        "image/webp" => b"RIFF",
        "application/pdf" => b"%PDF",
        _ => b"",
    };
    need(bytes.starts_with(magic), || format!("{at} is said to be {mime} and is not"))
}

/// Checks a data URL.
fn data_url(url: &str, at: &str) -> Result<(), Broken> {
    let rest = url.strip_prefix("data:").ok_or_else(|| format!("{at} must be a data URL"))?;
    let (mime, base64) =
        rest.split_once(";base64,").ok_or_else(|| format!("{at} must be a base64 data URL"))?;
    data(mime, base64, at)
}

/// Checks an image's address: a data URL, or one of the web.
fn image_url(url: &Value, at: &str) -> Result<(), Broken> {
    let url = word(url, at)?;
    if url.starts_with("https://") || url.starts_with("http://") { Ok(()) } else { data_url(url, at) }
}

/// Checks a schema by the rules of `OpenAI`'s strict mode.
fn strict_schema(schema: &Value, at: &str) -> Result<(), Broken> {
    each_schema(schema, at, &mut |schema, at| {
        let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
        need(schema["additionalProperties"] == Value::Bool(false), || {
            format!("{at} must have additionalProperties false")
        })?;
        let required: HashSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        need(properties.keys().all(|key| required.contains(key.as_str())), || {
            format!("{at} must require all its properties")
        })
    })
}

/// Visits a schema and everything in it that is a schema.
fn each_schema(
    schema: &Value,
    at: &str,
    visit: &mut dyn FnMut(&Value, &str) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let Some(object) = schema.as_object() else { return Ok(()) };
    visit(schema, at)?;
    for (key, value) in object {
        let at = format!("{at}.{key}");
        match key.as_str() {
            "properties" | "$defs" => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    each_schema(property, &format!("{at}.{name}"), visit)?;
                }
            }
            "items" | "additionalProperties" => each_schema(value, &at, visit)?,
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                for branch in value.as_array().into_iter().flatten() {
                    each_schema(branch, &at, visit)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
