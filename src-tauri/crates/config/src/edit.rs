//! Edits of `config.toml` that leave everything else as it stands: comments, order and spacing.

mod blocks;

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use self::blocks::{Blocks, appended};
use crate::document::{ChannelEntry, ParamsMode, ProtocolEntry, ProxyRef, SecretRef, VERSION};

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is no TOML.
    #[error("the file is no TOML: {0}")]
    NoToml(String),
    /// `channel` is written in a way that no channel can be added to.
    #[error("`channel` is no list of tables")]
    NoList,
    /// There is no such channel.
    #[error("there is no channel {name:?}; there is {}", known.join(", "))]
    UnknownChannel {
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// There is such a channel already.
    #[error("there is a channel {0:?} already")]
    NameTaken(String),
    /// The entry holds a secret that must not be written into the file.
    #[error("a key is written as a reference, not in plain text")]
    PlainSecret,
}

/// Adds a channel at the end of the list and returns the new text.
pub fn add_channel(text: &str, entry: &ChannelEntry) -> Result<String, EditError> {
    Layout::of(text).edit(text, |text| add(text, entry))
}

/// Switches a channel on or off and returns the new text.
pub fn set_enabled(text: &str, name: &str, enabled: bool) -> Result<String, EditError> {
    Layout::of(text).edit(text, |text| switch(text, name, enabled))
}

/// Removes a channel with the comments directly above and below it and returns the new text.
pub fn remove_channel(text: &str, name: &str) -> Result<String, EditError> {
    Layout::of(text).edit(text, |text| remove(text, name))
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// What the editor that wrote a file put around its lines, kept for its next reader.
struct Layout {
    byte_order_mark: bool,
    windows_lines: bool,
}

impl Layout {
    fn of(text: &str) -> Self {
        let first_end = text.find('\n').unwrap_or_default();
        Self {
            byte_order_mark: text.starts_with(BYTE_ORDER_MARK),
            windows_lines: text[..first_end].ends_with('\r'),
        }
    }

    /// Edits the bare lines and gives the result the layout of the text.
    fn edit(
        &self,
        text: &str,
        change: impl FnOnce(&str) -> Result<String, EditError>,
    ) -> Result<String, EditError> {
        let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let mut edited = if self.windows_lines {
            change(&bare.replace("\r\n", "\n"))?.replace('\n', "\r\n")
        } else {
            change(bare)?
        };
        if self.byte_order_mark {
            edited.insert(0, BYTE_ORDER_MARK);
        }
        Ok(edited)
    }
}

fn add(text: &str, entry: &ChannelEntry) -> Result<String, EditError> {
    let mut document = read(text)?;
    if names(&document).contains(&entry.name) {
        return Err(EditError::NameTaken(entry.name.clone()));
    }
    let table = table_of(entry)?;
    match document.get_mut("channel") {
        Some(Item::None | Item::ArrayOfTables(_)) | None => {}
        Some(Item::Value(Value::Array(channels))) => {
            channels.push(table.into_inline_table());
            return Ok(document.to_string());
        }
        Some(Item::Value(_) | Item::Table(_)) => return Err(EditError::NoList),
    }
    let blocks = blocks(text)?;
    let block = written(table);
    if blocks.is_empty() {
        return Ok(appended(text, &format!("version = {VERSION}\n\n{block}")));
    }
    Ok(blocks.with_channel(&block))
}

/// The lines of a channel.
fn written(table: Table) -> String {
    let mut channels = ArrayOfTables::new();
    channels.push(table);
    let mut document = DocumentMut::new();
    document.insert("channel", Item::ArrayOfTables(channels));
    document.to_string()
}

fn switch(text: &str, name: &str, enabled: bool) -> Result<String, EditError> {
    let mut document = read(text)?;
    let channel = find(&mut document, name)?;
    match channel.get_mut("enabled") {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = enabled.into();
            *old.decor_mut() = decor;
        }
        Some(Item::None | Item::Table(_) | Item::ArrayOfTables(_)) | None => {
            channel.insert("enabled", value(enabled));
        }
    }
    Ok(document.to_string())
}

