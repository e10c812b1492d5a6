//! From older versions of `config.toml` to the current one.

use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

use crate::document::VERSION;
use crate::findings::{Finding, FindingCode, Severity};
use crate::tree::Position;

/// Brings an older `config.toml` up to date, keeping comments and order. `None`: it is current already, or so broken
/// that reading it will say why. A newer version is an error, so that nobody rewrites what they do not understand.
pub fn migrate(toml_text: &str) -> Result<Option<String>, Finding> {
    let Some(mut document) = older(toml_text)? else { return Ok(None) };
    from_version_0(&mut document);
    Ok(Some(document.to_string()))
}

/// Tells whether a `config.toml` is written in version 0's layout; a newer version than the current is an error.
pub(crate) fn is_version_0(toml_text: &str) -> Result<bool, Finding> {
    Ok(older(toml_text)?.is_some())
}

/// The document of an older file.
fn older(toml_text: &str) -> Result<Option<DocumentMut>, Finding> {
    let Ok(document) = toml_text.parse::<DocumentMut>() else { return Ok(None) };
    match version_of(&document) {
        Some(0) => Ok(Some(document)),
        Some(newer) if newer > i64::from(VERSION) => Err(too_new(toml_text, newer)),
        Some(_) | None => Ok(None),
    }
}

/// The version that a file states. Version 0 stated none, but called its list `channels`.
fn version_of(document: &DocumentMut) -> Option<i64> {
    match document.get("version") {
        Some(item) => item.as_integer(),
        None => document.contains_key("channels").then_some(0),
    }
}

fn too_new(text: &str, version: i64) -> Finding {
    let at = Position::of(text, text.find("version").unwrap_or_default());
    Finding {
        severity: Severity::Error,
        file: String::new(),
        line: Some(at.line),
        column: Some(at.column),
        path: "version".to_owned(),
        message: format!("is {version}, but this program knows versions up to {VERSION}"),
        hint: Some("use a newer Sluice; the file was left as it is".to_owned()),
        code: FindingCode::Other,
    }
}

/// Version 0 called the list `channels`, the key `api_key`, and counted `timeout` in seconds.
fn from_version_0(document: &mut DocumentMut) {
    state_version(document);
    rename(document.as_table_mut(), "channels", "channel");
    match document.get_mut("channel") {
        Some(Item::ArrayOfTables(channels)) => {
            for channel in channels.iter_mut() {
                migrate_channel(channel);
            }
        }
        Some(Item::Value(Value::Array(channels))) => {
            for channel in channels.iter_mut().filter_map(Value::as_inline_table_mut) {
                migrate_channel(channel);
            }
        }
        Some(Item::None | Item::Value(_) | Item::Table(_)) | None => {}
    }
}

fn migrate_channel(channel: &mut dyn TableLike) {
    rename(channel, "api_key", "key");
    if let Some(Item::Value(value)) = channel.get_mut("timeout") {
        in_milliseconds(value);
    }
    rename(channel, "timeout", "timeout_ms");
}

/// Multiplies seconds by a thousand, leaving comments beside the number where they are.
fn in_milliseconds(value: &mut Value) {
    let decor = value.decor().clone();
    let milliseconds = match value {
        Value::Integer(seconds) => seconds.value().saturating_mul(1000),
        #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer")]
        Value::Float(seconds) => (seconds.value() * 1000.0).round() as i64,
        // Not a number: reading the file says so.
        Value::String(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::InlineTable(_) => return,
    };
    *value = milliseconds.into();
    *value.decor_mut() = decor;
}

/// Renames a key where it stands, with the comments around it.
fn rename(table: &mut dyn TableLike, old: &str, new: &str) {
    if !table.contains_key(old) || table.contains_key(new) {
        return;
    }
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    // Taking all out and putting all back in keeps the order, which removing one would not.
    for name in names {
        let Some((key, item)) = entry(table, &name) else { continue };
        table.remove(&name);
        let key = if name == old {
            Key::new(new)
                .with_leaf_decor(key.leaf_decor().clone())
                .with_dotted_decor(key.dotted_decor().clone())
        } else {
            key
        };
        *table.entry_format(&key).or_insert(Item::None) = item;
    }
}

fn entry(table: &dyn TableLike, name: &str) -> Option<(Key, Item)> {
    let (key, item) = table.get_key_value(name)?;
    Some((key.clone(), item.clone()))
}

/// Writes `version = 1` over the old version, or above everything else.
fn state_version(document: &mut DocumentMut) {
    if let Some(Item::Value(value)) = document.get_mut("version") {
        let decor = value.decor().clone();
        *value = i64::from(VERSION).into();
        *value.decor_mut() = decor;
        return;
    }
    let others = std::mem::replace(document.as_table_mut(), Table::new());
    let table = document.as_table_mut();
    table.insert("version", toml_edit::value(i64::from(VERSION)));
    for (name, item) in &others {
        let Some(key) = others.key(name) else { continue };
        *table.entry_format(key).or_insert(Item::None) = item.clone();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::migrate;

    const VERSION_0: &str = concat!(
        "# my channels\n",
        "\n",
        "[server] # where\n",
        "port = 7000\n",
        "\n",
        "# the cheap one\n",
        "[[channels]]\n",
        "name = \"deepseek\" # a name\n",
        "# from the environment\n",
        "api_key = \"${DEEPSEEK_API_KEY}\" # the key\n",
        "timeout = 30 # seconds\n",
        "weight = 3\n",
        "\n",
        "[channels.model_map]\n",
        "a = \"b\"\n",
        "\n",
        "[[channels]]\n",
        "name = \"other\"\n",
        "timeout = 1.5\n",
    );

    #[test]
    fn version_0_becomes_version_1_with_comments_and_order() {
        let expected = concat!(
            "version = 1\n",
            "# my channels\n",
            "\n",
            "[server] # where\n",
            "port = 7000\n",
            "\n",
            "# the cheap one\n",
            "[[channel]]\n",
            "name = \"deepseek\" # a name\n",
            "# from the environment\n",
            "key = \"${DEEPSEEK_API_KEY}\" # the key\n",
            "timeout_ms = 30000 # seconds\n",
            "weight = 3\n",
            "\n",
            "[channel.model_map]\n",
            "a = \"b\"\n",
            "\n",
            "[[channel]]\n",
            "name = \"other\"\n",
            "timeout_ms = 1500\n",
        );
        let migrated = migrate(VERSION_0).unwrap().unwrap();
        assert_eq!(migrated, expected);
        assert_eq!(migrate(&migrated), Ok(None), "the result is current");
    }

    #[test]
    fn a_stated_version_0_is_replaced_where_it_stands() {
        let migrated = migrate("# top\nversion = 0 # old\nchannels = [{ name = \"a\", timeout = 2 }]\n");
        let expected = "# top\nversion = 1 # old\nchannel = [{ name = \"a\", timeout_ms = 2000 }]\n";
        assert_eq!(migrated.unwrap().unwrap(), expected);
    }

    #[test]
    fn a_newer_version_is_refused() {
        let finding = migrate("\nversion = 2\n").unwrap_err();
        assert_eq!((finding.line, finding.path.as_str()), (Some(2), "version"));
        assert!(finding.message.contains("up to 1"), "{}", finding.message);
    }

    #[test]
    fn current_and_broken_files_are_left_alone() {
        for text in
            ["", "version = 1\n[[channel]]\nname = \"a\"\n", "[[channel]]\nname = \"a\"\n", "version = ["]
        {
            assert_eq!(migrate(text), Ok(None), "{text}");
        }
    }
}
