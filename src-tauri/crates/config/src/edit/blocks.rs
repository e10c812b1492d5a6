//! The tables of a TOML text as pieces of it, so that entries come and go and every other byte stays.
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
    /// The field of the whole file that the table is, or is a part of.
    root: String,
    /// The position in the list of tables that the root is, where it is one.
    entry: Option<usize>,
}

impl<'t> Blocks<'t> {
    pub(super) fn of(text: &'t str) -> Result<Self, TomlError> {
        let document = Document::parse(text)?;
        let mut list = Vec::new();
        for (root, item) in document.iter() {
            match item {
                Item::ArrayOfTables(entries) => {
                    for (at, entry) in entries.iter().enumerate() {
                        gather(entry, root, Some(at), &mut list);
                    }
                }
                Item::None | Item::Value(_) | Item::Table(_) => gather_item(item, root, None, &mut list),
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

    /// The text with a new table behind the last one below `root`, or at the end where there is none.
    pub(super) fn with_behind(&self, root: &str, written: &str) -> String {
        let last = self.list.iter().rposition(|block| block.root == root);
        match last.map(|last| last + 1).filter(|next| *next < self.list.len()) {
            Some(next) => self.with_ahead(next, written),
            None => appended(self.text, written),
        }
    }

    /// The text with a new table ahead of an entry of the list `root` and the comment that belongs to it.
    pub(super) fn with_before(&self, root: &str, entry: usize, written: &str) -> String {
        let first = self.list.iter().position(|block| block.root == root && block.entry == Some(entry));
        match first {
            Some(first) => self.with_ahead(first, written),
            None => appended(self.text, written),
        }
    }

    /// The text with a new table ahead of the first one below `root`, or at the end where there is none.
    pub(super) fn with_first(&self, root: &str, written: &str) -> String {
        match self.list.iter().position(|block| block.root == root) {
            Some(first) => self.with_ahead(first, written),
            None => appended(self.text, written),
        }
    }

    fn with_ahead(&self, block: usize, written: &str) -> String {
        let gap = &self.list[block].gap;
        let own = self.own_comment(gap);
        let (before, after) = self.text.split_at(own);
        let blank_line = if own == gap.start && own > 0 { "\n" } else { "" };
        format!("{before}{blank_line}{written}\n{after}")
    }

    /// Tells whether a list of tables holds such an entry as tables with headers.
    pub(super) fn holds(&self, root: &str, entry: usize) -> bool {
        self.list.iter().any(|block| block.root == root && block.entry == Some(entry))
    }

    /// Takes some entries of the list `root` out, with the comments that belong to them.
    pub(super) fn without_entries(&self, root: &str, entries: &[usize]) -> Cut {
        self.without(|block| block.root == root && block.entry.is_some_and(|entry| entries.contains(&entry)))
    }

    /// Takes out the tables whose headers begin at these places, with the comments that belong to them.
    pub(super) fn without_headers(&self, headers: &[usize]) -> Cut {
        self.without(|block| headers.contains(&block.gap.end))
    }

    /// Takes out a table if nothing but its header is left of it, not even a comment.
    pub(super) fn without_bare_header(&self, header: usize) -> String {
        let bare = self.list.iter().position(|block| block.gap.end == header).filter(|at| {
            let end = self.list.get(at + 1).map_or(self.trailing.start, |next| next.gap.start);
            let own_comment = self.own_comment(&self.list[*at].gap) == header;
            let lines = self.text[header..end].lines().filter(|line| !line.trim().is_empty()).count();
            own_comment && lines == 1 && self.attached_end(*at) == end
        });
        match bare {
            Some(_) => self.without_headers(&[header]).kept,
            None => self.text.to_owned(),
        }
    }

    fn without(&self, goes: impl Fn(&Block) -> bool) -> Cut {
        let mut cut = Cut { kept: self.text.to_owned(), taken: String::new() };
        let mut at = self.list.len();
        while at > 0 {
            at -= 1;
            if !goes(&self.list[at]) {
                continue;
            }
            let last = at;
            while at > 0 && goes(&self.list[at - 1]) {
                at -= 1;
            }
            let range = self.cut(at, last);
            let piece = without_blank_ends(&self.text[range.clone()]);
            let blank_line = if cut.taken.is_empty() { "" } else { "\n" };
            cut.taken = format!("{piece}{blank_line}{}", cut.taken);
            cut.kept.replace_range(range, "");
        }
        cut
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

/// A text in two parts.
pub(super) struct Cut {
    /// What is left.
    pub(super) kept: String,
    /// What was taken out, without blank lines at its ends.
    pub(super) taken: String,
}

fn gather(table: &Table, root: &str, entry: Option<usize>, blocks: &mut Vec<Block>) {
    if let Some(header) = header(table) {
        let prefix = table.decor().prefix().and_then(toml_edit::RawString::span);
        let start = prefix.map_or(header.start, |prefix| prefix.start);
        blocks.push(Block { gap: start..header.start, root: root.to_owned(), entry });
    }
    for (_, item) in table {
        gather_item(item, root, entry, blocks);
    }
}

fn gather_item(item: &Item, root: &str, entry: Option<usize>, blocks: &mut Vec<Block>) {
    match item {
        Item::Table(table) => gather(table, root, entry, blocks),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| gather(table, root, entry, blocks)),
        Item::None | Item::Value(_) => {}
    }
}

/// Where a table's header stands. Tables without one are parts of those that have one.
pub(super) fn header(table: &Table) -> Option<Range<usize>> {
    if table.is_implicit() || table.is_dotted() {
        return None;
    }
    table.span()
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

/// A piece without blank lines at its ends, its last line ended.
fn without_blank_ends(piece: &str) -> String {
    let start = blank_bytes(piece.split_inclusive('\n'));
    let trimmed = piece[start..].trim_end();
    format!("{trimmed}\n")
}

fn is_blank_line(line: &str) -> bool {
    line.ends_with('\n') && line.trim().is_empty()
}

/// How many bytes the first lines take, as far as they are blank.
fn blank_bytes<'t>(lines: impl Iterator<Item = &'t str>) -> usize {
    lines.take_while(|line| is_blank_line(line)).map(str::len).sum()
}