fn remove(text: &str, name: &str) -> Result<String, EditError> {
    let mut document = read(text)?;
    find(&mut document, name)?;
    match document.get_mut("channel") {
        Some(Item::ArrayOfTables(channels)) => {
            let named = channels.iter().enumerate().filter(|(_, channel)| name_of(*channel) == Some(name));
            let removed: Vec<usize> = named.map(|(at, _)| at).collect();
            Ok(blocks(text)?.without_channels(&removed))
        }
        Some(Item::Value(Value::Array(channels))) => {
            channels
                .retain(|channel| channel.as_inline_table().and_then(|table| name_of(table)) != Some(name));
            Ok(document.to_string())
        }
        Some(Item::None | Item::Value(_) | Item::Table(_)) | None => Err(EditError::NoList),
    }
}

fn blocks(text: &str) -> Result<Blocks<'_>, EditError> {
    Blocks::of(text).map_err(|error| EditError::NoToml(error.message().to_owned()))
}

fn read(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::NoToml(error.message().to_owned()))
}

fn name_of(channel: &dyn TableLike) -> Option<&str> {
    channel.get("name").and_then(Item::as_str)
}

fn names(document: &DocumentMut) -> Vec<String> {
    let owned = |channel: &dyn TableLike| name_of(channel).map(str::to_owned);
    match document.get("channel") {
        Some(Item::ArrayOfTables(channels)) => channels.iter().filter_map(|channel| owned(channel)).collect(),
        Some(Item::Value(Value::Array(channels))) => {
            channels.iter().filter_map(Value::as_inline_table).filter_map(|channel| owned(channel)).collect()
        }
        Some(Item::None | Item::Value(_) | Item::Table(_)) | None => Vec::new(),
    }
}

fn find<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike, EditError> {
    let known = names(document);
    let unknown = || EditError::UnknownChannel { name: name.to_owned(), known };
    let mut found: Option<&mut dyn TableLike> = None;
    match document.get_mut("channel") {
        Some(Item::ArrayOfTables(channels)) => {
            for channel in channels.iter_mut() {
                if name_of(channel) == Some(name) {
                    found = Some(channel);
                    break;
                }
            }
        }
        Some(Item::Value(Value::Array(channels))) => {
            for channel in channels.iter_mut().filter_map(Value::as_inline_table_mut) {
                if name_of(channel) == Some(name) {
                    found = Some(channel);
                    break;
                }
            }
        }
        Some(Item::None | Item::Value(_) | Item::Table(_)) | None => {}
    }
    found.ok_or_else(unknown)
}

