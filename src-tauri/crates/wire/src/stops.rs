//! Ending an answer's text where the client said that it should end.
//!
//! Not every provider takes stop sequences, or as many, or any text. Those that do never write one, so that looking for
//! them costs nothing there; for the others the text is cut here, and the rest of the answer is left unsaid.

use crate::json::Text;
use crate::reply::{Block, Delta, Opening, Stop};

/// Cuts one answer at the first of its stop sequences.
#[derive(Debug)]
pub(crate) struct Stops {
    sequences: Vec<String>,
    /// The open texts, each with what may be the beginning of a stop sequence.
    open: Vec<(Block, String)>,
    /// Which sequence was met.
    met: Option<String>,
}

type Each<'e> = &'e mut dyn FnMut(Delta<'_>);

impl Stops {
    /// Makes one for the sequences that the client gave.
    pub(crate) fn new(sequences: &[String]) -> Self {
        let sequences = sequences.iter().filter(|sequence| !sequence.is_empty()).cloned().collect();
        Self { sequences, open: Vec::new(), met: None }
    }

    /// Passes a delta on, as far as the answer goes.
    pub(crate) fn pass(&mut self, delta: Delta<'_>, each: Each<'_>) {
        if self.sequences.is_empty() {
            return each(delta);
        }
        if let Some(met) = &self.met {
            return match delta {
                Delta::Finish(_) => each(Delta::Finish(Stop::StopSequence(Some(Text::owned(met))))),
                Delta::Failed(failure) => each(Delta::Failed(failure)),
                Delta::Start { .. }
                | Delta::Open(..)
                | Delta::Text(..)
                | Delta::Arguments(..)
                | Delta::State(..)
                | Delta::Cite(..)
                | Delta::Close(_) => {}
            };
        }
        match delta {
            Delta::Open(block, Opening::Text) => {
                self.open.push((block, String::new()));
                each(Delta::Open(block, Opening::Text));
            }
            Delta::Text(block, text) => match self.open.iter().position(|(open, _)| *open == block) {
                Some(at) => self.text(at, &text, each),
                None => each(Delta::Text(block, text)),
            },
            Delta::Close(block) => {
                if let Some(at) = self.open.iter().position(|(open, _)| *open == block) {
                    let (_, held) = self.open.swap_remove(at);
                    if !held.is_empty() {
                        each(Delta::Text(block, Text::owned(&held)));
                    }
                }
                each(Delta::Close(block));
            }
            other @ (Delta::Start { .. }
            | Delta::Open(..)
            | Delta::Arguments(..)
            | Delta::State(..)
            | Delta::Cite(..)
            | Delta::Finish(_)
            | Delta::Failed(_)) => each(other),
        }
    }

    fn text(&mut self, at: usize, text: &Text<'_>, each: Each<'_>) {
        let (block, held) = &mut self.open[at];
        let block = *block;
        held.push_str(&text.plain());
        let found = self.sequences.iter().filter_map(|sequence| Some((held.find(sequence)?, sequence)));
        if let Some((place, sequence)) = found.min_by_key(|(place, _)| *place) {
            self.met = Some(sequence.clone());
            if place > 0 {
                each(Delta::Text(block, Text::owned(&held[..place])));
            }
            for (open, held) in self.open.drain(..) {
                if open != block && !held.is_empty() {
                    each(Delta::Text(open, Text::owned(&held)));
                }
                each(Delta::Close(open));
            }
            return;
        }
        let safe =
            held.len() - self.sequences.iter().map(|sequence| overlap(held, sequence)).max().unwrap_or(0);
        if safe > 0 {
            let said: String = held.drain(..safe).collect();
            each(Delta::Text(block, Text::owned(&said)));
        }
    }
}

/// Returns how many bytes at the end of a text may be the beginning of a sequence.
fn overlap(text: &str, sequence: &str) -> usize {
    let longest = sequence.len().saturating_sub(1).min(text.len());
    (1..=longest)
        .rev()
        .filter(|length| sequence.is_char_boundary(*length))
        .find(|length| text.ends_with(&sequence[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tells a text in pieces and returns what is left of it, and the sequence that ended it.
    fn cut(text: &str, size: usize, sequences: &[&str]) -> (String, Option<String>) {
        let sequences: Vec<String> = sequences.iter().map(|&sequence| sequence.to_owned()).collect();
        let mut stops = Stops::new(&sequences);
        let (mut said, mut met, mut closed) = (String::new(), None, 0);
        let chars: Vec<char> = text.chars().collect();
        let pieces =
            chars.chunks(size).map(|piece| Delta::Text(0, Text::owned(&piece.iter().collect::<String>())));
        let deltas = std::iter::once(Delta::Open(0, Opening::Text))
            .chain(pieces)
            .chain([Delta::Close(0), Delta::Finish(Stop::EndTurn)]);
        for delta in deltas {
            stops.pass(delta, &mut |delta| match delta {
                Delta::Text(_, text) => said.push_str(&text.plain()),
                Delta::Close(_) => closed += 1,
                Delta::Finish(Stop::StopSequence(sequence)) => {
                    met = sequence.map(|text| text.plain().into_owned());
                }
                _ => {}
            });
        }
        assert_eq!(closed, 1);
        (said, met)
    }

    proptest! {
        #[test]
        fn a_text_ends_where_the_first_sequence_begins_however_it_is_cut(
            text in "[ab\u{e9}\n]{0,24}", sequences in prop::collection::vec("[ab\u{e9}\n]{1,3}", 1..3), size in 1_usize..5,
        ) {
            let sequences: Vec<&str> = sequences.iter().map(String::as_str).collect();
            let ends: Vec<usize> = sequences.iter().filter_map(|sequence| Some(text.find(sequence)? + sequence.len())).collect();
            let (said, met) = cut(&text, size, &sequences);
            match met {
                // A sequence is met as soon as it has come.
                Some(met) => prop_assert!(text.starts_with(&(said + &met)) && !ends.is_empty()),
                None => prop_assert!(said == text && ends.is_empty()),
            }
        }
    }

    #[test]
    fn what_comes_behind_a_stop_is_left_unsaid() {
        let mut stops = Stops::new(&["END".to_owned()]);
        let mut told = Vec::new();
        let call = crate::reply::CallHead {
            id: Text::of("1"),
            name: Text::of("f"),
            namespace: None,
            free: false,
            state: None,
        };
        for delta in [
            Delta::Open(0, Opening::Thinking),
            Delta::Text(0, Text::of("END?")),
            Delta::Close(0),
            Delta::Open(1, Opening::Text),
            Delta::Text(1, Text::of("a E")),
            Delta::Text(1, Text::of("ND b")),
            Delta::Close(1),
            Delta::Open(2, Opening::Call(call)),
            Delta::Arguments(2, Text::of("{}")),
            Delta::Close(2),
            Delta::Finish(Stop::Calls),
        ] {
            stops.pass(delta, &mut |delta| told.push(format!("{delta:?}")));
        }
        let expected = [
            "Open(0, Thinking)",
            "Text(0, \"END?\")",
            "Close(0)",
            "Open(1, Text)",
            "Text(1, \"a \")",
            "Close(1)",
            "Finish(StopSequence(Some(\"END\")))",
        ];
        assert_eq!(told, expected);
    }
}
