//! Files of one day each, and of a bounded size, of which the newest are kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// The size at which a file gives way to the next one of its day, in bytes.
const FILE_BYTES_MAX: u64 = 10 << 20;

/// Writes `sluice.2026-11-21.log`, then `sluice.2026-11-21.2.log` and so on. What is written at once stays in one file.
pub(crate) struct Rolling<T> {
    folder: PathBuf,
    /// How many files are kept.
    kept: usize,
    today: T,
    name: Name,
    file: File,
    bytes: u64,
}

/// Which file of which day. The order of names is that of their writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    day: Date,
    number: u32,
}

impl Name {
    fn read(file: &Path) -> Option<Name> {
        let middle = file.file_name()?.to_str()?.strip_prefix("sluice.")?.strip_suffix(".log")?;
        let (day, number) = match middle.split_once('.') {
            Some((day, number)) => (day, number.parse().ok().filter(|number| *number > 1)?),
            None => (middle, 1),
        };
        Some(Name { day: day.parse().ok()?, number })
    }

    fn in_folder(self, folder: &Path) -> PathBuf {
        folder.join(match self.number {
            1 => format!("sluice.{}.log", self.day),
            number => format!("sluice.{}.{number}.log", self.day),
        })
    }
}

impl<T: FnMut() -> Date> Rolling<T> {
    /// Goes on with the newest file of the day that `today` tells, in a folder that is made where it is missing.
    pub(crate) fn open(folder: &Path, kept: usize, mut today: T) -> io::Result<Rolling<T>> {
        fs::create_dir_all(folder)?;
        let day = today();
        let newest = names(folder)?.into_iter().filter(|name| name.day == day).max();
        let name = newest.unwrap_or(Name { day, number: 1 });
        let (file, bytes) = append(&name.in_folder(folder))?;
        let rolling = Rolling { folder: folder.to_owned(), kept, today, name, file, bytes };
        rolling.forget_the_oldest();
        Ok(rolling)
    }

    /// The file that the next `bytes` belong to.
    fn due(&mut self, bytes: u64) -> Name {
        let day = (self.today)();
        if day > self.name.day {
            return Name { day, number: 1 };
        }
        let is_full = self.bytes > 0 && self.bytes + bytes > FILE_BYTES_MAX;
        Name { number: self.name.number + u32::from(is_full), ..self.name }
    }

    /// A file that cannot be removed is no reason to stop writing.
    fn forget_the_oldest(&self) {
        let mut names = names(&self.folder).unwrap_or_default();
        names.sort_unstable();
        for name in &names[..names.len().saturating_sub(self.kept)] {
            drop(fs::remove_file(name.in_folder(&self.folder)));
        }
    }
}

impl<T: FnMut() -> Date> Write for Rolling<T> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let due = self.due(lines.len() as u64);
        if due != self.name {
            (self.file, self.bytes) = append(&due.in_folder(&self.folder))?;
            self.name = due;
            self.forget_the_oldest();
        }
        self.file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}

/// The log files in a folder, in no order. What else lies there is left alone.
fn names(folder: &Path) -> io::Result<Vec<Name>> {
    let entries = fs::read_dir(folder)?;
    Ok(entries.filter_map(|entry| Name::read(&entry.ok()?.path())).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use std::cell::Cell;

    use jiff::civil::date;

    use super::*;

    const MIB: usize = 1 << 20;

    fn put(folder: &Path, name: &str, text: &[u8]) {
        File::create(folder.join(name)).unwrap().write_all(text).unwrap();
    }

    /// What lies in a folder, by name, with sizes in MiB.
    fn listed(folder: &Path) -> Vec<(String, usize)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap().len() / MIB)
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_full_file_and_a_new_day_begin_the_next_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "notes.txt", b"mine");
        let day = Cell::new(date(2026, 11, 21));
        let mut log = Rolling::open(folder.path(), 3, || day.get()).unwrap();
        for (today, mebibytes, files) in [
            (date(2026, 11, 21), 9, vec![("sluice.2026-11-21.log", 9)]),
            (date(2026, 11, 21), 1, vec![("sluice.2026-11-21.log", 10)]),
            (date(2026, 11, 21), 4, vec![("sluice.2026-11-21.2.log", 4), ("sluice.2026-11-21.log", 10)]),
            // The clock was set back: lines stay in their order.
            (date(2026, 11, 20), 1, vec![("sluice.2026-11-21.2.log", 5), ("sluice.2026-11-21.log", 10)]),
            (
                date(2026, 11, 22),
                12,
                vec![
                    ("sluice.2026-11-21.2.log", 5),
                    ("sluice.2026-11-21.log", 10),
                    ("sluice.2026-11-22.log", 12),
                ],
            ),
            (
                date(2026, 11, 22),
                1,
                vec![
                    ("sluice.2026-11-21.2.log", 5),
                    ("sluice.2026-11-22.2.log", 1),
                    ("sluice.2026-11-22.log", 12),
                ],
            ),
        ] {
            day.set(today);
            log.write_all(&vec![b'x'; mebibytes * MIB]).unwrap();
            let found = listed(folder.path());
            let found: Vec<_> = found.iter().map(|(name, size)| (name.as_str(), *size)).collect();
            let expected: Vec<_> = [("notes.txt", 0)].into_iter().chain(files).collect();
            assert_eq!(found, expected, "{mebibytes} MiB on {today}");
        }
    }

    #[test]
    fn the_newest_file_of_the_day_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sluice.2026-11-21.log", "sluice.2026-11-21.9.log", "sluice.2026-11-21.10.log"] {
            put(folder.path(), name, b"old\n");
        }
        let mut log = Rolling::open(folder.path(), 7, || date(2026, 11, 21)).unwrap();
        log.write_all(b"new\n").unwrap();
        assert_eq!(fs::read(folder.path().join("sluice.2026-11-21.10.log")).unwrap(), b"old\nnew\n");
    }
}
