//! Reading the sections beside the channels.

use indexmap::IndexMap;

use super::fields::{Field, Fields, Reader};
use super::scalar::{choice, filled_text, integer, limit, number, secret, text, text_map, texts, truth};
use crate::document::{
    BudgetEntry, CanaryStep, ClientEntry, FailureOverride, LedgerSection, LogSection, OnThreshold,
    RoutingSection, Scenarios, ServerSection, Steps, Thresholds, UiSection,
};
use crate::tree::Value;

pub(super) fn server(reader: &mut Reader, field: &Field<'_>) -> Option<ServerSection> {
    let mut fields = Fields::open(field, reader)?;
    let section = ServerSection {
        port: fields.take(reader, "port", &[]).and_then(|field| integer::<u16>(reader, &field, 1..=65535)),
        listen: fields.take(reader, "listen", &[]).map(|field| texts(reader, &field)),
        client_keys: fields
            .take(reader, "client_keys", &[])
            .and_then(|field| choice(reader, &field, &["required", "any"], &[])),
        api_key: fields.take(reader, "api_key", &[]).and_then(|field| secret(reader, &field)),
        allowed_hosts: list(reader, &mut fields, "allowed_hosts"),
        allowed_origins: list(reader, &mut fields, "allowed_origins"),
        drain_s: fields.take(reader, "drain_s", &[]).and_then(|field| integer(reader, &field, 0..=3600)),
    };
    fields.close(reader);
    Some(section)
}

fn list(reader: &mut Reader, fields: &mut Fields<'_>, name: &'static str) -> Vec<String> {
    fields.take(reader, name, &[]).map(|field| texts(reader, &field)).unwrap_or_default()
}

const STRATEGIES: &[&str] =
    &["weighted", "round_robin", "random", "least_busy", "fastest", "cheapest", "adaptive"];
const OTHER_STRATEGIES: &[(&str, &str)] = &[
    ("weighted_round_robin", "weighted"),
    ("weightedRoundRobin", "weighted"),
    ("roundRobin", "round_robin"),
    ("leastBusy", "least_busy"),
];

pub(super) fn routing(reader: &mut Reader, field: &Field<'_>) -> Option<RoutingSection> {
    let mut fields = Fields::open(field, reader)?;
    let mut section = RoutingSection::default();
    if let Some(field) = fields.take(reader, "strategy", &[]) {
        section.strategy = choice(reader, &field, STRATEGIES, OTHER_STRATEGIES);
    }
    section.fallback = fields.take(reader, "fallback", &[]).and_then(|field| truth(reader, &field));
    section.unknown_models = fields
        .take(reader, "unknown_models", &[])
        .and_then(|field| choice(reader, &field, &["default", "refuse"], &[]));
    if let Some(field) = fields.take(reader, "aliases", &[]) {
        section.aliases = aliases(reader, &field);
    }
    routing_later(reader, &mut fields, &mut section);
    fields.close(reader);
    Some(section)
}

/// Reads names that stand for others.
pub(super) fn aliases(reader: &mut Reader, field: &Field<'_>) -> IndexMap<String, String> {
    let read = text_map(reader, field);
    for (name, value) in field.pairs(reader, "a table of strings") {
        let empty = name.trim().is_empty()
            || matches!(&value.node.value, Value::Text(text) if text.trim().is_empty());
        if empty {
            reader.error(&value, "expected a name and what it stands for, got an empty one");
        }
        reader.places.note(
            format!("routing.aliases.{name}"),
            crate::document::Place {
                line: value.key_at.line,
                column: value.key_at.column,
                path: value.path.shown.clone(),
            },
        );
    }
    read
}

fn routing_later(reader: &mut Reader, fields: &mut Fields<'_>, section: &mut RoutingSection) {
    if let Some(field) = fields.take_later(reader, "fallback_models", &[]) {
        let pairs = field.pairs(reader, "a table of lists");
        section.fallback_models =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), texts(reader, &value))).collect();
    }
    section.scenarios =
        fields.take_later(reader, "scenarios", &[]).and_then(|field| scenarios(reader, &field));
    section.thresholds =
        fields.take_later(reader, "thresholds", &[]).and_then(|field| thresholds(reader, &field));
    section.prefer_native =
        fields.take_later(reader, "prefer_native", &[]).and_then(|field| truth(reader, &field));
    if let Some(field) = fields.take_later(reader, "canary", &[]) {
        let items = field.items(reader, "a list of steps");
        section.canary = items.iter().filter_map(|item| canary_step(reader, item)).collect();
    }
    if let Some(field) = fields.take_later(reader, "failure_overrides", &[]) {
        let items = field.items(reader, "a list of overrides");
        section.failure_overrides = items.iter().filter_map(|item| failure_override(reader, item)).collect();
    }
}

