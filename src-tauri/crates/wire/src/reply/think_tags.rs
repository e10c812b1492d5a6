//! Thoughts that stand in an answer's text.

use super::{Block, Delta, Opening};
use crate::json::Text;

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Makes the thoughts at the beginning of an answer's text, between `<think>` and `</think>`, a block of their own.
///
/// Servers that have no field for thoughts tell them so. Only the first block is looked at, for behind it the tags are a
/// text's own; and nothing but it is open meanwhile, for in Chat text is over when something else begins.
#[derive(Debug)]
pub struct ThinkTags {
    stage: Stage,
}

/// How far an answer has come.
#[derive(Debug)]
enum Stage {
    /// Nothing has been told.
    Before,
    /// The first text begins; what came of it may yet become the first tag.
    Beginning { block: Block, held: String },
    /// The model has thought nothing yet but white space, which is none of its thoughts'.
    Opened { block: Block },
    /// The model thinks; what is held may yet become the last tag.
    Thinking { block: Block, held: String },
    /// It has thought; white space in front of its words is none of theirs.
    Between { block: Block },
    /// Blocks from this one on come one later than they were told.
    Later(Block),
    /// Everything passes as it is.
    Passing,
}

impl ThinkTags {
    /// Reads tags where the channel's answers hold them; else everything passes as it is.
    pub const fn new(hold_thoughts: bool) -> Self {
        Self { stage: if hold_thoughts { Stage::Before } else { Stage::Passing } }
    }

    /// Passes a delta on.
    pub fn pass(&mut self, delta: Delta<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        if matches!(self.stage, Stage::Passing) {
            return each(delta);
        }
        match (&self.stage, delta) {
            (_, start @ Delta::Start { .. }) => each(start),
            (Stage::Before, Delta::Open(block, Opening::Text)) => {
                self.stage = Stage::Beginning { block, held: String::new() };
            }
            (Stage::Before, other) => {
                self.stage = Stage::Passing;
                each(other);
            }
            (
                Stage::Beginning { block, .. }
                | Stage::Opened { block, .. }
                | Stage::Thinking { block, .. }
                | Stage::Between { block },
                Delta::Text(told, text),
            ) if *block == told => self.text(told, &text.plain(), each),
            (Stage::Between { block }, Delta::Close(told)) if *block == told => self.stage = Stage::Passing,
            (
                Stage::Beginning { .. }
                | Stage::Opened { .. }
                | Stage::Thinking { .. }
                | Stage::Between { .. }
                | Stage::Later(_),
                other,
            ) => {
                self.settle(each);
                self.renumbered(other, each);
            }
            (Stage::Passing, other) => each(other),
        }
    }

