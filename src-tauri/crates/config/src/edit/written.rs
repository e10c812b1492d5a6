//! Entries as TOML says them.

use secrecy::ExposeSecret;
use toml_edit::{InlineTable, Item, Table, Value};
use wire::quirks::Word;

use crate::document::{
    ChannelEntry, ClientEntry, KeyEntry, ParamsMode, Price, ProtocolEntry, ProxyEntry, ProxyInline, ProxyRef,
    Quirks, SecretRef,
};

/// Fields of a table in the making; what is not there is left out.
struct Fields(Table);

impl Fields {
    fn put(&mut self, name: &str, value: Option<Value>) -> &mut Self {
        if let Some(value) = value {
            self.0.insert(name, Item::Value(value));
        }
        self
    }
}

/// A channel with every field that it states. A literal secret is written as it is: whoever calls sees to it that none
/// comes into a file where it does not stand already.
pub(super) fn channel(entry: &ChannelEntry) -> Table {
    let mut fields = Fields(Table::new());
    fields
        .put("id", text(entry.id.as_ref()))
        .put("name", Some(entry.name.as_str().into()))
        .put("type", entry.kind.map(|kind| kind.word().into()))
        .put("protocols", entry.protocols.as_deref().map(|all| all.iter().map(protocol).collect()))
        .put("base_url", text(entry.base_url.as_ref()))
        .put("exact", entry.exact.map(Value::from))
        .put("key", entry.key.as_ref().map(lone_key))
        .put("keys", entry.keys.as_deref().map(|keys| keys.iter().map(key).collect()))
        .put("model", text(entry.model.as_ref()))
        .put("models", entry.models.as_deref().map(list))
        .put("model_map", map(entry.model_map.iter()))
        .put("model_params", params(entry))
        .put("model_params_mode", entry.model_params_mode.map(mode))
        .put("enabled", entry.enabled.map(Value::from))
        .put("priority", number(entry.priority))
        .put("weight", number(entry.weight))
        .put("tags", filled_list(&entry.tags))
        .put("timeout_ms", number(entry.timeout_ms))
        .put("max_retries", number(entry.max_retries))
        .put("proxy", entry.proxy.as_ref().map(way))
        .put("rpm", entry.rpm.map(Value::from))
        .put("rpd", entry.rpd.map(Value::from));
    beyond_the_form(&mut fields, entry);
    fields.0
}

/// The fields that only the file and other tools' files state.
fn beyond_the_form(fields: &mut Fields, entry: &ChannelEntry) {
    fields
        .put("tpm", entry.tpm.map(Value::from))
        .put("concurrency", entry.concurrency.map(Value::from))
        .put("rpd_zone", text(entry.rpd_zone.as_ref()))
        .put("check_model", text(entry.check_model.as_ref()))
        .put("check_every_s", number(entry.check_every_s))
        .put("careful_start_ms", number(entry.careful_start_ms))
        .put("regions", filled_list(&entry.regions))
        .put("headers", map(entry.headers.iter()))
        .put("quirks", entry.quirks.as_ref().map(quirks))
        .put("credentials_file", text(entry.credentials_file.as_ref()))
        .put("project_id", text(entry.project_id.as_ref()))
        .put("oauth_client_id", text(entry.oauth_client_id.as_ref()))
        .put("oauth_client_secret", entry.oauth_client_secret.as_ref().map(secret))
        .put("price", entry.price.as_ref().map(price));
}

/// A proxy that channels name.
pub(super) fn proxy(entry: &ProxyEntry) -> Table {
    let ProxyEntry { name, scheme, host, port, username, password, no_proxy } = entry.clone();
    let mut fields = Fields(Table::new());
    fields.put("name", Some(name.into()));
    hop(&mut fields, &ProxyInline { scheme, host, port, username, password, no_proxy });
    fields.0
}

/// A client of ours.
pub(super) fn client(entry: &ClientEntry) -> Table {
    let mut fields = Fields(Table::new());
    fields
        .put("name", Some(entry.name.as_str().into()))
        .put("key_hash", text(entry.key_hash.as_ref()))
        .put("models", entry.models.as_deref().map(list))
        .put("rpm", entry.rpm.map(Value::from))
        .put("budget", text(entry.budget.as_ref()))
        .put("enabled", entry.enabled.map(Value::from));
    fields.0
}

/// A value that JSON says; null has no word in TOML.
pub(super) fn from_json(json: &serde_json::Value) -> Option<Value> {
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

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.as_str().into())
}

fn number(number: Option<u32>) -> Option<Value> {
    number.map(|number| i64::from(number).into())
}

fn list(texts: &[String]) -> Value {
    texts.iter().map(String::as_str).collect()
}

fn filled_list(texts: &[String]) -> Option<Value> {
    (!texts.is_empty()).then(|| list(texts))
}

fn map<'m>(pairs: impl Iterator<Item = (&'m String, &'m String)>) -> Option<Value> {
    let table: InlineTable = pairs.map(|(name, text)| (name.as_str(), text.as_str())).collect();
    (!table.is_empty()).then(|| table.into())
}

fn params(entry: &ChannelEntry) -> Option<Value> {
    let pairs =
        entry.model_params.iter().filter_map(|(name, value)| Some((name.as_str(), from_json(value)?)));
    let table: InlineTable = pairs.collect();
    (!table.is_empty()).then(|| table.into())
}