fn scenarios(reader: &mut Reader, field: &Field<'_>) -> Option<Scenarios> {
    let mut fields = Fields::open(field, reader)?;
    let mut steps = |name| {
        let field = fields.take(reader, name, &[])?;
        if matches!(field.node.value, Value::List(_)) {
            return Some(Steps(texts(reader, &field)));
        }
        filled_text(reader, &field).map(|step| Steps(vec![step]))
    };
    let mut scenarios = Scenarios {
        default: steps("default"),
        background: steps("background"),
        think: steps("think"),
        long_context: steps("long_context"),
        web_search: steps("web_search"),
        image: steps("image"),
        subagent: steps("subagent"),
        long_context_tokens: None,
    };
    let tokens = fields.take(reader, "long_context_tokens", &[]);
    scenarios.long_context_tokens = tokens.and_then(|field| integer(reader, &field, 1..=u32::MAX));
    fields.close(reader);
    Some(scenarios)
}

const ACTIONS: &[&str] = &["demote", "fallback", "off"];
const OTHER_ACTIONS: &[(&str, &str)] = &[("switch_provider", "demote"), ("switchProvider", "demote")];

fn thresholds(reader: &mut Reader, field: &Field<'_>) -> Option<Thresholds> {
    let mut fields = Fields::open(field, reader)?;
    let thresholds = Thresholds {
        error_rate: fields
            .take(reader, "error_rate", &[])
            .and_then(|field| number(reader, &field, 0.0..=1.0)),
        error_rate_action: fields
            .take(reader, "error_rate_action", &[])
            .and_then(|field| choice(reader, &field, ACTIONS, OTHER_ACTIONS)),
        response_time_ms: fields
            .take(reader, "response_time_ms", &[])
            .and_then(|field| integer(reader, &field, 1..=u32::MAX)),
        response_time_action: fields
            .take(reader, "response_time_action", &[])
            .and_then(|field| choice(reader, &field, ACTIONS, OTHER_ACTIONS)),
    };
    fields.close(reader);
    Some(thresholds)
}

/// Reads S3's `alerts`, which say what `routing.thresholds` says.
pub(super) fn alerts(reader: &mut Reader, field: &Field<'_>) -> Option<Thresholds> {
    let mut fields = Fields::open(field, reader)?;
    let mut thresholds = Thresholds::default();
    if let Some(field) = fields.take(reader, "error_rate", &[]) {
        let (limit, action) = alert(reader, &field)?;
        thresholds.error_rate = limit.and_then(|field| number(reader, &field, 0.0..=1.0));
        thresholds.error_rate_action = action;
    }
    if let Some(field) = fields.take(reader, "response_time", &[]) {
        let (limit, action) = alert(reader, &field)?;
        thresholds.response_time_ms = limit.and_then(|field| integer(reader, &field, 1..=u32::MAX));
        thresholds.response_time_action = action;
    }
    fields.close(reader);
    Some(thresholds)
}

fn alert<'t>(reader: &mut Reader, field: &Field<'t>) -> Option<(Option<Field<'t>>, Option<OnThreshold>)> {
    let mut fields = Fields::open(field, reader)?;
    let limit = fields.take(reader, "threshold", &[]);
    let action = fields.take(reader, "action", &[]);
    let action = action.and_then(|field| choice(reader, &field, ACTIONS, OTHER_ACTIONS));
    fields.close(reader);
    Some((limit, action))
}

fn canary_step(reader: &mut Reader, field: &Field<'_>) -> Option<CanaryStep> {
    let mut fields = Fields::open(field, reader)?;
    let matching = required_text(reader, &mut fields, "match");
    let share = fields.take(reader, "share", &[]);
    if share.is_none() {
        fields.missing(reader, "share");
    }
    let share = share.and_then(|field| number(reader, &field, 0.0..=1.0));
    let colour = fields.take(reader, "colour", &["color"]).and_then(|field| text(reader, &field));
    let to = required_text(reader, &mut fields, "to");
    fields.close(reader);
    Some(CanaryStep { matching: matching?, share: share?, colour, to: to? })
}

