//! Reading what AIClient-2-API writes: pools of instances by the type of their provider, and its settings.
//!
//! Sources: its `provider_pools.json` and `config.json` with the keys that its documentation shows.

use super::channel;
use super::fields::{Field, Fields, Reader};
use super::scalar::{filled_text, integer, secret};
use crate::document::{ChannelEntry, Document, ServerSection};
use crate::findings::Severity;
use crate::provider::ProviderKind;
use crate::tree::{Node, Value};

/// The types of its providers, and what they are here.
const TYPES: &[(&str, ProviderKind, Option<wire::Protocol>)] = &[
    ("openai-custom", ProviderKind::OpenAi, None),
    ("openaiResponses-custom", ProviderKind::OpenAi, Some(wire::Protocol::Responses)),
    ("claude-custom", ProviderKind::Claude, None),
    ("gemini-cli-oauth", ProviderKind::GeminiCliOauth, None),
    ("claude-kiro-oauth", ProviderKind::ClaudeKiroOauth, None),
    ("openai-qwen-oauth", ProviderKind::OpenAiQwenOauth, None),
];

/// Tells whether a file holds pools: one of its fields is a list by the name of a type.
pub(super) fn holds_pools(root: &Node) -> bool {
    let Value::Table(entries) = &root.value else { return false };
    entries.iter().any(|entry| type_named(&entry.key).is_some() && matches!(entry.node.value, Value::List(_)))
}

/// Tells whether a file holds its settings.
pub(super) fn holds_settings(root: &Node) -> bool {
    let Value::Table(entries) = &root.value else { return false };
    entries.iter().any(|entry| matches!(entry.key.as_str(), "MODEL_PROVIDER" | "PROVIDER_POOLS_FILE_PATH"))
}

fn type_named(name: &str) -> Option<&'static (&'static str, ProviderKind, Option<wire::Protocol>)> {
    TYPES.iter().find(|(known, _, _)| *known == name)
}

/// Reads pools: every instance is a channel, named after its type.
pub(super) fn pools(reader: &mut Reader, root: &Node) -> Document {
    let mut document = Document::default();
    for (name, pool) in Field::root(root).pairs(reader, "a table of pools") {
        let Some((_, kind, protocol)) = type_named(name) else {
            reader.note(
                Severity::Warning,
                pool.key_at,
                &pool.path.shown,
                "is no type of provider known here",
            );
            continue;
        };
        for (at, mut instance) in pool.items(reader, "a list of instances").into_iter().enumerate() {
            instance.path.canonical = format!("channel[{}]", document.channel.len());
            let title = if at == 0 { name.to_owned() } else { format!("{name} {}", at + 1) };
            if let Some(mut entry) = channel::channel(reader, &instance, Some(&title)) {
                entry.kind = entry.kind.or(Some(*kind));
                entry.protocols = entry.protocols.or_else(|| protocol.map(spoken));
                document.channel.push(entry);
            }
        }
    }
    document
}

fn spoken(protocol: wire::Protocol) -> Vec<crate::document::ProtocolEntry> {
    vec![crate::document::ProtocolEntry { protocol, base_url: None, exact: None }]
}

/// The fields of its settings that say how each type is reached.
const PLACES: &[(ProviderKind, &str, &str, &str)] = &[
    (ProviderKind::OpenAi, "openai-custom", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    (ProviderKind::Claude, "claude-custom", "CLAUDE_API_KEY", "CLAUDE_BASE_URL"),
    (ProviderKind::GeminiCliOauth, "gemini-cli-oauth", "GEMINI_OAUTH_CREDS_FILE_PATH", "GEMINI_BASE_URL"),
    (ProviderKind::ClaudeKiroOauth, "claude-kiro-oauth", "KIRO_OAUTH_CREDS_FILE_PATH", "KIRO_BASE_URL"),
    (ProviderKind::OpenAiQwenOauth, "openai-qwen-oauth", "QWEN_OAUTH_CREDS_FILE_PATH", "QWEN_BASE_URL"),
];

/// Reads settings: a channel for each type that they hold a key or a login for, the chosen one first.
pub(super) fn settings(reader: &mut Reader, root: &Node) -> Document {
    let mut document = Document::default();
    let Some(mut fields) = Fields::open(&Field::root(root), reader) else { return document };
    document.server = Some(server(reader, &mut fields));
    let chosen = fields.take(reader, "MODEL_PROVIDER", &[]);
    let chosen = chosen.and_then(|field| filled_text(reader, &field)).unwrap_or_default();
    let project = fields.take(reader, "PROJECT_ID", &[]).filter(is_filled);
    let project = project.and_then(|field| filled_text(reader, &field));
    for (kind, name, credential, base_url) in PLACES {
        let mut entry =
            ChannelEntry { name: (*name).to_owned(), kind: Some(*kind), ..ChannelEntry::default() };
        let credential = fields.take(reader, credential, &[]).filter(is_filled);
        let has_one = credential.is_some();
        if kind.uses_login() {
            entry.credentials_file = credential.and_then(|field| filled_text(reader, &field));
        } else {
            entry.key = credential.and_then(|field| channel::key(reader, &field));
        }
        let base_url = fields.take(reader, base_url, &[]).filter(is_filled);
        entry.base_url = base_url.and_then(|field| filled_text(reader, &field));
        if *kind == ProviderKind::GeminiCliOauth {
            entry.project_id.clone_from(&project);
        }
        if has_one || chosen.split(',').any(|one| one.trim() == *name) {
            document.channel.push(entry);
        }
    }
    document.channel.sort_by_key(|entry| !chosen.contains(entry.name.as_str()));
    if let Some(field) = fields.take(reader, "PROVIDER_POOLS_FILE_PATH", &[]) {
        let message = "the pools stand in a file of their own; import that one too";
        reader.note(Severity::Warning, field.node.at, &field.path.shown, message);
    }
    fields.pass_over_all(reader, "has no effect here");
    document
}

/// An empty text is how its settings leave something out.
fn is_filled(field: &Field<'_>) -> bool {
    !matches!(&field.node.value, Value::Text(text) if text.trim().is_empty())
}

fn server(reader: &mut Reader, fields: &mut Fields<'_>) -> ServerSection {
    let port = fields.take(reader, "SERVER_PORT", &[]);
    let key = fields.take(reader, "REQUIRED_API_KEY", &[]).filter(is_filled);
    ServerSection {
        port: port.and_then(|field| integer::<u16>(reader, &field, 1..=65535)),
        api_key: key.and_then(|field| secret(reader, &field)),
        ..ServerSection::default()
    }
}