/// The table of a new channel, with the fields that a person can give when adding one.
fn table_of(entry: &ChannelEntry) -> Result<Table, EditError> {
    let mut table = Table::new();
    let mut put = |name: &str, written: Option<Value>| {
        if let Some(written) = written {
            table.insert(name, Item::Value(written));
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let number = |number: Option<u32>| number.map(|number| Value::from(i64::from(number)));
    let list = |texts: &[String]| texts.iter().map(String::as_str).collect::<Value>();
    put("id", text(&entry.id));
    put("name", Some(entry.name.as_str().into()));
    put("type", entry.kind.map(|kind| kind.word().into()));
    put("protocols", entry.protocols.as_deref().map(|protocols| protocols.iter().map(protocol).collect()));
    put("base_url", text(&entry.base_url));
    put("exact", entry.exact.map(Value::from));
    put("key", entry.key.as_ref().map(|key| secret(&key.secret)).transpose()?);
    put("model", text(&entry.model));
    put("models", entry.models.as_deref().map(list));
    put("model_map", (!entry.model_map.is_empty()).then(|| map(entry.model_map.iter())));
    put("model_params", params(entry));
    put(
        "model_params_mode",
        entry.model_params_mode.map(|mode| match mode {
            ParamsMode::Fill => "fill".into(),
            ParamsMode::Force => "force".into(),
        }),
    );
    put("enabled", entry.enabled.map(Value::from));
    put("priority", number(entry.priority));
    put("weight", number(entry.weight));
    put("tags", (!entry.tags.is_empty()).then(|| list(&entry.tags)));
    put("timeout_ms", number(entry.timeout_ms));
    put("max_retries", number(entry.max_retries));
    put("proxy", entry.proxy.as_ref().map(proxy).transpose()?);
    put("rpm", entry.rpm.map(Value::from));
    put("rpd", entry.rpd.map(Value::from));
    Ok(table)
}

fn protocol(entry: &ProtocolEntry) -> Value {
    let Some(base_url) = &entry.base_url else { return entry.protocol.word().into() };
    let mut table = InlineTable::new();
    table.insert("protocol", entry.protocol.word().into());
    table.insert("base_url", base_url.as_str().into());
    if let Some(exact) = entry.exact {
        table.insert("exact", exact.into());
    }
    table.into()
}

fn secret(reference: &SecretRef) -> Result<Value, EditError> {
    let mut table = InlineTable::new();
    match reference {
        SecretRef::Env(name) => table.insert("env", name.as_str().into()),
        SecretRef::Vault => table.insert("vault", true.into()),
        SecretRef::Literal(_) => return Err(EditError::PlainSecret),
    };
    Ok(table.into())
}

fn map<'m>(pairs: impl Iterator<Item = (&'m String, &'m String)>) -> Value {
    pairs.map(|(name, text)| (name.as_str(), text.as_str())).collect::<InlineTable>().into()
}

/// Parameters that TOML can say; null is none of them.
fn params(entry: &ChannelEntry) -> Option<Value> {
    let pairs =
        entry.model_params.iter().filter_map(|(name, value)| Some((name.as_str(), from_json(value)?)));
    let table: InlineTable = pairs.collect();
    (!table.is_empty()).then(|| table.into())
}

fn from_json(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(truth) => (*truth).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => items.iter().filter_map(from_json).collect(),
        serde_json::Value::Object(members) => {
            let pairs = members.iter().filter_map(|(name, value)| Some((name.as_str(), from_json(value)?)));
            pairs.collect::<InlineTable>().into()
        }
    })
}

