//! What a client asks to be embedded, in no protocol's words.

use super::OPENAI_TEXTS_MAX;
use crate::head::Head;
use crate::json::{Text, Value};
use crate::note::{Notes, Unsaid, Why};
use crate::{Operation, Protocol};

/// Texts to be embedded, and how the client wants the vectors.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// At least one.
    pub texts: Vec<Text<'a>>,
    /// The length of the vectors, as it was written.
    pub dimensions: Option<&'a str>,
    pub wanted: Wanted,
    pub notes: Notes,
}

/// The form in which a client reads its vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `OpenAI`'s list, its vectors as numbers.
    Numbers,
    /// `OpenAI`'s list, its vectors as base64 of little-endian f32.
    Base64,
    /// Google's answer to one content.
    GoogleOne,
    /// Google's answer to a batch.
    GoogleBatch,
}

/// Reads a request for embeddings; `target` is what the channel speaks.
pub(super) fn read<'a>(head: &Head, root: Value<'a>, target: Protocol) -> Result<Ask<'a>, Unsaid> {
    match (head.protocol, head.operation) {
        (Protocol::Gemini, Operation::BatchEmbed) => google_batch(root, target),
        (Protocol::Gemini, _) => google_one(root, target),
        (Protocol::Chat | Protocol::Responses | Protocol::Messages, _) => openai(root, target),
    }
}

/// The members of `OpenAI`'s request that are said in other words, or need not be said.
const OPENAI_SAID: [&str; 4] = ["model", "input", "encoding_format", "dimensions"];

fn openai(root: Value<'_>, target: Protocol) -> Result<Ask<'_>, Unsaid> {
    let texts = openai_texts(root.get("input"), target)?;
    if texts.len() > OPENAI_TEXTS_MAX {
        return Err(Unsaid::new("input", format!("must hold {OPENAI_TEXTS_MAX} texts at most")));
    }
    let wanted = match root.get("encoding_format") {
        None => Wanted::Numbers,
        Some(format) if format.is("float") => Wanted::Numbers,
        Some(format) if format.is("base64") => Wanted::Base64,
        Some(_) => return Err(Unsaid::new("encoding_format", "must be float or base64")),
    };
    let dimensions = root.get("dimensions").map(|value| length(value, "dimensions")).transpose()?;
    let mut notes = Notes::default();
    for (key, value) in root.members() {
        if !value.is_null() && !OPENAI_SAID.iter().any(|said| key.is(said)) {
            notes.drop(key.plain(), Why::NoWord);
        }
    }
    Ok(Ask { texts, dimensions, wanted, notes })
}

fn openai_texts(input: Option<Value<'_>>, target: Protocol) -> Result<Vec<Text<'_>>, Unsaid> {
    let Some(input) = input else { return Err(Unsaid::new("input", "is missing")) };
    if let Some(text) = input.text() {
        return Ok(vec![text]);
    }
    let texts: Option<Vec<Text<'_>>> = input.elements().map(Value::text).collect();
    match texts {
        Some(texts) if !texts.is_empty() => Ok(texts),
        Some(_) => Err(Unsaid::new("input", "must be a text or a list of texts")),
        // The numbers of one model's tokens mean nothing to another.
        None => Err(Unsaid::new(
            "input",
            format!("token ids mean nothing to a channel that speaks {target}; send text"),
        )
        .code("unsupported_value")),
    }
}

fn google_one(root: Value<'_>, target: Protocol) -> Result<Ask<'_>, Unsaid> {
    let mut notes = Notes::default();
    let one = google_content(root, "", target, &mut notes)?;
    Ok(Ask { texts: vec![one.text], dimensions: one.dimensions, wanted: Wanted::GoogleOne, notes })
}

fn google_batch(root: Value<'_>, target: Protocol) -> Result<Ask<'_>, Unsaid> {
    let mut notes = Notes::default();
    let (mut texts, mut dimensions) = (Vec::new(), None);
    for (index, request) in root.get("requests").into_iter().flat_map(Value::elements).enumerate() {
        let place = format!("requests[{index}].");
        let one = google_content(request, &place, target, &mut notes)?;
        if index > 0 && one.dimensions != dimensions {
            let words = "all requests of a batch must ask for vectors of the same length here";
            return Err(Unsaid::new(format!("{place}outputDimensionality"), words).code("unsupported_value"));
        }
        dimensions = one.dimensions;
        texts.push(one.text);
    }
    if texts.is_empty() {
        return Err(Unsaid::new("requests", "must hold at least one request"));
    }
    Ok(Ask { texts, dimensions, wanted: Wanted::GoogleBatch, notes })
}

/// One content of Google's to be embedded.
struct Content<'a> {
    text: Text<'a>,
    dimensions: Option<&'a str>,
}

/// Reads one request of Google's, which stands at `place`.
fn google_content<'a>(
    request: Value<'a>,
    place: &str,
    target: Protocol,
    notes: &mut Notes,
) -> Result<Content<'a>, Unsaid> {
    let parts = request.get("content").and_then(|content| content.get("parts"));
    let mut texts = Vec::new();
    for (index, part) in parts.into_iter().flat_map(Value::elements).enumerate() {
        let text = part.get("text").and_then(Value::text);
        let field = || format!("{place}content.parts[{index}]");
        texts.push(text.ok_or_else(|| Unsaid::no_word(field(), target))?);
    }
    if texts.is_empty() {
        return Err(Unsaid::new(format!("{place}content"), "must hold a part with text"));
    }
    let config = request.either(["embedContentConfig", "embed_content_config"]);
    let said =
        |names: [&str; 2]| request.either(names).or_else(|| config.and_then(|config| config.either(names)));
    for names in [["taskType", "task_type"], ["title", "title"], ["autoTruncate", "auto_truncate"]] {
        if said(names).is_some() {
            notes.drop(names[0], Why::NoWord);
        }
    }
    let dimensions = said(["outputDimensionality", "output_dimensionality"]);
    let dimensions = dimensions.map(|value| length(value, "outputDimensionality")).transpose()?;
    Ok(Content { text: Text::joined(texts.iter(), "\n"), dimensions })
}

/// Reads the length that vectors should have.
fn length<'a>(value: Value<'a>, field: &str) -> Result<&'a str, Unsaid> {
    let length = value.number().filter(|number| number.parse::<u32>().is_ok_and(|length| length > 0));
    length.ok_or_else(|| Unsaid::new(field, "must be a positive whole number"))
}
