//! The JSON Schema of `config.toml`.

/// The JSON Schema (draft 2020-12) of `config.toml`.
pub fn schema() -> serde_json::Value {
    serde_json::Value::Null
}
