//! How many tokens a text has, without a vocabulary.
//!
//! A text is cut into pieces much as tokenizers cut it before they look at their tables: words, runs of digits, of marks, of
//! blanks. What a piece of each kind and length costs on average was fitted to o200k, `OpenAI`'s vocabulary of 200 000
//! tokens, over 485 stretches of Markdown, Rust, Go, TypeScript, Python, JSON, Chinese, base64 and numbers. Whole files
//! come out within 5 %, minified code and bare numbers within 12 %.

use crate::json::{Text, read_escape};

/// Thousandths of a token, in which the pieces are weighed.
const TOKEN: i64 = 1000;

/// Adds up the tokens of texts.
///
/// A byte takes one step of a table: from the piece under way and its length to what it is now, and what that adds. Hardly
/// a branch depends on the text, so that it is read at some hundred megabytes a second.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    /// In thousandths of a token.
    weight: i64,
}

/// What a piece is made of, by the number of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// There is none under way.
    None,
    /// Capitals without a small letter behind them.
    Capitals,
    /// Any capitals and then small letters.
    Word,
    Digits,
    Blanks,
    LineEnds,
    /// Punctuation, and controls.
    Marks,
}

const KINDS: [Kind; 7] =
    [Kind::None, Kind::Capitals, Kind::Word, Kind::Digits, Kind::Blanks, Kind::LineEnds, Kind::Marks];

/// Bytes that are the backslash of an escape, or the first of a character beyond ASCII: what they stand for must be looked
/// at. Any other byte is known by its kind.
const LOOK: u8 = 7;

/// The bytes of a text as it is read.
static PLAIN: [u8; 256] = kinds(Kind::Marks as u8);
/// The bytes of a text as it stands in JSON.
static WRITTEN: [u8; 256] = kinds(LOOK);

const fn kinds(backslash: u8) -> [u8; 256] {
    let mut kinds = [LOOK; 256];
    let mut byte: u8 = 0;
    while byte < 0x80 {
        kinds[byte as usize] = match byte {
            b'A'..=b'Z' => Kind::Capitals as u8,
            b'a'..=b'z' => Kind::Word as u8,
            b'0'..=b'9' => Kind::Digits as u8,
            b' ' | b'\t' => Kind::Blanks as u8,
            b'\n' | b'\r' => Kind::LineEnds as u8,
            b'\\' => backslash,
            _ => Kind::Marks as u8,
        };
        byte += 1;
    }
    kinds
}

impl Scan {
    /// Adds a text that stands in JSON: an escape counts as what it stands for.
    pub(super) fn written(&mut self, text: &Text<'_>) {
        self.add(text.as_written(), &WRITTEN);
    }

    /// Adds a text that stands in JSON, of which only a quarter is read where it is long.
    pub(super) fn sampled(&mut self, text: &Text<'_>) {
        let text = text.as_written();
        if text.len() <= STRETCH {
            return self.add(text, &WRITTEN);
        }
        let (before, mut seen) = (self.weight, 0);
        for start in (0..text.len()).step_by(STRETCH) {
            let start = text.floor_char_boundary(start);
            let stretch = &text[start..text.floor_char_boundary(start + STRETCH / 4)];
            seen += stretch.len();
            self.add(stretch, &WRITTEN);
        }
        let share = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        self.weight = before + (self.weight - before).saturating_mul(share(text.len())) / share(seen.max(1));
    }

    /// Adds a text as it is.
    pub(super) fn plain(&mut self, text: &str) {
        self.add(text, &PLAIN);
    }

    /// Returns what has been added, in thousandths of a token.
    pub(super) fn thousandths(&self) -> u64 {
        u64::try_from(self.weight).expect("every piece weighs something, whatever it was taken for at first")
    }

    /// Adds a text, whose ends are the ends of pieces.
    fn add(&mut self, text: &str, kinds: &[u8; 256]) {
        let bytes = text.as_bytes();
        let mut weight = 0;
        let mut state = NOTHING;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let mut kind = kinds[usize::from(byte)];
            at += 1;
            if kind == LOOK {
                at -= 1;
                let (char, length) = char_at(&text[at..]);
                at += length;
                match look(char) {
                    Look::Like(like) => kind = like as u8,
                    Look::Alone(alone) => {
                        weight += alone;
                        state = NOTHING;
                        continue;
                    }
                }
            }
            let step = STEPS[usize::from(state)][usize::from(kind)];
            weight += i64::from(step.adds);
            state = step.state;
        }
        self.weight += weight;
    }
}

/// Reads an escape, or a character beyond ASCII; returns it with its length.
fn char_at(rest: &str) -> (char, usize) {
    match rest.chars().next() {
        Some(char) if !char.is_ascii() => (char, char.len_utf8()),
        Some(_) | None => read_escape(rest),
    }
}

