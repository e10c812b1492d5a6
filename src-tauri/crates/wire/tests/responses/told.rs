//! What a request asks, in a line for each thing.

use wire::ask::{Arguments, Ask, Choice, Content, Format, Part, Role, Source, Tool, ToolKind};
use wire::json::Text;

/// Tells what a request asks. Tools are called as an upstream without namespaces would know them.
pub(super) fn told(ask: &Ask<'_>) -> Vec<String> {
    let mut lines: Vec<String> =
        ask.system.iter().map(|part| format!("system: {}", part_words(part))).collect();
    for turn in &ask.turns {
        let role = match turn.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let parts: Vec<String> = turn.parts.iter().map(part_words).collect();
        lines.push(format!("{role}: {}", parts.join(" | ")));
    }
    lines.extend(ask.tools.iter().map(tool_words));
    lines.extend(settings(ask));
    lines
}

fn part_words(part: &Part<'_>) -> String {
    let words = match &part.content {
        Content::Text(text) => plain(text),
        Content::Refusal(text) => format!("refusal {}", plain(text)),
        Content::Media(media) => {
            let source = match &media.source {
                Source::Inline { mime, base64 } => format!("{} {}", plain(mime), plain(base64)),
                Source::Url { url, .. } => plain(url),
                Source::File(id) => plain(id),
                Source::Text(text) => plain(text),
            };
            format!("{:?} {source} {}", media.kind, optional(media.detail.as_ref()))
        }
        Content::Thinking(thinking) => {
            let note = thinking.state.as_ref().map(|state| &state.note);
            format!("thinks {} [{}]", plain(&thinking.text), optional(note))
        }
        Content::Call(call) => {
            let arguments = match &call.arguments {
                Arguments::Free(text) => format!("free {}", plain(text)),
                Arguments::Json(_) | Arguments::Written(_) => plain(&call.arguments.string()),
            };
            format!("{}({}) {arguments}", name(call.namespace.as_ref(), &call.name), plain(&call.id))
        }
        Content::Outcome(outcome) => {
            let parts: Vec<String> = outcome.parts.iter().map(part_words).collect();
            // Text alone travels as one string.
            let is_text = outcome.parts.iter().all(|part| part.as_text().is_some());
            let parts = if is_text { plain(&outcome.text()) } else { parts.join(" | ") };
            format!("[{}{}] {}", plain(&outcome.id), if outcome.free { " free" } else { "" }, parts)
        }
        Content::Foreign(foreign) => format!("foreign {}", plain(&foreign.kind)),
    };
    match part.cache {
        Some(mark) => format!("{words} ({mark:?})"),
        None => words,
    }
}

fn tool_words(tool: &Tool<'_>) -> String {
    let kind = match &tool.kind {
        ToolKind::Function(schema) => {
            format!("function {}", schema.map_or("without a schema", |schema| schema.value.raw()))
        }
        ToolKind::Free { syntax, definition } => {
            format!("free {} {}", optional(syntax.as_ref()), optional(definition.as_ref()))
        }
        ToolKind::Hosted(settings) => format!("hosted {}", settings.raw()),
    };
    let name = name(tool.namespace.as_ref(), &tool.name);
    format!("tool {name}: {} {kind}", optional(tool.description.as_ref()))
}

fn settings(ask: &Ask<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("{name} = {value}")));
    };
    say("choice", ask.choice.as_ref().map(choice_words));
    say("parallel", ask.parallel_calls.map(|parallel| parallel.to_string()));
    say("output max", ask.output_max.map(|most| most.to_string()));
    say("temperature", ask.sampling.temperature.map(str::to_owned));
    say("top_p", ask.sampling.top_p.map(str::to_owned));
    say("logprobs", ask.sampling.logprobs.then(String::new));
    say("effort", ask.reasoning.effort.as_ref().map(|effort| plain(&effort.word())));
    say("shown", ask.reasoning.shown.map(|shown| shown.to_string()));
    say(
        "format",
        match &ask.format {
            Format::Text => None,
            Format::Json => Some("json".to_owned()),
            Format::Schema { name, schema, strict, .. } => {
                Some(format!("{} {} {strict:?}", optional(name.as_ref()), schema.value.raw()))
            }
        },
    );
    say("verbosity", ask.verbosity.as_ref().map(plain));
    say("user", ask.user.as_ref().map(plain));
    say("cache key", ask.cache_key.as_ref().map(plain));
    say("tier", ask.tier.as_ref().map(plain));
    lines
}

fn choice_words(choice: &Choice<'_>) -> String {
    match choice {
        Choice::Auto => "auto".to_owned(),
        Choice::Required => "required".to_owned(),
        Choice::None => "none".to_owned(),
        Choice::Named(name) => plain(name),
        Choice::Among { names, required } => {
            let names: Vec<String> = names.iter().map(plain).collect();
            format!("{} of {}", if *required { "one" } else { "any" }, names.join(", "))
        }
    }
}

fn name(namespace: Option<&Text<'_>>, name: &Text<'_>) -> String {
    match namespace {
        Some(namespace) => format!("{}__{}", plain(namespace), plain(name)),
        None => plain(name),
    }
}

fn plain(text: &Text<'_>) -> String {
    text.plain().into_owned()
}

fn optional(text: Option<&Text<'_>>) -> String {
    text.map(plain).unwrap_or_default()
}
