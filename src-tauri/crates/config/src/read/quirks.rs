//! Reading what is special about a channel.

use wire::quirks::{Levels, Parameters, Word};

use super::fields::{Field, Fields, Reader};
use super::scalar::{choice, integer, number, truth};
use crate::document::Quirks;
use crate::snapshot::Counting;
use crate::tree::Value;

/// Reads `channel.quirks`.
pub(super) fn quirks(reader: &mut Reader, field: &Field<'_>) -> Option<Quirks> {
    let mut fields = Fields::open(field, reader)?;
    let mut quirks = Quirks::NONE;
    truths(reader, &mut fields, &mut quirks);
    let count_tokens = fields.take(reader, "count_tokens", &[]);
    quirks.count_tokens = count_tokens.and_then(|field| counting(reader, &field));
    quirks.output_limit = word(reader, &mut fields, "output_limit");
    let output_max = fields.take(reader, "output_max", &[]);
    quirks.output_max = output_max.and_then(|field| integer(reader, &field, 1..=u32::MAX));
    let refused = fields.take(reader, "refused", &[]);
    quirks.refused = refused.map(|field| Parameters::of(&words(reader, &field)));
    for (name, place) in
        [("temperature_min", &mut quirks.temperature_min), ("temperature_max", &mut quirks.temperature_max)]
    {
        *place = fields.take(reader, name, &[]).and_then(|field| number(reader, &field, 0.0..=2.0));
    }
    let stops_max = fields.take(reader, "stops_max", &[]);
    quirks.stops_max = stops_max.and_then(|field| integer(reader, &field, 1..=100));
    quirks.tool_choice = word(reader, &mut fields, "tool_choice");
    quirks.thinking = word(reader, &mut fields, "thinking");
    let efforts = fields.take(reader, "efforts", &[]);
    quirks.efforts = efforts.map(|field| Levels::of(&words(reader, &field)));
    quirks.thoughts = word(reader, &mut fields, "thoughts");
    quirks.echo = word(reader, &mut fields, "echo");
    quirks.call_ids = word(reader, &mut fields, "call_ids");
    fields.close(reader);
    Some(quirks)
}

fn truths(reader: &mut Reader, fields: &mut Fields<'_>, quirks: &mut Quirks) {
    for (name, place) in [
        ("include_usage", &mut quirks.include_usage),
        ("reasoning_as_text", &mut quirks.reasoning_as_text),
        ("think_tags", &mut quirks.think_tags),
        ("developer_role", &mut quirks.developer_role),
        ("late_system", &mut quirks.late_system),
        ("thinking_off", &mut quirks.thinking_off),
        ("thinks_whole", &mut quirks.thinks_whole),
        ("json_schema", &mut quirks.json_schema),
        ("json_object", &mut quirks.json_object),
        ("json_word", &mut quirks.json_word),
        ("images", &mut quirks.images),
        ("files", &mut quirks.files),
    ] {
        *place = fields.take(reader, name, &[]).and_then(|field| truth(reader, &field));
    }
}

/// Reads who counts tokens, which was a yes or no before.
fn counting(reader: &mut Reader, field: &Field<'_>) -> Option<Counting> {
    match field.node.value {
        Value::Bool(true) => Some(Counting::Auto),
        Value::Bool(false) => Some(Counting::Local),
        Value::Null
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Moment
        | Value::List(_)
        | Value::Table(_) => choice(reader, field, &["auto", "upstream", "local"], &[]),
    }
}

fn word<W: Word + serde::de::DeserializeOwned>(
    reader: &mut Reader,
    fields: &mut Fields<'_>,
    name: &'static str,
) -> Option<W> {
    let field = fields.take(reader, name, &[])?;
    choice(reader, &field, W::WORDS, &[])
}

fn words<W: Word + serde::de::DeserializeOwned>(reader: &mut Reader, field: &Field<'_>) -> Vec<W> {
    let items = field.items(reader, "a list of words");
    items.iter().filter_map(|item| choice(reader, item, W::WORDS, &[])).collect()
}
