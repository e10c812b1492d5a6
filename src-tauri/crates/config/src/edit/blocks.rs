//! The tables of a TOML text as pieces of it, so that channels come and go and every other byte stays.
//!
//! ```text
//! name = "a"
//! # weight = 5        ─┐ what follows a table without a blank line belongs to it
//!                      │ gap
//! # the good one      ─┘ what stands above a header without a blank line belongs to that
//! [[channel]]
//! ```

use std::ops::Range;

use toml_edit::{Document, Item, Table, TomlError};

/// A text and the tables in it, in the order in which they stand.
pub(super) struct Blocks<'t> {
    text: &'t str,
    list: Vec<Block>,
    /// Whether neither a field nor a table stands in it.
    is_empty: bool,
    /// Comments and blank lines behind the last field.
    trailing: Range<usize>,
}

struct Block {
    /// Comments and blank lines between the last field above and the header.
    gap: Range<usize>,
    /// The position in the list of channels, where the table is one or a part of one.
    channel: Option<usize>,
}

impl<'t> Blocks<'t> {
    pub(super) fn of(text: &'t str) -> Result<Self, TomlError> {
        let document = Document::parse(text)?;
        let mut list = Vec::new();
        for (key, item) in document.iter() {
            match item {
                Item::ArrayOfTables(channels) if key == "channel" => {
                    for (at, channel) in channels.iter().enumerate() {
                        gather(channel, Some(at), &mut list);
                    }
                }
                Item::None | Item::Value(_) | Item::Table(_) | Item::ArrayOfTables(_) => {
                    gather_item(item, None, &mut list);
                }
            }
        }
        list.sort_by_key(|block| block.gap.end);
        let trailing = document.trailing().span().unwrap_or(text.len()..text.len());
        Ok(Self { text, list, is_empty: document.as_table().is_empty(), trailing })
    }

    /// Tells whether the text says nothing; it may hold comments.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The text with a new table behind the last channel, or at the end where there is none.
    pub(super) fn with_channel(&self, written: &str) -> String {
        let last = self.list.iter().rposition(|block| block.channel.is_some());
        let Some(next) = last.and_then(|last| self.list.get(last + 1)) else {
            return appended(self.text, written);
        };
        let own = self.own_comment(&next.gap);
        if own == next.gap.start {
            let (before, after) = self.text.split_at(next.gap.start);
            return format!("{before}\n{written}\n{after}");
        }
        let (before, after) = self.text.split_at(own);
        format!("{before}{written}\n{after}")
    }

    /// The text without some channels and the comments that belong to them.
    pub(super) fn without_channels(&self, removed: &[usize]) -> String {
        let goes = |at: usize| self.list[at].channel.is_some_and(|channel| removed.contains(&channel));
        let mut kept = self.text.to_owned();
        let mut at = self.list.len();
        while at > 0 {
            at -= 1;
            if !goes(at) {
                continue;
            }
            let last = at;
            while at > 0 && goes(at - 1) {
                at -= 1;
            }
            kept.replace_range(self.cut(at, last), "");
        }
        kept
    }

    /// What goes with the blocks from `first` to `last`, so that one blank line stays between what is left.
    fn cut(&self, first: usize, last: usize) -> Range<usize> {
        let gap = &self.list[first].gap;
        let mut from = self.own_comment(gap);
        let mut until = self.attached_end(last);
        let blank_below = blank_bytes(self.text[until..].split_inclusive('\n'));
        if until == self.text.len() || blank_below > 0 {
            from -= blank_bytes(self.text[gap.start..from].split_inclusive('\n').rev());
        }
        if from == 0 {
            until += blank_below;
        }
        from..until
    }

    /// Where the comment directly above a header begins: behind the last blank line of the gap.
    fn own_comment(&self, gap: &Range<usize>) -> usize {
        let mut own = gap.start;
        let mut at = gap.start;
        for line in self.text[gap.clone()].split_inclusive('\n') {
            at += line.len();
            if is_blank_line(line) {
                own = at;
            }
        }
        own
    }

    /// Where a block ends with the comments directly below it. A comment between two tables without a blank line is the
    /// lower one's.
    fn attached_end(&self, at: usize) -> usize {
        let next = self.list.get(at + 1);
        let gap = next.map_or(&self.trailing, |next| &next.gap);
        if next.is_some() && self.own_comment(gap) == gap.start {
            return gap.start;
        }
        let lines = self.text[gap.clone()].split_inclusive('\n');
        gap.start + lines.take_while(|line| !is_blank_line(line)).map(str::len).sum::<usize>()
    }
}

fn gather(table: &Table, channel: Option<usize>, blocks: &mut Vec<Block>) {
    // Tables that have no header of their own are parts of those that have one.
    if !table.is_implicit()
        && !table.is_dotted()
        && let Some(header) = table.span()
    {
        let prefix = table.decor().prefix().and_then(toml_edit::RawString::span);
        let start = prefix.map_or(header.start, |prefix| prefix.start);
        blocks.push(Block { gap: start..header.start, channel });
    }
    for (_, item) in table {
        gather_item(item, channel, blocks);
    }
}

fn gather_item(item: &Item, channel: Option<usize>, blocks: &mut Vec<Block>) {
    match item {
        Item::Table(table) => gather(table, channel, blocks),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| gather(table, channel, blocks)),
        Item::None | Item::Value(_) => {}
    }
}

/// Adds a piece at the end, behind a blank line.
pub(super) fn appended(text: &str, piece: &str) -> String {
    if text.trim().is_empty() {
        return piece.to_owned();
    }
    let line_break = if text.ends_with('\n') { "" } else { "\n" };
    let blank_line = if text.ends_with("\n\n") { "" } else { "\n" };
    format!("{text}{line_break}{blank_line}{piece}")
}

fn is_blank_line(line: &str) -> bool {
    line.ends_with('\n') && line.trim().is_empty()
}

/// How many bytes the first lines take, as far as they are blank.
fn blank_bytes<'t>(lines: impl Iterator<Item = &'t str>) -> usize {
    lines.take_while(|line| is_blank_line(line)).map(str::len).sum()
}