fn proxy(reference: &ProxyRef) -> Result<Value, EditError> {
    let inline = match reference {
        ProxyRef::Named(name) => return Ok(name.as_str().into()),
        ProxyRef::Inline(inline) => inline,
    };
    let mut table = InlineTable::new();
    if let Some(scheme) = inline.scheme {
        table.insert("type", scheme.word().into());
    }
    table.insert("host", inline.host.as_str().into());
    table.insert("port", i64::from(inline.port).into());
    if let Some(username) = &inline.username {
        table.insert("username", username.as_str().into());
    }
    if let Some(password) = &inline.password {
        table.insert("password", secret(password)?);
    }
    if !inline.no_proxy.is_empty() {
        table.insert("no_proxy", inline.no_proxy.iter().map(String::as_str).collect());
    }
    Ok(table.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::{EditError, add_channel, names, read, remove_channel, set_enabled};
    use crate::document::{ChannelEntry, KeyEntry, SecretRef};

    const TEXT: &str = concat!(
        "# all mine\n",
        "version = 1\n",
        "\n",
        "# the cheap one\n",
        "[[channel]] # first\n",
        "name = \"a\"   # odd   spacing\n",
        "enabled = true # on\n",
        "\n",
        "# the good one\n",
        "[[channel]]\n",
        "name = 'b'\n",
        "[channel.model_map]\n",
        "x = \"y\" # mapped\n",
        "\n",
        "[routing] # last\n",
        "fallback = true\n",
    );

    fn entry(name: &str, secret: SecretRef) -> ChannelEntry {
        let key = KeyEntry { name: None, secret, quota_group: None, rpm: None, rpd: None, enabled: None };
        ChannelEntry { name: name.to_owned(), key: Some(key), ..ChannelEntry::default() }
    }

    #[test]
    fn a_switch_changes_one_word() {
        let off = set_enabled(TEXT, "a", false).unwrap();
        assert_eq!(off, TEXT.replace("enabled = true # on", "enabled = false # on"));
        let off = set_enabled(TEXT, "b", false).unwrap();
        assert_eq!(off, TEXT.replace("name = 'b'\n", "name = 'b'\nenabled = false\n"));
        assert_eq!(set_enabled(TEXT, "a", true).unwrap(), TEXT);
    }

    #[test]
    fn a_removed_channel_takes_its_own_lines_only() {
        let removed = remove_channel(TEXT, "b").unwrap();
        let own = "\n# the good one\n[[channel]]\nname = 'b'\n[channel.model_map]\nx = \"y\" # mapped\n";
        assert_eq!(removed, TEXT.replace(own, ""));
        let none = remove_channel(&removed, "a").unwrap();
        assert_eq!(none, "# all mine\nversion = 1\n\n[routing] # last\nfallback = true\n");
    }

    #[test]
    fn a_new_channel_comes_last_and_leaves_the_rest() {
        let added = add_channel(TEXT, &entry("c", SecretRef::Env("C_KEY".to_owned()))).unwrap();
        let block = "\n[[channel]]\nname = \"c\"\nkey = { env = \"C_KEY\" }\n";
        assert_eq!(added, TEXT.replace("\n[routing]", &format!("{block}\n[routing]")));
        let first = add_channel("", &entry("c", SecretRef::Vault)).unwrap();
        assert_eq!(first, "version = 1\n\n[[channel]]\nname = \"c\"\nkey = { vault = true }\n");
        let inline = add_channel("channel = [{ name = \"a\" }]\n", &entry("c", SecretRef::Vault)).unwrap();
        assert_eq!(inline, "channel = [{ name = \"a\" }, { name = \"c\", key = { vault = true } }]\n");
    }

    #[test]
    fn a_removed_channel_leaves_the_comments_of_others() {
        for (before, after) in [
            (
                "# my file\n\n# cheap\n[[channel]]\nname = \"b\"\n\n[log]\nfiles = 1\n",
                "# my file\n\n[log]\nfiles = 1\n",
            ),
            ("# my file\n\n[[channel]]\nname = \"b\"\n", "# my file\n"),
            ("[[channel]]\nname = \"b\"\n\n# free\n\n[log]\n", "# free\n\n[log]\n"),
            (
                "[[channel]]\nname = \"a\"\n# weight = 5\n\n# good\n[[channel]]\nname = \"b\"\n# weight = 6\n\n# c\n[[channel]]\nname = \"c\"\n",
                "[[channel]]\nname = \"a\"\n# weight = 5\n\n# c\n[[channel]]\nname = \"c\"\n",
            ),
            (
                "[[channel]]\nname = \"a\"\n# weight = 5\n\n[[channel]]\nname = \"b\"\n\n# the end\n",
                "[[channel]]\nname = \"a\"\n# weight = 5\n\n# the end\n",
            ),
            (
                "[[channel]]\nname = \"a\"\n[[channel]]\nname = \"b\"\n# c\n[[channel]]\nname = \"c\"\n",
                "[[channel]]\nname = \"a\"\n# c\n[[channel]]\nname = \"c\"\n",
            ),
            (
                "[[channel]]\nname = \"b\"\n\n[log]\nfiles = 1\n\n[channel.model_map]\nx = \"\"\"\n[[channel]]\n# no comment\"\"\"\n\n[ui]\n",
                "[log]\nfiles = 1\n\n[ui]\n",
            ),
        ] {
            assert_eq!(remove_channel(before, "b").unwrap(), after, "{before}");
        }
    }

    #[test]
    fn a_new_channel_moves_no_comment() {
        let block = "[[channel]]\nname = \"c\"\nkey = { vault = true }\n";
        for (before, after) in [
            ("# my file\n", format!("# my file\n\nversion = 1\n\n{block}")),
            ("\n", format!("version = 1\n\n{block}")),
            (
                "[[channel]]\nname = \"a\"\n# weight = 5\n",
                format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}"),
            ),
            (
                "[[channel]]\nname = \"a\"\n# weight = 5",
                format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}"),
            ),
            (
                "[[channel]]\nname = \"a\"\n# weight = 5\n\n# logs\n[log]\n",
                format!("[[channel]]\nname = \"a\"\n# weight = 5\n\n{block}\n# logs\n[log]\n"),
            ),
            (
                "[[channel]]\nname = \"a\"\n# logs\n[log]\n",
                format!("[[channel]]\nname = \"a\"\n\n{block}\n# logs\n[log]\n"),
            ),
            ("version = 1\n# later\n", format!("version = 1\n# later\n\n{block}")),
        ] {
            assert_eq!(add_channel(before, &entry("c", SecretRef::Vault)).unwrap(), after, "{before}");
        }
    }

    #[test]
    fn byte_order_mark_and_windows_lines_are_kept() {
        let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let text = windows(TEXT);
        let new = entry("c", SecretRef::Vault);
        assert_eq!(add_channel(&text, &new).unwrap(), windows(&add_channel(TEXT, &new).unwrap()));
        assert_eq!(remove_channel(&text, "b").unwrap(), windows(&remove_channel(TEXT, "b").unwrap()));
        assert_eq!(set_enabled(&text, "b", false).unwrap(), windows(&set_enabled(TEXT, "b", false).unwrap()));
    }

    #[test]
    fn edits_that_make_no_sense_are_refused() {
        let unknown =
            EditError::UnknownChannel { name: "z".to_owned(), known: vec!["a".to_owned(), "b".to_owned()] };
        assert_eq!(set_enabled(TEXT, "z", true), Err(unknown.clone()));
        assert_eq!(remove_channel(TEXT, "z"), Err(unknown));
        assert_eq!(
            add_channel(TEXT, &entry("a", SecretRef::Vault)),
            Err(EditError::NameTaken("a".to_owned()))
        );
        let plain = entry("c", SecretRef::Literal("sk-secret".into()));
        assert_eq!(add_channel(TEXT, &plain), Err(EditError::PlainSecret));
        assert!(matches!(set_enabled("= [", "a", true), Err(EditError::NoToml(_))));
    }
    /// Files with channels `a` and `b` in the given order, and other tables, comments and blank lines between them.
    fn files() -> impl Strategy<Value = String> {
        let piece =
            prop::sample::select(vec!["", "\n", "# c\n", "# c\n\n", "\n# c\n", "\n# c\n\n# d\n", "  # c\n"]);
        let tables = Just(vec![
            "[[channel]]\nname = \"a\"\n",
            "  [[channel]] # b\n  name = \"b\"\n[channel.model_map]\n\"x\" = \"\"\"\n# y\n\n\"\"\"\n",
            "[log]\nfiles = 1\n",
            "[routing.aliases]\nx = \"y\"\n",
        ]);
        (prop::bool::ANY, tables.prop_shuffle(), prop::collection::vec(piece, 5)).prop_map(
            |(versioned, tables, gaps)| {
                let mut text = if versioned { "version = 1\n".to_owned() } else { String::new() };
                for (gap, table) in gaps.iter().zip(&tables) {
                    text = format!("{text}{gap}{table}");
                }
                format!("{text}{}", gaps[4])
            },
        )
    }

    /// Tells whether all lines of `part` that are not blank stand in `whole`, in the same order.
    fn is_within(part: &str, whole: &str) -> bool {
        let mut lines = whole.lines();
        part.lines().filter(|line| !line.trim().is_empty()).all(|line| lines.any(|other| other == line))
    }

    proptest! {
        #[test]
        fn edits_keep_every_line_of_the_rest(text in files()) {
            let before = names(&read(&text).unwrap());
            let added = add_channel(&text, &entry("c", SecretRef::Vault)).unwrap();
            prop_assert!(is_within(&text, &added), "{}\n---\n{}", text, added);
            prop_assert_eq!(names(&read(&added).unwrap()), [before.clone(), vec!["c".to_owned()]].concat());
            let removed = remove_channel(&added, "c").unwrap();
            prop_assert!(is_within(&text, &removed), "{}\n---\n{}", text, removed);
            prop_assert_eq!(names(&read(&removed).unwrap()), before);
            let without_b = remove_channel(&text, "b").unwrap();
            prop_assert!(is_within(&without_b, &text), "{}\n---\n{}", text, without_b);
            prop_assert_eq!(names(&read(&without_b).unwrap()), ["a"]);
            for kept in ["[log]\nfiles = 1\n", "[routing.aliases]\nx = \"y\"\n", "name = \"a\"\n"] {
                prop_assert!(without_b.contains(kept), "{}\n---\n{}", text, without_b);
            }
        }
    }
}
