//! Anthropic's own tools that the client runs: elsewhere they are functions with the schemas that Anthropic publishes.

use std::sync::LazyLock;

use crate::ask::{Schema, SchemaWords};
use crate::json::{Tape, Text, Value};

/// A tool that the client runs, as a function.
#[derive(Debug)]
pub(super) struct ClientTool {
    /// What its type begins with, before the date.
    prefix: &'static str,
    /// What it is for.
    description: &'static str,
    schema: LazyLock<Tape<'static>>,
}

static TOOLS: [ClientTool; 4] = [
    ClientTool {
        prefix: "bash_",
        description: "Run a command in a persistent bash session. The session keeps its state between calls; set restart \
                      to begin a new one.",
        schema: LazyLock::new(|| {
            published(
                br#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run. Required unless restart is set."},"restart":{"type":"boolean","description":"Set to true to restart the session."}}}"#,
            )
        }),
    },
    ClientTool {
        prefix: "text_editor_",
        description: "View, create and edit text files. view shows a file or lists a folder; create writes a file; \
                      str_replace replaces a text that occurs exactly once; insert puts text behind a line.",
        schema: LazyLock::new(|| {
            published(
                br#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"],"description":"What to do."},"path":{"type":"string","description":"The file or folder."},"view_range":{"type":"array","items":{"type":"integer"},"description":"view: the first and last line, counted from 1; -1 is the end of the file."},"file_text":{"type":"string","description":"create: the content of the file."},"old_str":{"type":"string","description":"str_replace: the text to replace, with its exact white space."},"new_str":{"type":"string","description":"str_replace and insert: the new text."},"insert_line":{"type":"integer","description":"insert: the line behind which the text goes; 0 is the start of the file."},"insert_text":{"type":"string","description":"insert: the text to insert."}},"required":["command","path"]}"#,
            )
        }),
    },
    ClientTool {
        prefix: "memory_",
        description: "Keep notes in files below /memories that outlast this conversation. View the folder before you begin.",
        schema: LazyLock::new(|| {
            published(
                br#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"],"description":"What to do."},"path":{"type":"string","description":"The file or folder below /memories."},"view_range":{"type":"array","items":{"type":"integer"},"description":"view: the first and last line, counted from 1."},"file_text":{"type":"string","description":"create: the content of the file."},"old_str":{"type":"string","description":"str_replace: the text to replace."},"new_str":{"type":"string","description":"str_replace: the new text."},"insert_line":{"type":"integer","description":"insert: the line behind which the text goes."},"insert_text":{"type":"string","description":"insert: the text to insert."},"old_path":{"type":"string","description":"rename: the path so far."},"new_path":{"type":"string","description":"rename: the new path."}},"required":["command"]}"#,
            )
        }),
    },
    ClientTool {
        prefix: "computer_",
        description: "Use a screen, a mouse and a keyboard. Take a screenshot to see the result of what you did; coordinates \
                      are pixels from the top left corner.",
        schema: LazyLock::new(|| {
            published(
                br#"{"type":"object","properties":{"action":{"type":"string","enum":["key","type","mouse_move","left_click","left_click_drag","right_click","middle_click","double_click","triple_click","screenshot","cursor_position","left_mouse_down","left_mouse_up","scroll","hold_key","wait"],"description":"What to do."},"coordinate":{"type":"array","items":{"type":"integer"},"description":"The place [x, y] to go to or to act at."},"start_coordinate":{"type":"array","items":{"type":"integer"},"description":"left_click_drag: the place [x, y] to start from."},"text":{"type":"string","description":"type: the text; key and hold_key: the keys, such as ctrl+s; clicks and scroll: the keys to hold."},"scroll_direction":{"type":"string","enum":["up","down","left","right"]},"scroll_amount":{"type":"integer","description":"scroll: the number of clicks of the wheel."},"duration":{"type":"number","description":"hold_key and wait: the time in seconds."}},"required":["action"]}"#,
            )
        }),
    },
];

impl ClientTool {
    /// Finds the tool of a type such as `bash_20250124`. Toolsets are many tools in one, and none of these.
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        let date = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        TOOLS.iter().find(|tool| kind.strip_prefix(tool.prefix).is_some_and(date))
    }

    /// Says what the tool is for; `settings` are those that the client gave beside its type.
    pub(super) fn description(&self, settings: Value<'_>) -> Text<'static> {
        let mut words = Text::owned(self.description);
        let size = ["display_width_px", "display_height_px"].map(|side| settings.get(side)?.count());
        if let [Some(width), Some(height)] = size {
            words.push_plain(&format!(" The screen is {width} pixels wide and {height} pixels high."));
        }
        words
    }

    /// Returns the schema of its arguments.
    pub(super) fn schema(&'static self) -> Schema<'static> {
        Schema { value: self.schema.root(), words: SchemaWords::JsonSchema }
    }
}

fn published(schema: &'static [u8]) -> Tape<'static> {
    Tape::read(schema).expect("the published schema is JSON")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_client_s_tool_is_known_by_any_date() {
        for (kind, known) in [
            ("bash_20250124", true),
            ("bash_20241022", true),
            ("text_editor_20250728", true),
            ("memory_20250818", true),
            ("computer_20251124", true),
            ("computer_toolset_20260801", false),
            ("bash_code_execution_20250825", false),
            ("bash_", false),
            ("web_search_20250305", false),
        ] {
            assert_eq!(ClientTool::of(kind).is_some(), known, "{kind}");
        }
    }

    #[test]
    fn every_published_schema_is_one_of_an_object() {
        for tool in &TOOLS {
            let schema = tool.schema().value;
            assert!(schema.get("type").unwrap().is("object"));
            for required in schema.get("required").into_iter().flat_map(Value::elements) {
                assert!(schema.get("properties").unwrap().get(&required.str().unwrap()).is_some());
            }
        }
    }
}