/// Of a sampled text, the first quarter of every stretch of so many bytes is read.
const STRETCH: usize = 1024;

/// The lengths of a piece that are told apart; what comes after grows evenly.
const LENGTHS: usize = 32;
/// Before the first piece, and behind one that stands alone.
const NOTHING: u8 = 0;

/// What one more byte does.
#[derive(Clone, Copy)]
struct Step {
    /// The kind of the piece now, times [`LENGTHS`], and its length.
    state: u8,
    /// What it adds, in thousandths of a token.
    adds: i16,
}

/// By the state, and the kind of the byte.
static STEPS: [[Step; KINDS.len()]; KINDS.len() * LENGTHS] = {
    let mut steps = [[Step { state: NOTHING, adds: 0 }; KINDS.len()]; KINDS.len() * LENGTHS];
    let mut state = 0;
    while state < steps.len() {
        let mut byte = 1;
        while byte < KINDS.len() {
            steps[state][byte] = step(KINDS[state / LENGTHS], state % LENGTHS, KINDS[byte]);
            byte += 1;
        }
        state += 1;
    }
    steps
};

#[expect(
    clippy::cast_possible_truncation,
    reason = "there are fewer states than 256, and no step adds ten tokens"
)]
const fn step(kind: Kind, length: usize, byte: Kind) -> Step {
    let (kind_now, length_now, before) = match (kind, byte) {
        (Kind::Capitals, Kind::Word) => (Kind::Word, length + 1, weight(kind, length)),
        (same, byte) if same as u8 == byte as u8 => (byte, length + 1, weight(kind, length)),
        (_, _) => (byte, 1, 0),
    };
    let adds = weight(kind_now, length_now) - before;
    // Digits count in threes.
    let folded = if length_now < LENGTHS { length_now } else { LENGTHS - 3 + (length_now + 1) % 3 };
    Step { state: (kind_now as usize * LENGTHS + folded) as u8, adds: adds as i16 }
}

/// What a piece costs, in thousandths of a token.
#[expect(clippy::cast_possible_wrap, reason = "the length is below a hundred")]
const fn weight(kind: Kind, length: usize) -> i64 {
    let long = length as i64 * TOKEN / 4;
    match kind {
        Kind::None => 0,
        Kind::Word => match length {
            0..=4 => 1195,
            5..=7 => 858,
            8..=10 => 975,
            11..=14 => 1871,
            15.. => at_least(4904, long),
        },
        Kind::Capitals => match length {
            0..=1 => 1195,
            2..=14 => 2073,
            15.. => at_least(2073, long),
        },
        Kind::Digits => 1581 * length.div_ceil(3) as i64,
        // One blank belongs to the word behind it.
        Kind::Blanks => match length {
            0..=1 => 0,
            2.. => 713,
        },
        Kind::LineEnds => 1074,
        Kind::Marks => 564 + 148 * (length as i64 - 1),
    }
}

const fn at_least(least: i64, weight: i64) -> i64 {
    if weight > least { weight } else { least }
}

/// What a character is that must be looked at.
enum Look {
    /// A part of a piece.
    Like(Kind),
    /// A piece of its own, in thousandths of a token.
    Alone(i64),
}

fn look(char: char) -> Look {
    match char {
        // What an escape stands for, a backslash among them, stands for itself.
        '\0'..='\x7f' => Look::Like(KINDS[usize::from(PLAIN[char as usize])]),
        '\u{d7}' | '\u{f7}' => Look::Alone(TOKEN),
        // A Latin letter with a mark on it is a small letter of its word.
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Look::Like(Kind::Word),
        // Greek and Cyrillic.
        '\u{370}'..='\u{52f}' | '\u{1f00}'..='\u{1fff}' => Look::Alone(270),
        // Hebrew and Arabic, and their forms; the scripts of India, Thai and Lao.
        '\u{590}'..='\u{8ff}' | '\u{900}'..='\u{eff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' => {
            Look::Alone(350)
        }
        // Han, where most of the text is that is not ASCII.
        '\u{4e00}'..='\u{9fff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Look::Alone(578),
        // Kana and Hangul.
        '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{3130}'..='\u{318f}'
        | '\u{ac00}'..='\u{d7af}' => Look::Alone(700),
        // Emoji, frames, marks of every kind: half a token for each byte of UTF-8.
        other => Look::Alone(TOKEN / 2 * bytes_of(other)),
    }
}

fn bytes_of(char: char) -> i64 {
    match char.len_utf8() {
        1 => 1,
        2 => 2,
        3 => 3,
        _ => 4,
    }
}