fn mode(mode: ParamsMode) -> Value {
    match mode {
        ParamsMode::Fill => "fill".into(),
        ParamsMode::Force => "force".into(),
    }
}

fn protocol(entry: &ProtocolEntry) -> Value {
    if entry.base_url.is_none() && entry.exact.is_none() {
        return entry.protocol.word().into();
    }
    let mut fields = Fields(Table::new());
    fields
        .put("protocol", Some(entry.protocol.word().into()))
        .put("base_url", text(entry.base_url.as_ref()))
        .put("exact", entry.exact.map(Value::from));
    fields.0.into_inline_table().into()
}

/// A key beside which there is no other.
fn lone_key(entry: &KeyEntry) -> Value {
    let bare = entry.name.is_none()
        && entry.quota_group.is_none()
        && entry.rpm.is_none()
        && entry.rpd.is_none()
        && entry.enabled.is_none();
    if bare { secret(&entry.secret) } else { key(entry) }
}

fn key(entry: &KeyEntry) -> Value {
    let mut fields = Fields(Table::new());
    fields.put("name", text(entry.name.as_ref()));
    match &entry.secret {
        SecretRef::Env(variable) => fields.put("env", Some(variable.as_str().into())),
        SecretRef::Vault => fields.put("vault", Some(true.into())),
        SecretRef::Literal(secret) => fields.put("key", Some(secret.expose_secret().into())),
    };
    fields
        .put("quota_group", text(entry.quota_group.as_ref()))
        .put("rpm", entry.rpm.map(Value::from))
        .put("rpd", entry.rpd.map(Value::from))
        .put("enabled", entry.enabled.map(Value::from));
    fields.0.into_inline_table().into()
}

fn secret(reference: &SecretRef) -> Value {
    let mut table = InlineTable::new();
    match reference {
        SecretRef::Env(name) => table.insert("env", name.as_str().into()),
        SecretRef::Vault => table.insert("vault", true.into()),
        SecretRef::Literal(secret) => return secret.expose_secret().into(),
    };
    table.into()
}

fn way(reference: &ProxyRef) -> Value {
    let inline = match reference {
        ProxyRef::Named(name) => return name.as_str().into(),
        ProxyRef::Inline(inline) => inline,
    };
    let mut fields = Fields(Table::new());
    hop(&mut fields, inline);
    fields.0.into_inline_table().into()
}

fn hop(fields: &mut Fields, proxy: &ProxyInline) {
    fields
        .put("type", proxy.scheme.map(|scheme| scheme.word().into()))
        .put("host", Some(proxy.host.as_str().into()))
        .put("port", Some(i64::from(proxy.port).into()))
        .put("username", text(proxy.username.as_ref()))
        .put("password", proxy.password.as_ref().map(secret))
        .put("no_proxy", filled_list(&proxy.no_proxy));
}

fn quirks(quirks: &Quirks) -> Value {
    let mut fields = Fields(Table::new());
    fields
        .put("include_usage", quirks.include_usage.map(Value::from))
        .put("count_tokens", quirks.count_tokens.map(|counting| counting.word().into()))
        .put("reasoning_as_text", quirks.reasoning_as_text.map(Value::from))
        .put("think_tags", quirks.think_tags.map(Value::from))
        .put("output_limit", word(quirks.output_limit))
        .put("output_max", number(quirks.output_max))
        .put("refused", quirks.refused.map(|refused| words(refused.members())))
        .put("temperature_min", quirks.temperature_min.map(Value::from))
        .put("temperature_max", quirks.temperature_max.map(Value::from))
        .put("stops_max", number(quirks.stops_max))
        .put("developer_role", quirks.developer_role.map(Value::from))
        .put("late_system", quirks.late_system.map(Value::from))
        .put("tool_choice", word(quirks.tool_choice))
        .put("thinking", word(quirks.thinking))
        .put("thinking_off", quirks.thinking_off.map(Value::from))
        .put("thinks_whole", quirks.thinks_whole.map(Value::from))
        .put("efforts", quirks.efforts.map(|efforts| words(efforts.members())))
        .put("thoughts", word(quirks.thoughts))
        .put("echo", word(quirks.echo))
        .put("call_ids", word(quirks.call_ids))
        .put("json_schema", quirks.json_schema.map(Value::from))
        .put("json_object", quirks.json_object.map(Value::from))
        .put("json_word", quirks.json_word.map(Value::from))
        .put("images", quirks.images.map(Value::from))
        .put("files", quirks.files.map(Value::from));
    fields.0.into_inline_table().into()
}

fn word<W: Word>(word: Option<W>) -> Option<Value> {
    word.map(|word| word.word().into())
}

fn words<W: Word>(words: impl Iterator<Item = W>) -> Value {
    words.map(Word::word).collect()
}

fn price(price: &Price) -> Value {
    let mut fields = Fields(Table::new());
    fields
        .put("input", price.input.map(Value::from))
        .put("output", price.output.map(Value::from))
        .put("cache_read", price.cache_read.map(Value::from))
        .put("cache_write", price.cache_write.map(Value::from));
    fields.0.into_inline_table().into()
}