fn required_text(reader: &mut Reader, fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    let field = fields.take(reader, name, &[]);
    if field.is_none() {
        fields.missing(reader, name);
    }
    filled_text(reader, &field?)
}

fn failure_override(reader: &mut Reader, field: &Field<'_>) -> Option<FailureOverride> {
    let mut fields = Fields::open(field, reader)?;
    let status =
        fields.take(reader, "status", &[]).and_then(|field| integer::<u16>(reader, &field, 100..=599));
    let body = fields.take(reader, "body", &[]).and_then(|field| text(reader, &field));
    let then = fields.take(reader, "then", &[]);
    if then.is_none() {
        fields.missing(reader, "then");
    }
    let then = then.and_then(|field| choice(reader, &field, &["retry", "next", "fail"], &[]));
    fields.close(reader);
    Some(FailureOverride { status, body, then: then? })
}

pub(super) fn client(reader: &mut Reader, field: &Field<'_>) -> Option<ClientEntry> {
    let mut fields = Fields::open(field, reader)?;
    let name = required_text(reader, &mut fields, "name");
    let key_hash = fields.take(reader, "key_hash", &[]).and_then(|field| text(reader, &field));
    let models = fields.take_later(reader, "models", &[]).map(|field| texts(reader, &field));
    let rpm = fields.take_later(reader, "rpm", &[]).and_then(|field| limit(reader, &field));
    let budget = fields.take_later(reader, "budget", &[]).and_then(|field| text(reader, &field));
    let enabled = fields.take(reader, "enabled", &[]).and_then(|field| truth(reader, &field));
    fields.close(reader);
    Some(ClientEntry { name: name?, key_hash, models, rpm, budget, enabled })
}

pub(super) fn budget(reader: &mut Reader, field: &Field<'_>) -> Option<BudgetEntry> {
    let mut fields = Fields::open(field, reader)?;
    let who = required_text(reader, &mut fields, "who");
    let per = required_text(reader, &mut fields, "per");
    let limit = fields.take(reader, "limit", &[]);
    if limit.is_none() {
        fields.missing(reader, "limit");
    }
    let limit = limit.and_then(|field| number(reader, &field, 0.0..=f64::INFINITY));
    let at_100 = fields.take(reader, "at_100", &[]);
    let at_100 = at_100.and_then(|field| choice(reader, &field, &["block", "degrade"], &[]));
    fields.close(reader);
    Some(BudgetEntry { who: who?, per: per?, limit: limit?, at_100 })
}

pub(super) fn ui(reader: &mut Reader, field: &Field<'_>) -> Option<UiSection> {
    let mut fields = Fields::open(field, reader)?;
    let mut section = UiSection {
        language: fields.take(reader, "language", &[]).and_then(|field| filled_text(reader, &field)),
        theme: fields
            .take(reader, "theme", &[])
            .and_then(|field| choice(reader, &field, &["system", "light", "dark"], &[])),
        start_hidden: fields.take(reader, "start_hidden", &[]).and_then(|field| truth(reader, &field)),
        close_to_tray: fields.take(reader, "close_to_tray", &[]).and_then(|field| truth(reader, &field)),
        notifications: IndexMap::new(),
    };
    if let Some(field) = fields.take(reader, "notifications", &[]) {
        let pairs = field.pairs(reader, "a table of true or false");
        section.notifications = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), truth(reader, &value)?)))
            .collect();
    }
    fields.close(reader);
    Some(section)
}

pub(super) fn ledger(reader: &mut Reader, field: &Field<'_>) -> Option<LedgerSection> {
    let mut fields = Fields::open(field, reader)?;
    let mut count = |name| {
        let field = fields.take(reader, name, &[])?;
        integer(reader, &field, 0..=u32::MAX)
    };
    let section =
        LedgerSection { days: count("days"), rows: count("rows"), inspect_last: count("inspect_last") };
    fields.close(reader);
    Some(section)
}

pub(super) fn log(reader: &mut Reader, field: &Field<'_>) -> Option<LogSection> {
    let mut fields = Fields::open(field, reader)?;
    let section = LogSection {
        level: fields
            .take(reader, "level", &[])
            .and_then(|field| choice(reader, &field, &["error", "warn", "info", "debug", "trace"], &[])),
        files: fields.take(reader, "files", &[]).and_then(|field| integer(reader, &field, 1..=366)),
    };
    fields.close(reader);
    Some(section)
}
