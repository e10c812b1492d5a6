//! Schemas of values that may be written in two ways.

use schemars::{Schema, json_schema};

/// A table of one shape, or else something of another.
///
/// The shape is chosen by the value's type and not by `anyOf`, so that a validator names the field inside the table
/// and not only the table.
pub(super) fn table_or(table: &Schema, other: &Schema, description: &str) -> Schema {
    json_schema!({
        "description": description,
        "if": { "type": "object" },
        "then": table,
        "else": other,
    })
}
