//! Reading a whole document.

use super::fields::{Field, Fields, Reader};
use super::spelling::Spelling;
use super::{channel, pools, scalar, sections};
use crate::document::{ChannelEntry, Document, RoutingSection, VERSION};
use crate::findings::Severity;
use crate::snapshot::Strategy;
use crate::tree::{Node, Value};

/// Reads a document from the tree of its file.
pub(crate) fn document(reader: &mut Reader, root: &Node) -> Document {
    let mut document = Document::default();
    // An empty file is an empty document.
    if matches!(root.value, Value::Null) {
        return document;
    }
    if !reader.spelling.is_native() && pools::holds_pools(root) {
        return pools::pools(reader, root);
    }
    if !reader.spelling.is_native() && pools::holds_settings(root) {
        return pools::settings(reader, root);
    }
    let Some(mut fields) = Fields::open(&Field::root(root), reader) else { return document };
    document.version = fields.take(reader, "version", &[]).and_then(|field| version(reader, &field));
    document.server = fields.take(reader, "server", &[]).and_then(|field| sections::server(reader, &field));
    document.routing =
        fields.take(reader, "routing", &[]).and_then(|field| sections::routing(reader, &field));
    channels(reader, &mut fields, &mut document);
    foreign_sections(reader, &mut fields, &mut document);
    if let Some(field) = fields.take(reader, "proxy", &["proxies"]) {
        let items = field.items(reader, "a list of proxies");
        document.proxy =
            items.iter().filter_map(|item| channel::proxy(reader, &renamed(item, "proxy"))).collect();
    }
    later(reader, &mut fields, &mut document);
    document.log = fields.take(reader, "log", &[]).and_then(|field| sections::log(reader, &field));
    fields.close(reader);
    document
}

/// The version of the layout. A file of version 0 was recognised before it is read, and other tools write versions of their own, which say nothing here.
fn version(reader: &mut Reader, field: &Field<'_>) -> Option<u32> {
    match reader.spelling {
        Spelling::Native => scalar::integer(reader, field, VERSION..=VERSION),
        Spelling::NativeVersion0 | Spelling::Foreign | Spelling::ForeignSeconds => None,
    }
}

fn channels(reader: &mut Reader, fields: &mut Fields<'_>, document: &mut Document) {
    let Some(field) =
        fields.take(reader, "channel", &["channels", "apis", "providers", "Providers", "UPSTREAM_PROVIDERS"])
    else {
        return;
    };
    // The names of the list are different words for one thing; the paths below it keep the file's own.
    if matches!(field.node.value, Value::Table(_)) && !reader.spelling.is_native() {
        for (index, (name, item)) in field.pairs(reader, "a table of channels").into_iter().enumerate() {
            let item = at_index(item, "channel", index);
            document.channel.extend(channel::channel(reader, &item, Some(name)));
        }
    } else {
        for item in field.items(reader, "a list of channels") {
            document.channel.extend(channel::channel(reader, &renamed(&item, "channel"), None));
        }
    }
    let imported = reader.spelling == Spelling::Foreign && field.path.shown == "apis";
    let routing = document.routing.get_or_insert_default();
    if imported && routing.strategy.is_none() {
        // S4 chose by chance among its endpoints.
        routing.strategy = Some(Strategy::Random);
    }
}

/// The same item under the document's own name for its list.
fn renamed<'t>(item: &Field<'t>, list: &str) -> Field<'t> {
    let mut item = item.clone();
    let index = item.path.canonical.rfind('[').map_or("", |at| &item.path.canonical[at..]).to_owned();
    item.path.canonical = format!("{list}{index}");
    item
}

fn at_index<'t>(mut item: Field<'t>, list: &str, index: usize) -> Field<'t> {
    item.path.canonical = format!("{list}[{index}]");
    item
}

/// Sections that only other tools write.
fn foreign_sections(reader: &mut Reader, fields: &mut Fields<'_>, document: &mut Document) {
    if reader.spelling.is_native() {
        return;
    }
    if let Some(field) = fields.take(reader, "MODEL_ALIASES", &["modelAliases", "model_aliases"]) {
        let aliases = sections::aliases(reader, &field);
        routing(document).aliases.extend(aliases);
    }
    if let Some(field) = fields.take_later(reader, "alerts", &[]) {
        let thresholds = sections::alerts(reader, &field);
        let routing = routing(document);
        routing.thresholds = routing.thresholds.take().or(thresholds);
    }
    if let Some(field) = fields.take(reader, "security", &[]) {
        security(reader, &field, &mut document.channel);
    }
    fields.pass_over(reader, &["metrics"], "has no effect: what is measured is the same for every channel");
}

fn routing(document: &mut Document) -> &mut RoutingSection {
    document.routing.get_or_insert_default()
}

fn security(reader: &mut Reader, field: &Field<'_>, channels: &mut [ChannelEntry]) {
    let Some(mut fields) = Fields::open(field, reader) else { return };
    if let Some(keys) = fields.take(reader, "api_keys", &["apiKeys"]) {
        channel::keys_by_name(reader, &keys, channels);
    }
    fields.close(reader);
}

fn later(reader: &mut Reader, fields: &mut Fields<'_>, document: &mut Document) {
    if let Some(field) = fields.take(reader, "client", &["clients"]) {
        let items = field.items(reader, "a list of clients");
        document.client = items.iter().filter_map(|item| sections::client(reader, item)).collect();
    }
    if let Some(field) = fields.take_later(reader, "budget", &["budgets"]) {
        let items = field.items(reader, "a list of budgets");
        document.budget = items.iter().filter_map(|item| sections::budget(reader, item)).collect();
    }
    document.ui = fields.take(reader, "ui", &[]).and_then(|field| sections::ui(reader, &field));
    document.ledger =
        fields.take_later(reader, "ledger", &[]).and_then(|field| sections::ledger(reader, &field));
    warn_of_strategy(reader, document);
}

/// Strategies that the pool does not know yet are read, and said to be so.
fn warn_of_strategy(reader: &mut Reader, document: &Document) {
    let strategy = document.routing.as_ref().and_then(|routing| routing.strategy);
    let waiting = match strategy {
        None | Some(Strategy::Weighted | Strategy::RoundRobin | Strategy::Random) => false,
        Some(Strategy::LeastBusy | Strategy::Fastest | Strategy::Cheapest | Strategy::Adaptive) => true,
    };
    let Some(place) = reader.places.find("routing.strategy").filter(|_| waiting).cloned() else { return };
    let at = crate::tree::Position { line: place.line, column: place.column };
    reader.note(
        Severity::Warning,
        at,
        &place.path,
        "is read but not in force yet; channels are chosen by weight",
    );
}
