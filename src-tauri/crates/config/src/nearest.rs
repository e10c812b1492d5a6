//! The nearest of several names, for people who mistyped one.

/// The name nearest to `written`, if one is near enough to be meant.
pub(crate) fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    ranked(written, names).into_iter().next()
}

/// All names near enough to be meant, nearest first.
pub(crate) fn ranked<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let written = written.to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(&written, &name.to_lowercase()), name))
        .filter(|(steps, name)| *steps <= reach(&written, name))
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, name)| name).collect()
}

/// How many steps two names may lie apart: one in three of their letters, and always one.
fn reach(written: &str, name: &str) -> usize {
    (written.chars().count().max(name.chars().count()) / 3).max(1)
}

/// The number of letters to insert, remove, replace or swap with their neighbour to turn one name into the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1; to.len() + 1];
        for (column, wanted) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != wanted);
            let mut least = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *wanted;
            if swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn swapped_neighbours_count_as_one_step() {
        for (from, to, expected) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("weigth", "weight", 1),
            ("abc", "abc", 0),
            ("ab", "ba", 1),
        ] {
            assert_eq!(distance(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn only_names_that_could_be_meant_are_near() {
        let names = ["base_url", "weight", "model", "models"];
        for (written, expected) in [
            ("weigth", Some("weight")),
            ("baseurl", Some("base_url")),
            ("Modell", Some("model")),
            ("colour", None),
            ("zzz", None),
        ] {
            assert_eq!(nearest(written, names), expected, "{written}");
        }
    }
}
