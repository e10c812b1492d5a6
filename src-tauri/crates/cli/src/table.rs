//! Columns of text for a terminal.

/// Lays rows out in columns, two spaces apart, without trailing spaces. A cell may hold colour only in the last column,
/// because colour takes no room on the screen but does in a string.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters_and_end_without_spaces() {
        let rows = [["名", "type"], ["deepseek", "openai"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "名         type\ndeepseek  openai\n");
    }
}
