//! The words that say what other protocols cannot: what a provider's own tools did, search results, references.

use crate::ask::Arguments;
use crate::json::{Text, Value};

/// Returns words for a block that only Messages knows; none where nothing in it can be read.
pub(super) fn of<'a>(kind: &str, block: Value<'a>) -> Option<Text<'a>> {
    match kind {
        "server_tool_use" | "mcp_tool_use" => Some(call(block)),
        "tool_reference" => block.get("tool_name").and_then(Value::text).map(|name| reference(&name)),
        "search_result" | "compaction" => Some(gathered(block)).filter(|words| !words.is_blank()),
        _ if kind.ends_with("_tool_result") => Some(result(kind, block)),
        _ => None,
    }
}

/// Says what a provider's tool was called with, as in `[web_search: rust]`.
fn call(block: Value<'_>) -> Text<'static> {
    let mut words = Text::owned("[");
    words.push(&block.get("name").and_then(Value::text).unwrap_or_default());
    let query = block.get("input").and_then(|input| input.either(["query", "url"])).and_then(Value::text);
    let input = block.get("input").filter(|input| !input.is_empty());
    if let Some(asked) = query {
        words.push_plain(": ");
        words.push(&asked);
    } else if let Some(input) = input {
        words.push_plain(": ");
        words.push(&Arguments::Json(input).string());
    }
    words.push_plain("]");
    words
}

/// Says that a search made a tool available.
fn reference(name: &Text<'_>) -> Text<'static> {
    let mut words = Text::owned("[tool available: ");
    words.push(name);
    words.push_plain("]");
    words
}

/// Says what came of a provider's tool.
fn result(kind: &str, block: Value<'_>) -> Text<'static> {
    let mut words = Text::owned("[");
    words.push_plain(kind);
    words.push_plain("]");
    let found = gathered(block);
    if !found.is_empty() {
        words.push_plain("\n");
        words.push(&found);
    }
    words
}

/// Joins everything in a block that is meant to be read, one text to a line.
fn gathered(block: Value<'_>) -> Text<'static> {
    let mut found = Vec::new();
    gather(block, &mut found);
    Text::joined(found.iter(), "\n").into_owned()
}

fn gather<'a>(value: Value<'a>, found: &mut Vec<Text<'a>>) {
    for element in value.elements() {
        gather(element, found);
    }
    for (key, member) in value.members() {
        match &*key.plain() {
            "title" | "url" | "text" | "stdout" | "stderr" | "error_code" => found.extend(readable(member)),
            "source" | "content" if member.is_string() => found.extend(readable(member)),
            "source" | "content" => gather(member, found),
            "data" if value.get("media_type").is_some_and(|kind| kind.is("text/plain")) => {
                found.extend(readable(member));
            }
            _ => {}
        }
    }
}

fn readable(value: Value<'_>) -> Option<Text<'_>> {
    value.text().filter(|text| !text.is_blank())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::json::Tape;

    #[test]
    fn what_only_messages_knows_is_said_in_words() {
        for (block, expected) in [
            (
                r#"{"type":"server_tool_use","name":"web_search","input":{"query":"rust"}}"#,
                Some("[web_search: rust]"),
            ),
            (
                r#"{"type":"server_tool_use","name":"code_execution","input":{"code":"1"}}"#,
                Some(r#"[code_execution: {"code":"1"}]"#),
            ),
            (r#"{"type":"mcp_tool_use","name":"x"}"#, Some("[x]")),
            (
                r#"{"type":"web_search_tool_result","content":[{"type":"web_search_result","title":"T","url":"https://t","encrypted_content":"E"}]}"#,
                Some("[web_search_tool_result]\nT\nhttps://t"),
            ),
            (
                r#"{"type":"web_search_tool_result","content":{"type":"web_search_tool_result_error","error_code":"unavailable"}}"#,
                Some("[web_search_tool_result]\nunavailable"),
            ),
            (
                r#"{"type":"web_fetch_tool_result","content":{"url":"https://t","content":{"type":"document","source":{"type":"text","media_type":"text/plain","data":"D"}}}}"#,
                Some("[web_fetch_tool_result]\nhttps://t\nD"),
            ),
            (
                r#"{"type":"search_result","source":"S","title":"T","content":[{"type":"text","text":"a"}]}"#,
                Some("S\nT\na"),
            ),
            (r#"{"type":"tool_reference","tool_name":"WebSearch"}"#, Some("[tool available: WebSearch]")),
            (r#"{"type":"container_upload","file_id":"f"}"#, None),
            (r#"{"type":"search_result"}"#, None),
        ] {
            let tape = Tape::read(block.as_bytes()).unwrap();
            let kind = tape.root().get("type").unwrap().str().unwrap();
            let words = of(&kind, tape.root()).map(|words| words.plain().into_owned());
            assert_eq!(words.as_deref(), expected, "{block}");
        }
    }
}