    fn text(&mut self, block: Block, text: &str, each: &mut dyn FnMut(Delta<'_>)) {
        match std::mem::replace(&mut self.stage, Stage::Passing) {
            Stage::Beginning { held, .. } => self.begin(block, held + text, each),
            Stage::Opened { .. } => self.open(block, text, each),
            Stage::Thinking { held, .. } => self.think(block, &(held + text), each),
            Stage::Between { .. } => self.speak(block, text, each),
            Stage::Before | Stage::Later(_) | Stage::Passing => {}
        }
    }

    /// Takes the text's beginning, as far as it is known.
    fn begin(&mut self, block: Block, held: String, each: &mut dyn FnMut(Delta<'_>)) {
        let told = held.trim_start();
        if let Some(thoughts) = told.strip_prefix(BEGIN) {
            each(Delta::Open(block, Opening::Thinking));
            return self.open(block, thoughts, each);
        }
        if BEGIN.starts_with(told) {
            self.stage = Stage::Beginning { block, held };
            return;
        }
        each(Delta::Open(block, Opening::Text));
        each(Delta::Text(block, Text::from(held)));
    }

    /// Takes the first thoughts.
    fn open(&mut self, block: Block, held: &str, each: &mut dyn FnMut(Delta<'_>)) {
        let held = held.trim_start();
        if held.is_empty() {
            self.stage = Stage::Opened { block };
            return;
        }
        self.think(block, held, each);
    }

    /// Takes thoughts, and what is behind their end.
    fn think(&mut self, block: Block, held: &str, each: &mut dyn FnMut(Delta<'_>)) {
        if let Some((thoughts, words)) = held.split_once(END) {
            say(block, thoughts.trim_end(), each);
            each(Delta::Close(block));
            return self.speak(block, words, each);
        }
        // White space in front of the last tag is none of the thoughts'.
        let sure = held[..held.len() - begun(held)].trim_end().len();
        say(block, &held[..sure], each);
        self.stage = Stage::Thinking { block, held: held[sure..].to_owned() };
    }

    /// Takes the first words behind the thoughts.
    fn speak(&mut self, block: Block, words: &str, each: &mut dyn FnMut(Delta<'_>)) {
        let words = words.trim_start();
        if words.is_empty() {
            self.stage = Stage::Between { block };
            return;
        }
        self.stage = Stage::Later(block);
        each(Delta::Open(block + 1, Opening::Text));
        say(block + 1, words, each);
    }

    /// Tells what is held, because something else comes.
    fn settle(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        match std::mem::replace(&mut self.stage, Stage::Passing) {
            Stage::Beginning { block, held } => {
                each(Delta::Open(block, Opening::Text));
                say(block, &held, each);
            }
            Stage::Thinking { block, held } => say(block, &held, each),
            later @ Stage::Later(_) => self.stage = later,
            Stage::Before | Stage::Opened { .. } | Stage::Between { .. } | Stage::Passing => {}
        }
    }

    fn renumbered(&self, delta: Delta<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let Stage::Later(first) = self.stage else { return each(delta) };
        let new = |block: Block| if block >= first { block + 1 } else { block };
        each(match delta {
            Delta::Open(block, opening) => Delta::Open(new(block), opening),
            Delta::Text(block, text) => Delta::Text(new(block), text),
            Delta::Arguments(block, text) => Delta::Arguments(new(block), text),
            Delta::State(block, state) => Delta::State(new(block), state),
            Delta::Cite(block, source) => Delta::Cite(new(block), source),
            Delta::Close(block) => Delta::Close(new(block)),
            whole @ (Delta::Start { .. } | Delta::Finish(_) | Delta::Failed(_)) => whole,
        });
    }
}

/// Returns how many bytes at the end of a text may be the beginning of the last tag.
fn begun(text: &str) -> usize {
    (1..END.len()).rev().find(|bytes| text.ends_with(&END[..*bytes])).unwrap_or(0)
}

fn say(block: Block, text: &str, each: &mut dyn FnMut(Delta<'_>)) {
    if !text.is_empty() {
        each(Delta::Text(block, Text::from(text.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::{CallHead, Stop};
    use proptest::prelude::*;

    /// Tells an answer of one text in these pieces, and a call behind it.
    fn told(pieces: &[&str]) -> Vec<String> {
        let mut tags = ThinkTags::new(true);
        let mut lines: Vec<String> = Vec::new();
        let mut each = |delta: Delta<'_>| match delta {
            Delta::Text(block, text) => match lines.last_mut() {
                Some(line) if line.starts_with(&format!("{block}:")) => line.push_str(&text.plain()),
                Some(_) | None => lines.push(format!("{block}:{}", text.plain())),
            },
            Delta::Open(block, opening) => lines.push(match opening {
                Opening::Text => format!("{block} text"),
                Opening::Thinking => format!("{block} thinking"),
                Opening::Call(_) => format!("{block} call"),
                Opening::Refusal | Opening::Image { .. } => format!("{block} other"),
            }),
            Delta::Close(block) => lines.push(format!("{block} end")),
            Delta::Finish(_) => lines.push("finish".to_owned()),
            Delta::Start { .. }
            | Delta::Arguments(..)
            | Delta::State(..)
            | Delta::Cite(..)
            | Delta::Failed(_) => {}
        };
        let call =
            CallHead { id: Text::of("1"), name: Text::of("f"), namespace: None, free: false, state: None };
        tags.pass(Delta::Start { model: None }, &mut each);
        tags.pass(Delta::Open(0, Opening::Text), &mut each);
        for piece in pieces {
            tags.pass(Delta::Text(0, Text::from((*piece).to_owned())), &mut each);
        }
        tags.pass(Delta::Close(0), &mut each);
        tags.pass(Delta::Open(1, Opening::Call(call)), &mut each);
        tags.pass(Delta::Close(1), &mut each);
        tags.pass(Delta::Finish(Stop::Calls), &mut each);
        lines
    }

    #[test]
    fn thoughts_become_a_block_in_front_of_the_text() {
        for (text, expected) in [
            (
                "<think>\nhm\n</think>\n\nwell",
                &["0 thinking", "0:hm", "0 end", "1 text", "1:well", "1 end", "2 call", "2 end", "finish"][..],
            ),
            ("<think>hm</think>\n", &["0 thinking", "0:hm", "0 end", "1 call", "1 end", "finish"]),
            ("<think>cut", &["0 thinking", "0:cut", "0 end", "1 call", "1 end", "finish"]),
            ("a<think>b</think>", &["0 text", "0:a<think>b</think>", "0 end", "1 call", "1 end", "finish"]),
            ("<thin", &["0 text", "0:<thin", "0 end", "1 call", "1 end", "finish"]),
            ("", &["0 text", "0 end", "1 call", "1 end", "finish"]),
            (
                "<think>a</thin</think>b</think>",
                &[
                    "0 thinking",
                    "0:a</thin",
                    "0 end",
                    "1 text",
                    "1:b</think>",
                    "1 end",
                    "2 call",
                    "2 end",
                    "finish",
                ],
            ),
        ] {
            assert_eq!(told(&[text]), expected, "P038 {text:?}");
        }
    }

    #[test]
    fn an_answer_with_thoughts_of_its_own_passes_as_it_is() {
        let mut tags = ThinkTags::new(true);
        let mut count = 0;
        for delta in [
            Delta::Open(0, Opening::Thinking),
            Delta::Close(0),
            Delta::Open(1, Opening::Text),
            Delta::Text(1, Text::of("<think>")),
        ] {
            let expected = delta.clone();
            tags.pass(delta, &mut |passed| {
                count += 1;
                assert_eq!(passed, expected);
            });
        }
        assert_eq!(count, 4);
    }

    proptest! {
        #[test]
        fn cutting_the_text_anywhere_changes_nothing(
            text in "(\n| )?(<think>|<thi)?[a<\n]{0,6}(</think>|</th)?[\nb<]{0,4}(</think>)?",
            cuts in prop::collection::vec(0_usize..40, 0..6),
        ) {
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            places.extend([0, text.len()]);
            places.sort_unstable();
            let pieces: Vec<&str> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(told(&pieces), told(&[&text]));
        }
    }
}
